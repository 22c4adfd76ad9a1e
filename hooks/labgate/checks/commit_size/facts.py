"""Facts for commit-size: the size of each commit of a range; of a merge, the difference from the clean merge.

``reading`` is imported only for what may be too large: a push that passes imports nothing slow.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from functools import cached_property

from labgate.checks.collected import ALWAYS, Collected
from labgate.checks.commit_size import budget, staged
from labgate.checks.commit_size.check import Facts, changed_lines, check, series_size
from labgate.checks.commit_size.grafts import grafted, grafts
from labgate.checks.commit_size.landings import with_landings
from labgate.checks.commit_size.section import CommitSize
from labgate.checks.size_exceptions import AUDITED, exceptions, staged_exception
from labgate.git.commits import has_commit, is_ancestor, read_commits, rev_list, tree_of
from labgate.git.diffs import (
    clean_merge,
    commit_files,
    excluded_paths,
    is_exact_revert,
    staged_exactly_reverts,
    tree_files,
)
from labgate.git.merges import merge_files
from labgate.git.repository import Repository
from labgate.policy.model import Policy
from labgate.scene.proposed_commit import ProposedCommit
from labgate.scene.scene import Scene
from labgate.scene.surroundings import Surroundings
from labgate.scene.workplace import Workplace
from labgate.values.batch import Batch, FileChange
from labgate.values.phrases import count
from labgate.values.ref_update import Commit, RefUpdate
from labgate.values.value import Value

#: The line that ``git revert`` writes.
_REVERTS = re.compile(r"^This reverts commit ([0-9a-f]{40}(?:[0-9a-f]{24})?)\b", re.MULTILINE)

#: Why a merge is not measured (see ``git.raw.clean_merge``).
_UNMEASURED = "git cannot make the clean merge to compare with (git below 2.38)"


def collect(scene: Scene, update: RefUpdate) -> Collected:
    """Return the facts of an update whose target has limits.

    Raises: ``UndecidedError`` in a shallow clone.
    """
    kind = scene.policy.classify(update.ref).name
    if update.new is None or kind not in scene.policy.section(CommitSize).limits:
        return Collected(skipped=_no_limits(kind))
    protected = [other.ref for other in scene.updates if scene.policy.is_protected(other.ref)]
    if scene.is_first_push and (update.ref in protected or not protected):
        return Collected(skipped=f"nothing is on {scene.remote} yet, so all of history would count as one change")
    if scene.audited is not None and not exceptions(scene, update):
        return Collected(skipped=AUDITED)
    facts = weighed(scene, update)
    if scene.audited is not None:
        return Collected((facts.changed(audited=True),), skipped=AUDITED)
    return Collected((facts,), unseen=_unread(facts, scene.policy))


def collect_staged(commit: ProposedCommit, around: Surroundings, *, suspect: bool) -> Collected:
    """Return the facts of a commit in progress, without the files that the trunk exempts."""
    if not staged.limits(commit):
        return Collected(skipped=_no_limits(commit.kind))
    facts = staged.weighed(commit) if suspect else None
    if facts is not None:
        facts = _exempted(_read(facts, commit), commit, around)
        [batch] = facts.batches
        facts = facts.changed(batches=(batch.changed(exception=staged_exception(commit)),))
        said = _budget(facts, commit, around)
        return Collected((facts,), unseen=_unread(facts, commit.policy), said=() if said is None else (said,))
    return Collected() if commit.staged is not None else Collected(skipped=_UNMEASURED, notice=ALWAYS)


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
    batches = tuple(Batch(oid, "", _mark(changed, excluded)) for oid, changed in files.items())
    return budget.Used(*series_size(Facts(batches, None), commit.policy), exact=True)


def weighed(scene: Scene, update: RefUpdate) -> Facts:
    """Return the sizes of an update's commits that no protected branch has, oldest first.

    Sizes that keep all limits are the quick ones (``reading``). The update must not be a deletion.
    Raises: ``UndecidedError`` in a shallow clone.
    """
    facts = _measured(scene, update, closely=False)
    if next(check(facts, scene.policy), None) is not None:
        facts = _measured(scene, update, closely=True)
    return _excepted(scene, update, with_landings(scene, update, facts))


def _excepted(scene: Scene, update: RefUpdate, facts: Facts) -> Facts:
    """Return the facts with the exceptions that their commits ask for, if one is too large."""
    if next(check(facts, scene.policy), None) is None:
        return facts
    found = exceptions(scene, update)
    batches = tuple(batch.changed(exception=found.get(batch.oid or "")) for batch in facts.batches)
    return facts.changed(batches=batches, way=scene.way_to(update))


class ReadSize(Value):
    """``lines`` are the lines of an update that a reader reads; ``note`` says what was counted whole, or ``None``."""

    lines: int
    note: str | None = None


def size_to_read(scene: Scene, update: RefUpdate) -> ReadSize:
    """Return how much of an update a reader reads. Raises: ``UndecidedError`` in a shallow clone."""
    facts = _measured(scene, update, closely=True)
    return ReadSize(changed_lines(facts, scene.policy), _whole(facts))


def _measured(scene: Scene, update: RefUpdate, *, closely: bool) -> Facts:
    repository = scene.repository
    repository.require_history()
    commits = tuple(reversed(scene.span(update).unlanded_commits))
    foreign = grafted(commits, _Beginning(scene, update).reached_by)
    commits = tuple(commit for commit in commits if commit.oid not in foreign)
    files = commit_files(repository, [commit.oid for commit in commits if len(commit.parents) < 2])
    if closely:
        from labgate.checks.commit_size.reading import commits_read

        files = commits_read(repository, files)
    merges = (commit for commit in commits if len(commit.parents) > 1)
    files |= {merge.oid: _merge_files(scene, merge, foreign, closely=closely) for merge in merges}
    files = _marked(scene, files)
    batches = (Batch(c.oid, c.subject, files[c.oid], _reverted(scene, c, update), len(c.parents)) for c in commits)
    kind = scene.policy.classify(update.ref).name
    return Facts(tuple(batches), kind, target=update.ref, source=update.source, series=True)


class _Beginning:
    """Where the target began: the root of its first-parent line, or of the trunk's where it is only created."""

    def __init__(self, scene: Scene, update: RefUpdate) -> None:
        self._repository = scene.repository
        self._tip = next(iter(scene.span(update).base), None) or scene.trunk_tip or scene.span(update).head

    @cached_property
    def _line(self) -> frozenset[str]:
        return frozenset(self._chain)

    @cached_property
    def _chain(self) -> tuple[str, ...]:
        return rev_list(self._repository, [self._tip], (), "--first-parent")

    def reached_by(self, oid: str) -> bool:
        """Return whether a commit goes back to it."""
        return oid in self._line or is_ancestor(self._repository, self._chain[-1], oid)


