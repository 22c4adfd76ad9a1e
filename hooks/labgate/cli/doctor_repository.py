"""What ``labgate doctor`` says of a repository: its policy, trunk and remote, and what changes a verdict there."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator

from labgate.checks.registry import policy_reader
from labgate.cli.doctor_item import (
    ADVICE,
    INIT,
    INVALID,
    MISSING,
    MOST_READ,
    NO_POLICY,
    OK,
    STALE,
    Item,
)
from labgate.cli.install import TRUNK
from labgate.experiments.pins import unpinned
from labgate.experiments.published import remote_tips
from labgate.experiments.section import ExperimentHash
from labgate.git.refs import read_refs, tracking_refs
from labgate.git.repository import Repository
from labgate.git.settings import git_version
from labgate.native.shim import quoted
from labgate.policy.model import PYPROJECT, Policy
from labgate.policy.reader import PYPROJECT_TABLE, Reader
from labgate.research.completeness import sources_gap
from labgate.reviews.section import Reviews
from labgate.scene.governing_policy import Judging, Proposal, judging_policy, repairing, trunk_by
from labgate.scene.policy_files import policy_at, worktree_policy
from labgate.scene.trunk import Agreed, branches_of, line_to_change, trunk_name
from labgate.setup.advice import advice
from labgate.values.errors import LabgateError, NoPolicyError, PolicyError
from labgate.values.files import read_bounded
from labgate.values.phrases import count
from labgate.values.refnames import tip_ref

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
        text = read_bounded(path, MOST_READ).decode("utf-8", "replace")
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
