"""One question to labgate and its answer, scored: the rules of a hit, of a false alarm, and of what is forgiven."""

from __future__ import annotations

import json
import math
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tracing.clone import Clone

#: Trailers are never asked for: they are where the labels come from.
EXACT = ("ancestry", "patch-id", "squash", "blob")
ALL = (*EXACT, "similarity")
#: The lower threshold of the score: similarity that is a note, not an alarm.
WARN = 4.0

Evidence = Mapping[str, Any]
Rule = Callable[["Answer"], set[str]]


@dataclass(frozen=True)
class Answer:
    """One line of ``labgate trace --format jsonl``."""

    derived: bool
    undecidable: bool
    evidence: Sequence[Evidence]


NO_ANSWER = Answer(derived=False, undecidable=False, evidence=())


def alarms(answer: Answer) -> set[str]:
    """Return the source refs of decisive evidence."""
    return {item["source_ref"] for item in answer.evidence if item.get("decisive", True)} if answer.derived else set()


def warnings(answer: Answer) -> set[str]:
    """Return the source refs of decisive evidence and of any similarity that scores ``WARN`` or more."""
    similar = (item for item in answer.evidence if item["method"] == "similarity" and item["score"] >= WARN)
    return alarms(answer) | {item["source_ref"] for item in similar}


@dataclass(frozen=True)
class Trial:
    """Main commits to ask about, and what is right.

    ``positives`` maps a commit to what is a right answer: source refs, or source commits for ``by_commit``.
    ``negatives`` come from none of the sources; ``forgiven`` are refs that one may be traced to all the same, and
    ``contaminated`` refs hold copies of main.
    """

    name: str
    sources: tuple[str, ...]
    positives: Mapping[str, frozenset[str]]
    negatives: tuple[str, ...] = ()
    forgiven: Mapping[str, frozenset[str]] = field(default_factory=dict)
    contaminated: frozenset[str] = frozenset()
    by_commit: bool = False


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    count: int
    of: int

    @property
    def value(self) -> float:
        return self.count / self.of if self.of else 0.0

    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval by Wilson (Journal of the American Statistical Association 22, 1927)."""
        if not self.of:
            return 0.0, 1.0
        z2 = 1.959964**2
        middle = (self.value + z2 / (2 * self.of)) / (1 + z2 / self.of)
        half = math.sqrt(z2 * (self.value * (1 - self.value) + z2 / (4 * self.of)) / self.of) / (1 + z2 / self.of)
        return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True)
class Score:
    """What one rule makes of the answers.

    ``missed`` are positives without a right answer, ``undecidable`` how many of these were said to be. ``false`` are
    negatives with the refs that they were wrongly traced to, ``polluted`` those traced to contaminated ranges alone.
    ``derived`` counts positives that were traced to anything.
    """

    recall: Share
    missed: tuple[str, ...]
    false: Mapping[str, tuple[str, ...]]
    false_share: Share
    polluted: tuple[str, ...]
    derived: int
    undecidable: int
    contaminated_recall: Share

    @property
    def per_thousand(self) -> float:
        """Return false alarms per 1000 negatives."""
        return 1000 * self.false_share.value

    @property
    def clean_recall(self) -> Share:
        """Return the recall over ranges that hold no copies of main."""
        dirty = self.contaminated_recall
        return Share(self.recall.count - dirty.count, self.recall.of - dirty.of)


def score(trial: Trial, answers: Mapping[str, Answer], rule: Rule) -> Score:
    """Score answers by a rule that says which refs an answer names."""
    named = {commit: rule(answers.get(commit, NO_ANSWER)) for commit in (*trial.positives, *trial.negatives)}
    right = {commit for commit in trial.positives if _is_right(trial, commit, answers, named[commit])}
    missed = tuple(commit for commit in trial.positives if commit not in right)
    false, polluted = {}, []
    for commit in trial.negatives:
        wrong = named[commit] - trial.forgiven.get(commit, frozenset())
        if wrong - trial.contaminated:
            false[commit] = tuple(sorted(wrong - trial.contaminated))
        elif named[commit] & trial.contaminated:
            polluted.append(commit)
    dirty = [commit for commit, refs in trial.positives.items() if refs & trial.contaminated]
    return Score(
        recall=Share(len(right), len(trial.positives)),
        missed=missed,
        false=false,
        false_share=Share(len(false), len(trial.negatives)),
        polluted=tuple(polluted),
        derived=sum(bool(named[commit]) for commit in trial.positives),
        undecidable=sum(answers.get(commit, NO_ANSWER).undecidable for commit in missed),
        contaminated_recall=Share(sum(commit in right for commit in dirty), len(dirty)),
    )


def _is_right(trial: Trial, commit: str, answers: Mapping[str, Answer], named: Collection[str]) -> bool:
    wanted = trial.positives[commit]
    if not trial.by_commit:
        return bool(wanted & set(named))
    evidence = answers.get(commit, NO_ANSWER).evidence
    return bool(named) and any(source in wanted for item in evidence for source in item["source_commits"])


@dataclass(frozen=True)
class Taken:
    """What a run cost: seconds, commits asked about, and bytes of labgate's index before and after it."""

    seconds: float
    commits: int
    bytes_before: int
    bytes_after: int

    @property
    def per_thousand(self) -> float:
        """Return seconds per 1000 commits."""
        return 1000 * self.seconds / self.commits if self.commits else 0.0

    @property
    def cold(self) -> bool:
        """Return whether the run had an index to build, too."""
        return self.bytes_after > 1.01 * self.bytes_before


def trace(
    command: str, clone: Clone, trial: Trial, methods: Sequence[str], commits: Sequence[str] | None = None
) -> tuple[dict[str, Answer], Taken]:
    """Ask ``labgate trace`` about a trial's commits, or those given, in one process. The run ends where it fails."""
    asked = list(commits if commits is not None else (*trial.positives, *trial.negatives))
    argv = [*shlex.split(command), "trace", "--format", "jsonl"]
    for option, values in (("--sources", trial.sources), ("--method", methods)):
        argv += [word for value in values for word in (option, value)]
    before = clone.index_bytes()
    stdin = "".join(f"{commit}\n" for commit in asked)
    start = time.perf_counter()
    done = subprocess.run(
        [*argv, "-"], input=stdin, env=clone.env, cwd=clone.path, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - start
    if done.returncode not in (0, 1):
        sys.exit(f"{shlex.join(argv)} - failed with {done.returncode}: {done.stderr[-2000:]}")
    rows = (json.loads(line) for line in done.stdout.splitlines() if line.strip())
    answers = {
        row["commit"]: Answer(bool(row.get("derived")), bool(row.get("undecidable")), row.get("evidence", ()))
        for row in rows
    }
    return answers, Taken(seconds, len(asked), before, clone.index_bytes())
