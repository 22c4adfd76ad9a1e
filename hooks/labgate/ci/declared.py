"""What a user adds where his CI system says too little: ``LABGATE_TARGET``, ``LABGATE_BASE`` and ``LABGATE_HEAD``.

``LABGATE_TARGET`` is the branch on which the change is to land, ``LABGATE_BASE`` the full oid of the tip of the pushed
branch before the push, ``LABGATE_HEAD`` the full oid of the last commit of the change. None of them overrides what the
system does say, except GIT_COMMIT of a change in Jenkins, which may be a merge.
"""

from __future__ import annotations

import re

from labgate.ci.context import CHANGE, LANDED, Context, context
from labgate.ci.told import Job, Told, branch, either_name, is_oid, oid, oid_or_none, wrong

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
