"""Which branch is the trunk: by the contract's order, and then by what its own policy says of that."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping

from labgate.git.refs import symbolic_ref
from labgate.git.repository import Repository
from labgate.policy.model import OWN_FILE, Policy
from labgate.policy.reader import Reader
from labgate.policy.shape import one_of, shown
from labgate.scene.policy_files import worktree_policy
from labgate.values.errors import LabgateError, PolicyError, UndecidedError
from labgate.values.refnames import HEADS, REMOTES, branch_of
from labgate.values.value import Value

#: Says in a clone which branch is the trunk.
SETTING = "labgate.trunk"


class Branches(Value):
    """The branches that may be the trunk.

    ``names`` are the short names of those that ``remote`` has (``None``: this clone, where there is no remote).
    ``whole`` says that no other one can be there. ``configured`` is what ``labgate.trunk`` says, and ``default`` the
    remote's own default branch as far as it is known here; ``None`` where they say nothing. ``in_ci``: the setting is
    not heeded.
    """

    remote: str | None
    names: frozenset[str]
    whole: bool
    configured: str | None
    default: str | None
    in_ci: bool = False

    @property
    def place(self) -> str:
        """What a message calls the repository that has them."""
        return "this repository" if self.remote is None else self.remote


class OtherTrunkError(PolicyError):
    """Raised when the policy on one branch says that another one, which is there too, is the trunk."""

    def __init__(self, policy: Policy, trunk: str, named: str, help: str) -> None:
        problem = f"the judging policy says trunk = {listed(policy)}, but the trunk here is {trunk}"
        super().__init__((problem,), help)
        self.named = named


class Agreed(Value):
    """The trunk (short name) by a policy, the policy with that name in it, and what is to be said of it."""

    trunk: str
    policy: Policy
    notice: str | None = None


def branches_of(
    repository: Repository,
    refs: Mapping[str, str],
    remote: str | None,
    standing: Mapping[str, str | None],
    *,
    in_ci: bool = False,
) -> Branches:
    """Return the branches of a remote, those of ``standing`` (full names) as it says they stand.

    ``in_ci``: all branches were fetched, and the clone's own settings are not heeded.
    """
    prefix = HEADS if remote is None else f"{REMOTES}{remote}/"
    here = {ref.removeprefix(prefix) for ref in refs if ref.startswith(prefix)}
    moved = {branch_of(ref): oid for ref, oid in standing.items()}
    gone = {name for name, oid in moved.items() if oid is None}
    held = {name for name, oid in moved.items() if name is not None and oid is not None}
    head = None if remote is None else symbolic_ref(repository, f"{prefix}HEAD")
    configured = None if in_ci else repository.setting(SETTING)
    return Branches(
        remote,
        frozenset((here - gone) | held),
        in_ci or remote is None or repository.fetches_all(remote),
        None if not configured else configured.removeprefix(HEADS),
        head.removeprefix(prefix) if head is not None and head.startswith(prefix) else None,
        in_ci,
    )


def trunk_name(
    repository: Repository, refs: Mapping[str, str], remote: str | None, target: str | None, reader: Reader
) -> str | None:
    """Return the trunk's name as far as refs and settings tell, ``None`` when the remote has no branches yet.

    What its policy says of that is not asked. Raised: ``UndecidedError`` when the trunk cannot be told.
    """
    return candidate(repository, branches_of(repository, refs, remote, {}), target, reader)


def candidate(
    repository: Repository, branches: Branches, target: str | None, reader: Reader, *, configured: bool = True
) -> str | None:
    """Return what may be the trunk, by the contract's order. ``configured`` false leaves ``labgate.trunk`` out.

    ``None`` when the remote has no branches yet. Raised: ``UndecidedError`` when the trunk cannot be told.
    """
    if configured and branches.configured is not None:
        return branches.configured
    if branches.remote is None:
        return None if target is None else target.removeprefix(HEADS)
    for name in _candidates(repository, branches, target, reader):
        if name in branches.names:
            return name
    if branches.names:
        message = f"cannot tell which branch of {branches.remote} is the trunk"
        ask = f"git remote set-head {shlex.quote(branches.remote)} -a"
        if not branches.whole:
            ask = f"{repository.fetching_branches(branches.remote)} && {ask}"
        raise UndecidedError(message, ask)
    return None


def _candidates(repository: Repository, branches: Branches, target: str | None, reader: Reader) -> Iterator[str]:
    """Yield what may be the trunk's name, in the contract's order, each only when the ones before are not there."""
    branch = None if target is None else branch_of(target)
    if branch is not None:
        yield branch
    if branches.default is not None:
        yield branches.default
    written = _worktree_policy(repository, reader)
    if written is not None:
        yield from written.trunks
    usual = branches.names & {"main", "master"}
    if len(usual) == 1:
        yield from usual
    # The first push to a new remote made one branch, and says nothing of the remote's HEAD.
    if written is not None and branches.whole and len(branches.names) == 1:
        yield from (name for name in branches.names if written.classify(HEADS + name).kind is None)


def _worktree_policy(repository: Repository, reader: Reader) -> Policy | None:
    try:
        found = worktree_policy(repository, reader)
    except LabgateError:
        return None
    return None if found is None else found[0]


def agreed(repository: Repository, policy: Policy, trunk: str, branches: Branches) -> Agreed:
    """Return which branch is the trunk by the policy that was found on ``trunk``: another one is to be asked then.

    That is the first name in the policy that the remote has. Where it has none of them, its default branch counts as
    the trunk, and is protected. Raised: ``PolicyError`` when the policy only names other branches that are there,
    ``UndecidedError`` when it cannot be told whether they are.
    """
    named = next((name for name in policy.trunks if name in branches.names), None)
    if named == trunk or (named is None and trunk in policy.trunks):
        return Agreed(trunk, policy)
    if named is not None and trunk in policy.trunks:
        return Agreed(named, policy)
    if named is not None:
        raise OtherTrunkError(policy, trunk, named, _settling(branches, named))
    if not branches.whole and branches.remote is not None:
        message = f"{one_of(policy.trunks)}, the trunk by the policy on {trunk}, is not fetched here"
        raise UndecidedError(message, repository.fetching_branches(branches.remote))
    counts = trunk
    if branches.default in branches.names and branches.configured != trunk and branches.default is not None:
        counts = branches.default
    return Agreed(counts, policy.with_trunk(counts), _counts_as_trunk(policy, counts, branches))


def first_trunk(policy: Policy, pushed: frozenset[str]) -> Agreed | None:
    """Return which of the first branches of an empty remote is the trunk, ``None`` where none is.

    ``pushed`` are their short names. Where the policy names none of them, the one that is of no kind is: code hosts
    make the first branch of a repository its default one.
    """
    named = next((name for name in policy.trunks if name in pushed), None)
    if named is not None:
        return Agreed(named, policy)
    strange = [name for name in pushed if policy.classify(HEADS + name).kind is None]
    if len(strange) != 1:
        return None
    return Agreed(strange[0], policy.with_trunk(strange[0]), _first_counts(policy, strange[0]))


def _counts_as_trunk(policy: Policy, trunk: str, branches: Branches) -> str:
    lacks = f"{branches.place} has no branch {' or '.join(policy.trunks)}, the trunk by {OWN_FILE}"
    return f"warning: {lacks}, so {trunk} counts as the trunk; {line_to_change(policy, trunk)}"


def _first_counts(policy: Policy, trunk: str) -> str:
    return (
        f"warning: {OWN_FILE} says trunk = {listed(policy)}, but {trunk} comes first; {line_to_change(policy, trunk)}"
    )


def line_to_change(policy: Policy, trunk: str) -> str:
    """Return what to change in a policy so that it names the trunk."""
    return f"change one line of {OWN_FILE}: trunk = {_toml((trunk, *policy.trunks))}"


def _settling(branches: Branches, named: str) -> str:
    """Return what makes ``named`` the trunk, where the policy on another branch says that it is."""
    if branches.in_ci:
        return f"make {named} the default branch of {branches.place} where it is hosted"
    return f"git config {SETTING} {shlex.quote(named)}"


def listed(policy: Policy) -> str:
    """Return the value of the policy's ``trunk`` as TOML has it."""
    return _toml(policy.trunks)


def _toml(names: Iterable[str]) -> str:
    words = [shown(name) for name in dict.fromkeys(names)]
    return words[0] if len(words) == 1 else f"[{', '.join(words)}]"
