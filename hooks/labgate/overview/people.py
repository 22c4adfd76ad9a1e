"""Who works on a branch, and how many of its commits were reviewed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from labgate.git.diffs import changed_entries
from labgate.git.repository import Repository
from labgate.overview.places import Places
from labgate.reviews.contributors import Contributors
from labgate.reviews.mailmap import Mailmap
from labgate.reviews.markers import read_claims
from labgate.reviews.quorum import JudgedClaim, assess, missing, person_of
from labgate.reviews.section import Reviews
from labgate.reviews.source_markers import bound
from labgate.values.ref_update import Commit
from labgate.values.value import Value


class Team(Value):
    """``owner`` wrote most of the commits. ``empty`` are those (full oids) that change nothing, such as markers.

    ``reviewed`` are those of the others, without merges, that have the reviews that the policy asks for. ``marked``:
    there is a review marker on the branch.
    """

    owner: str | None
    empty: tuple[str, ...]
    reviewed: frozenset[str]
    marked: bool


def team(
    repository: Repository,
    reviews: Reviews,
    mailmap: Mailmap,
    places: Places,
    commits: Sequence[Commit],
    trees: Mapping[str, str],
    landed: Mapping[str, frozenset[str]],
) -> Team:
    """Return who works on a branch, whose own commits are given, children before parents.

    ``mailmap`` is the trunk's. ``trees`` has the tree of each commit and of each parent. ``landed`` are the people who
    reviewed a commit as it landed. Raises: ``GitError``.
    """
    empty = tuple(commit.oid for commit in commits if commit.changes_nothing(trees))
    bring = tuple(commit.oid for commit in commits if len(commit.parents) < 2 and commit.oid not in empty)
    claims = read_claims(commits, trees)
    people = _reviewers(repository, reviews, places.trunk, commits, bring) if claims else {}
    reviewers = {oid: people.get(oid, frozenset()) | landed.get(oid, frozenset()) for oid in bring}
    owner = _owner(reviews, mailmap, commits, frozenset(bring))
    return Team(owner, empty, _reviewed(repository, reviews, reviewers), bool(claims))


def judged_claims(
    repository: Repository, contributors: Contributors, commits: Sequence[Commit], base: str | None
) -> list[JudgedClaim]:
    """Return the review markers in commits, children before parents. ``base`` is the target's tip before them."""
    by_oid = {commit.oid: commit for commit in commits}
    judged = []
    for claim in read_claims(commits, contributors.trees(commits)):
        commit = by_oid[claim.commit]
        empty = len(commit.parents) == 1 and contributors.is_contentless(commit)
        flaw = claim.flaw or bound(repository, claim, commit, base, empty=empty)
        wrote = contributors.wrote(by_oid[oid] for oid in claim.covers if oid in by_oid)
        content = None if claim.binding is None else claim.binding.oid
        judged.append(JudgedClaim(claim.commit, claim.email, claim.covers, flaw, wrote, content))
    return judged


def _owner(reviews: Reviews, mailmap: Mailmap, commits: Sequence[Commit], bring: frozenset[str]) -> str | None:
    """Return the name of the author of most commits; of several that of the newest commit among theirs."""
    written = [commit.author for commit in commits if commit.oid in bring] or [commit.author for commit in commits[:1]]
    names = [
        person_of(author.key, reviews) or person_of(proper.key, reviews) or proper.name
        for author, proper in zip(written, mailmap.proper(written), strict=True)
    ]
    return Counter(names).most_common(1)[0][0] if names else None


def _reviewers(
    repository: Repository, reviews: Reviews, trunk: str, commits: Sequence[Commit], bring: Sequence[str]
) -> Mapping[str, frozenset[str]]:
    contributors = Contributors(repository, reviews, trunk, (trunk,), tuple)
    contributors.know(commits)
    return assess(bring, judged_claims(repository, contributors, commits, trunk), reviews).reviewers


def _reviewed(repository: Repository, reviews: Reviews, reviewers: Mapping[str, frozenset[str]]) -> frozenset[str]:
    some = [oid for oid, people in reviewers.items() if people]
    entries = changed_entries(repository, some)
    paths = {oid: frozenset(entry.path for entry in entries[oid]) for oid in some}
    return frozenset(oid for oid in some if not missing(reviewers[oid], paths[oid], reviews))
