"""``labgate experiment verify``: whether records are true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from labgate.cli import completion
from labgate.cli.experiment_listing import FORMAT
from labgate.cli.experiment_words import print_json, say
from labgate.report.escape import safe
from labgate.values.phrases import count

if TYPE_CHECKING:
    from labgate.entrypoints.experiment_verify import Verified


@click.command(short_help="Check that records are true.")
@click.argument("paths", metavar="[PATH ...]", nargs=-1, shell_complete=completion.files)
@click.option("--offline", is_flag=True, help="Do not ask the remote; what this clone does not know is undecided.")
@FORMAT
def verify(paths: tuple[str, ...], offline: bool, format: str) -> int:
    """Check records: that the artifact is the recorded one, the tree that of the commit, and the commit pinned.

    PATH is an artifact, its record, or a folder; without one, all records of the work tree.

    \b
    Exit status: 0 all of it is true, 1 something is not,
    2 something could not be found out.
    """
    from labgate.entrypoints.experiment_verify import FALSE, UNKNOWN
    from labgate.entrypoints.experiment_verify import verify as look

    found = look(paths, offline=offline)
    if format == "json":
        print_json({"schema": 1, "records": [_as_json(item) for item in found]})
    else:
        _print(found)
    results = {item.result for item in found}
    if not found and paths:
        return 2
    return 1 if FALSE in results else 2 if UNKNOWN in results else 0


def _as_json(item: Verified) -> dict[str, Any]:
    problems = [problem.as_dict() for problem in item.problems]
    return {
        "record": item.path,
        "commit": item.commit,
        "result": item.result,
        "problems": problems,
        "notes": list(item.notes),
    }


def _print(found: tuple[Verified, ...]) -> None:
    good = 0
    for item in found:
        good += not item.problems
        for note in item.notes:
            click.echo(safe(f"{item.path}: note: {note}"))
        for problem in item.problems:
            level = "unknown" if problem.unknown else "error"
            click.echo(safe(f"{item.path}: {level}: {problem.message}"))
            if problem.help is not None:
                click.echo(safe(f"    help: {problem.help}"))
    verb = "is" if len(found) == 1 else "are"
    say(f"{good} of {count(len(found), 'record')} {verb} true" if found else "there are no records here")
