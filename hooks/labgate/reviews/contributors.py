"""The contributors of a range: authors, co-authors, and committers who changed an author's commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property

from labgate.git.commits import CLEAN, picked, read_commits
from labgate.git.merges import is_contentless
from labgate.git.repository import Repository
from labgate.reviews.approvals import listed_email
from labgate.reviews.carry import TargetMove, carried_all
from labgate.reviews.delta import delta_id
from labgate.reviews.mailmap import Mailmap
from labgate.reviews.markers import co_authors
from labgate.reviews.section import Reviews
from labgate.values.errors import GitError
from labgate.values.ref_update import Commit, Identity
from labgate.values.value import Value

#: The most commits with the same author and second that are compared with one that somebody else committed.
_TRIED = 4


class Contributors:
    """Finds the contributors of commits. git is only asked when the answer matters.

    ``trunk`` is the commit whose ``.mailmap`` is used, ``None`` if there is none. ``origins`` maps commits to those
    that they derive from (full oids). ``originals`` returns the commits that are searched for the author's own version
    of a commit that somebody else committed; ``base`` is the commit on which they are compared.
    """

    def __init__(
        self,
        repository: Repository,
        reviews: Reviews,
        trunk: str | None,
        base: Sequence[str],
        originals: Callable[[], Iterable[str]],
    ) -> None:
        self._repository = repository
        self._reviews = reviews
        self._base = base
        self._candidates = originals
        self._mailmap = Mailmap(repository, trunk)
        self._trees: dict[str, str] = {}
        self._known: dict[str, tuple[str, ...]] = {}
        self.origins: Mapping[str, tuple[str, ...]] = {}
        #: For each commit (oid) whose committer counts as a contributor: the committer's email, and the author for whom
        #: no own commit of the same change was found.
        self.sought: dict[str, tuple[str, str]] = {}

    def know(self, commits: Iterable[Commit]) -> None:
        """Remember the trees of commits that were read anyway."""
        for commit in commits:
            if commit.oid not in self._trees:
                self._trees[commit.oid] = commit.tree
                self._mailmap.expect((commit.author, commit.committer))

    def trees(self, commits: Sequence[Commit]) -> Mapping[str, str]:
        """Return the tree of each of these commits and of each of their parents, and perhaps of others."""
        self.know(commits)
        missing = dict.fromkeys(oid for commit in commits for oid in commit.parents if oid not in self._trees)
        self.know(read_commits(self._repository, missing))
        return self._trees

    def is_contentless(self, commit: Commit) -> bool:
        """Return whether a commit brings nothing of its own: it is empty, or the merge that git itself would make."""
        return is_contentless(self._repository, commit, self.trees([commit] if len(commit.parents) < 2 else []))

    def everybody(self, commit: Commit) -> tuple[str, ...]:
        """Return the casefolded emails of all contributors of a commit, as the policy lists them."""
        if commit.oid not in self._known:
            self._known[commit.oid] = ()  # where two commits are each other's origin
            self._known[commit.oid] = tuple(dict.fromkeys(self._contributors(commit)))
        return self._known[commit.oid]

    def authors(self, commit: Commit) -> tuple[str, ...]:
        """Return the same as ``everybody``, without the committer."""
        named = (commit.author, *(Identity("", email) for email in co_authors(commit)))
        self._mailmap.expect(named)
        own = (email for identity in named for email in self._named(identity))
        origins = read_commits(self._repository, self.origins.get(commit.oid, ()))
        theirs = (email for origin in origins if not self.is_contentless(origin) for email in self.everybody(origin))
        return tuple(dict.fromkeys((*own, *theirs)))

    def has_agent(self, commit: Commit) -> bool:
        """Return whether an agent is an author or co-author of a commit."""
        stated = (commit.author.key, commit.committer.key, *co_authors(commit))
        return any(self._reviews.is_agent(email) for email in stated)

    def wrote(self, commits: Iterable[Commit]) -> dict[str, str]:
        """Return the emails of listed people who contributed to commits, each with one such commit."""
        found: dict[str, str] = {}
        for commit in commits:
            emails = self._listed.intersection(self.everybody(commit))
            # To check a merge takes a process, so only those that matter are checked.
            if emails and not self.is_contentless(commit):
                found.update(dict.fromkeys(emails, commit.oid))
        return found

    @cached_property
    def _listed(self) -> frozenset[str]:
        return frozenset(email for person in self._reviews.people for email in person.emails)

    def _contributors(self, commit: Commit) -> Iterable[str]:
        origins = read_commits(self._repository, self.origins.get(commit.oid, ()))
        if not origins or not self._is_landing_of(commit, origins):
            yield from self._named(commit.author)
            if self._wrote_as_committer(commit):
                yield from self._named(commit.committer)
        named = [Identity("", email) for email in co_authors(commit)]
        self._mailmap.expect(named)
        for identity in named:
            yield from self._named(identity)
        for origin in origins:
            if not self.is_contentless(origin):
                yield from self.everybody(origin)

    def _named(self, identity: Identity) -> Iterable[str]:
        """Yield the emails of a contributor who is not an agent: the stated one, and those it maps to."""
        if self._reviews.is_agent(identity.key):
            return
        for email in dict.fromkeys((identity.key, *self._mailmap.canonical(identity))):
            yield listed_email(email, self._reviews)
        yield from self._same_person(identity)

    def _same_person(self, identity: Identity) -> Iterable[str]:
        """Yield the listed addresses of a person to whom the mailmap maps this one."""
        for mapped in self._mailmap.canonical(identity):
            yield from self._people_by_mapped.get(mapped, ())

    @cached_property
    def _people_by_mapped(self) -> dict[str, tuple[str, ...]]:
        """The first listed address of each person to whom the mailmap maps an address."""
        listed = [(person.emails[0], Identity("", email)) for person in self._reviews.people for email in person.emails]
        self._mailmap.expect(identity for _, identity in listed)
        found: dict[str, dict[str, None]] = {}
        for first, identity in listed:
            for mapped in self._mailmap.canonical(identity):
                found.setdefault(mapped, {})[first] = None
        return {mapped: tuple(people) for mapped, people in found.items()}

    def _wrote_as_committer(self, commit: Commit) -> bool:
        """Return whether a committer may have changed the author's commit: no equal commit of the author is found."""
        author, committer = commit.author.key, commit.committer.key
        if author == committer or committer in self._reviews.machines:
            return True
        if committer not in self._listed and self._reviews.assurance == "trailer":
            return True  # the committer blocks nobody, so there is nothing to search
        if len(commit.parents) != 1:
            return True
        made = _Made(commit.author.name, author, commit.authored)
        for oid, theirs in self._originals.get(made, ())[:_TRIED]:
            if oid != commit.oid and theirs != committer and self.is_same_change(oid, commit):
                return False
        self.sought[commit.oid] = (listed_email(committer, self._reviews), commit.author.name)
        return True

    def is_same_change(self, original: str, commit: Commit) -> bool:
        """Return whether a commit makes the same change as another one, possibly on another base."""
        (read,) = read_commits(self._repository, [original])
        if len(read.parents) != 1:
            return False
        before, onto = read.parents[0], commit.parents[0]
        if delta_id(self._repository, before, original) == delta_id(self._repository, onto, commit.oid):
            return True
        again = picked(self._repository, onto, original, before)
        return again.outcome == CLEAN and again.tree == commit.tree

    def _is_landing_of(self, commit: Commit, origins: Sequence[Commit]) -> bool:
        """Return whether a commit exactly lands the work of others: its committer did not write it."""
        if len(commit.parents) != 1:
            return False
        below = {oid for origin in origins for oid in origin.parents}
        tips = [origin.oid for origin in origins if origin.oid not in below]
        if len(origins) == 1 and self.is_same_change(origins[0].oid, commit):
            return True
        move = TargetMove(commit.parents[0], commit.oid, landed=True)
        return any(flaw is None for flaw in carried_all(self._repository, tips, move).flaws.values())

    @cached_property
    def _originals(self) -> dict[_Made, list[tuple[str, str]]]:
        """The commits that may be an author's own versions: by author and date, each with its committer's email."""
        found: dict[_Made, list[tuple[str, str]]] = {}
        for commit in read_commits(self._repository, dict.fromkeys((*self._candidates(), *self._seen_here()))):
            made = _Made(commit.author.name, commit.author.key, commit.authored)
            found.setdefault(made, []).append((commit.oid, commit.committer.key))
        return found

    def _seen_here(self) -> tuple[str, ...]:
        """Return commits that this clone has seen and still has: those in its reflogs."""
        try:
            exclude = [f"^{oid}" for oid in self._base]
            return tuple(self._repository.git.run("rev-list", "--reflog", *exclude).decode().split())
        except GitError:
            return ()


class _Made(Value):
    """The fields that a rebase and a cherry-pick keep: the author's name, casefolded email and date."""

    name: str
    email: str
    time: str
