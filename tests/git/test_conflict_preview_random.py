"""The conflicts of random pairs of branches are those that ``git merge`` in a scratch worktree meets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from labgate.git.conflict_preview import conflicted_paths
from labgate.git.repository import discover
from support.repo import Repo
from support.thorough import tried

PAIRS = tried(60, 200)
#: So many of them must meet conflicts, or the test says little.
LEAST = tried(6, 40)
FOLDERS, WORDS = ("", "src/", "docs/"), ("alpha", "beta", "gamma", "delta")


def contents(random: Random) -> str:
    return "".join(f"{random.choice(WORDS)} {number}\n" for number in range(12))


def step(repo: Repo, random: Random, mode: str) -> None:
    """Commit one random change: lines, a new file, a deletion, a rename, a mode, a link, a file for a folder."""
    files = repo.git("ls-files", "-z").split("\0")[:-1]
    what = random.choice(("edit", "edit", "edit", "edit", "add", "delete", "rename", "link", "mode", "binary"))
    path = random.choice(files)
    full = repo.path / path
    if what == "edit" and not full.is_symlink() and b"\0" not in full.read_bytes():
        lines = full.read_text().splitlines()
        place = random.randrange(len(lines) or 1)
        lines[place : place + random.randint(0, 2)] = [f"{random.choice(WORDS)} by {mode}"]
        full.write_text("\n".join(lines) + "\n")
    elif what == "add":
        repo.write({f"{random.choice(FOLDERS)}new{random.randrange(3)}.txt": contents(random)})
    elif what == "delete" and len(files) > 2:
        full.unlink()
    elif what == "rename":
        target = repo.path / f"{random.choice(FOLDERS)}moved{random.randrange(3)}.txt"
        if not target.exists():
            target.parent.mkdir(exist_ok=True)
            full.rename(target)
    elif what == "link":
        full.unlink()
        full.symlink_to(random.choice(WORDS))
    elif what == "mode" and not full.is_symlink():
        full.chmod(full.stat().st_mode ^ 0o111)
    elif what == "binary":
        full.unlink()
        full.write_bytes(bytes(random.randrange(256) for _ in range(40)) + b"\0")
    repo.git("add", "--all")
    repo.git("commit", "--quiet", "--allow-empty", "--message", what)


@pytest.fixture
def start(repo: Repo) -> Repo:
    random = Random(20)  # noqa: S311  (no secret)
    files: dict[str, str | bytes] = {
        f"{folder}f{number}.txt": contents(random) for folder in FOLDERS for number in (1, 2)
    }
    repo.commit("Start", {**files, "wide ü.txt": contents(random), "tab\tname.txt": contents(random)})
    return repo


def pairs(repo: Repo) -> Iterator[tuple[str, str]]:
    """Yield the tips of pairs of branches; some have merged each other before."""
    for seed in range(PAIRS):
        random = Random(seed)  # noqa: S311  (no secret)
        tips = []
        for side in ("ours", "theirs"):
            repo.git("checkout", "--quiet", "--force", "--detach", "main")
            repo.git("clean", "--quiet", "--force", "-d")
            for _ in range(random.randint(1, 3)):
                step(repo, random, side)
            tips.append(repo.head())
        if random.random() < 0.2:
            tips[1] = crossed(repo, random, tips)
        yield tips[0], tips[1]


def crossed(repo: Repo, random: Random, tips: list[str]) -> str:
    """Return a commit on top of their tip that has merged an older one of ours, with its own resolution."""
    repo.git("checkout", "--quiet", "--force", "--detach", tips[1])
    older = repo.git("rev-list", "-n", "1", "--skip=1", tips[0]).strip()
    repo.run("git", "merge", "--quiet", "--no-edit", "-s", "ours", older, status=None)
    step(repo, random, "theirs")
    return repo.head()


def test_random_pairs_meet_the_same_conflicts(start: Repo, tmp_path: Path) -> None:
    repository = discover(start.env, str(start.path))
    scratch = Repo(tmp_path / "scratch", start.env)
    start.git("worktree", "add", "--quiet", "--detach", str(scratch.path), "main")
    conflicts = 0
    for ours, theirs in pairs(start):
        scratch.git("reset", "--quiet", "--hard", ours)
        scratch.git("clean", "--quiet", "--force", "-d", "-x")
        merge = scratch.run("git", "merge", "--quiet", "--no-commit", "--no-ff", theirs, status=None)
        met = set(scratch.git("ls-files", "--unmerged", "-z").split("\0")[:-1])
        # Where the two are not the same kind of file, git merge adds the name of the side.
        names = (entry.partition("\t")[2] for entry in met)
        paths = {name.removesuffix(f"~{theirs}").removesuffix("~HEAD") for name in names}
        found = conflicted_paths(repository, ours, theirs)
        assert found.skipped is None
        assert set(found.paths) == paths, (ours, theirs, merge.text)
        conflicts += bool(paths)
        scratch.run("git", "merge", "--abort", status=None)
    assert LEAST < conflicts < PAIRS
