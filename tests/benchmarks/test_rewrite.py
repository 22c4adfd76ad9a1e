from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path

import pytest
from tracing import rewrite

from support.thorough import tried

HOOKS = Path(__file__).parents[2] / "hooks"
#: Programs to rewrite: some of labgate's own modules.
MODULES = sorted(str(path.relative_to(HOOKS)) for path in HOOKS.rglob("*.py"))[:: tried(8, 1)]


def syntax(text: str) -> str:
    """Return the syntax tree of a program without its free-standing texts, which are documentation."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            node.value = ast.Constant("text")
    return ast.dump(tree)


@pytest.mark.parametrize("module", MODULES)
def test_a_program_means_the_same_after_any_edit_but_a_renaming(module: str) -> None:
    text = (HOOKS / module).read_text(encoding="utf-8")
    meant = syntax(text)
    for edit in (rewrite.rewrap, rewrite.swap_quotes, rewrite.without_comments):
        assert syntax("\n".join(edit(module, text.split("\n")))) == meant, edit.__name__


@pytest.mark.parametrize("module", MODULES)
def test_no_comment_is_left(module: str) -> None:
    text = (HOOKS / module).read_text(encoding="utf-8")
    bare = "\n".join(rewrite.without_comments(module, text.split("\n")))
    assert not [t for t in tokenize.generate_tokens(io.StringIO(bare).readline) if t.type == tokenize.COMMENT]


def test_statements_are_filled_to_the_width() -> None:
    line = "    return first_of_all(the_one, another_one, yet_another_one) or something_else"
    assert rewrite.rewrap("a.py", [line], 40) == [
        "    return first_of_all(the_one,",
        "        another_one, yet_another_one) or \\",
        "        something_else",
    ]


def test_lines_of_an_open_bracket_are_joined_first() -> None:
    assert rewrite.rewrap("a.py", ["f(", "    a,", "    b,", ")"]) == ["f(a, b,)"]


def test_prose_is_filled_by_paragraph() -> None:
    lines = ["- one two three four", "- five six", "", "seven", "eight"]
    assert rewrite.rewrap("a.md", lines, 12) == [
        "- one two",
        "  three four",
        "- five six",
        "",
        "seven eight",
    ]


def test_settings_are_not_filled() -> None:
    assert rewrite.rewrap("a.toml", ["a = 1", "b = 2"]) == ["a = 1", "b = 2"]


def test_quotes_are_swapped_and_a_last_comma_dropped() -> None:
    lines = ["""f("a", 'b', "it's",""", "    g,", ")"]
    assert rewrite.swap_quotes("a.py", lines) == ["""f('a', "b", "it's",""", "    g", ")"]


def test_the_most_used_names_are_renamed_in_their_style() -> None:
    files = [("a.py", ["Price = LIMIT", "rank(Price, LIMIT, Price)", "print(rank)"]), ("a.md", ["rank"] * 9)]
    new = rewrite.names(files, 3)
    assert list(new) == ["Price", "LIMIT", "rank"]
    assert [name.isupper() for name in new.values()] == [False, True, False]
    assert rewrite.rename("a.py", ["Price = prices  # Price"], new) == [f"{new['Price']} = prices  # {new['Price']}"]
    assert rewrite.rename("a.md", ["Price"], new) == ["Price"]
