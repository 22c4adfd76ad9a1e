"""The layers of labgate (docs/architecture.md), read from the source, so that late imports count as well."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from support.data import ROOT
from support.hot import HEAVY, HOT

SOURCE = ROOT / "hooks"

#: The packages from the bottom up. One may import itself and what stands in the lines above its own.
LAYERS = (
    {"values"},
    {"policy", "git", "ci", "forge", "report"},
    {"research", "fingerprints", "reviews", "experiments", "native"},
    {"derivation"},
    {"scene", "overview"},
    {"checks"},
    {"gate"},
    {"entrypoints"},
    {"setup"},
    {"demo"},
    {"cli", "hook"},
    {"__main__"},
)
#: Names that everybody may import from ``labgate`` itself: its version and the name of its folder.
ROOT_MODULE = "labgate"
#: Only the git package runs git; a second core parses in copies of this process, which start no program; and the
#: supervisor of experiments starts what somebody typed.
STARTS_PROCESSES = {"git": {"subprocess"}, "fingerprints": {"multiprocessing"}, "experiments": {"subprocess"}}
PROCESS_CALLS = ("posix_spawn", "exec", "spawn", "fork", "popen", "system", "startfile")
#: The supervisor becomes a command that needs no supervision.
ALLOWED_CALLS = {("labgate.experiments.supervise", "execvpe")}
#: What a pure module of a check may not reach, however indirectly.
IMPURE = frozenset({"os", "sys", "io", "pathlib", "subprocess", "sqlite3", "git", "click", "time", "socket"})
PURE = ("rules", "check", "section")
PRINTS_OR_OPENS = frozenset({"print", "open", "exit", "quit", "input", "eval", "exec", "__import__"})


def module_name(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(SOURCE.rglob("*.py"))}
LEVEL = {package: level for level, packages in enumerate(LAYERS) for package in packages}


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def package_of(module: str) -> str:
    """Return the first name after ``labgate``: its package, or the module itself."""
    return module.split(".")[1] if "." in module else module


def executed(node: ast.AST, *, late: bool) -> Iterator[ast.AST]:
    """Yield what runs: never what only a type checker reads; function bodies only if ``late``."""
    for child in ast.iter_child_nodes(node):
        typing = isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING"
        if typing or (not late and isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))):
            continue
        yield child
        yield from executed(child, late=late)


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


@cache
def imports_of(module: str) -> frozenset[str]:
    return frozenset(imported(ast.walk(tree(module))))


def ours(module: str) -> set[str]:
    return {name for name in imports_of(module) if name.startswith("labgate.")}


def reached(module: str, *, at_import: bool) -> dict[str, str]:
    """Return everything that a module leads to, each with the module of labgate that imports it."""
    found: dict[str, str] = {}
    waiting, seen = [module], {module}
    while waiting:
        current = waiting.pop()
        for name in imported(executed(tree(current), late=not at_import)):
            found.setdefault(name, current)
            parts = name.split(".")
            # The packages' own modules run as well.
            inner = {".".join(parts[:length]) for length in range(1, len(parts) + 1)} & MODULES.keys() - seen
            seen |= inner
            waiting += inner
    return found


def circles() -> list[list[str]]:
    """Return the modules that import each other, however indirectly; late imports count."""
    names = {module: imported(executed(tree(module), late=True)) & MODULES.keys() for module in MODULES}
    reach = {module: set(found) for module, found in names.items()}
    for middle in MODULES:
        for module in MODULES:
            if middle in reach[module]:
                reach[module] |= reach[middle]
    return [
        [module, *sorted(other for other in reach[module] if module in reach[other])]
        for module in MODULES
        if module in reach[module]
    ]


def calls(module: str) -> set[str]:
    return {
        node.func.id
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


def is_pure(module: str) -> bool:
    parts = module.split(".")
    return package_of(module) == "checks" and len(parts) > 3 and parts[-1] in PURE


def test_the_source_was_found() -> None:
    assert {"labgate", "labgate.values.finding", "labgate.cli.main"} <= MODULES.keys()
    assert sum(is_pure(module) for module in MODULES) >= 8


def test_no_package_imports_from_its_own_layer_or_from_above() -> None:
    up = {
        (module, name)
        for module in MODULES
        for name in ours(module)
        if package_of(name) != package_of(module) and LEVEL[package_of(name)] >= LEVEL.get(package_of(module), 0)
    }
    assert not up


def test_every_package_stands_in_a_layer() -> None:
    assert {package_of(module) for module in MODULES} - {ROOT_MODULE} == LEVEL.keys()


def test_no_modules_import_each_other() -> None:
    assert not circles()


def test_no_check_imports_another() -> None:
    def folder(name: str) -> str:
        return ".".join(name.split(".")[:3])

    others = {
        (module, name)
        for module in MODULES
        if package_of(module) == "checks" and module.count(".") > 2
        for name in ours(module)
        if name.startswith("labgate.checks.") and name.count(".") > 2 and folder(name) != folder(module)
    }
    assert not others


def test_a_check_reaches_neither_git_nor_the_machine() -> None:
    found = {
        (module, name, by)
        for module in filter(is_pure, MODULES)
        for name, by in reached(module, at_import=False).items()
        if name in IMPURE or name.startswith("labgate.git")
    }
    assert not found


def test_a_check_neither_prints_nor_opens_files() -> None:
    assert not {module: found for module in filter(is_pure, MODULES) if (found := calls(module) & PRINTS_OR_OPENS)}


def test_only_the_git_package_starts_processes() -> None:
    starters = {"subprocess", "multiprocessing", "pty"}
    found = {
        (module, name)
        for module in MODULES
        for name in imports_of(module) & (starters - STARTS_PROCESSES.get(package_of(module), set()))
    }
    calling = {
        (module, node.attr)
        for module in MODULES
        if package_of(module) != "git"
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os"
        if node.attr.startswith(PROCESS_CALLS)
    }
    assert not found | calling - ALLOWED_CALLS


def test_only_the_supervisor_starts_what_somebody_typed() -> None:
    starters = [name for name in MODULES if package_of(name) == "experiments" and "subprocess" in imports_of(name)]
    assert starters == ["labgate.experiments.supervise"]


def test_gitpython_is_imported_late_and_no_value_is_a_dataclass() -> None:
    """GitPython takes longer to import than a whole check; dataclasses are compiled at each import (docs/adr/0014)."""
    assert not {module for module in MODULES if "git" in imported(executed(tree(module), late=False))}
    assert not {module for module in MODULES if imports_of(module) & {"dataclasses", "attr", "attrs"}}


def test_what_a_commit_hook_imports_is_light() -> None:
    heavy = {
        (module, name, by)
        for module in HOT
        for name, by in reached(module, at_import=True).items()
        if name.split(".")[0] in HEAVY
    }
    assert not heavy


def test_a_function_has_less_than_50_lines() -> None:
    long = {
        f"{module}.{node.name}": length
        for module in MODULES
        for node in ast.walk(tree(module))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        if (length := (node.end_lineno or node.lineno) - node.lineno + 1) >= 50
    }
    assert not long


def test_a_module_says_in_one_sentence_what_it_is_for() -> None:
    silent = {
        module
        for module in MODULES
        if not (ast.get_docstring(tree(module)) or "").partition("\n\n")[0].rstrip().endswith((".", "?"))
    }
    assert not silent
