"""Read the JSON of a code host member by member, and check the type of each."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Final, TypeVar

from labgate.values.errors import AnswerError
from labgate.values.refnames import is_oid
from labgate.values.value import Value

T = TypeVar("T")

#: RFC 3339, section 5.6. Python 3.10 reads neither ``Z`` nor a fraction of any length.
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d{1,9})?(?:([Zz])|([+-]\d\d:?\d\d))", re.ASCII)


class _Absent:
    """The value of a missing member."""


_ABSENT: Final = _Absent()


class Question(Value):
    """A request, for the message about a wrong answer.

    ``request`` is ``GET`` and a path below ``api``; ``manual`` is the name of the documentation that the answer must
    follow.
    """

    request: str
    api: str
    manual: str

    def misanswered(self, what: str) -> AnswerError:
        message = f"the answer of {self.request} is not as the {self.manual} documents it: {what}"
        return AnswerError(message, f"check that {self.api} is the address of that API, and that no proxy alters it")


class Answer:
    """One value of an answer, and its place. The caller says which type it must have.

    Raised by all that reads: ``AnswerError`` that names the place, as in ``reviews[3].state``.
    """

    __slots__ = ("_question", "_value", "_where")

    def __init__(self, value: object, question: Question, where: str) -> None:
        self._value = value
        self._question = question
        self._where = where

    def __getitem__(self, name: str) -> Answer:
        """Return the member of an object. To read a missing one raises, except with ``given`` and ``optional``."""
        if not isinstance(self._value, dict):
            raise self.wrong()
        return Answer(self._value.get(name, _ABSENT), self._question, f"{self._where}.{name}")

    def given(self) -> Answer | None:
        """Return this answer, or ``None`` when it is null or missing."""
        return None if self._value is None or self._value is _ABSENT else self

    def optional(self, read: Callable[[Answer], T]) -> T | None:
        """Return ``read(self)``, or ``None`` when the answer is null or missing."""
        return None if self.given() is None else read(self)

    def wrong(self) -> AnswerError:
        """Return the error that this value is not as documented."""
        what = f"{self._where} is missing" if self._value is _ABSENT else self._where
        return self._question.misanswered(what)

    def items(self, first: int = 0) -> Iterator[Answer]:
        """Yield the items of a list; ``first`` is the number of the first one on a later page."""
        if not isinstance(self._value, list):
            raise self.wrong()
        for place, value in enumerate(self._value, start=first):
            yield Answer(value, self._question, f"{self._where}[{place}]")

    def text(self) -> str:
        """Return a string that is not empty."""
        if not isinstance(self._value, str) or not self._value:
            raise self.wrong()
        return self._value

    def is_empty(self) -> bool:
        """Return whether this is an empty string, which hosts in Go write for "none"."""
        return self._value == ""

    def flag(self) -> bool:
        if not isinstance(self._value, bool):
            raise self.wrong()
        return self._value

    def number(self) -> int:
        """Return a positive integer."""
        # In Python, True is an integer.
        if not isinstance(self._value, int) or isinstance(self._value, bool) or self._value < 1:
            raise self.wrong()
        return self._value

    def oid(self) -> str:
        """Return the full oid of an object: 40 hexadecimal digits, or 64 in a repository of SHA-256."""
        if not isinstance(self._value, str) or not is_oid(self._value):
            raise self.wrong()
        return self._value

    def word(self, *known: str) -> str:
        """Return a string that must be one of these."""
        if not isinstance(self._value, str) or self._value not in known:
            raise self.wrong()
        return self._value

    def time(self) -> str:
        """Return a time as the host writes it (RFC 3339)."""
        self.moment()
        return self.text()

    def seconds(self) -> int:
        """Return a time in seconds since the epoch."""
        return int(self.moment().timestamp())

    def moment(self) -> datetime:
        """Return a time, with its offset from UTC."""
        with suppress(ValueError):
            return moment_of(self.text())
        raise self.wrong()


def moment_of(text: str) -> datetime:
    """Return a time as a host writes it (RFC 3339). Raises: ``ValueError`` when it is none."""
    match = _TIME.fullmatch(text)
    if match is None:
        message = f"no time: {text!r}"
        raise ValueError(message)
    day, clock, fraction, _, offset = match.groups()
    digits = (fraction or ".0")[1:7].ljust(6, "0")
    offset = "+00:00" if offset is None else f"{offset[:3]}:{offset[-2:]}"
    return datetime.fromisoformat(f"{day}T{clock}.{digits}{offset}")


def parse(body: bytes, question: Question, name: str) -> Answer:
    """Return the answer in a body. ``name`` is the name of its root in messages."""
    value: object = _ABSENT
    with suppress(ValueError, RecursionError):
        value = json.loads(body.decode("utf-8"))
    if value is _ABSENT:
        what = "it is not JSON"
        raise question.misanswered(what)
    return Answer(value, question, name)
