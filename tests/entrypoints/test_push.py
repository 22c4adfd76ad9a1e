"""A push is read from what git says of it, or from what pre-commit and prek let through."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from labgate.checks.registry import PUSH, at_stage
from labgate.entrypoints import push
from labgate.entrypoints.hook_call import HookCall, Skipped
from labgate.entrypoints.push import Push, _judged, framework_push, native_push, scene_of
from labgate.git.refs import read_refs
from labgate.git.repository import Repository, discover
from labgate.values.errors import NoPolicyError, UndecidedError, UsageError
from labgate.values.ref_update import RefUpdate
from labgate.values.report import Report
from support.isolated import install
from support.policies import TEAM
from support.repo import Repo
from support.templates import prepared

ZERO = "0" * 40
GONE = "1234567890" * 4
MAIN, RESEARCH = "refs/heads/main", "refs/heads/research/x"


@prepared
def work(repo: Repo) -> Repo:
    """``main`` and ``research/x`` on ``origin``; ``research/x`` has one commit more here and is checked out."""
    repo.with_remote()
    repo.commit("Start", {"labgate.toml": TEAM})
    repo.branch("research/x").commit("Try", {"x.py": "1\n"})
    repo.push("main", "research/x")
    repo.commit("Try again", {"x.py": "2\n"})
    return repo


@pytest.fixture
def repository(work: Repo) -> Repository:
    return discover(work.env, str(work.path))


def read(repository: Repository, *lines: str) -> Push:
    return native_push(repository, "".join(f"{line}\n" for line in lines), "origin", "")


# What git says.


def test_every_line_is_an_update(work: Repo, repository: Repository) -> None:
    old, new, main = work.head("origin/research/x"), work.head(), work.head("main")
    push = read(
        repository,
        f"{RESEARCH} {new} {RESEARCH} {old}",
        f"{MAIN} {main} refs/heads/docs/a {ZERO}",
        f"(delete) {ZERO} {MAIN} {main}",
    )
    assert push.updates == (
        RefUpdate(RESEARCH, old, new, "research/x"),
        RefUpdate("refs/heads/docs/a", None, main, "main"),
        RefUpdate(MAIN, main, None),
    )
    assert (push.remote, push.refs_total) == ("origin", 3)
    assert push.commits == {old, new, main}


def test_no_line_is_no_update(repository: Repository) -> None:
    assert native_push(repository, "", "origin", "") == Push("origin", (), 0, frozenset())


@pytest.mark.parametrize("line", ["", "refs/heads/main", f"refs/heads/main {ZERO} refs/heads/main"])
def test_a_line_of_another_form_is_refused(repository: Repository, line: str) -> None:
    with pytest.raises(UsageError, match="cannot read the line") as caught:
        native_push(repository, f"{line}\n", "origin", "")
    assert caught.value.help is not None


@pytest.mark.parametrize(
    ("local", "source"),
    [
        pytest.param(RESEARCH, "research/x", id="a branch"),
        pytest.param("HEAD", "research/x", id="HEAD"),
        pytest.param("HEAD~1", None, id="what HEAD was cut from"),
        pytest.param("refs/heads/main^{/a commit}", "main^{/a commit}", id="an expression with a blank in it"),
        pytest.param("refs/tags/v1", None, id="a tag"),
        pytest.param(GONE, None, id="an oid"),
    ],
)
def test_the_source_of_an_update_is_the_branch_that_is_pushed(
    work: Repo, repository: Repository, local: str, source: str | None
) -> None:
    (update,) = read(repository, f"{local} {work.head()} {MAIN} {ZERO}").updates
    assert update == RefUpdate(MAIN, None, work.head(), source)


def test_a_detached_head_is_no_branch(work: Repo, repository: Repository) -> None:
    work.git("checkout", "--quiet", "--detach")
    (update,) = read(repository, f"HEAD {work.head()} {MAIN} {ZERO}").updates
    assert update.source is None


def test_tags_stand_for_their_commits_on_both_sides(work: Repo, repository: Repository) -> None:
    work.git("tag", "--annotate", "-m", "One", "v1", "main")
    work.git("tag", "--annotate", "-m", "Two", "v2", "HEAD")
    work.git("tag", "--annotate", "-m", "A tag of a tag", "v3", "v2")
    old, new = work.git("rev-parse", "v1"), work.git("rev-parse", "v3")
    push = read(repository, f"refs/tags/v3 {new} refs/tags/v1 {old}")
    assert push.updates == (RefUpdate("refs/tags/v1", work.head("main"), work.head()),)
    assert push.commits == {work.head("main"), work.head()}


def test_what_is_no_commit_stays_what_it_is(work: Repo, repository: Repository) -> None:
    tree, blob = work.git("rev-parse", "HEAD^{tree}"), work.git("rev-parse", "HEAD:x.py")
    push = read(repository, f"x {tree} refs/tags/data {ZERO}", f"x {blob} refs/data/x {GONE}")
    assert push.updates == (RefUpdate("refs/tags/data", None, tree), RefUpdate("refs/data/x", GONE, blob))
    assert push.commits == frozenset()


def test_refs_outside_of_heads_and_tags_are_updates_too(work: Repo, repository: Repository) -> None:
    ref = "refs/experiments/housing/ada/1"
    (update,) = read(repository, f"{ref} {work.head()} {ref} {ZERO}").updates
    assert update == RefUpdate(ref, None, work.head())
    assert update.branch is None


@pytest.mark.parametrize("name", ["a\u2028b", "a\u0085b", "a\udcffb"], ids=["U+2028", "U+0085", "no UTF-8"])
def test_a_refname_is_one_word_whatever_is_in_it(work: Repo, repository: Repository, name: str) -> None:
    (update,) = read(repository, f"refs/heads/{name} {work.head()} refs/heads/{name} {ZERO}").updates
    assert update == RefUpdate(f"refs/heads/{name}", None, work.head(), name)


def test_in_a_sha256_repository_a_zero_oid_is_longer(tmp_path: Path) -> None:
    repo = Repo.init(tmp_path / "modern", "--object-format=sha256")
    oid = repo.commit("Start")
    push = read(discover(repo.env, str(repo.path)), f"(delete) {'0' * 64} {MAIN} {oid}", f"x {oid} y {'0' * 64}")
    assert push.updates == (RefUpdate(MAIN, oid, None), RefUpdate("y", None, oid))


# Which remote it is.


def names_of(repo: Repo, **urls: str) -> Repository:
    """Return a repository with these remotes; ``X_push`` is the push URL of ``X``."""
    for name, url in urls.items():
        key = f"remote.{name.removesuffix('_push')}.{'pushurl' if name.endswith('_push') else 'url'}"
        repo.git("config", key, url)
    return discover(repo.env, str(repo.path))


@pytest.mark.parametrize(
    ("name", "url", "remote"),
    [
        pytest.param("fork", "anything", "fork", id="by name"),
        pytest.param("https://example.org/a/fork.git", "https://example.org/a/fork.git", "fork", id="by URL"),
        pytest.param("https://example.org/a/fork", "", "fork", id="by URL without .git"),
        pytest.param("git@example.org:a/fork.git", "", "fork", id="by URL of another protocol"),
        pytest.param("short:fork", "https://example.org/a/fork", "fork", id="by a URL that git rewrote"),
        pytest.param("/srv/origin.git/", "", "origin", id="by path"),
        pytest.param("file:///srv/origin", "", "origin", id="by path, as URL"),
        pytest.param("ssh://git@example.org/push/there", "", "fork", id="by push URL"),
        pytest.param("https://example.org/b/stranger", "", "origin", id="by the URL of a stranger"),
        pytest.param("", "", "origin", id="without a name"),
    ],
)
def test_a_push_goes_to_a_remote_that_is_configured(repo: Repo, name: str, url: str, remote: str) -> None:
    remotes = {"fork": "https://example.org/a/fork", "fork_push": "ssh://example.org/push/there"}
    repository = names_of(repo, **remotes, origin="/srv/origin")
    assert native_push(repository, "", name, url).remote == remote


def test_without_a_remote_there_is_none(repo: Repo) -> None:
    assert native_push(names_of(repo), "", "/srv/x", "/srv/x").remote is None


def test_of_several_without_an_origin_none_is_guessed(repo: Repo) -> None:
    assert native_push(names_of(repo, a="/srv/a", b="/srv/b"), "", "/srv/x", "/srv/x").remote is None


# What a framework lets through.


def described(work: Repo, **variables: str) -> Push:
    """Read a push from these ``PRE_COMMIT_*`` variables beside the ones that both frameworks set."""
    environ = work.env | {"PRE_COMMIT": "1", "PRE_COMMIT_REMOTE_NAME": "origin", "PRE_COMMIT_REMOTE_URL": "x"}
    environ |= {f"PRE_COMMIT_{name}": value for name, value in variables.items()}
    repository = discover(environ, str(work.path))
    return framework_push(repository, read_refs(repository), environ)


def test_a_framework_describes_one_ref_and_not_how_many_there_are(work: Repo) -> None:
    push = described(work, LOCAL_BRANCH=RESEARCH, REMOTE_BRANCH=RESEARCH)
    assert push.updates == (RefUpdate(RESEARCH, work.head("origin/research/x"), work.head(), "research/x"),)
    assert (push.remote, push.refs_total) == ("origin", None)


@pytest.mark.parametrize(
    "spoofed",
    [
        pytest.param({}, id="absent, as for a first push"),
        pytest.param({"FROM_REF": "main", "TO_REF": "main"}, id="of the caller's making"),
        pytest.param({"FROM_REF": "SPOOF", "SOURCE": "SPOOF", "ORIGIN": "SPOOF"}, id="of no sense"),
    ],
)
def test_from_and_to_decide_nothing(work: Repo, spoofed: dict[str, str]) -> None:
    push = described(work, LOCAL_BRANCH=RESEARCH, REMOTE_BRANCH=MAIN, **spoofed)
    assert push.updates == (RefUpdate(MAIN, work.head("main"), work.head(), "research/x"),)


@pytest.mark.parametrize(
    ("local", "source"),
    [
        pytest.param("HEAD", "research/x", id="HEAD"),
        pytest.param("HEAD^{/Try again}", None, id="an expression with a blank in it"),
        pytest.param("refs/tags/v1", None, id="an annotated tag"),
    ],
)
def test_the_local_name_may_be_any_revision(work: Repo, local: str, source: str | None) -> None:
    work.git("tag", "--annotate", "-m", "One", "v1")
    push = described(work, LOCAL_BRANCH=local, REMOTE_BRANCH="refs/heads/new")
    assert push.updates == (RefUpdate("refs/heads/new", None, work.head(), source),)


def test_a_local_name_of_no_commit_cannot_be_judged(work: Repo) -> None:
    with pytest.raises(UndecidedError, match="refs/tags/v1 would point to refs/tags/data, which is not a commit"):
        described(work, LOCAL_BRANCH="refs/tags/data", REMOTE_BRANCH="refs/tags/v1")


@pytest.mark.parametrize(
    "variables", [{}, {"LOCAL_BRANCH": RESEARCH}, {"REMOTE_BRANCH": MAIN}, {"LOCAL_BRANCH": "", "REMOTE_BRANCH": ""}]
)
def test_without_both_names_there_is_no_update(work: Repo, variables: dict[str, str]) -> None:
    assert described(work, **variables) == Push("origin", (), None, frozenset())


# Judging.


def judge_push(repository: Repository, push: Push, checks: Sequence[str] = ()) -> Report:
    return _judged(scene_of(repository, read_refs(repository), push), at_stage(PUSH, checks), push)


def judged(repository: Repository, *lines: str) -> Any:
    return judge_push(repository, read(repository, *lines))


def test_the_view_is_complete_when_git_itself_lists_the_refs(work: Repo, repository: Repository) -> None:
    report = judged(repository, f"{RESEARCH} {work.head()} {RESEARCH} {work.head('origin/research/x')}")
    assert (report.view.refs_seen, report.view.refs_total, report.view.complete) == (1, 1, True)
    assert (report.stage, report.outcome, report.policy.origin) == ("pre-push", "passed", "trunk")


def test_and_partial_when_a_framework_names_one(work: Repo, repository: Repository) -> None:
    described_push = described(work, LOCAL_BRANCH=RESEARCH, REMOTE_BRANCH=RESEARCH)
    report = judge_push(repository, described_push)
    assert (report.view.refs_seen, report.view.refs_total, report.view.complete) == (1, None, False)


def test_the_policy_before_the_push_judges_it(work: Repo, repository: Repository) -> None:
    before = work.head("main")
    work.checkout("main").commit("Weaken it", {"labgate.toml": TEAM.replace("research/", "play/")})
    work.merge("research/x", "Merge research/x")
    report = judged(repository, f"{MAIN} {work.head()} {MAIN} {before}")
    assert (report.policy.origin, report.policy.commit) == ("trunk", before)
    # The research commit is called "Try", which is unfinished.
    assert [finding.rule.code for _, finding in report.findings if finding.level == "error"] == ["LG201", "LG501"]


def test_one_check_alone_is_asked(work: Repo, repository: Repository) -> None:
    push = read(repository, f"{RESEARCH} {work.head()} {MAIN} {work.head('main')}")
    report = judge_push(repository, push, ("branch-name",))
    assert [check.name for check in report.judged[0].checks] == ["branch-name"]


def test_a_protected_ref_must_name_a_commit(work: Repo, repository: Repository) -> None:
    tree = work.git("rev-parse", "HEAD^{tree}")
    with pytest.raises(UndecidedError, match=r"refs/tags/v1 would point to .*, which is not a commit"):
        judged(repository, f"x {tree} refs/tags/v1 {ZERO}")
    assert judged(repository, f"x {tree} refs/tags/data {ZERO}").outcome == "passed"


def test_a_remote_of_which_nothing_is_known_here_is_not_judged(work: Repo, repository: Repository) -> None:
    main = work.head("main")
    for name in ("main", "research/x"):
        work.git("update-ref", "-d", f"refs/remotes/origin/{name}")
    with pytest.raises(UndecidedError) as caught:
        judged(repository, f"{RESEARCH} {work.head()} {MAIN} {main}")
    assert caught.value.help == "git fetch origin"


def test_no_policy_is_an_error_that_the_hook_skips(repo: Repo) -> None:
    repo.with_remote()
    oid = repo.commit("Start")
    with pytest.raises(NoPolicyError):
        judged(discover(repo.env, str(repo.path)), f"{MAIN} {oid} {MAIN} {ZERO}")


# The whole stage.


def run(repo: Repo, monkeypatch: pytest.MonkeyPatch, stdin: str, *, native: bool = True, **env: str) -> Any:
    """Run the stage as the hook does, in the repository."""
    monkeypatch.chdir(repo.path)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(os.fsencode(stdin))))
    arguments = ("origin", "url", "what git may add one day") if native else ()
    return push.run(HookCall("pre-push", (), arguments, native, repo.env | env))


def test_an_empty_push_is_no_proposal(work: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(work, monkeypatch, "") is None


def test_standard_input_is_git_s_list(work: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    report = run(work, monkeypatch, f"{RESEARCH} {work.head()} {MAIN} {work.head('main')}\n")
    assert report.exit_status == 1
    assert report.judged[0].update.ref == MAIN


def test_without_a_named_ref_there_is_nothing_to_judge(work: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    said = run(work, monkeypatch, "", native=False)
    assert said == Skipped("no ref of a push is named to this hook")


def test_a_framework_s_hook_stands_back_for_labgate_s_own(work: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    named = {"PRE_COMMIT_LOCAL_BRANCH": RESEARCH, "PRE_COMMIT_REMOTE_BRANCH": MAIN}
    install(work, "/bin/sh", "pre-push")
    assert run(work, monkeypatch, "", native=False, **named).exit_status == 1
    work.labgate("install", status=0)
    said = run(work, monkeypatch, "", native=False, **named)
    assert said == Skipped("labgate's own pre-push hook judges this")
    line = f"{RESEARCH} {work.head()} {MAIN} {work.head('main')}\n"
    assert run(work, monkeypatch, line).exit_status == 1
