"""What the doctor says of the repository: the policy, the trunk, the research refs, and what git can and sees."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator

from labgate.checks.registry import policy_reader
from labgate.cli.doctor_item import ADVICE, INVALID, MISSING, OK, STALE, Item
from labgate.cli.install import TRUNK
from labgate.git.refs import read_refs
from labgate.git.repository import Repository
from labgate.git.settings import git_version
from labgate.policy.model import Policy
from labgate.policy.reader import Reader
from labgate.research.source_refs import covers_sources
from labgate.scene.governing_policy import policy_at, trunk_name, worktree_policy
from labgate.values.errors import LabgateError, PolicyError
from labgate.values.phrases import count
from labgate.values.refnames import HEADS, tip_ref

#: Below the first labgate does not work, below the second a merge is not made anew (git 2.38: merge-tree --write-tree).
LEAST_GIT, MERGING_GIT = (2, 34), (2, 38)

#: Attributes that decide what counts as text and as a line, or as work at all.
_HIDING = ("diff", "-diff", "!diff", "binary", "linguist-generated", "linguist-vendored")


def repository_items(repository: Repository) -> Iterator[Item]:
    """Yield an item for each thing that a verdict here depends on."""
    refs = read_refs(repository)
    remote = repository.usual_remote
    reader = policy_reader()
    policy, item = _policy(repository, refs, remote, reader)
    yield item
    yield _trunk(repository, refs, remote, policy, reader)
    if policy is not None:
        yield _research(repository, remote, policy)
    yield _git(repository)
    yield from _attributes(repository)
    yield from _replaced(repository)


def _policy(
    repository: Repository, refs: dict[str, str], remote: str | None, reader: Reader
) -> tuple[Policy | None, Item]:
    try:
        found = worktree_policy(repository, reader)
        if found is not None:
            return found[0], Item("policy", OK, os.path.basename(found[1]))
        trunk = trunk_name(repository, refs, remote, None, reader)
        ref = None if trunk is None else tip_ref(remote, trunk)
        at_trunk = policy_at(repository, refs[ref], reader) if ref in refs else None
    except PolicyError as error:
        more = f", and {count(len(error.problems) - 1, 'more mistake')}" if len(error.problems) > 1 else ""
        return None, Item("policy", INVALID, error.problems[0] + more, "labgate policy check")
    except LabgateError as error:
        return None, Item("policy", INVALID, error.message, error.help)
    if at_trunk is not None:
        return at_trunk[0], Item("policy", OK, f"the trunk's: {ref}")
    return None, Item("policy", MISSING, "there is none, so every hook is skipped", "labgate init")


def _trunk(
    repository: Repository, refs: dict[str, str], remote: str | None, policy: Policy | None, reader: Reader
) -> Item:
    configured = repository.setting(TRUNK)
    if configured and policy is not None and configured.removeprefix(HEADS) != policy.trunk:
        message = f"{TRUNK} is {configured}, the policy says {policy.trunk}"
        return Item("trunk", INVALID, message, f"git config {TRUNK} {shlex.quote(policy.trunk)}")
    if configured:
        return Item("trunk", OK, configured)
    try:
        name = trunk_name(repository, refs, remote, None, reader)
    except LabgateError as error:
        return Item("trunk", MISSING, error.message, error.help)
    if name is None and policy is not None:
        return Item(
            "trunk", ADVICE, f"{policy.trunk}, by the policy", f"git config {TRUNK} {shlex.quote(policy.trunk)}"
        )
    if name is None:
        return Item("trunk", ADVICE, "not known: no branch of a remote is here")
    return Item("trunk", ADVICE, f"{name}, but {TRUNK} does not say so", f"git config {TRUNK} {shlex.quote(name)}")


def _research(repository: Repository, remote: str | None, policy: Policy) -> Item:
    found = next((item for item in repository.remotes if item.name == remote), None)
    if found is None:
        return Item("research", ADVICE, "there is no remote, so only research branches of this clone are known")
    if repository.shallow:
        message = "this clone is shallow: where code comes from stays undecided"
        return Item("research", MISSING, message, repository.fetching_branches(found.name, "--unshallow"))
    if covers_sources(policy, found):
        return Item("research", OK, f"git fetch {found.name} brings every research branch")
    message = f"git fetch {found.name} does not bring every research branch"
    return Item("research", MISSING, message, repository.fetching_branches(found.name))


def _git(repository: Repository) -> Item:
    version = git_version(repository.environ)
    shown = ".".join(map(str, version))
    if version < LEAST_GIT:
        return Item("git", STALE, f"{shown} is too old for labgate", "install git 2.38 or later")
    if version < MERGING_GIT:
        message = f"{shown} cannot make a merge anew: clean merges count as work, squashes may go unseen"
        return Item("git", ADVICE, message, "install git 2.38 or later")
    return Item("git", OK, shown)


def _attributes(repository: Repository) -> Iterator[Item]:
    """Yield what this clone's own attributes hide: no configuration keeps git from obeying them (gitattributes)."""
    path = os.path.join(repository.common_dir, "info", "attributes")
    if not os.path.isfile(path):
        return
    with open(path, encoding="utf-8", errors="replace") as stream:
        lines = [line.strip() for line in stream]
    hiding = [line for line in lines if not line.startswith("#") and _hides(line)]
    if hiding:
        more = f" and {count(len(hiding) - 1, 'more line')}" if len(hiding) > 1 else ""
        message = f"{path} can hide lines from commit-size: {hiding[0]}{more}"
        yield Item(
            "attributes", ADVICE, message, f"move what it says of them to .gitattributes: $EDITOR {shlex.quote(path)}"
        )


def _hides(line: str) -> bool:
    return any(word.partition("=")[0] in _HIDING for word in line.split()[1:])


def _replaced(repository: Repository) -> Iterator[Item]:
    """Yield what makes this clone's ``git log`` tell another history than the one that is judged."""
    listing = repository.git.run("for-each-ref", "--format=%(refname)", "refs/replace").splitlines()
    if listing:
        message = f"{count(len(listing), 'replacement ref')}: git log shows another history than labgate judges"
        yield Item("replace", ADVICE, message, "git replace --list")
    grafts = os.path.join(repository.common_dir, "info", "grafts")
    if os.path.isfile(grafts):
        message = f"{grafts}: git log shows another history than labgate judges"
        yield Item("grafts", ADVICE, message, "git replace --convert-graft-file")
