"""Readers of foreign text: four times the text takes four times the work, whoever made it and however."""

from __future__ import annotations

import ast

import pytest

from support.foreign_texts import READERS, Reader, lines_run, seconds
from test_architecture import MODULES, tree

#: Four times the work, and what a dictionary or a sort adds to that.
MOST_LINES = 5.0
#: The same for what runs in C, whose time a busy machine changes; a quadratic reader takes sixteen times as long.
MOST_TIME = 9.0
#: Times below this, in seconds, say nothing.
SHORT = 0.02
#: Modules that parse text, by what they import, and whose text is no stranger's or was read by another module.
TRUSTED = {
    **dict.fromkeys(
        (
            "cli.demo",
            "cli.doctor",
            "cli.experiment_listing",
            "cli.experiment_pin",
            "cli.experiment_verify",
            "cli.policy",
            "cli.rules",
            "cli.experiment_words",
        ),
        "prints JSON, or labgate's own text",
    ),
    **dict.fromkeys(("report.json", "overview.kept", "policy.cache"), "writes JSON, or reads labgate's own"),
    "policy.schema": "words of the policy, which the reader has read",
    "cli.experiment_run": "the caller's own command",
    "entrypoints.experiment_record": "a path of the caller's own",
    "values.regexes": "compiles patterns, and reads nothing",
    "experiments.doubts": "the caller's own command and configuration",
    "experiments.variables": "the caller's own environment",
    "ci.systems": "a file of the CI system, read up to a limit by the parser of JSON",
    "forge.connection": "a token of the caller's own",
    "setup.plan": "files of the work tree, which the modules of each configuration read",
    "setup.presets": "labgate's own",
    "setup.site": "labgate's own installation",
    "fingerprints.documents": "the index",
}


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_four_times_the_text_takes_four_times_the_steps(reader: Reader) -> None:
    reader.make(reader.size // 2)()  # what is loaded or compiled once; answers to the same question may be kept
    few, many = (lines_run(reader.make(size)) for size in (reader.size, 4 * reader.size))
    assert many <= MOST_LINES * few + 500, f"{few} and {many} lines of Python"


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_four_times_the_text_takes_four_times_the_time(reader: Reader) -> None:
    size = 4 * reader.size
    for _ in range(4):
        few, many = (min(seconds(reader.make(length)) for _ in range(2)) for length in (size, 4 * size))
        if many <= max(SHORT, MOST_TIME * few):
            return
    pytest.fail(f"{few * 1000:.0f} and {many * 1000:.0f} ms")


def test_a_new_parser_is_not_forgotten() -> None:
    """Every module that imports a parser has a row, or a reason why it has none."""
    parsing = {module for module in MODULES if {"re", "json", "tomllib"} & _imports(tree(module))}
    covered = {reader.of.__name__ for reader in READERS} | {f"labgate.{name}" for name in TRUSTED}
    assert sorted(parsing - covered) == []


def test_the_list_of_trusted_modules_names_none_that_is_gone() -> None:
    assert {f"labgate.{name}" for name in TRUSTED} <= set(MODULES)


def _imports(module: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found.add(node.module)
    return found
