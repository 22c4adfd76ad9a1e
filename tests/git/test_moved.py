"""The lines of a change that are to be read: what moved is left out, as git itself paints it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cache

import pytest

from labgate.git.moved import BLOCK_LINES, commit_readings
from labgate.git.raw import Entry, Lines
from labgate.git.repository import discover
from support.codewriter import Codewriter
from support.data import HISTORIES
from support.repo import Repo

CODE = "".join(f"value_{number} = compute(value_{number * 7}, rate_{number})\n" for number in range(60))
BLOCK = "".join(f"def step_{number}(batch):\n    return batch * {number} + offset_{number}\n" for number in range(5))
NO_TEXT = frozenset[str]().__contains__
#: A line that git painted as moved (``black`` and ``white`` below), and one that it did not.
_MOVED, _PLAIN = re.compile(rb"\x1b\[(3[07])m"), re.compile(rb"\x1b\[(3[12])m")


def lines_of(repo: Repo, oid: str) -> dict[str, tuple[int, int]]:
    """Return the added and deleted lines of each file that was not deleted."""
    records = commit_readings(discover(repo.env, str(repo.path)), [oid], NO_TEXT)[oid]
    deleted = {record.path for record in records if isinstance(record, Entry) and record.status == "D"}
    lines = (record for record in records if isinstance(record, Lines))
    return {line.path: (line.added, line.deleted) for line in lines if line.path not in deleted}


def painted(repo: Repo, oid: str, least: int = BLOCK_LINES) -> int:
    """Count the lines of a commit that git shows and does not paint as a move of ``least`` lines or more."""
    total = 0
    for file in _coloured(repo, oid).split(b"\x1b[1mdiff --git")[1:]:
        if b"\x1b[1mdeleted file" not in file:
            total += _unmoved(file.split(b"\n"), least)
    return total


@cache
def _coloured(repo: Repo, oid: str) -> bytes:
    command = ("show", "-m", "--first-parent", "--format=", "-M", "--color=always", "--color-moved=blocks")
    colours = ("-c", "color.diff.oldMoved=black", "-c", "color.diff.newMoved=white")
    argv = ("git", *colours, *command, "--color-moved-ws=allow-indentation-change", oid)
    return subprocess.run(argv, cwd=repo.path, env=repo.env, capture_output=True, check=True).stdout


def _unmoved(lines: list[bytes], least: int) -> int:
    total, run, colour = 0, 0, b""
    for line in (*lines, b""):
        moved = _MOVED.match(line)
        here = moved[1] if moved else b""
        if here != colour:
            total += run if run < least else 0
            run, colour = 0, here
        run += moved is not None
        total += _PLAIN.match(line) is not None
    return total


def committed(repo: Repo, before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Commit some files, then others in their place; return the second commit."""
    repo.commit("before", before)
    for name in before:
        (repo.path / name).unlink()
    return repo.commit("after", after)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"old.py": CODE}, {"new.py": CODE}, {"new.py": (0, 0)}),
        ({"old.py": CODE}, {"new.py": CODE.replace("rate_7)", "pace)")}, {"new.py": (1, 1)}),
        (
            {"a.py": CODE + BLOCK, "b.py": "x = 1\n"},
            {"a.py": CODE, "b.py": "x = 1\n" + BLOCK},
            {"a.py": (0, 0), "b.py": (0, 0)},
        ),
        (
            {"a.py": CODE + BLOCK, "b.py": "class B:\n"},
            {"a.py": CODE, "b.py": "class B:\n" + "".join(f"    {line}" for line in BLOCK.splitlines(keepends=True))},
            {"a.py": (0, 0), "b.py": (0, 0)},
        ),
        ({"a.py": BLOCK + CODE}, {"a.py": CODE + BLOCK}, {"a.py": (0, 0)}),
        ({"a.py": CODE}, {"a.py": CODE, "copy.py": CODE}, {"copy.py": (60, 0)}),
        ({"a.py": "short = 1\nlines = 2\n" + CODE}, {"a.py": CODE + "short = 1\nlines = 2\n"}, {"a.py": (2, 2)}),
    ],
    ids=[
        "a renamed file",
        "a renamed file with one edited line",
        "a block that moves to another file",
        "a block that moves and is indented",
        "a block that moves within its file",
        "a copy",
        "two lines are no block",
    ],
)
def test_what_moved_is_not_read(
    repo: Repo, before: Mapping[str, str], after: Mapping[str, str], expected: Mapping[str, tuple[int, int]]
) -> None:
    oid = committed(repo, before, after)
    assert lines_of(repo, oid) == expected


