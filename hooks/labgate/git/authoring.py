"""Create a commit and move a branch to it, as git's user: for ``labgate review``."""

from __future__ import annotations

import os
import re

from labgate.git.repository import Repository
from labgate.git.runner import caller_env, first_line, spawn
from labgate.values.errors import GitError
from labgate.values.ref_update import Identity

#: Variables with the committer, and those that a signature needs.
_PERSON = (
    *("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_AUTHOR_DATE"),
    *("GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "GIT_COMMITTER_DATE", "EMAIL"),
    *("GNUPGHOME", "GPG_TTY"),
)
_IDENTITY = re.compile(r"(?P<name>.*) <(?P<email>[^<>]*)> ")
_TRUE = ("true", "yes", "on", "1", "")


def committer(repository: Repository) -> Identity:
    """Return the committer that git would use here. Raises: ``GitError`` when there is none."""
    found = _IDENTITY.match(os.fsdecode(_run(repository, "var", "GIT_COMMITTER_IDENT")))
    if found is None:
        message = "git does not know who you are"
        raise GitError(message, "git config user.email YOU@EXAMPLE.ORG")
    return Identity(found["name"], found["email"])


def write_empty_commit(repository: Repository, parent: str, message: str) -> str:
    """Write a commit with its parent's tree, signed where the user signs commits, and return its oid.

    Raises: ``GitError`` when git cannot.
    """
    signed = (repository.setting("commit.gpgsign") or "false").lower() in _TRUE
    words = ("commit-tree", *(("-S",) if signed else ()), "-p", parent, f"{parent}^{{tree}}")
    return _run(repository, *words, stdin=message.encode("utf-8", "surrogateescape")).decode().strip()


def write_tag(repository: Repository, commit: str, name: str, message: str) -> str:
    """Write an annotated tag object of a commit (full oid) and return its oid; no ref is made.

    Raises: ``GitError`` when git cannot, or does not know who the user is.
    """
    tagger = os.fsdecode(_run(repository, "var", "GIT_COMMITTER_IDENT")).strip()
    text = f"object {commit}\ntype commit\ntag {name}\ntagger {tagger}\n\n{message}"
    return _run(repository, "mktag", stdin=text.encode("utf-8", "surrogateescape")).decode().strip()


def move_ref(repository: Repository, ref: str, old: str | None, new: str, reason: str) -> None:
    """Move a ref from ``old`` (``None``: there is none) to ``new``; ``HEAD`` itself is moved, not its branch.

    Raises: ``GitError`` when it has moved meanwhile.
    """
    _run(repository, "update-ref", "--no-deref", "-m", reason, ref, new, old or repository.null_oid)


def _run(repository: Repository, *words: str, stdin: bytes | None = None) -> bytes:
    argv = ("git", f"--git-dir={repository.git_dir}", *words)
    status, output, errors = spawn(argv, caller_env(repository.environ, _PERSON), stdin)
    if status:
        message = f"git {words[0]}: {first_line(errors)}"
        raise GitError(message, "git config user.email YOU@EXAMPLE.ORG" if words[0] == "var" else None)
    return output
