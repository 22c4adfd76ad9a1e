"""Facts that a commit stage needs only for a full check: the trunk, the remote, the other branches."""

from __future__ import annotations

from functools import cached_property

from labgate.git.refs import read_refs, tracking_refs
from labgate.git.repository import Repository, discover
from labgate.policy.model import Policy
from labgate.policy.reader import Reader
from labgate.scene.governing_policy import Judging, Proposal, judging_policy
from labgate.scene.trunk import Agreed, agreed, branches_of, candidate, first_trunk, trunk_name
from labgate.scene.workplace import Workplace
from labgate.values.errors import LabgateError, NoPolicyError, PolicyError, UndecidedError
from labgate.values.refnames import HEADS, branch_of, short_ref, tip_ref
from labgate.values.value import Value


class Surroundings(Value):
    """The repository of a commit stage, whose refs are read once."""

    repository: Repository
    branch: str | None
    reader: Reader

    @cached_property
    def refs(self) -> dict[str, str]:
        return read_refs(self.repository)

    @cached_property
    def remote(self) -> str | None:
        """The remote of the branch's upstream, else the only one, else ``origin``, else ``None``."""
        return self.repository.remote_of(short_ref(self.branch or ""))

    @cached_property
    def remote_refs(self) -> frozenset[str]:
        """The remote's branches at the last fetch, by their full names there."""
        return self._branches_on(self.remote)

    @property
    def created(self) -> bool:
        """Whether the branch is new: no remote that it fetches from or is pushed to has one of its name.

        An upstream of another name, such as that of ``git switch -c X origin/main``, is only where it starts.
        """
        own = self._configured("merge") == self.branch and self._configured("remote") not in (None, ".")
        pushed_to = self._configured("pushremote") or self.repository.setting("remote.pushdefault")
        return not own and not any(self.branch in self._branches_on(name) for name in {self.remote, pushed_to})

    @property
    def siblings(self) -> tuple[str, ...]:
        """The other branches, here and on the remote, by full name."""
        local = {ref for ref in self.refs if ref.startswith(HEADS)}
        return tuple(sorted((local | self.remote_refs) - {self.branch}))

    def trunk_tip(self, policy: Policy | None) -> str | None:
        """Return the trunk's commit, remote-tracking where there is a remote; ``None`` if there is none.

        ``policy`` names the trunk if git does not. Raises: ``UndecidedError`` when the trunk is not known without a
        policy.
        """
        try:
            name = trunk_name(self.repository, self.refs, self.remote, None, self.reader)
        except UndecidedError:
            if policy is None:
                raise
            name = None
        name = name or (None if policy is None else policy.trunk)
        return None if name is None else self.refs.get(tip_ref(self.remote, name))

    def agreed(self, policy: Policy) -> Agreed | None:
        """Return the trunk by the work tree's policy, ``None`` if it is not known yet."""
        branches = branches_of(self.repository, self.refs, self.remote, {})
        if self.remote is None or not branches.names:
            local = {branch_of(ref) for ref in (*self.refs, self.branch or "")}
            return first_trunk(policy, frozenset(name for name in local if name is not None))
        try:
            trunk = candidate(self.repository, branches, None, self.reader)
            return None if trunk is None else agreed(self.repository, policy, trunk, branches)
        except LabgateError:
            return None

    def judging(self) -> Judging:
        """Return the policy of the remote-tracking trunk. Raises: as ``judging_policy`` does."""
        return judging_policy(self.repository, self.refs, self.remote, Proposal({}, ()), self.reader)

    def _branches_on(self, remote: str | None) -> frozenset[str]:
        """Return a remote's branches at the last fetch, by their full names there; none for ``None``."""
        tracking = tracking_refs(self.refs, self.repository.remotes)
        return frozenset(ref.remote_ref for ref in tracking if ref.remote == remote)

    def _configured(self, key: str) -> str | None:
        return self.repository.setting(f"branch.{short_ref(self.branch or '')}.{key}")


def surroundings(place: Workplace, reader: Reader) -> Surroundings:
    """Return the surroundings of the commit in progress."""
    return Surroundings(discover(place.environ, place.top or place.git_dir), place.branch(), reader)


def trunk_policy(place: Workplace, reader: Reader) -> Judging:
    """Return the policy of the remote-tracking trunk, for a work tree that has none.

    Raises: ``NoPolicyError`` when there is none either, or when the trunk is not known.
    """
    around = surroundings(place, reader)
    message = "there is no labgate.toml, neither here nor on the trunk"
    if around.remote is None:
        raise NoPolicyError(message, "labgate init")
    try:
        return around.judging()
    except UndecidedError as error:
        message = f"there is no labgate.toml here, and {error.message}"
        raise NoPolicyError(message, error.help) from error
    except NoPolicyError as error:
        raise NoPolicyError(message, "labgate init") from error


def stand_in(place: Workplace, reader: Reader, error: PolicyError) -> Judging:
    """Return the replacement of a work tree's policy that cannot be read (``error``) because the trunk's cannot.

    Raises: ``PolicyError``, the error itself, when the mistake is not the trunk's.
    """
    try:
        judging = surroundings(place, reader).judging()
    except LabgateError:
        raise error from None
    if judging.unreadable is None:
        raise error
    return judging
