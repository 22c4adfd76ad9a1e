"""What ``labgate doctor`` says of the hooks: of each stage, and of what starts labgate there."""

from __future__ import annotations

import os
from collections.abc import Iterator

from labgate import __version__
from labgate.checks.registry import stages_of_ids
from labgate.cli.doctor_item import (
    ADVICE,
    CONFLICT,
    INIT,
    INSTALL,
    MISSING,
    MOST_READ,
    OK,
    SHADOWED,
    STALE,
    Item,
)
from labgate.cli.install import frameworks
from labgate.git.repository import Repository
from labgate.git.runner import Git
from labgate.git.settings import git_version
from labgate.native.config_hooks import FIRST_GIT, configured_hooks, starts_labgate
from labgate.native.folder import ABSENT, FOREIGN, HookFile, Site, Slot, default_folder, find_site, read_slots
from labgate.native.install import recorded_stages, start_step, uninstall_command
from labgate.native.manifest import FILES, Configured, configured_in, idle_framework
from labgate.native.shim import Shim, quoted
from labgate.native.state import STAGES
from labgate.setup.hook_types import KEY, lacks
from labgate.setup.lefthook import Lefthook, find_lefthook
from labgate.setup.survey import PRE_COMMIT_CONFIG, PREK_CONFIG
from labgate.values.files import read_bounded, read_start


def hook_items(repository: Repository) -> Iterator[Item]:
    """Yield an item for each stage, and one for ``core.hooksPath`` if it conflicts."""
    site = find_site(repository)
    if site.obstacle is not None:
        yield from _elsewhere(site, repository)
        return
    top = repository.top
    asked = frameworks(repository, _projects(repository))
    recorded = recorded_stages(repository)
    lefthook = None if top is None else find_lefthook(top)
    obeys = git_version(repository.environ) >= FIRST_GIT
    slots = read_slots(site.folder.path)
    for slot in slots:
        by_git = configured_hooks(repository.config, slot.stage)
        if slot.own is None and by_git and obeys:
            yield Item(slot.stage, OK, f"git starts it by hook.{by_git[0]}.command")
            continue
        if lefthook is not None and slot.own is None and slot.framework is None:
            item = _lefthook(slot, lefthook)
        else:
            item = _stage(slot, asked, slot.stage in recorded)
        if by_git and not item.is_well:
            needed = ".".join(map(str, FIRST_GIT))
            item = item.changed(message=f"{item.message}; hook.{by_git[0]}.command needs git {needed}")
        yield item
    idle = idle_framework(slots, asked)
    if idle is not None and idle[1].others and lefthook is None:
        message = f"{idle[1].file} has hooks of others, which do not run: {idle[0]} is not installed in this clone"
        yield Item("other hooks", ADVICE, message, f"{idle[0]} install")


def _lefthook(slot: Slot, lefthook: Lefthook) -> Item:
    """Return whether lefthook starts labgate, by its configuration and by its hook."""
    stage = slot.stage
    if stage not in lefthook.stages:
        return Item(stage, MISSING, f"{lefthook.file} starts no hook of labgate", "labgate init && lefthook install")
    if b"lefthook" not in slot.top.content:
        message = f"lefthook does not start labgate ({lefthook.file}): it is not installed here"
        return Item(stage, MISSING, message, "lefthook install")
    return Item(stage, OK, f"lefthook starts it ({lefthook.file})")


def _projects(repository: Repository) -> tuple[str, ...]:
    """Return the folders with their own configuration: prek treats each as a project of a workspace."""
    names = tuple(f"/{name}" for files in FILES.values() for name in files)
    git = Git(repository.git_dir, repository.environ, index=os.path.join(repository.git_dir, "index"))
    listing = os.fsdecode(git.run("ls-files", "-z")).split("\0")
    return tuple(dict.fromkeys(os.path.dirname(path) for path in listing if path.endswith(names)))


