"""``labgate policy``: show, check or describe the policy of this repository."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from labgate.checks.registry import policy_reader
from labgate.cli import completion
from labgate.cli.lazy import Entry, LazyGroup
from labgate.cli.settings import columns
from labgate.git.refs import read_refs
from labgate.git.remote_urls import connected, fetch_url, push_urls, written_forms
from labgate.git.repository import discover
from labgate.policy.here import Here
from labgate.policy.model import PYPROJECT, Policy
from labgate.policy.reader import MAX_BYTES, PYPROJECT_TABLE, read_toml
from labgate.policy.shape import Key, Path, Record, Shape, TableOf, quoted
from labgate.report.escape import safe
from labgate.research.section import ResearchGate
from labgate.scene.governing_policy import trunk_by
from labgate.scene.policy_files import policy_at, worktree_policy
from labgate.scene.trunk import branches_of, trunk_name
from labgate.scene.workplace import find_workplace
from labgate.setup.advice import advice
from labgate.values.errors import NoPolicyError, PolicyError, UndecidedError
from labgate.values.files import read_start
from labgate.values.refnames import tip_ref
from labgate.values.repository_places import places_of
from labgate.values.value import Value

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from labgate.git.repository import Repository

COMMANDS = {
    "show": Entry("labgate.cli.policy:show", "Print the current policy with its defaults."),
    "check": Entry("labgate.cli.policy:check", "Report all mistakes in a policy."),
    "schema": Entry("labgate.cli.policy:schema", "Print the JSON Schema of labgate.toml."),
}


@click.group(cls=LazyGroup, table=COMMANDS, short_help="Show, check or describe the policy of this repository.")
def policy() -> None:
    """Show, check or describe the policy of this repository."""


class PolicyFile(Value):
    """A file with a policy: its name, where it was found (for people), and its content."""

    name: str
    place: str
    text: bytes

    @property
    def table(self) -> Path:
        """The table of the file that is the policy; empty for the whole file."""
        return PYPROJECT_TABLE if os.path.basename(self.name) == PYPROJECT else ()


@click.command(short_help="Print the current policy with its defaults.")
@click.option("--origin", is_flag=True, help="Show the origin of each value: a line of the file, or default.")
def show(origin: bool) -> None:
    """Print the current policy as a labgate.toml, with all defaults.

    It is the work tree's policy, or if there is none the trunk's. A push or a change in CI is always judged by the
    trunk's policy, as it was before the change.
    """
    file = _found(discover(os.environ))
    reader = policy_reader()
    parsed = reader.parse(file.text, file.name, table=file.table)
    raw = read_toml(file.text, file.name)
    for name in file.table:
        raw = raw[name]
    click.echo(f"# The current policy: {_shown(file)}")
    sources = parsed.section(ResearchGate).sources
    places = _places(file) if origin else None
    for line in policy_lines(reader.record, raw, sources, file.name, places):
        click.echo(line)


@click.command(short_help="Report all mistakes in a policy.")
@click.argument("file", required=False, shell_complete=completion.files)
@click.option("--verbose", "-v", is_flag=True, help="Also report that there is no mistake.")
def check(file: str | None, verbose: bool) -> None:
    """Report all mistakes in a policy, and settings without effect.

    It also warns of a quorum that is out of reach, and of kinds without a review; for the work tree's policy, of files,
    remotes and branches that are not as the policy says.
    FILE is a labgate.toml or a pyproject.toml; the default is the work tree's policy. The exit status is 2 when there
    is a mistake.
    """
    found = _worktree_file() if file is None else PolicyFile(file, file, _read(file))
    reader = policy_reader()
    parsed = reader.parse(found.text, found.name, table=found.table)
    in_vain = reader.lint(parsed, found.name, found.table)
    if in_vain:
        raise PolicyError(in_vain)
    notice = _of_trunk(parsed) if file is None else None
    if notice is not None:
        click.echo(f"labgate: {safe(notice)}", err=True)
    unmatched = _unmatched(parsed, found) if file is None else ()
    for line in (*advice(parsed, found.name, found.table), *unmatched):
        click.echo(f"labgate: warning: {safe(line)}", err=True)
    if verbose:
        click.echo(f"labgate: no mistake in {_shown(found)}")


@click.command(short_help="Print the JSON Schema of labgate.toml.")
def schema() -> None:
    """Print the JSON Schema of labgate.toml (draft-07), for editors that complete and check it."""
    click.echo(json.dumps(policy_reader().schema(), indent=2))


def _of_trunk(policy: Policy) -> str | None:
    """Return a push's notice about the trunk in the work tree's policy; ``None`` if there is none.

    Raises: ``PolicyError`` when it could not be judged by this policy.
    """
    repository = discover(os.environ)
    try:
        settled = trunk_by(policy, repository, read_refs(repository), repository.usual_remote, policy_reader())
    except UndecidedError:
        return None  # which branch is the trunk is no question of this file
    return None if settled is None else settled.notice


def _unmatched(policy: Policy, found: PolicyFile) -> tuple[str, ...]:
    """Return a line for each part of the work tree's policy that means nothing in this clone."""
    repository = discover(os.environ)
    nothing = repository.git.run("hash-object", "-t", "tree", "--stdin").decode().strip()
    staged = find_workplace(os.environ).git().run("diff-index", "--cached", "--name-only", "-z", nothing)
    files = os.fsdecode(staged).split("\0")
    places = [place for url in _urls(repository) for place in places_of(url, repository.top or repository.git_dir)]
    branches = branches_of(repository, read_refs(repository), repository.usual_remote, {}).names
    here = Here(tuple(filter(None, files)), tuple(places), tuple(branches))
    return policy_reader().unmatched(policy, here, found.name, found.table)


