"""``labgate index``: what it says of an index, and that building it anew keeps what cannot be built."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click
import pytest

from labgate.cli.index import COMMANDS, index
from labgate.cli.main import run
from support.policies import TEAM
from support.repo import Repo
from support.templates import prepared

CODE = "".join(f"def step_{number}(state):\n    return advance(state, {number})\n\n" for number in range(9))


@prepared
def team(repo: Repo) -> Repo:
    """``main`` with a policy, and ``research/x`` with one commit, both on the remote."""
    repo.with_remote()
    repo.commit("Start", {"labgate.toml": TEAM})
    repo.branch("research/x").commit("Try", {"a.py": CODE})
    repo.push("main", "research/x")
    repo.git("fetch", "--quiet", "origin")
    return repo.checkout("main")


def status(repo: Repo) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(repo.labgate("index", "status", "--format", "json", status=0).out)
    return document


def test_before_there_is_an_index_that_is_said_and_none_is_made(team: Repo) -> None:
    shown = team.labgate("index", "status", status=0)
    assert shown.out.startswith("index   none yet: the first push, check or trace builds ")
    assert str(team.path / ".git") in shown.out
    assert shown.err == ""
    found = status(team)
    assert (found["schema"], found["exists"], found["documents"], found["problem"]) == (1, False, 0, None)
    assert not Path(found["path"]).exists()


def test_status_has_every_field_as_json(team: Repo) -> None:
    from labgate.derivation.index_maintenance import IndexStatus

    assert set(status(team)) == {"schema", "labgate", *IndexStatus.__annotations__}


def test_rebuild_makes_an_index_and_says_what_it_holds(team: Repo) -> None:
    shown = team.labgate("index", "rebuild", status=0)
    assert shown.err == ""
    assert shown.out == team.labgate("index", "status", status=0).out
    size, holds, main, ledger, *_ = shown.out.splitlines()
    found = status(team)
    assert found["exists"]
    assert found["documents"] > 0
    assert Path(found["path"]).is_file()
    assert size.startswith("index   ")
    assert size.endswith(found["path"])
    assert (holds.split()[0], main.split()[0], ledger.split()[0]) == ("holds", "main", "ledger")


def test_status_names_what_other_versions_left_and_rebuild_deletes_it(team: Repo) -> None:
    team.labgate("index", "rebuild", status=0)
    other = Path(status(team)["path"]).with_name("index-2.4.sqlite")
    other.write_bytes(b"x" * 1500)
    os.utime(other, (1_700_000_000, 1_700_000_000))
    assert status(team)["others"] == [{"path": str(other), "version": "2.4", "bytes": 1500, "used": 1_700_000_000}]
    shown = team.labgate("index", "status", status=0).out
    assert f"\nother   1.5 kB, version 2.4, last used 2023-11-14: {other}\n" in shown
    assert "  another version's is deleted 30 days after its last use, and by labgate index rebuild" in shown
    assert "other " not in team.labgate("index", "rebuild", status=0).out
    assert not other.exists()


def test_rebuild_throws_away_what_cannot_be_read(team: Repo) -> None:
    team.labgate("index", "rebuild", status=0)
    path = Path(status(team)["path"])
    path.write_bytes(b"no database at all" * 999)
    broken = team.labgate("index", "status", status=0)
    assert "problem " in broken.out
    assert "  help: labgate index rebuild\n" in broken.out
    team.labgate("index", "rebuild", status=0)
    assert status(team)["problem"] is None
    assert team.labgate("trace", "--method", "patch-id", "main", status=0).err == ""


def test_rebuild_keeps_the_ledger(team: Repo) -> None:
    team.labgate("index", "rebuild", status=0)
    before = status(team)
    assert before["ledger_entries"] > 0
    team.git("push", "--quiet", "--no-verify", "origin", ":research/x")
    team.git("branch", "--quiet", "-D", "research/x")
    team.labgate("index", "rebuild", status=0)
    assert status(team)["ledger_entries"] >= before["ledger_entries"]


def test_sources_may_be_named_where_there_is_no_policy(team: Repo) -> None:
    server = Repo(team.path.parent / "work-origin.git", team.env)
    server.git("update-ref", "refs/pull/7/head", "research/x")
    team.git("push", "--quiet", "--no-verify", "origin", "--delete", "research/x")
    shown = server.labgate("index", "rebuild", "--sources", "refs/pull/*/head", status=0)
    assert " of 1 source ref\n" in shown.out
    missing = server.labgate("index", "rebuild", "--sources", "refs/pull/*/hed", status=2)
    assert "similar: refs/pull/7/head" in missing.err


def test_a_group_without_a_command_is_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["index"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Commands:" in captured.err


def test_the_table_says_of_each_command_what_the_command_says() -> None:
    for name, (_, summary) in COMMANDS.items():
        command = index.get_command(click.Context(index), name)
        assert command is not None
        assert (command.name, command.short_help) == (name, summary)


def test_outside_a_repository_there_is_nothing_to_say_of(repo: Repo, tmp_path: Path) -> None:
    shown = Repo(tmp_path, repo.env).labgate("index", "status", status=2)
    assert shown.err.startswith("error: not a git repository")
