"""``labgate ci``: judge the change of a CI job against the refs of the remote itself."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from labgate.checks.commit_size import gathering as commit_size
from labgate.checks.registry import ROWS, Row, policy_reader
from labgate.ci.context import CHANGE, LANDED, QUEUE, Context
from labgate.entrypoints.host import ChangeHeads, Host, Landing
from labgate.experiments.section import PUSH as PUSHING
from labgate.experiments.section import ExperimentHash
from labgate.gate.judge import judge_scene
from labgate.git.commits import is_ancestor, rev_list
from labgate.git.fetch import default_branch, fetch_commit, fetch_history
from labgate.git.refs import read_refs
from labgate.git.repository import Repository, discover
from labgate.policy.model import Policy
from labgate.research.completeness import fetch_sources
from labgate.research.research_commits import Aftermath
from labgate.research.section import ResearchGate
from labgate.research.source_refs import SourceRef
from labgate.reviews.section import Reviews
from labgate.scene.governing_policy import Judging, Proposal, judging_policy
from labgate.scene.scene import Scene
from labgate.values.errors import GitError, LabgateError, NoPolicyError, PolicyError, UndecidedError
from labgate.values.phrases import quote
from labgate.values.ref_update import RefUpdate, View
from labgate.values.refnames import HEADS, tracking_ref
from labgate.values.report import PolicyOrigin, Report
from labgate.values.value import Value

if TYPE_CHECKING:
    from labgate.fingerprints.building import Progress

STAGE = "ci"


class CiResult(Value):
    """A report, and additional facts for a reviewer.

    ``source_kind`` is the policy's kind of the branch that the change comes from, ``lines`` the number of lines that it
    adds and deletes as commit-size counts them; ``None`` if that is not known. ``notes`` say what was counted whole.
    """

    report: Report
    source_kind: str | None = None
    lines: int | None = None
    notes: tuple[str, ...] = ()


def ci(
    context: Context,
    environ: Mapping[str, str] = os.environ,
    rows: Sequence[Row] = ROWS,
    progress: Progress | None = None,
) -> CiResult:
    """Judge the change of a CI job by these checks. Errors that stop the whole run are the report's ``problems``."""
    try:
        return _Job(context, environ).judge(rows, progress)
    except (UndecidedError, GitError, PolicyError, NoPolicyError) as error:
        return undecided(error)


def undecided(error: LabgateError) -> CiResult:
    """Return the result of a run that could not start."""
    return CiResult(Report(STAGE, PolicyOrigin("none"), View(1, 1, 0, sources_complete=False), problems=(error,)))


class _Place(Value):
    """The tips of the target: ``old`` before the change (``None``: it is created), ``tip`` as it was fetched.

    ``lost``: ``old`` cannot be fetched.
    """

    old: str | None
    tip: str | None
    lost: bool = False

    @property
    def before(self) -> str | None:
        """The last known tip of the target before the change, ``None`` if it did not exist."""
        return self.tip if self.lost else self.old


