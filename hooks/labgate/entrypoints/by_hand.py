"""A range that is given to a framework: ``pre-commit run --from-ref A --to-ref B``, as CI does. It is not a push."""

from __future__ import annotations

from collections.abc import Mapping

from labgate.checks.registry import PUSH, policy_reader, rows
from labgate.ci.context import Context
from labgate.ci.systems import read_context
from labgate.entrypoints.check import CheckRequest, check
from labgate.entrypoints.ci import ci
from labgate.entrypoints.hook_call import HookCall, Skipped
from labgate.git.commits import is_ancestor
from labgate.git.refs import read_refs, resolve_revision
from labgate.git.repository import Repository, discover
from labgate.scene.policy_files import worktree_policy
from labgate.scene.trunk import trunk_name
from labgate.values.errors import LabgateError, NoPolicyError, UndecidedError, UsageError
from labgate.values.refnames import HEADS, REMOTES, tip_ref
from labgate.values.report import Report

#: CI variables with the target of a change, for jobs that give too little else.
_TARGETS = (
    *("LABGATE_TARGET", "GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "SYSTEM_PULLREQUEST_TARGETBRANCH"),
    *("BITBUCKET_PR_DESTINATION_BRANCH", "CHANGE_TARGET", "BUILDKITE_PULL_REQUEST_BASE_BRANCH"),
    *("CI_COMMIT_TARGET_BRANCH", "DRONE_TARGET_BRANCH"),
)
_FROM, _TO, _REMOTE_BRANCH = "PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF", "PRE_COMMIT_REMOTE_BRANCH"


def run(call: HookCall) -> Report | Skipped:
    """Judge the change of a CI job, else the range for the named branch, else for the trunk.

    Raises: ``NoPolicyError`` at pre-push when there is no policy, ``LabgateError`` when the target is not known.
    """
    context = _context(call.environ)
    if context is not None:
        return _at_push(call, ci(context, call.environ, rows(call.checks)).report)
    repository = discover(call.environ).changed(graph=False)
    repository.require_history()
    refs = read_refs(repository)
    target = _target(call.environ, repository, refs)
    named = call.environ.get(_TO) or "HEAD"
    head = resolve_revision(repository, named, refs)
    base = _base(call.environ, repository, refs, target, head)
    if base is not None and is_ancestor(repository, head, base):
        return Skipped(f"{target} has {head[:12]} already, so nothing is proposed")
    trunk = _trunk(repository, refs)
    request = CheckRequest(
        target, named, base, _source(call.environ), call.checks, trunk=trunk if isinstance(trunk, str) else None
    )
    return _at_push(call, check(request, call.environ))


def _at_push(call: HookCall, report: Report) -> Report:
    """Return the report. Raises: ``NoPolicyError`` at pre-push, which skips for a team without a policy."""
    for problem in report.problems:
        if call.stage == PUSH and isinstance(problem, NoPolicyError):
            raise problem
    return report


def _context(environ: Mapping[str, str]) -> Context | None:
    """Return the CI system's context of the change, ``None`` if it has none that can be judged."""
    try:
        return read_context(environ)
    except UndecidedError:
        return None


def _target(environ: Mapping[str, str], repository: Repository, refs: dict[str, str]) -> str:
    """Return the target of the range: a short name, or a full refname."""
    named = next((environ[name] for name in (*_TARGETS, _REMOTE_BRANCH) if environ.get(name)), None)
    if named is not None:
        # origin/main in a clone is the remote's main.
        tracking = f"{REMOTES}{named}" in refs and HEADS + named not in refs
        return named.partition("/")[2] if tracking else named.removeprefix(HEADS)
    found = _trunk(repository, refs)
    if isinstance(found, str):
        return found
    # The frameworks hand on the name of a branch only along with the three other options.
    ways = (
        "set LABGATE_TARGET=BRANCH, or add --remote-branch BRANCH --local-branch HEAD --remote-name NAME "
        "--remote-url URL"
    )
    message = "NOT CHECKED: target branch unknown"
    if found is None:
        raise UndecidedError(message, f"in CI run labgate ci; elsewhere {ways}")
    message += f"; {found.message}"
    raise UndecidedError(message, f"{found.help}  # or {ways}") from found


def _trunk(repository: Repository, refs: dict[str, str]) -> str | UndecidedError | None:
    """Return the trunk's branch name, or why it is not known; ``None`` if nothing names one."""
    try:
        trunk = trunk_name(repository, refs, repository.usual_remote, None, policy_reader())
    except UndecidedError as error:
        return error
    return trunk or _named_by_policy(repository)


def _named_by_policy(repository: Repository) -> str | None:
    try:
        found = worktree_policy(repository, policy_reader())
    except LabgateError:
        return None
    return None if found is None else found[0].trunk


def _base(
    environ: Mapping[str, str], repository: Repository, refs: dict[str, str], target: str, head: str
) -> str | None:
    """Return the target's tip before the range, ``None`` if it is not known.

    That is its tip, or the stated start of the range if it has landed already.
    """
    tip = refs.get(target if target.startswith("refs/") else tip_ref(repository.usual_remote, target))
    named = environ.get(_FROM)
    if not named or (
        tip is not None and repository.usual_remote is not None and not is_ancestor(repository, head, tip)
    ):
        return tip
    try:
        start = resolve_revision(repository, named, refs)
    except UsageError:
        return tip
    return start if is_ancestor(repository, start, head) or tip is None else tip


def _source(environ: Mapping[str, str]) -> str | None:
    local = environ.get("PRE_COMMIT_LOCAL_BRANCH", "")
    return local.removeprefix(HEADS) if local.startswith(HEADS) else None
