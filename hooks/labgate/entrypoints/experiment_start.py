"""``labgate experiment start``: a branch for a new experiment, from its base as the remote has it now."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from unicodedata import normalize

from labgate.entrypoints.experiment import Bench, find_bench
from labgate.entrypoints.experiment_trunk import trunk_of
from labgate.experiments.naming import TEMPLATE_WITHOUT_POLICY
from labgate.git.fetch import fetch_some
from labgate.git.kept_refs import fetch_refs
from labgate.git.refs import read_refs, resolve_commit
from labgate.git.switching import switch_to_new
from labgate.policy.grammar import Field, Template
from labgate.policy.model import Kind
from labgate.values.errors import GitError, UndecidedError, UsageError
from labgate.values.phrases import alternatives, quote
from labgate.values.refnames import HEADS, is_branch_name, tip_ref, tracking_ref
from labgate.values.spelling import nearest
from labgate.values.value import Value

_NAMED = frozenset(("service", "handle"))
_PROTECTED = "protected"
#: The settings with a person's name, in the order in which they are asked.
_PERSON = ("github.user", "user.name")
#: Handles for an example, of which a grammar allows one.
_EXAMPLES = ("try1", "try-1", "first", "1", "01", "TRY-1")


class Started(Value):
    """The new branch, and the branch (``origin/main``) and commit (full oid) from which it starts."""

    branch: str
    base: str
    commit: str


def start(service: str, handle: str | None, environ: Mapping[str, str] = os.environ) -> Started:
    """Create the branch of an experiment, and switch to it; edits in the work tree stay.

    ``handle`` ``None``: it is made from the person's name. Raises: ``LabgateError`` before anything is changed but the
    remote-tracking refs.
    """
    bench = find_bench(environ)
    kind, template = _template(bench)
    values = _values(bench, template, service, handle)
    branch = template.fill(values)
    _require_own(bench, branch, values)
    base, commit = _fresh(bench, kind, branch)
    if bench.repository.top is None:
        message = "a bare repository has no work tree to switch"
        path = os.path.join(os.path.dirname(bench.repository.git_dir), branch)
        raise UsageError(message, f"git worktree add -b {quote(branch)} {quote(path)} {commit}")
    try:
        switch_to_new(bench.repository, branch, commit)
    except GitError as error:
        again = f"labgate experiment start {quote(service)} --handle {quote(values['handle'])}"
        raise GitError(error.message, f"git stash push --include-untracked && {again}") from None
    return Started(branch, base, commit)


def _template(bench: Bench) -> tuple[Kind | None, Template]:
    """Return how branches of experiments are named: by the first of the policy's templates that these fields fill."""
    if bench.policy is None:
        return None, Template(TEMPLATE_WITHOUT_POLICY, {})
    for kind in bench.policy.kinds:
        for template in kind.templates if kind.name != _PROTECTED else ():
            filled = not any(isinstance(token, int) for token in template.tokens)
            if filled and template.fields.keys() == _NAMED and template.literal_prefix.startswith(HEADS):
                return kind, template
    message = "the policy has no kind for experiments, whose names have the fields {service} and {handle} and no other"
    raise UsageError(message, 'add to the policy: [kinds.experiment] names = ["experiment--{service}--{handle}"]')


def _values(bench: Bench, template: Template, service: str, handle: str | None) -> dict[str, str]:
    field = template.fields["service"]
    if not field.allows(service):
        near = nearest(service, field.words or ()) or [word for word in field.words or _EXAMPLES if field.allows(word)]
        message = f"{service!r} is no service: {_wanted(field)}"
        mine = "" if handle is None else f" --handle {quote(handle)}"
        raise UsageError(message, f"labgate experiment start {quote(next(iter(near), 'SERVICE'))}{mine}")
    return {"service": service, "handle": _handle(bench, template.fields["handle"], service, handle)}


def _handle(bench: Bench, field: Field, service: str, stated: str | None) -> str:
    """Return the handle that somebody states, else the nearest to the person's name that the grammar allows."""
    if stated is not None and field.allows(stated):
        return stated
    names = [stated] if stated is not None else [bench.repository.setting(key) or "" for key in _PERSON]
    found = next((handle for name in names for handle in _spellings(name) if field.allows(handle)), None)
    if found is not None and stated is None:
        return found
    if stated is None:
        message = f"neither github.user nor user.name makes a handle: {_wanted(field)}"
    else:
        message = f"{stated!r} is no handle: {_wanted(field)}"
    near = [found] if found is not None else nearest(names[0], field.words or ())
    example = next((word for word in (*near, *(field.words or _EXAMPLES)) if field.allows(word)), "HANDLE")
    raise UsageError(message, f"labgate experiment start {quote(service)} --handle {quote(example)}")