def _urls(repository: Repository) -> Iterator[str]:
    """Yield the URLs of all remotes, and what git rewrites to them."""
    for item in repository.remotes:
        for url in filter(None, (fetch_url(repository.config, item.name), *push_urls(repository.config, item.name))):
            yield from (*connected(repository, (url,)), *written_forms(repository.config, url))


def _found(repository: Repository) -> PolicyFile:
    """Return the work tree's policy, else the trunk's. Raises: ``NoPolicyError`` when there is neither."""
    found = _in_worktree(repository) or _on_trunk(repository)
    if found is None:
        message = "there is no policy in the work tree or on the trunk"
        raise NoPolicyError(message, "labgate init")
    return found


def _worktree_file() -> PolicyFile:
    found = _in_worktree(discover(os.environ))
    if found is None:
        message = "there is no policy in the work tree"
        raise NoPolicyError(message, "labgate policy check FILE")
    return found


def _in_worktree(repository: Repository) -> PolicyFile | None:
    found = worktree_policy(repository, policy_reader())
    if found is None:
        return None
    path = found[1]
    return PolicyFile(os.path.basename(path), path, _read(path))


def _on_trunk(repository: Repository) -> PolicyFile | None:
    """Return the policy of the remote-tracking trunk, or of the local one if there is no remote."""
    refs = read_refs(repository)
    remote = repository.usual_remote
    reader = policy_reader()
    trunk = trunk_name(repository, refs, remote, None, reader)
    tip = None if trunk is None else refs.get(tip_ref(remote, trunk))
    found = None if tip is None else policy_at(repository, tip, reader)
    if found is None:
        return None
    return PolicyFile(found.file, f"{tip}:{found.file}", repository.git.run("cat-file", "blob", found.blob))


def _read(path: str) -> bytes:
    return read_start(path, MAX_BYTES + 1)  # one more than allowed, so that parsing refuses it


def _shown(file: PolicyFile) -> str:
    table = f" [{'.'.join(file.table)}]" if file.table else ""
    return safe(file.place) + table


def _places(file: PolicyFile) -> dict[Path, int]:
    """Return the line of each key of the policy, by its path in the policy's table."""
    depth, everywhere = len(file.table), line_numbers(file.text.decode("utf-8"))
    return {path[depth:]: line for path, line in everywhere.items() if path[:depth] == file.table}


#: Before the items of a list that has lines of its own.
_INDENT = "    "


def policy_lines(
    record: Record, raw: Mapping[str, Any], sources: tuple[str, ...], file: str, places: Mapping[Path, int] | None
) -> Iterator[str]:
    """Yield the lines of a TOML text that is equivalent to a policy, with all defaults.

    ``record`` is the shape of a policy. ``raw`` is the policy's table in the file, without mistakes. ``sources`` are
    the kinds whose code needs a review: the only default that depends on other keys. With ``places``, the lines of
    ``file`` by key, each value has its origin as a comment. Optional values without a default are left out.
    """
    filled = {**raw, "research-gate": {"sources": sources, **raw.get("research-gate", {})}}
    for path, keys in _tables(record, filled, ()):
        if path:
            yield ""
            yield f"[{'.'.join(quoted(name) for name in path)}]"
        for name, value in keys.items():
            first, *rest = _assignment(quoted(name), value)
            yield first if places is None else f"{first}  # {_origin((*path, name), raw, file, places)}"
            yield from rest


