"""``labgate audit``: judge each landing on a branch since the policy was added."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence

from labgate.checks.registry import policy_reader, rows
from labgate.derivation.audited_landings import AuditedLandings
from labgate.entrypoints.host import ChangeHeads, Host, Landing
from labgate.fingerprints.building import Progress
from labgate.gate.judge import judge_scene, readmes, unseen
from labgate.git.commits import commit_times, read_commits, rev_list
from labgate.git.fetch import fetch_branches
from labgate.git.refs import read_refs, resolve_revision, tracking_refs
from labgate.git.repository import Repository, discover
from labgate.policy.model import Policy
from labgate.research.first_seen import FirstSeen
from labgate.research.landed_refs import LandedOn
from labgate.research.readable import readable
from labgate.research.research_commits import Aftermath
from labgate.research.source_refs import RefClasses, classify_refs
from labgate.reviews.landed_runs import landed_runs
from labgate.reviews.markers import LANDING, Claim, landings_named, read_claims
from labgate.reviews.section import Reviews
from labgate.scene.governing_policy import shadow_notices
from labgate.scene.policy_files import policy_at
from labgate.scene.policy_line import PolicyLine, changes_of_policy, policies_along
from labgate.scene.scene import Scene
from labgate.values.errors import GitError, LabgateError, NoPolicyError, PolicyError, UndecidedError, UsageError
from labgate.values.finding import UNDECIDED
from labgate.values.phrases import short_oid
from labgate.values.ref_update import Commit, RefUpdate, View
from labgate.values.refnames import HEADS, REMOTES, short_ref, tracking_ref
from labgate.values.report import CheckResult, Judged, PolicyOrigin, Report
from labgate.values.spelling import nearest
from labgate.values.value import Value

STAGE = "audit"
#: The last two only list exceptions: sizes are judged before a change lands.
ROWS = rows(("research-gate", "commit-hygiene", "commit-size", "mixed-components"))
#: The most refs that a notice names.
_NAMED = 3
_FORGOTTEN = "not known here: research branches that were deleted before this clone first looked"


class AuditRequest(Value):
    """The request. ``since`` ``None`` means the commit that added the policy; its history is not judged."""

    branch: str
    since: str | None = None
    fetch: bool = False
    offline: bool = False


def audit(request: AuditRequest, environ: Mapping[str, str] = os.environ, progress: Progress | None = None) -> Report:
    """Judge what landed. Errors that stop the whole run are the report's ``problems``.

    Raises: ``UsageError`` when the request names something that does not exist.
    """
    try:
        return _audit(request, discover(environ).changed(online=not request.offline, graph=False), environ, progress)
    except (UndecidedError, GitError, PolicyError, NoPolicyError) as error:
        return Report(STAGE, PolicyOrigin("none"), View(1, 1, 0, sources_complete=False), problems=(error,))


class _Line(Value):
    """The judged first-parent line of a branch, oldest first; ``before`` is the commit below it."""

    ref: str
    remote: str | None
    oids: tuple[str, ...]
    before: str | None


def _audit(
    request: AuditRequest, repository: Repository, environ: Mapping[str, str], progress: Progress | None
) -> Report:
    repository.require_history()
    remote = repository.usual_remote
    if request.fetch and remote is not None:
        fetch_branches(repository, remote)
    refs = read_refs(repository)
    ref, tip, remote = _branch(request.branch, refs, remote)
    line, history = _judged_part(request, repository, refs, (ref, tip, remote))
    last = history.policies[tip]
    if last is None:
        message = f"{request.branch} has no labgate.toml"
        raise NoPolicyError(message, "labgate init")
    judging = [history.policies.get(oid) or last for oid in (line.before, *line.oids[:-1]) if oid is not None]
    landings, doubts = _landings(request, repository, line, judging, environ, progress)
    scenes = _Scenes(repository, refs, line, landings, history, request.fetch, request.offline, progress, {})
    judged: list[Judged] = []
    view = View(len(landings), len(landings), 0, sources_complete=True)
    for policy, group in _by_policy(landings, history, last):
        if isinstance(policy, LabgateError):
            judged += [_undecided(line.ref, landing, _dated(policy, landing, line, history)) for landing in group]
            continue
        report = judge_scene(STAGE, scenes.of(policy, group), PolicyOrigin("trunk"), ROWS, refs_total=len(landings))
        judged += report.judged
        view = report.view.changed(refs_seen=len(landings))
    origin, nothing = PolicyOrigin("trunk", tip), None if judged else "nothing has landed"
    unknown = (*_unknown_starts(scenes, request.branch), *_before_memory(repository, judged))
    rules = () if isinstance(last, LabgateError) else readmes(judged, last)
    notices = (*_shadows(repository, last, tip), *_late_notices(judged), *rules, *unknown, *doubts, *unseen(judged))
    problems = _left_out(repository, scenes)
    return Report(STAGE, origin, view, tuple(judged), nothing, notices, problems)


def _shadows(repository: Repository, policy: Policy | LabgateError, tip: str) -> tuple[str, ...]:
    """Return a warning for each kind that would take the branches of research in the policy of a commit."""
    if isinstance(policy, LabgateError) or not policy.shadows:
        return ()
    found = policy_at(repository, tip, policy_reader())
    return () if found is None else shadow_notices(found.policy, found.file)


def _late_notices(judged: Iterable[Judged]) -> Iterator[str]:
    """Yield a line for each landing with a late review."""
    for item in judged:
        if item.review is not None and item.review.late and not item.review.missing:
            yield f"{short_oid(item.update.new or '')} was reviewed late, by {', '.join(item.review.late)}"


def _unknown_starts(scenes: _Scenes, branch: str) -> Iterator[str]:
    """Yield a line about research refs at commits of the branch, if it is not known how they came there."""
    refs = dict.fromkeys(ref for compared in scenes.compared.values() for ref in compared.started_or_landed)
    names = sorted({short_ref(ref) for ref in refs})
    if names:
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        yield (
            f"not known here: whether {', '.join(names[:_NAMED])}{more}, at a commit of {branch}, started there"
            f" or brought research there by a fast-forward; `labgate ci` on the push knows"
        )


def _before_memory(repository: Repository, judged: Iterable[Judged]) -> Iterator[str]:
    """Yield a line if content passed without a review that landed before this clone began to remember research.

    Its branch may be gone. What was reviewed, or is reported, does not depend on that.
    """
    passed = {
        item.update.new: item.update.old
        for item in judged
        if item.update.new and not item.findings and (item.review is None or item.review.missing)
    }
    oids = dict.fromkeys(oid for pair in passed.items() for oid in pair if oid is not None)
    trees = {commit.oid: commit.tree for commit in read_commits(repository, list(oids))}
    brought = [new for new, old in passed.items() if old is None or trees[new] != trees[old]]
    known = FirstSeen(repository)
    times = [seen for ledger in (known.research, known.others) if (seen := ledger.first_time()) is not None]
    start = min(times, default=int(time.time()))
    if any(when < start for when in commit_times(repository, brought).values()):
        yield _FORGOTTEN


def _left_out(repository: Repository, scenes: _Scenes) -> tuple[LabgateError, ...]:
    """Return research that could not be compared with any landing, to be reported once."""
    errors = [compared.lacking.error(repository) for compared in scenes.compared.values()]
    return tuple({error.message: error for error in errors if error is not None}.values())


def _branch(name: str, refs: Mapping[str, str], remote: str | None) -> tuple[str, str, str | None]:
    """Return a branch's full name, its tip, and the remote that it is on: ``None`` if only this clone has it."""
    branch = name.removeprefix(HEADS).removeprefix(REMOTES)
    if remote is not None and HEADS + branch not in refs and tracking_ref(remote, branch) not in refs:
        branch = branch.removeprefix(f"{remote}/")
    tip = None if remote is None else refs.get(tracking_ref(remote, branch))
    if tip is not None:
        return HEADS + branch, tip, remote
    tip = refs.get(HEADS + branch)
    if tip is None:
        prefix = HEADS if remote is None else f"{REMOTES}{remote}/"
        near = nearest(branch, sorted(ref.removeprefix(prefix) for ref in refs if ref.startswith(prefix)))
        message = f"there is no branch {branch!r} here" + (f" (did you mean {near[0]}?)" if near else "")
        raise UsageError(message, "git branch --all  # lists them")
    return HEADS + branch, tip, None


