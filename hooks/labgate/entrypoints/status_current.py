"""Where the checked-out branch stands: its base and target, the gate's answer, reviews, budget, drift, experiment."""

from __future__ import annotations

from collections.abc import Mapping

from labgate.checks.commit_size.gathering import size_to_read
from labgate.checks.commit_size.section import CommitSize
from labgate.checks.registry import rows
from labgate.entrypoints.check import STAGE, CheckRequest, proposed_scene
from labgate.experiments.naming import experiment_of, is_experiment
from labgate.gate.judge import judge_scene
from labgate.git.commits import commit_times, merge_bases, rev_list
from labgate.git.conflict_preview import conflicted_paths
from labgate.git.refs import TrackingRef, resolve_revision, symbolic_ref, tracking_refs
from labgate.git.repository import Repository
from labgate.overview.last_record import last_record
from labgate.scene.governing_policy import Judging
from labgate.scene.scene import Scene
from labgate.values.errors import GitError, LabgateError, UndecidedError, UsageError
from labgate.values.refnames import branch_of, short_ref, tip_ref
from labgate.values.report import Report
from labgate.values.status import Budget, Conflicts, CurrentStatus, LastRecord
from labgate.values.value import Value

#: The most branches that are tested for being the base: each takes a process.
_MOST_BASES = 50


class _Aim(Value):
    """The ref that a branch starts from with its tip, and the branch (short name) where it is to land."""

    base: str
    tip: str
    target: str


class _Distance(Value):
    """How far a head is from its base. ``None`` and ``reason`` if that is not known."""

    ahead: int | None = None
    behind: int | None = None
    since: int | None = None
    reason: str | None = None


class _Verdict(Value):
    """What the gate says, or why it was not asked."""

    report: Report | None = None
    budget: Budget | None = None
    problem: LabgateError | None = None


def current(repository: Repository, refs: dict[str, str], remote: str | None, judging: Judging) -> CurrentStatus | None:
    """Return where HEAD stands, ``None`` if it has no commit yet. What is not known says why."""
    try:
        head = resolve_revision(repository, "HEAD", refs)
    except UsageError:
        return None
    policy, ref = judging.policy, symbolic_ref(repository, "HEAD")
    kind = None if ref is None else policy.classify(ref).kind
    aim = _aim(repository, refs, remote, judging, ref, head)
    distance = _distance(repository, head, aim)
    verdict = _verdict(repository, aim, remote)
    review = None if verdict.report is None or not verdict.report.judged else verdict.report.judged[0].review
    findings = () if verdict.report is None else verdict.report.findings
    branch = None if ref is None else branch_of(ref)
    experiment = experiment_of(policy, branch) if branch is not None and is_experiment(policy, branch) else None
    return CurrentStatus(
        ref,
        None if kind is None else kind.name,
        None if aim is None else aim.base,
        None if aim is None else aim.target,
        distance.ahead,
        distance.behind,
        distance.since,
        _conflicts(repository, head, aim, distance),
        verdict.report,
        verdict.problem,
        () if review is None else review.missing,
        tuple(dict.fromkeys(person for _, finding in findings for person in finding.advised)),
        verdict.budget,
        experiment,
        None if experiment is None else _record(repository, head, experiment),
        None if kind is None else kind.readme,
    )


def _aim(
    repository: Repository,
    refs: Mapping[str, str],
    remote: str | None,
    judging: Judging,
    ref: str | None,
    head: str,
) -> _Aim | None:
    """Return the base of a branch and its target, ``None`` if the trunk is not known here."""
    trunk, policy = judging.trunk or judging.policy.trunk, judging.policy
    if ref is not None and policy.is_protected(ref):
        trunk = short_ref(ref)
    base = tip_ref(remote, trunk)
    if base not in refs:
        return None
    trunk_aim = _Aim(base, refs[base], trunk)
    kind = None if ref is None else policy.classify(ref).kind
    if kind is None or not set(kind.base) - {"protected"} or repository.shallow:
        return trunk_aim
    declared = [
        item
        for item in tracking_refs(dict(refs), repository.remotes)
        if item.remote == remote and item.remote_ref != ref and policy.classify(item.remote_ref).name in kind.base
    ]
    nearest = _nearest(repository, head, declared, trunk_aim.tip)
    if nearest is None:
        return trunk_aim
    lands = not kind.targets or policy.classify(nearest.remote_ref).name in kind.targets
    return _Aim(nearest.ref, nearest.oid, short_ref(nearest.remote_ref) if lands else trunk)


def _nearest(repository: Repository, head: str, items: list[TrackingRef], trunk: str) -> TrackingRef | None:
    """Return the ref to which a head adds the fewest commits, ``None`` if none is nearer than the trunk."""
    measured = [(len(rev_list(repository, [head], [item.oid])), item) for item in items[:_MOST_BASES]]
    near = min(measured, key=lambda pair: (pair[0], pair[1].ref), default=None)
    return None if near is None or near[0] >= len(rev_list(repository, [head], [trunk])) else near[1]


def _distance(repository: Repository, head: str, aim: _Aim | None) -> _Distance:
    if aim is None:
        return _Distance(reason="the trunk is not known here")
    if repository.shallow:
        return _Distance(reason="this clone is shallow")
    try:
        shared = merge_bases(repository, head, aim.tip)
        ahead, behind = (
            int(repository.objects.run("rev-list", "--count", one, f"^{other}"))
            for one, other in ((head, aim.tip), (aim.tip, head))
        )
        return _Distance(ahead, behind, max(commit_times(repository, shared).values(), default=None))
    except GitError as error:
        return _Distance(reason=error.message)


def _conflicts(repository: Repository, head: str, aim: _Aim | None, distance: _Distance) -> Conflicts:
    if aim is None or distance.reason is not None:
        return Conflicts(reason=distance.reason)
    try:
        met = conflicted_paths(repository, head, aim.tip)
    except GitError as error:
        return Conflicts(reason=error.message)
    return Conflicts(reason=met.skipped) if met.skipped else Conflicts(met.paths)


def _verdict(repository: Repository, aim: _Aim | None, remote: str | None) -> _Verdict:
    """Return what every check says of a push of HEAD to the target now, and the budget of its series.

    Without a remote the target is the branch here.
    """
    request = CheckRequest(offline=True) if aim is None else CheckRequest(aim.target, offline=True)
    if aim is not None and remote is None:
        request = request.changed(base=short_ref(aim.base))
    try:
        scene, origin = proposed_scene(request, repository)
        report = judge_scene(STAGE, scene, origin, rows(()), refs_total=1)
    except LabgateError as error:
        return _Verdict(problem=error)
    return _Verdict(report, _budget(scene))


def _budget(scene: Scene) -> Budget:
    [update] = scene.updates
    limits = scene.policy.section(CommitSize).limits.get(scene.policy.classify(update.ref).name)
    most = (None, None) if limits is None else (limits.series_lines, limits.series_commits)
    commits = len([commit for commit in scene.span(update).unlanded_commits if len(commit.parents) < 2])
    try:
        size = size_to_read(scene, update)
        return Budget(size.lines, most[0], commits, most[1], size.note)
    except (UndecidedError, GitError) as error:
        return Budget(None, most[0], commits, most[1], error.message)


def _record(repository: Repository, head: str, experiment: str) -> LastRecord | None:
    try:
        return last_record(repository, head, experiment)
    except GitError:
        return None
