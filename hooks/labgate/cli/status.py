"""``labgate status``: where the current branch, or every research and experiment branch, stands."""

from __future__ import annotations

import shutil
import sys
from contextlib import closing

import click

#: The least columns of the table.
_NARROWEST = 80


@click.command(short_help="Show where this branch, or every research branch, stands.")
@click.option("--all", "every", is_flag=True, help="Show all research and experiment branches instead.")
@click.option("--format", "format_", type=click.Choice(("text", "json", "markdown")), default="text", show_default=True)
def status(every: bool, format_: str) -> None:
    """Show where the current branch stands: its base and target, and what the gate would say of a push there now.

    With --all: a table of the research and experiment branches of every remote that was fetched, forks included. What
    needs attention comes first: conflicts with the trunk, what is not known, what waits, what has landed. "landed" and
    "reviewed" count commits of the branch itself, without merges. Landed are also those that the trunk has rebased,
    picked or squashed.

    Nothing is fetched. Results are kept in the clone, so the next call only looks at what has changed.

    \b
    Examples:
      labgate status
      git fetch --all && labgate status --all
      labgate status --all --format markdown >> overview.md

    \b
    Exit status:
      0  shown     2  not shown     130  interrupted
    """
    from labgate.cli.progress import Bars
    from labgate.entrypoints.status import status as look
    from labgate.report.status import RENDERERS

    with closing(Bars()) as bars:
        found = look(every=every, progress=bars)
    options = {"width": max(_NARROWEST, shutil.get_terminal_size().columns)} if format_ == "text" else {}
    RENDERERS[format_](found, sys.stdout, **options)
