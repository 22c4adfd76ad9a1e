"""Landings: the commits of a merge, and squashes, which are as large as the whole change. It asks git."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from labgate.checks.commit_size.check import Facts, exceeding
from labgate.git.commits import rev_list
from labgate.git.diffs import commit_files
from labgate.reviews.change_numbers import numbers_in
from labgate.reviews.markers import brought_in
from labgate.scene.scene import Scene, Span
from labgate.values.batch import Batch
from labgate.values.ref_update import Commit, RefUpdate
from labgate.values.refnames import HEADS

#: The most branches that a commit that is too large is compared with.
_TRIED = 50


def with_landings(scene: Scene, update: RefUpdate, facts: Facts) -> Facts:
    """Return the facts with the landings of the range: each landing is a series.

    A squash is recognised by the number of its change in the message, once it has landed or is in a queue, or because
    it equals a branch of small commits. The latter is only tested for commits that are too large.
    """
    span = scene.span(update)
    landings = _merged(span) if scene.landing else {}
    squashes = set(_numbered(scene, update, span))
    large = exceeding(facts, scene.policy) - squashes
    for commit in span.commits if large else ():
        if commit.oid in large and len(commit.parents) == 1 and _is_known_change(scene, span, commit, facts):
            squashes.add(commit.oid)
    if not landings and not squashes:
        return facts
    batches = (_placed(batch, landings, squashes) for batch in facts.batches)
    return facts.changed(batches=tuple(batches))


def _placed(batch: Batch, landings: Mapping[str, str], squashes: set[str]) -> Batch:
    squash = batch.oid is not None and batch.oid in squashes
    return batch.changed(squash=squash, landing=batch.oid if squash else landings.get(batch.oid or ""))


def _line(span: Span) -> list[Commit]:
    """Return the commits of a range that are on the target's own line."""
    commits = {commit.oid: commit for commit in span.commits}
    found, oid = [], span.head
    while oid in commits:
        found.append(commits[oid])
        oid = next(iter(commits[oid].parents), "")
    return found


def _merged(span: Span) -> dict[str, str]:
    """Return the merge on the target's line that brought each commit, if any."""
    parents = {commit.oid: commit.parents for commit in span.commits}
    merges = [commit.oid for commit in _line(span) if len(commit.parents) > 1]
    return {oid: merge for merge in merges for oid in brought_in(merge, parents)}


def _numbered(scene: Scene, update: RefUpdate, span: Span) -> Iterable[str]:
    """Return the commits of the line that are squashes by a code host."""
    if not scene.landing:
        return ()
    line = [commit for commit in _line(span) if len(commit.parents) < 2]
    hosted = scene.hosted.get(update)
    if hosted is not None and hosted.landed and len(span.commits) == 1:
        return [commit.oid for commit in line]
    return [commit.oid for commit in line if numbers_in(commit)]


def _is_known_change(scene: Scene, span: Span, commit: Commit, facts: Facts) -> bool:
    """Return whether a commit equals the sum of a branch whose own commits are small enough."""
    # Imported late: only a commit that is too large is compared.
    from labgate.reviews.carry import TargetMove, carried_all

    theirs = [ref.oid for ref in scene.tracking if not scene.policy.is_protected(ref.remote_ref)]
    own = [oid for ref, oid in scene.refs.items() if ref.startswith(HEADS) and not scene.policy.is_protected(ref)]
    heads = () if scene.heads is None else scene.heads(span.update, [commit])
    tips = [tip for tip in dict.fromkeys((*heads, *theirs, *own)) if tip != commit.oid][:_TRIED]
    flaws = carried_all(scene.repository, tips, TargetMove(commit.parents[0], commit.oid, landed=True)).flaws
    return any(flaw is None and _is_small(scene, tip, commit, facts) for tip, flaw in flaws.items())


def _is_small(scene: Scene, tip: str, commit: Commit, facts: Facts) -> bool:
    from labgate.checks.commit_size.reading import commits_read

    oids = rev_list(scene.repository, [tip], commit.parents, "--no-merges")
    if commit.oid in oids or len(oids) < 2:
        return False
    files = commits_read(scene.repository, commit_files(scene.repository, oids))
    return not exceeding(
        facts.changed(batches=tuple(Batch(oid, "", files[oid], None, 1) for oid in oids)), scene.policy
    )
