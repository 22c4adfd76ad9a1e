"""What main had is known also where a merge made it the second parent of its new tip."""

from __future__ import annotations

import pytest

from labgate.fingerprints.swapped_parents import swapped_on
from support.provenance import code, decisive, landing, open_repository, trace
from support.repo import Repo

PULLED = "Merge branch 'main' of https://example.org/team/models"
TOPIC = "Merge branch 'feature/y'"
TEXT = code("alpha", "beta", "gamma")
EDITED = TEXT.replace("records", "samples")


def merged(repo: Repo, subject: str, *, kept: bool = False) -> None:
    """Let main have a text for a while, or keep it, and make it the second parent of its new tip."""
    repo.branch("theirs").commit("Add", {"t.py": TEXT})
    if not kept:
        repo.git("rm", "--quiet", "t.py")
        repo.commit("Drop it", None)
    repo.commit("More", {"more.py": code("more")})
    repo.checkout("main").commit("Own", {"own.py": code("own")})
    repo.git("merge", "--quiet", "--no-ff", "--message", subject, "theirs")


@pytest.mark.parametrize(
    ("subject", "swapped"),
    [
        (PULLED, True),
        ("Merge branch 'main' into feature/x", True),
        ("Merge remote-tracking branch 'origin/master' into fix", True),
        ("Merge branch 'main' of git@example.org:team/models into main", True),
        ("Merge branch 'master' into main", False),
        ("Merge branch 'develop' into feature/x", True),
        ("Merge branch 'next' of https://example.org/team/models into next", True),
        ("Merge remote-tracking branch 'origin/team/next' into team/next", True),
        ("Merge branch 'develop'", False),
        ("Merge branch 'master' into develop", False),
        ("Merge branch 'feature/x' into release/x", False),
        (TOPIC, False),
        ("Merge branch 'research/main/x' of https://example.org/team/models", False),
        ("Merge pull request #7 from ada/main", False),
    ],
)
def test_the_message_shows_which_parent_was_main(repo: Repo, subject: str, swapped: bool) -> None:
    repo.commit("Start", {"app.py": "print('app')\n"})
    merged(repo, subject)
    chain = repo.git("rev-list", "--first-parent", "--reverse", "main").split()
    expected = {repo.head("main"): repo.head("theirs")} if swapped else {}
    assert swapped_on(open_repository(repo), chain) == expected
    assert swapped_on(open_repository(repo), chain[:-1]) == {}


@pytest.mark.parametrize("first", [True, False], ids=["the other branch is indexed first", "it is not"])
@pytest.mark.parametrize(("subject", "new"), [(PULLED, False), (TOPIC, True)], ids=["main", "a topic"])
def test_what_main_had_for_a_while_is_not_new(repo: Repo, subject: str, new: bool, first: bool) -> None:
    """What only a topic had for a while was never main's."""
    repo.commit("Start", {"app.py": "print('app')\n"})
    merged(repo, subject)
    if first:
        trace(repo, "theirs")
    for branch, path, text in (("research/x", "x.py", TEXT), ("landing", "y.py", EDITED)):
        repo.branch(branch, "main").commit(f"On {branch}", {path: text})
    items, _ = landing(repo, "landing")
    assert any(item.decisive for item in items) is new


def merged_beside_research(repo: Repo, subject: str) -> None:
    """Merge with swapped parents, and keep the branch, after research has tried the same."""
    repo.commit("Start", {"app.py": "print('app')\n"})
    repo.branch("research/x").commit("Try", {"t.py": TEXT})
    repo.clock += 600
    repo.checkout("main")
    merged(repo, subject, kept=True)


def test_a_merge_of_main_is_no_copy_of_what_had_landed_there(repo: Repo) -> None:
    merged_beside_research(repo, PULLED)
    assert decisive(trace(repo, "main")) == []
    assert [source for _, source, _ in decisive(trace(repo, "theirs~1"))] == ["refs/heads/research/x"]


def test_a_merge_of_research_is_a_copy_whoever_is_its_first_parent(repo: Repo) -> None:
    merged_beside_research(repo, TOPIC)
    assert [source for _, source, _ in decisive(trace(repo, "main"))] == ["refs/heads/research/x"]


def test_swaps_beside_swaps_are_known(repo: Repo) -> None:
    """The branch that was main had swapped parents itself, and later merges build on both."""
    repo.commit("Start", {"app.py": "print('app')\n"})
    merged(repo, PULLED)
    repo.git("branch", "--quiet", "-m", "theirs", "older")
    repo.branch("theirs", "main").commit("Later", {"later.py": code("later")})
    repo.git("switch", "--quiet", "--detach", "main~1")
    repo.commit("Mine", {"mine.py": code("mine")})
    repo.git("merge", "--quiet", "--no-ff", "--message", PULLED, "theirs")
    repo.git("branch", "--quiet", "--force", "main", "HEAD")
    for branch, path, text in (("research/x", "x.py", TEXT), ("landing", "y.py", EDITED)):
        repo.branch(branch, "main").commit(f"On {branch}", {path: text})
    items, _ = landing(repo, "landing")
    assert [item for item in items if item.decisive] == []
