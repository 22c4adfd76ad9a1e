"""Who wrote what lands, and so cannot review it: not who brought it there, but whoever it derives from."""

from __future__ import annotations

import pytest

from support.people import EMAILS, by, reviewed
from support.pipeline import code
from support.repo import Repo, Result
from support.team import found, research
from support.templates import prepared


def committing(person: str) -> dict[str, str]:
    return {"GIT_COMMITTER_NAME": person.title(), "GIT_COMMITTER_EMAIL": EMAILS[person]}


@prepared
def team(repo: Repo) -> Repo:
    """A team's clone on ada's ``research/x``, which is on the remote; main has moved on since."""
    found(repo)
    repo.env |= committing("ada")
    research(repo)
    repo.checkout("main").commit("Go on", {"README.md": "Models and more.\n"}, **by("kim"))
    repo.push("main")
    return repo.checkout("research/x")


def check(repo: Repo) -> Result:
    return repo.labgate("check", "--target", "main")


def test_who_rebases_is_not_who_wrote(team: Repo) -> None:
    """C2: the original is found where this clone has been."""
    team.git("rebase", "--quiet", "main", **committing("lin"))
    team.push("+research/x")
    team.commit(reviewed("lin"))
    assert check(team).status == 0


def test_who_changes_something_on_the_way_has_written_it(team: Repo) -> None:
    team.git("rebase", "--quiet", "main", **committing("lin"))
    team.write({"try.py": "evil\n"}).git("commit", "--quiet", "--all", "--amend", "--no-edit", **committing("lin"))
    team.commit(reviewed("lin"))
    said = check(team)
    assert said.status == 1
    assert "LG204" in said.text


def test_where_the_original_is_nowhere_the_committer_counts_and_it_is_said_what_was_looked_for(team: Repo) -> None:
    team.git("rebase", "--quiet", "main", **committing("lin"))
    team.push("+research/x")
    team.commit(reviewed("lin"))
    team.push("research/x")
    clone = team.path.parent / "clone"
    team.git("clone", "--quiet", str(team.path.parent / f"{team.path.name}-origin.git"), str(clone))
    said = check(Repo(clone, dict(team.env)).checkout("research/x"))
    assert said.status == 1
    assert f"lin committed {team.head('HEAD~1')[:12]}, and no commit by Ada with the same change" in said.text


def test_who_updates_the_branch_by_a_merge_is_not_who_wrote(team: Repo) -> None:
    team.merge("main", "Update branch", **by("lin"), **committing("lin"))
    team.commit(reviewed("lin"))
    assert check(team).status == 0


@pytest.mark.parametrize("how", ["squashed", "picked"])
def test_the_authors_of_what_it_derives_from_wrote_it_too(team: Repo, how: str) -> None:
    """C6: kim lands ada's work as his own, and ada is neither its reviewer nor proposed as one."""
    team.commit("Try more", {"more.py": code("more")}, **by("ada"))
    team.commit("Try most", {"most.py": code("most")}, **by("ada"))
    team.push("research/x")
    team.branch("feature/x", "main")
    if how == "squashed":
        team.git("merge", "--quiet", "--squash", "research/x")
        team.commit("Do it", None, **by("kim"), **committing("kim"))
    else:
        team.git("cherry-pick", "-n", "research/x")
        team.commit("Do it", {"own.py": "own = 1\n"}, **by("kim"), **committing("kim"))
    said = check(team)
    assert "--by ada" not in said.text
    team.commit(reviewed("ada"))
    said = check(team)
    assert said.status == 1
    assert "LG204" in said.text
    team.commit(reviewed("lin"))
    assert check(team).status == 0


def test_the_mailmap_of_the_trunk_says_who_else_wrote(team: Repo) -> None:
    """D14: it adds contributors; the branch's own mailmap and what it makes of a reviewer count nothing."""
    old = by("ada", "old@example.com") | {"GIT_COMMITTER_EMAIL": "old@example.com"}
    team.branch("research/y", "main").commit("Try it", {"y.py": "1\n"}, **old)
    team.commit(reviewed("ada"))
    assert check(team).status == 0
    team.checkout("main").commit("Name people", {".mailmap": "Ada <ada@example.org> <old@example.com>\n"})
    team.push("main")
    team.checkout("research/y")
    said = check(team)
    assert said.status == 1
    assert "LG204" in said.text


def test_the_mailmap_makes_nobody_a_reviewer(team: Repo) -> None:
    team.checkout("main").commit("Name people", {".mailmap": "Lin <lin@example.org> <eve@example.net>\n"})
    team.push("main")
    team.checkout("research/x").commit("Review\n\nReviewed-by: Lin <eve@example.net>")
    said = check(team)
    assert said.status == 1
    assert "eve@example.net: not listed in [reviews.people]" in said.text


@pytest.mark.parametrize(
    ("key", "why"),
    [("Acked-by", "says that somebody agrees, not that they reviewed it"), ("Approved-by", "says that it may land")],
)
def test_other_trailers_are_no_reviews_and_it_is_said_why(team: Repo, key: str, why: str) -> None:
    team.commit(f"Fine\n\n{key}: Lin <lin@example.org>")
    said = check(team)
    assert said.status == 1
    assert f"not counted: lin: {key} {why}" in said.text
