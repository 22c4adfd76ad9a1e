"""Lines that several ``labgate experiment`` commands print, on standard error: standard output is for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from labgate.report.escape import safe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from labgate.experiments.code import Code

_MOST_NAMED = 3


def say(line: str) -> None:
    """Print a line on standard error, with foreign text escaped."""
    click.echo(f"labgate: {safe(line)}", err=True)


def say_warnings(lines: Iterable[str]) -> None:
    """Print warnings on standard error."""
    for line in lines:
        say(f"warning: {line}")


def say_inexact(code: Code) -> None:
    """Print a line on standard error if the code cannot be had back exactly."""
    if code.exact:
        return
    more = f" and {len(code.reasons) - _MOST_NAMED} more" if len(code.reasons) > _MOST_NAMED else ""
    say(f"warning: this code is not exact: {'; '.join(code.reasons[:_MOST_NAMED])}{more}")
