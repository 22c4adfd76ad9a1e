"""The refs in which code hosts keep the head of a pull or merge request, for CI systems that serve several hosts.

Source: GitHub's "Checking out pull requests locally" (Gitea keeps the same refs), GitLab's "Merge request head ref",
Atlassian's notes on ``refs/pull-requests`` of Bitbucket Data Center, Microsoft's "Build Azure Repos Git repositories".
"""

from __future__ import annotations

import re

from labgate.ci.inputs import Input, number, wrong
from labgate.values.refnames import GITHUB_QUEUE

#: GitHub's name for the branch of a merge group, with the pull request that it adds to the queue.
_QUEUED = re.compile(GITHUB_QUEUE + r".+/pr-([1-9][0-9]{0,17})-(?:[0-9a-f]{40}|[0-9a-f]{64})")
#: The end of a pull request's web address on GitHub and Gitea, GitLab, Bitbucket Data Center and Azure Repos, and the
#: ref in which that host keeps it. Azure Repos has only the merge, whose second parent is the head.
_ADDRESSES = (
    (re.compile(r".*/pulls?/([0-9]+)/?"), "refs/pull/{}/head"),
    (re.compile(r".*/merge_requests/([0-9]+)/?"), "refs/merge-requests/{}/head"),
    (re.compile(r".*/pull-requests/([0-9]+)(?:/overview)?/?"), "refs/pull-requests/{}/from"),
    (re.compile(r".*/pullrequest/([0-9]+)/?"), "refs/pull/{}/merge"),
)
#: Pull requests of Bitbucket Cloud have no refs.
_BITBUCKET_CLOUD = re.compile(r"https?://(?:[^/@]*@)?bitbucket\.org/.*")


def pull_ref(change: Input) -> Input:
    """Return the ref of a pull request on GitHub, Gitea and Forgejo."""
    return change.read_as(f"refs/pull/{change.text}/head")


def merge_request_ref(change: Input) -> Input:
    """Return the ref of a merge request on GitLab."""
    return change.read_as(f"refs/merge-requests/{change.text}/head")


def queued_number(ref: Input) -> Input | None:
    """Return the number of the pull request that a branch of GitHub's merge queue adds, ``None`` for other names."""
    found = _QUEUED.fullmatch(ref.text)
    return ref.read_as(found[1]) if found else None


def number_in(address: Input) -> Input:
    """Return the number in a pull request's web address. Raises: ``UndecidedError`` when it has none."""
    found = _found(address)
    if found is None:
        raise wrong(address, "is not the address of a pull or merge request")
    return number(address.read_as(found[0]))


def refs_by_address(address: Input | None) -> tuple[Input, ...]:
    """Return the ref of the pull request with a web address; empty if its host keeps none."""
    if address is None or _BITBUCKET_CLOUD.fullmatch(address.text):
        return ()
    found = _found(address)
    return () if found is None else (address.read_as(found[1].format(found[0])),)


def _found(address: Input) -> tuple[str, str] | None:
    for pattern, ref in _ADDRESSES:
        match = pattern.fullmatch(address.text)
        if match:
            return match[1], ref
    return None
