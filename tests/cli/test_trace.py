"""``labgate trace`` from the command line to the exit status, on real repositories."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from labgate.cli.main import run
from support.env import hermetic
from support.policies import TEAM
from support.repo import Repo, Result

#: Enough novel code to be told from anything else by its text.
MODEL = """\
class WindowedAttention:
    def __init__(self, heads, window):
        self.heads = heads
        self.window = window

    def scores(self, queries, keys):
        blocked = self.split_into_windows(queries, keys)
        return [self.scaled_product(left, right) for left, right in blocked]

    def split_into_windows(self, queries, keys):
        for start in range(0, len(queries), self.window):
            yield queries[start : start + self.window], keys[start : start + self.window]
"""
README = """\
Models of the housing service
=============================
Install with the usual command, then train overnight.
Results are discussed on the second Tuesday of every month.
"""
TRACE = (sys.executable, "-m", "labgate", "trace")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository as ``team`` describes it, built once."""
    folder = tmp_path_factory.mktemp("team")
    repo = Repo.init(folder / "work")
    repo.with_remote()
    repo.commit("Start", {"labgate.toml": TEAM, "setup.py": "setup()\n"})
    repo.branch("research/windows").commit("Try windows", {"model.py": MODEL})
    repo.push("main", "research/windows")
    repo.git("fetch", "--quiet", "origin")
    repo.checkout("main").commit("Describe the project", {"README.md": README})
    repo.git("cherry-pick", "research/windows")
    repo.git("commit", "--amend", "--quiet", "-m", "Attend by windows")
    return folder


@pytest.fixture
def team(template: Path, tmp_path: Path) -> Repo:
    """``main`` with a policy and two commits of its own: a new text, and the commit of research/windows, copied."""
    shutil.copytree(template, tmp_path / "team", symlinks=True)
    repo = Repo(tmp_path / "team" / "work", hermetic(tmp_path / "team" / "work-home"))
    repo.git("remote", "set-url", "origin", str(tmp_path / "team" / "work-origin.git"))
    return repo


@pytest.fixture
def origin(team: Repo) -> Repo:
    """The team's bare repository, with all of ``main`` in it."""
    team.push("main")
    return Repo(team.path.parent / "work-origin.git", team.env)


def rows(shown: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in shown.out.splitlines()]


def test_head_is_traced_to_the_branch_that_it_was_copied_from(team: Repo) -> None:
    shown = team.labgate("trace", status=0)
    head, first, *_ = shown.out.splitlines()
    assert head == f"{team.head()[:12]} Attend by windows  derived from origin/research/windows"
    assert re.match(rf" {{4}}\S+ +origin/research/windows {team.head('research/windows')[:12]}\b", first)
    assert shown.err == ""
    assert "\x1b" not in shown.out
    assert all(len(line) <= 80 for line in shown.out.splitlines())


def test_what_research_never_had_shares_nothing(team: Repo) -> None:
    shown = team.labgate("trace", "main~1", status=0)
    assert shown.out == f"{team.head('main~1')[:12]} Describe the project  nothing shared with 1 source branch\n"


def test_show_puts_the_shared_lines_side_by_side(team: Repo) -> None:
    shown = team.labgate("trace", "--show", "--method", "patch-id", status=0).out
    origin = team.head("research/windows")[:12]
    assert re.search(rf"^ {{6}}model\.py +\| {origin}:model\.py$", shown, re.MULTILINE)
    assert re.search(r"^ {6} *1 class WindowedAttention: +\| +1 class WindowedAttention:$", shown, re.MULTILINE)
    assert max(map(len, shown.splitlines())) <= 80
    wide = team.labgate("trace", "--show", "--method", "patch-id", status=0, COLUMNS="160").out
    assert 80 < max(map(len, wide.splitlines())) <= 160


def test_json_lines_are_the_contract(team: Repo) -> None:
    shown = team.labgate("trace", "--format", "jsonl", "main~1", "main", status=0)
    clean, copied = rows(shown)
    assert clean == {"commit": team.head("main~1"), "derived": False, "undecidable": False, "evidence": []}
    assert (copied["commit"], copied["derived"], copied["undecidable"]) == (team.head(), True, False)
    strongest = copied["evidence"][0]
    assert (
        strongest.items()
        >= {
            "method": "patch-id",
            "decisive": True,
            "source_ref": "refs/remotes/origin/research/windows",
            "source_commits": [team.head("research/windows")],
            "score": 1.0,
            "hint": None,
        }.items()
    )
    keys = {"method", "decisive", "source_ref", "source_commits", "score", "matched_lines", "paths"}
    assert all(
        set(item) == keys | {"terms", "shared", "hint", "source_state", "other_ref"} for item in copied["evidence"]
    )
    array = team.labgate("trace", "--format", "json", "main~1", "main", status=0)
    assert json.loads(array.out) == [clean, copied]


