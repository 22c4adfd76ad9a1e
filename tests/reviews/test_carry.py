"""A review holds for the content that was reviewed, wherever the target has moved to, and for nothing else."""

from __future__ import annotations

import shlex

import pytest

from labgate.git.repository import discover
from labgate.reviews.approvals import (
    CONFLICT,
    LANDED_OTHERWISE,
    NOT_HERE,
    STALE_COMMITS,
    UNBOUND,
    UNRELATED,
)
from labgate.reviews.carry import TargetMove, carried_all
from labgate.values.errors import MissingObjectError
from support.carrying import (
    CLEAN,
    CONFLICTING,
    GITHUB,
    LANDINGS,
    Step,
    by_merge,
    by_rebase,
    judge,
    land,
    move,
    rebased,
    reworded,
    text,
)
from support.repo import Repo


@pytest.mark.parametrize("files", CLEAN.values(), ids=CLEAN)
@pytest.mark.parametrize("landing", LANDINGS)
def test_what_was_approved_may_land_in_every_way(team: Repo, files: dict[str, str], landing: Step) -> None:
    move(team, files)
    land(team, landing)
    assert team.head("main") != team.head("topic")
    assert judge(team, "old", "main", landed=True) is None


@pytest.mark.parametrize("files", CLEAN.values(), ids=CLEAN)
def test_an_open_change_stays_approved_while_the_target_moves(team: Repo, files: dict[str, str]) -> None:
    move(team, files)
    assert judge(team, "main", "topic", landed=False) is None


def updated(repo: Repo) -> None:
    repo.checkout("topic").merge("main", "Merge main", **GITHUB)


def squashed(repo: Repo) -> None:
    repo.checkout("topic").git("reset", "--quiet", "--soft", "HEAD~2")
    repo.commit("Both at once")


@pytest.mark.parametrize("files", CLEAN.values(), ids=CLEAN)
@pytest.mark.parametrize("rewrite", [updated, rebased, squashed, reworded])
def test_it_stays_approved_when_only_its_commits_change(team: Repo, files: dict[str, str], rewrite: Step) -> None:
    move(team, files)
    if files or rewrite is not updated:
        rewrite(team)
        assert team.head("topic") != team.head("approved")
    assert judge(team, "main", "topic", landed=False) is None


@pytest.mark.parametrize("rewrite", [updated, rebased])
def test_it_stays_approved_when_the_target_moves_on_after_that(team: Repo, rewrite: Step) -> None:
    move(team, CLEAN["lines shifted in the same file"])
    rewrite(team)
    move(team, {"shared.py": "first\nsecond\n" + text(l35="later")})
    assert judge(team, "main", "topic", landed=False) is None


# Conflicts.


def test_a_target_that_moves_into_a_conflict_makes_the_approval_stale(team: Repo) -> None:
    move(team, CONFLICTING)
    assert judge(team, "main", "topic", landed=False) == CONFLICT


def resolve(repo: Repo) -> None:
    repo.write({"shared.py": text(l20="both")}).git("add", "shared.py")


def test_how_a_conflict_was_settled_in_the_change_has_not_been_approved(team: Repo) -> None:
    move(team, CONFLICTING)
    team.checkout("topic").run("git", "merge", "--quiet", "main", status=1)
    resolve(team)
    team.commit("Merge main")
    assert judge(team, "main", "topic", landed=False) == STALE_COMMITS


@pytest.mark.parametrize("how", [("merge", "--quiet", "--no-ff"), ("merge", "--quiet", "--squash")], ids=" ".join)
def test_how_a_conflict_was_settled_in_a_landing_has_not_been_approved(team: Repo, how: tuple[str, ...]) -> None:
    move(team, CONFLICTING)
    team.git("tag", "old")
    team.run("git", *how, "topic", status=1)
    resolve(team)
    team.commit("Land it")
    assert judge(team, "old", "main", landed=True) == LANDED_OTHERWISE


# More, less, or something else.


def one_more_commit(repo: Repo) -> None:
    repo.commit("One more", {"more.py": "1\n"})


def one_more_line(repo: Repo) -> None:
    repo.commit("One more", {"new.py": "new\nand more\n"})


def white_space(repo: Repo) -> None:
    repo.commit("Tidy", {"new.py": "new \n"})


def another_mode(repo: Repo) -> None:
    (repo.path / "new.py").chmod(0o755)
    repo.commit("Run")


