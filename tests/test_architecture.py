"""Who may know whom (docs/adr, CONTRIBUTING.md): read from the source, so that late imports count as well."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from labgate.checks import CHECKS as NAMES
from support.data import ROOT

SOURCE = ROOT / "hooks"
VALUES = frozenset({"labgate", "values"})

#: What each part of labgate may import, by the first name after ``labgate``; itself is always allowed.
ALLOWED: dict[str, frozenset[str]] = {
    **dict.fromkeys(VALUES, VALUES),
    "policy": VALUES,
    "git": VALUES,
    "forge": VALUES,
    "wording": VALUES,
    "provenance": VALUES | {"policy", "git"},
    "reviews": VALUES | {"policy", "git"},
    "experiments": VALUES | {"policy", "git"},
    "native": VALUES | {"policy", "git"},
    "ci": VALUES,
    "checks": VALUES | {"policy", "reviews"},
    "facts": VALUES | {"policy", "git", "provenance", "reviews", "experiments", "checks"},
    "gate": VALUES | {"policy", "checks", "facts"},
    "stages": VALUES
    | {"policy", "git", "provenance", "reviews", "experiments", "checks", "facts", "gate", "native", "ci", "forge"},
    "report": VALUES | {"wording"},
    # What `init` and `demo` start: above all that judges, below the command line.
    "setup": VALUES | {"policy", "git", "provenance", "checks", "native", "stages", "report"},
    "demo": VALUES | {"git", "native", "setup"},
}
#: What people and git start may import everything.
ENTRANCES = frozenset({"cli", "hook", "__main__"})
#: What goes the other way, in late imports only.
EXCEPTIONS = frozenset(
    {
        # Which codes may ``[levels]`` name? Only the checks know.
        ("labgate.policy.parse", "labgate.checks"),
        # The native message hooks' list of experiment branches is rewritten whenever a policy is read.
        ("labgate.policy.cache", "labgate.native.branches"),
    }
)

#: What a passing commit hook imports (ADR 0002), beside modules whose docstring ends its first paragraph with ``HOT.``
#: Their imports at the top, and what these import in turn, are light.
HOT = (
    "labgate",
    "labgate.hook",
    "labgate.values.errors",
    "labgate.values.value",
    "labgate.values.finding",
    "labgate.values.batch",
    "labgate.policy.glob",
    "labgate.policy.grammar",
    "labgate.policy.model",
    "labgate.policy.pattern",
    "labgate.checks",
    "labgate.checks.branch_name.check",
    "labgate.checks.commit_size.check",
    "labgate.git.runner",
)
HEAVY = frozenset(
    [
        *(
            "argparse",
            "asyncio",
            "click",
            "collections",
            "dataclasses",
            "difflib",
            "enum",
            "functools",
            "git",
            "hashlib",
        ),
        *("importlib", "inspect", "json", "logging", "pathlib", "re", "shlex", "shutil", "sqlite3", "subprocess"),
        *("tempfile", "threading", "tomllib", "traceback", "typing", "unicodedata"),
    ]
)
PROCESS_STARTERS = ("posix_spawn", "exec", "spawn", "fork", "popen", "system", "startfile")


def module_name(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(SOURCE.rglob("*.py"))}
CHECKS = [name for name in MODULES if name.startswith("labgate.checks.")]


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def part_of(module: str) -> str:
    """Return the first name after ``labgate``: its package, or the module itself."""
    return module.split(".")[1] if "." in module else module


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def executed_at_import(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what runs when a module is imported: not function bodies, not what only a type checker reads."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)) or is_type_checking(child):
            continue
        yield child
        yield from executed_at_import(child)


def imported(nodes: Iterable[ast.AST]) -> set[str]:
    """Return the modules that these nodes import: of labgate exactly, of others as written."""
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            base = node.module or ""
            inner = {f"{base}.{alias.name}" for alias in node.names}
            names |= (inner & MODULES.keys()) | ({base} if inner - MODULES.keys() else set())
    return names


def imports_of(module: str) -> set[str]:
    return imported(ast.walk(tree(module)))


def with_packages(module: str) -> Iterator[str]:
    """Yield a module of labgate and the packages whose ``__init__`` runs before it."""
    parts = module.split(".")
    for length in range(1, len(parts) + 1):
        name = ".".join(parts[:length])
        if name in MODULES:
            yield name


def reached(module: str, *, at_import: bool) -> dict[str, str]:
    """Return everything that a module leads to, each with the module of labgate that imports it."""
    found: dict[str, str] = {}
    open_ = [*with_packages(module)]
    seen = set(open_)
    while open_:
        current = open_.pop()
        nodes = executed_at_import(tree(current)) if at_import else ast.walk(tree(current))
        for name in imported(nodes):
            found.setdefault(name, current)
            for inner in with_packages(name):
                if inner not in seen:
                    seen.add(inner)
                    open_.append(inner)
    return found


def calls_itself_hot(module: str) -> bool:
    return (ast.get_docstring(tree(module)) or "").split("\n\n")[0].endswith(" HOT.")


def test_the_source_was_found() -> None:
    assert {"labgate", "labgate.values.finding", "labgate.cli.main"} <= MODULES.keys()
    assert len(CHECKS) >= 4


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_what_its_layer_may_know(module: str) -> None:
    part = part_of(module)
    if part in ENTRANCES:
        return
    assert part in ALLOWED, f"labgate.{part} is new here: say in ALLOWED what it may import"
    allowed = ALLOWED[part] | {part}
    ours = {name for name in imports_of(module) if name.split(".")[0] == "labgate"}
    strangers = {name for name in ours if part_of(name) not in allowed and (module, name) not in EXCEPTIONS}
    assert not strangers, f"{module} imports {sorted(strangers)}"


@pytest.mark.parametrize("check", NAMES)
def test_a_check_knows_no_other_check(check: str) -> None:
    checks = {f"labgate.checks.{name.replace('-', '_')}" for name in NAMES}
    own = f"labgate.checks.{check.replace('-', '_')}"
    helpers, seen = [own], {own}
    while helpers:
        new = imports_of(helpers.pop()) & set(CHECKS) - seen
        seen |= new
        helpers += new
    assert seen & checks == {own}


@pytest.mark.parametrize("module", CHECKS)
def test_a_check_reaches_neither_git_nor_the_machine(module: str) -> None:
    forbidden = ("labgate.git", "labgate.facts", "os", "sys", "io", "pathlib", "subprocess", "sqlite3", "git", "click")
    found = reached(module, at_import=False)
    assert not {name: by for name, by in found.items() if name in forbidden or name.startswith("labgate.git.")}


@pytest.mark.parametrize("module", CHECKS)
def test_a_check_neither_prints_nor_opens_files(module: str) -> None:
    called = {
        node.func.id
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not called & {"print", "open", "exit", "quit", "input", "eval", "exec", "__import__"}


@pytest.mark.parametrize("module", [name for name in MODULES if part_of(name) != "git"])
def test_only_the_git_package_starts_processes(module: str) -> None:
    barred = {"subprocess", "multiprocessing", "pty"}
    if module == "labgate.fingerprints.workers":
        # A second core parses: its processes are copies of this one, and start no program but through `git`.
        barred -= {"multiprocessing"}
    assert not barred & imports_of(module)
    used = [
        node.attr
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os"
    ]
    assert not [name for name in used if name.startswith(PROCESS_STARTERS)]


@pytest.mark.parametrize("module", MODULES)
def test_exceptions_are_late_imports(module: str) -> None:
    assert not {name for name in imported(executed_at_import(tree(module))) if (module, name) in EXCEPTIONS}


@pytest.mark.parametrize("module", MODULES)
def test_gitpython_is_imported_late(module: str) -> None:
    assert "git" not in imported(executed_at_import(tree(module)))


@pytest.mark.parametrize("module", [*HOT, *(name for name in MODULES if calls_itself_hot(name) and name not in HOT)])
def test_what_a_commit_hook_imports_is_light(module: str) -> None:
    found = reached(module, at_import=True)
    heavy = {name: by for name, by in found.items() if name.split(".")[0] in HEAVY}
    assert not heavy, f"{module} leads to {heavy}"


@pytest.mark.parametrize("module", MODULES)
def test_a_value_is_no_dataclass(module: str) -> None:
    """They are written and compiled at each import (docs/adr/0014)."""
    assert not imports_of(module) & {"dataclasses", "attr", "attrs"}


def test_the_modules_of_a_commit_hook_exist() -> None:
    assert set(HOT) <= MODULES.keys()


@pytest.mark.parametrize(
    "path",
    [path for folder in ("hooks", "tests", "benchmarks") for path in sorted((ROOT / folder).rglob("*.py"))],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_a_file_has_less_than_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < 400


@pytest.mark.parametrize("module", MODULES)
def test_a_function_has_less_than_50_lines(module: str) -> None:
    functions = [node for node in ast.walk(tree(module)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    assert not {node.name: lines(node) for node in functions if lines(node) >= 50}


def lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


@pytest.mark.parametrize("module", MODULES)
def test_a_module_says_in_one_sentence_what_it_is_for(module: str) -> None:
    docstring = ast.get_docstring(tree(module)) or ""
    assert docstring.partition("\n\n")[0].rstrip().endswith((".", "?"))
