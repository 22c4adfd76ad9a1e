"""What git forgets: when and on which ref a research commit was first seen here, and the tips of deleted research refs.

The ledger is a text file that is only ever appended to, one entry a line. Fields are parted by one blank, which no
refname holds (git-check-ref-format); times are seconds since the epoch:

    labgate-ledger 1
    new TIME REF TIP [OID ...] .     the ref stands at TIP; all of these commits were first seen then, on this ref
    tip TIME REF TIP [OID ...] .     the same, but TIP itself was not new
    gone TIME REF TIP .              the ref no longer reaches its old tip: deleted, or moved to somewhere else
    back TIME REF TIP .              the ref reaches that tip again

The lone dot says that a line is whole: what a killed process or a full disk cut short lacks it and is passed over. The
number counts formats. A later one only adds kinds of entries, so every version reads the kinds that it knows, passes
over the others and leaves them where they are.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, cached_property

from labgate.values.files import append_to, locked
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from io import FileIO

#: How long to wait for other processes to write, in seconds. They take milliseconds, unless one was stopped meanwhile.
PATIENCE = 5.0

_TITLE = "labgate-ledger 1\n"


class Sighting(Value):
    """Where (full refname) and when (seconds since the epoch) a commit was first seen in this repository."""

    oid: str
    ref: str
    time: int


class DeletedTip(Value):
    """A tip that its source ref (full refname) no longer reaches; ``time``: when that was noticed."""

    ref: str
    oid: str
    time: int


class Ledger:
    """The ledger of one repository. Nothing here raises ``OSError``.

    Whoever observes must always look at the same set of refs, all refs that the judging policy calls sources: a run
    that looks elsewhere (``trace --sources``) would find them all deleted, and must only read. A ref that a changed
    policy no longer calls a source counts as deleted as well.

    Looks of several processes may overlap. An older one that is recorded last can show a ref as deleted or moved back
    that is not; the next look sets that right.
    """

    def __init__(self, path: str) -> None:
        """Take a path, which is read when first asked about; a file that does not exist is an empty ledger."""
        self._path = path
        #: Entries that could not be written. Memory has them on top of the file's.
        self._held: list[str] = []
        self._loaded = False
        self._start_over(None)

    def first_seen(self, oid: str) -> Sighting | None:
        """Return the first sight of a commit in the order of recording, whatever the clock said; ``None``: never."""
        entry = self._known.first.get(oid)
        if entry is None:
            return None
        _, time, ref, _ = entry.split(" ", 3)
        return Sighting(oid, ref, int(time))

    def tips(self) -> Mapping[str, str]:
        """Return the source refs (full names) that existed when last observed, each with its tip."""
        return dict(self._known.tips)

    def deleted(self, now: int, keep: int) -> tuple[DeletedTip, ...]:
        """Return the tips noticed to be deleted at most ``keep`` seconds before ``now``, the newest first.

        One that its ref was later seen to reach again is not among them.
        """
        found = [DeletedTip(*key, time) for key, time in self._known.gone.items() if now - time <= keep]
        # Of those of one moment the last one recorded comes first.
        found.reverse()
        found.sort(key=lambda tip: tip.time, reverse=True)
        return tuple(found)

    def size(self) -> int:
        """Return the number of entries of known kinds, with those that wait in memory."""
        return self._known.entries

    def observe(
        self,
        tips: Mapping[str, str],
        commits: Mapping[str, Sequence[str]],
        now: int,
        *,
        continues: Callable[[str, str], bool] = lambda *_: False,
    ) -> None:
        """Record one look at the refs; write nothing where it shows nothing new.

        ``tips``: every source ref (full name) with its tip. ``commits``: for each of them the research commits that it
        has, newest first; one that was never seen before belongs to the first ref, in the order of ``tips``, that has
        it. ``now``: seconds since the epoch. A ref that is missing is deleted. A ref whose old tip is not among its
        commits was moved away from it, unless ``continues`` says that the new tip reaches the old one, by what has
        landed; whatever it raises is passed on, and nothing is recorded then.

        What cannot be written (read-only, full disk) is kept in memory, and written with the next look that can be.
        """
        observation = _Observation(tips, commits, now, cache(continues))
        self._load()
        if self._held or self._memory.news(observation):
            self._record(observation)

    def _record(self, observation: _Observation) -> None:
        """Write what an observation adds, or else hold it in memory."""
        try:
            with locked(self._path, PATIENCE) as stream:
                # Another process may have recorded the same while this one waited.
                self._read(stream.fileno())
                self._append(stream, [*self._held, *self._memory.news(observation)])
        except OSError:
            # Some entries may have been written before the disk was full.
            self._load()
            news = self._memory.news(observation)
            self._held += news
            self._overlay(news)

    @property
    def _known(self) -> _Memory:
        if not self._loaded:
            self._load()
        return self._memory

    def _load(self) -> None:
        """Take up what stands in the file by now. What cannot be read is as good as empty."""
        self._loaded = True
        try:
            with open(self._path, "rb", buffering=0) as stream:
                self._read(stream.fileno())
        except (FileNotFoundError, NotADirectoryError):
            self._start_over(None)
            self._overlay(self._held)
        except OSError:
            return

    def _start_over(self, file: tuple[int, int] | None) -> None:
        self._memory = _Memory()
        self._file = file
        #: The file up to here is in memory: whole lines, bytes.
        self._offset = 0
        self._is_torn = False
        self._is_overlaid = False

    def _read(self, descriptor: int) -> None:
        """Take up what was appended since the last time; everything, where that is not all that happened."""
        stat = os.fstat(descriptor)
        file = (stat.st_dev, stat.st_ino)
        anew = self._is_overlaid or file != self._file or stat.st_size < self._offset
        start = 0 if anew else self._offset
        tail = os.pread(descriptor, stat.st_size - start, start)
        if anew:
            self._start_over(file)
        # A line that lacks no more than its end is whole: it must not come to life later, when another one follows.
        whole = len(tail) if tail.endswith(b" .") else tail.rfind(b"\n") + 1
        self._memory.add(_lines(tail[:whole]))
        self._offset += whole
        if tail:
            self._is_torn = not tail.endswith(b"\n")
        if anew:
            self._overlay(self._held)

    def _overlay(self, entries: Sequence[str]) -> None:
        if entries:
            # In the file they may come to stand after the entries of others: the next read starts over.
            self._is_overlaid = True
            self._memory.add(entries)

    def _append(self, stream: FileIO, entries: Sequence[str]) -> None:
        """Write entries after what ``_read`` just saw, in one call. Raised: ``OSError`` when not all can be written.

        There is no fsync: a power failure can take the last moments, and the next look finds what is still to be seen.
        """
        if not entries:
            return
        start = ("\n" if self._is_torn else "") + ("" if self._offset else _TITLE)
        append_to(stream, (start + "".join(f"{entry}\n" for entry in entries)).encode("utf-8", "surrogateescape"))
        self._held = []
        self._read(stream.fileno())


class _Observation(Value):
    """One observation of the refs, as ``Ledger.observe`` takes it."""

    tips: Mapping[str, str]
    commits: Mapping[str, Sequence[str]]
    now: int
    continues: Callable[[str, str], bool]

    @cached_property
    def everything(self) -> frozenset[str]:
        return frozenset().union(*self.commits.values())

    def reaches(self, ref: str, oid: str) -> bool:
        # The set first: a branch that is often rebased leaves many tips, and its commits are no set.
        return oid in self.everything and oid in self.commits.get(ref, ())

    def entry(self, kind: str, ref: str, *oids: str) -> str:
        return " ".join((kind, str(self.now), ref, *oids, "."))


class _Memory:
    """What a series of entries comes to."""

    def __init__(self) -> None:
        #: By commit the entry that first had it. It is taken apart when asked for, since few ever are.
        self.first: dict[str, str] = {}
        self.tips: dict[str, str] = {}
        #: By ref and oid the time, in the order of notice.
        self.gone: dict[tuple[str, str], int] = {}
        self.entries = 0

    def add(self, lines: Iterable[str]) -> None:
        """Take up entries in order; lines that are torn, damaged or of another format are passed over."""
        first, tips, gone = self.first.setdefault, self.tips, self.gone
        for line in lines:
            # Every push waits for this loop: nearly all lines have five fields, and unpacking them is the quickest.
            fields = line.split(" ")
            others: Sequence[str] = ()
            if len(fields) == 5:
                kind, time, ref, oid, end = fields
            elif len(fields) > 5:
                kind, time, ref, oid, *others, end = fields
            else:
                continue
            if end != "." or not time.isdecimal():
                continue
            if kind == "new":
                first(oid, line)
            elif kind != "tip":
                self._add_change(kind, int(time), ref, oid)
                continue
            tips[ref] = oid
            if gone:
                gone.pop((ref, oid), None)
            for other in others:
                first(other, line)
            self.entries += 1

    def _add_change(self, kind: str, time: int, ref: str, oid: str) -> None:
        if kind not in {"gone", "back"}:
            return
        self.gone.pop((ref, oid), None)
        if kind == "gone":
            self.gone[ref, oid] = time
            if self.tips.get(ref) == oid:
                del self.tips[ref]
        self.entries += 1

    def news(self, observation: _Observation) -> list[str]:
        """Return the entries that an observation adds; each holds by itself, so that any of them may get lost."""
        entries = []
        for ref, old in self.tips.items():
            new = observation.tips.get(ref)
            if new is None or (
                new != old and not observation.reaches(ref, old) and not observation.continues(old, new)
            ):
                entries.append(observation.entry("gone", ref, old))
        entries += [
            # Where it is the tip itself, the entry for the tip says so.
            observation.entry("back", ref, oid)
            for ref, oid in self.gone
            if observation.tips.get(ref, oid) != oid and observation.reaches(ref, oid)
        ]
        claimed: set[str] = set()
        for ref, tip in observation.tips.items():
            unseen = [oid for oid in observation.commits.get(ref, ()) if oid not in self.first and oid not in claimed]
            if unseen or self.tips.get(ref) != tip:
                claimed.update(unseen)
                others = [oid for oid in unseen if oid != tip]
                entries.append(observation.entry("tip" if len(others) == len(unseen) else "new", ref, tip, *others))
        return entries


def _lines(content: bytes) -> list[str]:
    # Not splitlines: U+2028 and U+0085 are legal in a refname.
    lines = content.decode("utf-8", "surrogateescape").split("\n")
    if b"\0" in content:
        # After a power failure, blocks that were never written read as zeros.
        lines = [line for line in lines if "\0" not in line]
    return lines
