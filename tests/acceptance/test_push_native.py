"""What ``git push`` may send, with labgate's own hook in place: it sees every ref of every push."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.people import adopt, by, reviewed
from support.pushing import (
    CASES,
    Case,
    among_all,
    by_force,
    by_merge,
    by_oid,
    deleted,
    hook,
    merge,
    new_annotated_tag,
    new_release,
    new_tag,
    over_an_unknown_tip,
    push,
    renamed,
    second_of_two,
    title,
)
from support.repo import Repo
from support.sdg import POLICY

#: The errors that stand in the way without a review, and those that stay with one.
RULES: dict[Case, tuple[set[str], set[str]]] = {
    by_force: ({"LG201", "LG210", "LG211"}, {"LG211"}),  # it has no policy
    by_merge: ({"LG201"}, set()),
    by_oid: ({"LG201"}, set()),
    renamed: ({"LG201"}, set()),
    second_of_two: ({"LG201"}, set()),
    among_all: ({"LG201"}, set()),
    new_release: ({"LG201"}, set()),
    new_tag: ({"LG201"}, set()),
    new_annotated_tag: ({"LG201"}, set()),
    # Where main stands is not known here, so what the push brings to it is not either.
    over_an_unknown_tip: ({"LG211"}, {"LG211"}),
    deleted: ({"LG211"}, {"LG211"}),
}


@pytest.fixture
def project(sdg: Repo) -> Repo:
    """The sdg project with labgate's native hooks."""
    return hook(sdg, "native")


def test_the_table_has_every_case() -> None:
    assert set(RULES) == set(CASES)


# Row 1.


def test_research_goes_to_research(project: Repo) -> None:
    project.checkout("research/pr-72").commit("Try more", {"more.py": "1\n"})
    outcome = push(project, "research/pr-72")
    assert outcome.moved == {"refs/heads/research/pr-72"}
    assert "labgate" not in outcome.result.text


def test_a_push_without_anything_new_says_nothing(project: Repo) -> None:
    outcome = push(project, "research/pr-72")
    assert (outcome.result.status, outcome.moved) == (0, frozenset())
    assert outcome.result.text == "Everything up-to-date\n"


# Rows 2 and 3.


@pytest.mark.parametrize("case", CASES, ids=title)
def test_research_does_not_reach_a_protected_ref(project: Repo, case: Case) -> None:
    outcome = push(project, *case(project, review=False).arguments)
    assert outcome.verdict == "refused"
    assert outcome.errors == RULES[case][0]
    assert "partial view" not in outcome.result.text
    assert outcome.moved == frozenset()


@pytest.mark.parametrize("case", CASES, ids=title)
def test_with_a_review_it_does_unless_history_is_rewritten(project: Repo, case: Case) -> None:
    attempt = case(project, review=True)
    outcome = push(project, *attempt.arguments)
    assert outcome.errors == RULES[case][1]
    if RULES[case][1]:
        assert (outcome.result.status != 0, outcome.moved) == (True, frozenset())
    else:
        assert outcome.result.status == 0, outcome.result.text
        assert attempt.ref in outcome.moved
        assert "labgate" not in outcome.result.text


def test_the_help_line_of_a_refusal_mends_it(project: Repo) -> None:
    attempt = by_merge(project, review=False)
    refused = push(project, *attempt.arguments)
    (command,) = (line.partition("help: ")[2] for line in refused.result.text.splitlines() if "  help: " in line)
    project.run("sh", "-ec", command)
    assert push(project, *attempt.arguments).moved == {"refs/heads/main"}


def test_the_author_s_own_review_does_not_count(project: Repo) -> None:
    project.checkout("research/pr-72").commit("Mine", {"mine.py": "1\n"}, **by("ada"))
    merge(project.checkout("main"), "research/pr-72", review=True)
    outcome = push(project, "main")
    assert outcome.errors == {"LG201", "LG204"}
    assert outcome.moved == frozenset()


# What cannot be judged is not pushed.


def test_without_a_policy_anywhere_the_push_goes_on_in_one_line(repo: Repo) -> None:
    repo.with_remote()
    repo.commit("Start", {"a.py": "a\n"})
    hook(repo, "native")
    outcome = push(repo, "main")
    assert outcome.moved == {"refs/heads/main"}
    said = [line for line in outcome.result.err.splitlines() if "labgate" in line and not line.startswith("To ")]
    no_policy = "there is no labgate.toml on the trunk or in the judged commit"
    assert said == [f"labgate: skipped: {no_policy} (help: labgate init)"]


def test_where_a_policy_cannot_be_read_the_last_one_that_can_judges_the_push(project: Repo) -> None:
    adopt(project, "version = 1\nthis is no policy\n")
    project.branch("feature/x").commit("Work", {"x.py": "1\n"})
    outcome = push(project, "feature/x")
    assert outcome.result.status == 0
    assert "labgate: origin/main:labgate.toml: line 2" in outcome.result.err


