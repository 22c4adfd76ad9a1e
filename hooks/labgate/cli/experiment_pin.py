"""``labgate experiment pin`` and ``env``: what other tools need to name the code."""

from __future__ import annotations

import json
from shlex import quote
from typing import TYPE_CHECKING

import click

from labgate.cli import completion
from labgate.cli.experiment_words import say_inexact, say_warnings

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def experiment_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--experiment`` to a command."""
    return click.option(
        "--experiment", "stated", metavar="S/H", help="The experiment, SERVICE/HANDLE.  [default: that of the branch]"
    )(command)


@click.command(short_help="Print the hash of the code, and keep it.")
@click.argument("revision", metavar="[REV]", required=False, shell_complete=completion.revisions)
@experiment_option
def pin(revision: str | None, stated: str | None) -> None:
    """Print the full hash of the code as it is now, or of REV, and keep it in this clone.

    Code that is not committed becomes a snapshot: a commit on no branch. Files, index and branches stay as they are.

    \b
    Example:
      C=$(labgate experiment pin) && sbatch --export=ALL,LABGATE_COMMIT=$C job.sh
    """
    from labgate.entrypoints.experiment_pin import pin as keep

    done = keep(revision, stated)
    say_inexact(done.code)
    click.echo(done.code.commit)


@click.command(short_help="Print the variables that tell other tools the code.")
@click.option("--format", type=click.Choice(("sh", "json")), default="sh", show_default=True, help="Output format.")
@experiment_option
def env(format: str, stated: str | None) -> None:
    """Print the variables from which MLflow, W&B and OpenTelemetry read the code as it is now; it is kept here.

    \b
    Example:
      eval "$(labgate experiment env)" && python train.py
    """
    from labgate.entrypoints.experiment_pin import env as describe

    done, found = describe(stated)
    say_inexact(done.code)
    say_warnings(found.warnings)
    if format == "json":
        click.echo(json.dumps(found.values, indent=2))
    else:
        for name, value in found.values.items():
            click.echo(f"export {name}={quote(value)}")
