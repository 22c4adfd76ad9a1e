"""``labgate review approve``: the review lands on the branch that is meant, and holds for what was reviewed."""

from __future__ import annotations

import pytest

from support.people import EMAILS, adopt, by
from support.repo import Repo, Result
from support.team import POLICY, found, research
from support.templates import prepared


def as_(person: str, email: str | None = None) -> dict[str, str]:
    """Return the environment in which a person is author and committer."""
    mine = email or EMAILS[person]
    return {**by(person, mine), "GIT_COMMITTER_NAME": person.title(), "GIT_COMMITTER_EMAIL": mine}


@prepared
def team(repo: Repo) -> Repo:
    """A team's clone on ``main``; ada's ``research/x`` is on the remote, with two commits."""
    found(repo)
    repo.env |= as_("ada")
    research(repo)
    repo.commit("Try more", {"more.py": "2\n"})
    repo.push("research/x")
    return repo.checkout("main")


def check(repo: Repo, *args: str) -> Result:
    return repo.labgate("check", "--target", "main", "--head", "research/x", "--source", "research/x", *args)


def approve(repo: Repo, *args: str, status: int = 0, person: str = "lin") -> Result:
    return repo.labgate("review", "approve", *args, status=status, **as_(person))


def help_of(said: Result) -> str:
    (line,) = (line for line in said.text.splitlines() if "help:" in line)
    return line.partition("help: ")[2]


def test_what_is_pushed_is_reviewed_whatever_is_checked_out(team: Repo) -> None:
    """D1: the help of a refused push, run as it is printed, then the same push."""
    team.run("labgate", "install")
    pushed = team.run("git", "push", "origin", "research/x:main", status=1)
    team.run("sh", "-c", help_of(pushed), status=0)
    assert team.git("branch", "--show-current") == "main"
    assert team.git("status", "--porcelain") == ""
    assert team.git("log", "-1", "--format=%s", "main") == "Start"
    team.run("git", "push", "origin", "research/x:main", status=0)


@pytest.mark.parametrize("detached", [True, False])
def test_what_is_on_no_branch_can_be_reviewed_too(team: Repo, *, detached: bool) -> None:
    team.run("labgate", "install")
    team.git("checkout", "--quiet", "--detach", "research/x")
    team.commit("Try still more", {"still.py": "3\n"})
    what = "HEAD" if detached else team.head()
    if not detached:
        team.checkout("main")
    help = help_of(team.run("git", "push", "origin", f"{what}:main", status=1))
    said = team.run("sh", "-c", help, status=0)
    marker = "HEAD" if detached else said.text.split()[-1]
    team.run("git", "push", "origin", f"{marker}:main", status=0)


def test_one_command_reviews_what_came_from_two_branches_on_a_detached_head(team: Repo) -> None:
    team.branch("research/y", "main").commit("Try y", {"y.py": "5\n"})
    team.push("research/y")
    team.git("checkout", "--quiet", "--detach", "main")
    for branch in ("research/x", "research/y"):
        team.merge(branch, f"Merge {branch}")
    said = team.labgate("check", status=1)
    helps = {line.partition("help: ")[2] for line in said.out.splitlines() if "help:" in line}
    assert said.out.count("LG201") == 2
    (help,) = helps
    team.run("sh", "-c", help, status=0)
    assert team.labgate("check").status == 0


@pytest.mark.parametrize("how", ["merge", "fast-forward"])
def test_a_review_of_what_has_landed_is_a_late_one(team: Repo, how: str) -> None:
    if how == "merge":
        team.merge("research/x", "Merge x")
    else:
        team.git("merge", "--quiet", "--ff-only", "research/x")
    team.push("main")
    said = approve(team, "research/x", status=2)
    assert "research/x has landed on main" in said.text
    team.git("fetch", "--quiet")
    team.run("sh", "-c", help_of(said), status=0, **as_("lin"))
    marker = team.git("log", "-1", "--format=%(trailers:key=Reviewed-landing,valueonly)", "main").strip()
    assert marker == team.head("main~1")


def test_the_reviewer_is_whom_git_knows(team: Repo) -> None:
    said = approve(team, "research/x")
    below = team.head("research/x~1")
    assert said.out == f"labgate: {below[:12]} is reviewed by lin, on research/x\nnext: git push origin research/x\n"
    assert team.git("log", "-1", "--format=%ae %ce", "research/x") == "lin@example.org lin@example.org"
    message = team.git("log", "-1", "--format=%(trailers:only)", "research/x").strip()
    assert message.startswith("Reviewed-by: Lin <lin@example.org>\nReviewed-change: ")
    assert message.endswith(f" {below}")
    assert check(team).status == 0


def test_a_review_is_not_stated_twice_and_a_second_person_is_added(team: Repo) -> None:
    approve(team, "research/x")
    marker, below = team.head("research/x"), team.head("research/x~1")
    again = approve(team, "research/x").out
    assert again.startswith(f"labgate: {below[:12]} was already reviewed by lin, in {marker[:12]}\n")
    assert team.head("research/x") == marker
    approve(team, "research/x", "--by", "lin", "--by", "kim")
    assert team.git("log", "-1", "--format=%(trailers:key=Reviewed-by,valueonly)", "research/x").split() == [
        *("kim", "<kim@example.org>")
    ]
    assert "was already reviewed by lin, in " in approve(team, "research/x").out
    # Later edits are another change.
    team.checkout("research/x").commit("Edit", {"more.py": "3\n"})
    assert " is reviewed by lin, on research/x" in approve(team, "research/x").out