def clone(sdg: Repo, folder: Path, *options: str) -> Repo:
    """Clone the project's remote as over a network, with labgate's native hooks."""
    server = sdg.git("config", "remote.origin.url")
    sdg.git("clone", "--quiet", "--no-local", *options, f"file://{server}", str(folder))
    repo = Repo(folder, sdg.env)
    repo.clock = sdg.clock
    repo.git("config", "remote.origin.url", server)
    return hook(repo, "native")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        pytest.param(("--depth=1", "--no-single-branch"), "this clone is shallow", id="shallow"),
        pytest.param(("--single-branch",), "the research refs of origin are not fetched here", id="of one branch"),
    ],
)
def test_a_clone_that_lacks_what_decides_is_told_how_to_get_it(
    sdg: Repo, tmp_path: Path, options: tuple[str, ...], reason: str
) -> None:
    repo = clone(sdg, tmp_path / "clone", *options)
    repo.commit("A fix", {"fix.py": "1\n"})
    refused = push(repo, "main")
    assert (refused.result.status != 0, refused.moved) == (True, frozenset())
    assert f"main: research-gate undecided: {reason}" in refused.result.err
    (command,) = {line.partition("help: ")[2] for line in refused.result.err.splitlines() if "  help: " in line}
    repo.run("sh", "-ec", command)
    assert push(repo, "main").moved == {"refs/heads/main"}


def test_a_clone_that_never_fetched_is_not_judged_by_its_own_change(sdg: Repo, tmp_path: Path) -> None:
    """Without one branch of the remote the trunk's policy cannot be found; the pushed one must not stand in for it."""
    repo = Repo.init(tmp_path / "other", branch="unborn")
    server = sdg.git("config", "remote.origin.url")
    repo.git("remote", "add", "origin", server)
    repo.git("fetch", "--quiet", server, "main:main", "research/pr-72:work")
    hook(repo, "native")
    repo.checkout("main")
    weak = 'version = 1\ntrunk = "main"\n[kinds.protected]\nnames = ["main"]\n'
    repo.commit("Weaken the policy", {"labgate.toml": weak})
    repo.merge("work", "Merge work")
    refused = push(repo, "main")
    assert (refused.result.status != 0, refused.moved) == (True, frozenset())
    assert "error: the branches of origin are not fetched here" in refused.result.err
    assert "help: git fetch origin" in refused.result.err
    repo.git("fetch", "--quiet", "origin")
    assert push(repo, "main").errors == {"LG201", "LG210"}


def test_a_push_by_url_is_judged_like_one_to_the_remote_that_has_it(project: Repo) -> None:
    attempt = by_merge(project, review=False)
    for url in (project.git("config", "remote.origin.url"), f"file://{project.git('config', 'remote.origin.url')}"):
        outcome = push(project, *attempt.arguments, remote=url)
        assert (outcome.errors, outcome.moved) == ({"LG201"}, frozenset())


def test_a_linked_work_tree_is_judged_like_the_main_one(project: Repo, tmp_path: Path) -> None:
    project.git("worktree", "add", "--quiet", "-b", "feature/y", str(tmp_path / "linked"), "main")
    linked = Repo(tmp_path / "linked", project.env)
    linked.clock = project.clock
    merge(linked, "research/pr-72", review=False)
    assert push(linked, "HEAD:main").errors == {"LG201"}
    linked.commit(reviewed("ada"), None, **by("ada"))
    assert push(linked, "HEAD:main").moved == {"refs/heads/main"}


def test_a_tag_of_a_tree_is_no_release_but_may_be_any_other_tag(project: Repo) -> None:
    project.git("tag", "v1", "research/pr-72^{tree}")
    project.git("tag", "data-1", "research/pr-72^{tree}")
    refused = push(project, "v1")
    assert (refused.result.status != 0, refused.moved) == (True, frozenset())
    assert "error: refs/tags/v1 would point to " in refused.result.err
    assert push(project, "data-1").moved == {"refs/tags/data-1"}


def test_a_sha256_repository_is_guarded_as_well(tmp_path: Path, sdg: Repo) -> None:
    policy = sdg.git("show", "origin/main:labgate.toml")
    repo = Repo.init(tmp_path / "modern", "--object-format=sha256")
    server = repo.with_remote("origin", "--object-format=sha256")
    server.git("config", "receive.denyDeleteCurrent", "ignore")
    repo.commit("Start", {"labgate.toml": policy})
    hook(repo, "native")
    assert push(repo, "main").moved == {"refs/heads/main"}
    repo.branch("research/x").commit("Try it", {"x.py": "1\n"})
    assert push(repo, "research/x").moved == {"refs/heads/research/x"}
    assert push(repo, "research/x:main").errors == {"LG201"}
    assert push(repo, "--delete", "main").errors == {"LG211"}
    assert push(repo, "--delete", "research/x").moved == {"refs/heads/research/x"}


def test_the_first_push_to_an_empty_remote_has_nothing_to_be_compared_with(tmp_path: Path) -> None:
    repo = Repo.init(tmp_path / "work")
    remote = repo.with_remote()
    repo.commit("start", {"labgate.toml": POLICY})
    repo.git("branch", "research/x")
    repo.labgate("install", status=0)
    repo.git("push", "origin", "main")
    assert remote.head("main") == repo.head("main")


def test_a_research_branch_pushed_as_the_first_main_is_refused(tmp_path: Path) -> None:
    repo = Repo.init(tmp_path / "work")
    repo.with_remote()
    repo.commit("start", {"labgate.toml": POLICY})
    repo.branch("research/x").commit("try", {"a.py": "1"})
    repo.labgate("install", status=0)
    assert "LG201" in repo.run("git", "push", "origin", "research/x:main", status=1).err
