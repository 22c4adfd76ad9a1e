"""What a policy says in vain is told; what merely looks like it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from labgate.policy.reader import PYPROJECT_TABLE
from support.policies import READER, parse_policy

DATA = Path(__file__).parent.parent / "data" / "policy"
CASES = sorted((DATA / "lint").glob("*.toml"))


@pytest.mark.parametrize("case", CASES, ids=[case.stem for case in CASES])
def test_what_has_no_effect_is_told_in_one_line(case: Path) -> None:
    expected = case.with_suffix(".txt").read_text(encoding="utf-8")
    policy = parse_policy(case.read_bytes(), "labgate.toml")
    assert "".join(f"{line}\n" for line in READER.lint(policy)) == expected


def test_the_smallest_policy_says_nothing_in_vain() -> None:
    assert READER.lint(parse_policy((DATA / "minimal.toml").read_bytes(), "labgate.toml")) == ()


def test_the_contracts_example_only_leaves_out_a_person() -> None:
    policy = parse_policy((DATA / "contract.toml").read_bytes(), "labgate.toml")
    assert READER.lint(policy) == ('labgate.toml: [reviews.groups.core] people: there is no person "lin"',)


def test_a_policy_in_pyproject_names_its_table_there() -> None:
    policy = parse_policy((DATA / "contract.toml").read_bytes(), "labgate.toml")
    assert READER.lint(policy, "pyproject.toml", PYPROJECT_TABLE) == (
        'pyproject.toml: [tool.labgate.reviews.groups.core] people: there is no person "lin"',
    )
