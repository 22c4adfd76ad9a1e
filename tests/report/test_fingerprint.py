"""A fingerprint stays with its finding, and two findings never share one."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from labgate.report.fingerprint import fingerprint
from labgate.values.finding import Finding
from support import reports

REF = "refs/heads/main"
FOUND = reports.squashed()


def changed(**changes: object) -> Finding:
    return Finding(FOUND.rule, {**FOUND.data, **changes}, commits=FOUND.commits, ref=REF, evidence=FOUND.evidence)


def test_it_is_64_hexadecimal_digits() -> None:
    assert re.fullmatch("[0-9a-f]{64}", fingerprint(FOUND, REF))


def test_it_is_a_published_identity_that_must_not_drift() -> None:
    assert fingerprint(FOUND, REF) == "f6bb5dcb2d6edd1b05ab025faf3edb5e52108ababeae1b4e3aaca63f55d38972"


@pytest.mark.parametrize(
    "same",
    [
        pytest.param(lambda: FOUND.at_level("warning"), id="another-level"),
        pytest.param(lambda: changed(subjects=["reworded"], reviewers=None), id="other-words-and-advice"),
        pytest.param(
            lambda: Finding(FOUND.rule, FOUND.data, commits=FOUND.commits[::-1], ref=REF), id="commits-in-another-order"
        ),
        pytest.param(
            lambda: Finding(FOUND.rule, FOUND.data, commits=FOUND.commits), id="the-ref-taken-from-the-update"
        ),
    ],
)
def test_it_stays_the_same_for(same: Callable[[], Finding]) -> None:
    assert fingerprint(same(), REF) == fingerprint(FOUND, REF)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(lambda: changed(source="refs/heads/research/b"), id="another-source-ref"),
        pytest.param(lambda: changed(person="ada"), id="a-marker-of-another-person"),
        pytest.param(
            lambda: Finding(reports.rule("LG205"), FOUND.data, commits=FOUND.commits, ref=REF), id="another-rule"
        ),
        pytest.param(lambda: Finding(FOUND.rule, FOUND.data, commits=FOUND.commits[:1], ref=REF), id="fewer-commits"),
        pytest.param(
            lambda: Finding(FOUND.rule, FOUND.data, commits=FOUND.commits, ref="refs/heads/b"), id="another-ref"
        ),
        pytest.param(lambda: Finding(FOUND.rule, FOUND.data, commits=FOUND.commits, ref=REF, path="a"), id="a-path"),
    ],
)
def test_it_differs_for(other: Callable[[], Finding]) -> None:
    assert fingerprint(other(), REF) != fingerprint(FOUND, REF)


def test_a_path_that_is_not_utf_8_has_one_too() -> None:
    odd = Finding(FOUND.rule, FOUND.data, ref=REF, path="caf\udce9")
    assert fingerprint(odd, REF) != fingerprint(Finding(FOUND.rule, FOUND.data, ref=REF, path="caf\u00e9"), REF)
