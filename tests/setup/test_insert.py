"""labgate's hooks go into other people's configuration, and every byte of theirs stays."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from labgate.policy.reader import read_toml
from labgate.setup.insert import (
    HOOKS,
    into_pre_commit_config,
    into_prek_config,
    is_there,
    new_pre_commit_config,
)
from labgate.setup.source import Source
from support.env import hermetic

INDEX = Source()
GIT = Source("https://example.org/tools/labgate", "ab" * 20)

BLACK = "repo: https://example.org/black\n    rev: '1'\n    hooks:\n    - id: black\n"
COMMENTED = """\
# The team's hooks.   Two blanks stay two.
exclude: |
  (?x)^(
    docs/  # no comment
  )$

repos:
  # formatters
  - repo: https://example.org/black   # the formatter
    rev: "24.1.0"
    hooks:
      - id: black
        args: [--line-length, '100',
          --quiet]
        # no strings

  - repo: local
    hooks:
      - id: mine
        name: don't "worry"
        entry: |
          sh -c 'echo #1'
        language: system
  # - repo: https://example.org/later
  #   rev: x

# for pre-commit.ci
ci:
  autofix_prs: false
"""


def ids(text: str) -> list[str]:
    config: dict[str, Any] = yaml.safe_load(text)
    return [hook["id"] for repo in config["repos"] for hook in repo["hooks"]]


OURS = [hook.id for hook in HOOKS]


def inserted(text: str, source: Source = INDEX) -> str:
    """Insert, and check what must hold wherever it goes: the old text is all there, around one new piece."""
    after = into_pre_commit_config(text, source)
    assert after is not None
    prefix = next((at for at, (one, two) in enumerate(zip(text, after, strict=False)) if one != two), len(text))
    assert any(after.startswith(text[:at]) and after.endswith(text[at:]) for at in range(prefix + 1))
    return after


@pytest.mark.parametrize("source", [INDEX, GIT], ids=["from the index", "from git"])
@pytest.mark.parametrize(
    "text",
    [
        COMMENTED,
        f"repos:\n-   {BLACK}",
        f"repos:\n- {BLACK.replace('    ', '  ')}",
        f"repos:\n  - {BLACK}ci: {{autofix_prs: false}}\n",
        f"repos:\n- {BLACK.replace('    ', '  ').rstrip()}",
        f"---\n# x\nrepos:  # ours\n\n  - {BLACK}\n\n# bye\n",
        f"\ufeffrepos:\n  - {BLACK}",
        "repos:\n- repo: x\n  rev: y\n  hooks:\n  - {id: a, args: [\n']',\n]}\nfail_fast: true\n",
        "repos:\n-\n  repo: x\n  hooks:\n  -\n    id: a\n",
        "x: &x [--a]\nrepos:\n- &r\n  repo: x\n  hooks:\n  - id: a\n    args: *x\n- *r\nci: {}\n",
        f'"\\x72epos" :\n  - {BLACK}',
        f"%YAML 1.2\n---\nrepos:\n  - {BLACK}... # end\n# bye\n",
        "  repos:\n    - repo: x\n      hooks: [id: a]\n  ci: {}\n",
        "ci: 1\nci: 2\nrepos:\n- repo: x\n  hooks: []\n",
        "repos:\n- repo: x\n  hooks:\n  - id: a\n    name: 'b\n\n# no comment\n'\n# bye\n",
    ],
    ids=[
        "comments everywhere",
        "four columns",
        "no indentation",
        "another key behind it",
        "no newline at the end",
        "marker and comments",
        "byte order mark",
        "brackets that close in the first column",
        "dashes on lines of their own",
        "anchors and aliases",
        "an escaped key",
        "directive and end marker",
        "indented keys",
        "another key twice",
        "a quoted text over several lines",
    ],
)
def test_it_goes_behind_the_others(text: str, source: Source) -> None:
    after = inserted(text, source)
    before: dict[str, Any] = yaml.safe_load(text)
    now: dict[str, Any] = yaml.safe_load(after)
    assert {key: value for key, value in now.items() if key != "repos"} == {
        key: value for key, value in before.items() if key != "repos"
    }
    assert now["repos"][:-1] == before["repos"]
    assert [hook["id"] for hook in now["repos"][-1]["hooks"]] == OURS
    assert is_there(after)


def test_an_anchor_that_is_set_twice_warns_nobody() -> None:
    """YAML allows it (1.2.2, 3.2.2.2), though PyYAML does not; ruamel.yaml would warn on stderr."""
    text = f"x: &x 1\ny: &x 2\nrepos:\n  - {BLACK}"
    assert inserted(text).startswith(text)


def test_it_indents_as_the_file_does() -> None:
    after = inserted("repos:\n-   repo: x\n    rev: y\n    hooks:\n    -   id: a\n")
    assert "\n-   repo: local\n    hooks:\n    -   id: labgate-commit\n        name: labgate (commit)\n" in after


def test_it_leaves_a_blank_line_where_the_file_does() -> None:
    assert "\n\n  - repo: local\n    hooks:\n      - id: labgate-commit\n" in inserted(COMMENTED)


def test_every_line_ends_as_the_others_do() -> None:
    after = inserted(COMMENTED.replace("\n", "\r\n"))
    assert "\n" not in after.replace("\r\n", "")
    assert ids(after) == ["black", "mine", *OURS]


@pytest.mark.parametrize(
    "text",
    [
        *("repos: []\n", "repos: [ ]  # none yet\nci: {}\n", "repos: [\n]\n", "repos:\n  []\n", "repos:\n# none\n"),
        *("repos: ~\n", "", "# nothing\n", "ci: {}", "---\n", "\ufeff"),
    ],
)
def test_a_configuration_without_hooks_gets_the_first_ones(text: str) -> None:
    after = into_pre_commit_config(text, INDEX)
    assert after is not None
    assert ids(after) == OURS
    assert all(line in after for line in re.sub(r"\s(\[\s*\]|~)", "", text).splitlines())


@pytest.mark.parametrize(
    "text",
    [
        "repos: [{repo: local, hooks: []}]\n",
        "repos: *anchor\n",
        "- repo: x\n  hooks: []\n",
        "[]\n",
        f"repos:\n- {BLACK}---\nrepos: []\n",
        "repos:\n  - repo: 'x\n",
        "repos: []\nrepos: []\n",
        "repos: []\n'repos': []\n",
        "repos:\n  key: value\n",
        "repos: {}\n",
        "{repos: []}\n",
        "--- text\n",
        "ci: {}\n...\n",
        "repos: [ # none\n]\n",
        "repos: &none []\n",
        "repos:\n- repo: x\n  hooks:\n  - id: a\n    entry: |+\n      b\n\n\nci: {}\n",
        "repos:\n-\n- repo: x\n",
        "[" * 5000,
        'a: "\\UFFFFFFFF"\nrepos: []\n',
        'a: "\\U00110000"\nrepos: []\n',
        "# caf\udce9\nrepos: []\n",
    ],
    ids=[
        *("flow list", "alias", "very old form", "a list", "two documents", "open quote", "twice", "twice, in quotes"),
        *("no list", "another map", "flow map", "a text", "end marker", "comment in brackets", "anchor"),
        *("blank lines that count", "an empty entry", "too deep", "no character", "no Unicode", "no UTF-8"),
    ],
)
def test_what_cannot_be_told_for_sure_is_left_to_people(text: str) -> None:
    assert into_pre_commit_config(text, INDEX) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  - id: labgate-push", True),
        ("  - repo: https://example.org/labgate.git  # ours", True),
        ("  - repo: https://example.org/labgate", True),
        ("    entry: labgate-hook pre-push", True),
        ("  # - repo: https://example.org/labgate", False),
        ("  - repo: https://example.org/labgates", False),
        ("  - repo: https://example.org/labgate/other", False),
        ("", False),
    ],
)
def test_it_sees_itself(text: str, expected: bool) -> None:
    assert is_there(text) is expected


_COMMENTS = st.sampled_from(["", "# c\n", "\n", "  # deep\n", "    # deeper 'quote\n", "\n# [\n"])
_VALUES = st.sampled_from(["x", "'a # b'", '"it\'s"', "[a, 'b]']", "{a: b}", "|\n{0} # text\n{0} 'x", "don't", "a#b"])


@settings(deadline=None)
@given(
    st.integers(0, 4),
    st.integers(1, 3),
    st.integers(0, 3),
    st.lists(st.tuples(_VALUES, _COMMENTS), min_size=1, max_size=4),
    st.sampled_from(["", "ci:\n  skip: [a]\n", "fail_fast: true"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_any_layout_keeps_its_meaning(
    indent: int, gap: int, hooks: int, values: list[tuple[str, str]], tail: str, end: str
) -> None:
    pad = " " * indent
    key = pad + " " * (1 + gap)
    text = "# start\nrepos:\n"
    for value, comment in values:
        text += f"{pad}-{' ' * gap}repo: x\n{key}rev: {value.replace('{0}', key + '  ')}\n{comment}"
        text += f"{key}hooks:\n{key}{' ' * hooks}- id: a\n{comment}"
    text = (text + tail).replace("\n", end)
    before = yaml.safe_load(text)
    after = yaml.safe_load(inserted(text))
    assert after["repos"][:-1] == before["repos"]
    assert after.get("ci") == before.get("ci")
    assert [hook["id"] for hook in after["repos"][-1]["hooks"]] == OURS


@pytest.mark.parametrize("tool", ["pre-commit", "prek"])
@pytest.mark.parametrize("source", [INDEX, GIT], ids=["from the index", "from git"])
@pytest.mark.parametrize("text", [None, COMMENTED, "repos: []\n"], ids=["new", "comments everywhere", "empty list"])
def test_the_frameworks_take_the_file(text: str | None, source: Source, tool: str, tmp_path: Path) -> None:
    after = new_pre_commit_config(source) if text is None else into_pre_commit_config(text, source)
    assert after is not None
    (tmp_path / ".pre-commit-config.yaml").write_text(after)
    program = Path(sys.executable).parent / tool
    done = subprocess.run(
        [program, "validate-config", ".pre-commit-config.yaml"],
        cwd=tmp_path,
        env=hermetic(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "unexpected key" not in (done.stdout + done.stderr).lower()


@pytest.mark.parametrize("source", [INDEX, GIT], ids=["from the index", "from git"])
@pytest.mark.parametrize(
    "text",
    ["", "# ours\r\n[[repos]]\r\nrepo = 'local'\r\nhooks = []\r\n", "fail_fast = true"],
    ids=["empty", "CRLF", "no newline at the end"],
)
def test_prek_gets_them_at_the_end(text: str, source: Source, tmp_path: Path) -> None:
    after = into_prek_config(text, source)
    assert after is not None
    assert after.startswith(text)
    now = read_toml(after, "")
    assert [hook["id"] for hook in now["repos"][-1]["hooks"]] == OURS
    assert now["repos"][:-1] == read_toml(text, "").get("repos", [])
    if "\r" in text:
        assert "\n" not in after.replace("\r\n", "")
    (tmp_path / "prek.toml").write_text(after, newline="")
    program = Path(sys.executable).parent / "prek"
    subprocess.run([program, "validate-config", "prek.toml"], cwd=tmp_path, env=hermetic(tmp_path), check=True)


@pytest.mark.parametrize("text", ["repos = []\n", "repos = [{ repo = 'local', hooks = [] }]\n", "not toml"])
def test_prek_files_that_cannot_grow_are_left_to_people(text: str) -> None:
    assert into_prek_config(text, INDEX) is None
