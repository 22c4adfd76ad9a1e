"""A score adds up what two patches share that is new, and is no alarm without lines to show."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labgate.derivation.score import LEAST_SHARE, MOVED, P_WEIGHT, SUSPECT, T_WEIGHT, UNSHOWN, WHOLE_LEAST, Score, score
from labgate.fingerprints.kinds import KINDS, A, B, D, F, I, S, T, V, X
from labgate.values.finding import ALARM

Counts = Mapping[int, int]
#: What most changes of twenty lines have.
SIDE = {T: 80, V: 60, X: 6, B: 1, I: 5, A: 20, D: 4, F: 3, S: 12}


def scored(shared: Counts, commit: Counts = SIDE, source: Counts = SIDE) -> Score:
    return score(shared, commit, source)


def test_nothing_shared_is_nothing() -> None:
    assert scored({}) == Score(0.0, ())


def test_an_exact_copy_is_far_above_the_alarm() -> None:
    assert scored(SIDE).total > 3 * ALARM


def test_terms_are_those_that_count_largest_first_and_add_up() -> None:
    found = scored({T: 20, I: 2, S: 2})
    assert [name for name, _ in found.terms] == ["T", "I", "S"]
    assert found.total == pytest.approx(sum(value for _, value in found.terms))


def test_a_few_shapes_of_many_are_chance() -> None:
    many = {**SIDE, S: 20}
    assert ["S" in dict(scored({T: 20, S: count}, many, many).terms) for count in (2, 3)] == [False, True]


def test_half_of_the_text_in_the_same_file_is_an_alarm() -> None:
    half = {T: 40, V: 30, A: 10}
    assert scored(half).total >= ALARM
    assert scored({T: 10, V: 8, A: 2}).total < SUSPECT


def test_a_part_of_a_large_change_is_an_alarm_where_it_is_all_of_the_other() -> None:
    """Nine lines of nine, taken from many: what must not be lost in a cosine."""
    large = {kind: 5 * count for kind, count in SIDE.items()}
    assert scored({T: 70, V: 55, A: 18, F: 2}, SIDE, large).total >= ALARM
    assert scored({T: 70, V: 55, A: 18, F: 2}, large, SIDE).total >= ALARM


def test_text_in_another_file_counts_less_and_a_phrase_not_at_all() -> None:
    same, moved, phrase = scored({T: 40, V: 40}), scored({V: 40}), scored({V: 4})
    assert dict(moved.terms)["T"] == pytest.approx(MOVED * T_WEIGHT * 40 / (60 + 5))
    assert moved.total < same.total
    assert "T" not in dict(phrase.terms)


def test_one_line_in_its_place_is_an_alarm() -> None:
    tiny = {T: 4, V: 4, X: 2, A: 1, D: 1, F: 1, I: 0}
    assert scored({X: 2, T: 1, D: 1}, tiny, tiny).total >= ALARM


@pytest.mark.parametrize(
    "shared",
    [{X: 6}, {X: 6, D: 2, S: 12}, {X: 6, S: 12}, {B: 1}, {X: 6, V: 4}],
    ids=["places", "places of two deletions", "places of the same shape", "a change log", "places and a phrase"],
)
def test_without_lines_to_show_there_is_no_alarm(shared: Counts) -> None:
    found = scored(shared)
    assert found.total <= UNSHOWN < ALARM
    assert sum(value for _, value in found.terms) >= found.total


def test_a_change_log_alone_is_no_alarm_however_much_of_it_is_shared() -> None:
    log = {B: 200}
    assert scored(log, log, log).total == UNSHOWN


@pytest.mark.parametrize(
    "more",
    [{T: 4, V: 4}, {A: 1}, {F: 1}, {I: 1}, {B: 1}, {V: 5, D: 3}],
    ids=lambda more: "".join(KINDS[kind] for kind in more),
)
def test_with_lines_to_show_places_are_an_alarm(more: Counts) -> None:
    assert scored({X: 6, **more}).total >= ALARM


def test_a_word_of_text_beside_a_place_is_no_alarm() -> None:
    assert scored({X: 6, T: 1}).total < ALARM


def test_a_crumb_of_something_large_is_no_alarm() -> None:
    large = {kind: 40 * count for kind, count in SIDE.items()}
    crumb = {T: 8, V: 8, X: 2, A: 2, F: 1}
    assert scored(crumb, large, crumb).total == UNSHOWN
    assert scored(crumb, SIDE, crumb).total > ALARM
    assert crumb[V] < LEAST_SHARE * large[V]


def test_a_whole_source_of_some_size_is_an_alarm_however_large_the_commit_is() -> None:
    large = {kind: 400 * count for kind, count in SIDE.items()}
    for lines, decides in ((WHOLE_LEAST, True), (WHOLE_LEAST - 1, False)):
        whole = {T: lines, V: lines, S: 12, A: 8, I: 9}
        assert whole[V] < LEAST_SHARE * large[V]
        assert (scored(whole, large, whole).total > ALARM) is decides
        assert scored(whole, large, {kind: 3 * count for kind, count in whole.items()}).total <= UNSHOWN


@pytest.mark.parametrize("kind", [V, I, B, S, A, D])
def test_no_kind_but_text_in_place_and_whole_edits_is_an_alarm_alone(kind: int) -> None:
    assert all(scored({kind: count}, {kind: count}, {kind: count}).total < ALARM for count in range(1, 4))


def test_whole_edits_are_an_alarm_where_they_are_all_of_one_side() -> None:
    edits, more = {F: 8}, {F: 90}
    assert dict(scored(edits, edits, more).terms).keys() == {"F"}
    assert scored(edits, edits, more).total >= ALARM > scored({F: 2}, edits, more).total


def test_few_units_match_by_chance() -> None:
    """The same share of more is worth more."""
    values = [scored({T: count, A: 1}, {T: count}, {T: count}).total for count in (1, 3, 10, 100)]
    assert values == sorted(values)
    assert values[0] < SUSPECT < values[-1]


COUNTS = st.fixed_dictionaries({kind: st.integers(0, 50) for kind in range(len(KINDS))})


@given(COUNTS, COUNTS, COUNTS)
def test_a_score_is_at_most_its_terms_and_grows_with_what_is_shared(shared: Counts, one: Counts, other: Counts) -> None:
    commit = {kind: shared[kind] + one[kind] for kind in shared}
    source = {kind: shared[kind] + other[kind] for kind in shared}
    found = scored(shared, commit, source)
    assert 0 <= found.total <= sum(value for _, value in found.terms) + 1e-9
    less = {kind: count if kind == V else count // 2 for kind, count in shared.items()}
    assert scored(less, commit, source).total <= found.total


@given(COUNTS)
def test_what_others_change_besides_never_raises_a_score(counts: Counts) -> None:
    more = {kind: count + 7 for kind, count in counts.items()}
    assert scored(counts, counts, more).total <= scored(counts, counts, counts).total


@given(COUNTS, COUNTS, COUNTS)
def test_where_less_of_a_commit_is_known_its_score_is_no_lower_and_that_of_its_twin_no_higher(
    shared: Counts, one: Counts, other: Counts
) -> None:
    """Most of what is new in a commit is only looked up where these bounds do not decide."""
    least = {kind: shared[kind] + one[kind] for kind in shared}
    commit = {kind: least[kind] + other[kind] for kind in shared}
    assert scored(shared, least, shared).total >= scored(shared, commit, shared).total
    assert scored(least, least, least).total <= scored(commit, commit, commit).total


def test_the_same_text_in_several_files_lifts_a_note_alone() -> None:
    """Three files count, two may be any convention."""
    counts = {T: 20, V: 20}
    alone = score({T: 7, V: 7}, counts, counts)
    assert SUSPECT <= alone.total < ALARM
    assert score({T: 7, V: 7}, counts, counts, (2, 2, 2)) == alone
    assert dict(score({T: 7, V: 7}, counts, counts, (3, 3, 3)).terms)["P"] == pytest.approx(P_WEIGHT * 3 / 5)
