"""What becomes of evidence between where it is found and the report: over real commits, from given evidence."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from labgate.checks.collected import Collected
from labgate.checks.research_gate.check import Facts
from labgate.checks.research_gate.facts import collect
from labgate.git.refs import read_refs
from labgate.git.repository import discover
from labgate.scene.scene import Scene
from labgate.values.finding import Evidence
from labgate.values.ref_update import RefUpdate
from support.people import adopt, by, reviewed
from support.policies import parse_policy
from support.repo import Repo
from support.team import POLICY, found
from support.templates import prepared
from support.verdicts import schema

SOURCE, ORIGIN = "refs/remotes/origin/research/x", "f" * 40
GROUPS = """
[reviews]
quorum = { total = 1, groups = { core = 1 } }
[reviews.groups.core]
people = ["lin"]
paths = ["core/**"]
"""
#: Makes these evidence and these commits too small what is found of the next change.
Given = Callable[..., None]


@prepared
def team(repo: Repo) -> Repo:
    """``main`` has moved on since research was cut from it, and a feature branch is checked out."""
    found(repo).branch("research/x").commit("Try", {"try.py": "1\n"})
    repo.push("research/x")
    repo.checkout("main").commit("Go on", {"more.md": "More.\n"})
    repo.push("main")
    return repo.branch("feature/x")


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Given:
    def give(*evidence: Evidence, small: tuple[str, ...] = ()) -> None:
        seam = "labgate.checks.research_gate.gathering._Gathering._evidence"
        monkeypatch.setattr(seam, lambda _: (evidence, frozenset(small)))

    return give


def alike(*commits: str) -> Evidence:
    return Evidence("similarity", True, SOURCE, commits, (ORIGIN,), 9.0, 7, terms=(("T", 9.0),), shared=("a = 1",))


def hinted(*commits: str) -> Evidence:
    return Evidence("patch-id", False, SOURCE, commits, (ORIGIN,), hint="landed-first")


def picked(*commits: str) -> Evidence:
    return Evidence("patch-id", True, SOURCE, commits, (ORIGIN,))


def judge(repo: Repo, status: int = 0) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the one update of the report on what is checked out, and its findings."""
    report = json.loads(repo.labgate("check", "--target", "main", "--format", "json", status=status).out)
    schema().validate(report)
    (update,) = report["updates"]
    return update, report["findings"]


def found_in(findings: list[dict[str, Any]]) -> list[tuple[str, str, list[str]]]:
    return [(item["rule"], item["level"], item["commits"]) for item in findings]


def test_a_suspicion_warns_and_needs_no_review(team: Repo, given: Given) -> None:
    one = team.commit("One", {"one.py": "1\n"})
    given(alike(one))
    update, findings = judge(team)
    assert found_in(findings) == [("LG202", "warning", [one])]
    assert findings[0]["data"]["subjects"] == ["One"]
    assert (update["review"], update["outcome"]) == (None, "passed")


def test_proofs_and_suspicions_of_one_change_go_their_own_ways(team: Repo, given: Given) -> None:
    one, two, three = (team.commit(name, {f"{name}.py": f"{name}\n"}) for name in ("one", "two", "three"))
    given(picked(one), alike(two, one), hinted(three, two))
    update, findings = judge(team, status=1)
    assert found_in(findings) == [("LG201", "error", [one]), ("LG202", "warning", [two]), ("LG202", "note", [three])]
    assert [[item["commits"] for item in finding["evidence"]] for finding in findings] == [
        [[one]],
        [[two], [two]],
        [[three]],
    ]
    assert update["review"]["reached"] == "none"


def test_of_a_commit_that_brings_nothing_no_evidence_speaks(team: Repo, given: Given) -> None:
    one = team.commit("One", {"one.py": "1\n"})
    empty = team.commit("Empty")
    team.branch("feature/y", one).commit("Other", {"other.py": "1\n"})
    team.checkout("feature/x")
    merge = team.merge("feature/y", "Merge branch 'feature/y' into feature/x")
    given(alike(merge, empty, one), small=(empty, merge))
    update, findings = judge(team)
    assert found_in(findings) == [("LG202", "warning", [one]), ("LG501", "note", [empty])]
    assert update["undecidable"] == []
    given(alike(merge, empty))
    assert found_in(judge(team)[1]) == [("LG501", "note", [empty])]


def test_a_review_silences_a_suspicion(team: Repo, given: Given) -> None:
    one = team.commit("One", {"one.py": "1\n"})
    team.commit(reviewed("lin"))
    given(alike(one))
    update, findings = judge(team)
    assert (findings, update["review"]) == ([], None)


def test_a_review_by_its_author_does_not_and_is_no_self_review_yet(team: Repo, given: Given) -> None:
    one = team.commit("One", {"one.py": "1\n"}, **by("ada"))
    team.commit(reviewed("ada"))
    given(alike(one))
    update, findings = judge(team)
    assert (found_in(findings), update["review"]) == ([("LG202", "warning", [one])], None)
    assert [item["reason"] for item in findings[0]["data"]["not_counted"]] == ["self-review"]
    assert [item["person"] for item in findings[0]["data"]["reviewers"]] == ["lin"]


