"""The features of a patch that survive a rewrite: token sequences, places, names and lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from itertools import pairwise
from operator import xor

from labgate.fingerprints.headers import legal_lines
from labgate.fingerprints.kinds import FEATURE_BITS, KIND_BITS, A, B, D, F, S, T, V, X
from labgate.fingerprints.markup import PageWords, page_words
from labgate.fingerprints.noise import (
    CODE,
    GENERATED,
    NOTEBOOK,
    PINS,
    PROSE,
    is_import,
    settings_of,
    without_versions,
)
from labgate.fingerprints.parts import parts
from labgate.fingerprints.patches import FilePatch, Patch, Run
from labgate.fingerprints.templates import is_template, own_lines
from labgate.fingerprints.text import normal_lines
from labgate.fingerprints.tokens import LINES, NAME_LENGTH, TOKENS, Line, hash_of
from labgate.values.regexes import regex
from labgate.values.value import Value

#: Any change of a feature or an id must change this number; an index with another number is rebuilt.
VERSION = 25

_MASK = (1 << FEATURE_BITS) - 1
_KIND = (1 << KIND_BITS) - 1
#: The most tokens of one run that are read: more in one piece is data.
RUN_TOKENS = 40_000
#: A line with fewer letters and digits does not count (brackets, ``x =``), nor does a pair of lines with fewer
#: (``else:`` twice).
LINE_WEIGHT, PAIR_WEIGHT = 3, 6
#: Two lines in a row, or one alone, with fewer tokens have a common shape.
SHAPE_TOKENS = 10
#: The most pairs of a file and three tokens that are tried to find where these are.
_PLACED = 1 << 20
#: Runs that exchange the same tokens for the same others in this many files of a patch are a tool's work: renames,
#: years in headers, licences. With fewer files, recall falls by a point; people rarely repeat an edit in so many. With
#: more distinct lines it is a block that was pasted, or a name that was changed all over: somebody's work.
SWEEP_FILES, SWEEP_LINES = 5, 3
#: Formatters leave one or two blank lines between the parts of a file.
_BLANKS = 2
#: A licence header starts in the first lines of a file: after ``#!`` and an encoding.
LEGAL_START = 3

#: A name: a shape keeps only its place.
_NAME = regex(rb"(?<![^ ])[A-Za-z_\x80-\xff][A-Za-z_0-9\x80-\xff]{%d,}" % (NAME_LENGTH - 1))
#: An odd multiplier for order-dependent hashes (Steele and Vigna, "Computationally easy, spectrally good multipliers").
_STEP = 0xD1342543DE82EF95 & ((1 << 40) - 1)


class Features(Value):
    """The features of one patch, 44-bit numbers.

    ``lines`` is the number of distinct added and deleted lines of code that count: 0 for a tool's sweep. ``cut`` is the
    number of files that are over a limit, and of whose code only a part is compared. ``had`` are the features of what
    does not count (sweeps, licence headers, formatted lines, versions), of a ``judged`` patch alone: text that a branch
    had first is not new, whatever it is. Places and deleted lines are not among them: a formatted line is there still,
    and may be edited for the first time.
    """

    numbers: AbstractSet[int]
    lines: int
    cut: int = 0
    had: AbstractSet[int] = frozenset()


class _Change:
    """The lines of a run that count. ``whole`` is the same run with all its lines, if not all of them count."""

    __slots__ = ("added", "deleted", "run", "whole")

    def __init__(self, run: Run, deleted: list[Line], added: list[Line]) -> None:
        self.run = run
        self.deleted = deleted
        self.added = added
        self.whole: _Change | None = None


#: The exchange of a change: the tokens that only the deleted lines have, and those that only the added ones have.
_Exchange = tuple[frozenset[bytes], frozenset[bytes]]


def features_of(
    patch: Patch,
    notebook: Callable[[FilePatch], FilePatch] | None = None,
    *,
    judged: bool = False,
    by_hash: bool = False,
) -> Features:
    """Return the features of a patch.

    ``notebook`` returns a notebook with the runs of its code cells (``notebooks.notebook_runs``); without it they do
    not count.
    In a ``judged`` patch a generator's mark hides nothing, as anybody can add that line to hide code. In research a
    file with the mark does not count, so files that were generated on both sides do not match.
    ``by_hash`` is as for ``noise.without_versions``.
    """
    prose: set[int] = set()
    counted: list[tuple[FilePatch, list[_Change]]] = []
    cut, pages = set[str](), page_words(patch.files)
    for sort, file in (part for changed in patch.files for part in parts(changed, judged=judged)):
        if file.cut and sort not in (GENERATED, NOTEBOOK):
            cut.add(file.path)
        if sort == PROSE:
            prose.update(_prose_features(file))
        elif sort in (CODE, PINS):
            counted.append((file, list(_changes(file, judged, pages.get(file.path), by_hash=by_hash))))
        elif sort == NOTEBOOK and notebook is not None:
            cells = notebook(file)
            counted.append((cells, list(_changes(cells, judged))))
    numbers, lines, had = _code_features(counted, judged)
    cut |= {file.path for file, changes in counted if file.cut or any(map(_is_cut, changes))}
    return Features(numbers | prose, lines, len(cut), had - numbers)


def line_features(path: str, text: bytes, old: bytes = b"") -> dict[bytes, frozenset[int]]:
    """Return for each distinct line of a file that counts its features as an added line: A, and each V in it.

    Lines that its ``old`` text has are left out.
    """
    here = _path(path) | A
    found = {}
    raw_lines = set(text.split(b"\n")).difference(old.split(b"\n"))
    for plain in {line for raw in raw_lines for line in normal_lines(raw)}:
        line = LINES[plain]
        if line.weight >= LINE_WEIGHT:
            found[line.plain] = frozenset((here ^ line.number, *_grams(line.plain)))
    return found


def with_text(paths: Iterable[str], features: Iterable[int], counted: AbstractSet[int]) -> list[str]:
    """Return those of some paths in which text with some features is: its T is ``counted``; none of too many."""
    grams = [feature for feature in features if feature & _KIND == V]
    marks = {path: _in_file(_path(path)) for path in paths}
    if len(marks) * len(grams) > _PLACED:
        return []
    return [path for path, mark in marks.items() if any(gram ^ mark in counted for gram in grams)]


def _in_file(path: int) -> int:
    """Return what makes a T of a V, in a file."""
    return path | T ^ V


def _grams(plain: bytes) -> set[int]:
    """Return the V of a text: each three tokens in a row."""
    firsts, seconds, thirds, _ = zip(*[TOKENS[token] for token in plain.split(b" ")], strict=True)
    return set(map(xor, map(xor, firsts, seconds[1:]), thirds[2:]))


def _sequence(numbers: Iterable[int]) -> int:
    number = 0
    for part in numbers:
        number = ((number ^ part) * _STEP) & _MASK
    return number


def _path(path: str) -> int:
    return hash_of(b"path\0" + path.encode("utf-8", "surrogateescape"))


def _prose_features(file: FilePatch) -> Iterator[int]:
    here = _path(file.path) | B
    for run in file.runs:
        for text in run.added:
            line = LINES[text]
            if line.weight >= LINE_WEIGHT:
                yield here ^ line.number


def _changes(
    file: FilePatch, judged: bool, page: PageWords | None = None, *, by_hash: bool = False
) -> Iterator[_Change]:
    """Yield the changes of a file that count: not reformatted lines, markup, licences, templates or versions.

    Of a ``judged`` file also changes without lines, if none of their lines count.
    """
    settings, template = settings_of(file.path), is_template(file.path)
    wholes = [_change(run, run.deleted, run.added) for run in file.runs]
    formatted = _formatted(wholes)
    for at, whole in enumerate(wholes):
        run, change = whole.run, whole
        deleted, added = run.deleted, run.added
        if at in formatted:
            change = _Change(run, [], [])
        else:
            if settings is not None:
                deleted, added = without_versions(deleted, added, settings, by_hash=by_hash)
            if run.start <= LEGAL_START:
                deleted, added = (side[legal_lines(side, file.path) :] for side in (deleted, added))
            if template:
                added = own_lines(file.status, deleted, added)
            if page is not None:
                deleted, added = page.others(deleted, added)
            if len(deleted) < len(run.deleted) or len(added) < len(run.added):
                change = _change(run, deleted, added)
        if judged and change is not whole:
            change.whole = whole
        if change.deleted or change.added or change.whole is not None:
            yield change


def _formatted(changes: list[_Change]) -> set[int]:
    """Return the places of changes that only a formatter made: the same tokens on other lines.

    git tells runs apart by the blank lines between them, so a piece of formatted code may be several runs.
    """
    found: set[int] = set()
    at = 0
    while at < len(changes):
        end = _formatted_until(changes, at)
        found.update(range(at, end))
        at = max(end, at + 1)
    return found


def _formatted_until(changes: list[_Change], at: int) -> int:
    """Return the end of the formatted code that begins with a change; its own place if that is not formatted."""
    old = new = b""
    for end in range(at, len(changes)):
        change = changes[end]
        if not (change.deleted and change.added) and not (old or new or _goes_on(changes, end + 1)):
            return at
        old, new = _follow(old, _text(change.deleted)), _follow(new, _text(change.added))
        if old == new:
            return end + 1 if old else at
        if not (old.startswith(new) or new.startswith(old)) or not _goes_on(changes, end + 1):
            return at
    return at


def _goes_on(changes: list[_Change], at: int) -> bool:
    """Return whether there is a change at a place, and only blank lines are between it and the one before."""
    if at == len(changes):
        return False
    one, other = changes[at - 1].run, changes[at].run
    return not (one.after or other.before) and other.start - one.start - len(one.added) <= _BLANKS


def _follow(text: bytes, more: bytes) -> bytes:
    return text + b" " + more if text and more else text or more


def _change(run: Run, deleted: list[bytes], added: list[bytes]) -> _Change:
    sides = [[line for text in side if (line := LINES[text]).plain] for side in (deleted, added)]
    return _Change(run, sides[0], sides[1])


def _is_cut(change: _Change) -> bool:
    """Return whether a change has more tokens than are read."""
    return sum([line.plain.count(b" ") + 1 for line in change.added]) > RUN_TOKENS


def _text(lines: list[Line]) -> bytes:
    return b" ".join([line.plain for line in lines])


def _exchange(change: _Change) -> _Exchange:
    before, after = set(_text(change.deleted).split(b" ")), set(_text(change.added).split(b" "))
    return frozenset(before - after), frozenset(after - before)


def _code_features(counted: list[tuple[FilePatch, list[_Change]]], judged: bool) -> tuple[set[int], int, set[int]]:
    """Return the features of changes other than sweeps, the number of distinct lines that count, and other features.

    The latter are those of what does not count, in a ``judged`` patch.
    """
    features: set[int] = set()
    had: set[int] = set()
    lines: set[bytes] = set()
    sweeps = _sweeps(counted) if len(counted) >= SWEEP_FILES else frozenset()
    for file, changes in counted:
        path = _path(file.path)
        placed = file.status not in "AD"
        for change in changes:
            swept = bool(sweeps) and _is_short(change) and _exchange(change) in sweeps
            if judged and (swept or change.whole is not None):
                _text_features(change.whole or change, path, had)
            if swept:
                continue
            _change_features(change, path, placed, features)
            for side in (change.deleted, change.added):
                lines.update([line.plain for line in side if line.weight >= LINE_WEIGHT])
    return features, len(lines), had


def _sweeps(counted: list[tuple[FilePatch, list[_Change]]]) -> frozenset[_Exchange]:
    """Return the token exchanges of a few lines that a patch makes in many files."""
    files: Counter[_Exchange] = Counter()
    lines: dict[_Exchange, set[bytes]] = {}
    for _, changes in counted:
        short = (change for change in changes if (change.deleted or change.added) and _is_short(change))
        mine = [(_exchange(change), change) for change in short]
        files.update({exchange for exchange, _ in mine})
        for exchange, change in mine:
            lines.setdefault(exchange, set()).update(line.plain for line in (*change.deleted, *change.added))
    return frozenset(
        exchange for exchange, count in files.items() if count >= SWEEP_FILES and len(lines[exchange]) <= SWEEP_LINES
    )


def _is_short(change: _Change) -> bool:
    """Return whether a change has no more lines than a sweep."""
    return len({line.plain for line in (*change.deleted, *change.added)}) <= SWEEP_LINES


def _change_features(change: _Change, path: int, placed: bool, features: set[int]) -> None:
    if not change.deleted and not change.added:
        return
    here = path | D
    features.update([here ^ line.number for line in change.deleted if line.weight >= LINE_WEIGHT])
    _text_features(change, path, features)
    if placed:
        features.update(_place_features(change, path))


def _text_features(change: _Change, path: int, features: set[int]) -> None:
    """Add the features of a change that are neither a deleted line nor a place."""
    deleted, added = change.deleted, change.added
    here = path | A
    features.update([here ^ line.number for line in added if line.weight >= LINE_WEIGHT])
    if sum([line.weight for line in deleted]) + sum([line.weight for line in added]) >= PAIR_WEIGHT:
        sides = [_sequence([line.number for line in side]) for side in (deleted, added)]
        features.add(path ^ _sequence(sides) | F)
    if added:
        found = [TOKENS[token] for token in _text(added).split(b" ")[:RUN_TOKENS]]
        firsts, seconds, thirds, names = zip(*found, strict=True)
        grams = set(map(xor, map(xor, firsts, seconds[1:]), thirds[2:]))
        features |= grams
        here = _in_file(path)
        features.update([here ^ gram for gram in grams])
        features.update(filter(None, names))
        features.update(_shape_features(added))


def _shape_features(added: list[Line]) -> list[int]:
    """Return the shapes of each two lines in a row, or of a long line alone: their tokens without the names."""
    shapes = [(_NAME.sub(b"", line.plain), line.plain.count(b" ") + 1) for line in added]
    if len(shapes) == 1:
        return [hash_of(shape) | S for shape, size in shapes if size >= SHAPE_TOKENS]
    return [
        hash_of(one + b"\n" + other) | S
        for (one, size), (other, more) in pairwise(shapes)
        if size + more >= SHAPE_TOKENS
    ]


def _place_features(change: _Change, path: int) -> Iterator[int]:
    """Yield the place of an edit in two precisions; imports are skipped, as everybody edits them."""
    before, after, heading = (LINES[text] for text in (change.run.before, change.run.after, change.run.heading))
    mark = change.deleted[0] if change.deleted else before
    if is_import(mark.plain):
        return
    how = 1 << KIND_BITS if change.deleted else 0
    if mark.weight >= LINE_WEIGHT:
        yield path ^ _sequence((how, mark.number)) | X
    near = mark if change.deleted else after
    if before.weight + near.weight >= PAIR_WEIGHT:
        yield path ^ _sequence((how, heading.number, before.number, near.number)) | X
