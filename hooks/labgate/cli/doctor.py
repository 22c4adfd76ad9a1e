"""``labgate doctor``: what is active in this clone, what is missing, and the command that mends it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from labgate import __version__
from labgate.cli.doctor_item import ADVICE, MISSING, OK, SHADOWED, STALE, Item
from labgate.report.escape import safe
from labgate.report.palette import CHOICES, palette, wants_colour

if TYPE_CHECKING:
    from labgate.report.palette import Paint

_ROLES = {OK: "quiet", ADVICE: "note", MISSING: "error", STALE: "warning", SHADOWED: "error"}


@click.command(short_help="Say what is active here, what is missing, and what mends it.")
@click.option("--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True)
@click.option("--color", type=click.Choice(CHOICES), default="auto", show_default=True)
def doctor(format_: str, color: str) -> int:
    """Say what is active here, what is missing, and what mends it.

    \b
    Exit status:
      0  all is well, or there is only advice     1  something is missing, stale or in the way
      2  there is no repository that could be looked at
    """
    from labgate.cli.doctor_hooks import hook_items
    from labgate.cli.doctor_repository import repository_items
    from labgate.git.repository import discover

    repository = discover(os.environ)
    items = (*hook_items(repository), *repository_items(repository))
    if format_ == "json":
        click.echo(json.dumps(_as_json(items), indent=2))
    else:
        colour = wants_colour(color, os.environ, sys.stdout.isatty())
        for line in _lines(items, palette(colour)):
            # The choice is made: by itself click takes the colours out of whatever is no terminal.
            click.echo(line, color=colour)
    return 0 if all(item.is_well for item in items) else 1


def _as_json(items: Iterable[Item]) -> dict[str, object]:
    found = tuple(items)
    outcome = "passed" if all(item.is_well for item in found) else "failed"
    return {"schema": 1, "labgate": __version__, "outcome": outcome, "items": [item.as_dict() for item in found]}


def _lines(items: tuple[Item, ...], paint: Paint) -> Iterator[str]:
    names = max(len(item.name) for item in items)
    states = max(len(item.state) for item in items)
    for item in items:
        state = paint(_ROLES.get(item.state, "error"), item.state) + " " * (states - len(item.state))
        yield f"{item.name:{names}}  {state}  {safe(item.message)}"
        if item.help is not None:
            yield f"    help: {safe(item.help, limit=None)}"
