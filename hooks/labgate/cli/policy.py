"""``labgate policy``: show, check or describe the policy of this repository."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import click

from labgate.cli.lazy import Entry, LazyGroup
from labgate.values.errors import NoPolicyError, PolicyError
from labgate.values.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labgate.git.repository import Repository
    from labgate.policy.shape import Path, Record

COMMANDS = {
    "show": Entry("labgate.cli.policy:show", "Print the policy in force, defaults and all."),
    "check": Entry("labgate.cli.policy:check", "Say every mistake in a policy at once."),
    "schema": Entry("labgate.cli.policy:schema", "Print the JSON Schema of labgate.toml."),
}


@click.group(cls=LazyGroup, table=COMMANDS, short_help="Show, check or describe the policy of this repository.")
def policy() -> None:
    """Show, check or describe the policy of this repository."""


class PolicyFile(Value):
    """A file that holds a policy: its name, where it was found (for people), and what it says."""

    name: str
    place: str
    text: bytes

    @property
    def table(self) -> Path:
        """The table of the file that is the policy; empty for the whole file."""
        from labgate.policy.model import PYPROJECT
        from labgate.policy.reader import PYPROJECT_TABLE

        return PYPROJECT_TABLE if os.path.basename(self.name) == PYPROJECT else ()


@click.command(short_help="Print the policy in force, defaults and all.")
@click.option("--origin", is_flag=True, help="Say of each value where it comes from: a line of the file, or default.")
def show(origin: bool) -> None:
    """Print the policy in force as a labgate.toml, with every default written out.

    It is the work tree's, or where that has none the trunk's. What judges a push or a change in CI is always the
    trunk's own, as it was before the change.
    """
    from labgate.checks.registry import policy_reader
    from labgate.git.repository import discover
    from labgate.policy.toml import read_toml
    from labgate.research.section import ResearchGate

    file = _found(discover(os.environ))
    reader = policy_reader()
    parsed = reader.parse(file.text, file.name, table=file.table)
    raw = read_toml(file.text, file.name)
    for name in file.table:
        raw = raw[name]
    click.echo(f"# The policy in force: {_shown(file)}")
    sources = parsed.section(ResearchGate).sources
    for line in _lines(reader.record, file, raw, sources, origin):
        click.echo(line)


@click.command(short_help="Say every mistake in a policy at once.")
@click.argument("file", required=False)
@click.option("--verbose", "-v", is_flag=True, help="Say it when there is none.")
def check(file: str | None, verbose: bool) -> None:
    """Say every mistake in a policy at once, also what it says in vain.

    FILE is a labgate.toml or a pyproject.toml; without one it is the work tree's. Exit status 2 when there is
    a mistake.
    """
    from labgate.checks.registry import policy_reader

    found = _worktree_file() if file is None else PolicyFile(file, file, _read(file))
    reader = policy_reader()
    parsed = reader.parse(found.text, found.name, table=found.table)
    in_vain = reader.lint(parsed, found.name, found.table)
    if in_vain:
        raise PolicyError(in_vain)
    if verbose:
        click.echo(f"labgate: no mistake in {_shown(found)}")


@click.command(short_help="Print the JSON Schema of labgate.toml.")
def schema() -> None:
    """Print the JSON Schema of labgate.toml (draft 2020-12), for editors that complete and check it."""
    from labgate.checks.registry import policy_reader

    click.echo(json.dumps(policy_reader().schema(), indent=2))


def _found(repository: Repository) -> PolicyFile:
    """Return the work tree's policy, else the trunk's. Raises ``NoPolicyError`` when there is neither."""
    found = _in_worktree(repository) or _on_trunk(repository)
    if found is None:
        message = "there is no policy in the work tree or on the trunk"
        raise NoPolicyError(message, "write a labgate.toml; `labgate policy schema` describes it")
    return found


def _worktree_file() -> PolicyFile:
    from labgate.git.repository import discover

    found = _in_worktree(discover(os.environ))
    if found is None:
        message = "there is no policy in the work tree"
        raise NoPolicyError(message, "labgate policy check FILE")
    return found


def _in_worktree(repository: Repository) -> PolicyFile | None:
    from labgate.checks.registry import policy_reader
    from labgate.scene.governing_policy import worktree_policy

    found = worktree_policy(repository, policy_reader())
    if found is None:
        return None
    path = found[1]
    return PolicyFile(os.path.basename(path), path, _read(path))


def _on_trunk(repository: Repository) -> PolicyFile | None:
    """Return the policy of the remote-tracking trunk, or of a local one where there is no remote."""
    from labgate.checks.registry import policy_reader
    from labgate.git.refs import read_refs
    from labgate.policy.model import FILES
    from labgate.scene.governing_policy import policy_at, trunk_name
    from labgate.values.refnames import tip_ref

    refs = read_refs(repository)
    remote = repository.usual_remote
    reader = policy_reader()
    trunk = trunk_name(repository, refs, remote, None, reader)
    tip = None if trunk is None else refs.get(tip_ref(remote, trunk))
    found = None if tip is None else policy_at(repository, tip, reader)
    if tip is None or found is None:
        return None
    listing = os.fsdecode(repository.git.run("ls-tree", "-z", "--full-tree", tip, "--", *FILES))
    name = next(entry.partition("\t")[2] for entry in listing.split("\0") if found[1] in entry)
    return PolicyFile(name, f"{tip}:{name}", repository.git.run("cat-file", "blob", found[1]))


def _read(path: str) -> bytes:
    from labgate.policy.toml import MAX_BYTES

    with open(path, "rb") as stream:
        return stream.read(MAX_BYTES + 1)  # one more than allowed, so that parsing refuses it


def _shown(file: PolicyFile) -> str:
    from labgate.report.escape import safe

    table = f" [{'.'.join(file.table)}]" if file.table else ""
    return safe(file.place) + table


def _lines(
    record: Record, file: PolicyFile, raw: dict[str, object], sources: tuple[str, ...], origin: bool
) -> Iterator[str]:
    from labgate.cli.policy_lines import line_numbers
    from labgate.cli.policy_text import policy_lines

    places = None
    if origin:
        depth = len(file.table)
        everywhere = line_numbers(file.text.decode("utf-8"))
        places = {path[depth:]: line for path, line in everywhere.items() if path[:depth] == file.table}
    return policy_lines(record, raw, sources, file.name, places)
