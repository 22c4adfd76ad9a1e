"""The facts of research-gate about one update of a protected ref."""

from __future__ import annotations

from labgate.values.phrases import quote
from labgate.values.refnames import short_ref
from labgate.values.value import NOTHING, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping

    from labgate.reviews.approvals import ChangeName, JudgedApproval
    from labgate.reviews.quorum import JudgedClaim
    from labgate.scene.proposed_policy import ProposedPolicy
    from labgate.values.finding import Evidence


class Landed(Value):
    """The move of a target: full oids before (``None``: it was created) and after, and the subject of the latter."""

    old: str | None
    new: str
    subject: str


class Move(Value):
    """The move of a change's own commits to its target, without those of a source ref.

    ``onto`` and ``upstream`` are full refnames of this clone. ``branch`` is the short name of the branch that the
    change comes from, ``None`` for a detached HEAD. ``way`` switches there first, empty if HEAD is there.
    """

    onto: str
    upstream: str
    branch: str | None
    way: str

    @property
    def command(self) -> str:
        words = [short_ref(self.onto), short_ref(self.upstream), *([] if self.branch is None else [self.branch])]
        return f"{self.way}git rebase --onto {' '.join(quote(word) for word in words)}"


class Facts(Value):
    """One update of a protected ref.

    ``rewrite`` is deleted, non-fast-forward, unknown-tip or ``None``. ``source`` is the branch the change comes from,
    ``None`` if unknown; ``source_stated``: somebody named it. ``needing`` are the commits that need review: evidence
    proves that they derive from research, or the policy requires a review of all. ``suspected`` are those with evidence
    that does not prove (similarity and hints); if all need review they are in ``needing`` too. ``paths`` are changed by
    the former, ``suspected_paths`` by the latter. Commits are full oids, children before parents; ``subjects`` are
    theirs. ``contributors`` are the casefolded emails of the listed people who wrote part of the change. ``rivals``
    maps a source ref to other live branches that hold its commits too. ``approvals`` are the reviews of ``change``, the
    pull or merge request on the code host (``None`` if it was not asked). ``strangers`` are the contributors, by email,
    that the policy does not list. ``landed`` is the move of the target, ``None`` if it has not moved yet. ``branch`` is
    the short name of the branch for a review marker, ``None`` if its ``head`` is on none. ``sought`` has, for a commit
    whose committer counts as a contributor, the committer's email and the author whose own commit was not found.
    ``way`` is a command that switches to the proposed commit first, empty if HEAD is there. ``moves`` has for a source
    ref the move that leaves its commits out, ``forks`` the name of one without a ref here. ``ignored`` are the rivals
    that are the change's own branch, a bot's or a merge queue's. ``disputed`` are the source refs of which it is not
    known whether they or their rivals had the commits first. ``policy`` is the trunk's policy after the update,
    ``None`` if it is unchanged. ``audited``: the update landed some time ago, and is judged by an audit. ``tag`` is the
    command that moves the pushed tag, without the commit; ``None`` if no tag of this clone is pushed.
    """

    ref: str
    remote: str | None
    rewrite: str | None = None
    source: str | None = None
    source_kind: str | None = None
    source_stated: bool = False
    evidence: tuple[Evidence, ...] = ()
    needing: tuple[str, ...] = ()
    suspected: tuple[str, ...] = ()
    subjects: Mapping[str, str] = NOTHING
    paths: frozenset[str] = frozenset()
    suspected_paths: frozenset[str] = frozenset()
    claims: tuple[JudgedClaim, ...] = ()
    contributors: frozenset[str] = frozenset()
    rivals: Mapping[str, tuple[str, ...]] = NOTHING
    approvals: tuple[JudgedApproval, ...] = ()
    strangers: tuple[str, ...] = ()
    change: ChangeName | None = None
    landed: Landed | None = None
    branch: str | None = None
    head: str | None = None
    sought: Mapping[str, tuple[str, str]] = NOTHING
    way: str = ""
    ignored: frozenset[str] = frozenset()
    disputed: frozenset[str] = frozenset()
    moves: Mapping[str, Move] = NOTHING
    forks: Mapping[str, str] = NOTHING
    policy: ProposedPolicy | None = None
    audited: bool = False
    tag: str | None = None

    @property
    def proofs(self) -> tuple[Evidence, ...]:
        """The evidence that proves."""
        return tuple(item for item in self.evidence if item.proves)


def commits_of(evidence: Iterable[Evidence]) -> frozenset[str]:
    """Return the judged commits (full oids) of some evidence."""
    return frozenset(oid for item in evidence for oid in item.commits)


def restricted(evidence: Iterable[Evidence], commits: Container[str]) -> Iterator[Evidence]:
    """Yield the evidence for some of these commits, restricted to them."""
    for item in evidence:
        kept = item.for_commits(commits)
        if kept.commits:
            yield kept
