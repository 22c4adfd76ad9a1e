"""``labgate check``: judge a range that is proposed for a branch, by hand or in CI."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING

from labgate.checks.registry import policy_reader, rows
from labgate.gate.judge import judge_scene
from labgate.git.commits import is_ancestor
from labgate.git.fetch import fetch_branches
from labgate.git.refs import read_refs, resolve_revision, symbolic_ref, tracking_refs
from labgate.git.repository import Repository, discover
from labgate.policy.model import Policy
from labgate.research.completeness import fetch_sources
from labgate.research.section import ResearchGate
from labgate.research.source_refs import SourceRef
from labgate.scene.governing_policy import Judging, Proposal, judging_policy, require_tracking
from labgate.scene.scene import Scene
from labgate.scene.trunk import trunk_name
from labgate.values.errors import GitError, NoPolicyError, PolicyError, UndecidedError, UsageError
from labgate.values.phrases import quote
from labgate.values.ref_update import RefUpdate, View
from labgate.values.refnames import HEADS, REMOTES, branch_named, branch_of, short_ref, tip_ref, tracking_ref
from labgate.values.report import PolicyOrigin, Report
from labgate.values.spelling import nearest
from labgate.values.value import Value

if TYPE_CHECKING:
    from labgate.fingerprints.building import Progress

STAGE = "check"


class CheckRequest(Value):
    """The request. ``checks`` empty means all; ``base`` ``None`` means the target's remote-tracking tip.

    ``target`` ``None`` is the trunk. ``trunk`` is the branch whose policy judges, where the caller knows that it is not
    the target.
    """

    target: str | None = None
    head: str = "HEAD"
    base: str | None = None
    source: str | None = None
    checks: tuple[str, ...] = ()
    fetch: bool = False
    offline: bool = False
    trunk: str | None = None


def check(request: CheckRequest, environ: Mapping[str, str] = os.environ, progress: Progress | None = None) -> Report:
    """Judge a range. Errors that stop the whole run are the report's ``problems``.

    Raises: ``UsageError`` when the request names something that does not exist.
    """
    rows(request.checks)
    try:
        return _check(request, discover(environ).changed(online=not request.offline, graph=False), progress)
    except (UndecidedError, GitError, PolicyError, NoPolicyError) as error:
        return Report(STAGE, PolicyOrigin("none"), View(1, 1, 0, sources_complete=False), problems=(error,))


def _check(request: CheckRequest, repository: Repository, progress: Progress | None) -> Report:
    scene, origin = proposed_scene(request, repository)
    scene = scene.changed(progress=progress)
    report = judge_scene(STAGE, scene, origin, rows(request.checks), refs_total=1)
    notices = () if request.base is not None else _other_targets(scene)
    return report.changed(notices=(*report.notices, *notices))


def _other_targets(scene: Scene) -> tuple[str, ...]:
    """Return a notice for each other remote whose target lacks what this one has: ``origin`` may be one's own fork."""
    [update] = scene.updates
    if update.old is None:
        return ()
    others = [ref for ref in scene.tracking if ref.remote_ref == update.ref and ref.remote != scene.remote]
    return tuple(
        f"judged for {scene.remote}; {ref.remote} has another {short_ref(update.ref)}: "
        f"labgate check --base {quote(short_ref(ref.ref))}"
        for ref in others
        if not is_ancestor(scene.repository, update.old, ref.oid)
    )


def proposed_scene(request: CheckRequest, repository: Repository) -> tuple[Scene, PolicyOrigin]:
    """Return the facts of the range that a request proposes, and where the judging policy came from.

    Raises: ``UsageError`` when the request names something that does not exist, other ``LabgateError`` when it cannot
    be judged.
    """
    repository.require_history()
    remote = _remote(repository, read_refs(repository), request.base)
    fetched = request.fetch and remote is not None
    if request.fetch and remote is not None:
        fetch_branches(repository, remote)
    refs = read_refs(repository)
    require_tracking(repository, refs, remote)
    remote = _remote(repository, refs, request.base)
    target = request.target or _trunk(repository, refs, remote)
    _refuse_tracking_name(target, refs)
    head = resolve_revision(repository, request.head, refs)
    update = _propose(request.changed(target=target), repository, refs, remote, head)
    trunk = update.ref if request.trunk is None else HEADS + request.trunk
    proposal = Proposal({update.ref: update.old}, (head,), target=trunk)
    judging = judging_policy(repository, refs, remote, proposal, policy_reader())
    _require_target(repository, refs, remote, update, judging)
    if request.fetch and remote is not None and fetch_sources(judging.policy, repository, remote):
        refs = read_refs(repository)
    scene = Scene(
        repository,
        judging.policy,
        refs,
        remote,
        judging.trunk_tip,
        (update,),
        fetched=fetched,
        proposed=_stated_source(repository, judging.policy, refs, remote, update),
        judging=judging,
    )
    return scene, judging.origin


