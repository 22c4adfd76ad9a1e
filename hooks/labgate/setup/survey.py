"""What ``labgate init`` finds: the trunk, the branches in use, the remote, the people, the hook managers."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence

from labgate.checks.registry import policy_reader
from labgate.git.refs import TrackingRef, read_refs, symbolic_ref, tracking_refs
from labgate.git.repository import Remote, Repository
from labgate.policy.reader import Reader
from labgate.scene.governing_policy import policy_at, worktree_policy
from labgate.setup.frameworks import Frameworks, find_frameworks
from labgate.setup.people import People, find_people
from labgate.values.errors import UndecidedError, UsageError
from labgate.values.refnames import HEADS, REMOTES, branch_of, short_ref, tracking_ref
from labgate.values.repository_name import repository_name
from labgate.values.value import Value


class Trunk(Value):
    """The trunk's branch name, and ``because``: what says so, for people."""

    name: str
    because: str


class Survey(Value):
    """A repository as ``labgate init`` found it.

    ``branches`` are short names, those of every remote included. ``policy`` says where a policy already is, ``None``
    without one. ``remote`` is the one that the team pushes to, ``None`` without any. ``current`` is the branch that is
    checked out, ``None`` where HEAD is detached.
    """

    repository: Repository
    top: str
    trunk: Trunk
    current: str | None
    branches: tuple[str, ...]
    remote: Remote | None
    name: str | None
    people: People
    frameworks: Frameworks
    policy: str | None


def take_survey(repository: Repository) -> Survey:
    """Return what there is. Nothing is changed.

    Raised: ``UsageError`` in a bare repository, ``UndecidedError`` when nothing tells the trunk, ``PolicyError`` when
    there is a policy that cannot be used.
    """
    if repository.top is None:
        message = "labgate init needs a work tree, and there is none here"
        raise UsageError(message, "run it in a clone; on a server: labgate receive")
    refs = read_refs(repository)
    tracking = tracking_refs(refs, repository.remotes)
    remote = _main_remote(repository.remotes)
    head = symbolic_ref(repository, "HEAD")
    current = None if head is None else branch_of(head)
    reader = policy_reader()
    here = worktree_policy(repository, reader)
    trunk = _trunk(repository, refs, tracking, remote, current, None if here is None else here[0].trunk)
    local = {ref.removeprefix(HEADS) for ref in refs if ref.startswith(HEADS)}
    return Survey(
        repository,
        repository.top,
        trunk,
        current,
        tuple(sorted(local | {ref.remote_ref.removeprefix(HEADS) for ref in tracking} | {trunk.name})),
        remote,
        None if remote is None else repository_name(remote.url),
        find_people(repository),
        find_frameworks(repository, repository.top),
        _policy_of_trunk(repository, refs, remote, trunk.name, reader) if here is None else os.path.basename(here[1]),
    )


def _main_remote(remotes: Sequence[Remote]) -> Remote | None:
    """Return the remote that the contract takes for the team's: the only one, else ``origin``, else the first."""
    return next((remote for remote in remotes if remote.name == "origin"), remotes[0] if remotes else None)


def _trunk(
    repository: Repository,
    refs: Mapping[str, str],
    tracking: Sequence[TrackingRef],
    remote: Remote | None,
    current: str | None,
    written: str | None,
) -> Trunk:
    """Return the trunk by what says so most surely. ``written`` is the trunk of the work tree's policy, if any."""
    configured = repository.setting("labgate.trunk")
    if configured:
        return Trunk(configured.removeprefix(HEADS), "git config labgate.trunk says so")
    if written is not None:
        return Trunk(written, "the policy says so")
    usual = None if remote is None else remote.name
    theirs = [ref.remote_ref.removeprefix(HEADS) for ref in tracking if ref.remote == usual]
    if remote is not None:
        prefix = f"{REMOTES}{remote.name}/"
        pointed = symbolic_ref(repository, f"{prefix}HEAD")
        if pointed is not None and pointed in refs:
            return Trunk(pointed.removeprefix(prefix), f"{remote.name} says so")
    names = theirs or [ref.removeprefix(HEADS) for ref in refs if ref.startswith(HEADS)]
    for usual in ("main", "master"):
        if usual in names:
            return Trunk(usual, "by its name")
    if len(names) == 1:
        return Trunk(names[0], "the only branch")
    if not names and current is not None:
        return Trunk(current, "the branch to come")
    message = "cannot tell which branch is the trunk"
    choose = "git config labgate.trunk BRANCH"
    raise UndecidedError(message, choose if not theirs or remote is None else _ask(remote, choose))


def _ask(remote: Remote, choose: str) -> str:
    return f"git remote set-head {shlex.quote(remote.name)} -a, or: {choose}"


def _policy_of_trunk(
    repository: Repository, refs: Mapping[str, str], remote: Remote | None, trunk: str, reader: Reader
) -> str | None:
    """Return where the trunk keeps its policy, for somebody who has an older branch checked out."""
    candidates = ([] if remote is None else [tracking_ref(remote.name, trunk)]) + [HEADS + trunk]
    for ref in candidates:
        if ref in refs and policy_at(repository, refs[ref], reader) is not None:
            return f"the trunk, {short_ref(ref)}"
    return None
