"""The policy that judges a run: the trunk's before the change (docs/adr/0005)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from labgate.git.repository import Repository
from labgate.policy.lint import shadowed
from labgate.policy.model import OWN_FILE, PYPROJECT, Policy
from labgate.policy.reader import PYPROJECT_TABLE, Reader
from labgate.policy.shape import Problems
from labgate.scene.policy_files import Found, landed, last_readable, policy_at, restoring
from labgate.scene.trunk import (
    SETTING,
    Agreed,
    Branches,
    OtherTrunkError,
    agreed,
    branches_of,
    candidate,
    first_trunk,
    line_to_change,
)
from labgate.values.errors import NoPolicyError, PolicyError, UndecidedError
from labgate.values.phrases import count, quote, short_oid
from labgate.values.refnames import HEADS, REMOTES, branch_of, short_ref, tip_ref
from labgate.values.report import PolicyOrigin
from labgate.values.value import Value

#: The most times that the policy on one branch may name another one as the trunk.
_MOST_HOPS = 3


class Judging(Value):
    """The judging policy, where it came from, the trunk's branch name, and the trunk's tip before the change.

    ``trunk`` is ``None`` if the remote has no branches and no pushed one is the trunk, ``trunk_tip`` if the trunk does
    not exist yet. ``found`` is the policy in its file, ``branches`` are those that may be the trunk, and ``reader`` is
    the reader of the policy. ``notices`` are lines about it. ``unreadable`` is why the trunk's own policy cannot be
    read, if an earlier one or the proposed one judges instead.
    """

    policy: Policy
    origin: PolicyOrigin
    trunk: str | None
    trunk_tip: str | None
    found: Found
    branches: Branches
    reader: Reader
    notices: tuple[str, ...] = ()
    unreadable: PolicyError | None = None


class Proposal(Value):
    """A proposed change, as far as it decides which policy judges.

    ``standing`` has the tips of the changed refs of the remote (full names) before the change, ``None`` for one that is
    created; all others have their remote-tracking tips. ``proposed`` are the commits whose trees may have the first
    policy. ``target`` is the ref that a range is proposed for; ``None`` at push, where any number of refs move.
    ``in_ci``: everything was fetched, the clone's own settings are ignored, and an unreadable policy is only replaced
    by an earlier one if the change repairs it.
    """

    standing: Mapping[str, str | None]
    proposed: Sequence[str]
    target: str | None = None
    in_ci: bool = False


def require_tracking(
    repository: Repository, refs: Mapping[str, str], remote: str | None, *, has_refs: bool = False
) -> None:
    """Check that branches of the remote are known here, which they are not in a bare or a mirror clone.

    Unknown branches must not count as missing: the change's own policy would judge it. ``has_refs``: the remote has
    refs, so one of its branches must be here. Raises: ``UndecidedError`` when none is.
    """
    known = next((item for item in repository.remotes if item.name == remote), None)
    if known is None or any(ref.startswith(f"{REMOTES}{known.name}/") for ref in refs):
        return
    if has_refs or not any(refspec.partition(":")[2].startswith(REMOTES) for refspec in known.fetch):
        message = f"the branches of {known.name} are not fetched here"
        raise UndecidedError(message, repository.fetching_branches(known.name))


def judging_policy(
    repository: Repository, refs: Mapping[str, str], remote: str | None, proposal: Proposal, reader: Reader
) -> Judging:
    """Return the policy that judges a change.

    Raises: ``UndecidedError`` when the trunk is not known, ``NoPolicyError`` when there is no policy at all,
    ``PolicyError`` when one cannot be used or names another trunk.
    """
    return _Search(repository, refs, remote, proposal, reader).judging()


def trunk_by(
    policy: Policy, repository: Repository, refs: Mapping[str, str], remote: str | None, reader: Reader
) -> Agreed | None:
    """Return the branch that would be the trunk by the work tree's policy; ``None`` if it is not known yet.

    Raises: ``UndecidedError``, ``PolicyError`` as ``judging_policy`` does.
    """
    branches = branches_of(repository, refs, remote, {})
    trunk = candidate(repository, branches, None, reader)
    if trunk is None or (branches.names and trunk not in branches.names):
        return None
    return agreed(repository, policy, trunk, branches)


class _Search:
    """A search for the judging policy."""

    def __init__(
        self, repository: Repository, refs: Mapping[str, str], remote: str | None, proposal: Proposal, reader: Reader
    ) -> None:
        self.repository = repository
        self.refs = refs
        self.remote = remote
        self.proposal = proposal
        self.reader = reader
        self.branches = branches_of(repository, refs, remote, proposal.standing, in_ci=proposal.in_ci)
        if proposal.in_ci:
            # The remote was just asked for it.
            self.branches = self.branches.changed(default=branch_of(proposal.target or ""))

    def judging(self) -> Judging:
        configured = self.branches.configured
        if configured is None or not self._lacks(configured):
            return self._from(candidate(self.repository, self.branches, self.proposal.target, self.reader))
        # It was renamed, if the trunk without this setting once had the name.
        message = f"{self.remote} has no branch {configured}, which {SETTING} names"
        unset = f"git config --unset {SETTING}"
        fetch = f"git fetch {quote(self.remote or '')}"
        other = candidate(self.repository, self.branches, self.proposal.target, self.reader, configured=False)
        judging = self._from(other)
        if configured not in judging.policy.trunks:
            raise UndecidedError(message, f"{unset}  # or, if it is only not fetched yet: {fetch}")
        return judging.changed(notices=(*judging.notices, f"warning: {message}: {unset}"))

    def _lacks(self, trunk: str) -> bool:
        """Return whether a remote has branches, but not this one."""
        new = HEADS + trunk in self.proposal.standing
        return self.remote is not None and bool(self.branches.names) and not new and trunk not in self.branches.names

    def _from(self, trunk: str | None) -> Judging:
        """Return the judging policy: the policy on each branch says which branch is the trunk."""
        for _ in range(_MOST_HOPS):
            judging = self._at(trunk)
            if judging.trunk == trunk or trunk is None:
                return judging
            trunk = judging.trunk
        message = f"the policies on several branches each name another one as the trunk: {trunk}"
        raise PolicyError((message,), f"let them all say the same in {OWN_FILE}: trunk = ...")

    def _at(self, trunk: str | None) -> Judging:
        """Return the policy on a branch, or its replacement; its ``trunk`` is the branch that it names as the trunk."""
        tip = None if trunk is None else self._tip(trunk)
        if trunk is None or tip is None:
            return self._bootstrap(trunk, None)
        place = short_ref(tip_ref(self.remote, trunk))
        try:
            found = policy_at(self.repository, tip, self.reader, place)
        except PolicyError as error:
            return self._in_place_of(trunk, tip, error)
        if found is None:
            return self._bootstrap(trunk, tip)
        return self._judging(self._agreed(found.policy, trunk), "trunk", found, tip)

    def _in_place_of(self, trunk: str, tip: str, error: PolicyError) -> Judging:
        """Return the replacement of an unreadable policy of the trunk: its last readable version, else the proposed."""
        found = last_readable(self.repository, tip, self.reader)
        if found is None:
            return self._bootstrap(trunk, tip, error)
        repairs = self._repairs(trunk, tip)
        if self.proposal.in_ci and not repairs:
            raise PolicyError(error.problems, self._repair(trunk, tip, found))
        said = f"{_first_of(error)}; using the last version that can be read, of {short_oid(found.commit)}"
        if not repairs:
            said += f"; to restore it: {self._repair(trunk, tip, found)}"
        judging = self._judging(self._agreed(found.policy, trunk), "trunk", found, tip)
        return judging.changed(notices=(said, *judging.notices), unreadable=error)

    def _repairs(self, trunk: str, tip: str) -> bool:
        """Return whether the trunk's policy can be read after the change."""
        if HEADS + trunk not in self.proposal.standing:
            return False
        trees = (landed(self.repository, tip, commit) for commit in self.proposal.proposed)
        policies = (self._readable(tree) for tree in trees)
        return any(found is not None for found in policies)

    def _readable(self, tree: str) -> Found | None:
        try:
            return policy_at(self.repository, tree, self.reader)
        except PolicyError:
            return None

    def _bootstrap(self, trunk: str | None, tip: str | None, unreadable: PolicyError | None = None) -> Judging:
        """Return the first proposed policy that can be read."""
        errors = [] if unreadable is None else [unreadable]
        for commit in self.proposal.proposed:
            try:
                found = policy_at(self.repository, commit, self.reader)
            except PolicyError as error:
                errors.append(error)
                continue
            if found is not None:
                judging = self._judging(self._agreed(found.policy, trunk), "bootstrap", found, tip)
                change = "push" if self.proposal.target is None and self.proposal.standing else "change"
                said = f"no {OWN_FILE} on {judging.trunk or 'the trunk'} yet; using the one in this {change}"
                if unreadable is not None:
                    said = (
                        f"{_first_of(unreadable)}: no version of it could ever be read; using the one in this {change}"
                    )
                return judging.changed(notices=(said, *judging.notices), unreadable=unreadable)
        if errors:
            raise errors[0]
        message = "there is no labgate.toml on the trunk or in the judged commit"
        raise NoPolicyError(message, "labgate init")

    def _agreed(self, policy: Policy, trunk: str | None) -> Agreed | Policy:
        if trunk is not None:
            try:
                return agreed(self.repository, policy, trunk, self.branches)
            except OtherTrunkError as error:
                raise self._other_trunk(trunk, error) from None
        pushed = (branch_of(ref) for ref in self.proposal.standing)
        return first_trunk(policy, frozenset(name for name in pushed if name is not None)) or policy

    def _other_trunk(self, trunk: str, error: OtherTrunkError) -> PolicyError:
        """Return the error with a help that does not cause the same error about the other branch."""
        tip = self._tip(error.named)
        other = None if tip is None else self._readable(tip)
        if other is None or error.named in other.policy.trunks or trunk not in other.policy.trunks:
            return error
        change = f"on {trunk}, {line_to_change(other.policy.with_trunk(trunk), trunk)}"
        return PolicyError(error.problems, f"{change}, and push that once with git push --no-verify")

    def _judging(self, settled: Agreed | Policy, origin: str, found: Found, tip: str | None) -> Judging:
        whence = PolicyOrigin(origin, found.commit, found.blob)
        if isinstance(settled, Policy):
            return Judging(settled, whence, None, tip, found, self.branches, self.reader)
        notices = () if settled.notice is None else (settled.notice,)
        return Judging(settled.policy, whence, settled.trunk, tip, found, self.branches, self.reader, notices)

    def _tip(self, trunk: str) -> str | None:
        """Return the trunk's commit before the change, ``None`` if it does not exist yet."""
        if HEADS + trunk in self.proposal.standing:
            return self.proposal.standing[HEADS + trunk]
        return self.refs.get(tip_ref(self.remote, trunk))

    def _repair(self, trunk: str, tip: str, found: Found) -> str:
        return repairing(self.repository, self.remote, trunk, tip, found)


def repairing(repository: Repository, remote: str | None, trunk: str, tip: str, found: Found) -> str:
    """Return the commands that restore a readable policy on the trunk."""
    restore = restoring(repository, tip, found)
    if restore is None:
        return f"remove [tool.labgate] from {PYPROJECT} on {trunk}"
    commands = [f"git checkout --detach {quote(short_ref(tip_ref(remote, trunk)))}"]
    commands += [restore, "git commit -m 'Repair the policy of labgate'"]
    ref = quote(HEADS + trunk)
    commands += [f"git push {quote(remote)} HEAD:{ref}" if remote is not None else f"git branch -f {trunk} HEAD"]
    return " && ".join((*commands, "git checkout -"))


def shadow_notices(policy: Policy, file: str) -> tuple[str, ...]:
    """Return a warning for each kind that would take the branches of research, which it does not get."""
    problems = Problems(file, PYPROJECT_TABLE if file == PYPROJECT else ())
    shadowed(policy, problems)
    return tuple(f"warning: {line}" for line in problems.lines)


def _first_of(error: PolicyError) -> str:
    more = f" (and {count(len(error.problems) - 1, 'more mistake')})" if len(error.problems) > 1 else ""
    return error.problems[0] + more
