"""A git before 2.38 cannot merge without a work tree: what only a merge could show is not covered, which is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from labgate.reviews.approvals import NEEDS_GIT
from support.carrying import CLEAN, LANDINGS, Step, judge, land, move, rebased, reworded
from support.oldgit import write_old_git
from support.repo import Repo


@pytest.fixture
def old_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take ``merge-tree --write-tree`` away from git, with the status that a git without it has."""
    folder = write_old_git(tmp_path / "old-git")
    monkeypatch.setenv("PATH", str(folder), prepend=":")


@pytest.mark.parametrize("landing", LANDINGS)
@pytest.mark.parametrize(
    ("moved", "expected"), list(zip(CLEAN, (None, None, NEEDS_GIT, NEEDS_GIT), strict=True)), ids=list(CLEAN)
)
@pytest.mark.usefixtures("old_git")
def test_an_older_git_covers_a_landing_by_its_delta_alone(
    team: Repo, landing: Step, moved: str, expected: str | None
) -> None:
    move(team, CLEAN[moved])
    land(team, landing)
    assert judge(team, "old", "main", landed=True) == expected


@pytest.mark.usefixtures("old_git")
def test_an_older_git_cannot_tell_whether_a_target_that_moved_is_in_conflict(team: Repo) -> None:
    assert judge(team, "main", "topic", landed=False) is None
    reworded(team)
    assert judge(team, "main", "topic", landed=False) is None
    move(team, {"other.py": "2\n"})
    assert judge(team, "main", "topic", landed=False) == NEEDS_GIT
    rebased(team)
    assert judge(team, "main", "topic", landed=False) is None