def _assignment(name: str, value: object) -> list[str]:
    """Return the lines that set a key: a list that is too long for one has its items below the first."""
    line = f"{name} = {toml(value)}"
    if len(line) <= columns() or not isinstance(value, (list, tuple)):
        return [line]
    rows: list[str] = []
    for item in map(toml, value):
        if rows and len(_INDENT) + len(rows[-1]) + len(item) + 2 <= columns():
            rows[-1] += f" {item},"
        else:
            rows.append(f"{item},")
    return [f"{name} = [", *(_INDENT + row for row in rows), "]"]


def _tables(shape: Shape, value: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the TOML tables of a value: the path of each, and its direct keys."""
    items = list(_items(shape, value))
    direct = {name: item for inner, name, item in items if not _is_table(inner, item)}
    below = [(inner, name, item) for inner, name, item in items if _is_table(inner, item)]
    # An empty table still counts in [kinds] and [reviews.people], where its name has a meaning.
    if direct or not below:
        yield path, direct
    for inner, name, item in below:
        yield from _tables(inner, item, (*path, name))


def _items(shape: Shape, value: Mapping[str, Any]) -> Iterator[tuple[Shape, str, Any]]:
    if isinstance(shape, Record):
        for key in shape.keys:
            item = value.get(key.name, key.default)
            if item is not None and not _is_silent(key, item):
                yield key.shape, key.name, item
    else:
        inner = shape.item if isinstance(shape, TableOf) else shape
        for name, item in value.items():
            yield inner, name, item


def _is_silent(key: Key, item: object) -> bool:
    """Return whether a table is left out: one without entries, whose shape has no defaults of its own."""
    return item == {} and not isinstance(key.shape, Record)


def _is_table(shape: Shape, value: object) -> bool:
    """Return whether a value gets a ``[header]``; small tables without inner ones are written on one line."""
    small = isinstance(shape, TableOf) and not isinstance(shape.item, Record)
    return isinstance(value, Mapping) and not small


def _origin(path: Path, raw: Mapping[str, Any], file: str, places: Mapping[Path, int]) -> str:
    found: Any = raw
    for name in path:
        if not isinstance(found, Mapping) or name not in found:
            return "default"
        found = found[name]
    # A table has no line if only its keys have a header.
    lines = [line for place, line in places.items() if place[: len(path)] == path]
    return f"{file}:{min(lines)}"


def toml(value: object) -> str:
    """Return a value as TOML on one line. Text that a terminal would interpret or hide is escaped."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, Mapping):
        keys = (name if quoted(name) == name else _string(name) for name in value)
        items = ", ".join(f"{key} = {toml(item)}" for key, item in zip(keys, value.values(), strict=True))
        return f"{{ {items} }}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(toml(item) for item in value)}]"
    return str(value)


def _string(text: str) -> str:
    """Return a TOML basic string. JSON strings differ: TOML has no surrogate pairs."""
    return f'"{"".join(_char(char) for char in text)}"'


def _char(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    if safe(char) == char:
        return char
    return f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"


def line_numbers(text: str) -> dict[Path, int]:
    """Return the line, counted from 1, of every key by its path from the root. ``text`` is TOML that parses.

    TOML readers do not keep line numbers. But a statement ends at the first line up to which it parses on its own, so
    the reader itself finds them, without a second grammar of TOML.
    """
    places: dict[Path, int] = {}
    table: Path = ()
    for line, statement, value in _statements(text):
        if statement.lstrip().startswith("["):
            table = _innermost(value)
            places.setdefault(table, line)
        else:
            for path in _paths(value):
                places.setdefault((*table, *path), line)
    return places


def _statements(text: str) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Yield each table header and each key with its value: its first line, its text, and its parsed content."""
    statement, first = "", 1
    # Not splitlines: it also splits at characters that TOML allows in a string.
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if not statement:
            first = number
        statement += f"{line}\n"
        try:
            value = tomllib.loads(statement)
        except ValueError:
            continue
        if value:
            yield first, statement, value
        statement = ""


def _innermost(value: dict[str, Any]) -> Path:
    path: Path = ()
    found: Any = value
    while found:
        if isinstance(found, list):  # [[header]]
            [found] = found
            continue
        [(key, found)] = found.items()
        path = (*path, key)
    return path


def _paths(value: dict[str, Any]) -> Iterator[Path]:
    for key, inner in value.items():
        yield (key,)
        if isinstance(inner, dict):
            yield from ((key, *path) for path in _paths(inner))