def test_each_revision_gets_a_line_in_the_order_given_also_when_it_comes_twice(team: Repo) -> None:
    shown = team.labgate("trace", "--format", "jsonl", "main", "main~1", "HEAD", team.head()[:9], status=0)
    assert [row["commit"] for row in rows(shown)] == [team.head(name) for name in ("main", "main~1", "main", "main")]


def test_revisions_come_from_standard_input(team: Repo) -> None:
    listed = f"main~1\r\n\n  {team.head()}  \n"
    shown = team.run(*TRACE, "--format", "jsonl", "main~2", "-", stdin=listed)
    assert [row["commit"] for row in rows(shown)] == [team.head(f"main~{at}") for at in (2, 1, 0)]
    assert team.run(*TRACE, "-", stdin="").text == ""


def test_a_revision_that_cannot_be_read_costs_only_its_own_line(team: Repo) -> None:
    listed = f"nope\nmain\n{'0' * 40}\nmain~1..main\n"
    shown = team.run(*TRACE, "--format", "jsonl", "-", stdin=listed, status=2)
    assert [row["commit"] for row in rows(shown)] == [team.head()]
    assert shown.err.splitlines() == [
        "error: 'nope' names no commit in this repository",
        f"error: '{'0' * 40}' names no commit in this repository",
        "error: 'main~1..main' is a range: git rev-list 'main~1..main' | labgate trace -",
    ]


