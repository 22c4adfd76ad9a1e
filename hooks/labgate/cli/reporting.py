"""The options of every command with a report, and their effect on the report."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from functools import wraps
from io import StringIO
from typing import TYPE_CHECKING, Any

import click

from labgate.cli import completion
from labgate.cli.settings import color_option, colours, is_quiet
from labgate.report import FORMATS, default_format, renderer
from labgate.report.indexing import Indexing
from labgate.values.appending import append
from labgate.values.value import Value
from labgate.values.whole_files import write_whole

if TYPE_CHECKING:
    from labgate.report import Renderer
    from labgate.report.site import Site
    from labgate.values.report import Report

_OPTIONS = (
    click.option(
        "--format",
        "format_",
        type=click.Choice(FORMATS),
        help="The format of the report.  [default: text; github when GITHUB_ACTIONS is true]",
    ),
    click.option(
        "--output",
        metavar="FILE",
        shell_complete=completion.files,
        help="Write the report to this file, whole or not at all.",
    ),
    click.option("--exit-zero", is_flag=True, help="Exit 0 even with findings; 2 (could not judge) stays 2."),
    click.option(
        "--verbose", "-v", is_flag=True, help="Count what passed, show what was skipped, and list the evidence."
    ),
    click.option("--quiet", "-q", is_flag=True, help="Show only errors and what is undecided, as text."),
    color_option,
)


class Reporting(Value):
    """The options of a report. ``format`` ``None`` means the default, ``output`` ``None`` standard output."""

    format: str | None
    output: str | None
    exit_zero: bool
    verbose: bool
    quiet: bool
    color: str

    def conclude(self, report: Report) -> int:
        """Write the report and return the command's exit status. Raises: ``OSError`` when it cannot be written."""
        colour = colours(sys.stdout if self.output in (None, "-") else None, self.color)
        format = self.format or default_format(os.environ)
        site = None if format == "text" else _site()
        render = renderer(format, colour=colour, verbose=self.verbose, quiet=self.quiet, site=site)
        deliver(report, render, self.output)
        return 0 if self.exit_zero and report.exit_status == 1 else report.exit_status

    @contextlib.contextmanager
    def indexing(self) -> Iterator[Indexing | None]:
        """Give what says that the index is built, ``None`` if nobody wants to know; its line ends before the report."""
        if self.quiet:
            yield None
            return
        with contextlib.closing(Indexing(sys.stderr)) as line:
            yield line


def _site() -> Site:
    from labgate.setup.site import known_site

    return known_site(os.environ)


def report_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options of a report to a command, which gets them as one argument, ``reporting``."""

    @wraps(command)
    def called(
        format_: str | None, output: str | None, exit_zero: bool, verbose: bool, quiet: bool, color: str, **rest: Any
    ) -> int:
        quiet = quiet or is_quiet()
        if quiet and verbose:
            message = "--quiet and --verbose cannot be used together"
            raise click.UsageError(message)
        return command(reporting=Reporting(format_, output, exit_zero, verbose, quiet, color), **rest)

    for option in reversed(_OPTIONS):
        called = option(called)
    return called


def deliver(report: Report, render: Renderer, path: str | None) -> None:
    """Render the report to a file, or to standard output when ``path`` is ``None`` or ``-``.

    Raises: ``OSError`` when the file cannot be written; an existing file is then unchanged.
    """
    if path is None or path == "-":
        render(report, sys.stdout)
        return
    text = StringIO()
    render(report, text)
    write_output(path, text.getvalue())


def write_output(path: str, content: str | bytes) -> None:
    """Write a file that a user named, whole or not at all. A symbolic link is kept.

    A file that is not regular (``/dev/null``, a pipe) is opened and written to, as to replace it could break the
    machine.
    """
    data = _encoded(content) if isinstance(content, str) else content
    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, "wb") as stream:
            stream.write(data)
    else:
        write_whole(os.path.realpath(path), data)


def append_output(path: str, content: str) -> None:
    """Append text to a file that a CI system named. Raises: ``OSError``."""
    append(path, _encoded(content))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
