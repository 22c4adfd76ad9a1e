"""hooks/README.md is true: its tables are the rules as declared, its examples happen as they stand there."""

from __future__ import annotations

import os
import re

import pytest

from labgate.checks.registry import NAMES, ROWS, rows
from labgate.cli.doctor_repository import MERGING_GIT
from labgate.git.settings import git_version
from labgate.policy.schema import every_key
from support.console import Block, blocks, hold
from support.data import ROOT
from support.policies import READER
from support.repo import Repo
from support.tables import hold_table

REFERENCE = ROOT / "hooks" / "README.md"


def section(check: str) -> str:
    """Return the text below a check's heading."""
    return REFERENCE.read_text(encoding="utf-8").partition(f"\n## {check}\n")[2].partition("\n## ")[0]


def examples(check: str, part: str = "") -> list[Block]:
    return [block for block in blocks(REFERENCE) if (block.heading, block.part) == (check, part)]


def test_there_is_a_section_for_each_check_in_their_order() -> None:
    assert re.findall(r"^## (.+)$", REFERENCE.read_text(encoding="utf-8"), re.MULTILINE) == list(NAMES)


@pytest.mark.parametrize("check", NAMES)
def test_the_table_is_the_rules_as_declared(check: str) -> None:
    rules = (
        (f"[{rule.code}](../docs/rules/{rule.code}.md) {rule.name}", rule.level, rule.summary)
        for rule in rows((check,))[0].rules
    )
    hold_table(REFERENCE, f"rules: {check}", [("rule", "by default", "found when"), *rules])


@pytest.mark.parametrize("check", NAMES)
def test_the_examples_happen_as_they_stand_there(check: str, clone: Repo) -> None:
    hold(REFERENCE, examples(check), clone)


@pytest.mark.parametrize("check", NAMES)
def test_one_example_is_refused_one_accepted_and_perhaps_one_warned_of(check: str) -> None:
    printed = ("".join(command.output for command in block.commands) for block in examples(check))
    refused, accepted, *warned = printed
    assert re.search(r"^1 error$", refused, re.MULTILINE)
    assert any(rule.code in refused for rule in rows((check,))[0].rules)
    assert "LG" not in accepted
    assert len(warned) <= 1
    for said in warned:
        assert re.search(r"^1 warning$", said, re.MULTILINE)
        assert any(f"{rule.code} warning: " in said for rule in rows((check,))[0].rules)


#: The rules that "More of" each check shows, in this order.
MORE = {
    "branch-name": ["LG101", "LG103", "LG104", "LG105"],
    "research-gate": ["LG203", "LG204", "LG210", "LG211"],
    "commit-size": ["LG402", "LG403", "LG404"],
    "branch-drift": ["LG602"],
}


@pytest.mark.parametrize("check", MORE)
def test_more_rules_refuse_and_then_accept(check: str, clone: Repo) -> None:
    if check == "branch-drift" and git_version(os.environ) < MERGING_GIT:
        pytest.skip("this git cannot merge in memory")
    story = examples(check, f"More of {check}")
    policy = "".join(block.text for block in story if block.language == "toml")
    if policy:
        text = (clone.path / "labgate.toml").read_text()
        clone.commit("Limits", {"labgate.toml": f"{text}\n{policy}"})
        clone.push("main")
    hold(REFERENCE, story, clone)
    printed = [command.output for block in story if block.language == "console" for command in block.commands]
    said = [re.findall(r"\b(LG\d+) (?:error|warning): ", output) for output in printed]
    codes = [code for found in said for code in found]
    assert [code for at, code in enumerate(codes) if code in MORE[check] and code not in codes[:at]] == MORE[check]
    assert said[-1] == [] or check == "branch-name"


def constant(text: str) -> str:
    """Put a constant in the place of hashes: those of commits with a record have its random run in them."""
    return re.sub(r"\b[0-9a-f]{12,40}\b", "1a1a1a1a1a1a", text)


def test_each_rule_of_records_refuses_and_then_accepts(clone: Repo) -> None:
    policy, *story = examples("experiment-hash", "Records")
    text = (clone.path / "labgate.toml").read_text()
    clone.commit("Artifacts", {"labgate.toml": f"{text}\n{policy.text}"})
    clone.push("main")
    library = Repo.init(clone.path.parent / "seed")
    library.commit("Start", {"library.py": "FAST = False\n"})
    clone.git("clone", "--quiet", "--bare", str(library.path), str(clone.path.parent / "library.git"))
    local = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "protocol.file.allow", "GIT_CONFIG_VALUE_0": "always"}
    hold(REFERENCE, story, clone, local, constant)
    said = [re.findall(r"\b(LG\d+) error: ", command.output) for block in story for command in block.commands]
    assert [code for codes in said for code in codes] == ["LG302", "LG304", "LG303", "LG305", "LG305", "LG306"]


def test_an_exception_is_asked_for_granted_and_listed(clone: Repo) -> None:
    policy, *story = examples("commit-size", "Exceptions and the budget of a series")
    text = (clone.path / "labgate.toml").read_text()
    clone.commit("Exceptions", {"labgate.toml": f"{text}\n{policy.text}"})
    clone.push("main")
    hold(REFERENCE, story, clone)
    printed = "".join(command.output for block in story for command in block.commands)
    said = re.findall(r"\b(LG\d+ (?:error|warning|note)): ", printed)
    assert said == ["LG401 warning", "LG401 error", "LG401 warning", "LG401 error", "LG401 note", "LG401 note"]
    assert "2 of 4 commits of this branch used" in printed


@pytest.mark.parametrize("check", NAMES)
def test_every_key_of_a_checks_own_section_is_named(check: str) -> None:
    for path, key in every_key(READER.record):
        if path[:1] == (check,):
            assert f"`{key.name}`" in section(check) or f"[{check}.{key.name}." in section(check)


def test_every_hook_is_named_where_its_check_is() -> None:
    ids = set(re.findall(r"^- id: (\S+)$", (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"), re.MULTILINE))
    named = {
        check: set(re.findall(r"`([a-z-]+)`", section(check).partition("\nHooks: ")[2].partition("\n\n")[0]))
        for check in NAMES
    }
    assert set[str]().union(*named.values()) == ids
    assert all(row.name in named[row.name] for row in ROWS if row.hook)
