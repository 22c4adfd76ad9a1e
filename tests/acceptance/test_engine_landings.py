"""What really landed on main is judged as it lands: nothing crashes, and nothing is called research that is not."""

from __future__ import annotations

import json
import sys

import pytest

from support.landings import Landings
from support.memory import peak_memory
from support.verdicts import schema

#: One landing in this many is judged here; benchmarks/landings.py judges them all.
EVERY = 12


@pytest.fixture(scope="module")
def landings(tmp_path_factory: pytest.TempPathFactory) -> Landings:
    return Landings(tmp_path_factory.mktemp("landings"))


def test_the_history_is_whole(landings: Landings) -> None:
    assert len(landings.all) == 371
    assert 1 < landings.cut < 100
    repo = landings.repo
    old, new = "refs/old/main", landings.all[-1].after
    assert repo.git("log", "--format=%an%ae%at%cn%ce%ct%B", old) == repo.git(
        "log", "--format=%an%ae%at%cn%ce%ct%B", new
    )
    assert repo.git("diff", "--name-status", old, new) == "A\tlabgate.toml"


@pytest.mark.parametrize("offset", range(3), ids=["first", "second", "third"])
def test_no_landing_is_called_research_and_none_cannot_be_judged(landings: Landings, offset: int) -> None:
    judged = [landing for landing in landings.all if landing.number % EVERY == offset * EVERY // 3]
    for landing in judged:
        said = landings.repo.labgate(*landings.stand_before(landing))
        report = json.loads(said.out)
        schema().validate(report)
        rules = {finding["rule"] for finding in report["findings"]}
        assert said.status == (1 if any(item["level"] == "error" for item in report["findings"]) else 0), said.text
        assert rules <= {"LG401", "LG402", "LG403", "LG404"}, (landing, rules)
    assert len(judged) > 25


def test_the_research_itself_would_be_found_at_any_time_since_it_was_cut(landings: Landings) -> None:
    for landing in landings.all[landings.cut :: 60]:
        arguments = landings.stand_before(landing)
        research = landings.repo.head("refs/remotes/origin/research/pr-72")
        said = landings.repo.labgate(*arguments[:4], research, *arguments[5:], status=1)
        (finding,) = (item for item in json.loads(said.out)["findings"] if item["rule"] == "LG201")
        assert len(finding["commits"]) == 8


def test_one_landing_takes_little_memory(landings: Landings) -> None:
    """The peak of labgate and of each git that it starts."""
    largest = max(
        landings.all, key=lambda landing: len(landings.repo.git("diff", "--raw", landing.before, landing.after))
    )
    arguments = landings.stand_before(largest)
    status, megabytes = peak_memory(landings.repo, [sys.executable, "-m", "labgate", *arguments])
    assert status in (0, 1)
    assert 5 < megabytes <= 150
