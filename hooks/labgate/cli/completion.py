"""Values that a shell offers for an argument or an option. Imports late: they are only needed after a Tab.

Each function has click's signature of ``shell_complete``. Outside a repository, or in one that git refuses, nothing is
offered: an error between two keys of a command line helps nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from collections.abc import Iterable

    import click


#: Characters beside letters and digits that no shell expands within a word.
_PLAIN = "@%+=:,./-_"


def rules(_: click.Context, __: click.Parameter, typed: str) -> list[CompletionItem]:
    """Return the codes that begin as typed, in any case, each with its rule's name; names once one is begun."""
    from labgate.checks.registry import all_rules

    wanted, listed = typed.casefold(), all_rules()
    codes = [CompletionItem(rule.code, help=rule.name) for rule in listed if rule.code.casefold().startswith(wanted)]
    return codes or [CompletionItem(rule.name, help=rule.summary) for rule in listed if rule.name.startswith(wanted)]


def checks(ctx: click.Context, _: click.Parameter, typed: str) -> list[CompletionItem]:
    """Return the names of checks that begin as typed and do not stand on the command line yet."""
    from labgate.checks.registry import NAMES

    given = ctx.params.get("checks") or ()
    return _starting(typed, (name for name in NAMES if name not in given))


def methods(_: click.Context, __: click.Parameter, typed: str) -> list[CompletionItem]:
    """Return the methods of ``trace`` that begin as typed."""
    from labgate.values.finding import METHODS

    return _starting(typed, METHODS)


def branches(_: click.Context, __: click.Parameter, typed: str) -> list[CompletionItem]:
    """Return the branches that begin as typed, those that only a remote has included, without the remote's name."""
    from labgate.values.refnames import HEADS, REMOTES

    names = [ref.removeprefix(HEADS) for ref in _refs() if ref.startswith(HEADS)]
    remote = [ref.removeprefix(REMOTES).partition("/")[2] for ref in _refs() if ref.startswith(REMOTES)]
    return _starting(typed, dict.fromkeys((*names, *remote)))


def revisions(_: click.Context, __: click.Parameter, typed: str) -> list[CompletionItem]:
    """Return the branches, remote-tracking branches and tags that begin as typed, each as short as git takes it."""
    from labgate.values.refnames import HEADS, REMOTES, TAGS

    prefixes = (HEADS, REMOTES, TAGS)
    return _starting(typed, (ref.removeprefix(start) for ref in _refs() for start in prefixes if ref.startswith(start)))


def files(_: click.Context, __: click.Parameter, typed: str) -> list[CompletionItem]:
    """Return the mark for which the shell offers files."""
    return [CompletionItem(typed, type="file")]


def folders(_: click.Context, __: click.Parameter, typed: str) -> list[CompletionItem]:
    """Return the mark for which the shell offers folders."""
    return [CompletionItem(typed, type="dir")]


def _refs() -> list[str]:
    """Return all refnames; none where there is no repository."""
    import os

    from labgate.git.refs import read_refs
    from labgate.git.repository import discover
    from labgate.values.errors import LabgateError

    try:
        return sorted(read_refs(discover(os.environ)))
    except (LabgateError, OSError):
        return []


def _starting(typed: str, names: Iterable[str]) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(typed) and _is_plain(name)]


def _is_plain(name: str) -> bool:
    """Return whether a shell reads a name as itself: bash puts it on the command line without quotes."""
    return all(char.isalnum() or char in _PLAIN for char in name)
