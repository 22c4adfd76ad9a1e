"""One name an idea: a check is called the same as hook id, folder, policy section, docs heading and test folder."""

from __future__ import annotations

import re

import pytest

from labgate.checks.registry import (
    CHECK_ID,
    NAMES,
    PLANNED,
    ROWS,
    STAGE_IDS,
    Row,
    all_rules,
    at_stage,
    policy_reader,
    rows,
    stages_of_ids,
)
from labgate.values.errors import UsageError
from labgate.values.finding import LEVELS, Finding, Rule
from support.data import ROOT
from support.isolated import run_apart

CHECKS = ROOT / "hooks" / "labgate" / "checks"
MANIFEST = ROOT / ".pre-commit-hooks.yaml"
REFERENCE = ROOT / "hooks" / "README.md"

#: The contract: code, name, default level. A code that was published is never given to another rule.
CONTRACT = {
    "LG101": ("unknown-kind", "error"),
    "LG102": ("bad-field", "error"),
    "LG103": ("unsafe-name", "error"),
    "LG104": ("case-collision", "error"),
    "LG105": ("wrong-base", "warning"),
    "LG106": ("commit-on-protected", "warning"),
    "LG201": ("unreviewed-research", "error"),
    "LG202": ("suspected-research", "warning"),
    "LG203": ("stale-review", "error"),
    "LG204": ("self-review", "error"),
    "LG205": ("quorum-not-met", "error"),
    "LG206": ("invalid-attestation", "error"),
    "LG207": ("reused-attestation", "error"),
    "LG208": ("standing-objection", "error"),
    "LG209": ("override-used", "note"),
    "LG210": ("policy-change", "error"),
    "LG211": ("protected-ref-rewritten", "error"),
    "LG212": ("wrong-target", "error"),
    "LG301": ("missing-experiment-trailer", "warning"),
    "LG302": ("artifact-without-record", "error"),
    "LG303": ("record-mismatch", "error"),
    "LG304": ("commit-not-pinned", "error"),
    "LG305": ("dirty-code", "error"),
    "LG306": ("submodule-unpushed", "error"),
    "LG401": ("too-many-lines", "error"),
    "LG402": ("too-many-files", "error"),
    "LG403": ("too-many-bytes", "error"),
    "LG404": ("series-too-large", "error"),
    "LG405": ("mixed-components", "error"),
    "LG501": ("unfinished-commit", "error"),
    "LG502": ("short-lived-artifact", "error"),
    "LG503": ("tests-missing", "error"),
    "LG601": ("behind-base", "warning"),
    "LG602": ("conflict-ahead", "warning"),
    "LG701": ("wrong-remote", "error"),
}
BY_NAME = pytest.mark.parametrize("row", ROWS, ids=NAMES)


def folder(row: Row) -> str:
    return row.name.replace("-", "_")


@BY_NAME
def test_a_check_has_a_folder_tests_and_a_section_in_the_hook_reference(row: Row) -> None:
    assert row.folder == f"labgate.checks.{folder(row)}"
    assert {"rules.py", "check.py", "facts.py"} <= {path.name for path in (CHECKS / folder(row)).iterdir()}
    assert (ROOT / "tests" / "checks" / folder(row)).is_dir()
    assert f"\n## {row.name}\n" in REFERENCE.read_text(encoding="utf-8")


def test_every_folder_of_checks_has_a_row() -> None:
    found = {path.name for path in CHECKS.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert found == {folder(row) for row in ROWS}


def test_every_section_of_the_policy_is_one_of_a_check() -> None:
    """What is left are the policy's own keys: they say what a branch is, whatever the checks."""
    keys = [key.name for key in policy_reader().record.keys]
    sections = [key.name for key in (section.key for section in policy_reader().sections)]
    assert keys == ["version", "repository", "trunk", "labgate-min", "kinds", "levels", *sections]
    assert len(sections) == sum(len(row.sections) for row in ROWS)
    for row in ROWS:
        assert not row.sections or row.name in sections


def test_the_manifest_has_the_ids_of_the_registry_each_at_its_stage() -> None:
    text = MANIFEST.read_text(encoding="utf-8")
    found = re.findall(r"^- id: (\S+)$.*?^  stages: \[(\S+)\]$", text, re.MULTILINE | re.DOTALL)
    assert dict(found) == stages_of_ids()
    assert {row.name for row in ROWS if row.hook} | {*STAGE_IDS.values(), CHECK_ID} == dict(found).keys()


@BY_NAME
def test_the_rules_of_a_check_have_its_hundred_and_typed_findings(row: Row) -> None:
    findings: tuple[type[Finding], ...] = __import__(f"{row.folder}.rules", fromlist=["rules"]).FINDINGS
    assert [finding.rule for finding in findings] == list(row.rules)
    for finding in findings:
        assert finding.rule.code.startswith(row.hundred)
        assert finding.message is not Finding.message
        assert finding.help is not Finding.help


def test_codes_and_names_are_unique_sorted_and_as_in_the_contract() -> None:
    rules = all_rules()
    codes = [rule.code for rule in rules]
    assert codes == sorted(set(codes))
    assert {rule.code: (rule.name, rule.level) for rule in rules}.items() <= CONTRACT.items()
    assert CONTRACT.keys() - set(codes) == set(PLANNED)


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: str(rule.code))
def test_a_rule_is_fit_for_a_page_of_its_own(rule: Rule) -> None:
    assert rule.level in LEVELS[1:]
    assert len(rule.summary) <= 110
    for text, is_sentence in ((rule.summary, False), (rule.why, True), (rule.fix, True)):
        assert text.endswith(".") is is_sentence
        assert text[0].isupper() is is_sentence or text[0] == "`"
        assert "\n" not in text
        assert "  " not in text


def test_checks_are_chosen_by_name_in_the_order_of_output() -> None:
    assert rows(()) == ROWS
    assert [row.name for row in rows(("commit-size", "branch-name"))] == ["branch-name", "commit-size"]
    with pytest.raises(UsageError) as refused:
        rows(("branch_name",))
    assert str(refused.value.help) == f"choose from: {', '.join(NAMES)}"


def test_a_stage_has_only_its_own_checks() -> None:
    assert [row.name for row in at_stage("pre-commit", ("commit-size", "branch-name"))] == [
        "branch-name",
        "commit-size",
    ]
    assert set(at_stage("pre-commit", ())) == {row for row in ROWS if "pre-commit" in row.stages}
    with pytest.raises(UsageError, match="research-gate does not apply at pre-commit"):
        at_stage("pre-commit", ("research-gate",))


def test_the_registry_imports_no_check() -> None:
    loaded = run_apart("import labgate.checks.registry; print(*sys.modules)").split()
    assert [name for name in loaded if name.startswith("labgate.checks.")] == ["labgate.checks.registry"]
