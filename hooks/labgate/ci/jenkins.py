"""Jenkins: changes and branches of a multibranch pipeline, branches of other jobs.

Source: the "Global Variable Reference" of Pipeline, the Git plugin's "Environment variables", and the GitHub Branch
Source plugin for the names of its jobs.
"""

from __future__ import annotations

import re

from labgate.ci.context import CHANGE, HEAD, Context, branch_build, context, head_of, unmerged_head
from labgate.ci.inputs import Input, Job, branch, is_oid, number, oid, repository, short_name, wrong
from labgate.ci.pulls import refs_by_address
from labgate.values.refnames import REMOTES

#: The end of the name of a change's job that builds its merge, when another job builds its head.
_MERGE_JOB = re.compile(r".+-merge")
_BUILD_HEADS = f'build "The current pull request revision" in the branch source, or export {HEAD}'


def jenkins(job: Job) -> Context:
    """Return the context of a Jenkins job. Raises: ``UndecidedError``."""
    job.refuse_tag("TAG_NAME")
    change = job.variable("CHANGE_ID")
    if change is not None:
        return _change(job, number(change))
    head = head_of(job, "GIT_COMMIT")
    ours = job.repository("GIT_URL")
    return branch_build(job, _branch_name(job), head, base=_last_built(job, head), repository=ours)


def _change(job: Job, change: Input) -> Context:
    ours = job.repository("GIT_URL")
    name = job.variable("CHANGE_BRANCH")
    source = name and short_name(name)
    fork = job.variable("CHANGE_FORK")
    refs = refs_by_address(job.variable("CHANGE_URL"))
    if not refs and fork is None and source is not None:
        refs = (branch(source),)
    return context(
        job,
        change.read_as(CHANGE),
        target=branch(job.need("CHANGE_TARGET")),
        head=_head(job),
        source=source,
        source_repository=_fork(fork, ours) if fork is not None else ours,
        repository=ours,
        change=change,
        head_refs=refs,
    )


def _head(job: Job) -> Input:
    """Return the head of a change; a declared one comes first.

    Jenkins builds a merge of the change if the branch source is set up so, and no variable shows that reliably.
    """
    name = job.variable("BRANCH_NAME")
    if name is not None and _MERGE_JOB.fullmatch(name.text):
        return unmerged_head(job, name, _BUILD_HEADS)
    declared = job.variable(HEAD)
    return head_of(job, "GIT_COMMIT") if declared is None else oid(declared)


def _branch_name(job: Job) -> Input:
    name = job.variable("BRANCH_NAME")
    if name is not None:
        return short_name(name)
    tracked = job.need("GIT_BRANCH")
    if tracked.text == "detached":
        raise wrong(tracked, "means that a commit is built, not a branch")
    return short_name(tracked.read_as(tracked.text.removeprefix(REMOTES).removeprefix("origin/")))


def _last_built(job: Job, head: Input) -> Input | None:
    """Return the branch's tip at its previous build.

    A repeated build has its own commit there, which would leave nothing to judge.
    """
    for name in ("GIT_PREVIOUS_COMMIT", "GIT_PREVIOUS_SUCCESSFUL_COMMIT"):
        given = job.variable(name)
        if given is not None and is_oid(given) and given.text.lower() != head.text:
            return oid(given)
    return None


def _fork(fork: Input, ours: Input | None) -> Input | None:
    """Return the fork. Jenkins gives its owner alone if the name is the same, else its path."""
    if ours is None:
        return None
    host, _, path = ours.text.partition("/")
    name = fork.text if "/" in fork.text else f"{fork.text}/{path.rpartition('/')[2]}"
    return repository(fork.read_as(f"https://{host}/{name}"))
