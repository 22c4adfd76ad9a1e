"""Names of refs and objects, held against what git itself takes."""

from __future__ import annotations

import subprocess

import pytest

from labgate.values.refnames import (
    branch_named,
    branch_of,
    forbidden_part,
    is_branch_name,
    is_oid,
    short_ref,
    tip_ref,
    tracking_ref,
)


@pytest.mark.parametrize("text", ["0" * 40, "0123456789abcdef" * 4], ids=["SHA-1", "SHA-256"])
def test_a_full_object_id_is_one(text: str) -> None:
    assert is_oid(text)


@pytest.mark.parametrize(
    "text", ["", "HEAD", "0" * 39, "0" * 41, "0" * 63, "A" * 40, "0" * 40 + "\n", " " + "0" * 40, "g" * 40]
)
def test_anything_else_is_no_object_id(text: str) -> None:
    assert not is_oid(text)


@pytest.mark.parametrize(
    ("ref", "name"),
    [
        ("refs/heads/a/b", "a/b"),
        ("refs/remotes/origin/main", "origin/main"),
        ("refs/tags/v1", "v1"),
        ("refs/notes/x", "refs/notes/x"),
        ("refs/heads/refs/heads/x", "refs/heads/x"),
    ],
)
def test_short_ref(ref: str, name: str) -> None:
    assert short_ref(ref) == name


def test_only_a_branch_has_the_short_name_of_one() -> None:
    assert branch_of("refs/heads/a/b") == "a/b"
    assert [branch_of(ref) for ref in ("refs/tags/v1", "refs/remotes/origin/a", "a/b", "refs/heads")] == [None] * 4


def test_a_tip_is_remote_tracking_where_there_is_a_remote() -> None:
    assert tip_ref("origin", "a/b") == tracking_ref("origin", "a/b") == "refs/remotes/origin/a/b"
    assert tip_ref(None, "a/b") == "refs/heads/a/b"


def test_a_word_names_local_branches_before_remote_ones_and_never_tags() -> None:
    refs = {"refs/heads/x": "1", "refs/remotes/x": "2", "refs/remotes/origin/y": "3", "refs/tags/z": "4"}
    words = {"x": "refs/heads/x", "origin/y": "refs/remotes/origin/y", "z": None, "refs/tags/z": None, "y": None}
    assert {word: branch_named(word, refs) for word in words} == words


#: Names, and what git refuses in them; ``None`` where it takes them.
NAMES = [
    *((name, None) for name in ("a", "a/b", "a-", "a.b", "a@b", "@a", "{a}", "a{1}", "ü", "a.lockx", "HEAD")),
    *((f"a{part}b", part) for part in (" ", "~", "^", ":", "?", "[", "\\", "\x7f", "\x1f", "..", "@{", "//", "/.")),
    *(("", ""), ("-a", "-"), (".a", "."), ("/a", "/"), ("a/", "/"), ("a.", ".")),
    *(("a.lock", ".lock"), ("a.lock/b", ".lock/")),
]


@pytest.mark.parametrize(("name", "part"), NAMES)
def test_git_refuses_a_name_for_its_forbidden_part(name: str, part: str | None) -> None:
    assert forbidden_part(name) == part
    # With --branch git has one rule more: HEAD is no branch.
    assert is_branch_name(name) == (part is None and name != "HEAD")
    assert is_branch_name(name) == _git_takes(name)


@pytest.mark.parametrize("name", ["@", "refs/heads/main", "a*", "half\ud800pair", "nul\0byte", "line\n"])
def test_a_name_that_passes_for_something_else_is_no_branch_name(name: str) -> None:
    assert not is_branch_name(name)


def _git_takes(name: str) -> bool:
    command = ["git", "check-ref-format", "--branch", name]
    return subprocess.run(command, capture_output=True, check=False, timeout=30).returncode == 0
