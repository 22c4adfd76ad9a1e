"""How fast research code is indexed and looked up: ``python benchmarks/index_speed.py``.

cold: the index of all pull requests of distributed, built in a fresh clone, against ``git log -p | git patch-id`` over
the same commits: exact ids beside those of the pull requests, the whole index beside these and main's first-parent
chain, which it reads as well; with peak memory. push: a pre-push check of 50 commits in a generated repository of
50,000 commits and 1,000 research branches, index warm, against ``git rev-list`` of the range and B, with peak memory;
branches, commits and ledger: the same with 10,000 branches, with 200,000 commits, and with a ledger of 100,000 entries.
audit: an audit of ten and of forty landings in the largest of these. partial: ``labgate trace -`` in a clone of
distributed without the blobs from 4 kB on, offline, beside the whole one; what is missing is undecidable.
trace: ``labgate trace -`` over 2,000 commits of distributed, index warm, against ``git log -p | git patch-id`` over the
same commits; in a clone of its own, so that no other benchmark adds to its index.

distributed is not part of this project; LABGATE_TEST_DATA or --data says where its bundle and labels are.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from bench import Case, Timings, cache_folder, environment
from tracing import large
from tracing.clone import Clone, clean_environment
from tracing.labels import NoDataError, bundle, data_folder, read_labels

PARTS = ("cold", "push", "branches", "commits", "ledger", "audit", "partial", "trace")
SOURCES = "refs/bench/full/*"
#: The bars: exact ids at 90 % of the commits a second of ``git patch-id``; the whole index within three times its time.
EXACT_BAR, WHOLE_BAR = 1 / 0.9, 3.0
#: A push, as a multiple of ``git rev-list`` of its range plus B; and the memory of any command, in megabytes.
PUSH_BAR, MEMORY_BAR = 15.0, 150
#: The same with ten times as many research branches, or four times as many commits.
GROWN_BAR = 3 * PUSH_BAR
#: Seconds that ``labgate trace`` may take for 1000 commits.
TRACE_BAR = 4.0
TRACED = 2000
#: The landings of the audits, and what a partial clone leaves out.
AUDITED, FILTER = (10, 40), "--filter=blob:limit=4k"

#: A process starts with the peak of the one that started it (Linux keeps it over exec), so a small one stands between.
_PEAK = """\
import os, resource, sys
status = os.waitstatus_to_exitcode(os.waitpid(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ), 0)[1])
print(status, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
"""


def main() -> int:
    """Run what is asked for and return the exit status: 1 with ``--strict`` and a bar missed, 2 without the data."""
    asked = parse()
    programs = environment(cache_folder() / "hooks")
    if asked.one_core:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    kept = [outcome for name in asked.part or PARTS if (outcome := measured(name, asked, programs)) is not None]
    if not kept:
        return 2
    return 1 if asked.strict and not all(kept) else 0


def measured(name: str, asked: argparse.Namespace, programs: Path) -> bool | None:
    """Return whether the bars of a part are kept; ``None`` where its data is not here, which is said."""
    parts: dict[str, Callable[[argparse.Namespace, Path], bool]] = {
        "cold": cold,
        "push": push,
        "branches": partial(push, size=large.BRANCHES, bar=GROWN_BAR),
        "commits": partial(push, size=large.COMMITS, bar=GROWN_BAR),
        "ledger": partial(push, size=large.LEDGER, bar=GROWN_BAR),
        "audit": audit,
        "partial": left_out,
        "trace": trace,
    }
    try:
        return parts[name](asked, programs)
    except NoDataError as error:
        print(f"{name}: not measured: {error}", file=sys.stderr)
        return None


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cache = Path(tempfile.gettempdir()) / "labgate-bench"
    parser.add_argument("--part", action="append", choices=PARTS, help="measure this alone; repeatable (default: all)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds that count, after one to warm up (default 5)")
    parser.add_argument("--one-core", action="store_true", help="let everything run on one core (Linux)")
    parser.add_argument("--data", type=Path, metavar="DIR", help="the folder of the bundles, NAME.bundle")
    parser.add_argument(
        "--cache", type=Path, default=cache, metavar="DIR", help=f"keeps repositories (default: {cache})"
    )
    parser.add_argument("--strict", action="store_true", help="exit 1 when a bar is missed")
    return parser.parse_args()


def cold(asked: argparse.Namespace, programs: Path) -> bool:
    """Time the first index of distributed in a fresh clone; print, and return whether the bars are kept."""
    with tempfile.TemporaryDirectory(prefix="labgate-bench-") as scratch:
        clone = Clone.of(bundle(data_folder(asked.data), "distributed"), Path(scratch) / "distributed.git")
        # A bundle names no default branch: without one there is no trunk, and no range to squash.
        clone.git("symbolic-ref", "HEAD", "refs/heads/main")
        oids = clone.lines("rev-list", "--no-merges", f"--glob={SOURCES}", "--not", "refs/heads/main")
        listed = Path(scratch) / "commits"
        listed.write_text("".join(f"{oid}\n" for oid in oids), encoding="ascii")
        cases = cold_cases(clone, listed, programs)
        base, index = cases[0], cases[-1]
        timings = Timings(cases)
        timings.run(asked.rounds, clone.env)
        megabytes = peak_memory(index, clone.env)
        links = int(clone.git("rev-list", "--count", "--first-parent", "refs/heads/main"))
        print(
            f"Cold index: {len(oids)} commits of sources, {links} of main's first-parent chain; {asked.rounds} rounds"
        )
        print("Ratios are to the first row, that of the whole index to the row above it.\n")
        print(timings.table(base))
        alone, cpu = timings.ratio(index, base), timings.cpu_ratio(index, base)
        print(f"the whole index beside the sources alone: {alone:.2f}, cpu {cpu:.2f}")
        print(f"index: {clone.index_bytes() / 1e6:.1f} MB")
        print(f"{_memory(megabytes)}\n")
    return not timings.missed(base) and megabytes <= MEMORY_BAR


def cold_cases(clone: Clone, listed: Path, programs: Path) -> list[Case]:
    """Return what is timed: patch ids of the sources, exact ids, patch ids of all that an index reads, the index.

    ``listed`` holds the commits of the sources. Beyond both patch ids an index reads the sources' merges, and each of
    them as a whole.
    """
    log = f"git log -p --no-merges --glob='{SOURCES}' --not refs/heads/main"
    # On the chain a merge stands for its diff to the first parent, as in the index.
    chain = "git log -p --first-parent --diff-merges=first-parent refs/heads/main"
    ids = "git patch-id --stable"
    exact = (str(programs / "python"), str(Path(__file__).parent / "tracing" / "exact.py"))
    rebuild = (str(programs / "labgate"), "index", "rebuild", "--sources", SOURCES)
    both = Case(f"git log -p | {ids}, sources and main", ("sh", "-c", f"{{ {log}; {chain}; }} | {ids}"), cwd=clone.path)

    def forget() -> None:
        shutil.rmtree(clone.path / "labgate", ignore_errors=True)

    return [
        Case(f"git log -p | {ids}, sources", ("sh", "-c", f"{log} | {ids}"), cwd=clone.path),
        Case("exact ids of sources, in process", exact, cwd=clone.path, stdin=str(listed), bar=EXACT_BAR),
        both,
        Case("labgate index rebuild", rebuild, cwd=clone.path, bar=WHOLE_BAR, before=forget, beside=both),
    ]


def push(asked: argparse.Namespace, programs: Path, size: large.Size = large.CONTRACT, bar: float = PUSH_BAR) -> bool:
    """Time the native pre-push hook in a large repository; print, and return whether the bars are kept."""
    made = large.repository(asked.cache, size)
    env = clean_environment()
    line = made.path.parent / "push-line"
    line.write_text(f"{made.branch} {made.new} refs/heads/main {made.old}\n", encoding="ascii")
    known = f"git rev-list {made.old}..{made.new}; {programs / 'python'} -c pass; git rev-parse HEAD"
    hook = (str(programs / "labgate-hook"), "pre-push", "--native", "origin", str(made.remote))
    base = Case("git rev-list of the range; B", ("sh", "-c", known), cwd=made.path)
    check = Case("labgate-hook pre-push", hook, stdin=str(line), cwd=made.path, bar=bar)
    timings = Timings([base, check])
    timings.run(asked.rounds, env)
    megabytes = peak_memory(check, env)
    print(f"Push of {large.PUSHED} commits, {size.branches} research branches, {size.commits} commits on main\n")
    print(timings.table(base))
    print(f"{_memory(megabytes)}\n")
    return not timings.missed(base) and megabytes <= MEMORY_BAR


def trace(asked: argparse.Namespace, programs: Path) -> bool:
    """Time a warm ``labgate trace -``; print, and return whether the bars are kept."""
    clone = _distributed(asked)
    case, count = _trace_case(asked, programs, clone)
    pipe = "git log -p --no-walk=unsorted --stdin | git patch-id --stable"
    base = Case("git log -p | git patch-id --stable", ("sh", "-c", pipe), stdin=case.stdin, cwd=clone.path)
    timings = Timings([base, case])
    timings.run(asked.rounds, clone.env)
    megabytes = peak_memory(case, clone.env)
    seconds = 1000 * _median(timings, case) / count
    kept = seconds <= TRACE_BAR and megabytes <= MEMORY_BAR
    print(f"Trace of {count} commits, {_documents(programs, clone)} documents of research in the index\n")
    print(timings.table(base))
    print(f"{seconds:.2f} s / 1000 commits; <= {TRACE_BAR:g}: {'kept' if seconds <= TRACE_BAR else 'MISSED'}")
    print(f"{_memory(megabytes)}\n")
    return kept


def _distributed(asked: argparse.Namespace) -> Clone:
    """Return a clone of distributed that only this benchmark uses: an index keeps whatever was ever compared."""
    return Clone.of(bundle(data_folder(asked.data), "distributed"), asked.cache / "distributed-traced.git")


def _documents(programs: Path, clone: Clone) -> int:
    """Return the number of documents in the index of a clone."""
    argv = (str(programs / "labgate"), "index", "status", "--format", "json")
    done = subprocess.run(argv, cwd=clone.path, env=clone.env, stdout=subprocess.PIPE, check=True)
    return int(json.loads(done.stdout)["documents"])


def _trace_case(asked: argparse.Namespace, programs: Path, clone: Clone) -> tuple[Case, int]:
    """Return a trace of labelled commits of distributed in a clone of it, and how many they are."""
    labels = read_labels(data_folder(asked.data) / "derivation", "distributed")
    commits = [*labels.positive, *labels.negative][:TRACED]
    revisions = asked.cache / "revisions"
    revisions.write_text("".join(f"{commit}\n" for commit in commits), encoding="ascii")
    argv = (str(programs / "labgate"), "trace", "--format", "jsonl", "--sources", SOURCES, "-")
    return Case(f"labgate trace - ({len(commits)} commits)", argv, stdin=str(revisions), cwd=clone.path), len(commits)


def left_out(asked: argparse.Namespace, programs: Path) -> bool:
    """Trace in a clone without large blobs, offline; print, and return whether the bars are kept."""
    whole = _distributed(asked)
    with tempfile.TemporaryDirectory(prefix="labgate-bench-") as scratch:
        clone = Clone(Path(scratch) / "partial.git")
        whole.git("config", "uploadpack.allowFilter", "true")
        command = ("git", "clone", "--quiet", "--mirror", "--no-local", FILTER, f"file://{whole.path}", str(clone.path))
        subprocess.run(command, env=clean_environment(), check=True)
        clone.write_graph()
        cases = [_trace_case(asked, programs, one)[0] for one in (whole, clone)]
        rows = [_rows(case, one.env) for case, one in zip(cases, (whole, clone), strict=True)]
        megabytes = peak_memory(cases[1], clone.env)
    differing = [(one, other) for one, other in zip(*rows, strict=True) if one != other]
    unknown = sum(other["undecidable"] for _, other in differing)
    invented = sum(other["derived"] and not one["derived"] for one, other in differing)
    print(f"Trace of {len(rows[0])} commits in a clone with {FILTER}, offline: {unknown} undecidable,")
    print(f"{len(differing) - unknown} with less evidence, as a branch is not all here; derived only here: {invented}")
    print(f"{_memory(megabytes)}\n")
    return not invented and megabytes <= MEMORY_BAR


def _rows(case: Case, env: dict[str, str]) -> list[dict[str, Any]]:
    with open(case.stdin, "rb") as stdin:
        done = subprocess.run(case.argv, cwd=case.cwd, env=env, stdin=stdin, stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def audit(asked: argparse.Namespace, programs: Path) -> bool:
    """Time audits of few and of more landings with 200,000 commits; print, and return whether the bars are kept."""
    made = large.repository(asked.cache, large.COMMITS)
    labgate = str(programs / "labgate")
    cases = [
        Case(
            f"labgate audit, {count} landings",
            (labgate, "audit", "main", "--since", f"origin/main~{count}", "--offline"),
            cwd=made.path,
        )
        for count in AUDITED
    ]
    env = clean_environment()
    timings = Timings(cases)
    timings.run(asked.rounds, env)
    megabytes = max(peak_memory(case, env) for case in cases)
    print(f"Audit of main, {large.COMMITS.branches} research branches, {large.COMMITS.commits} commits on main\n")
    print(timings.table(cases[0]))
    print(f"{_memory(megabytes)}\n")
    return megabytes <= MEMORY_BAR


def peak_memory(case: Case, env: dict[str, str]) -> float:
    """Return the peak resident memory of a command, or of the largest process that it waited for, in MB."""
    with open(case.stdin, "rb") as stdin:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _PEAK, *case.argv],
            cwd=case.cwd,
            env=env,
            stdin=stdin,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=True,
        )
    status, peak = map(int, done.stderr.splitlines()[-1].split())
    if status != case.expected:
        sys.exit(f"{case.name}: exit status {status}, not {case.expected}\n{done.stderr.decode(errors='replace')}")
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def _memory(megabytes: float) -> str:
    return f"peak memory: {megabytes:.0f} MB; <= {MEMORY_BAR}: {'kept' if megabytes <= MEMORY_BAR else 'MISSED'}"


def _median(timings: Timings, case: Case) -> float:
    return statistics.median(taken.wall for taken in timings.taken[case.name])


if __name__ == "__main__":
    sys.exit(main())
