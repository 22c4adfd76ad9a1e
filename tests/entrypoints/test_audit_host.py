"""An audit online: the code host says with which pull request something landed, and who approved it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.audited import Branch, adopted, reported
from support.forge import FakeHost, Fault
from support.hosted import BUTTON
from support.people import reviewed
from support.pipeline import POLICY
from support.repo import Repo

FORGE = """
[reviews]
assurance = "forge"
machines = ["noreply@github.com"]
"""


@pytest.fixture
def main(repo: Repo) -> Branch:
    return adopted(repo)


@pytest.fixture
def host(main: Branch) -> Iterator[FakeHost]:
    people = POLICY.partition("[reviews.people.ada]")
    accounts = 'github = "ada-l"\n[reviews.people.lin]\nemails = ["lin@example.org"]\ngithub = "lin-k"\n'
    accounts += '[reviews.people.grace]\nemails = ["grace@example.org"]\n'
    policy = people[0] + FORGE + people[1] + people[2].replace('"]\n', f'"]\n{accounts}', 1)
    main.commit("Ask for approvals", {"labgate.toml": policy})
    with FakeHost("acme/models") as found:
        # The clone's own remote is a folder, which has no name on a host.
        main.repo.git("remote", "set-url", "origin", f"http://{found.address}/acme/models.git")
        main.repo.git("config", f"url.{main.repo.path}-origin.git.insteadOf", f"http://{found.address}/acme/models.git")
        main.repo.env["LABGATE_FORGE"] = f"github {found.url('github')}"
        yield found


def opened(main: Branch, host: FakeHost, number: int, name: str, *, approve: bool, count: int = 1) -> None:
    head = main.research(name, count=count)
    main.repo.git("push", "--quiet", "origin", f"{head}:refs/pull/{number}/head")
    host.open(number, author="lin-k", head=head).source = f"research/{name}"
    if approve:
        host.review(number, "ada-l")


def merged(main: Branch, host: FakeHost, number: int, name: str, button: str) -> str:
    """Land a pull request as the host does, and delete its branch."""
    before = main.repo.head()
    commits: tuple[str, ...] = ()
    if button == "merge":
        main.repo.merge(f"research/{name}", f"Merge pull request #{number}", **BUTTON)
    elif button == "squash":
        main.repo.git("merge", "--quiet", "--squash", f"research/{name}")
        main.repo.commit(f"Do {name} (#{number})", None, "--author=Lin <lin@example.org>", **BUTTON)
    else:
        main.repo.git("cherry-pick", f"main..research/{name}", **BUTTON)
        commits = tuple(main.repo.git("rev-list", f"{before}..HEAD~1").split())
    main.repo.push("main", f":research/{name}")
    main.repo.git("branch", "--quiet", "-D", f"research/{name}")
    host.merge(number, main.repo.head(), commits=commits, squashed=button == "squash")
    return main.repo.head()


@pytest.mark.parametrize("button", ["merge", "squash", "rebase"])
def test_a_landing_past_its_pull_request_is_the_one_that_is_reported(main: Branch, host: FakeHost, button: str) -> None:
    for number in (1, 2, 3):
        opened(main, host, number, f"r{number}", approve=number != 2, count=2)
    landings = [merged(main, host, number, f"r{number}", button) for number in (1, 2, 3)]
    main.research("straight")
    straight = main.merge("straight")
    report = main.audit(status=1)
    assert reported(report) == [landings[1], straight]
    assert [update["new"] for update in report["updates"]][-4:] == [*landings, straight]


def test_a_commit_of_two_merged_pull_requests_is_nobodys_landing(main: Branch, host: FakeHost) -> None:
    """It cannot be told which of them was approved for it: that is no approval, and the research of either counts."""
    opened(main, host, 2, "r1", approve=True)
    landing = merged(main, host, 2, "r1", "squash")
    assert main.past_review() == []
    for number, source in ((1, "feature/r1"), (3, "feature/r1")):
        twin = host.open(number, author="lin-k", head=host.changes[2].head)
        twin.source = source
        host.merge(number, landing, squashed=True)
        assert main.past_review() == [landing]


def test_a_policy_that_once_counted_approvals_has_the_host_asked(main: Branch, host: FakeHost) -> None:
    opened(main, host, 1, "r1", approve=True)
    merged(main, host, 1, "r1", "merge")
    main.commit("Ask for trailers again", {"labgate.toml": POLICY})
    assert main.past_review() == []
    assert host.asked


def test_a_host_that_does_not_answer_leaves_all_undecided(main: Branch, host: FakeHost) -> None:
    opened(main, host, 1, "r1", approve=True)
    merged(main, host, 1, "r1", "merge")
    host.faults.append(Fault(403, times=-1))
    said = main.repo.labgate("audit", "main", status=2, GITHUB_TOKEN="sesame-1234")  # noqa: S106
    assert "sesame" not in said.text


def test_offline_nobody_is_asked_and_no_trailer_is_an_approval(main: Branch, host: FakeHost) -> None:
    main.research("a")
    landing = main.merge("a", reviewed("ada", subject="Merge a"))
    assert main.past_review("--offline") == [landing]
    assert host.asked == []


@pytest.mark.parametrize("named", [True, False], ids=["by-its-commit", "by-its-number"])
@pytest.mark.parametrize("approve", [True, False])
def test_a_pull_request_that_names_no_commit_stops_nothing(
    main: Branch, host: FakeHost, *, named: bool, approve: bool
) -> None:
    """GitHub's description lets ``merge_commit_sha`` be null where ``merged`` is true."""
    for number in (1, 2, 3):
        opened(main, host, number, f"r{number}", approve=approve or number == 3)
    landings = [merged(main, host, number, f"r{number}", "squash") for number in (1, 2, 3)]
    host.changes[2].merged_as = None
    host.changes[2].commits = [landings[1]] if named else []
    report = main.audit(status=0 if approve else 1)
    assert reported(report) == ([] if approve else landings[:2])
    assert {update["outcome"] for update in report["updates"]} <= {"passed", "failed"}


def test_a_pull_request_of_another_shape_leaves_the_others_judged(main: Branch, host: FakeHost) -> None:
    for number in (1, 2, 3):
        opened(main, host, number, f"r{number}", approve=number == 3)
    landings = [merged(main, host, number, f"r{number}", "squash") for number in (1, 2, 3)]

    def altered(path: str, document: object) -> object:
        if path.endswith("/pulls/2") and isinstance(document, dict):
            document["merge_commit_sha"] = "HEAD"
        return document

    host.alter = altered
    report = main.audit(status=1)
    outcomes = {update["new"]: update["outcome"] for update in report["updates"]}
    assert [outcomes[oid] for oid in landings] == ["failed", "undecided", "passed"]
