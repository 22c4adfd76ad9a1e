"""The facts of branch-name: the name, whether it is new, the other names, and the branch it starts from."""

from __future__ import annotations

import os

from labgate.checks.branch_name.check import DirectCommit, Facts
from labgate.checks.collected import BESIDE_FINDINGS, Collected
from labgate.git.commits import merge_bases
from labgate.scene.policy_files import has_policy
from labgate.scene.scene import Scene
from labgate.values.ref_update import RefUpdate
from labgate.values.refnames import HEADS, REMOTES, TAGS, collisions, short_ref, tracking_ref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.checks.branch_name.check import Base
    from labgate.scene.proposed_commit import ProposedCommit
    from labgate.scene.surroundings import Surroundings
    from labgate.scene.workplace import Workplace


def collect(scene: Scene, update: RefUpdate) -> Collected:
    """Return facts for the updated ref if this update creates it, and for the branch that the change comes from."""
    if scene.pushing and _mirrors(scene):
        return Collected(skipped=f"{scene.remote or 'the remote'} gets a mirror of every ref, whatever it is called")
    found = _names(scene, update)
    return Collected(found, skipped=None if found else "no branch is created and no source branch is known")


def collect_staged(commit: ProposedCommit, around: Surroundings, *, suspect: bool) -> Collected:
    """Return the facts of the branch that a commit is being made on."""
    if commit.branch is None:
        return Collected(skipped="HEAD is on no branch", notice=BESIDE_FINDINGS)
    if not suspect:
        return Collected()
    direct = _direct_commit(commit, around) if commit.is_plain else None
    return Collected((Facts(commit.branch, around.created, around.siblings, remote=around.remote, direct=direct),))


def _direct_commit(commit: ProposedCommit, around: Surroundings) -> DirectCommit | None:
    """Return a plain commit made on a protected branch; ``None`` if it is allowed there.

    That is the first one, and the one that brings the policy.
    """
    branch = commit.branch or ""
    tip = around.refs.get(branch)
    if tip is None or not has_policy(around.repository, tip):
        return None
    upstream = None if around.remote is None else tracking_ref(around.remote, branch.removeprefix(HEADS))
    return DirectCommit(short_ref(upstream) if upstream in around.refs and upstream is not None else None)


def collides(place: Workplace, ref: str) -> bool:
    """Return whether a branch, here or on any remote, may be the same file as ``ref`` if case is ignored."""
    names = os.fsdecode(place.git().run("for-each-ref", "--format=%(refname)", HEADS, REMOTES)).split("\n")
    beside = {HEADS + name.removeprefix(REMOTES).partition("/")[2] for name in names if name.startswith(REMOTES)}
    beside.update(name for name in names if name.startswith(HEADS))
    return bool(collisions(ref, beside))


def _mirrors(scene: Scene) -> bool:
    """Return whether this push makes a copy of all refs: the remote is one, or ``git push --mirror`` was said.

    git tells a hook nothing of its options, but nobody else pushes remote-tracking refs (git-push, ``--mirror``).
    """
    setting = scene.repository.setting(f"remote.{scene.remote}.mirror") or ""
    return setting.lower() in ("true", "yes", "on", "1") or any(each.ref.startswith(REMOTES) for each in scene.updates)


def _names(scene: Scene, update: RefUpdate) -> tuple[Facts, ...]:
    names: dict[str, str | None] = {}
    if update.source is not None and not scene.pushing:
        names[HEADS + update.source] = update.new
    if update.new is not None and (scene.pushing or update.old is None):
        names[update.ref] = update.new
    return tuple(_facts(scene, update, ref, head) for ref, head in names.items() if ref.startswith((HEADS, TAGS)))


def _facts(scene: Scene, update: RefUpdate, ref: str, head: str | None) -> Facts:
    created = ref not in scene.remote_refs
    if scene.pushing:
        created = any(other.ref == ref and other.old is None for other in scene.updates)
    beside = {*scene.remote_refs, *(other.ref for other in scene.updates if other.new is not None)}
    if ref.startswith(TAGS):
        beside.update(name for name in scene.refs if name.startswith(TAGS))
    elif not scene.pushing:
        beside.update(name for name in scene.refs if name.startswith(HEADS))
    is_source = update.source is not None and ref == HEADS + update.source
    return Facts(
        ref=ref,
        created=created,
        siblings=tuple(sorted(beside - {ref})),
        base=_base(scene, update, ref, head),
        remote=scene.remote,
        held=_held(scene, head) if is_source and scene.own_head is not None else None,
        local=ref in scene.refs and (is_source or not scene.pushing or ref.startswith(TAGS)),
        word="HEAD" if head is None else _word(scene, update),
        foreign=is_source and scene.own_head is False,
    )


def _base(scene: Scene, update: RefUpdate, ref: str, head: str | None) -> Base | None:
    kind = scene.policy.classify(ref).kind
    if head is None or kind is None or not kind.base:
        return None
    from labgate.checks.branch_name.base import base_of  # the trunk starts from no other branch

    return base_of(scene, update, ref, head, kind)


def _word(scene: Scene, update: RefUpdate) -> str:
    standing = scene.standing(update)
    return "HEAD" if standing is None else standing.word


def _held(scene: Scene, head: str | None) -> bool:
    """Return whether the branch of a change must have a legal name: not in a fork, or if it is older than the policy.

    Open work is not refused on the day on which a team adopts labgate.
    """
    if not scene.own_head or head is None or scene.trunk_tip is None:
        return False
    return any(has_policy(scene.repository, oid) for oid in merge_bases(scene.repository, head, scene.trunk_tip))
