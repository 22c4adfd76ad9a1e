"""Install labgate's hooks beside pre-commit, prek and foreign hooks, and remove them (docs/adr/0006)."""

from __future__ import annotations

import os
from collections.abc import Mapping

from labgate import FOLDER
from labgate.git.repository import Repository, discover
from labgate.native.folder import ABSENT, FOREIGN, LABGATE, HookFile, Site, Slot, default_folder, find_site, read_slots
from labgate.native.shim import Runtime, quoted, render, this_runtime
from labgate.native.state import STAGES
from labgate.values.errors import LabgateError
from labgate.values.files import read_own, remove_own, write_own
from labgate.values.opened import OpenedFolder, opened_folder
from labgate.values.value import Value

#: Below the git common directory: the stages that `install` wrote, one a line, so that `doctor` finds missing ones.
RECORD = os.path.join(FOLDER, "native-hooks")
#: More bytes than that has.
_MOST = 4096
#: As for any program that is built here, less the umask: with umask 077 a hook stays the user's own.
_MODE = 0o777

WRITTEN, UPDATED, UNCHANGED, LEFT = "written", "updated", "unchanged", "left to the framework"


class HooksElsewhereError(LabgateError):
    """Raised when labgate must not write to git's folder of hooks, ``site``."""

    def __init__(self, site: Site, help: str) -> None:
        super().__init__(f"{site.obstacle}; nothing was written", help)
        self.site = site


class ContestedError(LabgateError):
    """Raised when pre-commit and prek are both installed at one stage."""

    def __init__(self, slot: Slot) -> None:
        top, below = slot.top.owner, slot.legacy.owner
        message = f"{top} and {below} are both installed at {slot.stage} and break each other; nothing was written"
        super().__init__(message, f"{uninstall_command(slot)} && labgate install")


class Step(Value):
    """The result at a stage. ``path`` is labgate's file there, ``moved`` the foreign one's new or restored place."""

    stage: str
    done: str
    path: str
    framework: str | None = None
    moved: str | None = None


class Installed(Value):
    """The results of `install` for each stage, and the folder."""

    repository: Repository
    site: Site
    steps: tuple[Step, ...]


class Uninstalled(Value):
    """The hooks that `uninstall` removed and restored, and the foreign ones whose place was taken."""

    removed: tuple[str, ...]
    restored: tuple[str, ...]
    stranded: tuple[str, ...]


def install(directory: str | None, environ: Mapping[str, str], runtime: Runtime | None = None) -> Installed:
    """Write labgate's hooks in the repository of a directory (``None``: the current one), all of them or none.

    ``runtime`` is what the hooks start; ``None`` means this process's own interpreter. Raises: ``LabgateError`` when
    nothing may be written, ``OSError`` when it cannot be.
    """
    repository = discover(environ, directory)
    site = find_site(repository)
    if site.obstacle is not None:
        raise HooksElsewhereError(site, start_step(site, default_folder(repository)))
    slots = read_slots(site.folder.path)
    for slot in slots:
        _refuse(slot)
    runtime = runtime or this_runtime()
    with opened_folder(_real(site.folder.path, repository), make=True) as folder:
        steps = tuple(_install(folder, slot, runtime) for slot in slots)
    _remember(repository, tuple(step.stage for step in steps if step.done != LEFT))
    return Installed(repository, site, steps)


def uninstall(directory: str | None, environ: Mapping[str, str]) -> Uninstalled:
    """Remove labgate's hooks and restore foreign ones, all or nothing. Raises: ``LabgateError``, ``OSError``."""
    repository = discover(environ, directory)
    default = default_folder(repository)
    site = find_site(repository)
    folders = dict.fromkeys((default, site.folder.path) if site.obstacle is None else (default,))
    if os.path.islink(default):
        # It may lead anywhere: only what the user names is changed.
        if site.folder.setting is None:
            _refuse_link(default)
        del folders[default]
    found = {path: read_slots(path) for path in folders if os.path.isdir(path)}
    for slot in (slot for slots in found.values() for slot in slots):
        for file in (slot.top, slot.legacy):
            if file.shim is not None and file.shim.edited:
                message = f"{file.path} was edited; nothing was removed"
                help = f"mv {quoted(file.path)} {quoted(file.path + '.edited')} && labgate uninstall"
                raise LabgateError(message, help)
    removed: list[str] = []
    restored: list[str] = []
    stranded: list[str] = []
    for path, slots in found.items():
        with opened_folder(_real(path, repository)) as folder:
            for slot in slots:
                _uninstall(folder, slot, removed, restored, stranded)
    _forget(repository)
    return Uninstalled(tuple(removed), tuple(restored), tuple(stranded))


def _real(path: str, repository: Repository) -> str:
    """Return the folder of hooks to open: git's own may be no link, one that the user has named may be."""
    return path if path == default_folder(repository) else os.path.realpath(path)


def _refuse_link(default: str) -> None:
    """Raises: ``LabgateError`` when there are hooks of labgate behind a link in the place of git's default folder."""
    if any(LABGATE in (slot.top.owner, slot.legacy.owner) for slot in read_slots(default)):
        message = f"{default} is a symbolic link; nothing was removed"
        raise LabgateError(message, f"{_hooks_path(os.path.realpath(default))} && labgate uninstall")