def _trunk(repository: Repository, refs: Mapping[str, str], remote: str | None) -> str:
    """Return the trunk's short name. Raises: ``UsageError`` when there is none, ``UndecidedError``: not known."""
    name = trunk_name(repository, refs, remote, None, policy_reader())
    if name is None:
        message = "target branch unknown: no branch of a remote has been fetched here"
        raise UsageError(message, "labgate check --target BRANCH")
    return name


def _propose(
    request: CheckRequest, repository: Repository, refs: dict[str, str], remote: str | None, head: str
) -> RefUpdate:
    named = request.target or ""
    target = named if named.startswith("refs/") else HEADS + named
    at_head = request.head in ("HEAD", "@")
    head_branch = symbolic_ref(repository, "HEAD") if at_head else branch_named(request.head, refs)
    source = request.source
    if source is None and head_branch is not None and head_branch != target:
        source = branch_of(head_branch)
    return RefUpdate(
        ref=target,
        old=_base(request, repository, refs, remote, target),
        new=head,
        source=None if source is None else source.removeprefix(HEADS),
        source_stated=request.source is not None,
    )


def _stated_source(
    repository: Repository, policy: Policy, refs: Mapping[str, str], remote: str | None, update: RefUpdate
) -> tuple[SourceRef, ...]:
    """Return the branch that the caller says the change comes from, if it is research and no ref here shows that."""
    source, head = update.source, update.new
    if not update.source_stated or source is None or head is None:
        return ()
    if policy.classify(HEADS + source).name not in policy.section(ResearchGate).sources:
        return ()
    tips = (refs.get(ref) for ref in {HEADS + source, tip_ref(remote, source)})
    if any(tip is not None and is_ancestor(repository, head, tip) for tip in tips):
        return ()
    return (SourceRef(HEADS + source, HEADS + source, head, None),)


def _refuse_tracking_name(target: str, refs: Mapping[str, str]) -> None:
    """Refuse ``origin/main``, which would be a branch of no kind, and pass. Raises: ``UsageError``."""
    tracking = target if target.startswith(REMOTES) else REMOTES + target
    if tracking in refs and HEADS + target not in refs:
        branch = tracking.removeprefix(REMOTES).partition("/")[2]
        message = f"{target} is this clone's copy of a branch; name the branch as its remote does"
        raise UsageError(message, f"labgate check --target {shlex.quote(branch)}")


def _require_target(
    repository: Repository, refs: Mapping[str, str], remote: str | None, update: RefUpdate, judging: Judging
) -> None:
    """Check that the remote has the target, as else nothing would be judged. Raises: ``UsageError``.

    A new branch of a known kind is judged, unless its name is close to that of a protected branch.
    """
    target, prefix, policy = branch_of(update.ref), f"{REMOTES}{remote}/", judging.policy
    there = {ref.removeprefix(prefix) for ref in refs if ref.startswith(prefix)}
    if target is None or remote is None or target in there or not there or policy.is_protected(update.ref):
        return
    near = nearest(target, sorted(name for name in there if policy.is_protected(HEADS + name)))
    if policy.classify(update.ref).fields is not None and not near:
        return
    message = f"{remote} has no branch {target}"
    near = near or nearest(target, sorted(there))
    if near:
        message += f" (did you mean {near[0]}?)"
    help = f"labgate check --target {shlex.quote(near[0] if near else judging.trunk or 'BRANCH')}"
    if not repository.fetches_all(remote):
        help = f"{repository.fetching_branches(remote)}  # if it was not fetched; else: {help}"
    raise UsageError(message, help)


def _base(
    request: CheckRequest, repository: Repository, refs: dict[str, str], remote: str | None, target: str
) -> str | None:
    if request.base is not None:
        return resolve_revision(repository, request.base, refs)
    if remote is None:
        which = "no remote" if not repository.remotes else "several remotes and no origin"
        message = f"this repository has {which}, so the target's tip before the change must be given"
        named = shlex.quote(branch_of(target) or "BRANCH")
        # A change on a branch of its own would land on the target as it is here.
        here = refs.get(target) not in (None, resolve_revision(repository, request.head, refs))
        judged = "" if request.head == "HEAD" else f" --head {shlex.quote(request.head)}"
        raise UsageError(message, f"labgate check --target {named} --base {named if here else 'REV'}{judged}")
    branch = branch_of(target)
    return refs.get(target if branch is None else tracking_ref(remote, branch))


def _remote(repository: Repository, refs: dict[str, str], base: str | None) -> str | None:
    named = branch_named(base, refs) if base is not None else None
    for item in tracking_refs(refs, repository.remotes):
        if item.ref == named:
            return item.remote
    return repository.usual_remote
