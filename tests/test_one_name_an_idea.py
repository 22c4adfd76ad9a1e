"""One name an idea: a check is called the same as hook, module, policy section, wording and test."""

from __future__ import annotations

import re
from importlib import import_module

import pytest

from labgate.checks import CHECKS, all_rules, load
from labgate.policy.schema import POLICY
from labgate.policy.shape import Record
from labgate.values.finding import LEVELS
from support.data import ROOT

CHECKS_FOLDER = ROOT / "hooks" / "labgate" / "checks"
MANIFEST = ROOT / ".pre-commit-hooks.yaml"
#: Sections of the policy that belong to no single check.
SHARED_SECTIONS = {"reviews"}

#: The contract: code, name, default level. A code that was published is never given to another rule.
CONTRACT = {
    "LG101": ("unknown-kind", "error"),
    "LG102": ("bad-field", "error"),
    "LG103": ("unsafe-name", "error"),
    "LG104": ("case-collision", "error"),
    "LG105": ("wrong-base", "warning"),
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


def module(check: str) -> str:
    return check.replace("-", "_")


@pytest.mark.parametrize("check", CHECKS)
def test_a_check_has_one_name_everywhere(check: str) -> None:
    assert check == load(check).NAME
    assert load(check) is import_module(f"labgate.checks.{module(check)}.check")
    assert (ROOT / "tests" / "checks" / module(check)).is_dir()


def test_every_module_with_rules_is_a_check() -> None:
    found = {
        path.parent.name
        for path in CHECKS_FOLDER.rglob("*.py")
        if re.search(r"^RULES\b", path.read_text(), re.MULTILINE)
    }
    assert found == {module(check) for check in CHECKS}


def test_every_section_of_the_policy_is_a_check_or_shared() -> None:
    sections = {key.name for key in POLICY.keys if isinstance(key.shape, Record)}
    assert sections >= SHARED_SECTIONS
    assert sections - SHARED_SECTIONS <= set(CHECKS)


@pytest.mark.parametrize("check", CHECKS)
def test_every_rule_of_a_check_has_words_and_no_words_lack_a_rule(check: str) -> None:
    words = import_module(f"labgate.checks.{module(check)}.words").WORDS
    assert set(words) == {rule.code for rule in load(check).RULES}


@pytest.mark.parametrize("check", CHECKS)
def test_the_rules_of_a_check_share_their_hundred(check: str) -> None:
    assert len({rule.code[:3] for rule in load(check).RULES}) == 1


def test_codes_and_names_are_unique_and_as_in_the_contract() -> None:
    rules = all_rules()
    assert len({rule.code for rule in rules}) == len({rule.name for rule in rules}) == len(rules)
    assert [rule.code for rule in rules] == sorted(rule.code for rule in rules)
    for rule in rules:
        assert (rule.name, rule.level) == CONTRACT[rule.code]
        assert rule.level in LEVELS


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_a_rule_says_what_why_and_how_to_mend(rule: object) -> None:
    for part in ("summary", "why", "mend"):
        text = getattr(rule, part)
        assert text == text.strip() != ""
        assert "\n" not in text


@pytest.mark.skipif(not MANIFEST.is_file(), reason="the manifest of hooks comes with the hooks")
def test_every_check_is_a_hook() -> None:
    ids = set(re.findall(r"^- id: (\S+)$", MANIFEST.read_text(encoding="utf-8"), re.MULTILINE))
    assert set(CHECKS) <= ids
