"""The change that a CI job runs for, in one form for every CI system, and what a user adds to it.

``LABGATE_TARGET`` is the branch on which the change is to land, ``LABGATE_BASE`` the full oid of the tip of the pushed
branch before the push, ``LABGATE_HEAD`` the full oid of the last commit of the change. None of them overrides
the system's own values, except GIT_COMMIT of a change in Jenkins, which may be a merge.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from labgate.ci.inputs import Input, Job, branch, either_name, is_oid, oid, oid_or_none, wrong
from labgate.values.value import Value

#: What a job runs for: a pull or merge request; a merge group or train; a push to a branch, after the fact.
CHANGE, QUEUE, LANDED = "change", "queue", "landed"


class Context(Value):
    """The context of one CI job. All of it is a hint: the fetched target decides.

    ``system`` is the CI system, ``event`` one of ``CHANGE``, ``QUEUE`` and ``LANDED``. ``target`` is the full name of
    the branch on which the change is to land, or which was pushed. ``head`` is the full oid of the last commit of the
    change itself; a merge that the host made only to test it is never meant. ``base`` is the full oid of the target's
    tip before the change; ``None``: the system does not say, or the branch is new, and ``created`` is true.

    ``source`` is the short name of the branch that the change comes from, ``source_repository`` the repository that has
    it (the fork, for a pull request from one) and ``repository`` the one that ``target`` is in, both as
    ``host/owner/name`` with a lower-case host; ``None`` if the system does not say. ``change`` is the number of the
    pull or merge request, ``pusher`` the login of who started it; ``None`` if there is none or it is not known.

    ``former`` is the full oid of the change's head before the push that started the job; ``None`` if it is not known.
    ``head_refs`` are refs of ``repository`` that led to ``head`` when the job was started, the most certain first.
    ``api`` is the base URL of the host's REST API, without a slash at the end; ``None`` if the system gives none.
    ``origins`` maps each member that is set to its variable, or its place in the event file: ``GITHUB_EVENT_PATH:
    pull_request.head.sha``.
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
    former: str | None
    head_refs: tuple[str, ...]
    api: str | None
    origins: Mapping[str, str]


def context(
    job: Job,
    event: Input,
    *,
    target: Input,
    head: Input,
    base: Input | None = None,
    created: Input | None = None,
    source: Input | None = None,
    source_repository: Input | None = None,
    repository: Input | None = None,
    change: Input | None = None,
    pusher: Input | None = None,
    former: Input | None = None,
    head_refs: tuple[Input, ...] = (),
    api: Input | None = None,
) -> Context:
    """Return the context of the inputs, with the origin of each part; ``None`` is an input that was not given."""
    given = {
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
        "former": former,
        "head_refs": head_refs[0] if head_refs else None,
        "api": api,
    }
    members: dict[str, Any] = {name: None if part is None else part.text for name, part in given.items()}
    members["created"] = created is not None
    members["change"] = None if change is None else int(change.text)
    members["head_refs"] = tuple(ref.text for ref in head_refs)
    origins = {name: part.origin for name, part in given.items() if part is not None}
    return Context(**members, origins=MappingProxyType(origins))


TARGET, BASE, HEAD = "LABGATE_TARGET", "LABGATE_BASE", "LABGATE_HEAD"

_ABBREVIATED = re.compile(r"[0-9a-f]{4,63}")


def declared_target(job: Job) -> Input | None:
    """Return the short name of the declared target."""
    given = job.variable(TARGET)
    return given and either_name(given)


def declared_base(job: Job) -> Input | None:
    """Return the declared base. Raises: ``UndecidedError`` when it is no full oid."""
    given = job.variable(BASE)
    if given is None:
        return None
    if given.text.strip("0") and not is_oid(given):
        raise wrong(given, "is not a full commit id", f'export {BASE}="$(git rev-parse "${BASE}^{{commit}}")"')
    return oid_or_none(given)


def head_of(job: Job, name: str) -> Input:
    """Return the head that a variable holds, or the declared one if that is abbreviated or only ``HEAD``."""
    given = job.need(name)
    if is_oid(given):
        return oid(given)
    begins = given.text.lower() if _ABBREVIATED.fullmatch(given.text.lower()) else ""
    if not begins and given.text != "HEAD":
        return oid(given)
    help = f'export {HEAD}="$(git rev-parse "${name}^{{commit}}")"'
    declared = job.variable(HEAD)
    if declared is None:
        raise wrong(given, "does not name the commit in full", help)
    if not oid(declared).text.startswith(begins):
        raise wrong(declared, f"is not the commit in {name}", help)
    return oid(declared)


def unmerged_head(job: Job, given: Input, help: str) -> Input:
    """Return the declared head, as ``given`` says that the system's own is a merge made to test the change.

    Raises: ``UndecidedError`` when none is declared.
    """
    declared = job.variable(HEAD)
    if declared is None:
        raise wrong(given, "means that a merge is built, which is not the change's own head", help)
    return oid(declared)


def branch_build(
    job: Job,
    name: Input,
    head: Input,
    *,
    base: Input | None = None,
    repository: Input | None = None,
    pusher: Input | None = None,
) -> Context:
    """Return the context of a job for a branch: a landing on it, or a change to the declared target.

    ``name`` is the branch's short name. ``base`` is its tip before the push, where the system knows it; a declared one
    is not used for a change, as the target's tip is fetched.
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
