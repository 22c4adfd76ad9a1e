"""The ledger: when and on which ref a research commit was first seen here, and the tips of deleted research refs.

The ledger is a text file that is only appended to, one entry a line. Fields are separated by one blank, which no
refname can have (git-check-ref-format); times are seconds since the epoch:

    labgate-ledger 1
    new TIME REF TIP [OID ...] .     the ref is at TIP; all of these commits were first seen then, on this ref
    tip TIME REF TIP [OID ...] .     the same, but TIP itself was not new
    gone TIME REF TIP .              the ref no longer reaches its old tip: it was deleted or moved
    back TIME REF TIP .              the ref reaches that tip again

The dot at the end marks a complete line: one that a killed process or a full disk left incomplete is skipped. The
number is the version of the format. A later version only adds kinds of entries, so every version reads the kinds that
it knows and skips the others.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cache, cached_property

from labgate.values.appending import append_to
from labgate.values.files import open_own
from labgate.values.locks import locked
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from io import FileIO

#: Seconds to wait for other processes that write. They take milliseconds, unless one is suspended.
PATIENCE = 5.0

#: Largest file that is read: some three million commits.
_MOST_BYTES = 2**27
_TITLE = "labgate-ledger 1\n"
#: The kinds of entries about refs that are there.
_SIGHTS = ("new", "tip")
#: Bytes in which the first entry stands.
_START_BYTES = 2**12


class FirstRecord(Value):
    """The ref (full name) and time (seconds since the epoch) at which a commit was first seen in this repository."""

    oid: str
    ref: str
    time: int


class DeletedTip(Value):
    """A tip that its source ref (full name) no longer reaches; ``time`` is when that was observed."""

    ref: str
    oid: str
    time: int


class Ledger:
    """The ledger of one repository. It never raises ``OSError``.

    Every observation must have the same set of refs, all sources of the judging policy: a run with other refs
    (``trace --sources``) would find them all deleted, and must only read. A ref that a changed policy no longer
    calls a source counts as deleted as well.

    Observations of several processes may overlap. An older one that is recorded last can show a ref as deleted or moved
    back that is not; the next observation corrects that.
    """

    def __init__(self, path: str) -> None:
        """Take a path, which is read at the first query; a missing file is an empty ledger."""
        self._path = path
        #: Entries that could not be written. They are in memory beside those of the file.
        self._held: list[str] = []
        self._loaded = False
        self._start_over(None)

    def first_seen(self, oid: str) -> FirstRecord | None:
        """Return the first record of a commit, in the order of recording and not by the clock; ``None``: never seen."""
        entry = self._known.first.get(oid)
        if entry is None:
            return None
        _, time, ref, _ = entry.split(" ", 3)
        return FirstRecord(oid, ref, int(time))

    def seen(self, oids: AbstractSet[str]) -> set[str]:
        """Return those of some commits that were ever seen."""
        return set(oids & self._known.first.keys())

    def first_tip(self, oid: str) -> str | None:
        """Return the tip of the ref on which a commit was first seen, at that time; ``None``: never seen."""
        entry = self._known.first.get(oid)
        return None if entry is None else entry.split(" ", 4)[3]

    def tips(self) -> Mapping[str, str]:
        """Return the source refs (full names) that existed when last observed, each with its tip."""
        return dict(self._known.tips)

    def deleted(self, now: int, keep: int) -> tuple[DeletedTip, ...]:
        """Return the tips whose deletion was observed at most ``keep`` seconds before ``now``, the newest first.

        A tip that its ref was later seen to reach again is not included.
        """
        found = [DeletedTip(*key, time) for key, time in self._known.gone.items() if now - time <= keep]
        # Of several at the same time the last one recorded comes first.
        found.reverse()
        found.sort(key=lambda tip: tip.time, reverse=True)
        return tuple(found)

    def first_time(self) -> int | None:
        """Return the time of the first entry in the file (seconds since the epoch), ``None`` if there is none."""
        try:
            with open_own(self._path, None) as stream:
                start = _lines(stream.read(_START_BYTES))
        except OSError:
            return None
        times = (fields[1] for line in start if len(fields := line.split(" ")) > 2 and fields[1].isdecimal())
        first = next(times, None)
        return None if first is None else int(first)

    def last_time(self) -> int:
        """Return the time of the last entry (seconds since the epoch), 0 if there is none."""
        return int(self._known.last)

    def size(self) -> int:
        """Return the number of entries of known kinds, including those that are only in memory."""
        return self._known.entries

    def shows(self, tips: Mapping[str, str], commits: AbstractSet[str]) -> bool:
        """Return whether these are the refs and commits of the last observation, so that nothing would be recorded.

        ``tips`` are as in ``observe``, ``commits`` all that they have, and perhaps others.
        """
        self._load()
        known = self._memory
        same = not self._held and known.tips == tips and known.had(commits)
        return same and commits.isdisjoint([oid for _, oid in known.gone])

    def observe(
        self,
        tips: Mapping[str, str],
        commits: Mapping[str, Sequence[str]],
        now: int,
        *,
        continues: Callable[[str, str], bool] = lambda *_: False,
    ) -> None:
        """Record one observation of the refs; write nothing if there is nothing new.

        ``tips``: every source ref (full name) with its tip. ``commits``: for each of them the research commits that it
        has, newest first; one that was never seen before belongs to the first ref, in the order of ``tips``, that has
        it. ``now``: seconds since the epoch. A missing ref is deleted. A ref whose old tip is not among its commits was
        moved away from it, unless ``continues`` returns that the new tip reaches the old one through landed commits; if
        it raises, nothing is recorded and the error is passed on.

        Entries that cannot be written (read-only, full disk) are kept in memory, and written with a later observation.
        """
        observation = _Observation(tips, commits, now, cache(continues))
        self._load()
        if self._held or self._memory.news(observation):
            self._record(observation)

    def _record(self, observation: _Observation) -> None:
        """Write the new entries of an observation, or else keep them in memory."""
        try:
            with locked(self._path, PATIENCE, _MOST_BYTES) as stream:
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
        """Read the current content of the file. A file that cannot be read counts as empty."""
        self._loaded = True
        try:
            with open_own(self._path, _MOST_BYTES) as stream:
                self._read(stream.fileno())
        except (FileNotFoundError, NotADirectoryError):
            self._start_over(None)
            self._overlay(self._held)
        except OSError:
            return

    def _start_over(self, file: tuple[int, int] | None) -> None:
        self._memory = _Memory()
        self._file = file
        #: The file is in memory up to this offset, in whole lines.
        self._offset = 0
        self._is_torn = False
        self._is_overlaid = False

    def _read(self, descriptor: int) -> None:
        """Read what was appended since the last time; everything, if the file has changed in another way."""
        stat = os.fstat(descriptor)
        file = (stat.st_dev, stat.st_ino)
        reset = self._is_overlaid or file != self._file or stat.st_size < self._offset
        start = 0 if reset else self._offset
        tail = os.pread(descriptor, stat.st_size - start, start)
        if reset:
            self._start_over(file)
        # A line that only lacks its newline is complete: it must not become valid later, when another one follows.
        whole = len(tail) if tail.endswith(b" .") else tail.rfind(b"\n") + 1
        self._memory.add(_lines(tail[:whole]))
        self._offset += whole
        if tail:
            self._is_torn = not tail.endswith(b"\n")
        if reset:
            self._overlay(self._held)

    def _overlay(self, entries: Sequence[str]) -> None:
        if entries:
            # In the file they may be after the entries of others: the next read starts from the beginning.
            self._is_overlaid = True
            self._memory.add(entries)

    def _append(self, stream: FileIO, entries: Sequence[str]) -> None:
        """Write entries after what ``_read`` just read, in one call. Raises: ``OSError`` when not all can be written.

        There is no fsync: a power failure can lose the last entries, and the next observation records them again.
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
        # The set comes first: a branch that is often rebased has many tips, and its commits are a list.
        return oid in self.everything and oid in self.commits.get(ref, ())

    def entry(self, kind: str, ref: str, *oids: str) -> str:
        return " ".join((kind, str(self.now), ref, *oids, "."))