def _judged_part(
    request: AuditRequest, repository: Repository, refs: dict[str, str], branch: tuple[str, str, str | None]
) -> tuple[_Line, PolicyLine]:
    """Return the part of a branch's line after ``--since``, or after the policy was added, and its policies.

    ``branch`` is as ``_branch`` returns it. The rest of the line is not read: it may be very long.
    """
    ref, tip, remote = branch
    reader = policy_reader()
    if request.since is None:
        changes = changes_of_policy(repository, tip, None, reader)
        before = next((oid for oid, policy in changes.items() if policy is not None), tip)
        oids = rev_list(repository, [tip], [before], "--first-parent")[::-1]
    else:
        oids = rev_list(repository, [tip], [resolve_revision(repository, request.since, refs)], "--first-parent")[::-1]
        before = _below(request, repository, oids) if oids else tip
        changes = changes_of_policy(repository, tip, before, reader)
    history = PolicyLine(repository, reader, policies_along(changes, before, oids))
    return _Line(ref, remote, oids, before), history


def _below(request: AuditRequest, repository: Repository, oids: Sequence[str]) -> str:
    """Return the commit below a part of a branch's line. Raises: ``UsageError`` when there is none."""
    below = rev_list(repository, oids[:1], (), "--first-parent", "--max-count=2")[1:]
    if not below:
        message = f"{request.since} and {request.branch} have no history in common"
        raise UsageError(message, f"git log --first-parent {shlex.quote(request.branch)}")
    return below[0]


