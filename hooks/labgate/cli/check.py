"""``labgate check``: judge a change for a branch, as the server or CI would."""

from __future__ import annotations

import click

from labgate.checks.registry import NAMES
from labgate.cli import completion
from labgate.cli.lazy import require_known
from labgate.cli.reporting import Reporting, report_options


def _known(ctx: click.Context, _: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
    require_known(names, NAMES, "check", ctx)
    return names


@click.command(short_help="Judge a change before it lands on a branch.")
@click.argument("checks", metavar="[CHECK]...", nargs=-1, callback=_known, shell_complete=completion.checks)
@click.option(
    "--target",
    metavar="BRANCH",
    shell_complete=completion.branches,
    help="The branch that the change is for.  [default: the trunk]",
)
@click.option(
    "--head",
    metavar="REV",
    shell_complete=completion.revisions,
    default="HEAD",
    show_default=True,
    help="The change's last commit.",
)
@click.option(
    "--base",
    metavar="REV",
    shell_complete=completion.revisions,
    help="The target's tip before the change.  [default: its remote-tracking tip]",
)
@click.option(
    "--source",
    metavar="BRANCH",
    shell_complete=completion.branches,
    help="The branch that the change comes from, if it is known.",
)
@click.option("--fetch", is_flag=True, help="Fetch the research branches first, so that nothing stays undecided.")
@click.option("--offline", is_flag=True, help="Never use the network (excludes --fetch).")
@report_options
def check(
    checks: tuple[str, ...],
    target: str | None,
    head: str,
    base: str | None,
    source: str | None,
    fetch: bool,
    offline: bool,
    reporting: Reporting,
) -> int:
    """Judge a change before it lands on a branch. Without a CHECK every check runs.

    Without --fetch the network is only used in a partial clone: for the files that decide and were left out of it.

    \b
    Examples:
      labgate check
          the current HEAD, as if it were pushed to the trunk
      labgate check --target main --head research/fast-attention --fetch
          another branch, after fetching all research branches
      labgate check research-gate --target main --format json --output gate.json
          one check, written to a file for other tools

    \b
    Exit status:
      0  nothing at level error     1  findings at level error
      2  could not judge          130  interrupted
    """
    if fetch and offline:
        message = "--fetch and --offline cannot be used together"
        raise click.UsageError(message)
    # Imported late: usage errors and --help do not need it.
    from labgate.entrypoints.check import CheckRequest
    from labgate.entrypoints.check import check as judge

    with reporting.indexing() as progress:
        report = judge(
            CheckRequest(
                checks=checks, target=target, head=head, base=base, source=source, fetch=fetch, offline=offline
            ),
            progress=progress,
        )
    return reporting.conclude(report)