class _Memory:
    """The state after a series of entries."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}
        #: The entries that are not in ``_first`` yet.
        self._unread: list[str] = []
        #: The entries of each ref that is there, since it was last gone.
        self._sights: dict[str, list[str]] = {}
        self.tips: dict[str, str] = {}
        #: The time of deletion by ref and oid, in the order of observation.
        self.gone: dict[tuple[str, str], int] = {}
        self.entries = 0
        #: The time of the last entry, as it is written.
        self.last = "0"

    def add(self, lines: Iterable[str]) -> None:
        """Read entries in order; lines that are incomplete, damaged or of another format are skipped."""
        # Every push runs this loop, over a hundred thousand lines where branches came and went for years.
        tips, gone, sights, unread = self.tips, self.gone, self._sights, self._unread
        for line in lines:
            fields = line.split(" ", 4)
            if len(fields) < 5 or not line.endswith(" .") or not fields[1].isdecimal():
                continue
            kind, time, ref, oid, _ = fields
            self.last = time
            if kind == "gone":
                gone.pop((ref, oid), None)
                gone[ref, oid] = int(time)
                if tips.get(ref) == oid:
                    del tips[ref]
                    sights.pop(ref, None)
            elif kind == "back":
                gone.pop((ref, oid), None)
            elif kind in _SIGHTS:
                tips[ref] = oid
                gone.pop((ref, oid), None)
                unread.append(line)
                sights.setdefault(ref, []).append(line)
            else:
                continue
            self.entries += 1

    @property
    def first(self) -> Mapping[str, str]:
        """The entry that first had each commit. It is parsed on demand, as few are needed."""
        first = self._first.setdefault
        for line in self._unread:
            for oid in _new_in(line):
                first(oid, line)
        self._unread.clear()
        return self._first

    def had(self, commits: AbstractSet[str]) -> bool:
        """Return whether all of some commits were seen; most of what is there was seen where it is."""
        here = {oid for lines in self._sights.values() for line in lines for oid in _new_in(line)}
        return commits <= here or commits <= self.first.keys()

    def news(self, observation: _Observation) -> list[str]:
        """Return the new entries of an observation; each is independent, so that any of them may be lost."""
        entries = []
        for ref, old in self.tips.items():
            new = observation.tips.get(ref)
            if new is None or (
                new != old and not observation.reaches(ref, old) and not observation.continues(old, new)
            ):
                entries.append(observation.entry("gone", ref, old))
        entries += [
            # If it is the tip itself, the entry for the tip has it.
            observation.entry("back", ref, oid)
            for ref, oid in self.gone
            if observation.tips.get(ref, oid) != oid and observation.reaches(ref, oid)
        ]
        claimed, first = set[str](), self.first
        for ref, tip in observation.tips.items():
            unseen = [oid for oid in observation.commits.get(ref, ()) if oid not in first and oid not in claimed]
            if unseen or self.tips.get(ref) != tip:
                claimed.update(unseen)
                others = [oid for oid in unseen if oid != tip]
                entries.append(observation.entry("tip" if len(others) == len(unseen) else "new", ref, tip, *others))
        return entries


def _new_in(entry: str) -> list[str]:
    """Return the commits that an entry about a ref that is there says were new."""
    fields = entry.split(" ")
    return fields[3:-1] if fields[0] == "new" else fields[4:-1]


def _lines(content: bytes) -> list[str]:
    # Not splitlines: U+2028 and U+0085 are legal in a refname.
    lines = content.decode("utf-8", "surrogateescape").split("\n")
    if b"\0" in content:
        # After a power failure, blocks that were never written read as zeros.
        lines = [line for line in lines if "\0" not in line]
    return lines
