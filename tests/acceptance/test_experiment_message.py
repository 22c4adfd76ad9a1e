"""The message of a commit names the code of the records in it: an earlier, pinned commit, through every rewrite."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.repo import Repo
from support.runs import METRICS, code, laboratory, record, train

BRANCH = "experiment--ranker--wide"


@pytest.fixture
def lab(tmp_path: Path) -> Repo:
    repo = laboratory(tmp_path)
    repo.labgate("install", status=0)
    return repo


def trailers(lab: Repo, revision: str = "HEAD") -> list[str]:
    form = "--format=%(trailers:key=Experiment-Commit,key=Experiment,only=true,unfold=true)"
    return lab.git("log", "-1", form, revision).splitlines()


def commit(lab: Repo, *options: str) -> None:
    lab.git("add", "--all", "--force", "experiments")
    lab.run("git", "commit", "--quiet", *(options or ("--message", "Measure")))


def test_a_record_s_code_is_named_and_stays_through_rewrites(lab: Repo) -> None:
    lab.write({"model.py": "VALUE = 2\n"})
    train(lab)
    oid = code(record(lab))
    commit(lab)
    expected = ["Experiment: ranker/wide", f"Experiment-Commit: {oid}"]
    assert trailers(lab) == expected
    lab.run("git", "commit", "--quiet", "--amend", "--no-edit")
    lab.run("git", "rebase", "--quiet", "--force-rebase", "HEAD~1", "--autostash")
    assert trailers(lab) == expected


def test_from_an_editor_and_beside_other_trailers(lab: Repo) -> None:
    train(lab)
    lab.git("add", "--all", "--force", "experiments")
    lab.run("git", "commit", "--quiet", "--signoff", GIT_EDITOR='sh -c \'sed -i "1s/.*/Measure/" "$1"\' -')
    said = lab.git("log", "-1", "--format=%B")
    assert f"Experiment-Commit: {code(record(lab))}\n" in said
    assert said.count("Experiment-Commit") == 1
    assert trailers(lab)[0] == "Experiment: ranker/wide"


def test_five_codes_at_most_each_once(lab: Repo) -> None:
    found = []
    for number in range(6):
        lab.write({"model.py": f"VALUE = {number + 10}\n"})
        for place in ("a", "b"):
            train(lab, f"experiments/{number}{place}/metrics.json")
        found.append(code(record(lab, f"experiments/{number}a/metrics.json")))
    commit(lab)
    assert trailers(lab)[1:] == [f"Experiment-Commit: {oid}" for oid in found[:5]]


def test_on_a_research_branch(lab: Repo) -> None:
    lab.branch("research/attention")
    train(lab)
    commit(lab)
    assert trailers(lab) == [f"Experiment-Commit: {code(record(lab))}"]


@pytest.mark.parametrize("content", ["{", "{}"])
def test_a_record_that_cannot_be_used_names_nothing(lab: Repo, content: str) -> None:
    lab.write({METRICS: "{}\n", f"{METRICS}.labgate.json": content})
    commit(lab)
    assert trailers(lab) == ["Experiment: ranker/wide"]


def test_commits_without_a_new_record_name_nothing(lab: Repo) -> None:
    train(lab)
    commit(lab)
    lab.write({"model.py": "VALUE = 5\n"})
    lab.run("git", "commit", "--quiet", "--all", "--message", "More")
    assert trailers(lab) == ["Experiment: ranker/wide"]


def test_in_a_split_index(lab: Repo) -> None:
    lab.git("update-index", "--split-index")
    train(lab)
    commit(lab)
    assert trailers(lab)[1:] == [f"Experiment-Commit: {code(record(lab))}"]
