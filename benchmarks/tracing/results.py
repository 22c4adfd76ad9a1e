"""What a run of the benchmark found, as values: for the tables, and as JSON."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tracing.reference import BUCKETS, EVASION, meets, reference
from tracing.trial import Answer, Score, Share, Taken, Trial


@dataclass(frozen=True)
class SetResult:
    """One set of one repository.

    ``alarm`` counts decisive evidence, ``warn`` similarity of 4 and more as well, ``exact`` the exact methods alone.
    ``sizes`` are distinct lines added by each positive; empty where no size table is asked for.
    """

    repository: str
    trial: Trial
    answers: Mapping[str, Answer]
    alarm: Score
    warn: Score
    exact: Score
    taken: Taken
    taken_exact: Taken
    sizes: Mapping[str, int] = field(default_factory=dict)

    @property
    def reached(self) -> bool | None:
        """Return whether the bar to reach is kept; ``None`` without one."""
        return meets(
            self.alarm.recall.value, self.alarm.per_thousand, reference(self.repository, self.trial.name).reach
        )

    @property
    def goal(self) -> bool | None:
        """Return whether the goal is met; ``None`` without one."""
        return meets(self.alarm.recall.value, self.alarm.per_thousand, reference(self.repository, self.trial.name).goal)


@dataclass(frozen=True)
class EvasionResult:
    """Copies made by one edit: recall at both thresholds, and by exact methods alone."""

    repository: str
    edit: str
    alarm: Score
    warn: Score

    @property
    def reached(self) -> bool | None:
        bar = EVASION.get(self.edit) if self.repository == "black" else None
        return None if bar is None else round(self.warn.recall.value, 3) >= bar.reach

    @property
    def goal(self) -> bool | None:
        bar = EVASION.get(self.edit) if self.repository == "black" else None
        return None if bar is None else round(self.warn.recall.value, 3) >= bar.goal


def by_size(result: SetResult, score: Score) -> list[Share]:
    """Return recall by how many distinct lines the main commit adds, one value for each of ``BUCKETS``."""
    missed = set(score.missed)
    every, found = [0] * len(BUCKETS), [0] * len(BUCKETS)
    for commit in result.trial.positives:
        bucket = bisect_right(BUCKETS, result.sizes[commit]) - 1
        every[bucket] += 1
        found[bucket] += commit not in missed
    return [Share(right, of) for right, of in zip(found, every, strict=True)]


def set_json(result: SetResult) -> dict[str, Any]:
    """Return a set's figures."""
    return {
        "repository": result.repository,
        "set": result.trial.name,
        "alarm": score_json(result.alarm),
        "warn": score_json(result.warn),
        "exact": score_json(result.exact),
        "reached": result.reached,
        "goal": result.goal,
        "seconds": taken_json(result.taken),
        "seconds_exact": taken_json(result.taken_exact),
        "by_size": {
            rule: [share_json(share) for share in by_size(result, score)]
            for rule, score in (("alarm", result.alarm), ("warn", result.warn))
            if result.sizes
        },
    }


def evasion_json(result: EvasionResult) -> dict[str, Any]:
    """Return the figures of one edit."""
    return {
        "repository": result.repository,
        "edit": result.edit,
        "alarm": share_json(result.alarm.recall),
        "warn": share_json(result.warn.recall),
        "reached": result.reached,
        "goal": result.goal,
    }


def score_json(score: Score) -> dict[str, Any]:
    """Return a score's figures."""
    return {
        "recall": share_json(score.recall),
        "recall_clean": share_json(score.clean_recall),
        "recall_contaminated": share_json(score.contaminated_recall),
        "derived": score.derived,
        "undecidable": score.undecidable,
        "false": share_json(score.false_share),
        "false_contaminated": len(score.polluted),
    }


def share_json(share: Share) -> dict[str, Any]:
    """Return a share with its 95 % interval."""
    return {"count": share.count, "of": share.of, "value": share.value, "interval": list(share.interval())}


def taken_json(taken: Taken) -> dict[str, Any]:
    """Return what a run cost."""
    return {
        "seconds": taken.seconds,
        "per_1000": taken.per_thousand,
        "commits": taken.commits,
        "cold": taken.cold,
        "index_bytes": taken.bytes_after,
    }


def misses_json(result: SetResult) -> dict[str, Any]:
    """Return the pairs that went wrong, with all the evidence that there was, for study."""

    def evidence(commit: str) -> list[Any]:
        return [dict(item) for item in result.answers[commit].evidence] if commit in result.answers else []

    missed = {
        commit: {
            "wanted": sorted(result.trial.positives[commit]),
            "warned": commit not in result.warn.missed,
            "lines": result.sizes.get(commit),
            "undecidable": commit in result.answers and result.answers[commit].undecidable,
            "evidence": evidence(commit),
        }
        for commit in result.alarm.missed
    }
    false = {
        commit: {"named": list(refs), "alarm": commit in result.alarm.false, "evidence": evidence(commit)}
        for commit, refs in result.warn.false.items()
    }
    exact = {commit: list(refs) for commit, refs in result.exact.false.items()}
    return {
        "repository": result.repository,
        "set": result.trial.name,
        "missed": missed,
        "false": false,
        "false_exact": exact,
    }
