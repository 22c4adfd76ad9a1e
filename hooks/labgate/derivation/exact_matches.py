"""Exact matches: whether a candidate equals a subject, and whether that is a proof."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property

from labgate.derivation.candidates import Candidate
from labgate.derivation.match import Subject
from labgate.fingerprints import postings
from labgate.fingerprints.documents import Document
from labgate.fingerprints.features import A, D, X, line_features
from labgate.fingerprints.index import Index
from labgate.fingerprints.noise import is_vendored
from labgate.fingerprints.patch_ids import FILE_SUBSTANCE, SUBSTANCE, blob_id
from labgate.fingerprints.patches import commit_patches
from labgate.fingerprints.postings import BLOB, CORE, EXACT, FORM
from labgate.fingerprints.text import decoded
from labgate.git.blobs import read_sized
from labgate.git.commits import headlines, read_commits
from labgate.git.diffs import changed_entries
from labgate.git.raw import Entry, blob_sizes
from labgate.git.repository import Repository
from labgate.values.ref_update import Identity
from labgate.values.regexes import regex
from labgate.values.value import Value

#: The suffix that code hosts add to a title, and how many there may be: a backport adds one more.
_LABEL, _LABELS = regex(r"\((?:#|GH-|!)\d+\)$"), 3
#: The end of the name of an account that is no person.
_BOT = "[bot]"
#: The address that GitHub and GitLab give to people who hide theirs: it holds the account's name.
_HIDDEN = regex(r"(?:[0-9]+[+-])?([^@+]+)@users\.noreply\.git(?:hub|lab)\.com")
#: What stands for a file in Git LFS, and names it by its hash (git-lfs, docs/spec.md).
_STAND_IN = regex(rb"version https://git-lfs\.github\.com/spec/")
#: The most features of which it is remembered that the chain had them: some ten megabytes.
_REMEMBERED = 100_000
#: A larger file is data, and is not read for its lines.
_READ_BYTES = 4_000_000


class Equal(Value):
    """How a document equals a subject: ``how`` is exact, core or blob.

    ``hint`` is why that is no proof, ``None`` if it is. ``shared`` counts the features of each kind that both have,
    common ones too.
    """

    how: str
    hint: str | None
    shared: Mapping[int, int]


class ExactMatches(Value):
    """Compares patch ids of subjects with those of candidates, which are given by the number of their document.

    Ids decide before anything is left out for its size, its noise or because many have it. ``methods`` are those of
    ``finding.METHODS`` that count.
    """

    repository: Repository
    index: Index
    candidates: Mapping[int, Candidate]
    methods: frozenset[str]

    def compare(self, subject: Subject, number: int) -> Equal | None:
        """Return how a document equals the subject, ``None`` if the two are not equal."""
        found = self._equal(subject, number)
        if found is None or found.hint is not None or not self.reverts_landed(subject):
            return found
        return found.changed(hint=None if self._is_landing(subject, number) else "landed-first")

    def named(self, equals: Mapping[int, Equal]) -> dict[int, Equal]:
        """Return those of a subject's matches that are named.

        A branch has the files of its commits: it is only named for a file if none of its commits is.
        """
        blobs = [self.candidates[number] for number, equal in equals.items() if equal.how == "blob"]
        copied = {candidate.last for candidate in blobs if not candidate.is_range}
        return {
            number: equal
            for number, equal in equals.items()
            if equal.how != "blob" or not copied.intersection(self.candidates[number].steps)
        }

    def _equal(self, subject: Subject, number: int) -> Equal | None:
        twin, mine = self.index.document(number), subject.document
        shared = Counter(map(postings.kind, set(subject.novel).intersection(twin.features)))
        by_id = not self.methods.isdisjoint({"patch-id", "squash"})
        if by_id and mine.exact is not None and twin.exact == mine.exact:
            doubt = self._doubt(subject, number, mine.exact)
            # The file as a whole may say more than the few lines that make it.
            file = self._same_file(subject, number, shared) if doubt == "small" else None
            return file or Equal("exact", doubt, shared)
        if not subject.allowed(self.candidates[number]):
            return None
        same_code = by_id and mine.core is not None and twin.core == mine.core
        if same_code and mine.core is not None and self._is_enough(subject, number, mine.lines):
            first = self._landed_first(subject, number, CORE, mine.core)
            return Equal("core", "landed-first" if first else None, shared)
        return self._same_file(subject, number, shared)

    def _same_file(self, subject: Subject, number: int, shared: Counter[int]) -> Equal | None:
        twin = self.index.document(number)
        if "blob" not in self.methods:
            return None
        if shared[BLOB]:
            lines = shared[A] + shared[D]
            if lines < FILE_SUBSTANCE:
                lines = shared[A] = max(self._new_lines(subject, twin), default=0)
            if lines >= FILE_SUBSTANCE:
                return Equal("blob", "noise-only" if self._is_vendored_twice(subject, twin) else None, shared)
        # Anybody's formatter makes the same of a file.
        if shared[FORM] and self._is_same_commit(subject, number):
            lines = self._formed_lines(subject, twin)
            shared[A] = lines
            return Equal("blob", None, shared) if lines else None
        return None

    def _doubt(self, subject: Subject, number: int, exact: bytes) -> str | None:
        """Return why an equal patch is no proof, ``None`` if it is."""
        substance = subject.document.substance
        if self._landed_first(subject, number, EXACT, exact):
            return "landed-first"
        if self._is_enough(subject, number, substance) or self._is_landing(subject, number):
            return None
        return "small" if substance else "noise-only"

    def _is_enough(self, subject: Subject, number: int, lines: int) -> bool:
        """Return whether so many equal lines are no accident, or a place or an author is the same too."""
        if lines == 0 or lines >= SUBSTANCE:
            return lines > 0
        places = {one for one in subject.document.features if postings.kind(one) == X}
        same = not places.isdisjoint(self.index.document(number).features)
        return same or self._is_same_commit(subject, number)

    def _new_lines(self, subject: Subject, twin: Document) -> Iterator[int]:
        """Yield for each file that is as the twin made it the number of lines that main never had, anywhere.

        A rename, a file beside its copies, or an edit of one line may leave the same file as research without a line
        in common with the change that made it. Data counts as a whole.
        """
        for entry in self._same_files(subject, twin, BLOB):
            yield self._new_in(entry, subject)

    def _is_vendored_twice(self, subject: Subject, twin: Document) -> bool:
        """Return whether all equal files are vendored on both sides, under one name: two may take the same release."""
        mine, theirs = (
            {path.rpartition("/")[2] for path in paths if is_vendored(path)}
            for paths in (subject.document.paths, twin.paths)
        )
        if mine.isdisjoint(theirs):
            return False
        paths = [entry.path for entry in self._same_files(subject, twin, BLOB)]
        return bool(paths) and all(is_vendored(path) and path.rpartition("/")[2] in theirs for path in paths)

    def _formed_lines(self, subject: Subject, twin: Document) -> int:
        """Return the number of lines that a subject formats in files which are as the twin formatted them."""
        paths = {entry.path for entry in self._same_files(subject, twin, FORM)}
        if not paths:
            return 0
        (patch,) = commit_patches(self.repository, [subject.key])
        return sum(len(run.added) for file in patch.files if file.path in paths for run in file.runs)

    def _same_files(self, subject: Subject, twin: Document, kind: int) -> Iterator[Entry]:
        """Yield the files of a commit that are as the twin made them, given the kind of their ids."""
        new = frozenset(one for one in subject.novel if postings.kind(one) in (kind, BLOB))
        same = new.intersection(one for one in twin.features if postings.kind(one) == kind)
        # Of a range each commit is a subject of its own.
        entries = () if ".." in subject.key else changed_entries(self.repository, [subject.key])[subject.key]
        for entry in entries:
            digest = blob_id(entry.new) if entry.new.strip("0") else b""
            if digest and postings.packed_id(kind, digest) in same and postings.packed_id(BLOB, digest) in new:
                yield entry

    def _new_in(self, entry: Entry, subject: Subject) -> int:
        new, old = self._texts(entry.new, entry.old)
        if new is None or _STAND_IN.match(new):
            return SUBSTANCE
        # A landed commit's parent is on the chain, which had all that the file has there.
        had = old if subject.depth is not None and subject.parent is not None else None
        lines = line_features(entry.path, new, had or b"")
        grams = _without_places(lines)
        # Any file may have a line of one or two words; it tells something where the file has no others.
        if not grams and had and _without_places(line_features(entry.path, new)):
            return 0
        known = self._known(frozenset[int]().union(*lines.values()), subject)
        return sum(not others <= known for others in grams or lines.values())

    def _texts(self, *oids: str) -> list[bytes | None]:
        """Return the text of blobs; ``None`` of one that is no text, too large, or the null oid."""
        git = self.repository.objects
        sizes = blob_sizes(git, {oid for oid in oids if oid.strip("0")})
        read = dict(read_sized(git, {oid: size for oid, size in sizes.items() if size <= _READ_BYTES}))
        found = [read.get(oid) for oid in oids]
        return [decoded(text) if text is not None and b"\0" in text else text for text in found]

    def _known(self, features: frozenset[int], subject: Subject) -> frozenset[int]:
        """Return those features that the chain had before the subject.

        Commits that change a file one after the other ask for nearly the same ones.
        """
        if len(self._had) > _REMEMBERED:
            self._had.clear()
        unknown = sorted(one for one in features if self._had.get(one, postings.VALUES) >= subject.until)
        self._had.update(self.index.first_depths(unknown, subject.past, subject.until))
        return frozenset(one for one in features if self._had.get(one, postings.VALUES) < subject.until)

    @cached_property
    def _had(self) -> dict[int, int]:
        """A depth at which the chain had each feature of some, for the one past that all subjects have."""
        return {}

    def reverts_landed(self, subject: Subject) -> bool:
        """Return whether the subject reverts something that landed: its old state is not new work."""
        inverse = subject.document.inverse
        if inverse is None:
            return False
        return any(depth < subject.until for depth in self._depths(subject, EXACT, inverse))

    def _landed_first(self, subject: Subject, number: int, kind: int, digest: bytes) -> bool:
        """Return whether the chain had the same patch after the research forked from it, and before the subject."""
        fork = self.candidates[number].fork
        return any(fork < depth < subject.until for depth in self._depths(subject, kind, digest))

    def _depths(self, subject: Subject, kind: int, digest: bytes) -> list[int]:
        return self.index.depths(postings.packed_id(kind, digest), subject.past)

    def _is_landing(self, subject: Subject, number: int) -> bool:
        """Return whether a mechanical change is a branch that lands, and not only equal to a change on another branch.

        Many branches raise the same versions. But a ref with nothing else that lands under the title of one of its
        commits is the ref that lands, and a commit with the same author and date is the same commit, picked or rebased.
        """
        candidate = self.candidates[number]
        titles = (candidate.last, *(candidate.commits if candidate.alone else ()))
        # A range has the title of its last commit.
        mine, last, *others = headlines(self.repository, (subject.key.rpartition("..")[2], *titles))
        return mine[1] == last[1] or any(_plain(mine[0]) == _plain(title) for title, _ in others)

    def _is_same_commit(self, subject: Subject, number: int) -> bool:
        """Return whether the subject has the author of some commit of a candidate, or a bot took that one there.

        An author is known by address, name or account. A bot makes the same change on many branches, so it counts as no
        author; but if it gives a change the title of a person's commit, it took that one there.
        """
        last = subject.key.rpartition("..")[2]
        mine, *theirs = read_commits(self.repository, (last, *self.candidates[number].commits))
        author, title = _names(mine.author), _plain(mine.subject)
        return any(
            not author.isdisjoint(names) or (bool(author) != bool(names) and title == _plain(other.subject))
            for other, names in ((other, _names(other.author)) for other in theirs)
        )


def _without_places(lines: Mapping[bytes, frozenset[int]]) -> list[frozenset[int]]:
    """Return what is left of the features of lines without those in one file, where something is."""
    return [others for line in lines.values() if (others := line - {at for at in line if _is_place(at)})]


def _is_place(feature: int) -> bool:
    """Return whether a feature is that of a line in one file."""
    return postings.kind(feature) == A


def _names(author: Identity) -> frozenset[str]:
    """Return what an author is known by: the address, the name, and the account that a hidden address is of.

    A bot is known by nothing.
    """
    if author.name.endswith(_BOT):
        return frozenset()
    hidden = _HIDDEN.fullmatch(author.key)
    return frozenset((author.key, author.name.casefold(), *(hidden.groups() if hidden else ())))


def _plain(title: str) -> str:
    plain = title.rstrip()
    for _ in range(_LABELS):
        plain = _LABEL.sub("", plain).rstrip()
    return plain.casefold()
