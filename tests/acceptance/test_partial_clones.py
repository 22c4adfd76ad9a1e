"""What a partial clone leaves out is asked for once, in one batch, where the network is allowed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from support.audited import FORGOTTEN
from support.memory import peak_memory
from support.repo import Repo
from support.templates import prepared

POLICY = """\
version = 1
trunk = "main"
[kinds.protected]
names = ["main"]
[kinds.research]
names = ["research/{topic}"]
[kinds.topic]
names = ["feature/{topic}"]
[commit-size.limits.protected]
lines = 400
"""


def lines(word: str, number: int) -> str:
    return "".join(f"{word}_{at} = {word}({at * 7}, {at})\n" for at in range(number))


def partial(origin: Repo, folder: Path, without: str = "blob:none", *options: str) -> Repo:
    remote = origin.git("remote", "get-url", "origin")
    origin.git(f"--git-dir={remote}", "config", "uploadpack.allowFilter", "true")
    origin.git("clone", "--quiet", "--no-local", f"--filter={without}", *options, f"file://{remote}", str(folder))
    return Repo(folder, origin.env)


@prepared
def team(repo: Repo) -> Repo:
    """A remote with a policy, history on main, research, and a feature that merged main."""
    repo.with_remote()
    repo.commit("Adopt labgate", {"labgate.toml": POLICY, "a.py": lines("alpha", 9)})
    for number in range(5):
        repo.commit(
            f"Work {number}", {f"work{number}.py": lines(f"work{number}", 20), "a.py": lines("alpha", 9 + number)}
        )
    repo.push("main")
    for name in ("x", "y"):
        repo.branch(f"research/{name}", "main").commit("Try", {f"{name}.py": lines(f"try_{name}", 30)})
        repo.push(f"research/{name}")
    repo.branch("feature/own", "main~2").commit("Own", {"own.py": lines("own", 12), "a.py": lines("alpha", 20)})
    repo.git("checkout", "--quiet", "feature/own")
    repo.merge("main", "Merge branch 'main' into feature/own", "-Xours")
    repo.push("feature/own")
    repo.branch("feature/copy", "main").git("cherry-pick", "research/x")
    repo.push("feature/copy")
    return repo


def asked(repo: Repo, *command: str, stdin: str | None = None, status: int) -> tuple[str, int]:
    """Run a command; return what it says, and how often it asked a remote for objects."""
    log, program, settings = (repo.path.parent / name for name in ("asked", "packing", "settings"))
    log.unlink(missing_ok=True)
    program.write_text(f'#!/bin/sh\necho "$*" >>{log}\nexec "$@"\n')
    program.chmod(0o755)
    settings.write_text(f"[uploadpack]\n\tpackObjectsHook = {program}\n")
    done = repo.run(*command, stdin=stdin, status=status, GIT_CONFIG_GLOBAL=str(settings))
    return done.text, len(log.read_text().splitlines()) if log.exists() else 0


def pushed(repo: Repo, branch: str) -> str:
    main, head = repo.head("origin/main"), repo.head(branch)
    return f"refs/heads/x {head} refs/heads/main {main}\n"


HOOK = ("labgate-hook", "pre-push", "--native", "origin", "url")


@pytest.mark.parametrize(
    ("options", "batches"),
    # Which research there is only the policy says.
    [pytest.param((), 1, id="checked out"), pytest.param(("--no-checkout",), 2, id="without even the policy")],
)
def test_a_push_of_own_work_passes_and_asks_once(
    team: Repo, tmp_path: Path, options: tuple[str, ...], batches: int
) -> None:
    clone = partial(team, tmp_path / "clone", "blob:none", *options)
    said, times = asked(clone, *HOOK, stdin=pushed(clone, "origin/feature/own"), status=0)
    assert (said, times) == ("", batches)
    # What was brought stays: the next push asks for nothing.
    assert asked(clone, *HOOK, stdin=pushed(clone, "origin/feature/own"), status=0) == ("", 0)


def test_a_push_of_copied_research_is_refused(team: Repo, tmp_path: Path) -> None:
    clone = partial(team, tmp_path / "clone")
    said, _ = asked(clone, *HOOK, stdin=pushed(clone, "origin/feature/copy"), status=1)
    whole, _ = asked(team, *HOOK, stdin=pushed(team, "feature/copy"), status=1)
    assert said == whole


def test_a_check_asks_once_and_offline_never(team: Repo, tmp_path: Path) -> None:
    clone = partial(team, tmp_path / "clone")
    check = ("labgate", "check", "--target", "main", "--head", "origin/feature/own")
    said, times = asked(clone, *check, "--offline", status=2)
    assert times == 0
    assert "help: git fetch --refetch --no-filter origin" in said
    assert "git diff-tree" not in said
    assert asked(clone, *check, status=0) == ("", 1)
    assert asked(clone, *check, "--offline", status=0) == ("", 0)


def test_offline_the_command_that_is_printed_is_the_way_out(team: Repo, tmp_path: Path) -> None:
    clone = partial(team, tmp_path / "clone")
    check = ("labgate", "check", "--target", "main", "--head", "origin/feature/own", "--offline")
    said = clone.run(*check, status=2).text
    (command,) = {line.partition("help: ")[2] for line in said.splitlines() if "help: " in line}
    clone.run("sh", "-ec", command)
    assert clone.run(*check, status=0).text == ""


def test_a_new_landing_costs_its_own_files_alone(team: Repo, tmp_path: Path) -> None:
    clone = partial(team, tmp_path / "clone")
    clone.run(*HOOK, stdin=pushed(clone, "origin/feature/own"))
    clone.git("checkout", "--quiet", "-b", "feature/z", "origin/main")
    clone.commit("More", {"more.py": lines("more", 9)})
    team.checkout("main").commit("Later", {"later.py": lines("later", 20)})
    team.push("main")
    clone.git("fetch", "--quiet", "origin")
    index = next((clone.path / ".git/labgate").glob("index-*.sqlite"))
    before = index.stat().st_ino
    check = ("labgate", "check", "--target", "main", "--head", "feature/z")
    assert asked(clone, *check, status=0) == ("", 1)
    assert index.stat().st_ino == before


def test_an_audit_of_a_partial_clone_is_that_of_a_whole_one(team: Repo, tmp_path: Path) -> None:
    team.checkout("main").merge("feature/copy", "Merge feature/copy")
    team.push("main")
    clone = partial(team, tmp_path / "clone", "blob:none", "--no-checkout")
    whole = team.run("labgate", "audit", "main", status=1)
    assert clone.run("labgate", "audit", "main", "--offline", status=2).text != ""
    assert clone.run("labgate", "audit", "main", status=1).text == whole.text


@pytest.mark.parametrize("kind", ["blob", "tree", "commit"])
def test_a_missing_object_of_one_research_branch_hides_no_other(team: Repo, kind: str) -> None:
    """A damaged clone: the branch is named, and the command that is printed brings the object back."""
    for number in range(3):
        team.checkout("main").commit(f"Landed {number}", {f"landed{number}.py": lines(f"landed{number}", 20)})
    team.push("main")
    names = {"blob": "research/y:y.py", "tree": "research/y^{tree}", "commit": "research/y"}
    lost = team.git("rev-parse", names[kind])
    (team.path / ".git/objects" / lost[:2] / lost[2:]).unlink()
    said = team.run(*HOOK, stdin=pushed(team, "feature/copy"), status=1).text
    assert "LG201" in said
    assert "origin/research/x" in said
    check = ("labgate", "check", "--target", "main", "--head", "feature/own")
    undecided = team.run(*check, status=2).text
    assert "research/y" in undecided
    audit = team.run("labgate", "audit", "main", "--since", "main~3", status=2).text
    assert "research/y" in audit
    assert audit.count("not compared") == 1
    (command,) = {line.partition("help: ")[2] for line in undecided.splitlines() if "help: " in line}
    team.run("sh", "-ec", command)
    assert team.run(*check, status=0).text == ""
    said = team.run("labgate", "audit", "main", "--since", "main~3", status=0).text
    assert said == f"labgate: {FORGOTTEN}\n"


def test_a_clone_without_its_large_files_is_traced_like_a_whole_one(repo: Repo, tmp_path: Path) -> None:
    """Each large file costs the commits that have it, and nothing else: no time, no memory, no other answer."""
    repo.with_remote()
    repo.commit("Start", {"a.py": lines("alpha", 9)})
    for number in range(12):
        repo.branch(f"research/{number}", "main").commit("Try", {f"r{number}.py": lines(f"try{number}", 20)})
        large = {f"data{number}.txt": f"{number}\n" * 20000} if number % 3 == 0 else {}
        repo.checkout("main").commit(f"Data {number}", {f"d{number}.py": lines(f"d{number}", 9), **large})
        repo.git("cherry-pick", f"research/{number}")
    repo.push("--all")
    clone = partial(repo, tmp_path / "clone", "blob:limit=10k", "--bare")
    commits = repo.git("rev-list", "main")
    trace = (str(Path(sys.executable).parent / "labgate"), "trace", "--sources", "refs/heads/research/*")

    def rows(place: Repo) -> list[dict[str, object]]:
        out = place.run(*trace, "--format", "jsonl", "-", stdin=commits, status=0).out
        return [json.loads(line) for line in out.splitlines()]

    whole, found = rows(repo), rows(clone)
    assert len(found) == len(commits.split())
    differing = [(one["undecidable"], one["derived"]) for one, other in zip(found, whole, strict=True) if one != other]
    assert differing == [(True, False)] * 4
    status, megabytes = peak_memory(clone, [*trace, "main"])
    assert (status, megabytes < 150) == (0, True)
