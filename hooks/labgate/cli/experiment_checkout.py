"""``labgate experiment checkout``: bring the code of an experiment back."""

from __future__ import annotations

import click

from labgate.cli import completion
from labgate.cli.experiment_words import say_remark


@click.command(short_help="Bring the code of an experiment back.")
@click.argument("what")
@click.option(
    "--worktree",
    "folder",
    metavar="DIR",
    shell_complete=completion.folders,
    help="Where to check it out.  [default: beside the repository]",
)
def checkout(what: str, folder: str | None) -> None:
    """Check the code out in a worktree of its own, and print the path of it.

    WHAT is an artifact or its record, SERVICE/HANDLE for the newest pin, SERVICE/HANDLE@SHA, or a commit by 7 digits of
    its hash or more. What is not in this clone is fetched.

    \b
    Exit status: 2 the remote cannot be asked, 3 nothing is known by this name,
    4 the remote does not have the pin, 5 the tree is not the one in the record.

    \b
    Examples:
      cd "$(labgate experiment checkout experiments/a/metrics.json)"
      labgate experiment checkout ranker/wide --worktree ../wide
    """
    from labgate.entrypoints.experiment_checkout import checkout as bring_back

    done = bring_back(what, folder)
    for note in done.target.notes:
        say_remark(note)
    click.echo(done.path)
