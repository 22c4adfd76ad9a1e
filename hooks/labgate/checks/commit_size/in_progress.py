"""What commit-size judges of a commit in progress, and the line about the budget of its series."""

from __future__ import annotations

from labgate.checks.collected import ALWAYS, UNMEASURED, Collected
from labgate.checks.commit_size import budget
from labgate.checks.commit_size.check import Facts, series_size
from labgate.checks.commit_size.gathering import mark, unread
from labgate.checks.commit_size.staged import in_bytes, limits, preview_kind
from labgate.checks.commit_size.weighing import weighed
from labgate.checks.size_exceptions import staged_exception
from labgate.git.commits import has_commit, is_ancestor, read_commits
from labgate.git.diffs import commit_files, excluded_paths, staged_exactly_reverts
from labgate.git.merges import merge_files
from labgate.git.repository import Repository
from labgate.scene.proposed_commit import ProposedCommit
from labgate.scene.surroundings import Surroundings
from labgate.scene.workplace import Workplace
from labgate.values.batch import Batch


def gathered(commit: ProposedCommit, around: Surroundings) -> Collected:
    """Return the facts of a commit in progress, without the files that the trunk exempts."""
    facts = weighed(commit, preview_kind(commit), sizes=in_bytes(limits(commit)))
    if facts is None:
        return Collected(skipped=UNMEASURED, notice=ALWAYS)
    facts = _exempted(_read(facts, commit), commit, around)
    [batch] = facts.batches
    facts = facts.changed(batches=(batch.changed(exception=staged_exception(commit)),))
    said = _budget(facts, commit, around)
    return Collected((facts,), unseen=unread(facts, commit.policy), said=() if said is None else (said,))


def _budget(facts: Facts, commit: ProposedCommit, around: Surroundings) -> str | None:
    """Return the line about the series' budget, ``None`` before half of it is used."""
    limits = budget.limits_of(commit)
    used = None if limits is None else budget.used_before(commit)
    if limits is None or used is None:
        return None
    if not used.exact and used.commits <= budget.MOST:
        used = _exactly(commit, around) or used
        budget.keep(commit, used)
    total = budget.plus(used, facts, commit)
    return budget.line(total, limits) if budget.is_near(total, limits) else None


def _exactly(commit: ProposedCommit, around: Surroundings) -> budget.Used | None:
    """Return what the branch has used as a reader reads it; of merges only what differs from the clean merge."""
    from labgate.checks.commit_size.reading import commits_read

    repository, counted = around.repository, budget.counted(commit)
    if counted is None:
        return None
    commits = read_commits(repository, counted.oids)
    files = commits_read(repository, commit_files(repository, [c.oid for c in commits if len(c.parents) < 2]))
    files |= {c.oid: merge_files(repository, c) for c in commits if len(c.parents) > 1}
    tip = around.trunk_tip(commit.policy)
    paths = {file.path for changed in files.values() for file in changed}
    excluded = excluded_paths(repository, tip, paths) if tip is not None else frozenset()
    batches = tuple(Batch(oid, "", mark(changed, excluded)) for oid, changed in files.items())
    return budget.Used(*series_size(Facts(batches, None), commit.policy), counted.listed, exact=True)


def _read(facts: Facts, commit: ProposedCommit) -> Facts:
    """Return the facts of a staged change with its lines as a reader reads them."""
    from labgate.checks.commit_size.reading import staged_read

    [batch], staged_change = facts.batches, commit.staged
    if staged_change is None:
        return facts
    return facts.changed(
        batches=(batch.changed(files=staged_read(commit.place.git(), staged_change.base, batch.files)),)
    )


def _exempted(facts: Facts, commit: ProposedCommit, around: Surroundings) -> Facts:
    """Return the facts of a staged change with the trunk's exemptions: generated and vendored files, exact reverts."""
    tip = around.trunk_tip(commit.policy)
    if tip is None:
        return facts
    [batch] = facts.batches
    excluded = excluded_paths(around.repository, tip, [file.path for file in batch.files])
    reverts = _staged_revert(commit.place, around.repository, tip)
    return facts.changed(batches=(batch.changed(files=mark(batch.files, excluded), reverts=reverts),))


def _staged_revert(place: Workplace, repository: Repository, tip: str) -> str | None:
    """Return the commit on the trunk that the staged change exactly reverts, or ``None``."""
    oid = place.reverted()
    if oid is None or not has_commit(repository, oid) or not is_ancestor(repository, oid, tip):
        return None
    return oid if staged_exactly_reverts(repository, place.git(), oid) else None
