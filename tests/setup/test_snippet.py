"""Each hook manager gets what the manifest says, from where this labgate came from."""

from __future__ import annotations

from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from labgate.checks.registry import STAGES
from labgate.setup.insert import HOOKS, Style, guarded, husky_lines, lefthook_commands, pre_commit_lines
from labgate.setup.source import Source
from support.data import ROOT
from support.repo import Repo

MANIFEST: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))


def test_the_local_hooks_are_those_of_the_manifest() -> None:
    (repo,) = yaml.safe_load("\n".join(pre_commit_lines(Source(), Style())))
    wanted = {hook["id"]: hook for hook in MANIFEST}
    for hook in repo["hooks"]:
        published = {key: value for key, value in wanted[hook["id"]].items() if key != "description"}
        published.pop("minimum_pre_commit_version")
        assert hook == published | {"additional_dependencies": [Source().requirement]}


def test_there_is_one_for_every_stage() -> None:
    assert {hook.stage for hook in HOOKS} == set(STAGES)


def test_lefthook_hands_on_the_refs_and_the_arguments_of_git() -> None:
    found = {stage: yaml.safe_load("\n".join(lines))["labgate"] for stage, lines in lefthook_commands()}
    assert set(found) == set(STAGES)
    assert found["pre-push"] == {"use_stdin": True, "run": guarded("pre-push", " {0}")}
    assert found["commit-msg"] == {"run": guarded("commit-msg", " {0}")}
    assert found["pre-commit"] == {"run": guarded("pre-commit", "")}


def test_husky_has_one_file_a_stage() -> None:
    assert dict(husky_lines())[".husky/pre-push"] == guarded("pre-push", ' "$@"')
    assert len(dict(husky_lines())) == len(STAGES)


@pytest.mark.parametrize("status", [None, 0, 1], ids=["no labgate", "passed", "refused"])
@pytest.mark.parametrize("shell", ["sh", "sh -e"])
def test_what_a_team_shares_lets_go_on_who_has_no_labgate(shell: str, status: int | None, repo: Repo) -> None:
    if status is not None:
        hook = repo.path / "bin" / "labgate-hook"
        repo.write({"bin/labgate-hook": f'#!/bin/sh\necho "$@"\nexit {status}\n'})
        hook.chmod(0o755)
    repo.write({"script": guarded("pre-push", ' "$@"') + "\necho mine\n"})
    path = f"{repo.path}/bin:/usr/bin:/bin"
    done = repo.run(*shell.split(), "script", "origin", "a b", status=status or 0, PATH=path)
    started = "" if status is None else "pre-push --native origin a b\n"
    assert done.out == started + ("" if status else "mine\n")
    assert done.err == ("labgate: pre-push skipped: labgate-hook is not on the PATH\n" if status is None else "")