def _spellings(name: str) -> Iterator[str]:
    """Yield the ways in which a person's name may stand in a branch name, the closest first."""
    ascii_ = normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = "".join(char if char.isalnum() or char in "._-" else " " for char in ascii_).replace("-", " ").split()
    yield name
    for separator in ("-", "_", "."):
        yield separator.join(words)
        yield separator.join(words).lower()
    plain = "".join(char for word in words for char in word if char.isalnum())
    yield from (plain, plain.lower())
    for word in words:
        yield from (word, word.lower())


def _wanted(field: Field) -> str:
    """Return the values that a field has, for a message."""
    return alternatives(field.words) if field.words is not None else f"it must match {field.pattern_text}"


def _require_own(bench: Bench, branch: str, values: Mapping[str, str]) -> None:
    """Check that a branch is one of this experiment. Raises: ``UsageError``."""
    fields = None if bench.policy is None else bench.policy.classify(HEADS + branch).fields
    if is_branch_name(branch) and (bench.policy is None or fields == values):
        return
    message = f"{branch!r} would be no branch of {values['service']}/{values['handle']}"
    raise UsageError(message, f"labgate experiment start {quote(values['service'])} --handle {_EXAMPLES[0]}")


def _fresh(bench: Bench, kind: Kind | None, branch: str) -> tuple[str, str]:
    """Return the base as the remote has it now: its name here, and its commit.

    Raises: ``UndecidedError`` when the remote cannot be asked, ``UsageError`` when the branch is there already.
    """
    repository, remote = bench.repository, bench.remote
    if HEADS + branch in read_refs(repository):
        message = f"there is a branch {branch} already"
        raise UsageError(message, f"git switch {quote(branch)}")
    base = _base(bench, kind, branch)
    if remote is None:
        return base, resolve_commit(repository, HEADS + base)
    ref = tip_ref(remote, base)
    try:
        fetch_some(repository, remote, [base])
    except UndecidedError as error:
        message = f"{error.message}; {remote}/{base} here may be old"
        raise UndecidedError(
            message, f"git switch --no-track --create {quote(branch)} {quote(f'{remote}/{base}')}"
        ) from None
    if _is_there(bench, remote, branch):
        message = f"{remote} has a branch {branch} already"
        raise UsageError(message, f"git switch --create {quote(branch)} {quote(f'{remote}/{branch}')}")
    return f"{remote}/{base}", resolve_commit(repository, ref)


def _is_there(bench: Bench, remote: str, branch: str) -> bool:
    """Ask the remote for one branch, without a listing; if it is there, it is fetched."""
    here = tracking_ref(remote, branch)
    # In a shallow clone a fetch of what is here would cut its history.
    if here in read_refs(bench.repository) and bench.repository.shallow:
        return True
    return fetch_refs(bench.repository, remote, {HEADS + branch: here})


def _base(bench: Bench, kind: Kind | None, branch: str) -> str:
    """Return the short name of the branch to start from: the trunk, or the only one of the kinds that may be a base."""
    trunk = trunk_of(bench)
    policy = bench.policy
    if policy is None or kind is None or not kind.base or policy.classify(HEADS + trunk).name in kind.base:
        return trunk
    prefix = tip_ref(bench.remote, "")
    names = [ref.removeprefix(prefix) for ref in read_refs(bench.repository) if ref.startswith(prefix)]
    found = [name for name in names if policy.classify(HEADS + name).name in kind.base]
    if len(found) == 1:
        return found[0]
    message = f"a branch of the kind {kind.name} starts from one of the kind {alternatives(kind.base)}"
    place = "" if bench.remote is None else f"{bench.remote}/"
    example = f"{place}{found[0]}" if found else "BRANCH"
    listed = f": {alternatives(found)}" if found else ", and there is none here"
    raise UsageError(message + listed, f"git switch --no-track --create {quote(branch)} {quote(example)}")
