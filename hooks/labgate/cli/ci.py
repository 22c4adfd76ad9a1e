"""``labgate ci``: judge the change that a CI job runs for, with everything taken from the CI's own variables."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from labgate.cli.reporting import Reporting, append_output, report_options
from labgate.report.escape import safe

if TYPE_CHECKING:
    from labgate.ci.context import Context
    from labgate.entrypoints.ci import CiResult

#: Files that GitHub Actions, Gitea and Forgejo collect from a step.
SUMMARY, OUTPUTS = "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"


@click.command(short_help="Judge the change that a CI job runs for.")
@click.option("--explain-context", is_flag=True, help="Say what is judged and which variable says so, and stop.")
@click.option("--summary", metavar="FILE", help="Add a page in Markdown there.  [default: $GITHUB_STEP_SUMMARY]")
@report_options
def ci(explain_context: bool, summary: str | None, reporting: Reporting) -> int:
    """Judge the change that a CI job runs for: every commit of it, by every check.

    What is judged is taken from the CI's variables (docs/ci.md lists the systems). Missing history and research
    branches are fetched. Where [reviews] assurance is forge, approvals are read from the code host, with its token
    from the environment.

    \b
    Examples:
      labgate ci
          as a step of a pipeline, see docs/ci.md
      labgate ci --explain-context
          what would be judged, and which variable says so
      labgate ci --format sarif --output labgate.sarif
          for a code scanning page

    \b
    Exit status:
      0  nothing at level error     1  findings at level error
      2  could not judge          130  interrupted
    """
    # Only now: usage errors and --help answer without loading what judges.
    from labgate.ci.systems import read_context

    if explain_context:
        _explain(read_context(os.environ, _read_text))
        return 0
    result = _judge()
    status = reporting.conclude(result.report)
    _hand_over(result, summary)
    return status


def _judge() -> CiResult:
    """Judge what this process's variables speak of. What cannot be judged is in the report, as its problem."""
    from labgate.ci.systems import read_context
    from labgate.entrypoints.ci import ci, undecided
    from labgate.values.errors import UndecidedError

    try:
        context = read_context(os.environ, _read_text)
    except UndecidedError as error:
        return undecided(error)
    return ci(context)


def _read_text(path: str) -> str:
    with open(path, encoding="utf-8") as stream:
        return stream.read()


def _explain(context: Context) -> None:
    for name, value in vars(context).items():
        if name != "origins":
            shown = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
            known = value is not None and value != ()
            origin = context.origins.get(name)
            line = f"{name:<17} {safe(shown) if known else '-'}"
            click.echo(line if origin is None or not known else f"{line}  ({safe(origin)})")


def _hand_over(result: CiResult, summary: str | None) -> None:
    """Add the summary and the outputs to the files that the CI collects from a step."""
    from io import StringIO

    from labgate.report.outputs import format_outputs, outputs
    from labgate.report.summary import render as render_summary

    page = summary or os.environ.get(SUMMARY)
    if page:
        text = StringIO()
        render_summary(result.report, text)
        append_output(page, text.getvalue())
    collected = os.environ.get(OUTPUTS)
    if collected:
        append_output(collected, format_outputs(outputs(result.report, result.source_kind, result.lines)))
