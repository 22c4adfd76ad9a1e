"""A fingerprint stays with its finding, and two findings never share one."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from labgate.checks.research_gate.reviews import SelfReview
from labgate.report.json import fingerprint
from labgate.values.finding import Finding
from support import reports

REF = "refs/heads/main"
FOUND = reports.squashed()


def changed(**changes: object) -> Finding:
    return FOUND.changed(**changes)


def test_it_is_64_hexadecimal_digits() -> None:
    assert re.fullmatch("[0-9a-f]{64}", fingerprint(FOUND, REF))


def test_it_is_a_published_identity_that_must_not_drift() -> None:
    assert fingerprint(FOUND, REF) == "f6bb5dcb2d6edd1b05ab025faf3edb5e52108ababeae1b4e3aaca63f55d38972"


@pytest.mark.parametrize(
    "same",
    [
        pytest.param(lambda: FOUND.at_level("warning"), id="another-level"),
        pytest.param(lambda: changed(subjects=("reworded",), reviewers=None), id="other-words-and-advice"),
        pytest.param(lambda: changed(oids=FOUND.oids[::-1]), id="commits-in-another-order"),
        pytest.param(lambda: changed(ref=None), id="the-ref-taken-from-the-update"),
    ],
)
def test_it_stays_the_same_for(same: Callable[[], Finding]) -> None:
    assert fingerprint(same(), REF) == fingerprint(FOUND, REF)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(lambda: changed(source="refs/heads/research/b"), id="another-source-ref"),
        pytest.param(lambda: reports.mistargeted().changed(oids=FOUND.oids), id="another-rule"),
        pytest.param(lambda: changed(oids=FOUND.oids[:1]), id="fewer-commits"),
        pytest.param(lambda: changed(ref="refs/heads/b"), id="another-ref"),
        pytest.param(lambda: changed(path="a"), id="a-path"),
    ],
)
def test_it_differs_for(other: Callable[[], Finding]) -> None:
    assert fingerprint(other(), REF) != fingerprint(FOUND, REF)


def test_two_persons_who_reviewed_their_own_work_in_one_commit_are_two_findings() -> None:
    ada = SelfReview(person="ada", marker=FOUND.oids[0], wrote=FOUND.oids[0], change=None, oids=FOUND.oids[:1], ref=REF)
    assert fingerprint(ada, REF) != fingerprint(ada.changed(person="lin"), REF)


def test_a_path_that_is_not_utf_8_has_one_too() -> None:
    odd = changed(path="caf\udce9")
    assert fingerprint(odd, REF) != fingerprint(changed(path="caf\u00e9"), REF)
