"""What a merge brings beside its parents is known of any number of them, whatever git is there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from labgate.git.commits import read_commits
from labgate.git.merges import brings_nothing, merge_files, own_changes
from labgate.git.raw import MOST_PARENTS
from labgate.git.repository import discover
from labgate.values.batch import FileChange
from support.oldgit import write_old_git
from support.repo import Repo

BASE = "".join(f"line {number}\n" for number in range(60))
#: The lines that the sides change; the most are more than git is asked to merge.
OCTOPUS, MANY = "159", range(MOST_PARENTS + 1)


@pytest.fixture(params=[False, True], ids=["git", "git below 2.38"])
def team(request: pytest.FixtureRequest, repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    if request.param:
        monkeypatch.setenv("PATH", str(write_old_git(tmp_path / "old-git")), prepend=":")
        repo.env["PATH"] = f"{tmp_path / 'old-git'}:{repo.env['PATH']}"
    return repo


def sides(repo: Repo, names: Sequence[object]) -> list[str]:
    """Return branches that each change another line of a file and add one of their own."""
    repo.commit("base", {"a": BASE})
    for n in names:
        repo.branch(f"side-{n}", "main")
        text = (BASE).splitlines(keepends=True)
        text[3 * int(str(n))] = f"side {n}\n"
        repo.commit(f"side {n}", {"a": "".join(text), f"{n}.py": f"{n}\n"})
    return [repo.head(f"side-{n}") for n in names]


def merge(repo: Repo, parents: Sequence[str], files: dict[str, str | bytes] | None = None) -> str:
    """Commit the clean merge of parents, with files beside it; return its oid."""
    repo.git("checkout", "--quiet", "--detach", parents[0])
    for at in range(1, len(parents)):
        repo.git("merge", "--quiet", "-m", "step", parents[at])
    repo.write(files or {})
    repo.git("add", "--all")
    above = [word for parent in parents for word in ("-p", parent)]
    return repo.git("commit-tree", "-m", "merge", *above, repo.git("write-tree"))


@pytest.mark.parametrize("names", ["15", OCTOPUS, MANY], ids=["two", "octopus", "many"])
def test_a_clean_merge_brings_nothing(team: Repo, names: Sequence[object]) -> None:
    (commit,) = read_commits(repository := discover(team.env, str(team.path)), [merge(team, sides(team, names))])
    assert own_changes(repository, commit.oid) == {}
    assert brings_nothing(repository, commit)
    assert merge_files(repository, commit) == ()


@pytest.mark.parametrize("names", ["15", OCTOPUS, MANY], ids=["two", "octopus", "many"])
def test_what_a_merge_hides_is_all_that_it_brings(team: Repo, names: Sequence[object]) -> None:
    parents = sides(team, names)
    text = (BASE).splitlines(keepends=True)
    for n in names:
        text[3 * int(str(n))] = f"side {n}\n"
    text[59:] = ["own one\n", "own two\n"]
    hidden: dict[str, str | bytes] = {"a": "".join(text), 'odd "\n.py': "x\ny\nz\n", "b.bin": b"\0x"}
    (commit,) = read_commits(repository := discover(team.env, str(team.path)), [merge(team, parents, hidden)])
    own = own_changes(repository, commit.oid)
    assert {path: (change.added, change.deleted) for path, change in own.items()} == {
        "a": ([b"own one", b"own two"], [b"line 59"]),
        'odd "\n.py': ([b"x", b"y", b"z"], []),
        "b.bin": ([], []),
    }
    assert not brings_nothing(repository, commit)
    assert set(merge_files(repository, commit)) == {
        FileChange("a", "M", 2, 1, len("".join(text))),
        FileChange('odd "\n.py', "A", 3, 0, 6),
        FileChange("b.bin", "A", 0, 0, 2),
    }


def test_a_merge_of_another_root_brings_nothing(team: Repo) -> None:
    one = team.commit("one", {"a": BASE})
    team.git("checkout", "--quiet", "--orphan", "other")
    team.git("rm", "-rfq", ".")
    other = team.commit("other", {"b": BASE})
    team.git("checkout", "--quiet", "main")
    team.git("merge", "--quiet", "--allow-unrelated-histories", "-m", "both", other)
    repository = discover(team.env, str(team.path))
    clean, hidden = read_commits(repository, [team.head(), team.commit("more", {"c": "c\n"})])
    assert brings_nothing(repository, clean)
    assert clean.parents == (one, other)
    evil = team.git("commit-tree", "-m", "merge", "-p", one, "-p", other, hidden.tree)
    assert list(own_changes(repository, evil)) == ["c"]


def test_a_mode_that_no_parent_has_is_a_change(team: Repo) -> None:
    parents = sides(team, "15")
    clean = merge(team, parents)
    team.git("update-index", "--chmod=+x", "a")
    above = [word for parent in parents for word in ("-p", parent)]
    evil = team.git("commit-tree", "-m", "merge", *above, team.git("write-tree"))
    assert team.git("diff", "--name-only", clean, evil) == "a"
    assert list(own_changes(discover(team.env, str(team.path)), evil)) == ["a"]
