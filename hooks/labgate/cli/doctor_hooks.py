"""What the doctor says of each stage: who starts labgate there, and what keeps it from being started."""

from __future__ import annotations

import os
from collections.abc import Iterator

from labgate import __version__
from labgate.checks.registry import stages_of_ids
from labgate.cli.doctor_item import ADVICE, CONFLICT, MISSING, OK, SHADOWED, STALE, Item
from labgate.git.repository import Repository
from labgate.native.folder import ABSENT, FOREIGN, HookFile, Site, Slot, default_folder, find_site, read_slots
from labgate.native.install import mending, recorded_stages, uninstall_command
from labgate.native.manifest import FILES, Configured, configured
from labgate.native.shim import Shim, quoted
from labgate.native.state import STAGES

INSTALL = "labgate install"


def hook_items(repository: Repository) -> Iterator[Item]:
    """Yield an item for each stage, and one for ``core.hooksPath`` where it is in the way."""
    site = find_site(repository)
    if site.obstacle is not None:
        yield from _elsewhere(site, repository)
        return
    asked = {name: _configured(repository, name) for name in FILES}
    recorded = recorded_stages(repository)
    for slot in read_slots(site.folder.path):
        yield _stage(slot, asked, slot.stage in recorded)


def _configured(repository: Repository, framework: str) -> Configured | None:
    return None if repository.top is None else configured(repository.top, framework, stages_of_ids())


def _elsewhere(site: Site, repository: Repository) -> Iterator[Item]:
    started = {stage: _started_by(site, stage) for stage in STAGES}
    if site.is_off or not all(started.values()):
        yield Item("core.hooksPath", SHADOWED, site.obstacle or "", mending(site, default_folder(repository)))
    for stage, path in started.items():
        if path is None:
            yield Item(stage, SHADOWED, f"nothing in {site.scripts} starts labgate")
        else:
            yield Item(stage, OK, f"started by {path}")


def _started_by(site: Site, stage: str) -> str | None:
    """Return the script of somebody else's that starts labgate at a stage, ``None`` if none does."""
    for folder in dict.fromkeys((site.folder.path, site.scripts)):
        path = os.path.join(folder, stage)
        if os.path.isfile(path):
            with open(path, "rb") as stream:
                lines = stream.read().split(b"\n")
            code = [line for line in lines if not line.lstrip().startswith(b"#")]
            if any(b"labgate-hook" in line or b"labgate.hook" in line for line in code):
                return path
    return None


def _stage(slot: Slot, asked: dict[str, Configured | None], recorded: bool) -> Item:
    if slot.is_contested:
        message = f"{slot.top.owner} and {slot.legacy.owner} stand here both and break each other"
        return Item(slot.stage, CONFLICT, message, f"{uninstall_command(slot)} && {INSTALL}")
    started = (slot.top, slot.own or slot.top)
    sleeping = next((file for file in started if file.owner not in (ABSENT, FOREIGN) and not file.executable), None)
    if sleeping is not None:
        message = f"{sleeping.name} is not executable, so it is not started"
        return Item(slot.stage, STALE, message, f"chmod +x {quoted(sleeping.path)}")
    if slot.own is not None and slot.own.shim is not None:
        return _native(slot, slot.own, slot.own.shim)
    if slot.framework is not None:
        return _framework(slot, slot.framework, asked.get(slot.framework), recorded)
    return _nothing(slot, asked, recorded)


def _native(slot: Slot, own: HookFile, shim: Shim) -> Item:
    """Say whether labgate's own hook, which is started, is the one that it should be."""
    if shim.edited:
        kept = quoted(own.path + ".edited")
        return Item(slot.stage, STALE, f"{own.name} was edited", f"mv {quoted(own.path)} {kept} && {INSTALL}")
    if shim.runtime.is_gone:
        return Item(slot.stage, STALE, f"labgate is gone from {shim.runtime.python}", INSTALL)
    if shim.version != __version__:
        return Item(slot.stage, STALE, f"written by labgate {shim.version}, this is {__version__}", INSTALL)
    by = "" if slot.framework is None else f", started by {slot.framework} ({own.name})"
    after = f", after {slot.before.name}" if slot.before.executable else ""
    return Item(slot.stage, OK, f"native hook {shim.version}{by}{after}")


def _framework(slot: Slot, framework: str, asked: Configured | None, recorded: bool) -> Item:
    """Say what runs at a stage that a framework has for itself."""
    stage, ids = slot.stage, () if asked is None else asked.at(slot.stage)
    started = f"{framework} starts {', '.join(ids)}" if ids else f"{framework} starts nothing of labgate's"
    if recorded and slot.legacy.owner == ABSENT:
        started = f"{slot.legacy.name} is gone (`{framework} install -f` deletes it)"
    elif slot.before.owner != ABSENT:
        started = f"{started}, and nothing starts {slot.before.name}"
    elif ids and stage == "pre-push":
        started = f"{started}, which sees one ref of a push"
    elif ids:
        return Item(stage, OK, started)
    elif stage == "pre-commit":
        file = FILES[framework][0] if asked is None else asked.file
        return Item(stage, ADVICE, started, f"add the id labgate-commit to {file}")
    return Item(stage, MISSING, started, INSTALL)


def _nothing(slot: Slot, asked: dict[str, Configured | None], recorded: bool) -> Item:
    """Say why nothing of labgate's is started at a stage without a framework."""
    stage, message = slot.stage, "nothing starts labgate"
    ids = {name: found.at(stage) for name, found in asked.items() if found is not None and found.at(stage)}
    if slot.stray is not None:
        message = f"nothing starts {slot.stray.name}: the framework's hook is gone"
    elif recorded and slot.top.owner == FOREIGN:
        message = f"another hook has taken the place of labgate's {slot.top.name}"
    elif recorded:
        message = "labgate's hook was deleted"
    elif ids:
        name, found = next(iter(ids.items()))
        message = f"{', '.join(found)} is configured, but {name} is not installed for this stage"
    return Item(stage, MISSING, message, INSTALL)
