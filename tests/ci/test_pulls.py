"""Where hosts keep pull requests: by number, by web address, and in the name of a merge group's branch."""

from __future__ import annotations

import pytest

from labgate.ci import pulls
from labgate.ci.inputs import Input
from labgate.values.errors import UndecidedError


def given(text: str) -> Input:
    return Input(text, "VARIABLE")


@pytest.mark.parametrize(
    ("address", "refs"),
    [
        ("https://github.com/acme/models/pull/7", ["refs/pull/7/head"]),
        ("https://git.example.org/acme/models/pulls/7", ["refs/pull/7/head"]),
        ("https://gitlab.com/acme/ml/models/-/merge_requests/7", ["refs/merge-requests/7/head"]),
        ("https://bitbucket.example.org/projects/AC/repos/models/pull-requests/7", ["refs/pull-requests/7/from"]),
        (
            "https://bitbucket.example.org/projects/AC/repos/models/pull-requests/7/overview",
            ["refs/pull-requests/7/from"],
        ),
        ("https://bitbucket.org/acme/models/pull-requests/7", []),
        ("https://dev.azure.com/acme/lab/_git/models/pullrequest/7", ["refs/pull/7/merge"]),
    ],
)
def test_an_address_leads_to_number_and_ref(address: str, refs: list[str]) -> None:
    assert pulls.number_in(given(address)).text == "7"
    assert [ref.text for ref in pulls.refs_by_address(given(address))] == refs


@pytest.mark.parametrize("address", ["https://github.com/acme/models", "https://github.com/acme/models/pull/x", "7"])
def test_another_address_leads_nowhere(address: str) -> None:
    assert pulls.refs_by_address(given(address)) == ()
    with pytest.raises(UndecidedError, match="VARIABLE"):
        pulls.number_in(given(address))


@pytest.mark.parametrize(
    ("ref", "number"),
    [
        (f"refs/heads/gh-readonly-queue/main/pr-104-{'a' * 40}", "104"),
        (f"refs/heads/gh-readonly-queue/release/2/pr-7-{'a' * 64}", "7"),
        ("refs/heads/gh-readonly-queue/main/pr-104", None),
        (f"refs/heads/topic/pr-104-{'a' * 40}", None),
    ],
)
def test_a_branch_of_the_merge_queue_names_its_pull_request(ref: str, number: str | None) -> None:
    found = pulls.queued_number(given(ref))
    assert (None if found is None else found.text) == number
