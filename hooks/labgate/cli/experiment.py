"""``labgate experiment``: the hash of the code goes with every artifact, and the code is never lost."""

from __future__ import annotations

import click

from labgate.cli.lazy import Entry, LazyGroup

COMMANDS = {
    "pin": Entry("labgate.cli.experiment_pin:pin", "Print the hash of the code, and keep it."),
    "env": Entry("labgate.cli.experiment_pin:env", "Print the variables that tell other tools the code."),
}


@click.group(cls=LazyGroup, table=COMMANDS, short_help="Keep the code of experiments, and get it back.")
def experiment() -> None:
    """Keep the code of experiments, and get it back."""