def test_a_block_that_leaves_one_place_for_three_has_moved(repo: Repo) -> None:
    after = {"a.py": CODE, **{f"{name}.py": f"{name} = 1\n{BLOCK}" for name in "bcd"}}
    repo.commit("before", {"a.py": CODE + BLOCK, **{f"{name}.py": f"{name} = 1\n" for name in "bcd"}})
    assert set(lines_of(repo, repo.commit("after", after)).values()) == {(0, 0)}


def test_settings_of_the_repository_do_not_change_the_count(repo: Repo) -> None:
    for setting in ("old red", "new red", "oldMoved red", "newMoved red", "meta normal"):
        name, value = setting.split()
        repo.git("config", f"color.diff.{name}", value)
    repo.git("config", "diff.renames", "false")
    repo.git("config", "diff.colorMovedWS", "no")
    oid = committed(repo, {"old.py": CODE}, {"new.py": CODE.replace("rate_7)", "pace)")})
    assert lines_of(repo, oid) == {"new.py": (1, 1)}


def test_odd_names_types_and_binaries_are_counted_at_their_own_files(repo: Repo) -> None:
    repo.commit("before", {"link": "text\n", 'odd "name"\n.py': CODE, "data.bin": b"\0" * 90})
    (repo.path / "link").unlink()
    (repo.path / "link").symlink_to("elsewhere")
    oid = repo.commit("after", {'odd "name"\n.py': CODE + "more = 1\n", "data.bin": b"\0" * 91, "z.py": "z = 1\n"})
    expected = {"link": (1, 0), 'odd "name"\n.py': (1, 0), "data.bin": (0, 0), "z.py": (1, 0)}
    assert lines_of(repo, oid) == expected


def test_several_commits_at_once_are_those_of_each_alone(repo: Repo) -> None:
    oids = [repo.commit("before", {"a.py": CODE + BLOCK}), repo.commit("empty")]
    oids.append(repo.commit("after", {"a.py": CODE, "b.py": BLOCK}))
    found = discover(repo.env, str(repo.path))
    together = commit_readings(found, oids, NO_TEXT)
    assert together == {oid: commit_readings(found, [oid], NO_TEXT)[oid] for oid in oids}


@pytest.mark.parametrize("seed", range(12))
def test_generated_moves_are_counted_as_git_paints_them(repo: Repo, seed: int) -> None:
    author = Codewriter(f"moves {seed}")
    parts = [author.function() + "\n\n" + author.record() for _ in range(6)]
    chance = author.chance
    repo.commit("before", {"a.py": "\n\n".join(parts[:4]), "b.py": "\n\n".join(parts[4:])})
    chance.shuffle(parts)
    cut = chance.randint(1, 5)
    edited = parts[0].replace("=", "= 1 +", 1)
    oid = repo.commit("after", {"a.py": "\n\n".join([edited, *parts[1:cut]]), "c/b.py": "\n\n".join(parts[cut:])})
    counted = sum(added + deleted for added, deleted in lines_of(repo, oid).values())
    assert abs(counted - painted(repo, oid)) <= 2


@pytest.mark.slow
@pytest.mark.parametrize("name", HISTORIES)
def test_real_moves_are_counted_as_git_paints_them(history: Callable[[str], Repo], name: str) -> None:
    repo = history(name)
    commits = {*_renaming(repo, 10), *_rewriting(repo)[:10]}
    assert len(commits) >= 15
    differing = {}
    for oid in commits:
        counted = sum(added + deleted for added, deleted in lines_of(repo, oid).values())
        shown = painted(repo, oid)
        if abs(counted - shown) > 2:
            differing[oid] = (counted, shown)
    assert not differing


def _renaming(repo: Repo, number: int) -> list[str]:
    """Return so many commits that rename a file, newest first."""
    log = "git log -M --diff-filter=R --raw --no-merges --format='C %H' --glob=refs/theirs"
    found = repo.run("sh", "-c", f"{log} | grep --max-count={number} ^C").out
    return [line.removeprefix("C ") for line in found.splitlines()]


def _rewriting(repo: Repo) -> list[str]:
    """Return commits that add and delete much, in which something moved, in the order of their names."""
    log = repo.git(
        "log",
        "--no-merges",
        "--min-parents=1",
        "--max-count=1000",
        "--shortstat",
        "--format=C %H",
        "--glob=refs/theirs",
    )
    commits, oid = [], ""
    for line in log.splitlines():
        oid = line[2:] if line.startswith("C ") else oid
        numbers = [int(number) for number in re.findall(r"(\d+) (?:insertion|deletion)", line)]
        if len(numbers) == 2 and min(numbers) >= 40 and sum(numbers) < 5000:
            commits.append(oid)
    return [oid for oid in sorted(commits)[:30] if painted(repo, oid) < painted(repo, oid, least=sys.maxsize)]
