"""The repository and work tree of a hook, read from files and git's variables without starting git."""

from __future__ import annotations

import os

from labgate.git.runner import QUARANTINE, Git
from labgate.values.errors import GitError
from labgate.values.files import read_bounded
from labgate.values.refnames import HEADS
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    Environment = Mapping[str, str]

#: HEAD of a repository with reftables names this instead of a branch; only git can read the real one
#: (Documentation/technical/reftable.txt, "Backward compatibility").
_ELSEWHERE = f"{HEADS}.invalid"
#: Files in the git directory while git applies one commit, and the operation of each.
_HEADS_OF_OPERATIONS = (("MERGE_HEAD", "merge"), ("CHERRY_PICK_HEAD", "cherry-pick"), ("REVERT_HEAD", "revert"))
#: Largest file that is read: the list of steps of a long rebase.
_MOST = 2**24
#: `git merge` names what it merges in ``GITHEAD_<oid>`` (git-merge-recursive), long before it writes MERGE_HEAD.
_MERGED = "GITHEAD_"


class Workplace(Value):
    """The repository and work tree in which a hook runs. Paths are absolute.

    ``common_dir`` is what linked work trees share. ``top`` is the work tree's root, ``None`` in a bare repository.
    ``index`` is the one that git commits from: a temporary one for ``git commit -a`` and ``git commit FILE``.
    """

    git_dir: str
    common_dir: str
    top: str | None
    index: str
    environ: Environment

    def git(self) -> Git:
        """Return the hardened runner for this repository, with the index that git commits from."""
        kept = {name: self.environ[name] for name in QUARANTINE if name in self.environ}
        # With an index git obeys the .gitattributes in it, unless the repository is truly bare; a stated common
        # directory makes it forget `core.worktree` of a submodule (git: setup.c, setup_explicit_git_dir).
        kept["GIT_COMMON_DIR"] = self.common_dir
        return Git(self.git_dir, self.environ, index=self.index, extra=kept)

    @property
    def temporary_index(self) -> bool:
        """Whether git deletes the index when the hook refuses: it is then a lock file (git-commit, ``-a``)."""
        return self.index.endswith(".lock")

    def branch(self) -> str | None:
        """Return the full name of the branch that commits here are for, ``None`` if HEAD is on none.

        During a rebase HEAD is detached, and the branch is the one that is being rebased. It need not exist yet.
        """
        ref = self._head_ref()
        if ref is not None:
            return ref
        for state in ("rebase-merge", "rebase-apply"):
            name = self._read(f"{state}/head-name")
            if name is not None and name.startswith("refs/"):
                return name
        return None

    def operation(self) -> str | None:
        """Return what is in progress: rebase, am, merge, cherry-pick or revert; ``None`` for none of them."""
        if self._has("rebase-merge"):
            return "rebase"
        if self._has("rebase-apply"):
            return "am" if self._has("rebase-apply/applying") else "rebase"
        for name, operation in _HEADS_OF_OPERATIONS:
            if self._has(name):
                return operation
        todo = self._read("sequencer/todo")
        if todo is None:
            return None
        # Between the commits of a series only the todo list is there.
        return "revert" if todo.startswith("revert") else "cherry-pick"

    def merged_heads(self) -> tuple[str, ...]:
        """Return the commits that are being merged into HEAD; empty if there is no merge."""
        heads = self._read("MERGE_HEAD")
        if heads is not None:
            return tuple(heads.split())
        return tuple(name[len(_MERGED) :] for name in self.environ if name.startswith(_MERGED))

    def reverted(self) -> str | None:
        """Return the commit that is being reverted, ``None`` if none is."""
        return self._read("REVERT_HEAD")

    def unborn(self) -> bool:
        """Return whether HEAD names a branch without a commit. It asks git."""
        ref = self._head_ref()
        return ref is not None and self.git().status("show-ref", "--verify", "--quiet", ref, accept=(0, 1))[0] == 1

    def _head_ref(self) -> str | None:
        head = self._read("HEAD")
        if head is None:
            message = f"{self.git_dir} is not a git repository"
            raise GitError(message)
        if not head.startswith("ref:"):
            # HEAD of very old repositories is a symbolic link; when it is followed, HEAD looks detached.
            link = os.path.join(self.git_dir, "HEAD")
            target = os.readlink(link) if os.path.islink(link) else ""
            return target if target.startswith("refs/") else None
        ref = head[len("ref:") :].strip()
        if ref != _ELSEWHERE:
            return ref
        status, output = self.git().status("symbolic-ref", "--quiet", "HEAD", accept=(0, 1))
        return os.fsdecode(output).strip() if status == 0 else None

    def _has(self, name: str) -> bool:
        return os.path.exists(os.path.join(self.git_dir, name))

    def _read(self, name: str) -> str | None:
        return read_text(os.path.join(self.git_dir, name))


def find_workplace(environ: Environment, directory: str | None = None) -> Workplace:
    """Return the workplace of a hook that was started in ``directory`` (``None``: the process's own).

    git starts hooks at the top of the work tree and says in ``GIT_DIR`` where that is not enough. Anything else, a hook
    started by hand for instance, is left to git's own discovery. Raises: ``GitError`` when there is no repository.
    """
    here = os.getcwd() if directory is None else directory
    git_dir = _stated(here, environ, "GIT_DIR")
    top: str | None = here
    if git_dir is None:
        git_dir = os.path.join(here, ".git")
        if not _is_own(here) or not _is_own(git_dir):
            return _discovered(environ, here)
    elif _is_inside(git_dir, here):
        top = None
    if os.path.isfile(git_dir):
        pointer = (read_text(git_dir) or "").removeprefix("gitdir: ")
        git_dir = os.path.normpath(os.path.join(os.path.dirname(git_dir), pointer))
    if not os.path.exists(os.path.join(git_dir, "HEAD")):
        return _discovered(environ, here)
    top = _stated(here, environ, "GIT_WORK_TREE") or top
    return Workplace(git_dir, _common_dir(git_dir, here, environ), top, _index(git_dir, here, environ), environ)


def read_text(path: str) -> str | None:
    """Return a small file of git's without its last newline, ``None`` if there is no such file."""
    try:
        return os.fsdecode(read_bounded(path, _MOST)).rstrip("\r\n")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def _stated(here: str, environ: Environment, name: str) -> str | None:
    value = environ.get(name)
    return os.path.normpath(os.path.join(here, value)) if value else None


def _is_own(path: str) -> bool:
    """Return whether a file is there and the user's own; of others' git decides by ``safe.directory``."""
    try:
        return os.stat(path).st_uid == os.geteuid()
    except OSError:
        return False


def _is_inside(git_dir: str, here: str) -> bool:
    return os.path.realpath(here).startswith(os.path.realpath(git_dir))


def _common_dir(git_dir: str, here: str, environ: Environment) -> str:
    stated = _stated(here, environ, "GIT_COMMON_DIR")
    if stated is not None:
        return stated
    return os.path.normpath(os.path.join(git_dir, read_text(os.path.join(git_dir, "commondir")) or ""))


def _index(git_dir: str, here: str, environ: Environment) -> str:
    return _stated(here, environ, "GIT_INDEX_FILE") or os.path.join(git_dir, "index")


def _discovered(environ: Environment, here: str) -> Workplace:
    from labgate.git.repository import discover

    found = discover(environ, here)
    return Workplace(found.git_dir, found.common_dir, found.top, _index(found.git_dir, here, environ), environ)
