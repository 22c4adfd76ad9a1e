"""The trunk: by the contract's order, and then by the ``trunk`` of its own policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from labgate.git.refs import symbolic_ref
from labgate.git.repository import Repository
from labgate.policy.model import OWN_FILE, Policy
from labgate.policy.reader import Reader
from labgate.policy.shape import one_of, shown
from labgate.scene.policy_files import worktree_policy
from labgate.values.errors import LabgateError, PolicyError, UndecidedError
from labgate.values.phrases import quote
from labgate.values.refnames import HEADS, REMOTES, branch_of
from labgate.values.value import Value

#: The setting that names the trunk in a clone.
SETTING = "labgate.trunk"


class Branches(Value):
    """The branches that may be the trunk.

    ``names`` are the short names of those that ``remote`` has (``None``: this clone, if there is no remote).
    ``whole``: there can be no others. ``configured`` is the value of ``labgate.trunk``, and ``default`` the remote's
    default branch, if known here; else ``None``. ``in_ci``: the setting is ignored.
    """

    remote: str | None
    names: frozenset[str]
    whole: bool
    configured: str | None
    default: str | None
    in_ci: bool = False

    @property
    def place(self) -> str:
        """The name in messages of the repository that has them."""
        return "this repository" if self.remote is None else self.remote


class OtherTrunkError(PolicyError):
    """Raised when the policy on one branch names another existing one as the trunk."""

    def __init__(self, policy: Policy, trunk: str, named: str, branches: Branches) -> None:
        place = trunk if branches.remote is None else f"{branches.remote}/{trunk}"
        problem = f"{OWN_FILE} on {place} says trunk = {listed(policy)}, but {_because(trunk, branches)}"
        help = _settling(branches, named)
        super().__init__((problem,), help)
        self.named = named


class Agreed(Value):
    """The trunk (short name) by a policy, the policy with that name, and notices about it."""

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
    """Return the branches of a remote; ``standing`` has the tips of some of them (full names).

    ``in_ci``: all branches were fetched, and the clone's own settings are ignored.
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
    """Return the trunk's name by refs and settings, ``None`` when the remote has no branches yet.

    Its policy is not read. Raises: ``UndecidedError`` when the trunk is not known.
    """
    return candidate(repository, branches_of(repository, refs, remote, {}), target, reader)


def candidate(
    repository: Repository, branches: Branches, target: str | None, reader: Reader, *, configured: bool = True
) -> str | None:
    """Return the likely trunk, by the contract's order; without ``labgate.trunk`` if not ``configured``.

    ``None`` when the remote has no branches yet. Raises: ``UndecidedError`` when the trunk is not known.
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
        ask = f"git remote set-head {quote(branches.remote)} -a"
        if not branches.whole:
            ask = f"{repository.fetching_branches(branches.remote)} && {ask}"
        raise UndecidedError(message, ask)
    return None


def _candidates(repository: Repository, branches: Branches, target: str | None, reader: Reader) -> Iterator[str]:
    """Yield possible names of the trunk, in the contract's order, each only when the ones before do not exist."""
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
    # The first push to a new remote creates one branch, and does not set the remote's HEAD here.
    if written is not None and branches.whole and len(branches.names) == 1:
        yield from (name for name in branches.names if written.classify(HEADS + name).kind is None)


def _worktree_policy(repository: Repository, reader: Reader) -> Policy | None:
    try:
        found = worktree_policy(repository, reader)
    except LabgateError:
        return None
    return None if found is None else found[0]


def agreed(repository: Repository, policy: Policy, trunk: str, branches: Branches) -> Agreed:
    """Return the trunk by the policy that was found on ``trunk``; if it is another branch, its policy is read next.

    It is the first name in the policy that the remote has. If it has none of them, its default branch counts as the
    trunk, and is protected. Raises: ``PolicyError`` when the policy only names other branches that exist,
    ``UndecidedError`` when it is not known whether they exist.
    """
    named = next((name for name in policy.trunks if name in branches.names), None)
    if named == trunk or (named is None and trunk in policy.trunks):
        return Agreed(trunk, policy)
    if named is not None and trunk in policy.trunks:
        return Agreed(named, policy)
    if named is not None:
        raise OtherTrunkError(policy, trunk, named, branches)
    if not branches.whole and branches.remote is not None:
        message = f"{one_of(policy.trunks)}, the trunk by the policy on {trunk}, is not fetched here"
        raise UndecidedError(message, repository.fetching_branches(branches.remote))
    counts = trunk
    if branches.default in branches.names and branches.configured != trunk and branches.default is not None:
        counts = branches.default
    return Agreed(counts, policy.with_trunk(counts), _counts_as_trunk(policy, counts, branches))


def first_trunk(policy: Policy, pushed: frozenset[str]) -> Agreed | None:
    """Return the trunk among the first branches of an empty remote, ``None`` if none is.

    ``pushed`` are their short names. If the policy names none of them, it is the one of no kind: code hosts make the
    first branch of a repository the default one.
    """
    named = next((name for name in policy.trunks if name in pushed), None)
    if named is not None:
        return Agreed(named, policy)
    strange = [name for name in pushed if policy.classify(HEADS + name).kind is None]
    if len(strange) != 1:
        return None
    return Agreed(strange[0], policy.with_trunk(strange[0]), _first_counts(policy, strange[0]))


def _counts_as_trunk(policy: Policy, trunk: str, branches: Branches) -> str:
    lacks = f"{OWN_FILE} says trunk = {listed(policy)}, but {branches.place} has no such branch"
    return f"warning: {lacks}, so {trunk} counts as the trunk; {line_to_change(policy, trunk)}"


def _first_counts(policy: Policy, trunk: str) -> str:
    return (
        f"warning: {OWN_FILE} says trunk = {listed(policy)}, but {trunk} comes first; {line_to_change(policy, trunk)}"
    )


def line_to_change(policy: Policy, trunk: str) -> str:
    """Return the change of a policy that makes it name the trunk."""
    return f"change one line of {OWN_FILE}: trunk = {_toml((trunk, *policy.trunks))}"


def _because(trunk: str, branches: Branches) -> str:
    """Return what makes a branch the trunk here, in words."""
    if trunk == branches.configured:
        return f"git config {SETTING} says {trunk}"
    if trunk == branches.default:
        return f"{branches.place}'s default branch is {trunk}"
    return f"the trunk here is {trunk}"


def _settling(branches: Branches, named: str) -> str:
    """Return the step that makes ``named`` the trunk, as the policy on another branch says."""
    if branches.in_ci:
        return f"make {named} the default branch of {branches.place} where it is hosted"
    return f"git config {SETTING} {quote(named)}"


def listed(policy: Policy) -> str:
    """Return the value of the policy's ``trunk`` in TOML."""
    return _toml(policy.trunks)


def _toml(names: Iterable[str]) -> str:
    words = [shown(name) for name in dict.fromkeys(names)]
    return words[0] if len(words) == 1 else f"[{', '.join(words)}]"
