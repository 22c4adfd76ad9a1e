"""The change that a CI job runs for, in the same words whatever the CI system."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from labgate.ci.told import Job, Told
from labgate.values.value import Value

#: What a job runs for: a pull or merge request; a merge group or train; a push to a branch, after the fact.
CHANGE, QUEUE, LANDED = "change", "queue", "landed"


class Context(Value):
    """What one CI job was told. All of it is a hint: what the fetched target holds decides.

    ``system`` is the CI system, ``event`` one of ``CHANGE``, ``QUEUE`` and ``LANDED``. ``target`` is the full name of
    the branch on which the change is to land, or which was pushed. ``head`` is the full oid of the last commit of the
    change itself; a merge that the host made only to test it is never meant. ``base`` is the full oid of the target's
    tip before the change; ``None``: the system does not say, or the branch is new, which ``created`` tells.

    ``source`` is the short name of the branch that the change comes from, ``source_repository`` the repository that has
    it (the fork, for a pull request from one) and ``repository`` the one that ``target`` is in, both as
    ``host/owner/name`` with a lower-case host; ``None`` where the system does not say. ``change`` is the number of the
    pull or merge request, ``pusher`` the login of who started it; ``None``: there is none, or it is not said.

    ``head_refs`` are refs of ``repository`` that led to ``head`` when the job was started, the surest first. ``api`` is
    the base URL of the host's REST API, without a slash at the end; ``None`` where the system gives none.
    ``origins`` has, for each member that is set, the variable that it came from, and for an event file the place in it:
    ``GITHUB_EVENT_PATH: pull_request.head.sha``.
    """

    system: str
    event: str
    target: str
    head: str
    base: str | None
    created: bool
    source: str | None
    source_repository: str | None
    repository: str | None
    change: int | None
    pusher: str | None
    head_refs: tuple[str, ...]
    api: str | None
    origins: Mapping[str, str]


def context(
    job: Job,
    event: Told,
    *,
    target: Told,
    head: Told,
    base: Told | None = None,
    created: Told | None = None,
    source: Told | None = None,
    source_repository: Told | None = None,
    repository: Told | None = None,
    change: Told | None = None,
    pusher: Told | None = None,
    head_refs: tuple[Told, ...] = (),
    api: Told | None = None,
) -> Context:
    """Return what was told as a context, with the origin of each part; ``None`` is what was not told."""
    members = {
        "system": job.system,
        "event": event,
        "target": target,
        "head": head,
        "base": base,
        "created": created,
        "source": source,
        "source_repository": source_repository,
        "repository": repository,
        "change": change,
        "pusher": pusher,
        "head_refs": head_refs[0] if head_refs else None,
        "api": api,
    }
    return Context(
        system=job.system.text,
        event=event.text,
        target=target.text,
        head=head.text,
        base=_text(base),
        created=created is not None,
        source=_text(source),
        source_repository=_text(source_repository),
        repository=_text(repository),
        change=None if change is None else int(change.text),
        pusher=_text(pusher),
        head_refs=tuple(ref.text for ref in head_refs),
        api=_text(api),
        origins=MappingProxyType({name: told.origin for name, told in members.items() if told is not None}),
    )


def _text(told: Told | None) -> str | None:
    return None if told is None else told.text
