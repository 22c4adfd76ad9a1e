"""The folder of hooks: the owner of each file, and which of them git starts."""

from __future__ import annotations

import os

from labgate.git.repository import Repository
from labgate.git.settings import HooksFolder, hooks_folder
from labgate.native.shim import Shim, parse
from labgate.native.state import BEFORE, LEGACY, STAGES, framework_of
from labgate.values.files import read_start
from labgate.values.value import Value

ABSENT, LABGATE, FOREIGN = "absent", "labgate", "foreign"
#: More bytes than any hook has.
_MOST = 2**22
#: Owners of a hook; others are the names of frameworks.
Owner = str


class HookFile(Value):
    """A hook and its owner. ``shim`` describes one of labgate's own, ``None`` for any other."""

    path: str
    owner: Owner
    executable: bool
    content: bytes
    shim: Shim | None = None

    @property
    def is_framework(self) -> bool:
        return self.owner not in (ABSENT, LABGATE, FOREIGN)

    @property
    def name(self) -> str:
        return os.path.basename(self.path)


class Slot(Value):
    """The files of one stage: the one that git starts, the one that a framework starts, the one that labgate starts."""

    stage: str
    top: HookFile
    legacy: HookFile
    before: HookFile

    @property
    def framework(self) -> str | None:
        """The framework whose shim git starts, ``None`` if there is none."""
        return self.top.owner if self.top.is_framework else None

    @property
    def is_contested(self) -> bool:
        """Whether one framework's shim starts another's, which then starts ``.legacy``, that is, itself."""
        return self.top.is_framework and self.legacy.is_framework

    @property
    def place(self) -> HookFile:
        """The file that is currently labgate's place."""
        return self.legacy if self.top.is_framework else self.top

    @property
    def own(self) -> HookFile | None:
        """Labgate's own hook in its place, ``None`` if it is not there."""
        return self.place if self.place.owner == LABGATE else None

    @property
    def stray(self) -> HookFile | None:
        """A file of labgate that nothing starts: it was moved for a framework whose shim is gone."""
        return self.legacy if self.legacy.owner == LABGATE and not self.top.is_framework else None


class Site(Value):
    """git's folder of hooks.

    ``obstacle`` is why labgate must not write there, ``None`` if it may. ``shared``: the folder is part of the work
    tree, which all people share.
    """

    folder: HooksFolder
    obstacle: str | None
    shared: bool = False

    @property
    def is_off(self) -> bool:
        """Whether hooks are disabled: git's folder of hooks is not a folder, such as ``/dev/null``."""
        return os.path.lexists(self.folder.path) and not os.path.isdir(self.folder.path)

    @property
    def scripts(self) -> str:
        """The folder in which people keep their own scripts: husky starts those beside its ``_`` (husky 9)."""
        head, tail = os.path.split(self.folder.path)
        return head if tail == "_" else self.folder.path


def find_site(repository: Repository) -> Site:
    """Return git's folder of hooks, and whether labgate may write there. Raises: ``GitError``."""
    folder = hooks_folder(repository)
    inside = _is_in_work_tree(repository, folder.path)
    if folder.setting is None:
        return Site(folder, _linked(default_folder(repository), inside=inside), shared=inside)
    setting = f"core.hooksPath = {folder.setting}"
    if inside:
        return Site(folder, f"{setting} is inside the work tree", shared=True)
    usual = os.path.realpath(folder.path) == os.path.realpath(default_folder(repository))
    if folder.scope not in ("local", "worktree") and not usual:
        return Site(folder, f"{setting} applies to all repositories ({folder.scope} configuration)")
    site = Site(folder, None)
    return Site(folder, f"{setting} is not a folder, so no hook runs here") if site.is_off else site


def _linked(path: str, *, inside: bool) -> str | None:
    """Return why labgate must not write to git's default folder of hooks, ``None`` if it may."""
    if inside:
        return "the folder of hooks is a link into the work tree"
    return f"the folder of hooks is a link to {os.path.realpath(path)}" if os.path.islink(path) else None


def default_folder(repository: Repository) -> str:
    """Return git's default folder of hooks, which linked work trees share."""
    return os.path.join(repository.common_dir, "hooks")


def read_slots(folder: str) -> tuple[Slot, ...]:
    """Return the files in a folder of hooks. Raises: ``OSError`` when a hook cannot be read."""
    return tuple(read_slot(folder, stage) for stage in STAGES)


def read_slot(folder: str, stage: str) -> Slot:
    """Return the files of one stage. Raises: ``OSError`` when a hook cannot be read."""
    top = os.path.join(folder, stage)
    return Slot(stage, read_hook(top), read_hook(top + LEGACY), read_hook(top + BEFORE))


def read_hook(path: str) -> HookFile:
    """Return the owner of a file. Raises: ``OSError`` when it cannot be read."""
    if not os.path.lexists(path):
        return HookFile(path, ABSENT, executable=False, content=b"")
    content = b""
    # A broken link or a folder counts as foreign.
    if os.path.isfile(path):
        content = read_start(path, _MOST)
    shim = parse(content)
    owner = LABGATE if shim is not None else framework_of(content) or FOREIGN
    return HookFile(path, owner, os.access(path, os.X_OK), content, shim)


def _is_in_work_tree(repository: Repository, path: str) -> bool:
    """Return whether a path lies in this work tree or in the main one; a git directory is not part of either."""
    if _is_below(path, repository.common_dir) or _is_below(path, repository.git_dir):
        return False
    trees = [repository.top] if repository.top is not None else []
    if os.path.basename(repository.common_dir) == ".git":
        trees.append(os.path.dirname(repository.common_dir))
    return any(_is_below(path, tree) for tree in trees)


def _is_below(path: str, folder: str) -> bool:
    real, root = os.path.realpath(path), os.path.realpath(folder)
    return real == root or real.startswith(root.rstrip(os.sep) + os.sep)
