"""``labgate experiment show`` and ``list``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from labgate.cli.experiment_words import print_json, say, say_warnings
from labgate.report.escape import safe
from labgate.values.files import open_own
from labgate.values.phrases import short_oid

if TYPE_CHECKING:
    from labgate.entrypoints.experiment_listing import Listed, Shown

FORMAT = click.option(
    "--format", type=click.Choice(("text", "json")), default="text", show_default=True, help="Output format."
)
_UNKNOWN = "not known"
_CHUNK = 1 << 20


@click.command(short_help="Show which code made an artifact.")
@click.argument("what")
@click.option("--log", is_flag=True, help="Print the output of the run instead.")
@FORMAT
def show(what: str, log: bool, format: str) -> None:
    """Show which code made an artifact, and whether that code can be had back.

    WHAT is an artifact or its record, SERVICE/HANDLE for the newest pin, SERVICE/HANDLE@SHA, or a commit.
    """
    from labgate.entrypoints.experiment_listing import show as look

    found = look(what)
    say_warnings(found.notes)
    if log:
        _print_log(found)
    elif format == "json":
        print_json(_as_json(found))
    else:
        for name, text in _rows(found):
            click.echo(safe(f"{name:<12}{text}"))


@click.command(name="list", short_help="List experiments and their pins.")
@click.argument("name", metavar="[SERVICE[/HANDLE]]", required=False)
@FORMAT
def list_(name: str | None, format: str) -> None:
    """List the experiments that have pins or branches, here and on the remote."""
    from labgate.entrypoints.experiment_listing import list_experiments

    found = list_experiments(name)
    if found.problem is not None:
        say(f"warning: {found.problem.message}; what is shown is what this clone knows of it")
    if format == "json":
        print_json({"schema": 1, "experiments": [_experiment_as_json(item) for item in found.experiments]})
        return
    for item in found.experiments:
        outcome = "" if item.outcome is None else f", {item.outcome}"
        branch = _places(item.branch_here, item.branch_remote)
        click.echo(safe(f"{item.experiment}: branch {branch}{outcome}"))
        for pin in item.pins:
            # What only the remote has is not fetched for a list.
            kind = "" if pin.snapshot is None else "snapshot" if pin.snapshot else "commit"
            click.echo(safe(f"  {short_oid(pin.commit)}  {kind:<8}  pin {_places(pin.here, pin.remote)}"))


def _places(here: bool, remote: bool | None) -> str:
    there = f"on the remote: {_UNKNOWN}" if remote is None else "on the remote" if remote else "not on the remote"
    return f"{'here' if here else 'not here'}, {there}"


def _experiment_as_json(item: Listed) -> dict[str, Any]:
    return {
        "experiment": item.experiment,
        "branch": {"here": item.branch_here, "remote": item.branch_remote},
        "outcome": item.outcome,
        "pins": [pin.as_dict() for pin in item.pins],
    }


def _as_json(found: Shown) -> dict[str, Any]:
    return {
        "schema": 1,
        "artifact": found.artifact,
        "commit": found.commit,
        "experiment": found.experiment,
        "digest": found.digest,
        "exact": found.exact,
        "pin": {"ref": found.pin.ref, "here": found.pin_here, "remote": found.pin_remote},
        "record": None if found.record is None else found.record.document,
    }


def _rows(found: Shown) -> list[tuple[str, str]]:
    rows = [("experiment", found.experiment), ("commit", found.commit)]
    if found.artifact is not None:
        rows = [("artifact", f"{found.artifact}: {found.digest}"), *rows]
    if found.exact is not None:
        rows.append(("exact", "yes" if found.exact else "no: some of the code was left out"))
    rows.append(("pin", f"{found.pin.ref}: {_places(found.pin_here, found.pin_remote)}"))
    if found.record is not None:
        build = found.record.document["predicate"]["buildDefinition"]["externalParameters"]
        words = build.get("command")
        if isinstance(words, list) and words:
            rows.append(("command", " ".join(str(word) for word in words)))
        if found.record.withdrawn is not None:
            rows.append(("withdrawn", found.record.withdrawn))
    if found.log is not None:
        rows.append(("log", found.log))
    return rows


def _print_log(found: Shown) -> None:
    """Print the output of a run as it is. Raises: ``UsageError`` where this clone does not have it."""
    if found.log is None:
        from labgate.values.errors import UsageError

        message = "the output of this run is not in this clone"
        raise UsageError(message, "look in the clone where it ran, or in the folder given by --dir")
    with open_own(found.log, None) as stream:
        while chunk := stream.read(_CHUNK):
            click.echo(chunk, nl=False)
