"""``labgate experiment record``: write down which code made artifacts."""

from __future__ import annotations

import click

from labgate.cli import completion
from labgate.cli.experiment_pin import experiment_option
from labgate.cli.experiment_words import say_inexact, say_remark
from labgate.report.escape import safe


@click.command(short_help="Write down which code made an artifact.")
@click.argument("artifacts", metavar="ARTIFACT ...", nargs=-1, required=True, shell_complete=completion.files)
@click.option(
    "--commit", "revision", metavar="REV", help="The commit of the code.  [default: LABGATE_COMMIT, else the code here]"
)
@experiment_option
def record(artifacts: tuple[str, ...], revision: str | None, stated: str | None) -> None:
    """Write ARTIFACT.labgate.json beside each artifact: the code that made it, on your word.

    It is for artifacts of other tools; `labgate experiment run` writes the records of what it runs. A record of the
    same artifact and the same code stays as it is.

    \b
    Example:
      labgate experiment record models/ranker.onnx --commit "$C"
    """
    from labgate.entrypoints.experiment_record import record as write

    done = write(artifacts, revision, stated)
    say_inexact(done.code)
    for path in done.written:
        click.echo(safe(path))
    for path in done.kept:
        say_remark(f"{path} says the same already")
