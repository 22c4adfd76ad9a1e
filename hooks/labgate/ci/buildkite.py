"""Buildkite: pull requests, GitHub's merge queue and pushes. It does not say what a push replaced.

Source: Buildkite's "Environment variables" and "Using GitHub merge queues".
"""

from __future__ import annotations

from labgate.ci.context import CHANGE, HEAD, QUEUE, Context, branch_build, context, head_of, unmerged_head
from labgate.ci.inputs import Input, Job, branch, nothing_to_judge, number, oid, short_name
from labgate.ci.pulls import merge_request_ref, pull_ref, queued_number

_QUEUE = "BUILDKITE_MERGE_QUEUE_BASE_BRANCH"
_MERGED = "BUILDKITE_PULL_REQUEST_USING_MERGE_REFSPEC"
_REPOSITORY = "BUILDKITE_REPO"


def buildkite(job: Job) -> Context:
    """Return the context of a Buildkite job. Raises: ``UndecidedError``."""
    job.refuse_tag("BUILDKITE_TAG")
    source = job.variable("BUILDKITE_SOURCE")
    if source is not None and source.text == "schedule":
        raise nothing_to_judge(source, "is a source that proposes no change to a branch")
    queue = job.variable(_QUEUE)
    if queue is not None:
        return _merge_group(job, queue)
    change = job.variable("BUILDKITE_PULL_REQUEST")
    if change is not None and change.text != "false":
        return _pull_request(job, number(change))
    name = short_name(job.need("BUILDKITE_BRANCH"))
    return branch_build(job, name, head_of(job, "BUILDKITE_COMMIT"), repository=job.repository(_REPOSITORY))


def _merge_group(job: Job, target: Input) -> Context:
    queue = branch(job.need("BUILDKITE_BRANCH"))
    return context(
        job,
        target.read_as(QUEUE),
        target=branch(target),
        head=oid(job.need("BUILDKITE_COMMIT")),
        base=oid(job.need("BUILDKITE_MERGE_QUEUE_BASE_COMMIT")),
        repository=job.repository(_REPOSITORY),
        change=queued_number(queue),
        head_refs=(queue,),
    )


def _pull_request(job: Job, change: Input) -> Context:
    ours = job.repository(_REPOSITORY)
    theirs = job.repository("BUILDKITE_PULL_REQUEST_REPO") or ours
    # A fork's branch may be shown as OWNER:BRANCH; no branch has a colon in its name.
    name = job.need("BUILDKITE_BRANCH")
    source = short_name(name.read_as(name.text.rpartition(":")[2]))
    within = theirs is not None and ours is not None and theirs.text == ours.text
    return context(
        job,
        change.read_as(CHANGE),
        target=branch(job.need("BUILDKITE_PULL_REQUEST_BASE_BRANCH")),
        head=_head(job, change),
        source=source,
        source_repository=theirs,
        repository=ours,
        change=change,
        head_refs=_head_refs(job, change, source if within else None),
    )


def _head(job: Job, change: Input) -> Input:
    if not job.says(_MERGED):
        return head_of(job, "BUILDKITE_COMMIT")
    asked = f"git ls-remote origin {pull_ref(change).text} | cut -f1"
    return unmerged_head(job, job.need(_MERGED), f'export {HEAD}="$({asked})"')


def _head_refs(job: Job, change: Input, source: Input | None) -> tuple[Input, ...]:
    provider = job.environ.get("BUILDKITE_PIPELINE_PROVIDER", "")
    if provider.startswith("github"):
        return (pull_ref(change),)
    if provider.startswith("gitlab"):
        return (merge_request_ref(change),)
    return () if source is None else (branch(source),)
