"""A source repository is found under its name in any case, as code hosts find it."""

from __future__ import annotations

import pytest

from labgate.research.section import ResearchGate
from support.policies import TEAM, policy

SISTER = TEAM + '\n[research-gate]\nsource-repositories = ["github.com/Acme-research/*"]\n'


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("github.com/acme-research/models", True),
        ("github.com/ACME-Research/Models", True),
        ("github.com/acme/models", False),
        ("github.com/acme-research2/models", False),
        ("github.example/acme-research/models", False),
        (None, False),
    ],
)
def test_a_source_repository_has_its_name_in_any_case(name: str | None, expected: bool) -> None:
    assert policy(SISTER).section(ResearchGate).is_source_repository(name) is expected