def hook_types_items(repository: Repository) -> Iterator[Item]:
    """Yield an item if a framework's configuration has hooks for stages that it does not install."""
    top = repository.top or ""
    for name in (PRE_COMMIT_CONFIG, PREK_CONFIG):
        path = os.path.join(top, name)
        if not top or not os.path.isfile(path):
            continue
        try:
            text = read_bounded(path, MOST_READ).decode("utf-8", "surrogateescape")
        except OSError as error:
            yield Item("hook types", ADVICE, f"{name} was not read: {error.strerror}", f"ls -l {quoted(path)}")
            continue
        stages = tuple(dict.fromkeys(configured_in(text, name, stages_of_ids()).ids.values()))
        if stages and lacks(name, text, stages):
            message = f"a new clone lacks hooks: {KEY} in {name} does not name {', '.join(stages)}"
            yield Item("hook types", ADVICE, message, INIT)


def _elsewhere(site: Site, repository: Repository) -> Iterator[Item]:
    started = {stage: _started_by(site, stage) for stage in STAGES}
    if site.is_off or not all(started.values()):
        yield Item("core.hooksPath", SHADOWED, site.obstacle or "", start_step(site, default_folder(repository)))
    for stage, path in started.items():
        if path is None:
            yield Item(stage, SHADOWED, f"nothing in {site.scripts} starts labgate")
        else:
            yield Item(stage, OK, f"started by {path}")


def _started_by(site: Site, stage: str) -> str | None:
    """Return the foreign script that starts labgate at a stage, ``None`` if none does."""
    for folder in dict.fromkeys((site.folder.path, site.scripts)):
        path = os.path.join(folder, stage)
        if os.path.isfile(path):
            lines = read_start(path, MOST_READ).split(b"\n")
            code = [line for line in lines if not line.lstrip().startswith(b"#")]
            if any(map(starts_labgate, code)):
                return path
    return None


def _stage(slot: Slot, asked: dict[str, Configured | None], recorded: bool) -> Item:
    if slot.is_contested:
        message = f"{slot.top.owner} and {slot.legacy.owner} are both installed here and break each other"
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
    """Return the item for labgate's own hook that is started: whether it is current."""
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
    """Return the item for a stage that only a framework has."""
    stage, ids = slot.stage, () if asked is None else asked.at(slot.stage)
    started = f"{framework} starts {', '.join(ids) or 'no hook of labgate'}"
    if recorded and slot.legacy.owner == ABSENT:
        started = f"{slot.legacy.name} is gone (`{framework} install -f` deletes it)"
    elif slot.before.owner != ABSENT:
        started = f"{started}, and nothing starts {slot.before.name}"
    elif ids and stage == "pre-push":
        # It starts no hook for these (docs/adr/0006): a deletion of main or a release, a new release, a forced update.
        started = f"partial view: {started}, which sees one ref of a push, and none that it deletes or resets"
    elif ids:
        return Item(stage, OK, started)
    elif stage == "pre-commit":
        file = FILES[framework][0] if asked is None else asked.file
        return Item(stage, ADVICE, started, f"add the id labgate-commit to {file}")
    return Item(stage, MISSING, started, INSTALL)


def _nothing(slot: Slot, asked: dict[str, Configured | None], recorded: bool) -> Item:
    """Return the item for a stage without a framework, at which nothing starts labgate."""
    stage, message = slot.stage, "nothing starts labgate"
    ids = {name: found.at(stage) for name, found in asked.items() if found is not None and found.at(stage)}
    if slot.stray is not None:
        message = f"nothing starts {slot.stray.name}: the framework's hook is gone"
    elif recorded and slot.top.owner == FOREIGN:
        message = f"another hook has replaced labgate's {slot.top.name}"
    elif recorded:
        message = "labgate's hook was deleted"
    elif ids:
        name, found = next(iter(ids.items()))
        message = f"{name} does not start {', '.join(found)}: it is not installed here"
    return Item(stage, MISSING, message, INSTALL)
