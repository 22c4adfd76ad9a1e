"""instructlab/sdg: every pull request is a research branch, and what was merged is shown as landed."""

from __future__ import annotations

import json
import re
import resource
import shutil
from pathlib import Path
from typing import Any

import pytest

from support.data import bundle
from support.memory import peak_memory
from support.repo import Repo
from support.standing import POLICY, schema

#: Seconds of processor time for a clone that knows nothing yet, and for one that knows all; both were asked for of two
#: idle cores, where the first one uses one of them most of the time.
COLD, WARM = 20.0, 2.0
#: MB of the largest process.
MEMORY = 150
#: How GitHub writes the number of what it merges into the subject.
NUMBER = re.compile(r"\(#(\d+)\)$|^Merge pull request #(\d+) ", re.MULTILINE)


@pytest.fixture(scope="module")
def sdg(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """All of sdg; the policy stands on top of main."""
    repo = Repo.init(tmp_path_factory.mktemp("sdg") / "sdg")
    repo.with_remote()
    refspecs = ("+refs/heads/main:refs/heads/main", "+refs/pull/*/head:refs/remotes/origin/research/pr-*")
    repo.git("fetch", "--quiet", "--update-head-ok", str(bundle("sdg.bundle")), *refspecs)
    repo.git("reset", "--quiet", "--hard")
    repo.clock = int(repo.git("log", "-1", "--format=%ct")) + 60
    repo.commit("Ask for reviews", {"labgate.toml": POLICY})
    repo.git("update-ref", "refs/remotes/origin/main", "main")
    return repo


def spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


ASK = ("status", "--all", "--format", "json")


def asked(repo: Repo) -> tuple[dict[str, Any], float]:
    """Return the JSON of all branches, and the processor time that it took."""
    begun = spent()
    said = repo.labgate(*ASK, status=0)
    return valid(said.out), spent() - begun


def valid(text: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(text)
    schema().validate(report)
    for row in report["branches"]:
        del row["age"]["days"]  # a new day may begin for one of them
    return report


def test_every_merged_pull_request_has_landed_in_time_and_little_memory(sdg: Repo, tmp_path: Path) -> None:
    shutil.rmtree(sdg.path / ".git" / "labgate", ignore_errors=True)
    program = shutil.which("labgate", path=sdg.env["PATH"])
    assert program is not None
    begun = spent()
    status, peak = peak_memory(sdg, [program, *ASK], tmp_path / "cold.json")
    first = spent() - begun
    assert (status, peak < MEMORY) == (0, True), peak
    cold = valid((tmp_path / "cold.json").read_text(encoding="utf-8"))
    warm, second = asked(sdg)
    assert first < COLD
    assert second < WARM
    assert warm == cold
    found = {int(row["ref"].rpartition("-")[2]): row for row in cold["branches"]}
    heads = sdg.git("for-each-ref", "--format=%(refname)", "refs/remotes/origin/research").split()
    assert len(found) == len(heads) == 496
    merged = {int(one or two) for one, two in NUMBER.findall(sdg.git("log", "--format=%s", "main"))} & found.keys()
    assert len(merged) > 340
    partly = {number: found[number]["landed"] for number in merged if not whole(found[number])}
    assert partly == {}


def whole(row: dict[str, Any]) -> bool:
    landed = row["landed"]
    return bool(landed["commits"] == landed["of"] > 0)


def test_ahead_behind_and_conflicts_are_those_of_git(sdg: Repo) -> None:
    rows = asked(sdg)[0]["branches"]
    for row in rows[::25]:
        asks = ("rev-list", "--count", "--left-right", f"{row['ref']}...main")
        ahead, behind = map(int, sdg.git(*asks).split())
        assert (row["ahead"], row["behind"]) == (ahead, behind)


def test_a_trunk_that_moves_costs_what_is_new(sdg: Repo) -> None:
    picked = next(row for row in asked(sdg)[0]["branches"] if row["landed"]["commits"] == 0 and row["ahead"] == 1)
    sdg.git("commit", "--quiet", "--allow-empty", "--message", "Go on")
    sdg.git("update-ref", "refs/remotes/origin/main", "main")
    moved, seconds = asked(sdg)
    assert seconds < COLD / 2
    after = next(row for row in moved["branches"] if row["ref"] == picked["ref"])
    assert (after["behind"], after["landed"]) == (picked["behind"] + 1, picked["landed"])
