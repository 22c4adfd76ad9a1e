"""A checksum holds together what is kept and where it belongs."""

from __future__ import annotations

import pytest

from labgate.values.checksum import verified, with_checksum

BLOB = with_checksum(b"content", "name", 7, None)
LIGHT = with_checksum(b"content", "name", 7, None, light=True)


@pytest.mark.parametrize("light", [False, True])
def test_what_was_sealed_is_opened(light: bool) -> None:
    content = verified(LIGHT if light else BLOB, "name", 7, None, light=light)
    assert content is not None
    assert bytes(content) == b"content"


def test_the_two_checksums_are_not_taken_for_each_other() -> None:
    assert verified(LIGHT, "name", 7, None) is verified(BLOB, "name", 7, None, light=True) is None


@pytest.mark.parametrize(
    "damaged",
    [BLOB[:-1], BLOB[1:], b"", b"x" + BLOB[1:], BLOB + b"\0"],
    ids=["an end is missing", "a beginning is missing", "empty", "other content", "too long"],
)
def test_what_is_damaged_is_not(damaged: bytes) -> None:
    assert verified(damaged, "name", 7, None) is None


@pytest.mark.parametrize("light", [False, True])
def test_no_flipped_bit_goes_unseen(light: bool) -> None:
    whole = LIGHT if light else BLOB
    for bit in range(8 * len(whole)):
        damaged = (int.from_bytes(whole, "big") ^ 1 << bit).to_bytes(len(whole), "big")
        assert verified(damaged, "name", 7, None, light=light) is None


@pytest.mark.parametrize("names", [("name", 8, None), ("name", 7), ("name", 7, None, None), ()])
def test_what_belongs_elsewhere_is_not(names: tuple[object, ...]) -> None:
    assert verified(BLOB, *names) is None
    assert verified(LIGHT, *names, light=True) is None
