"""``labgate demo``: show refusals and passes in a real repository, which is deleted afterwards."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
import tempfile
from functools import partial

import click

from labgate.cli import completion
from labgate.cli.settings import color_option, colours
from labgate.report.escape import safe
from labgate.report.palette import palette
from labgate.values.endings import undo_at_end, undone
from labgate.values.errors import UsageError

#: Escape sequences that only set colours (ECMA-48, SGR).
_SGR = re.compile(r"(\x1b\[[0-9;]*m)")


@click.command(short_help="Watch labgate at work in a throw-away repository.")
@click.option("--keep", metavar="DIR", shell_complete=completion.folders, help="Use this new folder and keep it.")
@color_option
def demo(keep: str | None, color: str) -> int:
    """Watch labgate at work: real git, a real remote, refusals and a push that passes. Needs no network."""
    from labgate.demo.story import Theatre, tell

    colour = colours(sys.stdout, color)
    paint = palette(colour)

    def say(line: str) -> None:
        # The choice is made here: by default click removes colours if the output is not a terminal.
        click.echo(line, color=colour)

    def show(role: str, text: str) -> None:
        if role == "title":
            say(f"\n{paint('code', '# ' + text)}")
        elif role == "why":
            say("\n".join(paint("quiet", f"# {line}") for line in text.split("\n")))
        elif role == "command":
            say(f"$ {safe(text, limit=None)}")
        else:
            say(f"  {_output(text)}".rstrip())

    if keep is not None and os.path.exists(keep) and os.listdir(keep):
        message = f"{keep} is not empty"
        raise UsageError(message, "labgate demo --keep NEW-FOLDER")
    click.echo("Ada tries something on an experiment branch; Lin reviews; the server has main.")
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="labgate-demo-", ignore_cleanup_errors=True) as folder:
            duty = partial(shutil.rmtree, folder, ignore_errors=True)
            undo_at_end(duty)
            tell(Theatre(folder, show, os.environ, colour))
            undone(duty)
    else:
        os.makedirs(keep, exist_ok=True)
        tell(Theatre(os.path.abspath(keep), show, os.environ, colour))
        click.echo(f"\nKept in {safe(keep)}: the clone is work, the remote server.git.")
    click.echo(f"\nIn a repository of your own: {safe(_this_command(), limit=None)} init")
    return 0


def _this_command() -> str:
    """Return the word that starts this labgate from another folder: its full path unless the PATH leads to it."""
    started, found = os.path.abspath(sys.argv[0]), shutil.which("labgate")
    if not os.access(started, os.X_OK) or (found is not None and os.path.realpath(found) == os.path.realpath(started)):
        return "labgate"
    return shlex.quote(started)


def _output(text: str) -> str:
    """Return the output of git and the hooks, safe except for its colours."""
    return "".join(part if at % 2 else safe(part, limit=None) for at, part in enumerate(_SGR.split(text)))
