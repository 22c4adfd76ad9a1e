from __future__ import annotations

from tracing.labels import read_labels

from support.synthetic import BUNDLE, HISTORY, base_of


def test_the_labels_of_the_synthetic_project_are_in_the_format_of_the_others() -> None:
    labels = read_labels(BUNDLE.parent, "synthetic")
    ranges = labels.indexed["full"]
    assert {item.number for item in ranges} == {number for way, number in HISTORY if way != "honest"}
    assert next(item.base for item in ranges if item.number == 72) == base_of(72)
    assert set(labels.positive).isdisjoint(labels.negative)
    assert len(labels.negative) == sum(way == "honest" for way, _ in HISTORY)
