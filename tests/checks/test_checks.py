"""The checks as a whole: one name an idea, well-formed rules, and a commit hook that imports little."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from labgate.checks import CHECKS, all_rules, load
from labgate.values.errors import UsageError
from labgate.values.finding import LEVELS, Rule
from labgate.wording import composers

HOOKS = Path(__file__).parents[2] / "hooks"
RANGES = {"branch-name": "LG1", "research-gate": "LG2", "experiment-hash": "LG3", "commit-size": "LG4"}
HEAVY = (
    "argparse",
    "click",
    "collections",
    "dataclasses",
    "difflib",
    "enum",
    "functools",
    "git",
    "inspect",
    "json",
    "logging",
    "pathlib",
    "re",
    "shlex",
    "subprocess",
    "tomllib",
    "typing",
    "unicodedata",
)


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_has_the_name_it_is_loaded_by_and_rules_in_its_own_hundred(name: str) -> None:
    check = load(name)
    assert name == check.NAME
    assert all(rule.code.startswith(RANGES[name]) for rule in check.RULES)


def test_an_unknown_check_is_a_usage_error_that_names_the_known_ones() -> None:
    with pytest.raises(UsageError) as refused:
        load("branch_name")
    assert str(refused.value.help) == f"choose one of: {', '.join(CHECKS)}"


def test_no_code_and_no_name_is_given_out_twice() -> None:
    rules = all_rules()
    assert len({rule.code for rule in rules}) == len({rule.name for rule in rules}) == len(rules)


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: str(rule.code))
def test_a_rule_is_fit_for_a_page_of_its_own(rule: Rule) -> None:
    assert re.fullmatch(r"LG[1-7]\d\d", rule.code)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", rule.name)
    assert rule.level in LEVELS[1:]
    assert len(rule.summary) <= 110
    for text, is_sentence in ((rule.summary, False), (rule.why, True), (rule.mend, True)):
        assert text.endswith(".") is is_sentence
        assert text[0].isupper() is is_sentence or text[0] == "`"
        assert "\n" not in text
        assert "  " not in text


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: str(rule.code))
def test_a_rule_has_words(rule: Rule) -> None:
    assert rule.code in composers(rule.code)


def test_an_unknown_code_has_no_words() -> None:
    with pytest.raises(KeyError):
        composers("LG999")


def run_apart(code: str) -> str:
    """Run Python without site packages, so that only what the code imports is there."""
    program = f"import sys; sys.path.insert(0, {str(HOOKS)!r}); {code}"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_package_of_checks_imports_no_check() -> None:
    modules = run_apart("import labgate.checks; print([m for m in sys.modules if m.startswith('labgate.checks.')])")
    assert modules == "[]"


@pytest.mark.parametrize("name", ["branch-name", "experiment-hash", "commit-size"])
def test_a_check_of_the_commit_hook_imports_nothing_heavy(name: str) -> None:
    loaded = run_apart(f"import labgate.checks; labgate.checks.load({name!r}); print(*sys.modules)")
    assert not set(HEAVY).intersection(loaded.split())


def test_passing_a_name_and_a_size_imports_nothing_heavy_and_no_helper() -> None:
    from labgate.policy.parse import checked_table, read_toml
    from support.policies import TEAM

    table = checked_table(read_toml(TEAM, "labgate.toml"), "labgate.toml")
    loaded = run_apart(
        "from labgate.policy.model import Policy; from labgate.values.batch import Batch, FileChange; "
        "from labgate.checks.branch_name import check as branch_name; "
        "from labgate.checks.commit_size import check as commit_size; "
        f"policy = Policy({table!r}); "
        "name = branch_name.Facts('refs/heads/feature/x', True, ('refs/heads/main',)); "
        "size = commit_size.Facts((Batch(None, '', (FileChange('a.py', 'M', 9, 0, 99),)),), 'topic', 'protected'); "
        "assert not [*branch_name.check(name, policy), *commit_size.check(size, policy)]; "
        "print(*sys.modules)"
    )
    assert not set(HEAVY).intersection(loaded.split())
    assert not {
        "labgate.checks.branch_name.suggest",
        "labgate.checks.commit_size.split",
        "labgate.wording",
    }.intersection(loaded.split())
