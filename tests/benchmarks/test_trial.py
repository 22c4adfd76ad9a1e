from __future__ import annotations

from typing import Any

import pytest
from tracing.trial import Answer, Share, Trial, alarms, score, warnings

REF, OTHER, DIRTY = "refs/bench/half/1", "refs/bench/half/2", "refs/bench/half/3"


def answer(ref: str = REF, *, decisive: bool = True, points: float = 7.0, method: str = "similarity") -> Answer:
    item: dict[str, Any] = {"method": method, "decisive": decisive, "source_ref": ref, "score": points}
    return Answer(decisive, undecidable=False, evidence=({**item, "source_commits": ["c0ffee"]},))


@pytest.mark.parametrize(
    ("given", "alarmed", "warned"),
    [
        pytest.param(answer(), {REF}, {REF}, id="decisive evidence is both"),
        pytest.param(answer(decisive=False, points=4.0), set(), {REF}, id="similarity of 4 is a warning"),
        pytest.param(answer(decisive=False, points=3.9), set(), set(), id="less is nothing"),
        pytest.param(answer(decisive=False, method="blob"), set(), set(), id="a hint of an exact method is nothing"),
    ],
)
def test_what_an_answer_names(given: Answer, alarmed: set[str], warned: set[str]) -> None:
    assert (alarms(given), warnings(given)) == (alarmed, warned)


@pytest.mark.parametrize(
    ("given", "false", "polluted"),
    [
        pytest.param(answer(OTHER), True, False, id="a foreign range is a false alarm"),
        pytest.param(answer(REF), False, False, id="a related range is forgiven"),
        pytest.param(answer(DIRTY), False, True, id="a range with copies of main is counted apart"),
        pytest.param(Answer(derived=False, undecidable=True, evidence=()), False, False, id="silence is right"),
    ],
)
def test_what_is_false(given: Answer, false: bool, polluted: bool) -> None:
    trial = Trial("half", (), {}, ("n",), {"n": frozenset({REF})}, frozenset({DIRTY}))
    found = score(trial, {"n": given}, alarms)
    assert (bool(found.false), bool(found.polluted)) == (false, polluted)


def test_a_hit_names_the_right_range() -> None:
    trial = Trial(
        "half", (), {"a": frozenset({REF}), "b": frozenset({REF}), "c": frozenset({DIRTY})}, (), {}, frozenset({DIRTY})
    )
    found = score(trial, {"a": answer(REF), "b": answer(OTHER), "c": answer(DIRTY)}, alarms)
    assert (found.recall, found.missed, found.derived) == (Share(2, 3), ("b",), 3)
    assert (found.clean_recall, found.contaminated_recall) == (Share(1, 2), Share(1, 1))


def test_a_backport_is_to_be_traced_to_the_commit_that_it_was_picked_from() -> None:
    trial = Trial("picks", (), {"a": frozenset({"c0ffee"}), "b": frozenset({"decade"})}, by_commit=True)
    found = score(trial, {"a": answer(), "b": answer()}, alarms)
    assert (found.recall, found.derived) == (Share(1, 2), 2)


@pytest.mark.parametrize(
    ("share", "low", "high"),
    [(Share(50, 100), 0.4038, 0.5962), (Share(0, 835), 0.0, 0.0046), (Share(0, 0), 0.0, 1.0)],
    ids=["a half of a hundred", "none of many", "none of none"],
)
def test_an_interval(share: Share, low: float, high: float) -> None:
    assert share.interval() == pytest.approx((low, high), abs=5e-5)
