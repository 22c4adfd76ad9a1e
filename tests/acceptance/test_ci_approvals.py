"""Research as a pull request: whose approval counts, and for how long (a real remote, and a host that answers)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support import sdg
from support.forge import FakeHost, Fault
from support.hosted import BUTTON, Project
from support.people import by
from support.pipeline import code
from support.repo import Repo

#: Everybody who wrote part of pull request 72 is known; kim is one of them, ada and lin may review.
POLICY = (
    sdg.POLICY.partition("[reviews]")[0]
    + """\
[reviews]
assurance = "forge"
machines = ["noreply@github.com"%s]
[reviews.people.ada]
emails = ["ada@example.org"]
github = "ada-l"
[reviews.people.lin]
emails = ["lin@example.org"]
github = "lin-k"
[reviews.people.kim]
emails = ["%s"]
github = "kim-c"
[reviews.people.grace]
emails = ["grace@example.org"]
"""
)
CHANGED = "src/instructlab/sdg/filterblock.py"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdg")
    sdg.build(folder)
    return folder


@pytest.fixture
def project(template: Path, tmp_path: Path) -> Iterator[Project]:
    repo = sdg.copy(template, tmp_path)
    remote = Repo(tmp_path / "sdg-origin.git", dict(repo.env))
    wrote = dict.fromkeys(repo.git("log", "--format=%ae%n%ce", "main..research/pr-72").split())
    kim = repo.git("log", "-1", "--format=%ae", "research/pr-72")
    others = "".join(f', "{email}"' for email in wrote if email != kim)
    repo.checkout("main").commit("Ask for approvals", {"labgate.toml": POLICY % (others, kim)})
    repo.push("main")
    repo.checkout("research/pr-72")
    with FakeHost("acme/sdg") as host:
        found = Project(repo, remote, host)
        found.pull_request(72, "research/pr-72", author="kim-c")
        yield found


def approved(project: Project, login: str = "lin-k") -> Project:
    project.host.review(72, login)
    return project


def move_main(project: Project, files: dict[str, str]) -> None:
    project.repo.checkout("main").commit("Main goes on", files)
    project.repo.push("main")
    project.repo.checkout("research/pr-72")


def in_another_file(project: Project) -> None:
    move_main(project, {"elsewhere.py": "x = 1\n"})


def in_the_same_file(project: Project) -> None:
    """Put lines above those that the pull request changes."""
    move_main(project, {CHANGED: "# Moved down.\n" + project.repo.git("show", f"main:{CHANGED}") + "\n"})


def into_a_conflict(project: Project) -> None:
    """Rewrite every line of a file that the pull request changes."""
    text = project.repo.git("show", f"main:{CHANGED}")
    move_main(project, {CHANGED: "".join(f"{line}  # here\n" for line in text.splitlines())})


MOVES = [(in_another_file, 0), (in_the_same_file, 0), (into_a_conflict, 1)]


def by_rebase(repo: Repo) -> None:
    repo.git("rebase", "--quiet", "-X", "theirs", "main")


def by_merge(repo: Repo) -> None:
    repo.merge("main", "Merge main", "-X", "ours")


def test_a_pull_request_without_a_review_is_refused(project: Project) -> None:
    result = project.judge(72)
    assert result.status == 1
    assert "LG201" in result.text
    assert "ask ada to approve pull request #72" in result.text


@pytest.mark.parametrize(
    ("login", "status", "said"),
    [
        ("stranger", 1, "LG201"),
        ("kim-c", 1, "LG204"),
        ("lin-k", 0, ""),
        ("LIN-K", 0, ""),
    ],
    ids=["a-stranger", "an-author", "a-listed-person", "whatever-the-case-of-the-login"],
)
def test_it_matters_who_approves(project: Project, login: str, status: int, said: str) -> None:
    result = approved(project, login).judge(72)
    assert result.status == status, result.text
    assert said in result.text


def test_one_more_commit_makes_an_approval_stale_until_it_is_given_again(project: Project) -> None:
    approved(project).repo.commit("One more thing", {"more.py": "more = 1\n"})
    project.pull_request(72, "research/pr-72", author="kim-c")
    result = project.judge(72)
    assert result.status == 1
    assert "LG203" in result.text
    assert "given before more was pushed" in result.text
    assert approved(project).judge(72).status == 0


@pytest.mark.parametrize(("move", "status"), MOVES)
def test_an_approval_holds_while_main_moves_until_that_is_a_conflict(
    project: Project, move: Callable[[Project], None], status: int
) -> None:
    move(approved(project))
    result = project.judge(72)
    assert result.status == status, result.text
    assert ("conflict" in result.text) == bool(status)


@pytest.mark.parametrize("update", [by_rebase, by_merge])
@pytest.mark.parametrize(("move", "status"), MOVES)
def test_an_approval_holds_when_the_branch_follows_main_until_somebody_settles_a_conflict(
    project: Project, move: Callable[[Project], None], status: int, update: Callable[[Repo], None]
) -> None:
    move(approved(project))
    update(project.repo)
    head = project.host.changes[72].head
    assert project.pull_request(72, "research/pr-72", author="kim-c") != head
    result = project.judge(72)
    assert result.status == status, result.text
    assert ("LG203" in result.text) == bool(status)


@pytest.mark.parametrize(
    ("reviews", "rule"),
    [
        ([("lin-k", "APPROVED"), ("lin-k", "DISMISSED")], "LG203"),
        ([("lin-k", "APPROVED"), ("lin-k", "CHANGES_REQUESTED")], "LG208"),
        ([("ada-l", "CHANGES_REQUESTED"), ("lin-k", "APPROVED")], "LG208"),
        ([("lin-k", "COMMENTED")], "LG201"),
    ],
    ids=["dismissed", "taken-back", "somebody-else-objects", "only-a-comment"],
)
def test_what_stands_at_last_counts(project: Project, reviews: list[tuple[str, str]], rule: str) -> None:
    for login, state in reviews:
        project.host.review(72, login, state)
    result = project.judge(72)
    assert result.status == 1
    assert rule in result.text


def test_an_objection_that_is_settled_is_none(project: Project) -> None:
    project.host.review(72, "lin-k", "CHANGES_REQUESTED")
    assert approved(project).judge(72).status == 0


def test_a_trailer_is_no_approval(project: Project) -> None:
    project.repo.commit("Reviewed\n\nReviewed-by: Lin <lin@example.org>")
    project.pull_request(72, "research/pr-72", author="kim-c")
    result = project.judge(72, "--verbose")
    assert result.status == 1
    assert "LG201" in result.text


@pytest.mark.parametrize("number", [None, 73], ids=["no-number", "another-number"])
def test_without_its_pull_request_nothing_is_decided(project: Project, number: int | None) -> None:
    event = approved(project).opened(72)
    event["number"] = number
    event["pull_request"] = event["pull_request"] | {"number": number}  # type: ignore[operator]
    assert project.job("pull_request", event).status == 2


def test_a_retargeted_pull_request_is_judged_anew(project: Project) -> None:
    event = approved(project).opened(72)
    project.host.changes[72].target = "release/1"
    result = project.job("pull_request", event)
    assert result.status == 2
    assert "is now release/1" in result.text


def test_an_approval_for_another_target_does_not_count_until_it_is_given_again(project: Project) -> None:
    """The other target may have had more of the change, which the reviewer did not see."""
    project.host.changes[72].target = "staging"
    approved(project).host.retarget(72, "main")
    result = project.judge(72)
    assert (result.status, "LG203" in result.text) == (1, True), result.text
    assert "given for another target, which had more of the change" in result.text
    project.host.faults.append(Fault(403, on="issues/72/timeline"))
    assert project.judge(72).status == 0  # as before this was asked for: the token may not read it
    assert approved(project).judge(72).status == 0


@pytest.mark.parametrize("status", [500, 401, 403, 404])
def test_a_host_that_does_not_answer_decides_nothing(project: Project, status: int) -> None:
    approved(project).host.faults.append(Fault(status, {"Retry-After": "100000"}, times=-1))
    result = project.judge(72, GITHUB_TOKEN="sesame-1234")  # noqa: S106  (so that it can be looked for)
    assert result.status == 2
    assert "sesame" not in result.text


def landed_by(project: Project, button: str, *, keep: bool = False) -> str:
    """Land the pull request as the host does, and return what main was before."""
    repo = project.repo
    before = project.remote.head("main")
    repo.checkout("main")
    commits: tuple[str, ...] = ()
    if button == "merge":
        repo.merge("research/pr-72", "Merge pull request #72", **BUTTON)
    elif button == "squash":
        repo.git("merge", "--quiet", "--squash", "research/pr-72")
        author = repo.git("log", "-1", "--format=%an <%ae>", "research/pr-72")
        repo.commit("Do it again (#72)", None, f"--author={author}", **BUTTON)
    else:
        repo.git("cherry-pick", f"{before}..research/pr-72", **BUTTON)
        commits = tuple(repo.git("rev-list", f"{before}..main~1").split())
    repo.push("main")
    project.host.merge(72, repo.head("main"), commits=commits, squashed=button == "squash")
    if not keep:
        project.remote.git("update-ref", "-d", "refs/heads/research/pr-72")
    return before


@pytest.mark.parametrize("moved", [False, True], ids=["main-stood", "main-moved"])
@pytest.mark.parametrize("button", ["merge", "squash", "rebase"])
def test_a_landing_is_covered_by_the_approval_of_its_pull_request(project: Project, button: str, moved: bool) -> None:
    approved(project)
    if moved:
        in_the_same_file(project)
    before = landed_by(project, button)
    result = project.landed(before)
    assert result.status == 0, result.text
    assert project.landed(before, "--format", "json").text.count('"LG2') == 0


@pytest.mark.parametrize("button", ["merge", "squash", "rebase"])
def test_a_landing_without_an_approval_is_reported(project: Project, button: str) -> None:
    result = project.landed(landed_by(project, button))
    assert result.status == 1
    assert "LG201" in result.text


@pytest.mark.parametrize("button", ["merge", "squash", "rebase"])
def test_what_lands_past_its_approval_is_reported(project: Project, button: str) -> None:
    approved(project).repo.commit("Slipped in", {"slipped.py": "def slipped(a, b):\n    return a - b\n"})
    project.repo.git("push", "--quiet", "origin", "+research/pr-72:refs/pull/72/head")
    project.host.changes[72].head = project.repo.head("research/pr-72")
    result = project.landed(landed_by(project, button))
    assert result.status == 1
    assert "LG203" in result.text


def test_a_push_past_the_host_is_reported(project: Project) -> None:
    """Nobody opened a pull request for what was pushed straight to main."""
    before = landed_by(approved(project), "merge", keep=True)
    del project.host.changes[72]
    result = project.landed(before)
    assert result.status == 1
    assert "LG201" in result.text


def test_several_landings_of_one_push_are_judged_one_by_one(project: Project) -> None:
    before = landed_by(approved(project), "squash")
    first = project.repo.head("main")
    project.repo.commit("Straight to main", {"straight.py": "def straight(to, main):\n    return to, main\n"})
    project.repo.push("main")
    report = json.loads(project.landed(before, "--format", "json").out)
    assert [(update["old"], update["new"], update["outcome"]) for update in report["updates"]] == [
        (before, first, "passed"),
        (first, project.repo.head("main"), "passed"),
    ]


def test_two_pull_requests_in_one_push_are_judged_each_by_its_own_approval(project: Project) -> None:
    """One of them was rebased: its commits are one landing."""
    repo = project.repo.branch("research/second", "main")
    for number in (1, 2):
        name = f"second_{number}"
        repo.commit(f"Try {name}", {f"{name}.py": code(name)})
    project.pull_request(73, "research/second", author="kim-c")
    project.host.review(73, "ada-l")
    before = landed_by(project, "squash")
    first = project.repo.head("main")
    project.repo.git("cherry-pick", "origin/main~1..research/second", **BUTTON)
    project.repo.push("main")
    second = project.repo.head("main")
    project.host.merge(73, second, commits=(project.repo.head("main~1"),))
    project.remote.git("update-ref", "-d", "refs/heads/research/second")
    result = project.landed(before, "--format", "json")
    report = json.loads(result.out)
    assert [(update["old"], update["new"], update["outcome"]) for update in report["updates"]] == [
        (before, first, "failed"),
        (first, second, "passed"),
    ]
    assert {(item["rule"], item["update"]) for item in report["findings"] if item["level"] == "error"} == {("LG201", 0)}


AGENT = "Try again\n\nCo-authored-by: Claude <noreply@anthropic.com>"


def helped_by_an_agent(project: Project, agents: str) -> Project:
    """Let the policy list agents, and push a commit that one of them helped with."""
    text = project.repo.git("show", "main:labgate.toml")
    move_main(project, {"labgate.toml": text.replace('"forge"', f'"forge"\nagents = [{agents}]', 1) + "\n"})
    project.repo.commit(AGENT, {"more.py": "more = 1\n"})
    project.pull_request(72, "research/pr-72", author="kim-c")
    return approved(project)


def test_an_agent_that_nobody_lists_blocks(project: Project) -> None:
    result = helped_by_an_agent(project, "").judge(72)
    assert result.status == 1
    assert "list the contributor noreply@anthropic.com in [reviews.people], or in [reviews] agents" in result.text


@pytest.mark.parametrize("pattern", ["noreply@anthropic.com", "NoReply@*.com"])
def test_an_agent_neither_counts_nor_blocks(project: Project, pattern: str) -> None:
    result = helped_by_an_agent(project, f'"{pattern}"').judge(72)
    assert result.status == 0, result.text


def test_who_opened_what_an_agent_made_contributed_to_it(project: Project) -> None:
    helped_by_an_agent(project, '"noreply@anthropic.com"').host.changes[72].author = "octocat"
    result = project.judge(72)
    assert result.status == 1
    assert "list the contributor octocat" in result.text


def test_a_bot_that_opened_it_is_nobody(project: Project) -> None:
    agents = '"noreply@anthropic.com", "*[bot]@users.noreply.github.com"'
    helped_by_an_agent(project, agents).host.changes[72].author = "copilot[bot]"
    result = project.judge(72)
    assert result.status == 0, result.text


@pytest.mark.parametrize(
    ("login", "status", "said"),
    [
        ("lin-k", 0, "exception granted by lin: a vendored table"),
        ("ada-l", 1, "ada: not one of [commit-size] exceptions"),
    ],
)
def test_an_approval_grants_an_exception_from_the_limits(project: Project, login: str, status: int, said: str) -> None:
    repo = project.repo
    sized = '\n[commit-size]\nexceptions = ["lin"]\n[commit-size.limits.protected]\nlines = 40\n'
    policy = repo.checkout("main").git("show", "HEAD:labgate.toml") + "\n" + sized
    repo.commit("Set limits", {"labgate.toml": policy})
    repo.push("main")
    large = "Add a table\n\nCommit-Size-Exception: a vendored table"
    kim = repo.git("log", "-1", "--format=%ae", "research/pr-72")
    repo.branch("feature/table").commit(large, {"table.txt": "row\n" * 90}, **by("kim", kim))
    repo.push("feature/table")
    project.pull_request(80, "feature/table", author="kim-c")
    project.host.review(80, login)
    result = project.judge(80)
    assert result.status == status, result.text
    assert said in result.text
