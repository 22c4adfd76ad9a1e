"""Lines that several ``labgate experiment`` commands print, on standard error: standard output is for scripts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from labgate.cli.settings import is_quiet
from labgate.report.escape import safe
from labgate.values.phrases import count, short_oid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from labgate.entrypoints.experiment_publish import Outstanding
    from labgate.experiments.code import Code

_MOST_NAMED = 3
#: Longest list of files that look harmless; what looks like a secret is always listed.
_MOST_LISTED = 20


def say(line: str) -> None:
    """Print a line on standard error, with foreign text escaped."""
    click.echo(f"labgate: {safe(line)}", err=True)


def say_remark(line: str) -> None:
    """Print a line on standard error that only describes what was done, unless ``labgate --quiet`` was asked for."""
    if not is_quiet():
        say(line)


def print_json(document: Mapping[str, object]) -> None:
    """Print a document on standard output. What is no character, such as a name's bytes, is an escape of JSON."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    click.echo(text.encode("utf-8", "backslashreplace").decode("utf-8"))


def say_warnings(lines: Iterable[str]) -> None:
    """Print warnings on standard error."""
    for line in lines:
        say(f"warning: {line}")


def say_inexact(code: Code) -> None:
    """Print a line on standard error if the code cannot be had back exactly."""
    if code.exact:
        return
    more = f" and {len(code.reasons) - _MOST_NAMED} more" if len(code.reasons) > _MOST_NAMED else ""
    say(f"warning: this code is not exact: {'; '.join(code.reasons[:_MOST_NAMED])}{more}")


def say_outstanding(item: Outstanding) -> None:
    """Print on standard error what a pin makes public: untracked files, those that look like secrets first."""
    say(f"{item.pin.experiment}@{short_oid(item.pin.commit)}: a {_kind(item)}")
    list_untracked(item)


def say_pinning(item: Outstanding, remote: str) -> None:
    """Print on standard error the step that pins something on a remote, and what that makes public."""
    click.echo(safe(f"  pin {short_oid(item.pin.commit)}, a {_kind(item)}, on {remote} as {item.pin.ref}"), err=True)
    list_untracked(item)


def _kind(item: Outstanding) -> str:
    files = f" with {count(len(item.untracked), 'untracked file')}" if item.untracked else ""
    return f"{'snapshot' if item.snapshot else 'commit'}{files}"


def list_untracked(item: Outstanding) -> None:
    """Print on standard error the untracked files of a snapshot, those that look like secrets first."""
    shown = max(item.secrets, _MOST_LISTED)
    for number, path in enumerate(item.untracked[:shown]):
        note = "  (looks like a secret)" if number < item.secrets else ""
        click.echo(safe(f"  {path}{note}"), err=True)
    if len(item.untracked) > shown:
        click.echo(f"  ... and {len(item.untracked) - shown} more", err=True)
