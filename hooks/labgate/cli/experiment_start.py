"""``labgate experiment start``: a branch for a new experiment."""

from __future__ import annotations

import click

from labgate.cli.experiment_words import say_remark
from labgate.report.escape import safe
from labgate.values.phrases import short_oid


@click.command(short_help="Start the branch of a new experiment.")
@click.argument("service")
@click.option(
    "--handle", metavar="H", help="The experiment's name beside its service.  [default: from github.user or user.name]"
)
def start(service: str, handle: str | None) -> None:
    """Create the branch of an experiment of SERVICE, from its base as the remote has it now, and switch to it.

    Edits in the work tree stay as they are. The name of the branch is printed.

    \b
    Example:
      labgate experiment start ranker --handle wide
    """
    from labgate.entrypoints.experiment_start import start as begin

    done = begin(service, handle)
    say_remark(f"{done.branch} starts from {done.base} at {short_oid(done.commit)}")
    click.echo(safe(done.branch))
