"""The files of subjects that research made the same, and how many of their lines are new to main."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from labgate.derivation.match import Pair, Subject
from labgate.fingerprints import postings
from labgate.fingerprints.features import line_features
from labgate.fingerprints.index import Index
from labgate.fingerprints.kinds import A
from labgate.fingerprints.patch_ids import SUBSTANCE, blob_id
from labgate.fingerprints.postings import BLOB, packed_id
from labgate.fingerprints.text import decoded
from labgate.git.blobs import read_sized
from labgate.git.diffs import changed_entries
from labgate.git.raw import Entry, blob_sizes
from labgate.git.repository import Repository
from labgate.values.errors import GitError
from labgate.values.value import Value

#: What stands for a file in Git LFS, and names it by its hash (git-lfs, docs/spec.md).
_STAND_IN = b"version https://git-lfs.github.com/spec/"
#: A larger file is data, and is not read for its lines.
_READ_BYTES = 4_000_000
#: The bytes of files whose lines are looked up together: their features take some thirty times as many.
_TOGETHER = 500_000


class SameFiles(Value):
    """Reads the files of subjects that are as research made them. All of the subjects have the same past.

    ``learn`` reads for many subjects at a time what else is read for each one alone.
    """

    repository: Repository
    index: Index

    @cached_property
    def _changed(self) -> dict[str, tuple[Entry, ...]]:
        """What commits change, those that were learned last."""
        return {}

    @cached_property
    def _new(self) -> dict[tuple[str, str], int]:
        """The number of new lines by commit and path, of the files that were learned last."""
        return {}

    def learn(self, subjects: Iterable[Subject], pairs: Iterable[Pair]) -> None:
        """Read what ``of`` and ``new_lines`` need of the pairs of some subjects with an equal file.

        What git cannot read of them is left to ``of`` and ``new_lines``.
        """
        self._changed.clear()
        self._new.clear()
        oids = [subject.key for subject in subjects if ".." not in subject.key]
        try:
            self._changed.update(changed_entries(self.repository, oids))
            self._count([(pair.subject, entry) for pair in pairs for entry in self.of(pair)])
        except GitError:
            return

    def of(self, pair: Pair, kind: int = BLOB) -> Iterator[Entry]:
        """Yield the files of a subject that are as the document made them, given the kind of their ids."""
        key = pair.subject.key
        # Of a range each commit is a subject of its own.
        if ".." in key:
            return
        if key not in self._changed:
            self._changed.update(changed_entries(self.repository, [key]))
        for entry in self._changed[key]:
            digest = blob_id(entry.new) if entry.new.strip("0") else b""
            if digest and packed_id(kind, digest) in pair.both and packed_id(BLOB, digest) in pair.novel:
                yield entry

    def new_lines(self, pair: Pair) -> Iterator[int]:
        """Yield for each file that is as the document made it the number of lines that main never had, anywhere.

        A rename, a file beside its copies, or an edit of one line may leave the same file as research without a line
        in common with the change that made it. Data counts as a whole.
        """
        for entry in self.of(pair):
            place = (pair.subject.key, entry.path)
            if place not in self._new:
                self._count([(pair.subject, entry)])
            yield self._new[place]

    def _count(self, files: Sequence[tuple[Subject, Entry]]) -> None:
        """Count the new lines of files, of as many at a time as there is memory for."""
        wanted = {(subject.key, entry.path): (subject, entry) for subject, entry in files}
        oids = {oid for _, entry in wanted.values() for oid in (entry.old, entry.new) if oid.strip("0")}
        sizes = blob_sizes(self.repository.objects, oids)
        some, total = list[tuple[Subject, Entry]](), 0
        for subject, entry in wanted.values():
            size = sum(sizes.get(oid, 0) for oid in (entry.old, entry.new))
            if some and total + size > _TOGETHER:
                self._count_some(some, sizes)
                some, total = [], 0
            some.append((subject, entry))
            total += size
        if some:
            self._count_some(some, sizes)

    def _count_some(self, files: Sequence[tuple[Subject, Entry]], sizes: Mapping[str, int]) -> None:
        oids = dict.fromkeys(oid for _, entry in files for oid in (entry.old, entry.new))
        small = {oid: sizes[oid] for oid in oids if oid in sizes and sizes[oid] <= _READ_BYTES}
        read = read_sized(self.repository.objects, small)
        texts = {oid: decoded(text) if b"\0" in text else text for oid, text in read}
        counted = [_counted(subject, entry, texts) for subject, entry in files]
        asked = sorted(set[int]().union(*(line for lines in counted for line in lines or ())))
        # What the chain had before the first of them it had before all.
        first = min(subject.until for subject, _ in files)
        depths = self.index.first_depths(asked, files[0][0].past, first)
        for (subject, entry), lines in zip(files, counted, strict=True):
            until, never = subject.until, postings.VALUES
            new = lines and [line for line in lines if any(depths.get(one, never) >= until for one in line)]
            self._new[subject.key, entry.path] = SUBSTANCE if new is None else len(new)


def _counted(subject: Subject, entry: Entry, texts: Mapping[str, bytes | None]) -> list[frozenset[int]] | None:
    """Return the features of each line that a file may bring; ``None`` for a file that is no text, or too large."""
    new = texts.get(entry.new)
    if new is None or new.startswith(_STAND_IN):
        return None
    # A landed commit's parent is on the chain, which had all that the file has there.
    had = texts.get(entry.old) if subject.depth is not None and subject.parent is not None else None
    lines = line_features(entry.path, new, had or b"")
    grams = _without_places(lines)
    # Any file may have a line of one or two words; it tells something where the file has no others.
    if not grams and had and _without_places(line_features(entry.path, new)):
        return []
    return grams or list(lines.values())


def _without_places(lines: Mapping[bytes, frozenset[int]]) -> list[frozenset[int]]:
    """Return what is left of the features of lines without those in one file, where something is."""
    return [others for line in lines.values() if (others := line - {at for at in line if postings.kind(at) == A})]
