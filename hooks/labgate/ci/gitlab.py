"""GitLab CI: merge requests, their merged results and trains, and pushes.

Source: GitLab's "Predefined CI/CD variables reference", "Merged results pipelines" and "Merge trains".
"""

from __future__ import annotations

from labgate.ci.context import CHANGE, LANDED, QUEUE, Context, context
from labgate.ci.inputs import (
    Input,
    Job,
    api,
    branch,
    nothing_to_judge,
    number,
    oid,
    oid_or_none,
    repository,
    short_name,
    wrong,
)
from labgate.ci.pulls import merge_request_ref

_KIND = "CI_MERGE_REQUEST_EVENT_TYPE"
_HEAD = "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"
_TARGET = "CI_MERGE_REQUEST_TARGET_BRANCH_SHA"


def gitlab(job: Job) -> Context:
    """Return the context of a GitLab CI job. Raises: ``UndecidedError``."""
    # Not by CI_PIPELINE_SOURCE: it is parent_pipeline in a child pipeline of a merge request.
    change = job.variable("CI_MERGE_REQUEST_IID")
    if change is not None:
        return _merge_request(job, number(change))
    source = job.need("CI_PIPELINE_SOURCE")
    if source.text != "push":
        raise nothing_to_judge(source, "is a pipeline that proposes no change to a branch")
    job.refuse_tag("CI_COMMIT_TAG")
    return _push(job, source)


def _merge_request(job: Job, change: Input) -> Context:
    kind = job.variable(_KIND)
    train = kind is not None and kind.text == "merge_train"
    target = job.variable(_TARGET)
    return context(
        job,
        kind.read_as(QUEUE) if kind is not None and train else change.read_as(CHANGE),
        target=branch(job.need("CI_MERGE_REQUEST_TARGET_BRANCH_NAME")),
        head=_head(job, kind),
        # In a train the target includes the requests before this one. CI_MERGE_REQUEST_DIFF_BASE_SHA is the merge base
        # of the last diff, which becomes outdated when the target is changed: it is not used.
        base=target and oid_or_none(target),
        source=short_name(job.need("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME")),
        source_repository=job.repository("CI_MERGE_REQUEST_SOURCE_PROJECT_URL"),
        # Not CI_PROJECT_URL: a fork's merge request may run in the fork.
        repository=repository(job.variable("CI_MERGE_REQUEST_PROJECT_URL") or job.variable("CI_PROJECT_URL")),
        change=change,
        pusher=job.variable("GITLAB_USER_LOGIN"),
        head_refs=(merge_request_ref(change),),
        api=api(job.variable("CI_API_V4_URL")),
    )


def _head(job: Job, kind: Input | None) -> Input:
    """Return the request's own head: CI_COMMIT_SHA is a merge made for the pipeline when merged results are tested."""
    head = job.variable(_HEAD)
    if head is not None:
        return oid(head)
    if kind is not None and kind.text != "detached":
        raise wrong(kind, f"means that a merge is built, and {_HEAD} is not set")
    return oid(job.need("CI_COMMIT_SHA"))


def _push(job: Job, source: Input) -> Context:
    target = branch(job.need("CI_COMMIT_BRANCH"))
    before = job.need("CI_COMMIT_BEFORE_SHA")
    base = oid_or_none(before)
    return context(
        job,
        source.read_as(LANDED),
        target=target,
        head=oid(job.need("CI_COMMIT_SHA")),
        base=base,
        created=before if base is None else None,
        repository=job.repository("CI_PROJECT_URL"),
        pusher=job.variable("GITLAB_USER_LOGIN"),
        head_refs=(target,),
        api=api(job.variable("CI_API_V4_URL")),
    )