def test_a_branch_that_only_the_remote_has_is_made(team: Repo) -> None:
    team.git("branch", "--quiet", "-D", "research/x")
    approve(team, "research/x")
    assert team.head("research/x~1") == team.head("origin/research/x")


def test_a_branch_that_is_behind_is_reviewed_as_the_remote_has_it(team: Repo) -> None:
    team.git("branch", "--quiet", "--force", "research/x", "research/x~1")
    approve(team, "research/x")
    assert team.head("research/x~1") == team.head("origin/research/x")


def test_after_a_rebase_the_next_push_is_one_that_git_takes(team: Repo) -> None:
    assert "next: git push origin research/x" in approve(team, "research/x").text
    team.checkout("research/x").git("push", "--quiet", "origin", "research/x")
    team.git("commit", "--quiet", "--amend", "--allow-empty", "--no-edit", "--date", "2001-01-01T00:00:00Z")
    said = approve(team, "research/x").text
    command = next(line.removeprefix("next: ") for line in said.splitlines() if line.startswith("next: "))
    assert command == "git push --force-with-lease --force-if-includes origin research/x"
    team.run("sh", "-c", command)


@pytest.mark.parametrize(
    ("args", "person", "said"),
    [
        (("research/x",), "ada", "ada contributed to"),
        (("research/x", "--by", "ada"), "lin", "ada contributed to"),
        (("research/x",), "max", "nobody in [reviews.people] has your address max@example.org"),
        (("research/x", "--by", "eve"), "lin", "there is no person eve"),
        (("research/y",), "lin", "'research/y' names no commit"),
        (("main",), "lin", "main is the target itself: there is nothing to review"),
        (("main", "--landing", "research/x"), "lin", "is not a commit on the first-parent line of main"),
    ],
)
def test_a_review_that_would_not_count_is_not_made(team: Repo, args: tuple[str, ...], person: str, said: str) -> None:
    before = team.head("research/x")
    shown = approve(team, *args, status=2, person=person)
    assert said in shown.text
    assert team.head("research/x") == before
    if "contributed" in said:
        command = shown.text.partition("help: ")[2].partition("  #")[0]
        assert command == "labgate review approve research/x --by lin"
        assert "is reviewed by lin" in team.run("sh", "-c", command, status=0).text


def test_before_the_first_commit_there_is_nothing_to_review(repo: Repo) -> None:
    repo.write({"labgate.toml": POLICY})
    shown = repo.labgate("review", "approve", status=2).text
    assert "main has no commit yet" in shown
    repo.run("sh", "-c", shown.partition("help: ")[2], status=0)
    assert "no commit" not in repo.labgate("review", "approve", status=2).text


def test_at_level_forge_it_says_where_to_approve(team: Repo) -> None:
    adopt(team, POLICY.replace("[reviews.people.ada]", '[reviews]\nassurance = "forge"\n[reviews.people.ada]', 1))
    assert "approve the pull request on the code host" in approve(team, "research/x", status=2).text


# What it is bound to.


def rewrite(repo: Repo, edit: str) -> None:
    """Edit the first commit of ``research/x`` below its marker, as an interactive rebase does."""
    repo.checkout("research/x")
    repo.env["GIT_SEQUENCE_EDITOR"] = "sed -i 1s/^pick/edit/"
    repo.git("rebase", "--quiet", "--interactive", "--keep-empty", "main")
    repo.run("sh", "-c", edit)
    repo.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    repo.git("rebase", "--continue")


def test_an_edit_below_the_marker_loses_it_and_the_help_renews_it(team: Repo) -> None:
    approve(team, "research/x")
    rewrite(team, "echo evil >>try.py")
    said = team.labgate("check", "--target", "main", status=1)
    assert "LG203" in said.text
    assert "the content below it is not what was reviewed" in said.text
    help = next(line for line in said.text.splitlines() if "help:" in line).partition("help: ")[2]
    team.run("sh", "-c", help, status=0)
    assert team.labgate("check", "--target", "main").status == 0


def test_other_messages_and_a_moved_target_keep_it(team: Repo) -> None:
    approve(team, "research/x")
    rewrite(team, "true")
    team.checkout("main").commit("Go on", {"README.md": "Models and more.\n"})
    team.push("main")
    assert check(team).status == 0
    team.checkout("research/x").git("rebase", "--quiet", "main")
    assert check(team).status == 0
    team.git("reset", "--quiet", "--hard", "ORIG_HEAD")
    team.merge("main", "Merge main")
    assert check(team).status == 0


def test_a_marker_without_content_counts_unless_the_policy_says_otherwise(team: Repo) -> None:
    team.checkout("research/x").commit("Review\n\nReviewed-by: Lin <lin@example.org>")
    assert check(team).status == 0
    adopt(team, POLICY.replace("[reviews.people.ada]", "[reviews]\nbound = true\n[reviews.people.ada]", 1))
    said = check(team)
    assert said.status == 1
    assert "without a Reviewed-change, which [reviews] bound requires" in said.text
    approve(team, "research/x")
    assert check(team).status == 0


def test_a_binding_that_cannot_be_read_does_not_count(team: Repo) -> None:
    team.checkout("research/x").commit("Review\n\nReviewed-by: Lin <lin@example.org>\nReviewed-change: yes")
    said = check(team)
    assert said.status == 1
    assert "its Reviewed-change is not one line of the form DELTA-ID OID" in said.text


def test_without_a_remote_the_branches_here_are_all_there_is(team: Repo) -> None:
    team.git("remote", "remove", "origin")
    approve(team, "research/x")
    said = team.labgate("check", "--target", "main", "--base", "main", "--head", "research/x")
    assert said.status == 0, said.text
