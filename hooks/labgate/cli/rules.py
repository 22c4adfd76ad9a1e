"""``labgate explain`` and ``labgate rules``: the rules as their checks declare them."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import click

from labgate import __version__
from labgate.checks.registry import all_rules
from labgate.cli import completion
from labgate.cli.lazy import did_you_mean
from labgate.cli.settings import color_option, colours, columns, wrapped
from labgate.report.palette import palette
from labgate.setup.site import known_site
from labgate.values.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labgate.values.finding import Rule


@click.command(short_help="Explain a rule and how to fix a violation.")
@click.argument("rule", shell_complete=completion.rules)
@color_option
def explain(rule: str, color: str) -> None:
    """Explain RULE: what it requires, why, and how to fix a violation.

    RULE is a code (LG201) or a name (unreviewed-research), in any case.
    """
    found = find_rule(rule)
    colour = colours(sys.stdout, color)
    paint = palette(colour)
    head = f"{paint('code', f'{found.code} {found.name}')} ({paint(found.level, found.level)} by default)"
    parts = [head, _indented(found.summary)]
    parts += [f"{paint('code', name)}\n{text}" for name, text in _sections(found)]
    click.echo("\n\n".join(parts), color=colour)


def _sections(rule: Rule) -> Iterator[tuple[str, str]]:
    """Yield the heading and the indented text of each section below the summary."""
    yield "Why", _indented(rule.why)
    yield "How to fix it", _indented(rule.fix)
    page = known_site(os.environ).page(rule.code)
    if page is not None:
        yield "Page", f"  {page}"


@click.command(short_help="List every rule with its default level.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@color_option
def rules(format_: str, color: str) -> None:
    """List every rule with its default level. A policy's [levels] may set another one."""
    listed = all_rules()
    if format_ == "json":
        site = known_site(os.environ)
        entries = [rule.as_dict() | {"url": site.page(rule.code)} for rule in listed]
        document = {"schema": 1, "labgate": __version__, "rules": entries}
        click.echo(json.dumps(document, indent=2))
        return
    width = max(len(rule.name) for rule in listed)
    colour = colours(sys.stdout, color)
    paint = palette(colour)
    for rule in listed:
        head = f"{rule.code}  {rule.name:{width}}  {rule.level:7}  "
        painted = f"{paint('code', rule.code)}  {rule.name:{width}}  {paint(rule.level, f'{rule.level:7}')}  "
        text = wrapped(rule.summary, columns(), " " * len(head))
        click.echo(painted + text[len(head) :], color=colour)


def _indented(text: str) -> str:
    return wrapped(text, columns(), "  ")


def find_rule(wanted: str) -> Rule:
    """Return the rule of that code or name, in any case.

    Raises: ``UsageError`` when there is none, with the closest one.
    """
    known = {word: rule for rule in all_rules() for word in (rule.name, rule.code)}
    folded = {word.casefold(): rule for word, rule in known.items()}
    found = folded.get(wanted.strip().casefold())
    if found is None:
        message = f"no rule {wanted!r}{did_you_mean(wanted, known)}"
        raise UsageError(message, "labgate rules")
    return found
