"""The commit in progress: its branch, the judging policy, and what the index adds. On the commit hook's path.

The size of the commit is that of the index against HEAD. git does not tell a hook about ``--amend``, so only the new
part of an amended commit is measured.
"""

from __future__ import annotations

from labgate.git.raw import clean_merge, staged_records
from labgate.values.errors import GitError
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.git.raw import Entry, Lines
    from labgate.policy.model import Policy
    from labgate.scene.workplace import Workplace
    from labgate.values.report import PolicyOrigin


class Staged(Value):
    """What the index adds to ``base``, a tree or commit: raw entries and lines.

    ``parents`` is the number of parents the commit will have.
    """

    base: str
    records: list[Entry | Lines]
    parents: int

    @property
    def merging(self) -> bool:
        return self.parents > 1


class ProposedCommit(Value):
    """The commit in progress.

    ``origin`` is the place of the policy, ``None`` for the work tree. ``branch`` is a full refname, ``None`` if HEAD is
    on no branch; ``kind`` is its kind in the policy. ``notices`` are lines about the policy. ``asking`` is the command
    that makes it again with a line that asks for an exception, ``None`` before it has a message.
    """

    stage: str
    place: Workplace
    policy: Policy
    origin: PolicyOrigin | None
    branch: str | None
    kind: str | None
    notices: tuple[str, ...] = ()
    asking: str | None = None

    @property
    def is_plain(self) -> bool:
        """Whether it is not a merge, and does not complete a rebase, a cherry-pick or a revert."""
        return self.stage == "pre-commit" and self.place.operation() is None

    @property
    def staged(self) -> Staged | None:
        """What the index adds to HEAD, or to the clean merge; ``None`` if git cannot make that. It is read once."""
        mine = self.__dict__
        if "_staged" not in mine:
            mine["_staged"] = _read_staged(self.place)
        found: Staged | None = mine["_staged"]
        return found


def _read_staged(place: Workplace) -> Staged | None:
    git, heads = place.git(), place.merged_heads()
    if heads:
        base = clean_merge(git, ("HEAD", *heads))
        return None if base is None else Staged(base, staged_records(git, base), 1 + len(heads))
    try:
        return Staged("HEAD", staged_records(git, "HEAD"), 1)
    except GitError:
        if not place.unborn():
            raise
        empty_tree = git.run("hash-object", "-t", "tree", "--stdin").decode().strip()
        return Staged(empty_tree, staged_records(git, empty_tree), 0)