class _Job:
    """One CI job: its context is a hint, the fetched refs decide."""

    def __init__(self, context: Context, environ: Mapping[str, str]) -> None:
        self.context = context
        repository = discover(environ)
        self.remote = _remote(repository)
        fetch_history(repository, self.remote)
        # It may have been shallow until now. The work tree belongs to the change, so it names no trunk.
        self.repository = discover(environ).changed(top=None, online=True, graph=False)
        self.repository.require_history()
        _bring(self.repository, self.remote, context.head, context.head_refs)
        self.refs = read_refs(self.repository)
        self.tracking = tracking_ref(self.remote, context.target.removeprefix(HEADS))

    def judge(self, rows: Sequence[Row], progress: Progress | None = None) -> CiResult:
        context, repository = self.context, self.repository
        place = self._place()
        refs = self._before(place)
        trunk = default_branch(repository, self.remote)
        if place.lost and context.target == HEADS + (trunk or ""):
            message = f"{trunk} was rewritten, and {self.remote} does not give its old tip: {place.old}"
            raise UndecidedError(message, "push that commit again, to any branch, and run the job again")
        judging = judging_policy(
            repository,
            refs,
            self.remote,
            # Not the branch that the change goes to: research targets research, by the trunk's rules.
            Proposal(
                {context.target: place.before},
                (context.head,),
                target=None if trunk is None else HEADS + trunk,
                in_ci=True,
            ),
            policy_reader(),
        )
        policy = judging.policy
        if fetch_sources(policy, repository, self.remote):
            self.refs = read_refs(repository)
            refs = self._before(place)
        landings = self._landings(policy, place)
        updates = {self._update(landing): landing for landing in landings}
        scene = self._scene(judging, refs, place, updates).changed(progress=progress)
        unpinned = self._pin(scene)
        report = judge_scene(STAGE, scene, judging.origin, rows, refs_total=len(updates))
        report = report.changed(notices=(*report.notices, *self._landing_notices(policy, report), *unpinned))
        kinds = {policy.classify(HEADS + update.source).name for update in updates if update.source is not None}
        return CiResult(report, kinds.pop() if len(kinds) == 1 else None, *self._size(scene))

    def _scene(
        self, judging: Judging, refs: dict[str, str], place: _Place, updates: Mapping[RefUpdate, Landing]
    ) -> Scene:
        """Return the facts of the run. ``refs`` are those before the change."""
        context, policy = self.context, judging.policy
        known = _proposed_sources(context, policy, self.repository, refs, self.remote)
        proposed = [source for landing in updates.values() for source in landing.sources(policy)]
        return Scene(
            self.repository,
            policy,
            refs,
            self.remote,
            judging.trunk_tip,
            tuple(updates),
            fetched=True,
            pushing=context.event == LANDED,
            proposed=(*known, *proposed),
            aftermath=self._aftermath(place),
            hosted={update: landing.change for update, landing in updates.items() if landing.change is not None},
            unanswered={update: landing.problem for update, landing in updates.items() if landing.problem is not None},
            heads=None if context.event == CHANGE else self._heads,
            former_heads=self._former_heads,
            own_head=_is_own(context, refs, self.remote),
            change=context.event == CHANGE,
            judging=judging,
        )

    def _pin(self, scene: Scene) -> tuple[str, ...]:
        """Pin what push hooks could not, on a push; return a notice about what the remote does not take."""
        settings = scene.policy.section(ExperimentHash)
        if self.context.event != LANDED or settings.pins_on_push != PUSHING:
            return ()
        from labgate.entrypoints.push_pins import outstanding, pin_there

        try:
            pins = outstanding(scene.changed(refs=self.refs)).there
            refused = pin_there(self.repository, settings, self.remote, pins).refused if pins else ()
        except (UndecidedError, GitError) as error:
            return (f"experiment-hash could not pin: {error.message}",)
        return tuple(f"experiment-hash could not pin {pin.ref}: {reason}" for pin, reason in refused[:1])

    def _before(self, place: _Place) -> dict[str, str]:
        """Return the refs in the state before the change, even if the change has landed since."""
        refs = {name: oid for name, oid in self.refs.items() if name != self.tracking}
        return refs if place.before is None else refs | {self.tracking: place.before}

    def _former_heads(self) -> tuple[str, ...]:
        """Return the change's head before its last push, if the remote still gives it: who rebases it wrote nothing."""
        former = self.context.former
        return (former,) if former is not None and fetch_commit(self.repository, self.remote, former) else ()

    @property
    def _heads(self) -> ChangeHeads:
        return ChangeHeads(self.repository, self.remote, self.context, self.repository.environ)

    def _landing_notices(self, policy: Policy, report: Report) -> Iterator[str]:
        """Yield notices about what was not judged, and a change whose review markers may be lost when it lands."""
        yield from self._unjudged(policy, report)
        if self.context.event != CHANGE or policy.section(Reviews).assurance != "trailer":
            return
        if not any(judged.review is not None and judged.review.counted for judged in report.judged):
            return
        if not ChangeHeads(self.repository, self.remote, self.context, self.repository.environ).keeps(
            self.context.head
        ):
            yield (
                f"{self.remote} keeps no head of this change. If it lands squashed or rebased and its branch is"
                " deleted, its review is not found: end the landed message with its Reviewed-by lines, or merge it"
            )

    def _unjudged(self, policy: Policy, report: Report) -> Iterator[str]:
        """Yield a notice about a job in which the gate has nothing to judge, by its target or its commits."""
        context, updates = self.context, [judged.update for judged in report.judged]
        branch = context.target.removeprefix(HEADS)
        if context.event == LANDED and all(update.old == update.new for update in updates):
            yield "this push brings nothing: the branch was at the same commit before, so nothing was judged"
        elif not policy.is_protected(context.target):
            yield f"{branch} is not protected: research on it is judged when it goes to a protected branch"
        elif context.event == CHANGE and all(
            update.old is not None and is_ancestor(self.repository, context.head, update.old) for update in updates
        ):
            yield f"this change brings nothing: {branch} has its head {context.head[:12]}, so nothing was judged"

    def _size(self, scene: Scene) -> tuple[int | None, tuple[str, ...]]:
        """Return the lines of the change and notes about them; no lines if they are not known, as a check reports."""
        try:
            sizes = [commit_size.size_to_read(scene, update) for update in scene.updates]
        except (UndecidedError, GitError):
            return None, ()
        return sum(size.lines for size in sizes), tuple(size.note for size in sizes if size.note is not None)

    def _landings(self, policy: Policy, place: _Place) -> tuple[Landing, ...]:
        """Return the updates to judge: the change, or what a push landed, by change if the host knows them."""
        context = self.context
        whole = Landing(place.old, context.head, source=context.source)
        if policy.section(Reviews).assurance != "forge" or not policy.is_protected(context.target):
            return (whole,)
        if context.event == LANDED:
            if place.old is None or place.lost:
                return (whole,)
            oids = rev_list(self.repository, [context.head], [place.old], "--first-parent")[::-1]
            return self._host.landings(oids, place.old, context.target) or (whole,)
        if context.change is None:
            message = "the CI system does not say which pull or merge request this is, so approvals cannot be read"
            raise UndecidedError(message, "run labgate in the jobs of pull or merge requests")
        # The host makes a merge group's head, which will land. A train's is the request's own.
        landed = context.event == QUEUE and context.source is None
        change = self._host.change(context.change, context.target, landed=landed)
        return (change.changed(old=place.old, new=context.head, source=context.source or change.source),)

    @property
    def _host(self) -> Host:
        return Host.of(self.repository, self.remote, self.context, self.repository.environ)

    def _update(self, landing: Landing) -> RefUpdate:
        source = landing.source
        return RefUpdate(self.context.target, landing.old, landing.new, source, source_stated=source is not None)

    def _place(self) -> _Place:
        """Return the target's tips. Raises: ``UndecidedError`` when they are not known."""
        context, tip = self.context, self.refs.get(self.tracking)
        if context.event == LANDED:
            return self._landed_on(tip)
        if tip is None:
            message = f"{self.remote} has no branch {context.target.removeprefix(HEADS)} for the change to land on"
            raise UndecidedError(message, "retarget the change, or run the job again")
        return _Place(self._queued_on(tip) if context.event == QUEUE else tip, tip)

    def _landed_on(self, tip: str | None) -> _Place:
        base = self.context.base
        if base is None and not self.context.created:
            message = f"the tip of {self.context.target} before the push is not known"
            raise UndecidedError(message, "set LABGATE_BASE to that commit")
        lost = base is not None and not fetch_commit(self.repository, self.remote, base)
        return _Place(base, tip, lost)

    def _queued_on(self, tip: str) -> str:
        """Return the base of a queued change: the target, or the changes that are queued before it.

        Raises: ``UndecidedError`` when that has the change already: nothing would be judged.
        """
        base, head = self.context.base, self.context.head
        if base is None or not fetch_commit(self.repository, self.remote, base):
            base = tip
        if not is_ancestor(self.repository, tip, base) and not is_ancestor(self.repository, base, tip):
            base = tip
        if is_ancestor(self.repository, head, base):
            message = f"the base of the queued change, {base[:12]}, has its head {head[:12]}: nothing is left to judge"
            target = quote(self.context.target.removeprefix(HEADS))
            raise UndecidedError(message, f"labgate check --target {target} --base {tip} --head {head}")
        return base

    def _aftermath(self, place: _Place) -> Aftermath | None:
        """Return what happened after a push on the target's own line, ``None`` if nothing has landed yet."""
        if self.context.event != LANDED:
            return None
        before = None if place.lost else place.old
        pushed = self._line(self.context.head, before)
        later = frozenset() if place.tip is None else self._line(place.tip, before)
        return Aftermath(pushed | later, pushed)

    def _line(self, tip: str, before: str | None) -> frozenset[str]:
        """Return the target's own commits up to a tip: after a merge with swapped parents it goes on with a later one.

        ``before`` is the target's tip before the push, ``None`` if it is not known.
        """
        repository, known = self.repository, () if before is None else (before,)
        line = frozenset(rev_list(repository, [tip], known, "--first-parent"))
        if before is None or not is_ancestor(repository, before, tip):
            return line
        return line.intersection(rev_list(repository, [tip], known, "--ancestry-path"))


