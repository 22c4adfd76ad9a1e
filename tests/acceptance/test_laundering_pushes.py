"""Laundered research is found over several pushes, after its branch is gone, in notebooks, and by the push itself."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from support import edits
from support.codewriter import Codewriter
from support.lab import BRANCH, FEATURES, NEW, SOURCE, Lab
from support.laundering import (
    Claim,
    accused,
    alarms,
    assert_found,
    assert_innocent,
    commit_paths,
    judge,
    pick,
    squash,
    undo,
)
from support.notebooks import notebook, outputs
from support.people import by
from support.pushing import Outcome, hook, push, title

NOTEBOOK = "notebooks/explore.ipynb"


def land(lab: Lab) -> None:
    """Push HEAD to the remote's ``main`` past every hook."""
    lab.repo.push("HEAD:main")


# One push after another.


def test_each_of_three_small_pushes_is_found(lab: Lab) -> None:
    """What landed before does not excuse the rest."""
    repo, text = lab.repo, lab.read(NEW, SOURCE)
    lab.open()
    names = edits.functions(text)
    at = [text.index(f"def {names[place]}") for place in (2, 4)]
    ends = [text.rindex("\n\n", 0, at[0]), text.rindex("\n\n", 0, at[1]), len(text)]
    for place, end in enumerate(ends):
        repo.write({NEW: text[:end].rstrip() + "\n"})
        landed = commit_paths(repo, f"Mixtures, part {place + 1}", NEW)
        report = lab.check()
        assert_found(report, Claim({landed: [lab.research[0], lab.research[3]]}, lab.research))
        land(lab)
        assert lab.check()["findings"] == [], "nothing is new any more"


def test_a_second_landing_of_the_same_research_is_no_longer_news(lab: Lab) -> None:
    """What a protected branch holds is landed: to revert and to land it once more is main's own affair."""
    lab.open()
    (landed,) = pick(lab.repo, lab.research[1])
    assert accused(lab.check()) == {landed}
    land(lab)
    lab.repo.git("revert", "--no-edit", landed)
    land(lab)
    again = pick(lab.repo, landed)
    assert lab.repo.git("diff", f"{landed}:{FEATURES}", f"HEAD:{FEATURES}") == ""
    assert_innocent(lab, again)


# A branch that is gone.


def forget_research(lab: Lab) -> None:
    """Delete the branch on the remote and prune what is left of it here."""
    lab.repo.git("push", "--quiet", "--no-verify", "origin", f":{BRANCH}")
    lab.repo.git("fetch", "--quiet", "--prune", "origin")
    assert BRANCH not in lab.repo.git("for-each-ref")


def picked(lab: Lab) -> Claim:
    landed = pick(lab.repo, *lab.research[:2])
    return Claim({landed[0]: lab.research[:1], landed[1]: lab.research[1:2]}, lab.research)


def squashed(lab: Lab) -> Claim:
    return Claim({squash(lab.repo, lab.research[3], "Add mixtures"): lab.research}, lab.research)


def reformatted(lab: Lab) -> Claim:
    lab.repo.write({NEW: lab.read(NEW, lab.research[3])})
    lab.format(NEW)
    return Claim({commit_paths(lab.repo, "Add", NEW): [lab.research[0], lab.research[3]]}, lab.research)


@pytest.mark.parametrize("case", [picked, squashed, reformatted], ids=title)
def test_research_whose_branch_was_deleted_is_found_once_it_was_seen(lab: Lab, case: Callable[[Lab], Claim]) -> None:
    lab.open()
    assert lab.check()["findings"] == []
    forget_research(lab)
    claim = case(lab)
    lab.neighbour("after")
    report = lab.check()
    assert_found(report, claim)
    (finding,) = alarms(report)
    assert f"{BRANCH} (deleted)" in finding["message"]
    assert {item["source_state"] for item in finding["evidence"]} == {"deleted"}


# Notebooks.


def research_notebook(lab: Lab) -> tuple[list[str], list[str], Claim]:
    """Publish a notebook on a research branch; return its cells, and a claim that names its commits."""
    cells = [Codewriter(f"cell {number}").function() for number in range(6)]
    lab.repo.branch("research/explore", "origin/main")
    lab.repo.commit("Explore", {NOTEBOOK: notebook(cells, "research")}, **by("ada"))
    oids = lab.publish("research/explore")
    return cells, oids, Claim({}, oids, ref="refs/remotes/origin/research/explore")


