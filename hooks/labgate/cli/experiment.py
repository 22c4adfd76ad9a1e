"""``labgate experiment``: the hash of the code goes with every artifact, and the code is never lost."""

from __future__ import annotations

import click

from labgate.cli.lazy import Entry, LazyGroup

COMMANDS = {
    "start": Entry("labgate.cli.experiment_start:start", "Start the branch of a new experiment."),
    "run": Entry("labgate.cli.experiment_run:run", "Run a command, and record the code of what it makes."),
    "pin": Entry("labgate.cli.experiment_pin:pin", "Print the hash of the code, and keep it."),
    "record": Entry("labgate.cli.experiment_record:record", "Write down which code made an artifact."),
    "publish": Entry("labgate.cli.experiment_publish:publish", "Pin commits on the remote."),
    "checkout": Entry("labgate.cli.experiment_checkout:checkout", "Bring the code of an experiment back."),
    "show": Entry("labgate.cli.experiment_listing:show", "Show which code made an artifact."),
    "list": Entry("labgate.cli.experiment_listing:list_", "List experiments and their pins."),
    "verify": Entry("labgate.cli.experiment_verify:verify", "Check that records are true."),
    "close": Entry("labgate.cli.experiment_close:close", "Keep the outcome and the code, and delete the branch."),
    "env": Entry("labgate.cli.experiment_pin:env", "Print the variables that tell other tools the code."),
}


@click.group(cls=LazyGroup, table=COMMANDS, short_help="Keep the code of experiments, and get it back.")
def experiment() -> None:
    """Keep the code of experiments, and get it back."""
