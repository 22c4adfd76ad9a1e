"""Exact matches: whether a candidate equals a subject, and whether that is a proof."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from labgate.derivation.candidates import Candidate
from labgate.derivation.match import Pair, Subject
from labgate.derivation.shared_features import IDS
from labgate.fingerprints import postings
from labgate.fingerprints.documents import Document
from labgate.fingerprints.index import Index
from labgate.fingerprints.kinds import A, D, X
from labgate.fingerprints.noise import is_vendored
from labgate.fingerprints.patch_ids import FILE_SUBSTANCE, SUBSTANCE
from labgate.fingerprints.patches import commit_patches
from labgate.fingerprints.postings import BLOB, CORE, EXACT, FORM, packed_id
from labgate.git.commits import headlines, read_commits
from labgate.git.repository import Repository
from labgate.values.ref_update import Identity
from labgate.values.regexes import regex
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.derivation.same_files import SameFiles

#: The suffix that code hosts add to a title, and how many there may be: a backport adds one more.
_LABEL, _LABELS = regex(r"\((?:#|GH-|!)\d+\)$"), 3
#: The end of the name of an account that is no person.
_BOT = "[bot]"
#: The address that GitHub and GitLab give to people who hide theirs: it holds the account's name.
_HIDDEN = regex(r"(?:[0-9]+[+-])?([^@+]+)@users\.noreply\.git(?:hub|lab)\.com")


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

    def compare(
        self, subjects: Sequence[Subject], shared: Sequence[Mapping[int, Mapping[int, int]]]
    ) -> list[dict[int, Equal]]:
        """Return by their number how documents equal each subject; what it shares with candidates is given by number.

        All subjects have the same past.
        """
        asked = [
            (subject, {number: kinds for number, kinds in mine.items() if any(map(kinds.get, IDS))})
            for subject, mine in zip(subjects, shared, strict=True)
        ]
        self._learn([row for row in asked if row[1]])
        found = []
        for subject, mine in asked:
            novel = frozenset(subject.novel) if mine else frozenset[int]()
            equals = ((number, self._compare(subject, novel, number)) for number in mine)
            found.append({number: equal for number, equal in equals if equal is not None})
        return found

    def _compare(self, subject: Subject, novel: frozenset[int], number: int) -> Equal | None:
        """Return how a document equals the subject, ``None`` if the two are not equal."""
        found = self._equal(subject, novel, number)
        if found is None or found.hint is not None or not self.reverts_landed(subject):
            return found
        return found.changed(hint=None if self.is_landing(subject, number) else "landed-first")

    def _learn(self, asked: Sequence[tuple[Subject, Mapping[int, Mapping[int, int]]]]) -> None:
        """Read for all subjects at once what most of them need: depths of their ids, headlines, and equal files."""
        self._every.clear()
        if not asked:
            return
        documents = [subject.document for subject, _ in asked]
        ids = {packed_id(EXACT, one) for item in documents for one in (item.exact, item.inverse) if one is not None}
        ids |= {packed_id(CORE, item.core) for item in documents if item.core is not None}
        self._every.update(dict.fromkeys(ids, ()))
        self._every.update(self.index.depths(sorted(ids), asked[0][0].past))
        titled, files = dict[str, None](), list[tuple[Subject, list[int]]]()
        for subject, mine in asked:
            by_id = {number for number, kinds in mine.items() if any(map(kinds.get, postings.IDS))}
            if by_id and subject.document.substance >= SUBSTANCE:
                continue
            for number in by_id:
                titled.update(dict.fromkeys(self._titled(subject, number)))
            equal = [number for number, kinds in mine.items() if kinds.get(BLOB) and _lines(kinds) < FILE_SUBSTANCE]
            if equal:
                files.append((subject, equal))
        headlines(self.repository, titled)
        if files:
            self._files.learn([subject for subject, _ in files], self._pairs(files))

    def _pairs(self, files: Sequence[tuple[Subject, Sequence[int]]]) -> Iterator[Pair]:
        for subject, numbers in files:
            novel = frozenset(subject.novel)
            for number in numbers:
                yield Pair(subject, novel, novel.intersection(self.index.document(number).features))

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

    def _equal(self, subject: Subject, novel: frozenset[int], number: int) -> Equal | None:
        twin, mine = self.index.document(number), subject.document
        both = novel.intersection(twin.features)
        shared = Counter([one & 15 for one in both])
        by_id = not self.methods.isdisjoint({"patch-id", "squash"})
        if by_id and mine.exact is not None and twin.exact == mine.exact:
            doubt = self._doubt(subject, number, mine.exact)
            # The file as a whole may say more than the few lines that make it.
            file = self._same_file(Pair(subject, novel, both), number, twin, shared) if doubt == "small" else None
            return file or Equal("exact", doubt, shared)
        if not subject.allowed(self.candidates[number]):
            return None
        same_code = by_id and mine.core is not None and twin.core == mine.core
        if same_code and mine.core is not None and self._is_enough(subject, number, mine.lines):
            first = self._landed_first(subject, number, CORE, mine.core)
            return Equal("core", "landed-first" if first else None, shared)
        return self._same_file(Pair(subject, novel, both), number, twin, shared)

    def _same_file(self, pair: Pair, number: int, twin: Document, shared: Counter[int]) -> Equal | None:
        if "blob" not in self.methods:
            return None
        if shared[BLOB]:
            lines = _lines(shared)
            if lines < FILE_SUBSTANCE:
                lines = shared[A] = max(self._files.new_lines(pair), default=0)
            if lines >= FILE_SUBSTANCE:
                return Equal("blob", "noise-only" if self._is_vendored_twice(pair, twin) else None, shared)
        # Anybody's formatter makes the same of a file.
        if shared[FORM] and self.has_author_of(pair.subject, number):
            lines = self._formed_lines(pair)
            shared[A] = lines
            return Equal("blob", None, shared) if lines else None
        return None

    def _doubt(self, subject: Subject, number: int, exact: bytes) -> str | None:
        """Return why an equal patch is no proof, ``None`` if it is."""
        substance = subject.document.substance
        if self._landed_first(subject, number, EXACT, exact):
            return "landed-first"
        if self._is_enough(subject, number, substance) or self.is_landing(subject, number):
            return None
        return "small" if substance else "noise-only"

    def _is_enough(self, subject: Subject, number: int, lines: int) -> bool:
        """Return whether so many equal lines are no accident, or a place or an author is the same too."""
        if lines == 0 or lines >= SUBSTANCE:
            return lines > 0
        places = {one for one in subject.document.features if postings.kind(one) == X}
        same = not places.isdisjoint(self.index.document(number).features)
        return same or self.has_author_of(subject, number)

    def _is_vendored_twice(self, pair: Pair, twin: Document) -> bool:
        """Return whether all equal files are vendored on both sides, under one name: two may take the same release."""
        mine, theirs = (
            {path.rpartition("/")[2] for path in paths if is_vendored(path)}
            for paths in (pair.subject.document.paths, twin.paths)
        )
        if mine.isdisjoint(theirs):
            return False
        paths = [entry.path for entry in self._files.of(pair)]
        return bool(paths) and all(is_vendored(path) and path.rpartition("/")[2] in theirs for path in paths)

    def _formed_lines(self, pair: Pair) -> int:
        """Return the number of lines that a subject formats in files which are as the document formatted them."""
        paths = {entry.path for entry in self._files.of(pair, FORM)}
        if not paths:
            return 0
        (patch,) = commit_patches(self.repository, [pair.subject.key])
        return sum(len(run.added) for file in patch.files if file.path in paths for run in file.runs)

    @cached_property
    def _files(self) -> SameFiles:
        from labgate.derivation.same_files import SameFiles  # few commits have such a file

        return SameFiles(self.repository, self.index)

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

    def _depths(self, subject: Subject, kind: int, digest: bytes) -> Sequence[int]:
        one = packed_id(kind, digest)
        if one not in self._every:
            self._every[one] = self.index.depths([one], subject.past).get(one, ())
        return self._every[one]

    @cached_property
    def _every(self) -> dict[int, Sequence[int]]:
        """Every depth at which the chain had some ids, those that were learned last."""
        return {}

    def is_landing(self, subject: Subject, number: int) -> bool:
        """Return whether a mechanical change is a branch that lands, and not only equal to a change on another branch.

        Many branches raise the same versions. But a ref with nothing else that lands under the title of one of its
        commits is the ref that lands, and a commit with the same author and date is the same commit, picked or rebased.
        """
        mine, last, *others = headlines(self.repository, self._titled(subject, number))
        return mine[1] == last[1] or any(_plain(mine[0]) == _plain(title) for title, _ in others)

    def _titled(self, subject: Subject, number: int) -> tuple[str, ...]:
        """Return the commits whose titles tell whether a subject lands a branch: its own, which of a range is the last.

        Then the last one of the candidate, and if that is all that a branch changes all of it.
        """
        candidate = self.candidates[number]
        last = subject.key.rpartition("..")[2]
        return (last, candidate.last, *(candidate.commits if candidate.alone else ()))

    def has_author_of(self, subject: Subject, number: int, *, bots: bool = False) -> bool:
        """Return whether the subject has the author of some commit of a candidate, or a bot took that one there.

        An author is known by address, name or account. A bot makes the same change on many branches, so it counts as no
        author; but if it gives a change the title of a person's commit, it took that one there. With ``bots`` it is an
        author as anybody else, and takes what another bot made, too.
        """
        last = subject.key.rpartition("..")[2]
        mine, *theirs = read_commits(self.repository, (last, *self.candidates[number].commits))
        author, title = _names(mine.author), _plain(mine.subject)
        for other in theirs:
            names = _names(other.author)
            same = not author.isdisjoint(names) or (bots and mine.author.key == other.author.key)
            takes = bool(author) != bool(names) or (bots and not author)
            if same or (takes and title == _plain(other.subject)):
                return True
        return False


def _lines(shared: Mapping[int, int]) -> int:
    return shared.get(A, 0) + shared.get(D, 0)


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