def test_the_code_of_a_notebook_is_found_whatever_it_printed(lab: Lab) -> None:
    cells, oids, claim = research_notebook(lab)
    lab.open()
    text = notebook(cells, "run again")
    shared = set(text.splitlines()) & set(lab.read(NOTEBOOK, oids[0]).splitlines())
    assert not any("execution_count" in line for line in shared)
    lab.repo.write({NOTEBOOK: text})
    landed = commit_paths(lab.repo, "Add a notebook", NOTEBOOK)
    judge(lab, Claim({landed: oids}, claim.sources, ref=claim.ref))


def test_some_cells_of_a_notebook_are_found_among_others(lab: Lab) -> None:
    cells, oids, claim = research_notebook(lab)
    lab.open()
    own = Codewriter("own cell").function()
    lab.repo.write({NOTEBOOK: notebook([own, *cells[1:4]], "run again")})
    landed = commit_paths(lab.repo, "Add a notebook", NOTEBOOK)
    judge(lab, Claim({landed: oids}, claim.sources, ref=claim.ref))


def test_the_same_output_of_other_code_is_not(lab: Lab) -> None:
    research_notebook(lab)
    lab.repo.branch("feature/landing", "origin/main")
    assert len(outputs("research")) > 12
    own = [Codewriter(f"own cell {number}").function() for number in range(6)]
    lab.repo.write({NOTEBOOK: notebook(own, "research")})
    assert_innocent(lab, [commit_paths(lab.repo, "Add a notebook", NOTEBOOK)])


# By the push itself.


def native_push(lab: Lab) -> Outcome:
    hook(lab.repo, "native")
    return push(lab.repo, "HEAD:main")


def test_a_push_of_picked_research_is_refused_and_its_source_named(lab: Lab) -> None:
    lab.open()
    pick(lab.repo, lab.research[2])
    outcome = native_push(lab)
    assert (outcome.verdict, outcome.errors, outcome.moved) == ("refused", {"LG201"}, frozenset())
    (line,) = (line for line in outcome.result.text.splitlines() if "LG201" in line)
    assert "1 unreviewed commit from origin/research/mixture" in line
    assert lab.research[2][:12] in line


def test_a_push_of_research_under_other_names_is_warned_of_and_the_shared_lines_shown(lab: Lab) -> None:
    lab.open()
    text = lab.read(NEW, SOURCE)
    names = edits.top_names(text, 8)
    new = edits.renamed(text, {name: f"{name}_value" for name in names})
    lab.repo.write({NEW: new})
    commit_paths(lab.repo, "Add mixtures", NEW)
    outcome = native_push(lab)
    assert outcome.moved == {"refs/heads/main"}
    (line,) = (line for line in outcome.result.text.splitlines() if "LG202 warning" in line)
    assert "origin/research/mixture" in line
    both = {line.strip() for line in new.splitlines()} & {line.strip() for line in text.splitlines()} - {""}
    said = [line.strip().removeprefix("|").strip() for line in outcome.result.text.splitlines()]
    assert len(both.intersection(said)) >= 3


def test_a_push_of_honest_work_says_nothing(lab: Lab) -> None:
    lab.open()
    lab.neighbour("after")
    outcome = native_push(lab)
    assert outcome.moved == {"refs/heads/main"}
    assert "labgate" not in outcome.result.text


# What is said.


def test_a_finding_says_in_one_line_where_the_code_comes_from(lab: Lab) -> None:
    lab.open()
    (landed,) = pick(lab.repo, lab.research[1])
    undo(lab.repo, [landed])
    lab.format(FEATURES)
    landed = commit_paths(lab.repo, "Feed it", FEATURES)
    (finding,) = alarms(lab.check())
    assert finding["commits"] == [landed]
    strongest = finding["evidence"][0]
    assert strongest["matched_lines"] > 5
    for part in ("origin/research/mixture", strongest["source_commits"][0][:12], str(strongest["matched_lines"])):
        assert part in finding["message"]
    said = lab.repo.labgate("trace", "--show", landed, status=0).out
    assert "origin/research/mixture" in said
    assert json.loads(lab.repo.labgate("trace", "--format", "jsonl", landed).out)["derived"]