def one_less(repo: Repo) -> None:
    repo.git("reset", "--quiet", "--hard", "HEAD~")


def taken_back(repo: Repo) -> None:
    repo.git("revert", "--no-edit", "HEAD")


def last_picked(repo: Repo) -> None:
    repo.git("reset", "--quiet", "--hard", "main")
    repo.git("cherry-pick", "approved")


def evil_update(repo: Repo) -> None:
    repo.git("merge", "--quiet", "--no-commit", "--no-ff", "main")
    repo.commit("Merge main", {"evil.py": "1\n"})


EDITS = [one_more_commit, one_more_line, white_space, another_mode, one_less, taken_back, last_picked, evil_update]


@pytest.mark.parametrize("edit", EDITS)
def test_an_open_change_with_another_content_is_stale(team: Repo, edit: Step) -> None:
    move(team, {"other.py": "2\n"})
    edit(team.checkout("topic"))
    assert judge(team, "main", "topic", landed=False) == STALE_COMMITS


@pytest.mark.parametrize(
    ("landing", "edit"),
    # A rebase leaves merges out, and with this one what was slipped into it.
    [(landing, edit) for landing in LANDINGS for edit in EDITS if (landing, edit) != (by_rebase, evil_update)],
)
def test_a_landing_with_another_content_is_not_covered(team: Repo, edit: Step, landing: Step) -> None:
    move(team, {"other.py": "2\n"})
    edit(team.checkout("topic"))
    land(team.checkout("main"), landing)
    assert judge(team, "old", "main", landed=True) == LANDED_OTHERWISE


def evil_merge(repo: Repo) -> None:
    repo.git("merge", "--quiet", "--no-commit", "--no-ff", "topic")
    repo.commit("Merge", {"evil.py": "1\n"})


def edited_squash(repo: Repo) -> None:
    repo.git("merge", "--quiet", "--squash", "topic")
    repo.commit("Squash", {"shared.py": text(l20="research ")})


def last_commit_only(repo: Repo) -> None:
    repo.git("cherry-pick", "topic")


def theirs_alone(repo: Repo) -> None:
    repo.merge("topic", "Merge", "--strategy=ours")


@pytest.mark.parametrize("files", CLEAN.values(), ids=CLEAN)
@pytest.mark.parametrize("landing", [evil_merge, edited_squash, last_commit_only, theirs_alone])
def test_what_was_edited_on_landing_is_not_covered(team: Repo, files: dict[str, str], landing: Step) -> None:
    move(team, files)
    land(team, landing)
    assert judge(team, "old", "main", landed=True) == LANDED_OTHERWISE


def test_one_that_lands_together_with_another_is_not_covered_as_one(team: Repo) -> None:
    team.git("tag", "old")
    team.commit("Slipped in", {"slipped.py": "1\n"})
    by_merge(team)
    assert judge(team, "old", "main", landed=True) == LANDED_OTHERWISE
    assert judge(team, "main~1", "main", landed=True) is None


def test_a_fast_forward_lands_just_what_was_approved(team: Repo) -> None:
    team.git("tag", "old")
    team.git("merge", "--quiet", "--ff-only", "topic")
    assert judge(team, "old", "main", landed=True) is None


def test_what_has_landed_before_says_nothing_of_commits_that_end_where_they_began(team: Repo) -> None:
    by_merge(team)
    team.branch("again").commit("Try", {"secret.py": "1\n"})
    team.git("revert", "--no-edit", "HEAD")
    assert judge(team, "main", "again", landed=False) == STALE_COMMITS
    team.git("tag", "old", "main")
    team.checkout("main").merge("again", "Merge")
    assert judge(team, "old", "main", landed=True) == LANDED_OTHERWISE


def test_after_a_revert_a_second_landing_by_merge_brings_nothing_and_is_not_covered(team: Repo) -> None:
    by_merge(team)
    team.git("revert", "--no-edit", "-m", "1", "HEAD")
    team.git("tag", "old")
    team.commit("Put it back", {"shared.py": text(l20="research"), "new.py": "new\n"})
    assert judge(team, "old", "main", landed=True) == LANDED_OTHERWISE


# Histories of other shapes.


def cross(repo: Repo) -> None:
    """Merge ``main`` and ``topic`` into each other, so that they have two merge bases."""
    repo.checkout("main").commit("Go on", {"other.py": "2\n"})
    before = repo.head("main")
    repo.merge("topic~1", "Merge half")
    repo.checkout("topic").merge(before, "Merge the other half")
    repo.git("tag", "--force", "approved")
    assert len(repo.git("merge-base", "--all", "main", "topic").split()) == 2


