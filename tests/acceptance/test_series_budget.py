"""At commit one line says how much of its series' limits a branch has used, from half of one on."""

from __future__ import annotations

import random

import pytest

from labgate.checks.commit_size import budget
from labgate.entrypoints.hook_call import hook_policy
from labgate.scene.proposed_commit import ProposedCommit
from labgate.scene.workplace import find_workplace
from support.people import adopt
from support.policies import TEAM
from support.repo import Repo
from support.templates import prepared

POLICY = TEAM.replace("lines = 10\n", "").replace("lines = 25", "lines = 40").replace("commits = 3", "commits = 20")


@prepared
def started(repo: Repo) -> Repo:
    """A team whose series have 40 lines and 20 commits, on a topic branch with labgate's own hooks."""
    repo.env.pop("CI", None)
    repo.with_remote()
    repo.commit("Start", {"a.py": "a\n"})
    adopt(repo, POLICY)
    repo.labgate("install", status=0)
    return repo.branch("feature/x")


def commit(repo: Repo, name: str, lines: int, ci: str = "") -> str:
    repo.write({name: "".join(f"{name} {number}\n" for number in range(lines))}).git("add", "--all")
    return repo.run("git", "commit", "--quiet", "--message", name, CI=ci).text


def test_it_is_silent_below_half_and_one_line_from_there(started: Repo) -> None:
    assert commit(started, "b.py", 9) == ""
    assert commit(started, "c.py", 10) == ""
    assert commit(started, "d.py", 1) == "labgate: 20 of 40 lines, 3 of 20 commits of this branch used\n"
    assert "28 of 40 lines, 4 of 20 commits" in commit(started, "e.py", 8)
    started.git("reset", "--quiet", "--hard", "HEAD~2")
    assert commit(started, "f.py", 1).count("\n") == 1


def test_commits_count_as_well(started: Repo) -> None:
    said = [commit(started, f"f{number}.py", 1) for number in range(11)]
    assert [bool(text) for text in said] == [False] * 9 + [True] * 2
    assert "11 of 40 lines, 11 of 20 commits" in said[-1]
    assert "41 lines (limit 40), 12 of 20 commits of this branch used" in commit(started, "more.py", 30)


def test_it_counts_what_a_reader_reads(started: Repo) -> None:
    adopt(started, POLICY)
    started.branch("feature/y")
    commit(started, "moved.py", 15)
    started.git("mv", "moved.py", "there.py")
    assert started.run("git", "commit", "--quiet", "--message", "Move").text == ""
    assert commit(started, "x.lock", 30) == ""


def test_what_has_landed_does_not_count(started: Repo) -> None:
    assert "24 of 40" in commit(started, "b.py", 24)
    started.push("feature/x:main")
    assert commit(started, "c.py", 2) == ""


@pytest.mark.parametrize("branch", ["research/x", "experiment--ranker--x"])
def test_research_is_not_told(started: Repo, branch: str) -> None:
    started.checkout("main").branch(branch)
    assert "of this branch used" not in commit(started, "b.py", 39)


def test_ci_is_not_told(started: Repo) -> None:
    assert "used" not in commit(started, "b.py", 24, ci="true")


def test_a_repository_without_its_trunk_says_nothing(started: Repo) -> None:
    started.git("update-ref", "-d", "refs/remotes/origin/main")
    started.git("branch", "-D", "main")
    assert "used" not in commit(started, "b.py", 24)


#: What people do to a branch, each as commands; NEW is another text in one of a few files.
COMMIT = "git commit --quiet --message x"
STEPS = (
    *(f"NEW && {how} || true" for how in [f"git add . && {COMMIT}"] * 6),
    *(f"NEW && git add . && {how} || true" for how in (f"{COMMIT} --no-verify", f"{COMMIT} --amend", f"{COMMIT} a.py")),
    f"NEW && {COMMIT} --all || true",
    f"echo '*.py -diff' >>.gitattributes && git add . && {COMMIT}",
    f"git mv -k a.py there.py && {COMMIT} || true",
    f"git rm --quiet -r --ignore-unmatch vendor && {COMMIT} --allow-empty",
    f"NEW && git add --intent-to-add . && {COMMIT} --all || true",
    "git commit --quiet --amend --message again || true",
    "git reset --quiet --hard HEAD~1",
    f"git reset --quiet --soft HEAD~1 && {COMMIT} || true",
    "git switch --quiet feature/x && git switch --quiet feature/y",
    "git switch --quiet feature/x",
    "git merge --quiet --no-edit -X ours feature/x",
    "git merge --quiet --no-edit -X ours origin/main",
    "git rebase --quiet -X theirs origin/main || git rebase --abort",
    "git cherry-pick -X theirs feature/x || git cherry-pick --skip || git reset --quiet --hard",
    "git push --quiet --no-verify --force origin HEAD:main",
    "git push --quiet --no-verify origin HEAD~1:main || true",
    "git pack-refs --all",
)


def used(repo: Repo) -> tuple[budget.Used | None, budget.Used | None]:
    """Return what the next commit adds to, as noted or counted by its hook, and by a full count."""
    place = find_workplace({**repo.env, "GIT_INDEX_FILE": ".git/index"}, str(repo.path))
    found, branch = hook_policy(place), place.branch()
    kind = None if branch is None else found.policy.classify(branch).name
    commit = ProposedCommit("pre-commit", place, found.policy, found.origin, branch, kind)
    return budget.used_before(commit), budget.counted(commit)


@pytest.mark.parametrize("seed", range(3))
def test_what_is_added_up_is_what_a_full_count_finds(started: Repo, seed: int) -> None:
    """After each of some random steps of git, with the notes that the hooks of the steps before have left."""
    chosen, repo, noted = random.Random(seed), started, 0  # noqa: S311  (not a secret)
    policy = POLICY.replace("series-lines = 40", "series-lines = 4000").replace("commits = 20", "commits = 200")
    adopt(repo.checkout("main"), policy.replace("lines = 30", "lines = 3000"))
    repo.git("branch", "--force", "feature/x")
    repo.branch("feature/y")
    for number in range(30):
        step = chosen.choice(STEPS)
        name = chosen.choice(["a.py", "b.py", "vendor/c.py", "d.lock", "e/f.py"])
        content = "".join(f"{chosen.random()}\\n" for _ in range(chosen.randrange(1, 9)))
        new = f"mkdir -p vendor e && printf '{content}' >{name}"
        repo.run("sh", "-c", step.replace("NEW", new), status=None)
        known, full = used(repo)
        assert (known is None) == (full is None)
        if known is not None and full is not None:
            assert known.changed(oids=()) == full.changed(oids=()), (number, step)
            noted += not known.oids and full.listed > 0
    assert noted >= 3


def test_what_the_trunk_has_is_not_added_up(started: Repo) -> None:
    """HEAD is what was staged before, on the commit that was HEAD then; but the trunk had it all the time."""
    repo = started
    commit(repo, "b.py", 9)
    repo.push("feature/x:main")
    repo.git("reset", "--quiet", "--soft", "HEAD~1")
    assert "Aborting" in repo.run("git", "commit", "--message", "", status=1).text
    repo.git("merge", "--quiet", "--ff-only", "--autostash", "origin/main")
    known, full = used(repo)
    assert known is not None
    assert full is not None
    assert (known.lines, known.listed) == (full.lines, full.listed) == (0, 0)
