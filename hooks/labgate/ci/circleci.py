"""CircleCI, which states neither a change's target nor what a push replaced: the user adds that.

Source: CircleCI's "Project values and variables".
"""

from __future__ import annotations

from labgate.ci.context import (
    BASE,
    CHANGE,
    TARGET,
    Context,
    branch_build,
    context,
    declared_base,
    declared_target,
    head_of,
)
from labgate.ci.inputs import CHECK, Input, Job, branch, repository, short_name
from labgate.ci.pulls import number_in, refs_by_address
from labgate.values.errors import UndecidedError

_FORK = ("CIRCLE_PR_USERNAME", "CIRCLE_PR_REPONAME")
_REPOSITORY = "CIRCLE_REPOSITORY_URL"


def circleci(job: Job) -> Context:
    """Return the context of a CircleCI job. Raises: ``UndecidedError``."""
    job.refuse_tag("CIRCLE_TAG")
    name = short_name(job.need("CIRCLE_BRANCH"))
    target = declared_target(job)
    address = job.variable("CIRCLE_PULL_REQUEST")
    if target is None and (address is not None or declared_base(job) is None):
        message = f"CircleCI does not say where {name.text!r} is to land, and {TARGET} is not set"
        help = f'export {TARGET}=BRANCH, for pushes to it {BASE}="$(git rev-parse REV)" too, or: {CHECK}'
        raise UndecidedError(message, help)
    head = head_of(job, "CIRCLE_SHA1")
    if address is None or target is None or target.text == name.text:
        return branch_build(
            job, name, head, repository=job.repository(_REPOSITORY), pusher=job.variable("CIRCLE_USERNAME")
        )
    return _pull_request(job, address, name, target, head)


def _pull_request(job: Job, address: Input, name: Input, target: Input, head: Input) -> Context:
    ours = job.repository(_REPOSITORY)
    fork = _fork(job, ours)
    # The branch of a fork's pull request is called pull/7 here; its name in the fork is unknown.
    source = name if fork is None else None
    return context(
        job,
        address.read_as(CHANGE),
        target=branch(target),
        head=head,
        source=source,
        source_repository=fork or ours,
        repository=ours,
        change=number_in(address),
        pusher=job.variable("CIRCLE_USERNAME"),
        head_refs=refs_by_address(address) or (() if source is None else (branch(source),)),
    )


def _fork(job: Job, ours: Input | None) -> Input | None:
    owner, name = (job.variable(variable) for variable in _FORK)
    if owner is None or name is None or ours is None:
        return None
    host = ours.text.partition("/")[0]
    return repository(Input(f"https://{host}/{owner.text}/{name.text}", ", ".join(_FORK)))
