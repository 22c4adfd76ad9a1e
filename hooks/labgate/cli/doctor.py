"""``labgate doctor``: what is active in this clone, what is missing, and the command that fixes it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator

import click

from labgate import __version__
from labgate.cli.doctor_hooks import hook_items, hook_types_items
from labgate.cli.doctor_item import ADVICE, INIT, INSTALL, MISSING, NO_POLICY, OK, SHADOWED, STALE, Item
from labgate.cli.doctor_repository import repository_items
from labgate.cli.settings import color_option, colours, columns, wrapped
from labgate.git.repository import discover
from labgate.report.escape import safe
from labgate.report.palette import Paint, palette

_ROLES = {OK: "quiet", ADVICE: "note", MISSING: "error", STALE: "warning", SHADOWED: "error"}


@click.command(short_help="Show what is active here, what is missing, and how to fix it.")
@click.option("--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True)
@color_option
def doctor(format_: str, color: str) -> int:
    """Show what is active here, what is missing, and how to fix it.

    \b
    Exit status:
      0  everything is fine, or there is only advice
      1  something is missing, stale or conflicts
      2  there is no repository to examine
    """
    repository = discover(os.environ)
    items = (*hook_items(repository), *hook_types_items(repository), *repository_items(repository))
    if Item("policy", MISSING, NO_POLICY, INIT) in items:
        # It installs the hooks as well.
        items = tuple(item.changed(help=INIT) if item.help == INSTALL else item for item in items)
    if format_ == "json":
        click.echo(json.dumps(_as_json(items), indent=2))
    else:
        colour = colours(sys.stdout, color)
        for line in _lines(items, palette(colour)):
            # The choice is made here: by default click removes colours if the output is not a terminal.
            click.echo(line, color=colour)
    return 0 if all(item.is_well for item in items) else 1


def _as_json(items: tuple[Item, ...]) -> dict[str, object]:
    outcome = "passed" if all(item.is_well for item in items) else "failed"
    return {"schema": 1, "labgate": __version__, "outcome": outcome, "items": [item.as_dict() for item in items]}


def _lines(items: tuple[Item, ...], paint: Paint) -> Iterator[str]:
    names = max(len(item.name) for item in items)
    states = max(len(item.state) for item in items)
    indent = " " * (names + states + 4)
    for item, after in zip(items, (*items[1:], None), strict=True):
        state = paint(_ROLES.get(item.state, "error"), item.state) + " " * (states - len(item.state))
        said = wrapped(safe(item.message), columns(), indent)
        yield f"{item.name:{names}}  {state}  {said[len(indent) :]}"
        # What mends several things in a row is said below the last one.
        if item.help is not None and (after is None or after.help != item.help):
            yield f"    help: {safe(item.help, limit=None)}"
