"""A click group whose commands are imported only when they run."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from click.shell_completion import CompletionItem

from labgate.values.spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class Entry(NamedTuple):
    """The place of a command (``module:function``) and its line in the list of commands."""

    target: str
    summary: str


class NoCommandError(click.UsageError):
    """Raised when a group is called without a command: an empty variable in a script must not look like success."""

    def __init__(self, ctx: click.Context) -> None:
        super().__init__("no command given", ctx)


class LazyGroup(click.Group):
    """A group that lists its commands from a table, so that ``--help`` and each command import nothing else."""

    def __init__(self, name: str | None = None, *, table: Mapping[str, Entry], **settings: Any) -> None:
        super().__init__(name, no_args_is_help=False, **settings)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  (click's)
        if cmd_name not in self.table:
            return None
        module, _, function = self.table[cmd_name].target.partition(":")
        command: click.Command = getattr(import_module(module), function)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  (click's)
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in self.table.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands from the table: click would import each one for its help."""
        named = [(name, entry.summary) for name, entry in self.table.items() if name.startswith(incomplete)]
        return [
            *(CompletionItem(name, help=help) for name, help in named),
            *click.Command.shell_complete(self, ctx, incomplete),
        ]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args and not ctx.resilient_parsing:
            raise NoCommandError(ctx)
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self.table and not args[0].startswith("-") and not ctx.resilient_parsing:
            message = f"no command {args[0]!r}{did_you_mean(args[0], self.table)}"
            raise click.UsageError(message, ctx)
        return super().resolve_command(ctx, args)


def require_known(names: Iterable[str], known: Sequence[str], what: str, ctx: click.Context) -> None:
    """Check names. Raises: ``click.UsageError`` when one is not ``known``, with the closest one or all."""
    for name in names:
        if name not in known:
            others = did_you_mean(name, known) or f"; there are {', '.join(known)}"
            message = f"no {what} {name!r}{others}"
            raise click.UsageError(message, ctx)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the known word that is closest in spelling, or ``""`` when none is close."""
    return "".join(f"; did you mean {near!r}?" for near in nearest(word, known))
