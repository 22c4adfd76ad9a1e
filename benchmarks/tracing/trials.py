"""The sets that labgate is measured on, made from the labels of a repository."""

from __future__ import annotations

import random
from collections.abc import Mapping

from tracing import evasion, fuse
from tracing.clone import Clone
from tracing.diffs import sizes
from tracing.labels import Labels
from tracing.trial import Trial

FUSED = "fused-"
PICKS = "picks"
#: How many main commits are made again for the evasion table, and how many distinct lines each adds at least.
EVADERS, LEAST_LINES = 300, 3


def names(labels: Labels) -> list[str]:
    """Return the sets that a repository's labels allow, in the order of the table."""
    plain = list(labels.indexed)
    return [*plain, *(f"{FUSED}{word}" for word in plain if word != "full"), *([PICKS] if labels.picks else [])]


def trial(clone: Clone, labels: Labels, name: str, limit: int | None) -> Trial:
    """Return a set, its branches made if need be. ``limit`` is the highest number of positives, and of negatives."""
    if name == PICKS:
        return _picks(labels, limit)
    word = name.removeprefix(FUSED)
    if name.startswith(FUSED):
        fuse.fuse(clone, labels, word)
        refs = fuse.holding(labels.indexed[word], word)
    else:
        refs = {part.number: f"refs/bench/{name}/{part.number}" for part in labels.indexed[word]}
    return _squashes(labels, name, refs, limit)


def _picks(labels: Labels, limit: int | None) -> Trial:
    chosen = sorted(labels.picks)[:limit]
    positives = {commit: frozenset(labels.picks[commit]) for commit in chosen}
    return Trial(PICKS, labels.sources, positives, by_commit=True)


def _squashes(labels: Labels, name: str, refs: Mapping[int, str], limit: int | None) -> Trial:
    """Return a set of squash merges; ``refs`` says where the version of each pull request stands."""
    positives = {commit: frozenset({refs[number]}) for commit, number in labels.positive.items() if number in refs}
    return Trial(
        name=name,
        sources=(f"refs/bench/{name}/*",),
        positives=dict(list(positives.items())[:limit]),
        negatives=labels.negative[:limit],
        forgiven={
            commit: frozenset(refs[number] for number in numbers if number in refs)
            for commit, numbers in labels.related.items()
        },
        contaminated=frozenset(refs[number] for number in labels.contaminated if number in refs),
    )


def evaders(clone: Clone, labels: Labels, seed: int, limit: int | None) -> dict[str, Trial]:
    """Return a set for each edit: copies of main commits, each to be traced to the pull request of its original.

    The commits are drawn from those that add three distinct lines or more, in ranges that hold no copies of main.
    """
    indexed = {part.number for part in labels.indexed["full"]} - labels.contaminated
    fitting = {commit: number for commit, number in labels.positive.items() if number in indexed}
    large = sorted(commit for commit, lines in sizes(clone, fitting).items() if lines >= LEAST_LINES)
    drawn = random.Random(seed).sample(large, min(EVADERS, len(large)))  # noqa: S311  (a draw that repeats)
    copies = evasion.make(clone, {commit: fitting[commit] for commit in drawn}, seed)
    return {
        edit: Trial(
            name=edit,
            sources=("refs/bench/full/*",),
            positives={
                copy: frozenset({f"refs/bench/full/{fitting[commit]}"}) for copy, commit in list(made.items())[:limit]
            },
        )
        for edit, made in copies.items()
    }