def _landings(
    request: AuditRequest,
    repository: Repository,
    line: _Line,
    judging: Sequence[Policy | LabgateError],
    environ: Mapping[str, str],
    progress: Progress | None,
) -> tuple[tuple[Landing, ...], tuple[str, ...]]:
    """Return the landings, oldest first, and notices: by pull request if the code host is asked and knows it."""
    asked = any(isinstance(policy, Policy) and policy.section(Reviews).assurance == "forge" for policy in judging)
    if asked and line.oids and not request.offline:
        host = Host.of(repository, line.remote, None, environ)
        return host.landings(line.oids, line.before, line.ref, progress), ()
    return _by_marker(repository, line)


def _by_marker(repository: Repository, line: _Line) -> tuple[tuple[Landing, ...], tuple[str, ...]]:
    """Return the landings as the review markers of the line tell, and a notice of those whose start is in doubt."""
    below = [] if line.before is None else read_commits(repository, [line.before])
    runs = landed_runs(repository, next(iter(below), None), read_commits(repository, line.oids))
    undone = tuple(
        f"not known here: whether {short_oid(run.doubtful[0])} to {short_oid(run.doubtful[-1])}, which undo each other,"
        f" landed with {short_oid(run.new)} or before it without its review"
        for run in runs
        if run.doubtful
    )
    cut = tuple(
        f"not known here: where the landing of {short_oid(run.new)} begins: too many commits to compare;"
        " judge fewer with --since"
        for run in runs
        if run.cut
    )
    return tuple(Landing(run.old, run.new) for run in runs), (*undone, *cut)


def _by_policy(
    landings: Sequence[Landing], history: PolicyLine, last: Policy | LabgateError
) -> list[tuple[Policy | LabgateError, list[Landing]]]:
    """Return the landings by the policy before each, or if there was none yet, by the last one.

    A landing that repaired an unreadable policy is judged by the last readable version.
    """
    found: dict[int, tuple[Policy | LabgateError, list[Landing]]] = {}
    for landing in landings:
        judging = history.policies.get(landing.old or "") or last
        repaired = history.policies.get(landing.new)
        if isinstance(judging, LabgateError) and isinstance(repaired, Policy) and landing.old is not None:
            judging = history.readable_below(landing.old) or repaired
        found.setdefault(id(judging), (judging, []))[1].append(landing)
    return list(found.values())


