"""The options that every command with a report has, and what becomes of the report by them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from labgate.cli.output import deliver
from labgate.report import FORMATS, default_format, renderer
from labgate.report.palette import CHOICES, wants_colour
from labgate.values.value import Value

if TYPE_CHECKING:
    from labgate.values.report import Report

_OPTIONS = (
    click.option(
        "--format",
        "format_",
        type=click.Choice(FORMATS),
        help="How to write the report.  [default: text; github when GITHUB_ACTIONS is true]",
    ),
    click.option("--output", metavar="FILE", help="Write the report there, whole or not at all."),
    click.option("--exit-zero", is_flag=True, help="Exit 0 also with findings; 2 (could not judge) stays 2."),
    click.option("--verbose", "-v", is_flag=True, help="Say what passed and what was skipped, and list the evidence."),
    click.option("--color", type=click.Choice(CHOICES), default="auto", show_default=True),
)


class Reporting(Value):
    """How a report is wanted. ``format`` ``None`` means the usual one here, ``output`` ``None`` standard output."""

    format: str | None
    output: str | None
    exit_zero: bool
    verbose: bool
    color: str

    def conclude(self, report: Report) -> int:
        """Write the report and return the command's exit status. Raised: ``OSError`` when it cannot be written."""
        to_terminal = self.output in (None, "-") and sys.stdout.isatty()
        colour = wants_colour(self.color, os.environ, to_terminal)
        render = renderer(self.format or default_format(os.environ), colour=colour, verbose=self.verbose)
        deliver(report, render, self.output)
        return 0 if self.exit_zero and report.exit_status == 1 else report.exit_status


def report_options(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command the options of a report, which it gets as one argument, ``reporting``."""

    @wraps(command)
    def called(format_: str | None, output: str | None, exit_zero: bool, verbose: bool, color: str, **rest: Any) -> int:
        return command(reporting=Reporting(format_, output, exit_zero, verbose, color), **rest)

    for option in reversed(_OPTIONS):
        called = option(called)
    return called
