"""``labgate audit``: what landed on a branch without the review that its policy asks for."""

from __future__ import annotations

import os
import sys
from contextlib import closing

import click

from labgate.cli.output import deliver
from labgate.report import FORMATS, default_format, renderer
from labgate.report.palette import CHOICES, wants_colour


@click.command(short_help="Say what landed on a branch past its reviews.")
@click.argument("branch")
@click.option(
    "--since", metavar="REV", help="Judge what landed after this commit.  [default: the one that brought the policy]"
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    help="How to write the report.  [default: text; github when GITHUB_ACTIONS is true]",
)
@click.option("--output", metavar="FILE", help="Write the report there, whole or not at all.")
@click.option("--fetch", is_flag=True, help="Fetch the research branches first, so that nothing stays undecided.")
@click.option("--offline", is_flag=True, help="Ask no code host, also where the policy counts its approvals.")
@click.option("--exit-zero", is_flag=True, help="Exit 0 also with findings; 2 (could not judge) stays 2.")
@click.option("--verbose", "-v", is_flag=True, help="Say what passed and what was skipped, and list the evidence.")
@click.option("--color", type=click.Choice(CHOICES), default="auto", show_default=True)
def audit(
    branch: str,
    since: str | None,
    format_: str | None,
    output: str | None,
    fetch: bool,
    offline: bool,
    exit_zero: bool,
    verbose: bool,
    color: str,
) -> int:
    """Say what landed on a branch past its reviews, landing by landing along its first-parent line.

    Each landing is judged by research-gate, with the policy and the history that the branch had just before it. Where
    [reviews] assurance is forge, the code host is asked which pull request a commit landed with and who approved it.

    \b
    Examples:
      labgate audit main
          since the commit that brought the policy
      labgate audit main --since v1.4 --format json
          since a release, for other tools

    \b
    Exit status:
      0  nothing at level error     1  findings at level error
      2  could not judge          130  interrupted
    """
    if fetch and offline:
        message = "--fetch and --offline exclude each other"
        raise click.UsageError(message)
    from labgate.cli.progress import Bars
    from labgate.stages.audit import AuditRequest
    from labgate.stages.audit import audit as judge

    with closing(Bars()) as bars:
        report = judge(AuditRequest(branch, since, fetch, offline), progress=bars)
    to_terminal = output in (None, "-") and sys.stdout.isatty()
    colour = wants_colour(color, os.environ, to_terminal)
    deliver(report, renderer(format_ or default_format(os.environ), colour=colour, verbose=verbose), output)
    return 0 if exit_zero and report.exit_status == 1 else report.exit_status
