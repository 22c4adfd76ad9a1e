"""``labgate experiment publish``: pin commits on the remote."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from labgate.cli import completion
from labgate.cli.experiment_words import say, say_outstanding, say_remark
from labgate.report.escape import safe
from labgate.values.phrases import count, short_oid

if TYPE_CHECKING:
    from labgate.entrypoints.experiment_publish import Plan


@click.command(short_help="Pin commits on the remote, so that others have the code.")
@click.argument("revisions", metavar="[REV ...]", nargs=-1, shell_complete=completion.revisions)
@click.option("--dry-run", is_flag=True, help="Only say what would be published.")
@click.option("--yes", is_flag=True, help="Publish the untracked files of snapshots without a question.")
def publish(revisions: tuple[str, ...], dry_run: bool, yes: bool) -> None:
    """Pin commits on the remote: REV, SERVICE/HANDLE, or all pins of this clone that the remote does not have.

    A snapshot has files that git did not know. They are listed, what looks like a secret first, and published only
    after a yes: at the question, or with --yes. So are committed files that look like secrets, where the remote is not
    known to have their commits: no hook of a push sees them.

    \b
    Examples:
      labgate experiment publish
      labgate experiment publish 3f2a9c1d0b7e --yes
    """
    from labgate.entrypoints.experiment_publish import plan, require_published
    from labgate.entrypoints.experiment_publish import publish as push

    what = plan(revisions)
    for pin in what.withdrawn:
        say(f"{pin.experiment}@{short_oid(pin.commit)}: a record says that its pin was taken back, so it is left out")
    if not what.pins:
        say_remark(f"nothing to publish: {what.remote} is known to have every pin of this clone")
        return
    for item in what.pins:
        say_outstanding(item)
    _say_history(what)
    if dry_run:
        say(f"dry run: nothing was sent to {what.remote}")
        return
    if what.needs_consent and not yes:
        _ask(what, revisions)
    done = push(what)
    for pin in done.pushed.there:
        click.echo(safe(f"{pin.commit} {pin.ref}"))
    require_published(what, done)


def _say_history(what: Plan) -> None:
    """Print on standard error what comes along with the pins."""
    history = what.history
    if history.commits:
        say(f"with {count(history.commits, 'commit')} below, which {what.remote} is not known to have")
    for path in history.secrets:
        click.echo(safe(f"  {path}  (committed, looks like a secret)"), err=True)


def _ask(what: Plan, revisions: tuple[str, ...]) -> None:
    """Ask a person. Raises: ``UsageError`` without a terminal, ``click.Abort`` when the answer is no."""
    if not sys.stdin.isatty():
        from labgate.values.errors import UsageError
        from labgate.values.phrases import quote

        untracked = any(item.untracked for item in what.pins)
        kind = "a snapshot with untracked files" if untracked else "history with what looks like a secret"
        message = f"{kind} is published only after a yes, and there is no terminal to ask"
        raise UsageError(message, " ".join(("labgate experiment publish", *map(quote, revisions), "--yes")))
    click.confirm(f"Publish these files on {safe(what.remote)}?", abort=True, err=True)
