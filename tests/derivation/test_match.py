"""What a commit shares with research: exactly, alike, and when that proves nothing."""

from __future__ import annotations

import pytest

from support.generated import TABLE
from support.provenance import code, decisive, trace
from support.repo import Repo
from support.templates import prepared

X = "refs/heads/research/x"


def evidence(repo: Repo, revision: str = "main") -> list[tuple[str, bool, str | None]]:
    return [(item.method, item.decisive, item.hint) for item in trace(repo, revision).evidence]


@prepared
def team(repo: Repo) -> Repo:
    """Main, and a research branch with one commit of one file."""
    repo.commit("Start", {"a.py": code("alpha", "beta")})
    repo.branch("research/x").commit("Research", {"r.py": code("gamma", "delta")})
    repo.checkout("main").commit("Own work", {"m.py": code("own")})
    return repo


def test_a_picked_commit_is_found_with_its_source(team: Repo) -> None:
    team.git("cherry-pick", "research/x")
    assert decisive(trace(team)) == [("patch-id", X, (team.head("research/x"),))]
    (item,) = trace(team).evidence
    assert (item.score, item.matched_lines, item.paths) == (1.0, 11, ("r.py",))
    assert item.commits == (team.head(),)


def test_a_branch_squashed_is_found_with_its_commits(team: Repo) -> None:
    team.checkout("research/x").commit("More", {"s.py": code("zeta")})
    team.checkout("main").git("merge", "--squash", "research/x")
    team.commit("Squashed")
    ((method, ref, commits),) = decisive(trace(team))
    assert (method, ref) == ("squash", X)
    assert set(commits) == {team.head("research/x"), team.head("research/x~1")}


def test_the_same_code_with_other_notes_is_the_same_code(team: Repo) -> None:
    team.checkout("research/x").commit("With notes", {"r.py": code("gamma", "zeta"), "CHANGES.md": "- zeta, at last\n"})
    team.checkout("main").commit("First half", {"r.py": code("gamma", "delta")})
    team.commit("Without", {"r.py": code("gamma", "zeta"), "NEWS.md": "- another text\n"})
    assert decisive(trace(team)) == [("patch-id", X, (team.head("research/x"),))]


def test_a_file_taken_whole_is_found_by_what_it_is(team: Repo) -> None:
    team.checkout("research/x").commit("More of it", {"r.py": code("gamma", "delta", "zeta", "theta")})
    team.checkout("main").git("checkout", "research/x", "--", "r.py")
    team.commit("Take it", {"m.py": code("own", "work", "beside", "it")})
    found = trace(team)
    assert found.derived
    assert "blob" in {item.method for item in found.evidence if item.decisive} | {"squash"}
    assert {item.source_ref for item in found.evidence} == {X}


def test_edited_code_is_alike_and_says_why(team: Repo) -> None:
    text = code("gamma", "delta").replace("* 3", "* 7").replace("limit]", "bound]")
    team.commit("Rewritten", {"r.py": text})
    (item,) = trace(team).evidence
    assert (item.method, item.decisive, item.source_ref) == ("similarity", True, X)
    assert item.score >= 6
    assert item.score == pytest.approx(sum(value for _, value in item.terms), abs=0.05)
    assert item.terms == tuple(sorted(item.terms, key=lambda term: -term[1]))
    assert 0 < (item.matched_lines or 0) < 10


def test_other_code_in_the_same_place_is_not_alike(team: Repo) -> None:
    team.commit("Something else", {"r.py": "class Reader:\n    def read(self, source):\n        yield from source\n"})
    assert trace(team).evidence == ()


def test_what_main_had_first_proves_nothing(team: Repo) -> None:
    landed = team.commit("The same, first", {"r.py": code("gamma", "delta")})
    team.git("rm", "--quiet", "r.py")
    team.commit("Away")
    team.commit("And back", {"r.py": code("gamma", "delta")})
    assert team.head() != landed
    assert decisive(trace(team)) == []
    assert ("patch-id", False, "landed-first") in evidence(team)


