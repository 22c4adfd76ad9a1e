"""The options before the command, which click passes on as ``ctx.obj``, and their effect on lines and colour."""

from __future__ import annotations

import os
import shutil
import textwrap
from typing import TYPE_CHECKING

import click

from labgate.report.escape import safe
from labgate.report.palette import CHOICES, wants_colour
from labgate.report.parts import help_line

if TYPE_CHECKING:
    from typing import TextIO

    from labgate.values.errors import LabgateError


#: Columns of the narrowest terminal that counts, and of the widest lines that are easy to read.
_NARROW, _WIDE = 80, 120


class Settings:
    """The options before the command.

    ``quiet``: print results and errors, and no remarks or progress. ``failed`` is the command's exit status when it
    cannot do its work, ``None`` for that of the error.
    """

    def __init__(self, traceback: bool = False) -> None:
        self.traceback = traceback
        self.quiet = False
        self.failed: int | None = None


def is_quiet() -> bool:
    """Return whether ``--quiet`` stands before the command that runs; False outside of a command."""
    ctx = click.get_current_context(silent=True)
    return ctx is not None and isinstance(ctx.obj, Settings) and ctx.obj.quiet


def remark(line: str, *, err: bool = False) -> None:
    """Print a line about what was done or comes next, unless ``--quiet`` stands before the command.

    The line must be safe to show. A result that was asked for is printed with ``click.echo``.
    """
    if not is_quiet():
        click.echo(line, err=err)


def warn(error: LabgateError) -> None:
    """Write a problem that does not stop the command, and how to fix it, to standard error."""
    click.echo(f"labgate: {safe(error.message)}", err=True)
    if error.help is not None:
        click.echo(help_line(error.help, indent=2), err=True)


#: The option ``--color`` of every command that prints in colour.
color_option = click.option(
    "--color",
    type=click.Choice(CHOICES),
    default="auto",
    show_default=True,
    help="Colour the output; auto: on a terminal.",
)


def colours(stream: TextIO | None, choice: str = "auto") -> bool:
    """Return whether output to a stream, ``None`` for a file, has colour; ``choice`` is the value of ``--color``."""
    return wants_colour(choice, os.environ, stream is not None and stream.isatty())


def columns() -> int:
    """Return the width for text: a column less than the terminal has, at least 79 and at most 119; 79 without one."""
    return min(max(shutil.get_terminal_size((_NARROW, 0)).columns, _NARROW), _WIDE) - 1


def wrapped(text: str, width: int, indent: str, first: str | None = None) -> str:
    """Return a text in lines of at most ``width`` columns, the first one after ``first``. No word is split."""
    start = indent if first is None else first
    return textwrap.fill(
        text, width, initial_indent=start, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
