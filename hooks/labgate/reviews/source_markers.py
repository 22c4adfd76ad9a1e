"""Review markers on the source branch of a change that lands as other commits.

A squash, a rebase and a merge of an older commit leave them there. They hold if the landed content is the content that
they covered, by the comparison of ``reviews.carry``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from labgate.git.commits import read_commits, rev_list
from labgate.git.repository import Repository
from labgate.reviews.carry import TargetMove, bound_flaw, carried_all
from labgate.reviews.contributors import Contributors
from labgate.reviews.markers import Claim, read_claims
from labgate.reviews.quorum import JudgedClaim, assess, missing
from labgate.reviews.section import Reviews
from labgate.values.ref_update import Commit
from labgate.values.value import Value

#: The most heads of one branch that are compared with one landing, the newest first: each takes a few processes.
_TRIED = 12


class Segment(Value):
    """A part of a range, along its first-parent line, that may be one landing.

    ``old`` is the commit below it, ``None`` at a root, ``new`` its last one, and ``oids`` are all of its commits.
    """

    old: str | None
    new: str
    oids: frozenset[str]

    @property
    def move(self) -> TargetMove:
        return TargetMove(self.old, self.new, landed=True)


def bound(repository: Repository, claim: Claim, commit: Commit, base: str | None, *, empty: bool) -> str | None:
    """Return why a claim's binding does not hold at its commit, ``None`` if it does or there is none.

    ``commit`` has it, and is ``empty`` or is itself the reviewed content; ``base`` is the target's tip.
    """
    if claim.binding is None:
        return None
    parent = next(iter(commit.parents), None)
    move = TargetMove(parent, commit.oid, landed=True)
    if empty and parent is not None:
        move = TargetMove(base, parent)
    return bound_flaw(repository, claim.binding.delta, claim.binding.oid, move)


class SourceMarkers:
    """The markers on a branch that landed. ``tip`` is its head, ``base`` the target's tip before the landing."""

    def __init__(
        self, repository: Repository, reviews: Reviews, contributors: Contributors, tip: str, base: Sequence[str]
    ) -> None:
        self._repository = repository
        self._reviews = reviews
        self._contributors = contributors
        self._tip = tip
        self._base = base

    def claims(self, segment: Segment, without: frozenset[str]) -> Iterator[JudgedClaim]:
        """Yield the claims that cover a segment: the content of a commit of the branch is what landed.

        ``without`` are commits whose claims are known already.
        """
        if not any(claim.commit not in without for claim in self._claims):
            return
        content = self._reviewed_content(segment)
        claims = [self._judged(claim) for claim in self._claims if claim.covers & content]
        for claim in _for_all(claims, tuple(content), self._reviews):
            if claim.commit not in without:
                yield claim.changed(covers=segment.oids)

    def _reviewed_content(self, segment: Segment) -> frozenset[str]:
        """Return the commits of the branch that bring exactly the landed content; empty if that is not known."""
        head = self._landed_as(segment)
        if head is None:
            return self._picked(segment)
        covered = frozenset(rev_list(self._repository, [head], self._base))
        return frozenset(c.oid for c in self._commits if c.oid in covered and not self._contributors.is_contentless(c))

    def _picked(self, segment: Segment) -> frozenset[str]:
        """Return the commit of the branch that a segment of one commit rebased or picked."""
        landed = read_commits(self._repository, segment.oids if len(segment.oids) == 1 else ())
        origins = {oid for commit in landed for oid in self._contributors.origins.get(commit.oid, ())}
        same = (oid for oid in origins & self._by_oid.keys() if self._contributors.is_same_change(oid, landed[0]))
        return frozenset(same)

    def _landed_as(self, segment: Segment) -> str | None:
        """Return the newest commit of the branch with the landed content, ``None`` if there is none."""
        heads = [self._tip, *(claim.commit for claim in self._claims)]
        tried = tuple(dict.fromkeys(heads))[:_TRIED]
        flaws = carried_all(self._repository, tried, segment.move).flaws
        return next((head for head in tried if flaws[head] is None), None)

    @cached_property
    def _commits(self) -> tuple[Commit, ...]:
        return read_commits(self._repository, rev_list(self._repository, [self._tip], self._base))

    @cached_property
    def _claims(self) -> tuple[Claim, ...]:
        if not any("reviewed" in commit.message.casefold() for commit in self._commits):
            return ()  # most branches have none
        return read_claims(self._commits, self._contributors.trees(self._commits))

    def _judged(self, claim: Claim) -> JudgedClaim:
        commit = self._by_oid[claim.commit]
        empty = len(commit.parents) == 1 and self._contributors.is_contentless(commit)
        flaw = claim.flaw or bound(self._repository, claim, commit, next(iter(self._base), None), empty=empty)
        wrote = self._contributors.wrote(self._by_oid[oid] for oid in claim.covers)
        reviewed = None if claim.binding is None else claim.binding.oid
        return JudgedClaim(claim.commit, claim.email, claim.covers, flaw, wrote, reviewed)

    @cached_property
    def _by_oid(self) -> Mapping[str, Commit]:
        return {commit.oid: commit for commit in self._commits}


def _for_all(claims: Sequence[JudgedClaim], content: Sequence[str], reviews: Reviews) -> Iterable[JudgedClaim]:
    """Return the claims that cover all the content, and those that do not count.

    If each commit has been reviewed enough, the reviewers of any commit have reviewed the landing together; else only
    the reviewers of every commit have.
    """
    found = assess(content, claims, reviews)
    if not content:
        return ()
    enough = all(not missing(people, frozenset(), reviews) for people in found.reviewers.values())
    people = set.union(*map(set, found.reviewers.values())) if enough else set()
    people |= set.intersection(*map(set, found.reviewers.values()))
    refused = {id(item.claim) for item in found.refused}
    emails = {email for person in reviews.people if person.name in people for email in person.emails}
    counting = [
        claim.changed(contributors={}) for claim in claims if claim.email in emails and id(claim) not in refused
    ]
    return [*counting, *(claim for claim in claims if id(claim) in refused)]
