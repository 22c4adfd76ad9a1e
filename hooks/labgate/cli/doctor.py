"""``labgate doctor``: what is active in this clone, what is missing, and the command that fixes it."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Iterator

import click

from labgate import __version__
from labgate.checks.registry import policy_reader, stages_of_ids
from labgate.cli.install import TRUNK, frameworks
from labgate.cli.settings import color_option, colours, columns, wrapped
from labgate.experiments.pins import unpinned
from labgate.experiments.published import remote_tips
from labgate.experiments.section import ExperimentHash
from labgate.git.refs import read_refs, tracking_refs
from labgate.git.repository import Repository, discover
from labgate.git.runner import Git
from labgate.git.settings import git_version
from labgate.native.config_hooks import FIRST_GIT, configured_hooks, starts_labgate
from labgate.native.folder import ABSENT, FOREIGN, HookFile, Site, Slot, default_folder, find_site, read_slots
from labgate.native.install import recorded_stages, start_step, uninstall_command
from labgate.native.manifest import FILES, Configured, configured_in, idle_framework
from labgate.native.shim import Shim, quoted
from labgate.native.state import STAGES
from labgate.policy.model import PYPROJECT, Policy
from labgate.policy.reader import PYPROJECT_TABLE, Reader
from labgate.report.escape import safe
from labgate.report.palette import Paint, palette
from labgate.research.completeness import sources_gap
from labgate.reviews.section import Reviews
from labgate.scene.governing_policy import Judging, Proposal, judging_policy, repairing, trunk_by
from labgate.scene.policy_files import policy_at, worktree_policy
from labgate.scene.trunk import Agreed, branches_of, line_to_change, trunk_name
from labgate.setup.advice import advice
from labgate.setup.hook_types import KEY, lacks
from labgate.setup.lefthook import Lefthook, find_lefthook
from labgate.setup.survey import PRE_COMMIT_CONFIG, PREK_CONFIG
from labgate.values.errors import LabgateError, NoPolicyError, PolicyError
from labgate.values.files import read_bounded, read_start
from labgate.values.phrases import count
from labgate.values.refnames import tip_ref
from labgate.values.value import Value

#: Everything is fine, or there is advice; every other state is something to fix.
OK, ADVICE = "ok", "advice"
MISSING, STALE, SHADOWED, CONFLICT, INVALID = "missing", "stale", "shadowed", "conflict", "invalid"

#: Largest file of somebody else that is read, in bytes; of a longer script only the beginning is.
_MOST = 2**22
_ROLES = {OK: "quiet", ADVICE: "note", MISSING: "error", STALE: "warning", SHADOWED: "error"}


class Item(Value):
    """One result of the doctor. ``help`` is the command that fixes it, ``None`` if there is nothing to fix."""

    name: str
    state: str
    message: str
    help: str | None = None

    @property
    def is_well(self) -> bool:
        return self.state in (OK, ADVICE)


@click.command(short_help="Show what is active here, what is missing, and how to fix it.")
@click.option("--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True)
@color_option
def doctor(format_: str, color: str) -> int:
    """Show what is active here, what is missing, and how to fix it.

    \b
    Exit status:
      0  everything is fine, or there is only advice
      1  something is missing, stale or conflicts
      2  there is no repository to examine
    """
    repository = discover(os.environ)
    items = (*hook_items(repository), *hook_types_items(repository), *repository_items(repository))
    if Item("policy", MISSING, NO_POLICY, INIT) in items:
        # It installs the hooks as well.
        items = tuple(item.changed(help=INIT) if item.help == INSTALL else item for item in items)
    if format_ == "json":
        click.echo(json.dumps(_as_json(items), indent=2))
    else:
        colour = colours(sys.stdout, color)
        for line in _lines(items, palette(colour)):
            # The choice is made here: by default click removes colours if the output is not a terminal.
            click.echo(line, color=colour)
    return 0 if all(item.is_well for item in items) else 1


def _as_json(items: tuple[Item, ...]) -> dict[str, object]:
    outcome = "passed" if all(item.is_well for item in items) else "failed"
    return {"schema": 1, "labgate": __version__, "outcome": outcome, "items": [item.as_dict() for item in items]}


def _lines(items: tuple[Item, ...], paint: Paint) -> Iterator[str]:
    names = max(len(item.name) for item in items)
    states = max(len(item.state) for item in items)
    indent = " " * (names + states + 4)
    for item, after in zip(items, (*items[1:], None), strict=True):
        state = paint(_ROLES.get(item.state, "error"), item.state) + " " * (states - len(item.state))
        said = wrapped(safe(item.message), columns(), indent)
        yield f"{item.name:{names}}  {state}  {said[len(indent) :]}"
        # What mends several things in a row is said below the last one.
        if item.help is not None and (after is None or after.help != item.help):
            yield f"    help: {safe(item.help, limit=None)}"


INSTALL, INIT = "labgate install", "labgate init"
NO_POLICY = "no labgate.toml, so every hook is skipped"


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
            text = read_bounded(path, _MOST).decode("utf-8", "surrogateescape")
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
            lines = read_start(path, _MOST).split(b"\n")
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


#: The least git for labgate, and the least one that can replay a merge (git 2.38: merge-tree --write-tree).
LEAST_GIT, MERGING_GIT = (2, 34), (2, 38)

#: Attributes that decide what counts as text, as a line, or at all.
_HIDING = ("diff", "-diff", "!diff", "binary", "linguist-generated", "linguist-vendored")


def repository_items(repository: Repository) -> Iterator[Item]:
    """Yield an item for each thing that affects a verdict here."""
    refs = read_refs(repository)
    remote = repository.usual_remote
    reader = policy_reader()
    policy, item = _policy(repository, refs, remote, reader)
    yield item
    yield _trunk(repository, refs, remote, policy, reader)
    if policy is not None:
        yield _research(repository, remote, policy)
        yield from _reviews(policy)
        yield from _pins(repository, remote, policy, refs)
    yield _git(repository)
    yield from _attributes(repository)
    yield from _replaced(repository)


def _policy(
    repository: Repository, refs: dict[str, str], remote: str | None, reader: Reader
) -> tuple[Policy | None, Item]:
    try:
        found = worktree_policy(repository, reader)
        if found is not None:
            return found[0], _judged(found[0], os.path.basename(found[1]), None, reader)
        trunk = trunk_name(repository, refs, remote, None, reader)
        ref = None if trunk is None else tip_ref(remote, trunk)
        at_trunk = policy_at(repository, refs[ref], reader) if ref in refs else None
    except PolicyError as error:
        more = f", and {count(len(error.problems) - 1, 'more mistake')}" if len(error.problems) > 1 else ""
        return None, Item("policy", INVALID, error.problems[0] + more, "labgate policy check")
    except LabgateError as error:
        return None, Item("policy", INVALID, error.message, error.help)
    if at_trunk is not None:
        return at_trunk.policy, _judged(at_trunk.policy, at_trunk.file, ref, reader)
    return None, Item("policy", MISSING, NO_POLICY, INIT)


def _judged(policy: Policy, file: str, ref: str | None, reader: Reader) -> Item:
    """Return the item for a policy that judges: the first part without effect or gap, and how many more there are.

    ``ref`` is the trunk that has it, ``None`` for the work tree's.
    """
    table = PYPROJECT_TABLE if file == PYPROJECT else ()
    lines = (*reader.lint(policy, file, table), *advice(policy, file, table))
    if not lines:
        return Item("policy", OK, file if ref is None else f"the trunk's: {ref}")
    more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
    if ref is None:
        return Item("policy", ADVICE, lines[0] + more, "labgate policy check")
    return Item("policy", ADVICE, f"the trunk's ({ref}): {lines[0]}{more}", "labgate policy show")


def _trunk(
    repository: Repository, refs: dict[str, str], remote: str | None, policy: Policy | None, reader: Reader
) -> Item:
    try:
        wrong = _wrongly_configured(repository, refs, remote, policy)
        found = wrong or _found_trunk(repository, refs, remote, policy, reader)
        name = trunk_name(repository, refs, remote, None, reader)
    except LabgateError as error:
        return Item("trunk", MISSING, error.message, error.help)
    if found is not None:
        return found
    configured = repository.setting(TRUNK)
    if configured:
        return Item("trunk", OK, configured)
    if name is None and policy is not None:
        return Item(
            "trunk", ADVICE, f"{policy.trunk}, by the policy", f"git config {TRUNK} {shlex.quote(policy.trunk)}"
        )
    if name is None:
        return Item("trunk", ADVICE, "not known: no branch of a remote has been fetched")
    return Item(
        "trunk", ADVICE, f"{name}, but git config {TRUNK} is not set", f"git config {TRUNK} {shlex.quote(name)}"
    )


def _wrongly_configured(
    repository: Repository, refs: dict[str, str], remote: str | None, policy: Policy | None
) -> Item | None:
    """Return the item for a setting that names another branch than the policy; ``None`` if it is fine."""
    branches = branches_of(repository, refs, remote, {})
    configured = branches.configured
    if configured is None or policy is None:
        return None
    named = next((name for name in policy.trunks if name in branches.names), None)
    lacks = bool(branches.names) and configured not in branches.names
    if not lacks and (configured in policy.trunks or (branches.names and named is None)):
        return None
    message = f"{TRUNK} is {configured}, the policy says {policy.trunk}"
    if lacks and configured in policy.trunks:
        message = f"{TRUNK} is {configured}, which {branches.place} does not have"
    change = f"--unset {TRUNK}" if lacks and named is None else f"{TRUNK} {shlex.quote(named or policy.trunk)}"
    return Item("trunk", INVALID, message, f"git config {change}")


def _found_trunk(
    repository: Repository, refs: dict[str, str], remote: str | None, policy: Policy | None, reader: Reader
) -> Item | None:
    """Return the item for a trunk about which a push has a notice, ``None`` if it has none.

    Raises: ``LabgateError`` when a push could not be judged.
    """
    found: Judging | Agreed | None
    try:
        found = judging_policy(repository, refs, remote, Proposal({}, ()), reader)
    except NoPolicyError:
        found = None if policy is None else trunk_by(policy, repository, refs, remote, reader)
    if found is None or found.trunk is None:
        return None
    if isinstance(found, Judging) and found.unreadable is not None and found.trunk_tip is not None:
        repair = repairing(repository, remote, found.trunk, found.trunk_tip, found.found)
        return Item("trunk", INVALID, found.notices[0].partition("; to restore")[0], repair)
    said = found.notices if isinstance(found, Judging) else (found.notice,)
    if said and said[0] is not None:
        lacks = said[0].removeprefix("warning: ").partition("; change")[0]
        return Item("trunk", ADVICE, lacks, line_to_change(found.policy, found.trunk))
    return None


def _research(repository: Repository, remote: str | None, policy: Policy) -> Item:
    found = next((item for item in repository.remotes if item.name == remote), None)
    if found is None:
        return Item("research", ADVICE, "there is no remote, so only research branches of this clone are known")
    if repository.shallow:
        message = "this clone is shallow: the source of code stays undecided"
        return Item("research", MISSING, message, repository.fetching_branches(found.name, "--unshallow"))
    gap = sources_gap(policy, repository, read_refs(repository), found.name)
    if gap is None:
        return Item("research", OK, f"git fetch {found.name} fetches every research branch")
    return Item("research", MISSING, gap.message, gap.help)


def _reviews(policy: Policy) -> Iterator[Item]:
    reviews = policy.section(Reviews)
    if reviews.people and reviews.assurance == "trailer" and not reviews.bound:
        message = "a Reviewed-by also counts for edits made after the review"
        yield Item("reviews", ADVICE, message, "set bound = true in [reviews]")


def _pins(repository: Repository, remote: str | None, policy: Policy, refs: dict[str, str]) -> Iterator[Item]:
    if remote is None:
        return
    tips = remote_tips(tracking_refs(refs, repository.remotes), remote)
    lacking = unpinned(repository, policy.section(ExperimentHash), remote, tips)
    if lacking:
        message = f"{remote} is not known to have {count(len(lacking), 'pin')} of commits that it has: {lacking[0].ref}"
        yield Item("pins", ADVICE, message, "labgate experiment publish")


def _git(repository: Repository) -> Item:
    version = git_version(repository.environ)
    shown = ".".join(map(str, version))
    if version < LEAST_GIT:
        return Item("git", STALE, f"{shown} is too old for labgate", "install git 2.38 or later")
    if version < MERGING_GIT:
        message = f"{shown} cannot replay a merge: merges are not measured at commit, squashes may be missed"
        return Item("git", ADVICE, message, "install git 2.38 or later")
    return Item("git", OK, shown)


def _attributes(repository: Repository) -> Iterator[Item]:
    """Yield an item if this clone's own attributes hide lines: no configuration disables them (gitattributes)."""
    path = os.path.join(repository.common_dir, "info", "attributes")
    if not os.path.isfile(path):
        return
    try:
        text = read_bounded(path, _MOST).decode("utf-8", "replace")
    except OSError as error:
        yield Item("attributes", ADVICE, f"{path} was not read: {error.strerror}", f"ls -l {quoted(path)}")
        return
    lines = [line.strip() for line in text.split("\n") if not line.lstrip().startswith("#")]
    hiding = [line for line in lines if any(word.partition("=")[0] in _HIDING for word in line.split()[1:])]
    if hiding:
        more = f" and {count(len(hiding) - 1, 'more line')}" if len(hiding) > 1 else ""
        message = f"{path} can hide lines from commit-size: {hiding[0]}{more}"
        yield Item("attributes", ADVICE, message, f"move these lines to .gitattributes: $EDITOR {shlex.quote(path)}")


def _replaced(repository: Repository) -> Iterator[Item]:
    """Yield items for refs and files that make ``git log`` show another history than the judged one."""
    listing = repository.git.run("for-each-ref", "--format=%(refname)", "refs/replace").splitlines()
    if listing:
        message = f"{count(len(listing), 'replacement ref')}: git log shows another history than labgate judges"
        yield Item("replace", ADVICE, message, "git replace --list")
    grafts = os.path.join(repository.common_dir, "info", "grafts")
    if os.path.isfile(grafts):
        message = f"{grafts}: git log shows another history than labgate judges"
        yield Item("grafts", ADVICE, message, "git replace --convert-graft-file")
