"""``labgate experiment close``: end an experiment, and lose nothing of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from labgate.cli.experiment_words import say, say_pinning, say_warnings
from labgate.experiments.closing import OUTCOMES
from labgate.report.escape import safe

if TYPE_CHECKING:
    from labgate.entrypoints.experiment_close import Closing


@click.command(short_help="Close an experiment: keep its outcome and its code, and delete its branch.")
@click.argument("experiment", metavar="[SERVICE/HANDLE]", required=False)
@click.option("--outcome", type=click.Choice(OUTCOMES), required=True, help="How it ended.")
@click.option("--yes", is_flag=True, help="Do it without a question.")
def close(experiment: str | None, outcome: str, yes: bool) -> None:
    """Pin all code of an experiment on the remote, keep its outcome there, and then delete its branch there and here.

    Without a name it is the experiment of the branch that is checked out. An A/B test closes nothing: its branch stays
    until there is an outcome.

    \b
    Example:
      labgate experiment close ranker/wide --outcome rejected
    """
    from labgate.entrypoints.experiment_close import close as end
    from labgate.entrypoints.experiment_close import plan

    what = plan(experiment, outcome)
    say_warnings(what.notes)
    _say_plan(what)
    if not yes:
        _ask(what)
    end(what)
    click.echo(safe(f"{what.experiment} {what.outcome} {what.ref}"))


def _say_plan(what: Closing) -> None:
    """Print on standard error what will be done, in order."""
    say(f"to close {what.experiment} as {what.outcome}:")
    for item in what.pins:
        say_pinning(item, what.remote)
    if not what.pins:
        _say_step(f"nothing to pin: {what.remote} has pins for all of its code")
    _say_step(f"keep the outcome on {what.remote} as {what.ref}")
    if what.leave:
        _say_step(f"switch to {what.trunk}")
    for branch in what.branches:
        places = [*([] if branch.there is None else [f"on {what.remote}"]), *([] if branch.here is None else ["here"])]
        _say_step(f"delete the branch {branch.name} {' and '.join(places)}")


def _say_step(text: str) -> None:
    click.echo(safe(f"  {text}"), err=True)


def _ask(what: Closing) -> None:
    """Ask a person. Raises: ``UsageError`` without a terminal, ``click.Abort`` when the answer is no."""
    if not sys.stdin.isatty():
        from labgate.values.errors import UsageError

        message = "a branch is deleted only after a yes, and there is no terminal to ask"
        raise UsageError(message, what.again)
    click.confirm(f"Close {safe(what.experiment)} as {what.outcome}?", abort=True, err=True)