def _merge_files(scene: Scene, commit: Commit, foreign: frozenset[str], *, closely: bool) -> tuple[FileChange, ...]:
    """Return the changes of a merge against the clean merge; against its first parent if it grafts ``foreign`` ones."""
    repository, (first, *_) = scene.repository, commit.parents
    base = tree_of(repository, first) if grafts(commit, foreign) else clean_merge(repository, commit.parents)
    if base is None:
        return merge_files(repository, commit)
    quick = tree_files(repository, base, commit.tree)
    if not closely:
        return quick
    from labgate.checks.commit_size.reading import trees_read

    return trees_read(repository, base, commit.tree, quick)


def _read(facts: Facts, commit: ProposedCommit) -> Facts:
    """Return the facts of a staged change with its lines as a reader reads them."""
    from labgate.checks.commit_size.reading import staged_read

    [batch], staged_change = facts.batches, commit.staged
    if staged_change is None:
        return facts
    return facts.changed(
        batches=(batch.changed(files=staged_read(commit.place.git(), staged_change.base, batch.files)),)
    )


def _unread(facts: Facts, policy: Policy) -> tuple[str, ...]:
    """Return a line about the changes that are too large to look for what moved, if any matters."""
    if next(check(facts, policy), None) is None:
        return ()
    note = _whole(facts)
    return () if note is None else (note,)


def _whole(facts: Facts) -> str | None:
    """Return a line about the changes that are too large to be read closely, ``None`` if there are none."""
    from labgate.checks.commit_size.reading import is_readable, unread_notebooks

    large = sum(not is_readable(batch.files) for batch in facts.batches)
    notebooks = sum(unread_notebooks(batch.files) for batch in facts.batches)
    said = (f"{count(large, 'commit')} too large to look for moved lines",) * bool(large)
    said += (f"{count(notebooks, 'notebook')} too large to look for code",) * bool(notebooks)
    return f"{' and '.join(said)}: every line of the diff counts" if said else None


def _reverted(scene: Scene, commit: Commit, update: RefUpdate) -> str | None:
    """Return the commit on the target that this one exactly reverts, or ``None``.

    Only the first one in the message counts: a commit exactly reverts one other or none.
    """
    repository, named = scene.repository, _REVERTS.search(commit.message)
    if named is None or update.old is None or not has_commit(repository, named[1]):
        return None
    exact = is_ancestor(repository, named[1], update.old) and is_exact_revert(repository, commit.oid, named[1])
    return named[1] if exact else None


def _marked(scene: Scene, files: Mapping[str, tuple[FileChange, ...]]) -> dict[str, tuple[FileChange, ...]]:
    """Mark files that the trunk's attributes exclude. Attributes in the change itself do not count."""
    if scene.trunk_tip is None:
        return dict(files)
    paths = {change.path for changes in files.values() for change in changes}
    excluded = excluded_paths(scene.repository, scene.trunk_tip, paths)
    return {oid: _mark(changes, excluded) for oid, changes in files.items()}


def _mark(files: tuple[FileChange, ...], excluded: Container[str]) -> tuple[FileChange, ...]:
    return tuple(file.changed(excluded=True) if file.path in excluded else file for file in files)


def _exempted(facts: Facts, commit: ProposedCommit, around: Surroundings) -> Facts:
    """Return the facts of a staged change with the trunk's exemptions: generated and vendored files, exact reverts."""
    tip = around.trunk_tip(commit.policy)
    if tip is None:
        return facts
    [batch] = facts.batches
    excluded = excluded_paths(around.repository, tip, [file.path for file in batch.files])
    reverts = _staged_revert(commit.place, around.repository, tip)
    return facts.changed(batches=(batch.changed(files=_mark(batch.files, excluded), reverts=reverts),))


def _staged_revert(place: Workplace, repository: Repository, tip: str) -> str | None:
    """Return the commit on the trunk that the staged change exactly reverts, or ``None``."""
    oid = place.reverted()
    if oid is None or not has_commit(repository, oid) or not is_ancestor(repository, oid, tip):
        return None
    return oid if staged_exactly_reverts(repository, place.git(), oid) else None


def _no_limits(kind: str | None) -> str:
    return f"no size limits for {kind or 'this kind of branch'}"
