"""GitHub Actions, and Gitea and Forgejo Actions, which use the same names. The event file has the change.

Source: GitHub's "Webhook events and payloads" and "Variables reference"; Gitea's "Compared to GitHub Actions" and its
webhook payloads.
"""

from __future__ import annotations

from labgate.ci.context import CHANGE, LANDED, QUEUE, Context, context
from labgate.ci.inputs import (
    Input,
    Job,
    api,
    branch,
    full_name,
    is_oid,
    nothing_to_judge,
    number,
    oid,
    oid_or_none,
    repository,
    short_name,
)
from labgate.ci.pulls import pull_ref, queued_number
from labgate.values.refnames import TAGS

#: Their events all have the pull request as it is now, under the same name.
_PULL_REQUEST_EVENTS = ("pull_request", "pull_request_target", "pull_request_review", "pull_request_review_comment")


def actions(job: Job) -> Context:
    """Return the context of a job of GitHub, Gitea or Forgejo Actions. Raises: ``UndecidedError``."""
    if job.system.text == "gitea":
        server = api(job.variable("GITHUB_SERVER_URL"))
        rest = server and server.read_as(f"{server.text}/api/v1")
    else:
        rest = api(job.variable("GITHUB_API_URL"))
    event = job.need("GITHUB_EVENT_NAME")
    if event.text in _PULL_REQUEST_EVENTS:
        return _pull_request(job, event, rest)
    if event.text == "merge_group":
        return _merge_group(job, event, rest)
    if event.text == "push":
        return _push(job, event, rest)
    raise nothing_to_judge(event, "is an event that proposes no change to a branch")


def _pull_request(job: Job, event: Input, rest: Input | None) -> Context:
    state = job.member("pull_request.state")
    if state is not None and state.text == "closed":
        raise nothing_to_judge(state, "means that nothing is about to land; a landing is judged on push")
    change = number(job.need_member("pull_request.number"))
    # The base is the target's tip when the pull request was last updated: a hint that becomes outdated.
    base = job.member("pull_request.base.sha")
    return context(
        job,
        event.read_as(CHANGE),
        target=branch(job.need_member("pull_request.base.ref")),
        head=oid(job.need_member("pull_request.head.sha")),
        base=base and oid_or_none(base),
        source=_source(job, change),
        # A deleted fork is null.
        source_repository=repository(job.member("pull_request.head.repo.html_url")),
        repository=_repository(job, "pull_request.base.repo.html_url"),
        change=change,
        pusher=_pusher(job),
        former=_former(job),
        head_refs=(pull_ref(change),),
        api=rest,
    )


def _former(job: Job) -> Input | None:
    """Return the head before a push to the change, which only the event of such a push has (GitHub, "synchronize")."""
    before = job.member("before")
    return before and (oid_or_none(before) if is_oid(before) else None)


def _merge_group(job: Job, event: Input, rest: Input | None) -> Context:
    queue = full_name(job.need_member("merge_group.head_ref"))
    return context(
        job,
        event.read_as(QUEUE),
        target=full_name(job.need_member("merge_group.base_ref")),
        # Here the commit that the host made is the one that lands if it passes.
        head=oid(job.need_member("merge_group.head_sha")),
        base=oid(job.need_member("merge_group.base_sha")),
        repository=_repository(job, "repository.html_url"),
        change=queued_number(queue),
        pusher=_pusher(job),
        head_refs=(queue,),
        api=rest,
    )


def _push(job: Job, event: Input, rest: Input | None) -> Context:
    ref = job.need_member("ref")
    if ref.text.startswith(TAGS):
        raise nothing_to_judge(ref, "is a tag, on which no change lands")
    target = full_name(ref)
    after = job.need_member("after")
    head = oid_or_none(after)
    if head is None:
        raise nothing_to_judge(ref, "was deleted")
    before = job.need_member("before")
    base = oid_or_none(before)
    return context(
        job,
        event.read_as(LANDED),
        target=target,
        head=head,
        base=base,
        created=before if base is None else None,
        repository=_repository(job, "repository.html_url"),
        pusher=_pusher(job),
        head_refs=(target,),
        api=rest,
    )


def _source(job: Job, change: Input) -> Input | None:
    """Return the source branch; ``None`` for a pull request of Gitea's AGit flow, which has no branch."""
    source = job.need_member("pull_request.head.ref")
    if job.system.text == "gitea" and source.text == pull_ref(change).text:
        return None
    return short_name(source)


def _repository(job: Job, path: str) -> Input | None:
    found = repository(job.member(path))
    server, name = job.variable("GITHUB_SERVER_URL"), job.variable("GITHUB_REPOSITORY")
    if found is not None or server is None or name is None:
        return found
    return repository(Input(f"{server.text}/{name.text}", "GITHUB_SERVER_URL, GITHUB_REPOSITORY"))


def _pusher(job: Job) -> Input | None:
    return job.member("sender.login") or job.variable("GITHUB_ACTOR")
