"""Statements in commit messages: lines ``KEY: VALUE`` for which a check makes an exception."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

#: What help and manuals write where a person is to write the reason, and what may stand around it.
_PLACEHOLDER = "reason"
_MARKS = " .:<>[](){}*_`\"'"
#: The beginning of a command line that asks for a reason and has it in ``REASON_ASKED`` (POSIX, "read").
ASK_REASON = "printf 'Reason: ' && read -r reason && "
REASON_ASKED = "$reason"


def stated(message: str, key: str) -> list[str]:
    """Return the values of a message's lines ``KEY: VALUE``; the key, in lower case here, compares without case.

    Any line counts: after a squash git's trailer block is another paragraph.
    """
    lines = (line.partition(":") for line in message.split("\n"))
    return [value.strip() for name, _, value in lines if name.strip().lower() == key and value.strip()]


def reasons(message: str, key: str) -> list[str]:
    """Return the values of a message's lines ``KEY: REASON``, as ``stated`` does, without the word REASON itself."""
    return [reason for reason in stated(message, key) if reason.strip(_MARKS).lower() != _PLACEHOLDER]


def stated_path(value: str) -> str:
    """Return the path that a statement names as people write it: in quotes, git's too, or after ``./``."""
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'`":
        value = _without_quotes(value)
    while value.startswith("./"):
        value = value[2:].lstrip("/")
    return value


def _without_quotes(value: str) -> str:
    if value[0] == '"':
        from labgate.values.quoted import unquoted  # commit-msg imports this module

        try:
            return unquoted(value.encode("utf-8", "surrogateescape"))
        except ValueError:
            pass  # not as git quotes it
    return value[1:-1].strip()


def named_paths(values: Sequence[str], paths: Collection[str]) -> list[str | None]:
    """Return for each value of a statement the one of some paths that it names, ``None`` if it names none.

    Where none is written like it, the only one that is so in another case or another form of Unicode is meant.
    """
    named = [stated_path(value) for value in values]
    alike: dict[str, list[str]] = {}
    if any(name not in paths for name in named):
        for path in paths:
            alike.setdefault(_folded(path), []).append(path)
    found = [[name] if name in paths else alike.get(_folded(name), []) for name in named]
    return [only[0] if len(only) == 1 else None for only in found]


def _folded(path: str) -> str:
    from unicodedata import normalize  # few statements need it

    return normalize("NFC", path).casefold()
