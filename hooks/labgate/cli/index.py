"""``labgate index``: show or rebuild the index of research code in this clone."""

from __future__ import annotations

import os
import time
from contextlib import closing
from typing import TYPE_CHECKING

import click

from labgate import __version__
from labgate.cli.lazy import Entry, LazyGroup
from labgate.cli.settings import remark, warn
from labgate.report.escape import safe
from labgate.report.parts import help_line
from labgate.values.files import REFUSED
from labgate.values.phrases import count, size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labgate.derivation.index_maintenance import IndexStatus

COMMANDS = {
    "status": Entry("labgate.cli.index:status", "Show the content and size of the index."),
    "rebuild": Entry("labgate.cli.index:rebuild", "Delete the index and rebuild it."),
}


@click.group(cls=LazyGroup, table=COMMANDS, short_help="Show or rebuild the index of research code.")
def index() -> None:
    """Show or rebuild the index of research code.

    The index is a cache that is updated automatically. The ledger beside it has what cannot be computed again, such as
    when research was first seen here, and is never deleted.
    """


@click.command(short_help="Show the content and size of the index.")
@click.option("--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True)
def status(format_: str) -> None:
    """Show the content and size of the index. It changes nothing."""
    from labgate.derivation.index_maintenance import index_status
    from labgate.git.repository import discover

    found = index_status(discover(os.environ))
    if format_ == "json":
        from labgate.report.json import encoded

        click.echo(encoded({"schema": 1, "labgate": __version__, **_fields(found)}, indent=2))
        return
    for line in _lines(found):
        click.echo(line)


@click.command(short_help="Delete the index and rebuild it.")
@click.option(
    "--sources",
    metavar="REFPATTERN",
    multiple=True,
    help="Full refs to index, as for git for-each-ref; repeatable.  [default: the policy's research branches]",
)
def rebuild(sources: tuple[str, ...]) -> None:
    """Delete the index and rebuild it. The ledger is kept.

    \b
    Examples:
      labgate index rebuild
          for the research branches of the policy
      labgate index rebuild --sources 'refs/pull/*/head'
          for a repository without a policy
    """
    from labgate.cli.progress import Bars
    from labgate.entrypoints.trace import rebuild_index
    from labgate.git.repository import discover

    with closing(Bars()) as bars:
        built, found = rebuild_index(discover(os.environ), sources, progress=bars)
    if found.incomplete is not None:
        warn(found.incomplete)
    for line in _lines(built):
        remark(line)


def _fields(status: IndexStatus) -> dict[str, object]:
    return status.as_dict() | {"others": [other.as_dict() for other in status.others]}


def _lines(status: IndexStatus) -> Iterator[str]:
    if status.exists:
        yield f"index   {size(status.bytes)}, version {status.version}, {safe(status.path)}"
        yield f"holds   {count(status.documents, 'fingerprint')} of {count(status.refs, 'source ref')}"
        yield f"main    {count(status.main_commits, 'commit')}"
    else:
        yield f"index   none yet: the first push, check or trace builds {safe(status.path)}"
    deleted = f", {count(status.deleted_tips, 'tip')} of deleted branches" if status.deleted_tips else ""
    entries = "1 entry" if status.ledger_entries == 1 else f"{status.ledger_entries:,} entries"
    yield f"ledger  {entries}{deleted}"
    from labgate.fingerprints.other_versions import UNUSED_DAYS

    for other in status.others:
        used = time.strftime("%Y-%m-%d", time.gmtime(other.used))
        yield f"other   {size(other.bytes)}, version {other.version}, last used {used}: {safe(other.path)}"
    if status.others:
        yield f"  another version's is deleted {UNUSED_DAYS} days after its last use, and by labgate index rebuild"
    if status.problem is not None:
        yield f"problem {safe(status.problem)}"
        # At the end of the run, each refused file has its own command.
        if not REFUSED:
            yield help_line("labgate index rebuild", indent=2)
