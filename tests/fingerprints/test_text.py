"""Lines compare as people read them, and what git takes for binary is text if it reads as one."""

from __future__ import annotations

import pickle
import random
import zlib

import pytest

from labgate.fingerprints.text import LINE_BYTES, SEARCHED_BYTES, decoded, normal_lines
from support.provenance import code

CODE = code("alpha", "beta")


def noise(seed: int, size: int) -> bytes:
    return random.Random(seed).randbytes(size)  # noqa: S311 - it only has to be the same each time


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b"  x = 1\t", b"x = 1"),
        (b"x = 1\r", b"x = 1"),
        ("\u00a0\u2003x\u00a0=\u30001".encode(), b"x = 1"),
        ("\ufeffx = 1".encode(), b"x = 1"),
        ("x\u200b = \u20601\u202e".encode(), b"x = 1"),
        (b"x \0= 1\x01", b"x = 1"),
        ("\uff58 = \uff11".encode(), b"x = 1"),
        ("größe = 1".encode(), "größe = 1".encode()),
        (b"gr\xf6\xdfe = 1", b"gr\xf6\xdfe = 1"),
        (b"", b""),
        (b"\xc2\xa0", b""),
    ],
)
def test_a_line_is_what_people_see(raw: bytes, line: bytes) -> None:
    assert normal_lines(raw) == [line]


@pytest.mark.parametrize("end", ["\r", "\r\r", "\x0c", "\u2028", "\u2029", "\x85"])
def test_other_line_ends_end_lines(end: str) -> None:
    assert [line for line in normal_lines(f"x = 1{end}y = 2{end}".encode()) if line] == [b"x = 1", b"y = 2"]


def test_long_lines_are_cut_each() -> None:
    assert normal_lines(b"x" * 999 + b"\r" + b"y" * 999) == [b"x" * LINE_BYTES, b"y" * LINE_BYTES]


def test_a_line_that_was_not_read_to_its_end_is_no_short_one() -> None:
    lines = normal_lines(b"x = 1\r" * (SEARCHED_BYTES // 6 + 1))
    assert (lines[0], len(lines[-1])) == (b"x = 1", LINE_BYTES)


@pytest.mark.parametrize(
    "content",
    [
        CODE.encode("utf-16"),
        CODE.encode("utf-16-le"),
        CODE.encode("utf-16-be"),
        CODE.encode("utf-32"),
        CODE.encode("utf-32-be"),
        CODE.replace("\n", "\0\n").encode(),
        CODE.replace("\n", "\r").encode() + b"\0",
        CODE.replace("\n", "\r\n").encode() + b"\0",
    ],
    ids=["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be", "nul", "nul and cr", "nul and crlf"],
)
def test_text_is_read_in_any_encoding(content: bytes) -> None:
    assert (decoded(content) or b"").strip() == CODE.encode().strip()


def test_text_of_other_letters_is_read() -> None:
    text = "переменная = 1  # größer\n" * 3
    assert decoded(text.encode("utf-16")) == text.encode()
    assert decoded(text.encode() + b"\0") == text.encode()


def test_code_between_noise_is_text_without_the_noise() -> None:
    around = noise(1, 20 * len(CODE)).replace(b"\n", b"\x01")
    found = decoded(around + b"\n" + CODE.encode() + b"\0\n" + around)
    assert found is not None
    assert {b"def alpha(records, limit):", b"return beta_total / max(len(records), limit)"} <= {
        line.strip() for line in found.split(b"\n")
    }


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 100,
        noise(2, 100_000),
        zlib.compress(CODE.encode() * 50) + b"\0",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + noise(3, 5_000),
        pickle.dumps([float(number) for number in range(2_000)]),
        bytes(range(256)) * 40,
    ],
    ids=["nothing", "zeros", "noise", "zlib", "png", "pickle", "every byte"],
)
def test_what_is_not_text_stays_binary(content: bytes) -> None:
    assert decoded(content) is None