def _remote(repository: Repository) -> str:
    remote = repository.usual_remote
    if remote is None:
        which = "several remotes and no origin" if repository.remotes else "no remote"
        message = f"this clone has {which} to fetch from"
        raise UndecidedError(message, "git remote add origin URL")
    return remote


def _is_own(context: Context, refs: Mapping[str, str], remote: str) -> bool | None:
    """Return whether the branch of a change belongs to the repository itself, ``None`` if no change is judged.

    A system that does not name its repository may still have a branch of that name, and at that commit.
    """
    if context.event == LANDED or context.source is None:
        return None
    if context.source_repository is not None and context.repository is not None:
        return _is_same(context.source_repository, context.repository)
    return refs.get(tracking_ref(remote, context.source)) == context.head


def _is_same(one: str, other: str | None) -> bool:
    """Return whether two names mean one repository: code hosts ignore case."""
    return other is not None and one.casefold() == other.casefold()


def _bring(repository: Repository, remote: str, head: str, refs: tuple[str, ...]) -> None:
    if not fetch_commit(repository, remote, head, refs):
        message = f"{remote} does not give the commit {head} that this job is for"
        raise UndecidedError(message, "check out the change with its whole history, and run the job again")


def _proposed_sources(
    context: Context, policy: Policy, repository: Repository, refs: Mapping[str, str], remote: str
) -> tuple[SourceRef, ...]:
    """Return the change itself as a source, if its branch is research without a ref here.

    That is a branch of a fork that is research by its repository or name; the name is not always known.
    """
    if context.event == LANDED:
        return ()
    gate = policy.section(ResearchGate)
    foreign = context.source_repository is not None and not _is_same(context.source_repository, context.repository)
    named = context.source is not None and policy.classify(HEADS + context.source).name in gate.sources
    listed = foreign and gate.is_source_repository(context.source_repository)
    if not named and not listed:
        return ()
    tip = None if context.source is None else refs.get(tracking_ref(remote, context.source))
    if not foreign and tip is not None and is_ancestor(repository, context.head, tip):
        return ()
    kept = next(iter(context.head_refs), None)
    there = kept if context.source is None else HEADS + context.source
    shown = kept or there or context.head
    return (SourceRef(shown, there or shown, context.head, None if not foreign else context.source_repository),)
