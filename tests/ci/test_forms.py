"""Oids, branches, repositories and numbers: what counts as one is what git and the other parts of labgate say."""

from __future__ import annotations

import subprocess

import pytest

from labgate.ci import inputs as forms
from labgate.ci.inputs import Input
from labgate.values.errors import UndecidedError
from labgate.values.repository_name import repository_name

BRANCHES = [
    *("main", "research/bigger-batches", "experiment--housing--ada", "a.b", "a@b", "@a", "über/größe", "x/HEAD", "a{b"),
    *("ends-in-lock", "a.lockb", "gh-readonly-queue/main/pr-7-0123", "a'b", 'a"b', "a$b", "a;b", "(a)", "a\u2028b"),
]
NO_BRANCHES = [
    *("", "-f", "--upload-pack=x", "HEAD", ".a", "a/.b", "a..b", "a.lock", "a.lock/b", "a/", "/a", "a//b", "a."),
    *("a b", "a~1", "a^", "a:b", "a?", "a*", "a[b", "a\\b", "a@{1}", "a\x1bb", "a\x7fb", "a\nb", "a\tb"),
]


def given(text: str) -> Input:
    return Input(text, "VARIABLE")


def git_accepts(name: str) -> bool:
    """Ask git, which wants a full name to say no more than the format, and a branch not to be an option."""
    command = ["git", "check-ref-format", "--branch", name]
    done = subprocess.run(command, capture_output=True, check=False, timeout=30)
    # It answers for @{-1} and the like with what they stand for.
    return done.returncode == 0 and done.stdout.decode().rstrip("\n") == name


@pytest.mark.parametrize("name", BRANCHES)
def test_a_branch_of_git_is_a_branch(name: str) -> None:
    assert git_accepts(name)
    assert forms.branch(given(name)).text == f"refs/heads/{name}"
    assert forms.full_name(given(f"refs/heads/{name}")).text == f"refs/heads/{name}"


@pytest.mark.parametrize("name", NO_BRANCHES)
def test_what_is_no_branch_of_git_is_refused(name: str) -> None:
    assert not git_accepts(name)
    with pytest.raises(UndecidedError, match=r"^VARIABLE: .* is not a branch name"):
        forms.branch(given(name))


@pytest.mark.parametrize("name", ["@", "refs/heads/main", "refs/pull/7/head", "half\ud800pair", "nul\0byte"])
def test_a_name_that_passes_for_something_else_is_no_short_name(name: str) -> None:
    with pytest.raises(UndecidedError):
        forms.short_name(given(name))


@pytest.mark.parametrize("ref", ["main", "refs/tags/v1", "refs/pull/7/merge", "refs/heads/", "refs/heads/refs/heads/x"])
def test_another_ref_is_no_full_name_of_a_branch(ref: str) -> None:
    with pytest.raises(UndecidedError):
        forms.full_name(given(ref))


@pytest.mark.parametrize("length", [40, 64])
def test_an_oid_has_the_length_of_sha1_or_sha256_and_is_lower_case(length: int) -> None:
    assert forms.oid(given("A" * length)).text == "a" * length
    assert forms.oid_or_none(given("0" * length)) is None
    with pytest.raises(UndecidedError, match="is git's null oid"):
        forms.oid(given("0" * length))


@pytest.mark.parametrize("text", ["", "a" * 39, "a" * 41, "a" * 63, "g" * 40, "a" * 40 + "\n", " " + "a" * 39, "HEAD"])
def test_anything_else_is_no_oid(text: str) -> None:
    assert not forms.is_oid(given(text))
    with pytest.raises(UndecidedError, match="is not a full commit id"):
        forms.oid_or_none(given(text))


@pytest.mark.parametrize("text", ["", "0", "07", "-7", "7.0", "٣", "7\n", "9" * 19])
def test_what_counts_no_pull_request_is_no_number(text: str) -> None:
    with pytest.raises(UndecidedError, match="is not the number"):
        forms.number(given(text))


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://github.com/acme/models", "github.com/acme/models"),
        ("https://GitHub.com/Acme/models.git/", "github.com/Acme/models"),
        ("https://robot:secret@git.example.org:8443/acme/models.git", "git.example.org/acme/models"),
        ("git@github.com:acme/models.git", "github.com/acme/models"),
        ("ssh://git@gitlab.example.org:2222/acme/ml/models.git", "gitlab.example.org/acme/ml/models"),
        ("git://github.com/acme/models.git", "github.com/acme/models"),
        ("https://acme@dev.azure.com/acme/lab/_git/models", "dev.azure.com/acme/lab/_git/models"),
        ("/srv/git/models.git", None),
        ("file:///srv/git/models.git", None),
    ],
)
def test_a_repository_is_named_as_its_remote_is(url: str, name: str | None) -> None:
    found = forms.repository(given(url))
    assert (None if found is None else found.text) == name
    if name is not None:
        assert repository_name(url.rstrip("/")) == name


@pytest.mark.parametrize(
    "url",
    ["https://", "https://github.com", "https:///acme/models", "git@github.com:", "https://h/a b/c", "ssh://h/a:b"],
)
def test_a_malformed_url_is_no_repository(url: str) -> None:
    with pytest.raises(UndecidedError, match=r"^VARIABLE is not the URL of a repository$"):
        forms.repository(given(url))


def test_a_long_value_is_cut_in_a_message() -> None:
    with pytest.raises(UndecidedError) as caught:
        forms.oid(given("z" * 10_000))
    assert len(caught.value.message) < 200
