"""Azure Pipelines: pull requests of Azure Repos and of GitHub, and pushes. It does not say what a push replaced.

Source: Microsoft's "Use predefined variables", the tables "Build variables" and "System variables".
"""

from __future__ import annotations

from labgate.ci.context import CHANGE, Context, branch_build, context
from labgate.ci.inputs import Input, Job, branch, either_name, full_name, nothing_to_judge, number, oid
from labgate.ci.pulls import pull_ref
from labgate.values.refnames import TAGS

_PUSHES = ("IndividualCI", "BatchedCI")
_ID = "SYSTEM_PULLREQUEST_PULLREQUESTID"
#: The number of a pull request on GitHub; the id is Azure's own there.
_NUMBER = "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER"
_REPOSITORY = "BUILD_REPOSITORY_URI"


def azure(job: Job) -> Context:
    """Return the context of an Azure Pipelines job. Raises: ``UndecidedError``."""
    reason = job.need("BUILD_REASON")
    if reason.text == "PullRequest":
        return _pull_request(job, reason)
    if reason.text not in _PUSHES:
        raise nothing_to_judge(reason, "is a reason that proposes no change to a branch")
    ref = job.need("BUILD_SOURCEBRANCH")
    if ref.text.startswith(TAGS):
        raise nothing_to_judge(ref, "is a tag, on which no change lands")
    name = either_name(full_name(ref))
    return branch_build(job, name, oid(job.need("BUILD_SOURCEVERSION")), repository=job.repository(_REPOSITORY))


def _pull_request(job: Job, reason: Input) -> Context:
    on_github = job.environ.get("BUILD_REPOSITORY_PROVIDER", "").lower().startswith("github")
    change = number(job.need(_NUMBER if on_github else _ID))
    fork = job.says("SYSTEM_PULLREQUEST_ISFORK")
    source = either_name(job.need("SYSTEM_PULLREQUEST_SOURCEBRANCH"))
    # Azure Repos keeps no ref of the head, but its own merge, whose second parent is the head.
    merge = (change.read_as(f"refs/pull/{change.text}/merge"),)
    on_azure = merge if fork else (branch(source), *merge)
    return context(
        job,
        reason.read_as(CHANGE),
        # In full on Azure Repos, short on GitHub.
        target=branch(either_name(job.need("SYSTEM_PULLREQUEST_TARGETBRANCH"))),
        # BUILD_SOURCEVERSION is the merge.
        head=oid(job.need("SYSTEM_PULLREQUEST_SOURCECOMMITID")),
        source=source,
        source_repository=_fork(job) if fork else job.repository(_REPOSITORY),
        repository=job.repository(_REPOSITORY),
        change=change,
        head_refs=(pull_ref(change),) if on_github else on_azure,
    )


def _fork(job: Job) -> Input | None:
    """Return the fork, ``None`` if the variable only repeats the target's repository, as for GitHub."""
    found, ours = job.repository("SYSTEM_PULLREQUEST_SOURCEREPOSITORYURI"), job.repository(_REPOSITORY)
    return None if found is not None and ours is not None and found.text == ours.text else found
