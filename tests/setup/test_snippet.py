"""Each hook manager gets what the manifest says, from where this labgate came from."""

from __future__ import annotations

import importlib.metadata
import json
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from labgate.checks.registry import STAGES
from labgate.setup.insert import HOOKS, Source, Style, husky_lines, installed_from, lefthook_lines, pre_commit_lines
from support.data import ROOT

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
    config = yaml.safe_load("\n".join(lefthook_lines()))
    assert set(config) == set(STAGES)
    push = config["pre-push"]["commands"]["labgate"]
    assert push == {"use_stdin": True, "run": "labgate-hook pre-push --native {0}"}
    assert config["commit-msg"]["commands"]["labgate"] == {"run": "labgate-hook commit-msg --native {0}"}


def test_husky_has_one_file_a_stage() -> None:
    assert dict(husky_lines())[".husky/pre-push"] == 'labgate-hook pre-push --native "$@"'
    assert len(dict(husky_lines())) == len(STAGES)


class Installed:
    def __init__(self, record: object) -> None:
        self.text = record if isinstance(record, str) or record is None else json.dumps(record)

    def read_text(self, name: str) -> str | None:
        assert name == "direct_url.json"
        return self.text


OID = "0123456789abcdef0123456789abcdef01234567"


def from_git(url: str, commit: str = OID) -> dict[str, object]:
    return {"url": url, "vcs_info": {"vcs": "git", "commit_id": commit}}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (from_git("https://example.org/t/labgate"), Source("https://example.org/t/labgate", OID)),
        (from_git("ssh://git@example.org/t/labgate.git"), Source("ssh://git@example.org/t/labgate.git", OID)),
        (None, Source()),
        ("not json", Source()),
        ([], Source()),
        ({"url": "file:///home/ada/labgate", "dir_info": {"editable": True}}, Source()),
        (from_git("file:///home/ada/labgate"), Source()),
        (from_git("https://ada:secret@example.org/t/labgate"), Source()),
        (from_git("https://example.org/a b"), Source()),
        (from_git("https://example.org/labgate", "x\nhooks:"), Source()),
    ],
    ids=[
        *("https", "ssh", "from the index", "broken", "no table", "a folder", "a local clone", "a password"),
        *("not plain", "no commit"),
    ],
)
def test_the_source_is_one_that_the_team_can_reach(
    record: object, expected: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.metadata, "distribution", lambda _: Installed(record))
    assert installed_from() == expected
