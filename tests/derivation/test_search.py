"""A step of a branch is met by chance more easily than the branch: what it must show beside what the two share."""

from __future__ import annotations

import pytest

from labgate.derivation import landed_commits, search
from labgate.derivation.match import NAMED
from labgate.derivation.score import UNSHOWN
from labgate.derivation.shared_lines import shared_lines
from labgate.fingerprints import postings
from support.provenance import code, open_repository, trace, traces
from support.repo import Repo
from support.templates import prepared

LONG = "refs/heads/research/long"
NAMES = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "theta")
TRAIN = """\
def train(model, batches, base):
    for step, batch in enumerate(batches):
        rate = base * 2
        model.update(batch, rate)
    return model.weights
"""
STEP = TRAIN.replace("base * 2", "base * warmup_factor(step)")
TAKEN = TRAIN.replace("base * 2", "base * warmup_factor(step + 1)")
ZETA = code("zeta", "new_zeta").replace("* 3", "* 7").replace("print(", "log(")


@prepared
def team(repo: Repo) -> Repo:
    """A branch of many steps: one of them changes a line, and another one adds a function of six."""
    repo.commit("Start", {"train.py": TRAIN, **{f"{name}.py": code(name) for name in NAMES}})
    repo.branch("research/long")
    for name in NAMES:
        repo.commit(f"Try another {name}", {f"{name}.py": code(name, f"new_{name}")})
    repo.commit("Warm up", {"train.py": STEP})
    return repo


def scores(repo: Repo) -> list[tuple[float, bool]]:
    """Return the score of the last commit with the branch, and whether it decides."""
    return [(item.score, item.decisive) for item in trace(repo).evidence if item.source_ref == LONG]


def test_a_small_step_of_a_long_branch_is_found_where_it_is_much_of_the_commit(team: Repo) -> None:
    team.checkout("main").commit("Rates", {"train.py": TAKEN})
    ((score, decides),) = scores(team)
    assert decides
    assert score > 6


def test_a_small_step_in_a_large_commit_is_chance(team: Repo) -> None:
    more = code("reader", "writer", "parser", "printer")
    team.checkout("main").commit("Rates, and input and output", {"train.py": TAKEN, "files.py": more})
    assert not any(decides for _, decides in scores(team))


def test_a_small_step_that_the_branch_took_back_is_chance(team: Repo) -> None:
    team.commit("No warm-up", {"train.py": TRAIN})
    team.checkout("main").commit("Rates", {"train.py": TAKEN})
    assert scores(team) == []


def test_a_small_step_that_the_branch_took_back_later_is_chance(team: Repo) -> None:
    """What became of a step is known from the branch of today, also where that is younger than the commit."""
    team.checkout("main").commit("Rates", {"train.py": TAKEN})
    team.checkout("research/long").commit("No warm-up", {"train.py": TRAIN})
    team.checkout("main")
    assert scores(team) == []


@pytest.mark.parametrize(
    ("beside", "decides"), [(0, True), (9, False)], ids=["most of the commit", "a small part of the commit"]
)
def test_a_larger_step_that_the_branch_took_back_is_a_note_in_a_large_commit(
    team: Repo, beside: int, decides: bool
) -> None:
    team.commit("No new zeta", {"zeta.py": code("zeta")})
    others = {"files.py": code(*(f"part{number}" for number in range(beside)))} if beside else {}
    team.checkout("main").commit("Zeta", {"zeta.py": ZETA, **others})
    ((score, found),) = scores(team)
    assert found is decides
    assert (score == UNSHOWN) is not decides


def test_a_larger_step_that_the_branch_still_has_is_found_in_a_large_commit(team: Repo) -> None:
    others = {"files.py": code(*(f"part{number}" for number in range(9)))}
    team.checkout("main").commit("Zeta", {"zeta.py": ZETA, **others})
    assert [decides for _, decides in scores(team)] == [True]


def beginnings(*names: str) -> str:
    """Return the first lines of what steps add, and a function of somebody's own."""
    parts = ["\n".join(code(name).splitlines()[:3]) for name in names]
    return "\n\n".join([*parts, code("own")])


def test_steps_that_are_worth_a_note_each_are_judged_as_one(team: Repo) -> None:
    steps = {team.git("log", "-1", "--format=%H", f"--grep=another {name}").strip() for name in ("zeta", "theta")}
    team.checkout("main").commit("Moved", {"moved.py": beginnings("new_zeta", "new_theta")})
    (item,) = trace(team).evidence
    assert (item.method, item.decisive, set(item.source_commits)) == ("similarity", True, steps)
    assert item.score == pytest.approx(sum(value for _, value in item.terms), abs=0.05)


def test_one_such_step_is_a_note(team: Repo) -> None:
    team.checkout("main").commit("Moved", {"moved.py": beginnings("new_zeta", "window")})
    ((score, decides),) = scores(team)
    assert not decides
    assert score > 4


def test_such_steps_of_two_branches_are_notes(team: Repo) -> None:
    team.git("switch", "--quiet", "--create", "research/other", "main")
    team.commit("Start", {"window.py": code("window")})
    team.commit("Continue", {"pane.py": code("pane", "frame")})
    team.checkout("main").commit("Moved", {"moved.py": beginnings("new_zeta", "window")})
    assert [item.decisive for item in trace(team).evidence] == [False, False]


def test_of_a_branch_with_more_commits_than_are_named_those_are_that_share_most(repo: Repo) -> None:
    """So there are lines to show, however long ago the branch wrote them."""
    repo.commit("Start", {"a.py": code("alpha")})
    repo.branch("research/long")
    lines = TRAIN.splitlines()
    wrote = [repo.commit(f"Line {at}", {"train.py": "\n".join(lines[: at + 1]) + "\n"}) for at in range(len(lines))]
    for number in range(NAMED + 1):
        repo.commit(f"Own {number}", {f"own{number}.py": f"own{number} = {number} + {number}\n"})
    repo.checkout("main").commit("Copied", {"train.py": TRAIN.replace("base", "speed")})
    (item,) = trace(repo).evidence
    assert (item.method, item.decisive) == ("similarity", True)
    assert set(item.source_commits) <= set(wrote)
    assert len(shared_lines(open_repository(repo), repo.head("main"), item.source_commits)) >= 4


def test_commits_are_compared_alike_however_many_at_a_time(team: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    team.checkout("main").commit("Rates", {"train.py": TAKEN})
    team.commit("Own", {"own.py": code("own")})
    team.commit("Zeta", {"zeta.py": ZETA})
    team.commit("Moved", {"moved.py": beginnings("new_alpha", "new_theta")})
    oids = team.git("rev-list", "main").split()
    together = traces(team, oids)
    assert [any(item.decisive for item in together[oid].evidence) for oid in oids] == [True, True, False, True, False]
    monkeypatch.setattr(postings, "RANGE", 3)
    for module in (search, landed_commits):
        monkeypatch.setattr(module, "_FEATURES", 1)
    monkeypatch.setattr(landed_commits, "_CHUNK", 1)
    assert traces(team, oids) == together
