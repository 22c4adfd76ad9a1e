"""Push real landings one by one through the native hook, and print what was found and who was accused.

Usage: python benchmarks/replay.py [--repo NAME ...] [--last N] [--show]

The last landings of a repository whose pull request's commits are known are pushed to a bare remote in their order.
Every third pull request is ``research/pr-N``, the others are ``feature/pr-N``; a branch is on the remote from the date
of its last commit on. A topic branch is deleted when it has landed, a research branch stays. Half of the research
landings have a review marker. Between them main moves without a hook. The clone that pushes fetches before each push,
as a maintainer's does.

Printed: unmarked research found, marked research that was reported, and false reports on topics, each per 100. A report
on a topic is false only on reading: ``--show`` prints each. Exit status: 1 when a bar is missed, 2 without data.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from tracing.labels import NoDataError, bundle, data_folder

from support.repo import Repo, Result
from support.rewriting import with_policy

REPOSITORIES = ("sdg", "black", "distributed")
POLICY = """\
version = 1
trunk = "main"
[kinds.protected]
names = ["main"]
[kinds.research]
names = ["research/{topic}"]
[kinds.topic]
names = ["feature/{slug}"]
[reviews.people.lin]
emails = ["lin@example.org"]
[reviews.people.ada]
emails = ["ada@example.org"]
"""
MARKER = "Reviewed-by: Lin <lin@example.org>"
#: The share of unmarked research that must be found, in percent.
FOUND_BAR = 98.0
#: How a pull request's number stands in the subject of its landing, as GitHub writes it.
NUMBER = re.compile(r"\(#(\d+)\)$|^Merge pull request #(\d+) ")
REVIEW_RULES = ("LG201", "LG202", "LG203", "LG204", "LG205")
HEADS = ("refs/pull/{}/head", "refs/bench/full/{}")


@dataclass(frozen=True)
class Landing:
    """What landed at once: main ``before`` and ``after``, the pull request and its last commit."""

    before: str
    after: str
    number: int
    head: str
    branch: str
    marked: bool

    @property
    def is_research(self) -> bool:
        return self.branch.startswith("research/")


@dataclass(frozen=True)
class Verdict:
    """What the hook said of a landing: its rules, its exit status, its text, and how many seconds it took."""

    landing: Landing
    result: Result
    seconds: float

    @property
    def rules(self) -> frozenset[str]:
        return frozenset(re.findall(r"\bLG\d{3}\b", self.result.err))


def main() -> int:
    """Replay, print, and return the exit status."""
    parser = argparse.ArgumentParser(description="Push real landings one by one through the native hook.")
    parser.add_argument("--repo", action="append", choices=REPOSITORIES, help="this repository only; may be repeated")
    parser.add_argument("--last", type=int, default=150, metavar="N", help="how many landings (default: 150)")
    parser.add_argument("--data", type=Path, help="the folder of the bundles (default: LABGATE_TEST_DATA)")
    parser.add_argument("--show", action="store_true", help="print what was said of each landing")
    asked = parser.parse_args()
    verdicts: list[Verdict] = []
    for name in asked.repo or REPOSITORIES:
        try:
            path = bundle(data_folder(asked.data), name)
        except NoDataError as error:
            print(f"{name}: not measured: {error}", file=sys.stderr)
            continue
        with tempfile.TemporaryDirectory() as folder:
            verdicts += summed(name, Replay(Path(folder), path, asked.last).run(), show=asked.show)
    if not verdicts:
        print("nothing was measured", file=sys.stderr)
        return 2
    return 0 if summary("all", verdicts) else 1


class Replay:
    """A remote, a clone with the native hook, and the landings to push, in their order."""

    def __init__(self, folder: Path, data: Path, last: int) -> None:
        self.store = Repo.init(folder / "store", "--bare")
        self.store.git("fetch", "--quiet", "--no-tags", str(data), "+refs/*:refs/old/*")
        chosen = self._chosen(last)
        open_heads = self._open_heads(chosen)
        marks = {landing.after: MARKER for landing in chosen if landing.marked}
        refs = [self._main(), *{landing.head for landing in chosen}, *open_heads.values()]
        new = with_policy(self.store, refs, POLICY, marks)
        self.chain = [new[oid] for oid in self._first_parents()]
        self.landings = [
            Landing(new[one.before], new[one.after], one.number, new[one.head], one.branch, one.marked)
            for one in chosen
        ]
        heads = {one.branch: one.head for one in self.landings}
        heads |= {branch: new[head] for branch, head in open_heads.items()}
        self.dated = sorted((self._date(head), branch, head) for branch, head in heads.items())
        self.server = self._sharing(folder / "server.git", "--bare")
        self.clone = self._sharing(folder / "clone")
        self.clone.git("remote", "add", "origin", str(self.server.path))

    def _sharing(self, path: Path, *options: str) -> Repo:
        """Make a repository that has the objects of the store, so that no push has to move any."""
        repo = Repo.init(path, *options)
        alternates = path / ("objects" if options else ".git/objects") / "info" / "alternates"
        alternates.write_text(f"{self.store.path}/objects\n", encoding="utf-8")
        return repo

    def _main(self) -> str:
        names = self.store.git("for-each-ref", "--format=%(refname)", "refs/old/heads").split()
        return next(name for name in names if name.endswith(("/main", "/master")))

    def _first_parents(self) -> list[str]:
        return self.store.git("rev-list", "--first-parent", "--reverse", self._main()).split()

    def _head(self, number: int) -> str | None:
        """Return the last commit of a pull request, ``None`` where the bundle does not have it."""
        for pattern in HEADS:
            name = "refs/old/" + pattern.format(number).removeprefix("refs/")
            found = self.store.run("git", "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", status=None)
            if found.status == 0:
                return found.out.strip()
        return None

    def _chosen(self, last: int) -> list[Landing]:
        """Return the last landings whose pull request is known, oldest first."""
        lines = self.store.git("log", "--first-parent", "--format=%H %P%x09%s", self._main()).splitlines()
        found: list[tuple[str, str, int, str]] = []
        for line in lines:
            oids, _, subject = line.partition("\t")
            number = next((int(one or two) for one, two in NUMBER.findall(subject)), None)
            head = None if number is None else self._head(number)
            if number is not None and head is not None and len(oids.split()) > 1:
                after, before = oids.split()[:2]
                found.append((before, after, number, head))
            if len(found) == last:
                break
        found.reverse()
        landings: list[Landing] = []
        research = 0
        for place, (before, after, number, head) in enumerate(found):
            research += place % 3 == 0
            branch = f"{'research' if place % 3 == 0 else 'feature'}/pr-{number}"
            landings.append(Landing(before, after, number, head, branch, place % 3 == 0 and research % 2 == 0))
        return landings

    def _open_heads(self, chosen: Sequence[Landing]) -> dict[str, str]:
        """Return the pull requests that never landed, by the branch that each stands for: every third is research."""
        subjects = self.store.git("log", "--format=%s", self._main()).splitlines()
        landed = {int(one or two) for subject in subjects for one, two in NUMBER.findall(subject)}
        landed |= {one.number for one in chosen}
        reached = set(self.store.git("rev-list", self._main()).split())
        names = self.store.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/old").splitlines()
        heads: dict[str, str] = {}
        for name, oid in (line.split() for line in names):
            matched = re.fullmatch(r"refs/old/(?:pull/(\d+)/head|bench/full/(\d+))", name)
            number = None if matched is None else int(matched.group(1) or matched.group(2))
            if number is not None and number not in landed and oid not in reached:
                heads[f"{'research' if len(heads) % 3 == 0 else 'feature'}/pr-{number}"] = oid
        return heads

    def _date(self, oid: str) -> int:
        return int(self.store.git("log", "-1", "--format=%ct", oid))

    def run(self) -> list[Verdict]:
        """Push each landing through the hook, and land it whatever the hook said."""
        self.server.git("update-ref", "refs/heads/main", self.landings[0].before)
        self.clone.git("fetch", "--quiet", "origin")
        self.clone.git("remote", "set-head", "origin", "main")
        done = self.clone.run(sys.executable, "-m", "labgate", "install", status=None)
        if done.status:
            msg = f"labgate install: exit {done.status}\n{done.text}"
            raise SystemExit(msg)
        return [self._land(landing) for landing in self.landings]

    def _land(self, landing: Landing) -> Verdict:
        self._open_until(self._date(landing.after), landing)
        self.server.git("update-ref", "refs/heads/main", landing.before)
        self.clone.git("fetch", "--quiet", "--prune", "origin")
        start = time.perf_counter()
        result = self.clone.run("git", "push", "--quiet", "origin", f"{landing.after}:refs/heads/main", status=None)
        seconds = time.perf_counter() - start
        self.server.git("update-ref", "refs/heads/main", landing.after)
        if not landing.is_research:
            self.server.git("update-ref", "-d", f"refs/heads/{landing.branch}")
        return Verdict(landing, result, seconds)

    def _open_until(self, date: int, landing: Landing) -> None:
        """Create the branches that were there at a date, in seconds since the epoch, and the landing's own."""
        due = [entry for entry in self.dated if entry[0] <= date or entry[1] == landing.branch]
        self.dated = [entry for entry in self.dated if entry not in due]
        lines = "".join(f"create refs/heads/{branch} {head}\n" for _, branch, head in due)
        self.server.git("update-ref", "--stdin", stdin=lines)


