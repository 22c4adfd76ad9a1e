"""Who opens and makes files: only ``labgate.values`` below a git directory, where somebody else may have put links."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from test_architecture import MODULES, package_of, tree

#: Functions that open, make, move or delete files, by the module or object that they belong to; ``""`` for builtins.
CALLS = {
    "": {"open"},
    "os": {
        *("open", "mkdir", "makedirs", "mkfifo", "symlink", "link", "rename", "replace", "renames", "unlink"),
        *("remove", "removedirs", "rmdir", "truncate", "chmod", "utime"),
    },
    "io": {"open", "open_code"},
    "shutil": {"rmtree", "copy", "copy2", "copyfile", "copytree", "move", "copyfileobj"},
    "sqlite3": {"connect"},
    "tempfile": {"mkstemp", "mkdtemp", "TemporaryDirectory", "NamedTemporaryFile", "TemporaryFile"},
}
#: Methods of ``pathlib.Path``, whatever the object is called.
METHODS = {"write_text", "write_bytes", "read_bytes", "touch", "symlink_to", "hardlink_to", "rmdir", "unlink"}
#: What other modules open or make, and where it is: never labgate's own files below a git directory.
ALLOWED = {
    # The index that git itself names, which labgate only reads.
    "labgate.experiments.staged_codes": {"open"},
    # Folders for temporary files, with random names, and what is in them.
    "labgate.git.borrowed": {"tempfile.mkdtemp", "os.makedirs", "os.mkdir", "os.rmdir", "os.unlink", "open"},
    "labgate.git.worktrees": {"tempfile.mkdtemp", "shutil.rmtree"},
    "labgate.git.runner": {"tempfile.mkstemp", "os.unlink"},
    "labgate.cli.demo": {"tempfile.TemporaryDirectory", "shutil.rmtree", "os.makedirs"},
    "labgate.demo.story": {"os.makedirs", "open"},
    "labgate.experiments.run_folder": {"tempfile.mkdtemp"},
    # Standard streams, and files that a person or the CI system named.
    "labgate.cli.main": {"os.open"},
    "labgate.cli.trace": {"open"},
    "labgate.cli.reporting": {"open"},
    "labgate.cli.experiment_run": {"open"},
    "labgate.experiments.supervise": {"os.open"},
    "labgate.hook": {"os.open", "open"},
    # The process table, /dev/null, artifacts in the work tree, and folders that somebody typed.
    "labgate.experiments.family": {"open"},
    "labgate.git.detached": {"open", "os.open"},
    "labgate.experiments.copies": {"os.makedirs", "shutil.copy2", "os.replace", "os.unlink"},
    "labgate.entrypoints.experiment_run": {"os.makedirs", "shutil.rmtree"},
}


def opened(source: ast.Module) -> Iterator[str]:
    """Yield the calls of a module that open, make, move or delete files, also by names that it imports or passes on."""
    renamed = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(source)
        if isinstance(node, ast.ImportFrom) and node.module in CALLS
        for alias in node.names
        if alias.name in CALLS[node.module]
    }
    yield from renamed.values()
    for node in ast.walk(source):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in CALLS:
            if node.attr in CALLS[node.value.id]:
                yield f"{node.value.id}.{node.attr}"
        elif isinstance(node, ast.Attribute) and node.attr in METHODS:
            yield f".{node.attr}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS[""]:
            yield node.func.id


def test_only_the_values_open_and_make_files_below_a_git_directory() -> None:
    found = {module: set(opened(tree(module))) for module in MODULES if package_of(module) != "values"}
    assert {module: calls for module, calls in found.items() if calls - ALLOWED.get(module, set())} == {}


def test_the_list_names_nothing_that_is_gone() -> None:
    gone = {module: calls - set(opened(tree(module))) for module, calls in ALLOWED.items()}
    assert {module: calls for module, calls in gone.items() if calls} == {}


def test_every_way_to_open_a_file_is_seen() -> None:
    text = """
import os, shutil, sqlite3
from os import makedirs as make
def bad(path):
    open(path); os.open(path, 0); make(path); duty = partial(shutil.rmtree, path); sqlite3.connect(path)
    Path(path).write_text("")
"""
    assert set(opened(ast.parse(text))) == {
        *("open", "os.open", "os.makedirs", "shutil.rmtree", "sqlite3.connect", ".write_text"),
    }