def test_after_a_criss_cross_merge_replay_alone_decides(team: Repo) -> None:
    cross(team)
    assert judge(team, "main", "topic", landed=False) is None
    reworded(team)
    assert judge(team, "main", "topic", landed=False) is None
    one_more_commit(team)
    assert judge(team, "main", "topic", landed=False) == STALE_COMMITS
    team.git("reset", "--quiet", "--hard", "approved")
    land(team.checkout("main"), by_merge)
    assert judge(team, "old", "main", landed=True) is None


def test_after_a_criss_cross_merge_no_base_is_picked_to_find_what_was_approved(team: Repo) -> None:
    cross(team)
    team.checkout("main").git("revert", "--no-edit", "-m", "1", "HEAD")
    team.git("tag", "old")
    team.commit("All at once", {"shared.py": text(l20="research"), "new.py": "new\n"})
    # From one of the two bases it would look as if just that had been approved.
    deltas = team.git("diff", "--raw", "old", "main"), team.git("diff", "--raw", "main~3", "approved")
    assert deltas[0] == deltas[1]
    assert judge(team, "old", "main", landed=True) == LANDED_OTHERWISE


def test_without_a_common_history_nothing_can_be_merged(team: Repo) -> None:
    team.git("checkout", "--quiet", "--orphan", "island")
    team.commit("Elsewhere", {"shared.py": text(l20="research")})
    assert judge(team, "main", "island", landed=False, approved="island") == UNRELATED
    assert judge(team, "main", "topic", landed=False, approved="island") == STALE_COMMITS
    assert judge(team, "main", "island", landed=True, approved="topic") == LANDED_OTHERWISE


@pytest.mark.parametrize("landed", [False, True], ids=["open", "landed"])
def test_a_target_that_is_created_gets_the_whole_tree(team: Repo, landed: bool) -> None:
    assert judge(team, None, "topic", landed=landed) is None
    reworded(team)
    assert judge(team, None, "topic", landed=landed) is None
    one_more_commit(team)
    assert judge(team, None, "topic", landed=landed) == (LANDED_OTHERWISE if landed else STALE_COMMITS)


# What is not here.


@pytest.mark.parametrize("landed", [False, True], ids=["open", "landed"])
def test_an_approved_commit_that_is_not_here_is_undecided_and_says_how_to_get_it(team: Repo, landed: bool) -> None:
    team.git("remote", "add", "up'stream", "nowhere")
    gone, tips = "f" * 40, TargetMove(team.head("main"), team.head("topic"), landed)
    repository = discover(team.env, str(team.path))
    [error] = carried_all(repository, [gone], tips).unfetched
    assert gone in error.message
    assert error.help == "git fetch " + shlex.join(["up'stream", gone])
    found = carried_all(repository, [gone, team.head("approved"), gone], tips, "origin")
    assert found.flaws[gone] == NOT_HERE
    assert [error.help for error in found.unfetched] == [f"git fetch origin {gone}"]
    assert landed or found.flaws[team.head("approved")] is None


@pytest.mark.parametrize("said", ["", "HEAD", "approved", "--all", "F" * 40, "f" * 39, "f" * 40 + "\n"])
def test_what_is_no_full_oid_never_reaches_git(team: Repo, said: str) -> None:
    tips = TargetMove(team.head("main"), team.head("topic"))
    assert carried_all(discover(team.env, str(team.path)), [said], tips).flaws == {said: UNBOUND}


def test_a_blob_that_decides_and_is_not_here_is_no_conflict(team: Repo) -> None:
    move(team, CLEAN["lines shifted in the same file"])
    blob = team.git("rev-parse", "topic:shared.py")
    (team.path / ".git/objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(MissingObjectError):
        judge(team, "main", "topic", landed=False)


def test_several_commits_are_compared_with_one_move(team: Repo) -> None:
    oids = [team.head(name) for name in ("approved", "approved~1", "main")]
    tips = TargetMove(team.head("main"), team.head("topic"))
    found = carried_all(discover(team.env, str(team.path)), oids, tips)
    assert list(found.flaws.items()) == list(zip(oids, (None, STALE_COMMITS, STALE_COMMITS), strict=True))
    assert found.unfetched == ()
