"""``labgate ci``: judge the change of a CI job, as the CI system's variables describe it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from labgate.cli import completion
from labgate.cli.reporting import Reporting, append_output, report_options
from labgate.report.escape import safe

if TYPE_CHECKING:
    from labgate.ci.context import Context
    from labgate.entrypoints.ci import CiResult
    from labgate.fingerprints.building import Progress

#: Files that GitHub Actions, Gitea and Forgejo collect from a step.
SUMMARY, OUTPUTS = "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"


@click.command(short_help="Judge the change that a CI job runs for.")
@click.option("--explain-context", is_flag=True, help="Show what would be judged, and from which variables, and stop.")
@click.option(
    "--summary",
    metavar="FILE",
    shell_complete=completion.files,
    help="Append a page in Markdown to this file.  [default: $GITHUB_STEP_SUMMARY]",
)
@report_options
def ci(explain_context: bool, summary: str | None, reporting: Reporting) -> int:
    """Judge the change that a CI job runs for: all its commits, by all checks.

    The CI's variables describe the change (docs/ci.md lists the systems). Missing history and research branches are
    fetched. If [reviews] assurance is forge, approvals are read from the code host with a token from the environment.

    \b
    Examples:
      labgate ci
          as a step of a pipeline, see docs/ci.md
      labgate ci --explain-context
          what would be judged, and from which variables
      labgate ci --format sarif --output labgate.sarif
          for a code scanning page

    \b
    Exit status:
      0  nothing at level error     1  findings at level error
      2  could not judge          130  interrupted
    """
    # Imported late: usage errors and --help do not need it.
    from labgate.ci.systems import read_context

    if explain_context:
        _explain(read_context(os.environ))
        return 0
    with reporting.indexing() as progress:
        result = _judge(progress)
    status = reporting.conclude(result.report)
    _write_files(result, summary)
    return status


def _judge(progress: Progress | None) -> CiResult:
    """Judge the change in this process's variables. If it cannot be judged, the report has the problem."""
    from labgate.ci.systems import read_context
    from labgate.entrypoints.ci import ci, undecided
    from labgate.values.errors import UndecidedError

    try:
        context = read_context(os.environ)
    except UndecidedError as error:
        return undecided(error)
    return ci(context, progress=progress)


def _explain(context: Context) -> None:
    for name, value in vars(context).items():
        if name != "origins":
            shown = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
            known = value is not None and value != ()
            origin = context.origins.get(name)
            line = f"{name:<17} {safe(shown) if known else '-'}"
            click.echo(line if origin is None or not known else f"{line}  ({safe(origin)})")


def _write_files(result: CiResult, summary: str | None) -> None:
    """Add the summary and the outputs to the files that the CI collects from a step."""
    from io import StringIO

    from labgate.report.outputs import format_outputs, outputs, size_said
    from labgate.report.summary import render as render_summary
    from labgate.setup.site import known_site

    page = summary or os.environ.get(SUMMARY)
    if page:
        text = StringIO()
        render_summary(result.report, text, size_said(result.lines, result.notes), site=known_site(os.environ))
        append_output(page, text.getvalue())
    collected = os.environ.get(OUTPUTS)
    if collected:
        append_output(collected, format_outputs(outputs(result.report, result.source_kind, result.lines)))
