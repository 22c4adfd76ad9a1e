"""The colours of a report, and whether it has any."""

from __future__ import annotations

from collections.abc import Callable, Mapping

#: ``paint(role, text)`` returns the text in the colour of its role.
Paint = Callable[[str, str], str]

#: SGR parameters (ECMA-48) by role. Only the eight basic colours are used: they follow the terminal's theme.
_SGR = {"error": "1;31", "warning": "1;33", "note": "1;36", "undecided": "1;35", "code": "1", "quiet": "2"}

CHOICES = ("auto", "always", "never")


def wants_colour(choice: str, environ: Mapping[str, str], is_terminal: bool) -> bool:
    """Return whether to use colour. ``choice`` is one of ``CHOICES`` (``--color``) and wins over the environment.

    Next are NO_COLOR (any value but the empty one), FORCE_COLOR and CLICOLOR_FORCE (neither empty nor ``0``), then
    CLICOLOR (``0``: none), and last whether the stream is a terminal with colours.

    Sources: https://no-color.org and https://bixense.com/clicolors, with CLICOLOR on unless it is set.
    """
    if choice != "auto":
        return choice == "always"
    if environ.get("NO_COLOR"):
        return False
    if any(environ.get(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return is_terminal and environ.get("CLICOLOR") != "0" and environ.get("TERM") != "dumb"


def palette(colour: bool) -> Paint:
    """Return the function that colours a text, or one that returns it unchanged when ``colour`` is false."""
    return _paint if colour else _plain


def _paint(role: str, text: str) -> str:
    return f"\x1b[{_SGR[role]}m{text}\x1b[0m"


def _plain(role: str, text: str) -> str:  # noqa: ARG001  (the signature of a palette)
    return text
