"""``labgate install`` and ``labgate uninstall``: labgate's own git hooks, beside pre-commit, prek and foreign ones."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence

import click

from labgate.checks.registry import policy_reader, stages_of_ids
from labgate.cli.settings import remark
from labgate.git.refs import read_refs
from labgate.git.repository import Repository, discover
from labgate.git.settings import write_setting
from labgate.native.branches import write_experiment_branches
from labgate.native.folder import Site, find_site, read_slots
from labgate.native.install import LEFT, UNCHANGED, UPDATED, WRITTEN, HooksElsewhereError, Installed, Step, Uninstalled
from labgate.native.install import install as put
from labgate.native.install import uninstall as take
from labgate.native.manifest import FILES, Configured, configured, idle_framework
from labgate.native.shim import quoted, this_runtime
from labgate.native.state import STAGES
from labgate.report.escape import safe
from labgate.scene.policy_files import worktree_policy
from labgate.scene.trunk import trunk_name
from labgate.setup.insert import guarded
from labgate.values.errors import LabgateError

TRUNK = "labgate.trunk"
#: Columns of a terminal.
WIDTH = 80


@click.command(short_help="Install labgate's own git hooks in this clone.")
def install() -> None:
    """Install labgate's own git hooks in this clone.

    An existing hook is kept and runs first. It is safe to run this again. If core.hooksPath points elsewhere, nothing
    is written, and the lines to add there are printed.
    """
    try:
        done = put(None, os.environ)
    except HooksElsewhereError as error:
        for line in _snippet(error.site):
            click.echo(line)
        raise
    patterns = _note_experiment_branches(done.repository)
    _print(_wrapped(_installed(done, frameworks(done.repository))))
    _print(_trunk_lines(done.repository))
    _print([_next(patterns)])


@click.command(short_help="Remove labgate's hooks and restore your own.")
def uninstall() -> None:
    """Remove labgate's hooks and restore your own. Only files that labgate wrote are removed."""
    _print(_wrapped(_uninstalled(take(None, os.environ))))
    _print(_wrapped(_still_configured(discover(os.environ))))


def frameworks(repository: Repository, projects: Sequence[str] = ()) -> dict[str, Configured | None]:
    """Return the configuration of each framework in a work tree, ``None`` if there is none.

    ``projects`` are as for `configured`.
    """
    top = repository.top
    return {name: None if top is None else configured(top, name, stages_of_ids(), projects) for name in FILES}


def _still_configured(repository: Repository) -> Iterator[str]:
    """Yield what starts labgate without hooks of its own: a framework that has its ids, but is not installed here."""
    idle = idle_framework(read_slots(find_site(repository).folder.path), frameworks(repository))
    if idle is not None and idle[1].ids:
        yield f"labgate: {idle[1].file} has hooks, labgate's too, that nothing starts in this clone; if you want them:"
        yield f"next: {idle[0]} install"


def _installed(done: Installed, asked: Mapping[str, Configured | None]) -> Iterator[str]:
    by_outcome = {name: [step for step in done.steps if step.done == name] for name in (WRITTEN, UPDATED, UNCHANGED)}
    folder = _relative(done.site.folder.path)
    if not by_outcome[WRITTEN] and not by_outcome[UPDATED]:
        yield f"labgate: nothing to do: every hook is in place in {folder}"
    for name, said in ((WRITTEN, "installed"), (UPDATED, "brought up to date")):
        if by_outcome[name]:
            yield f"labgate: {said} in {folder}: {_stages(by_outcome[name])}"
    changed = by_outcome[WRITTEN] + by_outcome[UPDATED]
    for framework in dict.fromkeys(step.framework for step in changed if step.framework is not None):
        below = [step for step in changed if step.framework == framework]
        yield f"labgate: of these, {framework} starts {_stages(below)}"
    for step in changed:
        if step.moved is not None:
            yield f"labgate: your own {step.stage} hook is now {os.path.basename(step.moved)}; it runs first"
    for step in done.steps:
        if step.done == LEFT:
            found = asked.get(step.framework or "")
            ids = () if found is None else found.at(step.stage)
            if ids:
                yield f"labgate: the {step.stage} hook stays with {step.framework}, which starts {', '.join(ids)}"
            else:
                todo = "add the id labgate-commit to its configuration"
                yield f"labgate: the {step.stage} hook stays with {step.framework}: {todo}"


def _stages(steps: Iterable[Step]) -> str:
    return ", ".join(step.stage for step in steps)


def _note_experiment_branches(repository: Repository) -> bool:
    """Write the patterns that let message hooks skip Python; return whether there is a policy."""
    try:
        found = worktree_policy(repository, policy_reader())
    except LabgateError:
        return True  # the policy has mistakes: doctor and every hook report them
    if found is None:
        return False
    write_experiment_branches(repository.common_dir, found[0], fresh=True)
    return True


def _trunk_lines(repository: Repository) -> Iterator[str]:
    """Write ``labgate.trunk`` if it is not set and the trunk is known."""
    if repository.setting(TRUNK):
        return
    try:
        trunk = trunk_name(repository, read_refs(repository), repository.usual_remote, None, policy_reader())
    except LabgateError as error:
        yield f"labgate: {safe(error.message)}; set it with: git config {TRUNK} BRANCH"
        return
    if trunk is not None:
        write_setting(repository, TRUNK, trunk)
        yield f"labgate: the trunk is {safe(trunk)} (git config {TRUNK})"


def _next(policy: bool) -> str:
    if policy:
        return "next: `labgate doctor` shows what is active and what is missing"
    return "next: `labgate init` writes a policy; without one every hook is skipped"


def _uninstalled(done: Uninstalled) -> Iterator[str]:
    if not done.removed and not done.restored:
        yield "labgate: nothing to do: there are no labgate hooks here"
    if done.removed:
        yield f"labgate: removed {', '.join(_relative(path) for path in done.removed)}"
    for path in done.restored:
        yield f"labgate: restored your own hook: {_relative(path)}"
    for path in done.stranded:
        yield f"labgate: your own hook stays at {_relative(path)}: another one is in its place"


def _snippet(site: Site) -> Iterator[str]:
    """Yield the lines to add to hooks that labgate must not change."""
    if site.is_off:
        return
    yield "# Put each line at the top of the hook named above it, before anything that reads standard input."
    for stage in STAGES:
        yield f"# {_relative(os.path.join(site.scripts, stage))}"
        # Files that a whole team checks out cannot name the interpreter of one machine.
        if site.shared:
            yield guarded(stage, ' "$@"')
        else:
            yield safe(f'{quoted(this_runtime().python)} -I -m labgate.hook {stage} --native "$@" || exit', limit=None)


def _relative(path: str) -> str:
    """Return a path, relative to the current folder if that is shorter."""
    relative = os.path.relpath(path)
    return safe(relative if len(relative) < len(path) else path)


def _wrapped(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield from textwrap.wrap(line, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        remark(line)
