"""``labgate trace``: the origin of the code of commits, for people and for programs."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import click

from labgate.cli import completion
from labgate.cli.lazy import require_known
from labgate.cli.settings import color_option, colours, warn
from labgate.report.escape import safe
from labgate.report.parts import render_failure
from labgate.values.errors import LabgateError, MissingObjectError
from labgate.values.finding import METHODS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from labgate.cli.progress import Bars
    from labgate.entrypoints.trace import Tracing
    from labgate.values.traced import SharedLine, Traced

COULD_NOT_READ = 2

#: The most bytes of standard input: more than a million revisions.
_MOST_BYTES = 2**26

#: The least columns for lines side by side.
NARROWEST = 40


def _known(ctx: click.Context, _: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
    require_known(names, METHODS, "method", ctx)
    return tuple(method for method in METHODS if method in names)


@click.command(short_help="Show the research branch that a commit's code comes from.")
@click.argument("revisions", metavar="[REV]... | -", nargs=-1, shell_complete=completion.revisions)
@click.option(
    "--sources",
    metavar="REFPATTERN",
    multiple=True,
    help="Full refs to compare with, as for git for-each-ref; repeatable.  [default: the policy's research branches]",
)
@click.option(
    "--exclude",
    metavar="REV",
    shell_complete=completion.revisions,
    help="The commit with the code that was there before.  [default: each commit's first parent]",
)
@click.option(
    "--method",
    "methods",
    metavar="NAME",
    multiple=True,
    callback=_known,
    shell_complete=completion.methods,
    help="Only this method; repeatable. One of ancestry, trailer, patch-id, squash, blob, similarity.",
)
@click.option("--format", "format_", type=click.Choice(("text", "json", "jsonl")), default="text", show_default=True)
@click.option("--show", is_flag=True, help="Show the shared lines side by side (text only).")
@color_option
def trace(
    revisions: tuple[str, ...],
    sources: tuple[str, ...],
    exclude: str | None,
    methods: tuple[str, ...],
    format_: str,
    show: bool,
    color: str,
) -> int:
    """Show the research branch that a commit's code comes from, even if it was rewritten.

    The default REV is HEAD; with - the revisions are read from standard input, one a line.

    \b
    Examples:
      labgate trace --show
          the last commit, with the lines that it shares with research
      git rev-list origin/main..HEAD | labgate trace -
          every commit of a branch
      labgate trace --sources 'refs/pull/*/head' --format jsonl v1.0 v1.1
          a repository without a policy, one JSON object a line

    \b
    Exit status:
      0  every REV has a result     2  a REV could not be read
    """
    if show and format_ != "text":
        message = f"--show cannot be used with --format {format_}"
        raise click.UsageError(message)
    # Imported late: usage errors and --help do not need it.
    from labgate.cli.progress import Bars
    from labgate.entrypoints.trace import TraceRequest, prepare_trace
    from labgate.git.repository import discover

    wanted = tuple(_expanded(revisions)) if revisions else ("HEAD",)
    tracing = prepare_trace(TraceRequest(wanted, sources, exclude, methods), discover(os.environ))
    if tracing.found.incomplete is not None:
        warn(tracing.found.incomplete)
    for error in tracing.unreadable:
        _report_problem(error)
    with closing(Bars()) as bars:
        _trace(tracing, bars, format_, color, show=show)
    return COULD_NOT_READ if tracing.unreadable else 0


def _trace(tracing: Tracing, bars: Bars, format_: str, color: str, *, show: bool) -> None:
    """Show where each commit comes from, and say what could not be compared."""
    from labgate.derivation.lacking import Cut, Lacking

    tracer = tracing.tracer(bars)
    odd: list[Traced] = []
    _render(_shown(tracer.trace(tracing.commits), bars, odd), tracing, format_, color, show=show)
    research, long = sorted(tracer.cut_sources.items()), sorted(tracer.long_sources)
    for line in Cut(sum(traced.cut for traced in odd), tuple(research), long=tuple(long)).lines():
        click.echo(f"labgate: {safe(line)}", err=True)
    lacking = tuple(traced.commit for traced in odd if traced.lacking)
    incomplete = Lacking(tuple(sorted(tracer.lacking_sources)), lacking).error(tracing.repository)
    if incomplete is not None:
        warn(incomplete)


def _report_problem(error: LabgateError) -> None:
    """Write one line about one revision; the fix for several of them is written once."""
    render_failure(LabgateError(error.message), sys.stderr, colour=colours(sys.stderr))


def _expanded(revisions: Sequence[str]) -> Iterator[str]:
    """Yield the revisions, with those of standard input in place of ``-``."""
    for revision in revisions:
        if revision != "-":
            yield revision
            continue
        with open(0, "rb", closefd=False) as stdin:
            given = stdin.read(_MOST_BYTES + 1)
        if len(given) > _MOST_BYTES:
            message = f"standard input has more than {_MOST_BYTES} bytes"
            raise click.UsageError(message)
        text = os.fsdecode(given)
        # Not splitlines: U+2028 and U+0085 are legal in a refname.
        yield from (line.strip() for line in text.split("\n") if line.strip())


def _shown(results: Iterator[Traced], bars: Bars, odd: list[Traced]) -> Iterator[Traced]:
    """Yield what was found of each commit, and note those that are not all in this clone, or over a limit."""
    for result in results:
        bars.make_room(sys.stdout)
        if result.lacking or result.cut:
            odd.append(result)
        yield result


def _render(results: Iterator[Traced], tracing: Tracing, format_: str, color: str, *, show: bool) -> None:
    from labgate.report.trace import TextView, render_json, render_jsonl, render_text

    if format_ == "json":
        render_json(results, sys.stdout)
        return
    if format_ == "jsonl":
        render_jsonl(results, sys.stdout)
        return

    def shared(commit: str, sources: Sequence[str]) -> Sequence[SharedLine]:
        from labgate.derivation.shared_lines import shared_lines

        try:
            return shared_lines(tracing.repository, commit, sources)
        except MissingObjectError as error:
            warn(error)
            return ()

    view = TextView(
        # A branch that is here and on the remote is one branch.
        sources=len({source.branch for source in tracing.found.sources}),
        subject=tracing.subjects().of,
        shared=shared if show else None,
        methods=tracing.methods,
        width=max(NARROWEST, shutil.get_terminal_size().columns),
        colour=colours(sys.stdout, color),
    )
    render_text(results, sys.stdout, view)
