"""Names of experiments: ``SERVICE/HANDLE``, of a branch by the policy, of a detached HEAD, or as somebody states it."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from labgate.ci.systems import read_context
from labgate.policy.model import Policy
from labgate.values.errors import UndecidedError, UsageError
from labgate.values.refnames import HEADS, forbidden_part

#: The experiment of code on no branch.
DETACHED = "detached/head"
#: The first part of the name for a branch of no kind.
_NO_KIND = "branch"
#: The design's own grammar of experiment branches, for repositories without a policy.
_EXPERIMENT = "experiment"
_BETWEEN_FIELDS = "--"
#: How branches of experiments are named where no policy says it.
TEMPLATE_WITHOUT_POLICY = f"{_EXPERIMENT}{_BETWEEN_FIELDS}{{service}}{_BETWEEN_FIELDS}{{handle}}"
#: Longest part of a name in bytes: a file system allows 255, and a snapshot of a name is a file too.
_MOST_BYTES = 100
#: Variables of CI systems with the short name of the branch that a job is for, for jobs without a change, such as one
#: that a person starts. GITHUB_HEAD_REF is the source of a pull request; the others name no tag.
_BRANCHES = (
    *("GITHUB_HEAD_REF", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "CI_COMMIT_BRANCH", "BITBUCKET_BRANCH"),
    *("CHANGE_BRANCH", "BRANCH_NAME", "BUILDKITE_BRANCH", "CIRCLE_BRANCH"),
)
#: Variables with a full name, or with one that only a second variable makes a branch.
_FULL = ("BUILD_SOURCEBRANCH", "GITHUB_REF")


def experiment_of(policy: Policy | None, branch: str | None) -> str:
    """Return the experiment of a branch (short name); ``None`` is a detached HEAD.

    It is service and handle where the policy's kind has these fields, else the kind and the branch's fields joined by
    ``-``. A branch without fields, of no kind, or in a repository without a policy stands for itself.
    """
    if branch is None:
        return DETACHED
    if policy is None:
        return _without_policy(branch)
    found = policy.classify(HEADS + branch)
    fields = found.fields or {}
    if {"service", "handle"} <= fields.keys():
        return f"{legal(fields['service'])}/{legal(fields['handle'])}"
    kind = _NO_KIND if found.name is None or found.fields is None else found.name
    return f"{legal(kind)}/{legal('-'.join(fields.values()) or branch)}"


def is_experiment(policy: Policy | None, branch: str) -> bool:
    """Return whether a branch (short name) is that of an experiment: its name has a service and a handle."""
    if policy is None:
        return experiment_of(None, branch).partition("/")[0] != _NO_KIND and branch.startswith(
            _EXPERIMENT + _BETWEEN_FIELDS
        )
    return {"service", "handle"} <= (policy.classify(HEADS + branch).fields or {}).keys()


def stated_experiment(text: str) -> str:
    """Return the experiment that somebody states as ``SERVICE/HANDLE``, with the nearest legal name.

    Raises: ``UsageError`` when it does not have two parts.
    """
    service, slash, handle = text.partition("/")
    if not slash or not service.strip() or not handle.strip():
        message = f"{text!r} is not of the form SERVICE/HANDLE"
        raise UsageError(message, "--experiment SERVICE/HANDLE")
    return f"{legal(service)}/{legal(handle)}"


def legal(part: str) -> str:
    """Return the nearest name that git accepts as one part of a ref, on every file system (git-check-ref-format)."""
    kept = "".join(character if _is_legal(character) else "-" for character in part)
    while ".." in kept:
        kept = kept.replace("..", ".")
    kept = kept.strip(".")
    if kept.endswith(".lock"):
        kept = f"{kept.removesuffix('.lock')}-lock"
    kept = kept.lstrip("-") or "unnamed"
    size = len(kept.encode("utf-8"))
    if size > _MOST_BYTES:
        # Different long names stay different.
        digest = sha256(part.encode("utf-8", "surrogateescape")).hexdigest()[:8]
        start = kept.encode("utf-8")[: _MOST_BYTES - 9].decode("utf-8", "ignore")
        kept = f"{start}-{digest}"
    return kept


def branch_by_ci(environ: Mapping[str, str]) -> str | None:
    """Return the short name of the branch that a CI job is for: the source of a change, or what was pushed.

    ``None`` outside of CI, or where the job is for no branch.
    """
    try:
        context = read_context(environ)
    except UndecidedError:
        return _branch_by_variables(environ)
    return context.source or context.target.removeprefix(HEADS)


def _branch_by_variables(environ: Mapping[str, str]) -> str | None:
    named = next((environ[name] for name in _BRANCHES if environ.get(name)), None)
    if named is not None:
        return named.removeprefix(HEADS)
    full = next((environ[name] for name in _FULL if environ.get(name, "").startswith(HEADS)), None)
    return None if full is None else full.removeprefix(HEADS)


def _without_policy(branch: str) -> str:
    fields = _fields_without_policy(branch)
    if fields is not None:
        return f"{legal(fields[0])}/{legal(fields[1])}"
    kind, slash, rest = branch.partition("/")
    return f"{legal(kind)}/{legal(rest)}" if slash else f"{_NO_KIND}/{legal(branch)}"


def _fields_without_policy(branch: str) -> tuple[str, str] | None:
    """Return service and handle of ``experiment--{service}--{handle}``, ``None`` for another name."""
    kind, _, rest = branch.partition(_BETWEEN_FIELDS)
    service, _, handle = rest.partition(_BETWEEN_FIELDS)
    return (service, handle) if kind == _EXPERIMENT and service and handle else None


def _is_legal(character: str) -> bool:
    # A space, ``*`` and what cannot be shown are never wanted in a name that people type.
    return character.isprintable() and character not in " */@{}" and forbidden_part(f"x{character}x") is None
