"""``labgate audit``: report landings on a branch without the review that its policy requires."""

from __future__ import annotations

from contextlib import closing

import click

from labgate.cli import completion
from labgate.cli.reporting import Reporting, report_options


@click.command(short_help="Report what landed on a branch without its reviews.")
@click.argument("branch", shell_complete=completion.branches)
@click.option(
    "--since",
    metavar="REV",
    shell_complete=completion.revisions,
    help="Judge what landed after this commit.  [default: the one that added the policy]",
)
@click.option("--fetch", is_flag=True, help="Fetch the research branches first, so that nothing stays undecided.")
@click.option("--offline", is_flag=True, help="Ask no code host, even if the policy counts its approvals.")
@report_options
def audit(branch: str, since: str | None, fetch: bool, offline: bool, reporting: Reporting) -> int:
    """Report what landed on a branch without its reviews, for each commit of its first-parent line.

    research-gate and commit-hygiene judge each landing with the policy and the history that the branch had just before
    it. Sizes are not judged again; exceptions from their limits are listed. If [reviews] assurance is forge, the code
    host is asked which pull request a commit landed with and who approved it.

    \b
    Examples:
      labgate audit main
          since the commit that added the policy
      labgate audit main --since v1.4 --format json
          since a release, for other tools

    \b
    Exit status:
      0  nothing at level error     1  findings at level error
      2  could not judge          130  interrupted
    """
    if fetch and offline:
        message = "--fetch and --offline cannot be used together"
        raise click.UsageError(message)
    from labgate.cli.progress import Bars
    from labgate.entrypoints.audit import AuditRequest
    from labgate.entrypoints.audit import audit as judge

    with closing(Bars()) as bars:
        report = judge(AuditRequest(branch, since, fetch, offline), progress=bars)
    return reporting.conclude(report)
