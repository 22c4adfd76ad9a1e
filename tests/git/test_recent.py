"""git is asked once for what several checks need, and what is remembered has a bound."""

from __future__ import annotations

import sys

from labgate.git.commits import read_commits, trees_with_parents
from labgate.git.diffs import brought_paths, changed_entries
from labgate.git.recent import Recent
from labgate.git.repository import discover
from support.repo import Repo

STARTED: list[str] = []
sys.addaudithook(lambda event, args: STARTED.append(args[1][-1]) if event == "os.posix_spawn" else None)


def test_commits_and_changes_are_read_once(either: Repo) -> None:
    root, tip = either.commit("one", {"a": "a"}), either.commit("two", {"b": "b"})
    merge = either.branch("side", root).commit("side", {"c": "c"}) and either.merge("main", "merge")
    repository = discover(either.env, str(either.path))
    commits = read_commits(repository, (tip, root))
    assert [commit.oid for commit in commits] == [tip, root]
    assert brought_paths(repository, [tip, root, merge], [tip, root]) == {tip: ("b",), root: ("a",), merge: ()}
    STARTED.clear()
    assert read_commits(repository, (root, tip, root)) == (commits[1], commits[0], commits[1])
    assert trees_with_parents(repository, commits) == {tip: commits[0].tree, root: commits[1].tree}
    assert [entry.path for entry in changed_entries(repository, [tip])[tip]] == ["b"]
    assert STARTED == []
    # Of a merge the two questions have two answers.
    assert [entry.path for entry in changed_entries(repository, [merge])[merge]] == ["b"]


def test_what_is_remembered_has_a_bound() -> None:
    asked: list[list[str]] = []

    def ask(oids: list[str]) -> dict[str, str]:
        asked.append(oids)
        return {oid: oid * 2 for oid in oids}

    recent = Recent[str](6, len)
    assert recent.of("aba", ask) == {"a": "aa", "b": "bb"}
    assert recent.of("bc", ask) == {"b": "bb", "c": "cc"}
    # The fourth drops the first three.
    for oids in ("d", "abd", "d"):
        assert recent.of(oids, ask) == {oid: oid * 2 for oid in oids}
    assert recent.of("wxyz", ask).keys() == set("wxyz")
    recent.of("z", ask)
    assert asked == [["a", "b"], ["c"], ["d"], ["a", "b"], ["w", "x", "y", "z"], ["z"]]
