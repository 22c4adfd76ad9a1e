"""``labgate audit``: what landed on a branch without the review that its policy asks for."""

from __future__ import annotations

from contextlib import closing

import click

from labgate.cli.reporting import Reporting, report_options


@click.command(short_help="Say what landed on a branch past its reviews.")
@click.argument("branch")
@click.option(
    "--since", metavar="REV", help="Judge what landed after this commit.  [default: the one that brought the policy]"
)
@click.option("--fetch", is_flag=True, help="Fetch the research branches first, so that nothing stays undecided.")
@click.option("--offline", is_flag=True, help="Ask no code host, also where the policy counts its approvals.")
@report_options
def audit(branch: str, since: str | None, fetch: bool, offline: bool, reporting: Reporting) -> int:
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
    from labgate.entrypoints.audit import AuditRequest
    from labgate.entrypoints.audit import audit as judge

    with closing(Bars()) as bars:
        report = judge(AuditRequest(branch, since, fetch, offline), progress=bars)
    return reporting.conclude(report)
