"""A hook is written for every stage that labgate is configured for, in whatever form the configuration is."""

from __future__ import annotations

from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from labgate.checks.registry import STAGES
from labgate.policy.reader import read_toml
from labgate.setup.hook_types import KEY, RUNS, in_toml, in_yaml

ENTRY = "repos:\n- repo: x\n  hooks: []\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ENTRY, STAGES),
        (f"# Ours\n\n# first\nfail_fast: true\n{ENTRY}", STAGES),
        (f"---\n{ENTRY}", STAGES),
        (f"%YAML 1.2\n---\n# x\n{ENTRY}", STAGES),
        ("  repos: []\n  ci: {}\n", STAGES),
        (f"{KEY}: [commit-msg]\n{ENTRY}", ("commit-msg", *(stage for stage in STAGES if stage != "commit-msg"))),
        (f"{KEY}: [ post-merge, ]  # x\n{ENTRY}", ("post-merge", *STAGES)),
        (f"{KEY}: []\n{ENTRY}", STAGES),
        (f"{KEY}:\n- pre-push\n# y\n{ENTRY}", ("pre-push", *STAGES[:-1])),
        (f"{ENTRY}{KEY}:\n  -   pre-push", ("pre-push", *STAGES[:-1])),
        (f"{KEY}: [{', '.join(STAGES)}, post-merge]\n{ENTRY}", (*STAGES, "post-merge")),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_a_yaml_file_gets_what_it_lacks(text: str, end: str, expected: tuple[str, ...]) -> None:
    given = text.replace("\n", end)
    after = in_yaml(given, STAGES)
    assert after is not None
    now: dict[str, Any] = yaml.safe_load(after)
    assert tuple(now.pop(KEY)) == expected
    before: dict[str, Any] = yaml.safe_load(given)
    known = before.pop(KEY, None)
    if known != list(expected):
        assert now.pop(RUNS) == [*(known or ["pre-commit"]), "manual"]
    assert now == before
    assert [line for line in given.split(end) if line.startswith("#")] == [
        line for line in after.split(end) if line.startswith("#")
    ]
    assert in_yaml(after, STAGES) == after


def test_only_the_stages_that_are_used_and_the_one_that_was_there_before() -> None:
    added = f"{KEY}: [pre-commit, pre-push]\n{RUNS}: [pre-commit, manual]\n"
    assert in_yaml(ENTRY, ("pre-push",)) == f"{added}{ENTRY}"


def test_hooks_without_stages_run_where_they_ran_before() -> None:
    """Else a team's linters would run again at every push, and for every message."""
    chosen = f"{RUNS}: [commit-msg]\n{ENTRY}"
    assert in_yaml(chosen, STAGES) == f"{KEY}: [{', '.join(STAGES)}]\n{chosen}"
    after = in_yaml(ENTRY, STAGES, started=("pre-commit", "pre-push"))
    assert after is not None
    assert yaml.safe_load(after)[RUNS] == ["pre-commit", "pre-push", "manual"]
    typed = in_toml(f'{KEY} = ["pre-push"]\n', STAGES, started=("commit-msg",))
    assert typed is not None
    assert read_toml(typed, "")[RUNS] == ["pre-push", "commit-msg", "manual"]
    kept = in_toml(f'{RUNS} = ["commit-msg"]\n', STAGES)
    assert kept is not None
    assert read_toml(kept, "")[RUNS] == ["commit-msg"]


@pytest.mark.parametrize("stages", [(), ("pre-commit",)])
def test_where_the_usual_stage_is_enough_nothing_is_added(stages: tuple[str, ...]) -> None:
    assert in_yaml(ENTRY, stages) == ENTRY
    assert in_toml("repos = []\n", stages) == "repos = []\n"


@pytest.mark.parametrize(
    "text", [f"{KEY}: pre-push\n", f"{KEY}: [*a]\n", f"{KEY}: []\n{KEY}: []\n", "{repos: []}\n", "- 1\n", "", "a: ["]
)
def test_what_is_not_plain_is_left_to_people(text: str) -> None:
    assert in_yaml(text, STAGES) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", STAGES),
        ("# ours\n[[repos]]\nrepo = 'local'\nhooks = []\n", STAGES),
        ("fail_fast = true", STAGES),
        (f"{KEY} = ['pre-push']\n[[repos]]\nrepo = 'local'\nhooks = []\n", ("pre-push", *STAGES[:-1])),
        (f"{KEY} = {list(STAGES)}\n", STAGES),
    ],
)
def test_a_toml_file_too(text: str, expected: tuple[str, ...]) -> None:
    after = in_toml(text, STAGES)
    assert after is not None
    assert tuple(read_toml(after, "")[KEY]) == expected
    assert in_toml(after, STAGES) == after


@pytest.mark.parametrize("text", [f"{KEY} = 'pre-push'\n", f"{KEY} = [\n'pre-push']\n", 'x = """\n[\n"""\n', "a = ["])
def test_a_toml_file_that_is_not_plain_is_left_to_people(text: str) -> None:
    assert in_toml(text, STAGES) is None
