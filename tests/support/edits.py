"""Edits of Python text as people make them: statements put into a function, a function added, names changed."""

from __future__ import annotations

import ast
import re
import textwrap
from collections import Counter
from collections.abc import Mapping


def functions(text: str) -> list[str]:
    """Return the names of the functions and methods of a module, in order."""
    found = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    return [node.name for node in sorted(found, key=lambda node: node.lineno)]


def source_of(text: str, name: str) -> str:
    """Return the lines of a function."""
    node = _find(text, name)
    return "".join(text.splitlines(keepends=True)[node.lineno - 1 : node.end_lineno])


def insert(text: str, name: str, after: int, code: str) -> str:
    """Put statements into a function behind its statement number ``after``; 0 is the docstring."""
    node = _find(text, name)
    place = node.body[after]
    return _spliced(text, place.end_lineno or 0, place.end_lineno or 0, textwrap.indent(code, " " * place.col_offset))


def replace(text: str, name: str, number: int, code: str) -> str:
    """Put statements in the place of a function's statement ``number``; 0 is the docstring."""
    place = _find(text, name).body[number]
    return _spliced(text, place.lineno - 1, place.end_lineno or 0, textwrap.indent(code, " " * place.col_offset))


def append(text: str, code: str, behind: str | None = None) -> str:
    """Add a definition at the end of a module, or behind a function of it that is no method."""
    if behind is None:
        return f"{text.rstrip()}\n\n\n{code.strip()}\n"
    line = _find(text, behind).end_lineno or 0
    return _spliced(text, line, line, f"\n\n{code.strip()}\n")


def top_names(text: str, count: int) -> list[str]:
    """Return the names that a module itself gives and uses most."""
    tree = ast.parse(text)
    given = {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    given |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    given |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)} - {"self"}
    used = Counter(word for word in re.findall(r"\w+", text) if word in given)
    return [word for word, _ in used.most_common(count)]


def renamed(text: str, names: Mapping[str, str]) -> str:
    """Change names wherever they stand as words."""
    return re.sub(r"\b(?:" + "|".join(map(re.escape, names)) + r")\b", lambda found: names[found[0]], text)


def _find(text: str, name: str) -> ast.FunctionDef:
    (node,) = (item for item in ast.walk(ast.parse(text)) if isinstance(item, ast.FunctionDef) and item.name == name)
    return node


def _spliced(text: str, start: int, end: int, code: str) -> str:
    lines = text.splitlines(keepends=True)
    return "".join([*lines[:start], code, *lines[end:]])