def summed(name: str, verdicts: list[Verdict], *, show: bool) -> list[Verdict]:
    """Print one repository's results and return them."""
    for verdict in verdicts:
        if (show and verdict.rules) or (verdict.result.status and not verdict.rules):
            landing = verdict.landing
            marked = " (marked)" if landing.marked else ""
            print(f"-- {name} {landing.branch}{marked} {landing.after[:12]}: exit {verdict.result.status}")
            print(verdict.result.err.rstrip())
    summary(name, verdicts)
    return verdicts


def summary(name: str, verdicts: Sequence[Verdict]) -> bool:
    """Print the rates, and return whether the bars are met."""
    unmarked = [one for one in verdicts if one.landing.is_research and not one.landing.marked]
    marked = [one for one in verdicts if one.landing.marked]
    topics = [one for one in verdicts if not one.landing.is_research]
    found = rate(unmarked, ("LG201", "LG202"))
    print(f"{name}: {len(verdicts)} landings")
    print(f"  {len(unmarked)} unmarked research, found: {found:.1f} % (bar {FOUND_BAR:.0f}),", end=" ")
    print(f"by LG201 alone {rate(unmarked, ('LG201',)):.1f} %")
    print(f"  {len(marked)} marked research, reported: {rate(marked, REVIEW_RULES):.1f} % (bar 0)")
    print(f"  {len(topics)} topics, per 100:", end=" ")
    print(f"LG201 {rate(topics, ('LG201',)):.2f}, LG202 {rate(topics, ('LG202',)):.2f} (read each: --show)")
    undecided = [one for one in verdicts if one.result.status and not one.rules]
    seconds = sorted(one.seconds for one in verdicts)
    print(f"  failed without a finding: {len(undecided)};", end=" ")
    print(f"a push {seconds[len(seconds) // 2]:.2f} s, at most {seconds[-1]:.2f} s")
    return found >= FOUND_BAR and not rate(marked, ("LG201",)) and not rate(topics, ("LG201",)) and not undecided


def rate(verdicts: Iterable[Verdict], rules: Sequence[str]) -> float:
    """Return how many of 100 landings have a finding of one of these rules."""
    listed = list(verdicts)
    return 100 * sum(not one.rules.isdisjoint(rules) for one in listed) / (len(listed) or 1)


if __name__ == "__main__":
    sys.exit(main())
