"""The change that a CI job runs for, in the same words whatever the CI system, and what a user adds to it.

``LABGATE_TARGET`` is the branch on which the change is to land, ``LABGATE_BASE`` the full oid of the tip of the pushed
branch before the push, ``LABGATE_HEAD`` the full oid of the last commit of the change. None of them overrides what the
system does say, except GIT_COMMIT of a change in Jenkins, which may be a merge.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from labgate.ci.told import Job, Told, branch, either_name, is_oid, oid, oid_or_none, wrong
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
    told = {
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
    members: dict[str, Any] = {name: None if part is None else part.text for name, part in told.items()}
    members["created"] = created is not None
    members["change"] = None if change is None else int(change.text)
    members["head_refs"] = tuple(ref.text for ref in head_refs)
    origins = {name: part.origin for name, part in told.items() if part is not None}
    return Context(**members, origins=MappingProxyType(origins))


TARGET, BASE, HEAD = "LABGATE_TARGET", "LABGATE_BASE", "LABGATE_HEAD"

_ABBREVIATED = re.compile(r"[0-9a-f]{4,63}")


def declared_target(job: Job) -> Told | None:
    """Return the short name of the declared target."""
    told = job.variable(TARGET)
    return told and either_name(told)


def declared_base(job: Job) -> Told | None:
    """Return the declared base. Raised: ``UndecidedError`` where it is no full oid, which nobody can look up here."""
    told = job.variable(BASE)
    if told is None:
        return None
    if told.text.strip("0") and not is_oid(told):
        raise wrong(told, "is no full commit id", f'export {BASE}="$(git rev-parse "${BASE}^{{commit}}")"')
    return oid_or_none(told)


def head_of(job: Job, name: str) -> Told:
    """Return the head that a variable holds, or the declared one where that is abbreviated or only says ``HEAD``."""
    told = job.need(name)
    if is_oid(told):
        return oid(told)
    begins = told.text.lower() if _ABBREVIATED.fullmatch(told.text.lower()) else ""
    if not begins and told.text != "HEAD":
        return oid(told)
    help = f'export {HEAD}="$(git rev-parse "${name}^{{commit}}")"'
    declared = job.variable(HEAD)
    if declared is None:
        raise wrong(told, "does not name the commit in full", help)
    if not oid(declared).text.startswith(begins):
        raise wrong(declared, f"is not the commit in {name}", help)
    return oid(declared)


def unmerged_head(job: Job, told: Told, help: str) -> Told:
    """Return the declared head where ``told`` says that the system's own is a merge made to test the change.

    Raised: ``UndecidedError`` where none is declared.
    """
    declared = job.variable(HEAD)
    if declared is None:
        raise wrong(told, "means that a merge is built, which is not the change's own head", help)
    return oid(declared)


def branch_build(
    job: Job,
    name: Told,
    head: Told,
    *,
    base: Told | None = None,
    repository: Told | None = None,
    pusher: Told | None = None,
) -> Context:
    """Return the context of a job for a branch: a landing on it, or a change to the declared target.

    ``name`` is the branch's short name. ``base`` is its tip before the push, where the system knows it; a declared
    one is no use for a change, as the target's tip is fetched.
    """
    target = declared_target(job)
    if target is None or target.text == name.text:
        return context(
            job,
            name.read_as(LANDED),
            target=branch(name),
            head=head,
            base=base or declared_base(job),
            repository=repository,
            pusher=pusher,
            head_refs=(branch(name),),
        )
    return context(
        job,
        target.read_as(CHANGE),
        target=branch(target),
        head=head,
        source=name,
        source_repository=repository,
        repository=repository,
        pusher=pusher,
        head_refs=(branch(name),),
    )
