"""Jenkins: changes and branches of a multibranch pipeline, branches of other jobs.

Source: the "Global Variable Reference" of Pipeline, the Git plugin's "Environment variables", and the GitHub Branch
Source plugin for the names of its jobs.
"""

from __future__ import annotations

import re

from labgate.ci.context import CHANGE, HEAD, Context, branch_build, context, head_of, unmerged_head
from labgate.ci.pulls import refs_by_address
from labgate.ci.told import Job, Told, branch, is_oid, number, oid, repository, short_name, wrong
from labgate.values.refnames import REMOTES

#: What the job of a change is called where its merge is built and another one builds its head.
_MERGE_JOB = re.compile(r".+-merge")
_BUILD_HEADS = f'build "The current pull request revision" in the branch source, or export {HEAD}'


def jenkins(job: Job) -> Context:
    """Return what Jenkins says. Raised: ``UndecidedError``."""
    job.refuse_tag("TAG_NAME")
    change = job.variable("CHANGE_ID")
    if change is not None:
        return _change(job, number(change))
    head = head_of(job, "GIT_COMMIT")
    ours = job.repository("GIT_URL")
    return branch_build(job, _branch_name(job), head, base=_last_built(job, head), repository=ours)


def _change(job: Job, change: Told) -> Context:
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


def _head(job: Job) -> Told:
    """Return the head of a change, a declared one first.

    GIT_COMMIT is a merge that Jenkins made where the branch source says so, and no variable tells that for sure.
    """
    name = job.variable("BRANCH_NAME")
    if name is not None and _MERGE_JOB.fullmatch(name.text):
        return unmerged_head(job, name, _BUILD_HEADS)
    declared = job.variable(HEAD)
    return head_of(job, "GIT_COMMIT") if declared is None else oid(declared)


def _branch_name(job: Job) -> Told:
    name = job.variable("BRANCH_NAME")
    if name is not None:
        return short_name(name)
    tracked = job.need("GIT_BRANCH")
    if tracked.text == "detached":
        raise wrong(tracked, "means that a commit is built, not a branch")
    return short_name(tracked.read_as(tracked.text.removeprefix(REMOTES).removeprefix("origin/")))


def _last_built(job: Job, head: Told) -> Told | None:
    """Return where the branch stood when it was built before.

    A build that is started again has its own commit there: nothing would be left to judge.
    """
    for name in ("GIT_PREVIOUS_COMMIT", "GIT_PREVIOUS_SUCCESSFUL_COMMIT"):
        told = job.variable(name)
        if told is not None and is_oid(told) and told.text.lower() != head.text:
            return oid(told)
    return None


def _fork(fork: Told, ours: Told | None) -> Told | None:
    """Return the fork: its owner alone where the name is the same, its path in all other cases."""
    if ours is None:
        return None
    host, _, path = ours.text.partition("/")
    name = fork.text if "/" in fork.text else f"{fork.text}/{path.rpartition('/')[2]}"
    return repository(fork.read_as(f"https://{host}/{name}"))
