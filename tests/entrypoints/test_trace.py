"""What a trace is asked for: which refs are the sources, which commits the words name, in how many processes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from labgate.entrypoints.trace import Subjects, TraceRequest, find_sources, prepare_trace, resolve_revisions
from labgate.git.refs import read_refs
from labgate.git.repository import Repository, discover
from labgate.values.errors import NoPolicyError, UndecidedError, UsageError
from support.policies import TEAM
from support.repo import Repo
from support.templates import prepared

PULLS = ("refs/pull/7/head", "refs/pull/7/merge", "refs/pull/72/head", "refs/pull/a/b/head")
RESEARCH = ("refs/remotes/origin/research/x", "refs/remotes/origin/research/deep/y")


def found(repo: Repo) -> Repository:
    return discover(repo.env, str(repo.path))


@prepared
def many(repo: Repo) -> Repo:
    """A repository with refs of many kinds, all on one commit but ``refs/heads/main``, and no policy."""
    first = repo.commit("Start", {"a.py": "a = 1\n"})
    repo.with_remote()
    for ref in (*PULLS, *RESEARCH, "refs/remotes/origin/main", "refs/heads/research/x", "refs/heads/research-old"):
        repo.git("update-ref", ref, first)
    repo.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    repo.commit("Go on", {"a.py": "a = 2\n"})
    return repo


@prepared
def team(repo: Repo) -> Repo:
    """``main`` with a policy and ``research/x``, both on the remote; ``main`` is checked out."""
    repo.with_remote()
    repo.commit("Start", {"labgate.toml": TEAM})
    repo.branch("research/x").commit("Try", {"a.py": "a = 1\n"})
    repo.push("main", "research/x")
    repo.git("fetch", "--quiet", "origin")
    return repo.checkout("main")


@pytest.mark.parametrize(
    ("patterns", "refs"),
    [
        pytest.param(["refs/pull/*/head"], {"refs/pull/7/head", "refs/pull/72/head"}, id="a-star-stays-in-its-level"),
        pytest.param(["refs/pull/**/head"], {*PULLS} - {"refs/pull/7/merge"}, id="two-stars-are-any-levels"),
        pytest.param(["refs/pull/*"], {*PULLS}, id="a-last-star-is-for-deeper-levels-too"),
        pytest.param(["refs/remotes/origin/research/*"], {*RESEARCH}, id="research-branches-of-a-remote"),
        pytest.param(["refs/remotes/*/research/x"], {RESEARCH[0]}, id="of-any-remote"),
        pytest.param(["refs/heads/main"], {"refs/heads/main"}, id="one-ref"),
        pytest.param(["refs/pull/7"], {"refs/pull/7/head", "refs/pull/7/merge"}, id="a-folder-as-git-takes-it"),
        pytest.param(["refs/heads/research*"], {"refs/heads/research-old"}, id="a-star-in-a-name"),
        pytest.param(["refs/pull/7?/head"], {"refs/pull/72/head"}, id="one-character"),
        pytest.param(
            ["refs/heads/main", "refs/pull/7/head", "refs/heads/*"],
            {"refs/heads/main", "refs/pull/7/head", "refs/heads/research-old", "refs/heads/research/x"},
            id="several-patterns-and-each-ref-once",
        ),
        pytest.param(
            ["refs/remotes/origin/*"], {"refs/remotes/origin/main", *RESEARCH}, id="a-symbolic-ref-is-no-branch"
        ),
    ],
)
def test_patterns_find_refs_as_git_does(patterns: list[str], refs: set[str], many: Repo) -> None:
    sources = find_sources(found(many), patterns)
    assert sorted(source.ref for source in sources.sources) == sorted(refs)
    assert sources.policy is None
    assert sources.incomplete is None


def test_a_remote_tracking_ref_stands_for_the_branch_there_and_comes_first(many: Repo) -> None:
    sources = find_sources(found(many), ["refs/heads/research/x", "refs/pull/7/head", "refs/remotes/origin/research/x"])
    assert [(item.ref, item.branch, item.remote, item.oid) for item in sources.sources] == [
        ("refs/remotes/origin/research/x", "refs/heads/research/x", "origin", many.head("main~1")),
        ("refs/heads/research/x", "refs/heads/research/x", None, many.head("main~1")),
        ("refs/pull/7/head", "refs/pull/7/head", None, many.head("main~1")),
    ]


@pytest.mark.parametrize(
    ("pattern", "similar"),
    [
        pytest.param("research/*", "refs/heads/research/x", id="without-its-beginning"),
        pytest.param("refs/pull/*/hed", "refs/pull/7/head", id="misspelt"),
        pytest.param("refs/remotes/upstream/research/x", "refs/remotes/origin/research/x", id="of-another-remote"),
    ],
)
def test_a_pattern_that_matches_nothing_is_answered_with_what_is_similar(
    pattern: str, similar: str, many: Repo
) -> None:
    with pytest.raises(UsageError) as caught:
        find_sources(found(many), ["refs/heads/main", pattern])
    message, _, named = caught.value.message.partition("; similar: ")
    assert message.startswith("--sources ")
    assert message.endswith(" matches no ref here")
    assert similar in named.split(", ")
    assert len(named.split(", ")) <= 3


@pytest.mark.parametrize("pattern", ["", "-x", "--help", "zzzzzz", "refs/heads/[", "HEAD"])
def test_what_is_like_no_ref_is_answered_without_a_guess(pattern: str, many: Repo) -> None:
    with pytest.raises(UsageError, match=r"matches no ref here$"):
        find_sources(found(many), [pattern])


def test_a_ref_that_leads_to_no_commit_is_no_source(many: Repo) -> None:
    many.git("tag", "tree", "HEAD^{tree}")
    with pytest.raises(UsageError, match="matches no ref here"):
        find_sources(found(many), ["refs/tags/*"])


def test_without_patterns_the_policy_says_what_is_research(team: Repo) -> None:
    sources = find_sources(found(team), ())
    assert [source.ref for source in sources.sources] == ["refs/remotes/origin/research/x", "refs/heads/research/x"]
    assert sources.policy is not None
    assert sources.trunk == "refs/remotes/origin/main"
    assert sources.incomplete is None


def test_where_the_work_tree_has_no_policy_it_is_the_remote_trunks(team: Repo) -> None:
    team.git("rm", "--quiet", "labgate.toml")
    assert [source.branch for source in find_sources(found(team), ()).sources] == ["refs/heads/research/x"] * 2


def test_a_server_takes_the_policy_of_the_branch_that_head_names(team: Repo, tmp_path: Path) -> None:
    server = Repo(tmp_path / "work-origin.git", team.env)
    sources = find_sources(found(server), ())
    assert [source.ref for source in sources.sources] == ["refs/heads/research/x"]
    assert sources.trunk == "refs/heads/main"
    server.git("clone", "--quiet", "--mirror", str(server.path), str(tmp_path / "mirror.git"))
    mirrored = find_sources(found(Repo(tmp_path / "mirror.git", team.env)), ["refs/heads/research/*"])
    assert mirrored.trunk == "refs/heads/main"


@pytest.mark.parametrize(
    ("branches", "trunk"),
    [
        pytest.param(("main",), "refs/heads/main", id="main"),
        pytest.param(("master",), "refs/heads/master", id="master"),
        pytest.param(("main", "master"), None, id="which-of-both"),
        pytest.param(("other",), None, id="no-usual-name"),
    ],
)
def test_without_policy_and_remote_the_trunk_goes_by_its_usual_name(
    branches: tuple[str, ...], trunk: str | None, repo: Repo
) -> None:
    repo.commit("Start")
    repo.git("branch", "-m", "research/x")
    for name in branches:
        repo.git("branch", name)
    assert find_sources(found(repo), ["refs/heads/research/*"]).trunk == trunk


def test_without_a_remote_the_trunk_is_the_policys_and_not_what_is_checked_out(repo: Repo) -> None:
    repo.commit("Start", {"labgate.toml": TEAM})
    repo.branch("research/x").commit("Try")
    assert find_sources(found(repo), ()).trunk == "refs/heads/main"
    assert find_sources(found(repo), ["refs/heads/research/*"]).trunk == "refs/heads/main"


def test_without_a_policy_the_sources_must_be_named(many: Repo) -> None:
    with pytest.raises(NoPolicyError) as caught:
        find_sources(found(many), ())
    assert "--sources" in (caught.value.help or "")


def test_a_trunk_that_cannot_be_told_stops_only_who_needs_its_policy(team: Repo, tmp_path: Path) -> None:
    team.push("main:one", "main:two")
    server = Repo(tmp_path / "work-origin.git", team.env)
    server.git("update-ref", "-d", "refs/heads/main")
    team.git("fetch", "--quiet", "--prune", "origin")
    team.git("rm", "--quiet", "labgate.toml")
    with pytest.raises(UndecidedError) as caught:
        find_sources(found(team), ())
    assert "set-head" in (caught.value.help or "")
    assert find_sources(found(team), ["refs/heads/research/*"]).trunk is None


def test_a_clone_of_one_branch_is_told_that_sources_may_be_missing(team: Repo, tmp_path: Path) -> None:
    team.git("clone", "--quiet", "--single-branch", "-b", "main", f"file://{tmp_path}/work-origin.git", "../narrow")
    sources = find_sources(found(Repo(tmp_path / "narrow", team.env)), ())
    assert sources.sources == ()
    assert sources.incomplete is not None
    assert "remote.origin.fetch" in (sources.incomplete.help or "")


def test_a_shallow_clone_cannot_be_traced(team: Repo, tmp_path: Path) -> None:
    team.git("clone", "--quiet", "--depth=1", f"file://{tmp_path}/work-origin.git", "../shallow")
    with pytest.raises(UndecidedError, match="shallow"):
        prepare_trace(TraceRequest(("HEAD",)), found(Repo(tmp_path / "shallow", team.env)))


def test_each_word_names_what_git_says(many: Repo) -> None:
    first, second = many.head("main~1"), many.head("main")
    many.git("tag", "-a", "v1", "-m", "one", first)
    many.git("tag", second[:8], first)
    tree = many.head("main^{commit}") and many.git("rev-parse", "main^{tree}")
    words = {
        first: first,
        second.upper(): second,
        first[:7]: first,
        "main": second,
        "main~1": first,
        "HEAD": second,
        "v1": first,
        many.git("rev-parse", "v1"): first,
        "origin/research/x": first,
        # A ref wins over an abbreviated object id, as in git.
        second[:8]: first,
        tree: None,
        "0" * 40: None,
        "f" * 6: None,
        "nothing": None,
        "-x": None,
        "": None,
        "main~1..main": None,
        "^main": None,
    }
    repository = found(many)
    assert resolve_revisions(repository, tuple(words), read_refs(repository)) == words


def test_a_request_keeps_the_order_and_says_of_each_other_word_that_it_names_nothing(many: Repo) -> None:
    request = TraceRequest(("main", "no\x1bne", "main~1", "main", "a..b"), ("refs/pull/*/head",), exclude="main~1")
    tracing = prepare_trace(request, found(many))
    assert tracing.commits == (many.head("main"), many.head("main~1"), many.head("main"))
    assert [error.message for error in tracing.unreadable] == [
        "'no\\x1bne' names no commit in this repository",
        "'a..b' is a range: git rev-list a..b | labgate trace -",
    ]
    assert tracing.exclude == many.head("main~1")


def test_an_exclude_that_names_nothing_stops_the_request(many: Repo) -> None:
    with pytest.raises(UsageError, match="'nowhere' names no commit"):
        prepare_trace(TraceRequest(("main",), ("refs/pull/*/head",), exclude="nowhere"), found(many))


def test_object_ids_are_read_in_one_process_however_many_there_are(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ``git`` that writes a line and becomes the real one stands first on PATH."""
    oids = [repo.commit(f"{number}") for number in range(12)]
    git = shutil.which("git")
    wrapper = tmp_path / "bin" / "git"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\necho git >>{tmp_path}/calls\nexec {git} "$@"\n')
    wrapper.chmod(0o755)
    repository = found(repo)
    refs = read_refs(repository)
    monkeypatch.setenv("PATH", os.pathsep.join([str(wrapper.parent), os.environ["PATH"]]))
    repository = discover({**repo.env, "PATH": os.environ["PATH"]}, str(repo.path))
    (tmp_path / "calls").unlink()
    words = tuple(oid[:length] for oid in oids for length in (12, 40))
    assert set(resolve_revisions(repository, words, refs).values()) == set(oids)
    assert len((tmp_path / "calls").read_text().splitlines()) == 1


def test_subjects_are_read_in_batches_and_each_commit_once(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labgate.entrypoints.trace._BATCH", 2)
    oids = [repo.commit(f"Number {number}\n\nand more") for number in range(5)]
    subjects = Subjects(found(repo), [oids[0], *oids])
    assert [subjects.of(oid) for oid in (*oids, oids[0])] == [*(f"Number {number}" for number in range(5)), "Number 0"]