def _dated(error: LabgateError, landing: Landing, line: _Line, history: PolicyLine) -> LabgateError:
    """Return why the policy before a landing cannot judge it, with the command that judges later ones."""
    later = line.oids[line.oids.index(landing.new) :] if landing.new in line.oids else ()
    repaired = next((oid for oid in later if isinstance(history.policies[oid], Policy)), None)
    if repaired is None:
        return error
    return LabgateError(error.message, f"judge what landed since it was repaired: --since {repaired[:12]}")


def _undecided(ref: str, landing: Landing, error: LabgateError) -> Judged:
    """Return the result for a landing that the policy before it cannot judge."""
    update = RefUpdate(ref, landing.old, landing.new)
    results = tuple(CheckResult(row.name, UNDECIDED, error.message, error.help) for row in ROWS)
    return Judged(update, None, results, ())


class _Scenes(Value):
    """The shared facts of the scenes of one audit."""

    repository: Repository
    refs: Mapping[str, str]
    line: _Line
    landings: tuple[Landing, ...]
    history: PolicyLine
    fetched: bool
    offline: bool
    progress: Progress | None
    compared: dict[tuple[RefClasses, bool], AuditedLandings]

    def of(self, policy: Policy, landings: Sequence[Landing]) -> Scene:
        """Return the scene of the landings that one policy judges."""
        repository, line = self.repository, self.line
        classes = classify_refs(
            policy, self.refs, tracking_refs(dict(self.refs), repository.remotes), repository.remotes
        )
        classes, broken = readable(repository, LandedOn(policy, line.remote).apart(classes))
        classes = FirstSeen(repository).known(policy, classes, self.refs, int(time.time()))
        proposed = tuple(source for landing in self.landings for source in landing.sources(policy))
        classes = classes.changed(sources=(*classes.sources, *proposed))
        # Few policies differ in their research, and comparing is slow.
        believes = policy.section(Reviews).assurance == "trailer"
        key = (classes, believes)
        if key not in self.compared:
            self.compared[key] = AuditedLandings(
                repository,
                classes,
                line.before,
                line.oids[::-1],
                self.progress,
                broken,
                believes=believes,
                former=lambda: FirstSeen(repository).former(policy, classes, int(time.time())),
            )
        updates = {landing: RefUpdate(line.ref, landing.old, landing.new) for landing in landings}
        return Scene(
            repository,
            policy,
            self.refs,
            line.remote,
            line.before,
            tuple(updates.values()),
            fetched=self.fetched,
            proposed=proposed,
            aftermath=Aftermath(frozenset(line.oids)),
            audited=self.compared[key],
            history=self.history,
            hosted={update: landing.change for landing, update in updates.items() if landing.change is not None},
            unanswered={update: landing.problem for landing, update in updates.items() if landing.problem is not None},
            late=_late_reviews(repository, line, updates.values()),
            heads=None if self.offline else ChangeHeads(repository, line.remote, None, repository.environ),
        )


def _late_reviews(
    repository: Repository, line: _Line, updates: Iterable[RefUpdate]
) -> dict[RefUpdate, tuple[Claim, ...]]:
    """Return late reviews of landings: empty commits that name an earlier commit of the line."""
    before = () if line.before is None else (line.before,)
    oids = rev_list(repository, line.oids[-1:], before, "--regexp-ignore-case", f"--grep=^{LANDING}:")
    commits = read_commits(repository, oids)
    trees = {commit.oid: commit.tree for commit in read_commits(repository, _parents(commits))}
    place = {oid: at for at, oid in enumerate(line.oids)}
    found: dict[RefUpdate, tuple[Claim, ...]] = {}
    for update in updates:
        first, last = place.get(update.old or "", -1), place[update.new or ""]
        for commit in commits:
            named = {place.get(oid, -1) for oid in landings_named(commit)}
            if commit.changes_nothing(trees) and any(first < at <= last for at in named) and commit.oid != update.new:
                found[update] = (*found.get(update, ()), *read_claims([commit], trees))
    return found


def _parents(commits: Iterable[Commit]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(oid for commit in commits for oid in commit.parents))
