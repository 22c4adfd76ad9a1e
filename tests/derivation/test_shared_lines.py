"""Lines are paired with the lines that they were taken from, for people to look at."""

from __future__ import annotations

import pytest

from labgate.derivation.shared_lines import shared_lines
from labgate.values.errors import MissingObjectError
from labgate.values.traced import SharedLine
from support.provenance import code, open_repository
from support.repo import Repo


def pairs(repo: Repo, commit: str, *sources: str, edited: bool = True) -> tuple[SharedLine, ...]:
    oids = [repo.head(source) for source in sources]
    return shared_lines(open_repository(repo), repo.head(commit), oids, edited=edited)


@pytest.fixture
def two(repo: Repo) -> Repo:
    """One function on research, and on main the same below a line of its own, with an edit."""
    repo.commit("Start", {"a.py": "import os\n"})
    repo.branch("research/x").commit("Research", {"lib/r.py": code("alpha")})
    repo.checkout("main").commit(
        "Main", {"a.py": "import os\n" + "own = here()\n\n\n" + code("alpha").replace("* 3", "* 4")}
    )
    return repo


def test_every_line_says_where_it_stands_on_both_sides(two: Repo) -> None:
    found = pairs(two, "main", "research/x")
    mine = two.git("show", "main:a.py").splitlines()
    theirs = two.git("show", "research/x:lib/r.py").splitlines()
    source = two.head("research/x")
    alpha = [pair for pair in found if "alpha" in pair.text or "record" in pair.source_text]
    assert len(alpha) >= 6
    for pair in found:
        assert (pair.path, pair.source_path, pair.source_commit) == ("a.py", "lib/r.py", source)
        assert mine[pair.number - 1].strip() == pair.text
        assert theirs[pair.source_number - 1].strip() == pair.source_text
    assert [pair.number for pair in found] == sorted(pair.number for pair in found)


def test_an_edited_line_is_a_pair_only_where_it_is_asked_for(two: Repo) -> None:
    edited = ("alpha_total += record.alpha_weight * 4", "alpha_total += record.alpha_weight * 3")
    assert edited in [(pair.text, pair.source_text) for pair in pairs(two, "main", "research/x")]
    same = pairs(two, "main", "research/x", edited=False)
    assert same
    assert all(pair.text == pair.source_text for pair in same)
    assert edited[0] not in [pair.text for pair in same]


def test_what_is_only_formatted_is_not_shown_beside_what_is_not(repo: Repo) -> None:
    start = "value = compute(\n    one,\n    two,\n)\n"
    shape = "value = compute(one, two)\n"
    repo.commit("Start", {"a.py": start, "b.py": f"{start}print(value)\n"})
    work = {"a.py": shape, "b.py": f"{shape}print(value)\ntotal = value * scale\n"}
    repo.branch("research/x").commit("Research", work)
    repo.checkout("main").commit("Main", work)
    repo.commit("Only form", {"a.py": start})
    repo.checkout("research/x").commit("Only form too", {"a.py": start})
    assert [pair.text for pair in pairs(repo, "main~1", "research/x~1")] == ["total = value * scale"]
    assert [pair.text for pair in pairs(repo, "main", "research/x")] == ["value = compute(", "one,", "two,"]


def test_of_equal_lines_that_of_the_same_path_is_taken(repo: Repo) -> None:
    repo.commit("Start", {"x": "1\n"})
    repo.branch("research/x").commit("Research", {"a.py": "value = compute()\n", "b.py": "value = compute()\n"})
    repo.checkout("main").commit("Main", {"b.py": "value = compute()\n", "c.py": "value = compute()\n"})
    assert [(pair.path, pair.source_path) for pair in pairs(repo, "main", "research/x")] == [
        ("b.py", "b.py"),
        ("c.py", "a.py"),
    ]


def test_what_only_a_formatter_changes_is_the_same_line(repo: Repo) -> None:
    repo.commit("Start", {"x": "1\n"})
    repo.branch("research/x").commit("Research", {"a.py": "value = compute( 'one' , 2 )\n"})
    repo.checkout("main").commit("Main", {"a.py": 'if x:\n    value = compute("one", 2)\n'})
    (pair,) = pairs(repo, "main", "research/x", edited=False)
    assert (pair.number, pair.text, pair.source_text) == (
        2,
        'value = compute("one", 2)',
        "value = compute( 'one' , 2 )",
    )


def test_brackets_blank_lines_and_data_are_no_pairs(repo: Repo) -> None:
    repo.commit("Start", {"x": "1\n"})
    common: dict[str, str | bytes] = {
        "a.py": "(\n\n)\n]\n",
        "d.json": '{"a": "long enough to say something"}\n',
        "b.bin": b"\0same",
    }
    repo.branch("research/x").commit("Research", common)
    repo.checkout("main").commit("Main", common)
    assert pairs(repo, "main", "research/x") == ()
    assert pairs(repo, "main") == ()


def test_bytes_that_are_no_text_are_spelt_out(repo: Repo) -> None:
    repo.commit("Start", {"x": "1\n"})
    repo.branch("research/x").commit("Research", {"a.py": b"caf\xe9 = latin()\n"})
    repo.checkout("main").commit("Main", {"a.py": b"caf\xe9 = latin()\n"})
    assert [pair.text for pair in pairs(repo, "main", "research/x")] == ["caf\\xe9 = latin()"]


def test_a_source_that_is_gone_is_an_error(two: Repo) -> None:
    with pytest.raises(MissingObjectError):
        shared_lines(open_repository(two), two.head("main"), ["1" * 40])


def test_if_no_line_is_added_the_lines_that_both_delete_are_pairs(repo: Repo) -> None:
    repo.commit("Start", {"a.py": code("alpha", "beta")})
    repo.branch("research/x").commit("Research", {"a.py": code("alpha")})
    repo.checkout("main").commit("Main", {"a.py": code("alpha")})
    found = pairs(repo, "main", "research/x")
    assert [pair.text for pair in found] == [line.strip() for line in code("beta").splitlines()]
    assert all(pair.deleted for pair in found)
    assert pairs(repo, "main", "research/x", edited=False) == ()


@pytest.mark.parametrize(
    ("theirs", "mine"),
    [
        ("value = right_hand_split(line, length, features=found, omit=omitted)", "yield right_hand_split(line, 1)"),
        ("log(warmup_factor)", "rate = base * 2 + warmup_factor ** len(steps) / sum(weights)"),
    ],
    ids=["three words in a row", "a name"],
)
def test_if_no_line_is_alike_those_with_a_piece_in_common_are_pairs(repo: Repo, theirs: str, mine: str) -> None:
    repo.commit("Start", {"x": "1\n"})
    repo.branch("research/x").commit("Research", {"a.py": f"{theirs}\nsomething(else_of, theirs)\n"})
    repo.checkout("main").commit("Main", {"a.py": f"own_work = beginning[0]\n{mine}\n"})
    assert [(pair.text, pair.source_text) for pair in pairs(repo, "main", "research/x")] == [(mine, theirs)]


def test_without_anything_in_common_there_are_no_pairs(repo: Repo) -> None:
    repo.commit("Start", {"x": "1\n"})
    repo.branch("research/x").commit("Research", {"a.py": code("alpha")})
    repo.checkout("main").commit("Main", {"b.py": "import zlib\n"})
    assert pairs(repo, "main", "research/x") == ()