def _hooks_path(folder: str) -> str:
    return f"git config core.hooksPath {quoted(folder)}"


def recorded_stages(repository: Repository) -> tuple[str, ...]:
    """Return the stages that `install` last wrote here; empty if it never ran, or `uninstall` ran after it."""
    try:
        found = read_own(os.path.join(repository.common_dir, RECORD), _MOST).decode("ascii", "replace").split("\n")
    except OSError:
        return ()
    return tuple(stage for stage in STAGES if stage in found)


def uninstall_command(slot: Slot) -> str:
    """Return the command that leaves one framework.

    It removes the upper one, whose ``uninstall`` restores the lower one; the lower one's would not do so.
    """
    return f"{slot.top.owner} uninstall -t {slot.stage}"


def start_step(site: Site, default: str) -> str:
    """Return the step that gets labgate started from a folder where it must not write. ``default`` is git's default."""
    if site.folder.setting is None:
        if site.shared:
            return "start labgate from your own hooks: labgate install prints how; or turn the link into a folder"
        return f"{_hooks_path(os.path.realpath(site.folder.path))} && labgate install"
    if site.shared:
        return f"put what labgate install prints into the hooks in {site.scripts}"
    own = f"{_hooks_path(default)} && labgate install"
    if site.is_off:
        return own
    return f"put what labgate install prints into these hooks, or let this repository have its own: {own}"


def _refuse(slot: Slot) -> None:
    if slot.is_contested:
        raise ContestedError(slot)
    place = slot.place
    if place.shim is not None and place.shim.edited:
        message = f"{place.path} is labgate's, but was edited; nothing was written"
        help = f"mv {quoted(place.path)} {quoted(place.path + '.edited')} && labgate install"
        raise LabgateError(message, help)
    if place.owner == FOREIGN and slot.before.owner != ABSENT and not _is_copy(place, slot.before):
        message = f"{place.path} and {slot.before.path} are both foreign hooks; nothing was written"
        raise LabgateError(message, "make one of the two: labgate starts one foreign hook a stage")


def _install(folder: OpenedFolder, slot: Slot, runtime: Runtime) -> Step:
    place = slot.place
    if slot.stage == "pre-commit" and slot.framework is not None and slot.own is None:
        return Step(slot.stage, LEFT, place.path, slot.framework)
    content = render(slot.stage, runtime)
    done, moved = UPDATED if place.owner == LABGATE else WRITTEN, None
    if place.content == content and place.executable:
        done = UNCHANGED
    elif place.owner == FOREIGN:
        moved = slot.before.path
        folder.write(place.name, content, _MODE, lambda: set_aside(folder, place, slot.before))
    else:
        folder.write(place.name, content, _MODE)
    if slot.stray is not None and not (slot.stray.shim and slot.stray.shim.edited):
        folder.remove(slot.stray.name)
    return Step(slot.stage, done, place.path, slot.framework, moved)


def _uninstall(folder: OpenedFolder, slot: Slot, removed: list[str], restored: list[str], stranded: list[str]) -> None:
    """Remove labgate's files of a stage, and restore the foreign hook."""
    files = [file for file in (slot.top, slot.legacy) if file.owner == LABGATE]
    removed += [file.path for file in files]
    if slot.before.owner != ABSENT:
        if slot.place.owner in (ABSENT, LABGATE):
            folder.move(slot.before.name, slot.place.name)
            restored.append(slot.place.path)
            files = [file for file in files if file is not slot.place]
        else:
            stranded.append(slot.before.path)
    for file in files:
        folder.remove(file.name)


def _is_copy(file: HookFile, other: HookFile) -> bool:
    """Return whether a hook was moved already, by an `install` that was stopped before it wrote its own."""
    return os.path.lexists(other.path) and os.path.samestat(os.lstat(file.path), os.lstat(other.path))


def _remember(repository: Repository, stages: tuple[str, ...]) -> None:
    """Write the record for `doctor`, which only explains missing hooks."""
    path = os.path.join(repository.common_dir, RECORD)
    text = "".join(f"{stage}\n" for stage in stages)
    try:
        write_own(path, text.encode("ascii"))
    except OSError:
        return


def _forget(repository: Repository) -> None:
    try:
        remove_own(os.path.join(repository.common_dir, RECORD))
    except OSError:
        return


def set_aside(folder: OpenedFolder, hook: HookFile, aside: HookFile) -> None:
    """Give a foreign hook its second name. With hard links the first one stays until another file replaces it.

    Raises: ``LabgateError`` when something else has the name by now, ``OSError``.
    """
    try:
        folder.link(hook.name, aside.name)
    except FileExistsError:
        _refuse_another(folder, hook, aside)
    except (OSError, NotImplementedError):
        # No hard links here (or a folder): a rename, and for a moment no hook.
        if folder.state(aside.name) is not None:
            _refuse_another(folder, hook, aside)
        folder.move(hook.name, aside.name)


def _refuse_another(folder: OpenedFolder, hook: HookFile, aside: HookFile) -> None:
    """Accept the second name only if a stopped `install` has given it to the same file."""
    here, there = folder.state(hook.name), folder.state(aside.name)
    if here is None or there is None or not os.path.samestat(here, there):
        message = f"{aside.path} has just appeared; is another labgate install running?"
        raise LabgateError(message, "labgate install")
