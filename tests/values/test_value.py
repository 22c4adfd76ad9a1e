"""The base of all values: fields, defaults, comparing, and what is refused."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from functools import cached_property

import pytest

from labgate.values.value import NOTHING, Value


class Point(Value):
    """A point with a label."""

    x: int
    y: int
    label: str = "here"


class Twin(Value):
    """The same fields as a point, and something else."""

    x: int
    y: int
    label: str = "here"


class Marked(Point):
    """A point with more to say."""

    notes: Mapping[str, str] = NOTHING

    @cached_property
    def sum(self) -> int:
        return self.x + self.y


class Secret(Value):
    """Something that nobody should read in a log."""

    name: str
    token: str
    _hidden = ("token",)


class Square(Value):
    """A value with a constructor of its own."""

    corner: Point
    area: int

    def __init__(self, corner: Point, side: int) -> None:
        super().__init__(corner=corner, area=side * side)


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(Point(1, 2), id="by place"),
        pytest.param(Point(x=1, y=2), id="by name"),
        pytest.param(Point(1, y=2), id="by place and by name"),
        pytest.param(Point(1, 2, "here"), id="with the default said"),
        pytest.param(Point(5, 2).changed(x=1), id="made of another one"),
        pytest.param(pickle.loads(pickle.dumps(Point(1, 2))), id="from another process"),  # noqa: S301
    ],
)
def test_the_same_fields_are_the_same_value(made: Point) -> None:
    assert (made.x, made.y, made.label) == (1, 2, "here")
    assert made == Point(1, 2)
    assert hash(made) == hash(Point(1, 2))
    assert repr(made) == "Point(x=1, y=2, label='here')"


@pytest.mark.parametrize("other", [Point(1, 3), Point(1, 2, "there"), Twin(1, 2), Marked(1, 2), (1, 2, "here"), None])
def test_anything_else_is_another_value(other: object) -> None:
    assert Point(1, 2) != other


make: Callable[..., Point] = Point


@pytest.mark.parametrize(
    ("refused", "named"),
    [
        (lambda: make(1), "y"),
        (make, "x, y"),
        (lambda: make(1, 2, z=3), "z"),
        (lambda: make(1, 2, x=3), "x"),
        (lambda: make(1, 2, "here", "there"), "there"),
        (lambda: Point(1, 2).changed(z=3), "z"),
    ],
    ids=["a field is missing", "all are missing", "an unknown one", "one twice", "one too many", "changed to unknown"],
)
def test_fields_that_do_not_fit_are_refused_by_name(refused: Callable[[], object], named: str) -> None:
    with pytest.raises(TypeError, match=rf"^Point: {named}: missing, unknown or given twice$"):
        refused()


def test_a_value_is_never_changed() -> None:
    point = Point(1, 2)
    with pytest.raises(AttributeError, match="Point cannot be changed"):
        setattr(point, "x", 5)  # noqa: B010  (a type checker refuses the plain assignment)
    assert point.x == 1


def test_a_subclass_has_the_fields_of_both() -> None:
    found = Marked(1, 2, "there", {"a": "b"})
    assert found.as_dict() == {"x": 1, "y": 2, "label": "there", "notes": {"a": "b"}}
    assert Marked(1, 2).notes == {}


def test_what_is_worked_out_and_kept_is_no_field() -> None:
    found = Marked(1, 2)
    assert found.sum == 3
    assert found == Marked(1, 2)
    assert "sum" not in found.as_dict()
    assert found.changed(x=5).sum == 7


def test_a_hidden_field_is_not_shown() -> None:
    assert repr(Secret("ci", "t0ken")) == "Secret(name='ci', token=...)"


def test_a_constructor_of_its_own_is_not_asked_for_a_changed_value() -> None:
    square = Square(Point(0, 0), 3)
    assert square.area == 9
    moved = square.changed(corner=Point(1, 1))
    assert (moved.corner, moved.area) == (Point(1, 1), 9)
