"""How well ``labgate trace`` tells where code is from, on real pull requests: ``python benchmarks/derivation.py``.

Sets: full is each pull request as it was merged, half and first as it stood at its middle and first commit, so that the
commit on main is an edited and grown version of it. fused-half and fused-first put ten of them on one branch. picks are
backports. evasion are main commits made again by somebody who hides where the text is from. Half of all pull requests
are sources; main commits of the other half are the negatives. Trailers are never asked for: the labels come from them.

The bundles and labels are not part of this project; LABGATE_TEST_DATA or --data says where they are. Clones, fused
branches and edited copies are made once and kept below --cache; the first run with an index to build says so.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tracing import tables, trials
from tracing.clone import Clone
from tracing.diffs import sizes
from tracing.labels import Labels, NoDataError, bundle, data_folder, read_labels
from tracing.results import EvasionResult, SetResult, evasion_json, misses_json, set_json
from tracing.trial import ALL, EXACT, Answer, Taken, Trial, alarms, score, trace, warnings

REPOSITORIES = ("black", "distributed", "pytest")
EVASION = "evasion"
#: The repository that the evasion table is made of, unless another is asked for.
EVADED = "black"
SIZED = ("half", "first")


def main() -> int:
    """Run the benchmark and return the exit status: 1 with ``--strict`` and a bar missed, 2 without any data."""
    asked = parse()
    sets: list[SetResult] = []
    copies: list[EvasionResult] = []
    for name in asked.repo or REPOSITORIES:
        try:
            folder = data_folder(asked.data)
            labels = read_labels(asked.labels or folder / "derivation", name)
            clone = Clone.of(bundle(folder, name), asked.cache / f"{name}.git")
        except NoDataError as error:
            print(f"{name}: not measured: {error}", file=sys.stderr)
            continue
        sets += measure(asked, clone, labels)
        if EVASION in asked.set or (not asked.set and name == EVADED):
            copies += measure_evasion(asked, clone, labels)
    if not sets and not copies:
        print("nothing was measured", file=sys.stderr)
        return 2
    show(sets, copies)
    write(asked, sets, copies)
    short = any(result.reached is False or result.exact.false for result in sets)
    return 1 if asked.strict and (short or any(result.reached is False for result in copies)) else 0


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    own = f"{shlex.quote(sys.executable)} -m labgate"
    cache = Path(tempfile.gettempdir()) / "labgate-bench"
    parser.add_argument("--repo", action="append", metavar="NAME", help="a repository (default: all that are known)")
    parser.add_argument("--set", action="append", default=[], metavar="NAME", help="a set (default: all)")
    parser.add_argument("--limit", type=int, metavar="N", help="ask for N positives and N negatives of a set at most")
    parser.add_argument("--labgate", default=own, metavar="CMD", help="the command to measure (default: this labgate)")
    parser.add_argument("--data", type=Path, metavar="DIR", help="the folder of the bundles, NAME.bundle")
    parser.add_argument("--labels", type=Path, metavar="DIR", help="the folder of NAME.json (default: DATA/derivation)")
    parser.add_argument("--cache", type=Path, default=cache, metavar="DIR", help=f"keeps clones (default: {cache})")
    parser.add_argument("--seed", type=int, default=1, help="what the evasion table draws its commits by (default: 1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    parser.add_argument("--misses", type=Path, metavar="FILE", help="write what was missed or false, with the evidence")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a bar of the column reach is missed")
    return parser.parse_args()


def measure(asked: argparse.Namespace, clone: Clone, labels: Labels) -> Iterator[SetResult]:
    """Yield the results of a repository's sets."""
    for name in trials.names(labels):
        if asked.set and name not in asked.set:
            continue
        trial = trials.trial(clone, labels, name, asked.limit)
        # A backport is no landing of a source's own commits: there is no ancestry to ask for.
        without = {"ancestry"} if trial.by_commit else set()
        answers, taken = _trace(asked, clone, trial, [method for method in ALL if method not in without])
        exact, taken_exact = _trace(asked, clone, trial, [method for method in EXACT if method not in without])
        yield SetResult(
            labels.name,
            trial,
            answers,
            score(trial, answers, alarms),
            score(trial, answers, warnings),
            score(trial, exact, alarms),
            taken,
            taken_exact,
            sizes(clone, trial.positives) if name in SIZED else {},
        )


def measure_evasion(asked: argparse.Namespace, clone: Clone, labels: Labels) -> Iterator[EvasionResult]:
    """Yield the results of each edit; all the copies are asked about at once."""
    edits = trials.evaders(clone, labels, asked.seed, asked.limit)
    every = [commit for trial in edits.values() for commit in trial.positives]
    answers, _ = _trace(asked, clone, next(iter(edits.values())), ALL, every)
    for edit, trial in edits.items():
        yield EvasionResult(labels.name, edit, score(trial, answers, alarms), score(trial, answers, warnings))


def _trace(
    asked: argparse.Namespace,
    clone: Clone,
    trial: Trial,
    methods: Sequence[str],
    commits: Sequence[str] | None = None,
) -> tuple[dict[str, Answer], Taken]:
    answers, taken = trace(asked.labgate, clone, trial, methods, commits)
    where = (
        f"{clone.path.stem} {EVASION if commits else trial.name}, {'exact' if 'similarity' not in methods else 'all'}"
    )
    print(f"{where}: {taken.commits} commits, {taken.seconds:.1f} s", file=sys.stderr)
    return answers, taken


def show(sets: Sequence[SetResult], copies: Sequence[EvasionResult]) -> None:
    """Print the tables."""
    if sets:
        print(f"Sets: recall and false alarms\n\n{tables.overview(sets)}\n")
        print(f"Clean ranges, and those that hold copies of main\n\n{tables.contamination(sets)}\n")
        print(f"Cost\n\n{tables.cost(sets)}\n")
    if any(result.sizes for result in sets):
        print(f"Recall by size\n\n{tables.by_lines(sets)}\n")
    if copies:
        print(f"Copies that hide: recall\n\n{tables.evasion(copies)}\n")


def write(asked: argparse.Namespace, sets: Sequence[SetResult], copies: Sequence[EvasionResult]) -> None:
    """Write the files that were asked for."""
    if asked.json:
        figures = {"sets": [set_json(result) for result in sets], "evasion": [evasion_json(copy) for copy in copies]}
        asked.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    if asked.misses:
        pairs = [misses_json(result) for result in sets]
        asked.misses.write_text(json.dumps(pairs, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
