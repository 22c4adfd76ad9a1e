"""Bitbucket Pipelines: pull requests and pushes. It does not say what a push replaced.

Source: Atlassian's "Variables and secrets", the table of default variables.
"""

from __future__ import annotations

from labgate.ci.context import CHANGE, Context, branch_build, context, head_of
from labgate.ci.inputs import Input, Job, branch, is_oid, number, oid, short_name


def bitbucket(job: Job) -> Context:
    """Return the context of a Bitbucket Pipelines job. Raises: ``UndecidedError``."""
    job.refuse_tag("BITBUCKET_TAG")
    # HEAD is the target merged into the source branch, made here; the variable is the source branch's own tip.
    head = head_of(job, "BITBUCKET_COMMIT")
    name = short_name(job.need("BITBUCKET_BRANCH"))
    ours = job.repository("BITBUCKET_GIT_HTTP_ORIGIN")
    change = job.variable("BITBUCKET_PR_ID")
    if change is None:
        return branch_build(job, name, head, repository=ours)
    return context(
        job,
        change.read_as(CHANGE),
        target=branch(job.need("BITBUCKET_PR_DESTINATION_BRANCH")),
        head=head,
        base=_base(job),
        source=name,
        # Pipelines start for pull requests within the repository only.
        source_repository=ours,
        repository=ours,
        change=number(change),
        head_refs=(branch(name),),
    )


def _base(job: Job) -> Input | None:
    """Return the target's tip, ``None`` if it is abbreviated to twelve digits, as in most builds of pull requests."""
    given = job.variable("BITBUCKET_PR_DESTINATION_COMMIT")
    return oid(given) if given is not None and is_oid(given) else None
