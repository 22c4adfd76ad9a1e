"""Refs and revisions: existing names, their targets, and a user's revisions. All refnames are full."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

from labgate.git.blocking import odd_refs
from labgate.git.commits import peel
from labgate.git.repository import BROKEN, SYMBOLIC, Remote, Repository
from labgate.values.errors import GitError, UsageError
from labgate.values.files import read_start
from labgate.values.refnames import HEADS, REMOTES, branch_named
from labgate.values.regexes import regex
from labgate.values.value import Value

_SUFFIX = regex(r"[~^:]|@\{")
#: Not ``%(*objectname)``: to peel tags git reads every object completely, branches too.
_FORMAT = "%(refname)%00%(objecttype)%00%(objectname)%00%(symref)"
_PLAIN = "%(refname)%00%(objectname)%00%(symref)"
#: Bytes of a file with an oid, SHA-1 or SHA-256, and a line feed.
_OID_FILE = (41, 65)
#: Bytes of a symbolic ref that is read without git.
_LONGEST_NAME = 4096
#: Bytes of a reflog that are read: some thousand entries.
_LONGEST_LOG = 2**18
#: What ``git branch -m`` writes there (git: refs/files-backend.c).
_RENAMING = "\tBranch: renamed "
_RENAMED = regex(_RENAMING + r"(refs/heads/\S+) to ")
_IGNORED = regex(r"^warning: ignoring (?:broken|dangling) (?:ref|symref) (refs/.*)$", re.MULTILINE)


class TrackingRef(Value):
    """A remote-tracking ref: ``ref`` is its name here, ``remote_ref`` its name on ``remote``."""

    ref: str
    remote: str
    remote_ref: str
    oid: str


def read_refs(repository: Repository) -> dict[str, str]:
    """Return every ref that points to a commit, with that commit's oid; without symbolic refs (``origin/HEAD``).

    ``Repository.unread_refs`` has these afterwards, and those that git cannot read. Raises: ``GitError`` when git would
    not get past the file of a ref.
    """
    odd = [*odd_refs(repository.common_dir, _OID_FILE)]
    refs: dict[str, str] = {}
    tags: dict[str, str] = {}
    repository.unread_refs.clear()
    for name, kind, oid, symref in _listed(repository):
        if symref:
            repository.unread_refs[name] = SYMBOLIC
        elif kind == "commit":
            refs[name] = oid
        elif kind == "tag":
            tags[name] = oid
        else:
            repository.unread_refs[name] = BROKEN
    commits = peel(repository, tags.values())
    refs |= {name: commits[oid] for name, oid in tags.items() if oid in commits}
    for name, link in odd:
        # git lists no symbolic ref that names nothing, and reads one that is a link as if it were none.
        if link or name not in refs:
            repository.unread_refs.setdefault(name, SYMBOLIC if link else BROKEN)
    return refs


def _listed(repository: Repository) -> Iterator[tuple[str, str, str, str]]:
    """Yield the name, type, oid and peeled oid of each ref; a missing object counts as a commit."""
    try:
        rows = _rows(repository, _FORMAT)
    except GitError:
        # git reads every object for its type, and stops at the first missing one.
        plain = _rows(repository, _PLAIN)
        asked = "".join(f"{oid}\n" for _, oid, _ in plain).encode()
        answers = repository.objects.run("cat-file", "--batch-check=%(objecttype)", "--buffer", stdin=asked).decode()
        for (name, oid, symref), kind in zip(plain, answers.splitlines(), strict=True):
            yield name, "commit" if kind.endswith(" missing") else kind, oid, symref
        return
    repository.commits_here.update(oid for _, kind, oid, _ in rows if kind == "commit")
    for name, kind, oid, symref in rows:
        yield name, kind, oid, symref


def _rows(repository: Repository, format_: str) -> list[list[str]]:
    output, warnings = repository.git.told("for-each-ref", f"--format={format_}")
    # git only warns of a symbolic ref that names nothing, and of a file that holds no oid (git: ref-filter.c).
    if warnings:
        repository.unread_refs.update(dict.fromkeys(_IGNORED.findall(_text(warnings)), BROKEN))
    # Not splitlines: U+2028 and U+0085 are legal in a refname.
    return [line.split("\0") for line in _text(output).split("\n")[:-1]]


def _text(output: bytes) -> str:
    return output.decode("utf-8", "surrogateescape")


def refs_with(repository: Repository, commits: Iterable[str], under: str) -> frozenset[str]:
    """Return the full names of the refs below a prefix (``refs/remotes/origin/``) that reach one of the commits."""
    options = [f"--contains={oid}" for oid in commits]
    if not options:
        return frozenset()
    output = repository.git.run("for-each-ref", "--format=%(refname)", *options, under)
    return frozenset(output.decode("utf-8", "surrogateescape").split("\n")[:-1])


def tracking_refs(refs: dict[str, str], remotes: tuple[Remote, ...]) -> tuple[TrackingRef, ...]:
    """Return the remote-tracking refs by the layout ``refs/remotes/REMOTE/BRANCH``, the longest remote name first."""
    names = sorted((remote.name for remote in remotes), key=len, reverse=True)
    folders = [(name, f"{REMOTES}{name}/") for name in names]
    found = []
    for ref, oid in refs.items():
        for name, folder in folders:
            if ref.startswith(folder):
                found.append(TrackingRef(ref, name, HEADS + ref[len(folder) :], oid))
                break
    return tuple(found)


def symbolic_ref(repository: Repository, name: str) -> str | None:
    """Return the ref that a symbolic ref points to, or ``None`` when it is not symbolic or does not exist."""
    found = _in_file(repository, name)
    if found is not None:
        return found or None
    status, output = repository.git.status("symbolic-ref", "--quiet", name, accept=(0, 1))
    return output.decode("utf-8", "surrogateescape").strip() if status == 0 else None


def _in_file(repository: Repository, name: str) -> str | None:
    """Return what the file of a symbolic ref names, as git writes it, empty if there is no such file.

    ``None``: git must say. No symbolic ref is in ``packed-refs``; a repository with reftables has no files of refs.
    """
    if ".." in name:
        return None  # a name of no ref, which must not lead out of the repository
    path = os.path.join(repository.git_dir if name == "HEAD" else repository.common_dir, name)
    try:
        content = b"" if os.path.islink(path) else read_start(path, _LONGEST_NAME)
    except FileNotFoundError:
        return "" if repository.setting("extensions.refstorage") is None else None
    except OSError:
        return None
    target = os.fsdecode(content.removesuffix(b"\n"))
    # In a repository with reftables the file of HEAD names no branch that there can be.
    plain = target.startswith("ref: refs/") and not target.endswith("/.invalid") and len(target.split()) == 2
    return target.removeprefix("ref: ") if plain and content.endswith(b"\n") else None


def first_in_reflog(repository: Repository, ref: str) -> str | None:
    """Return the commit at which a local branch was created, ``None`` if its reflog does not have it (any more)."""
    listing = repository.git.run("reflog", "show", "--format=%H %gs", ref, "--").decode("utf-8", "surrogateescape")
    oid, _, what = listing.rstrip("\n").rpartition("\n")[2].partition(" ")
    return oid if what.startswith("branch: Created from ") else None


def former_names(repository: Repository, ref: str) -> tuple[str, ...]:
    """Return the full names that a local branch had before somebody renamed it, as far as its reflog has them."""
    path = os.path.join(repository.common_dir, "logs", ref)
    try:
        text = read_start(path, _LONGEST_LOG).decode("utf-8", "surrogateescape")
    except (OSError, ValueError):
        return ()
    return tuple(dict.fromkeys(_RENAMED.findall(text))) if _RENAMING in text else ()


def resolve_revision(repository: Repository, revision: str, refs: dict[str, str]) -> str:
    """Return the commit of a user's revision; ``main`` and ``main~2`` always mean the branch.

    Raises: ``UsageError`` when it names no commit here.
    """
    # No refname has one of these (git-check-ref-format), so the text before them is a complete name.
    name = _SUFFIX.split(revision, maxsplit=1)[0]
    branch = branch_named(name, refs)
    return resolve_commit(repository, revision if branch is None else branch + revision[len(name) :])


def resolve_commit(repository: Repository, revision: str) -> str:
    """Return the full oid of the commit that a full refname, an oid or any other revision names.

    Raises: ``UsageError`` when it names no commit here.
    """
    try:
        output = repository.git.run("rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}")
    except GitError:
        output = b""
    oid = output.decode().strip()
    # ``^main`` is a revision too, but it excludes commits.
    if not oid or oid.startswith("^"):
        message = f"{revision!r} names no commit in this repository"
        deepen = "--unshallow " if repository.shallow else ""
        raise UsageError(message, f"git fetch {deepen}--all && git branch --all  # to see how it is spelt")
    return oid