def test_a_commit_whose_files_are_not_here_costs_only_its_own_line(team: Repo) -> None:
    oid = team.commit("Add data", {"data.txt": "".join(f"{number}\n" for number in range(99))})
    blob = team.git("rev-parse", "HEAD:data.txt")
    (team.path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    shown = team.labgate("trace", "--format", "jsonl", "main~1", "main", "main~2", status=0)
    assert [row["commit"] for row in rows(shown)] == [team.head("main~1"), oid, team.head("main~2")]
    assert [(row["derived"], row["undecidable"]) for row in rows(shown)] == [
        (True, False),
        (False, True),
        (False, False),
    ]
    assert shown.err == (
        "labgate: not compared, as this clone lacks its objects: 1 commit\n  help: git fetch --refetch origin\n"
    )


def test_a_source_that_is_not_all_here_is_named_and_the_others_are_compared(team: Repo) -> None:
    blob = team.git("rev-parse", "research/windows:model.py")
    (team.path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    shown = team.labgate("trace", "main~1", status=0)
    assert "labgate: not compared, as this clone lacks its objects: origin/research/windows" in shown.err


def test_before_the_first_commit_head_names_none(repo: Repo) -> None:
    repo.write({"labgate.toml": TEAM})
    assert repo.labgate("trace", status=2).err == "error: 'HEAD' names no commit in this repository\n"


def test_named_sources_need_no_policy_and_no_work_tree(origin: Repo, tmp_path: Path) -> None:
    options = ("--sources", "refs/heads/research/*", "--format", "jsonl", "main", "main~1")
    there = origin.labgate("trace", *options, status=0)
    assert [row["derived"] for row in rows(there)] == [True, False]
    assert rows(there)[0]["evidence"][0]["source_ref"] == "refs/heads/research/windows"
    elsewhere = Repo(tmp_path, origin.env)
    assert elsewhere.labgate("trace", *options, status=0, GIT_DIR=str(origin.path)).out == there.out


def test_sources_may_be_named_several_times(team: Repo) -> None:
    team.git("update-ref", "refs/pull/7/head", "research/windows")
    team.git("update-ref", "refs/pull/8/head", "main~1")
    sources = ("--sources", "refs/pull/*/head", "--sources", "refs/heads/research/*")
    shown = team.labgate("trace", *sources, "main~1", "--exclude", "main~1", status=0)
    assert shown.out.endswith("  too small to judge by its text\n")


def test_a_pattern_that_matches_no_ref_is_answered_with_similar_ones(team: Repo) -> None:
    shown = team.labgate("trace", "--sources", "research/*", status=2)
    assert shown.out == ""
    assert shown.err == (
        "error: --sources 'research/*' matches no ref here; "
        "similar: refs/heads/research/windows, refs/remotes/origin/research/windows\n"
        "  help: git for-each-ref --format='%(refname)'  # lists them all\n"
    )


def test_without_policy_and_sources_nothing_can_be_compared(repo: Repo) -> None:
    repo.commit("Start", {"a": "1"})
    shown = repo.labgate("trace", status=2)
    assert shown.out == ""
    assert shown.err.startswith("error: there is no policy ")
    assert "--sources" in shown.err


def test_with_an_exclude_a_commit_that_a_source_has_is_ancestry(team: Repo) -> None:
    options = ("--sources", "refs/heads/research/*", "--exclude", "main~2", "--format", "jsonl")
    (row,) = rows(team.labgate("trace", *options, "research/windows", status=0))
    assert (row["evidence"][0]["method"], row["derived"]) == ("ancestry", True)


def test_methods_restrict_what_counts(team: Repo) -> None:
    (row,) = rows(team.labgate("trace", "--method", "patch-id", "--method", "blob", "--format", "jsonl", status=0))
    assert {item["method"] for item in row["evidence"]} <= {"patch-id", "blob"}
    shown = team.labgate("trace", "--method", "trailer", status=0)
    assert shown.out.endswith("  nothing shared with 1 source branch by trailer\n")


@pytest.mark.parametrize(
    ("args", "line"),
    [
        pytest.param(["--method", "patchid"], "no method 'patchid'; did you mean 'patch-id'?", id="a-method-misspelt"),
        pytest.param(
            ["--method", "foo"],
            "no method 'foo'; there are ancestry, trailer, patch-id, squash, blob, similarity",
            id="no-such-method",
        ),
        pytest.param(["--show", "--format", "json"], "--show cannot be used with --format json", id="show-json"),
    ],
)
def test_options_that_cannot_be_meant_are_answered(
    args: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["trace", *args]) == 2
    assert capsys.readouterr() == ("", f"error: {line}\n  help: labgate trace --help\n")


def test_help_names_every_method(capsys: pytest.CaptureFixture[str]) -> None:
    from labgate.values.finding import METHODS

    assert run(["trace", "--help"]) == 0
    assert f"One of {', '.join(METHODS)}." in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("args", [["trace", "--help"], ["index", "--help"], ["index", "rebuild", "--help"]])
def test_help_answers_without_what_traces(args: list[str]) -> None:
    code = f"import sys; from labgate.cli.main import run; assert run({args}) == 0; print('loaded:', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.rpartition("loaded: ")[2].split())
    assert not loaded & {
        "labgate.derivation",
        "labgate.git",
        "labgate.policy",
        "labgate.entrypoints",
        "sqlite3",
        "json",
    }


def test_a_clone_of_one_branch_says_that_sources_may_be_missing(origin: Repo, tmp_path: Path) -> None:
    origin.git("clone", "--quiet", "--single-branch", f"file://{origin.path}", str(tmp_path / "narrow"))
    shown = Repo(tmp_path / "narrow", origin.env).labgate("trace", status=0)
    said, help = shown.err.splitlines()
    assert said == "labgate: the research refs of origin are not fetched here"
    assert help.startswith("  help: git config --add remote.origin.fetch ")
    assert shown.out.endswith("nothing shared with 0 source branches\n")


def test_colour_goes_to_a_terminal_or_where_it_is_asked_for(team: Repo) -> None:
    coloured = team.labgate("trace", "--color", "always", status=0, NO_COLOR="1").out
    assert "\x1b[1;33mderived from origin/research/windows\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == team.labgate("trace", status=0).out


def test_nothing_of_a_repository_steers_the_terminal(team: Repo) -> None:
    oid = team.commit("\x1b]0;owned\x07 \u202esubject", {"a.py": "a = 1\n"})
    shown = team.labgate("trace", status=0).out
    assert shown.startswith(rf"{oid[:12]} \x1b]0;owned\x07 \u202esubject  ")


def test_a_reader_that_goes_away_is_no_success_and_no_complaint(team: Repo) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [*TRACE, "--format", "jsonl"], cwd=team.path, env=team.env, stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (2, b"")


def test_on_a_terminal_the_result_is_what_is_left(team: Repo) -> None:
    """Both streams on one terminal, as people have it."""
    reader, terminal = pty.openpty()
    env = {**team.env, "TERM": "xterm", "COLUMNS": "80"}
    with subprocess.Popen(TRACE, cwd=team.path, env=env, stdout=terminal, stderr=terminal) as process:
        os.close(terminal)
        shown = b""
        while True:
            try:
                chunk = os.read(reader, 4096)
            except OSError:  # Linux says so when the other end is closed.
                break
            if not chunk:
                break
            shown += chunk
    os.close(reader)
    assert process.returncode == 0
    assert b"\x1b[1;33mderived from origin/research/windows\x1b[0m" in shown