@pytest.mark.parametrize(("folder", "rules"), [("core", ["LG202"]), ("docs", [])])
def test_who_must_review_a_suspected_commit_depends_on_its_paths(
    team: Repo, given: Given, folder: str, rules: list[str]
) -> None:
    adopt(team, POLICY + GROUPS)
    one = team.branch("feature/z").commit("One", {f"{folder}/one.py": "1\n"})
    team.commit(reviewed("ada"))
    given(alike(one))
    assert [rule for rule, *_ in found_in(judge(team)[1])] == rules


def test_what_is_too_small_is_listed_unless_evidence_speaks_of_it(team: Repo, given: Given) -> None:
    one, two, three, four = (team.commit(name, {f"{name}.py": f"{name}\n"}) for name in ("one", "two", "three", "four"))
    given(picked(one), hinted(two), small=(one, two, three, four))
    assert judge(team, status=1)[0]["undecidable"] == [four, three]
    line = "main: research-gate: 2 commits are too small to compare with research by their text"
    assert line in team.labgate("check", "--target", "main", status=1).text


def test_what_is_too_small_fails_nothing_and_is_said_on_request(team: Repo, given: Given) -> None:
    one = team.commit("One", {"one.py": "1\n"})
    given(small=(one,))
    update, findings = judge(team)
    assert (update["undecidable"], update["outcome"], findings) == ([one], "passed", [])
    assert team.labgate("check", "--target", "main", status=0).text == ""
    assert "1 commit is too small" in team.labgate("check", "--target", "main", "--verbose", status=0).text


def test_without_evidence_nothing_is_suspected(team: Repo, given: Given) -> None:
    team.commit("One", {"one.py": "1\n"})
    given()
    update, findings = judge(team)
    assert (update["undecidable"], update["review"], findings) == ([], None, [])


# Whether it applies.

MAIN = "refs/heads/main"


def collected(repo: Repo, update: RefUpdate, **scene: Any) -> Collected:
    """Return what is collected of the push of one ref."""
    repository = discover(repo.env, str(repo.path))
    options: dict[str, Any] = {"pushing": True, "fetched": True} | scene
    refs, policy = read_refs(repository), parse_policy(POLICY, "labgate.toml")
    return collect(Scene(repository, policy, refs, "origin", None, (update,), **options), update)


def facts_of(found: Collected) -> Facts:
    (facts,) = found.facts
    assert isinstance(facts, Facts)
    return facts


@pytest.mark.parametrize("new", [True, False], ids=["moved", "deleted"])
def test_an_unprotected_ref_is_none_of_its_business(team: Repo, new: bool) -> None:
    one = team.commit("One", {"one.py": "1\n"})
    update = RefUpdate("refs/heads/feature/x", team.head("main"), one if new else None)
    assert collected(team, update) == Collected(skipped="refs/heads/feature/x is not protected")


def test_the_first_push_to_an_empty_remote_is_compared_with_nothing(repo: Repo) -> None:
    repo.with_remote()
    one = repo.commit("Start", {"labgate.toml": POLICY})
    found = collected(repo, RefUpdate(MAIN, None, one))
    reason = "nothing of origin is known here yet, so research cannot be distinguished"
    assert found == Collected(skipped=reason)
    # Somebody who knows of research learns that nothing was looked for.
    repo.git("branch", "research/y")
    unseen = ("not compared: what is new on origin, of which nothing is known here yet",)
    assert collected(repo, RefUpdate(MAIN, None, one)) == Collected(skipped=reason, unseen=unseen)
    repo.git("branch", "-D", "research/y")
    research = RefUpdate(MAIN, None, one, source="research/x")
    assert facts_of(collected(repo, research)).source_kind == "research"
    assert facts_of(collected(repo, RefUpdate(MAIN, None, one), pushing=False)).rewrite is None


@pytest.mark.parametrize(("fetched", "decided"), [(True, True), (False, False)])
def test_without_every_source_silence_decides_nothing(team: Repo, fetched: bool, decided: bool) -> None:
    team.git("config", "remote.origin.fetch", "+refs/heads/main:refs/remotes/origin/main")
    old = team.head("main")
    found = collected(team, RefUpdate(MAIN, old, team.commit("One", {"one.py": "1\n"})), fetched=fetched)
    assert (found.undecided is None) is decided
    if found.undecided is not None:
        assert found.undecided.message == "the research refs of origin are not fetched here"
    # What is deleted brings nothing that could come from anywhere.
    assert collected(team, RefUpdate(MAIN, old, None), fetched=fetched).undecided is None


def test_what_is_too_small_to_compare_is_handed_over_beside_the_facts(team: Repo, given: Given) -> None:
    old = team.head("main")
    one, two = (team.commit(name, {f"{name}.py": f"{name}\n"}) for name in ("one", "two"))
    given(picked(one), small=(one, two))
    found = collected(team, RefUpdate(MAIN, old, two))
    assert (found.undecidable, facts_of(found).needing) == ((two,), (one,))


def test_how_a_ref_loses_its_history(team: Repo) -> None:
    old, one = team.head("main"), team.commit("One", {"one.py": "1\n"})
    beside = team.branch("feature/y", f"{old}^").commit("Beside", {"beside.py": "1\n"})
    for before, after, how in [
        (old, one, None),
        (old, None, "deleted"),
        (old, beside, "non-fast-forward"),
        ("1" * 40, one, "unknown-tip"),
    ]:
        assert facts_of(collected(team, RefUpdate(MAIN, before, after))).rewrite == how
