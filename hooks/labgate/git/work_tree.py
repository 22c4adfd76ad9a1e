"""Read a work tree, and write its content as objects, with the user's own filters and conversions.

No verdict is made here. A commit that is to hold the bytes that ``git add`` would store needs the user's configuration
and attributes: clean filters (git-lfs), ``core.autocrlf``, ``core.fileMode``, ignored files. So git gets the caller's
environment, as a filter may need any of it. What a copied folder could bring along besides filters is off: hooks, the
file system monitor, signatures, submodules. docs/adr/0020 says what that leaves.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence

from labgate.git.repository import Repository
from labgate.git.runner import FIXED, command_scope, first_line, spawn
from labgate.values.errors import GitError, UsageError
from labgate.values.value import Value

#: Variables of git that an ordinary ``git add`` would heed; all others of its own are dropped.
_KEPT = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_ATTR_NOSYSTEM")
_KEPT_PREFIXES = ("GIT_LFS_", "GIT_ANNEX_")
_OPTIONS = (
    "--no-pager",
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "core.fsmonitor=false"),
    # Written for the folder in which the index lies; a copy lies elsewhere.
    *("-c", "core.untrackedCache=false"),
    # A copy of a split index must be whole, and leave no shared part behind.
    *("-c", "core.splitIndex=false"),
    # Converted line ends are a warning here: the run goes on.
    *("-c", "core.safecrlf=false"),
    *("-c", "core.quotePath=false"),
    *("-c", "core.logAllRefUpdates=false"),
    *("-c", "submodule.recurse=false"),
)
_STATUS = (
    *("status", "--porcelain=v2", "-z", "--untracked-files=all", "--ignore-submodules=none", "--no-renames"),
    *("--ignored=matching", "--no-ahead-behind", "--no-branch"),
)
#: Fields before the path of an ordinary and of an unmerged entry (git-status, "Porcelain Format Version 2").
_ORDINARY, _UNMERGED = 8, 10
_ABSENT, SUBMODULE = "000000", "160000"
#: The beginnings of nearly all lines of ls-files: a file or a link, without a mark.
_PLAIN_ENTRIES = ("H 100", "H 120")


class Edit(Value):
    """A tracked path whose content in the work tree or in the index is not that of HEAD.

    ``head_mode`` and ``head_oid`` are its entry in HEAD, with mode ``000000`` if there is none. ``here``: it is in the
    work tree. ``submodule`` is git's own field, such as ``S.MU``, ``None`` if the path is not a submodule.
    """

    path: str
    head_mode: str
    head_oid: str
    here: bool
    staged: bool
    submodule: str | None


class Status(Value):
    """The state of a work tree. ``untracked`` are paths; a nested repository ends with ``/``, as git names it.

    ``ignored`` are the ignored folders, also with ``/``.
    """

    edits: tuple[Edit, ...]
    untracked: tuple[str, ...]
    ignored: frozenset[str]


class Tracked(Value):
    """An entry of the index. ``hidden``: it is marked as assume-unchanged or skip-worktree, so that no status shows it.

    ``oid`` is a commit for a submodule.
    """

    path: str
    mode: str
    oid: str
    hidden: bool


class WorkTree(Value):
    """A work tree with an index file of its own (absolute path), which git may edit."""

    repository: Repository
    index: str

    def notable(self) -> Iterator[Tracked]:
        """Yield the entries of the index that are hidden from status or are submodules. Raises: ``GitError``."""
        for line in _split(self._run("ls-files", "-v", "--stage", "-z")):
            if not line.startswith(_PLAIN_ENTRIES):
                head, _, path = line.partition("\t")
                tag, mode, oid, _ = head.split(" ")
                yield Tracked(path, mode, oid, tag.islower() or tag == "S")

    def show(self, paths: Sequence[str]) -> None:
        """Clear in this index the marks that hide changes of these paths from status. Raises: ``GitError``."""
        # git clears one of the marks a call.
        for option in ("--no-assume-unchanged", "--no-skip-worktree"):
            self._run("update-index", option, "-z", "--stdin", stdin=_joined(paths))

    def status(self) -> Status:
        """Return the state of the work tree. Raises: ``GitError``."""
        return _read_status(_split(self._run(*_STATUS)))

    def is_unchanged(self, path: str) -> bool:
        """Return whether HEAD has a path and the work tree has it unchanged. Raises: ``GitError``."""
        status = _read_status(_split(self._run("--literal-pathspecs", *_STATUS, "--", path)))
        known = self._run("--literal-pathspecs", "ls-tree", "-z", "--full-tree", "HEAD", "--", path)
        return bool(known) and not status.edits and not status.untracked

    def add(self, paths: Sequence[str]) -> None:
        """Put the content of paths into the index, as ``git add`` would; none is left out if one fails.

        Raises: ``GitError``.
        """
        self._run("update-index", "--add", "--remove", "--replace", "-z", "--stdin", stdin=_joined(paths))

    def remove(self, paths: Sequence[str]) -> None:
        """Remove paths from the index. Raises: ``GitError``."""
        self._run("update-index", "--force-remove", "-z", "--stdin", stdin=_joined(paths))

    def reset(self, edits: Iterable[Edit]) -> None:
        """Let paths have in the index what HEAD has. Raises: ``GitError``."""
        null = self.repository.null_oid
        lines = [
            f"0 {null}\t{edit.path}" if edit.head_mode == _ABSENT else f"{edit.head_mode} {edit.head_oid}\t{edit.path}"
            for edit in edits
        ]
        self._run("update-index", "-z", "--index-info", stdin=_joined(lines))

    def write_tree(self) -> str:
        """Write the index as a tree and return its oid. Raises: ``GitError``."""
        return self._run("write-tree").decode().strip()

    def ignored(self, paths: Sequence[str]) -> frozenset[str]:
        """Return those of some paths that git ignores. Raises: ``GitError``."""
        if not paths:
            return frozenset()
        # It takes no literal pathspecs, and a name may begin like a magic one.
        asked = _joined(f"./{path}" for path in paths)
        found = _split(self._run("check-ignore", "-z", "--stdin", stdin=asked, accept=(0, 1)))
        return frozenset(path.removeprefix("./") for path in found)

    def _run(self, *words: str, stdin: bytes | None = None, accept: tuple[int, ...] = (0,)) -> bytes:
        repository = self.repository
        if repository.top is None:
            message = "this repository has no work tree"
            raise UsageError(message, "git worktree add DIR && cd DIR  # and run it there")
        argv = ["git", "-C", repository.top, f"--git-dir={repository.git_dir}", f"--work-tree={repository.top}"]
        env = work_tree_env(repository) | {"GIT_INDEX_FILE": self.index}
        status, output, errors = spawn((*argv, *_OPTIONS, *words), env, stdin)
        if status not in accept:
            verb = next(word for word in words if not word.startswith("-"))
            message = f"git {verb}: {first_line(errors)}"
            raise GitError(message)
        return output


def work_tree_env(repository: Repository) -> dict[str, str]:
    """Return the environment for git on a work tree: the caller's, without git's variables for other places."""
    environ = repository.environ
    kept = {name: value for name, value in environ.items() if not name.startswith("GIT_")}
    kept |= {name: value for name, value in environ.items() if name in _KEPT or name.startswith(_KEPT_PREFIXES)}
    return kept | command_scope(environ) | FIXED


def own_index(repository: Repository) -> str:
    """Return the absolute path of the work tree's own index; it need not exist."""
    stated = repository.environ.get("GIT_INDEX_FILE")
    return os.path.abspath(stated) if stated else os.path.join(repository.git_dir, "index")