def test_a_revert_of_landed_work_proves_nothing(team: Repo) -> None:
    """Research was cut when main had the old text, so its own revert is alike; the old state is nobody's new work."""
    team.commit("Change", {"a.py": code("alpha", "beta").replace("* 3", "* 5")})
    team.branch("research/y").commit("Undo", {"a.py": code("alpha", "beta")})
    team.checkout("main").git("revert", "--no-commit", "HEAD")
    team.commit("Take it back")
    assert decisive(trace(team)) == []
    assert ("patch-id", False, "landed-first") in evidence(team)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"requirements.txt": "numpy==1\n"}, {"requirements.txt": "numpy==2\n"}),
        ({"poetry.lock": "numpy 1\n"}, {"poetry.lock": "numpy 2\n"}),
        ({"vendor/a.py": "x = 1\n"}, {"vendor/a.py": code("vendored")}),
        ({"b.py": code("beta")}, {"b.py": "# Copyright 2024 Us\n# Licensed to you\n" + code("beta")}),
        ({"c.yaml": "torch: '2.1'\n"}, {"c.yaml": "torch: '2.2'\n"}),
        ({"b.py": code("beta")}, {"d.py": TABLE}),
    ],
    ids=["a version", "a lock file", "vendored code", "a licence header", "a version in settings", "generated code"],
)
def test_the_same_mechanical_change_on_both_sides_proves_nothing(
    repo: Repo, before: dict[str, str], after: dict[str, str]
) -> None:
    repo.commit("Start", before)
    repo.branch("research/x").commit("Raise it in research", after)
    repo.checkout("main").commit("Raise it here", after)
    found = trace(repo)
    assert not found.derived
    assert [item.hint for item in found.evidence if item.method == "patch-id"] == ["noise-only"]


@pytest.mark.parametrize(("title", "proved"), [("Raise numpy (#7)", True), ("Raise numpy and scipy (#7)", False)])
@pytest.mark.parametrize("more", ["a commit", "a merge of main"])
def test_raised_versions_that_land_under_the_title_of_their_branch_prove_it(
    repo: Repo, title: str, more: str, *, proved: bool
) -> None:
    repo.commit("Start", {"requirements.txt": "numpy==1\nscipy==1\n"})
    repo.branch("research/x").commit("Raise numpy", {"requirements.txt": "numpy==2\nscipy==1\n"})
    repo.checkout("main").commit("Own work", {"m.py": code("own")})
    repo.checkout("research/x")
    if more == "a commit":
        repo.commit("And another", {"requirements.txt": "numpy==2\nscipy==2\n"})
    else:
        repo.git("merge", "--quiet", "--no-edit", "main")
    raised = (repo.path / "requirements.txt").read_text()
    repo.checkout("main").commit(title, {"requirements.txt": raised}, GIT_AUTHOR_NAME="Lin")
    assert trace(repo).derived == proved


def test_the_same_values_of_an_experiment_prove_it(repo: Repo) -> None:
    before = "model:\n  width: 64\n  rate: 0.1\n  epochs: 30\n"
    repo.commit("Start", {"conf/model.yaml": before})
    repo.branch("research/x").commit("Slower", {"conf/model.yaml": before.replace("0.1", "0.05").replace("30", "90")})
    repo.checkout("main").commit("Own work", {"m.py": code("own")})
    repo.git("cherry-pick", "research/x")
    assert decisive(trace(repo)) == [("patch-id", X, (repo.head("research/x"),))]


@pytest.mark.parametrize("merged", [False, True], ids=["a commit", "a merge that adds it"])
def test_a_generators_mark_does_not_hide_a_copy(team: Repo, *, merged: bool) -> None:
    """The mark counts in research, where it hides nothing from anybody."""
    marked = {"r.py": "# Code generated by a tool. DO NOT EDIT.\n" + code("gamma", "delta")}
    if merged:
        team.git("switch", "--quiet", "--create", "topic", "main~1")
        team.commit("Topic", {"t.py": code("topic")})
        team.checkout("main").git("merge", "--quiet", "--no-ff", "--no-commit", "topic")
    team.commit("Generated, it says", marked)
    found = trace(team, exclude=team.head("main~1")) if merged else trace(team)
    assert [(item.method, item.decisive, item.source_ref) for item in found.evidence] == [("similarity", True, X)]


def test_what_is_too_small_to_judge_is_said(team: Repo) -> None:
    team.commit("Tiny", {"m.py": code("own") + ")\n"})
    assert trace(team).undecidable
    team.commit("Large", {"n.py": code("large", "enough", "to", "judge")})
    assert not trace(team).undecidable
    team.commit("Empty")
    assert not trace(team).undecidable


@pytest.mark.parametrize("method", ["patch-id", "squash", "blob", "similarity"])
def test_methods_can_be_left_out(team: Repo, method: str) -> None:
    team.git("cherry-pick", "research/x")
    found = trace(team, methods=frozenset({method}))
    assert found.derived
    assert {item.method for item in found.evidence} <= {method, "patch-id" if method == "squash" else method}
    assert not trace(team, methods=frozenset({"ancestry"})).evidence
