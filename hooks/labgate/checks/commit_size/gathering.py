"""What commit-size judges: the size of each commit of a range; of a merge, the difference from the clean merge.

``reading`` is imported only for what may be too large: a push that passes imports nothing slow.
"""

from __future__ import annotations

import re
from collections.abc import Container
from functools import cached_property

from labgate.checks.collected import Collected
from labgate.checks.commit_size.check import Facts, changed_lines, fits
from labgate.checks.commit_size.grafts import grafted, grafts
from labgate.git.commits import has_commit, is_ancestor, rev_list, tree_of
from labgate.git.diffs import (
    clean_merge,
    commit_files,
    excluded_paths,
    is_exact_revert,
    tree_files,
)
from labgate.git.merges import merge_files
from labgate.policy.model import Policy
from labgate.scene.scene import Scene
from labgate.values.batch import Batch, FileChange
from labgate.values.phrases import count
from labgate.values.ref_update import Commit, RefUpdate
from labgate.values.regexes import regex
from labgate.values.value import Value

#: The line that ``git revert`` writes.
_REVERT = "This reverts commit "
_REVERTS = regex(r"^This reverts commit ([0-9a-f]{40}(?:[0-9a-f]{24})?)\b", re.MULTILINE)


def gathered(scene: Scene, update: RefUpdate) -> Collected:
    """Return the facts of an update whose target has limits.

    Raises: ``UndecidedError`` in a shallow clone.
    """
    if scene.audited is not None:
        return _audited(scene, update)
    facts = weighed(scene, update)
    return Collected((facts,), unseen=unread(facts, scene.policy))


def _audited(scene: Scene, update: RefUpdate) -> Collected:
    from labgate.checks.size_exceptions import AUDITED, exceptions

    if not exceptions(scene, update):
        return Collected(skipped=AUDITED)
    return Collected((weighed(scene, update).changed(audited=True),), skipped=AUDITED)


def weighed(scene: Scene, update: RefUpdate) -> Facts:
    """Return the sizes of an update's commits that no protected branch has, oldest first.

    Sizes that keep all limits are the quick ones (``reading``). The update must not be a deletion.
    Raises: ``UndecidedError`` in a shallow clone.
    """
    facts = _measured(scene, update, closely=False)
    # What keeps the limits as a whole keeps them without the files that the trunk exempts.
    if fits(facts, scene.policy) and not scene.landing:
        return facts
    facts = _marked(scene, facts)
    if not fits(facts, scene.policy):
        facts = _marked(scene, _measured(scene, update, closely=True))
    # Imported late: all pushes wait for every import.
    from labgate.checks.commit_size.landings import with_landings

    return _excepted(scene, update, with_landings(scene, update, facts))


def _excepted(scene: Scene, update: RefUpdate, facts: Facts) -> Facts:
    """Return the facts with the exceptions that their commits ask for, if one is too large."""
    if fits(facts, scene.policy):
        return facts
    from labgate.checks.size_exceptions import exceptions

    found = exceptions(scene, update)
    batches = tuple(batch.changed(exception=found.get(batch.oid or "")) for batch in facts.batches)
    return facts.changed(batches=batches, way=scene.way_to(update), head=scene.amendable(update))


class ReadSize(Value):
    """``lines`` are the lines of an update that a reader reads; ``note`` says what was counted whole, or ``None``."""

    lines: int
    note: str | None = None


def size_to_read(scene: Scene, update: RefUpdate) -> ReadSize:
    """Return how much of an update a reader reads. Raises: ``UndecidedError`` in a shallow clone."""
    facts = _marked(scene, _measured(scene, update, closely=True))
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


def unread(facts: Facts, policy: Policy) -> tuple[str, ...]:
    """Return a line about the changes that are too large to look for what moved, if any matters."""
    if fits(facts, policy):
        return ()
    note = _whole(facts)
    return () if note is None else (note,)


def _whole(facts: Facts) -> str | None:
    """Return a line about the changes that are too large to be read closely, ``None`` if there are none."""
    from labgate.checks.commit_size.reading import is_readable, unread_files

    large = sum(not is_readable(batch.files) for batch in facts.batches)
    notebooks, files = map(sum, zip((0, 0), *(unread_files(batch.files) for batch in facts.batches), strict=True))
    said = (f"{count(large, 'commit')} too large to look for moved lines",) * bool(large)
    said += (f"{count(files, 'file')} too large to look for moved lines",) * bool(files)
    said += (f"{count(notebooks, 'notebook')} too large to look for code",) * bool(notebooks)
    return f"{', '.join(said)}: every line of the diff counts" if said else None


def _reverted(scene: Scene, commit: Commit, update: RefUpdate) -> str | None:
    """Return the commit on the target that this one exactly reverts, or ``None``.

    Only the first one in the message counts: a commit exactly reverts one other or none.
    """
    repository = scene.repository
    named = _REVERTS.search(commit.message) if _REVERT in commit.message else None
    if named is None or update.old is None or not has_commit(repository, named[1]):
        return None
    exact = is_ancestor(repository, named[1], update.old) and is_exact_revert(repository, commit.oid, named[1])
    return named[1] if exact else None


def _marked(scene: Scene, facts: Facts) -> Facts:
    """Mark files that the trunk's attributes exclude. Attributes in the change itself do not count."""
    if scene.trunk_tip is None:
        return facts
    paths = {change.path for batch in facts.batches for change in batch.files}
    excluded = excluded_paths(scene.repository, scene.trunk_tip, paths)
    return facts.changed(batches=tuple(batch.changed(files=mark(batch.files, excluded)) for batch in facts.batches))


def mark(files: tuple[FileChange, ...], excluded: Container[str]) -> tuple[FileChange, ...]:
    """Return the files, those with an excluded path as such."""
    return tuple(file.changed(excluded=True) if file.path in excluded else file for file in files)
