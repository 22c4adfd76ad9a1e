"""A pattern that is compiled late does what that of ``re.compile`` does."""

from __future__ import annotations

import re

from labgate.values.regexes import regex


def test_a_pattern_is_compiled_when_it_is_first_used() -> None:
    broken = regex("(")
    try:
        broken.search("a")
    except re.error:
        pass
    else:
        message = "it was never compiled"
        raise AssertionError(message)
    late, early = regex("(a)(?P<x>b)", re.IGNORECASE), re.compile("(a)(?P<x>b)", re.IGNORECASE)
    for _ in range(2):
        assert late.sub("-", "xAB ab") == early.sub("-", "xAB ab") == "x- -"
        assert late.findall("xAB ab") == early.findall("xAB ab")
        found = late.search("xAB")
        assert found is not None
        assert found["x"] == "B"