def _read_status(tokens: Sequence[str]) -> Status:
    edits: list[Edit] = []
    untracked: list[str] = []
    ignored: set[str] = set()
    for token in tokens:
        if token.startswith("?"):
            untracked.append(token[2:])
        elif token.startswith("!") and token.endswith("/"):
            ignored.add(token[2:])
        elif token.startswith("1"):
            _, letters, submodule, head_mode, _, mode, head_oid, _, path = token.split(" ", _ORDINARY)
            edits.append(Edit(path, head_mode, head_oid, mode != _ABSENT, letters[0] != ".", _of_submodule(submodule)))
        elif token.startswith("u"):
            _, _, submodule, _, ours_mode, _, mode, _, ours, _, path = token.split(" ", _UNMERGED)
            edits.append(Edit(path, ours_mode, ours, mode != _ABSENT, True, _of_submodule(submodule)))  # noqa: FBT003
    return Status(tuple(edits), tuple(untracked), frozenset(ignored))


def _of_submodule(field: str) -> str | None:
    return field if field.startswith("S") else None


def _split(output: bytes) -> list[str]:
    return os.fsdecode(output).split("\0")[:-1]


def _joined(items: Iterable[str]) -> bytes:
    return b"".join(os.fsencode(item) + b"\0" for item in items)
