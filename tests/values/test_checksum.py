"""A seal holds together what is kept and where it belongs."""

from __future__ import annotations

import pytest

from labgate.values.checksum import opened, sealed

BLOB = sealed(b"content", "name", 7, None)


def test_what_was_sealed_is_opened() -> None:
    content = opened(BLOB, "name", 7, None)
    assert content is not None
    assert bytes(content) == b"content"


@pytest.mark.parametrize(
    "damaged",
    [BLOB[:-1], BLOB[1:], b"", b"x" + BLOB[1:], BLOB + b"\0"],
    ids=["an end is missing", "a beginning is missing", "empty", "other content", "too long"],
)
def test_what_is_damaged_is_not(damaged: bytes) -> None:
    assert opened(damaged, "name", 7, None) is None


@pytest.mark.parametrize("names", [("name", 8, None), ("name", 7), ("name", 7, None, None), ()])
def test_what_belongs_elsewhere_is_not(names: tuple[object, ...]) -> None:
    assert opened(BLOB, *names) is None
