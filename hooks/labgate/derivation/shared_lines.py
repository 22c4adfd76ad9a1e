"""The lines that a commit shares with its sources, for people to look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher

from labgate.fingerprints.building import code_cells
from labgate.fingerprints.decoding import with_texts
from labgate.fingerprints.features import LINE_WEIGHT
from labgate.fingerprints.noise import GENERATED, IGNORED, NOTEBOOK, sort_of
from labgate.fingerprints.parts import parts
from labgate.fingerprints.patch_ids import unformatted
from labgate.fingerprints.patches import Patch, commit_patches
from labgate.fingerprints.tokens import NAME_LENGTH, tokens, weight
from labgate.git.repository import Repository
from labgate.values.traced import SharedLine
from labgate.values.value import Value

#: The least similarity of two lines that are shown as one edited line (difflib's ratio of tokens), and the most lines
#: of each side that are tried.
_SIMILARITY, _TRIED = 0.6, 300


class _Line(Value):
    commit: str
    path: str
    number: int
    text: bytes
    words: tuple[bytes, ...]


def shared_lines(
    repository: Repository, commit: str, source_commits: Sequence[str], *, edited: bool = True
) -> tuple[SharedLine, ...]:
    """Return the added lines that a commit shares with others, in its order; of equal ones the same path comes first.

    With ``edited``, lines that were edited are included. If there are none either, the lines that both delete are
    returned, else those that have three words in a row or a name in common. Raises: ``MissingObjectError``.
    """
    patches = [
        [_readable(repository, patch) for patch in commit_patches(repository, oids)]
        for oids in ([commit], source_commits)
    ]
    mine, theirs = (_counted(side) for side in patches)
    sources = _equal(mine, theirs)
    if edited:
        taken = {id(line) for line in sources.values()}
        sources |= _edited(mine, [line for line in theirs if id(line) not in taken], sources)
    if edited and not sources:
        gone, others = ([line for patch in side for line in _lines(patch, deleted=True)] for side in patches)
        found = _equal(gone, others)
        if found:
            return tuple(_shared(gone[place], found[place], deleted=True) for place in sorted(found))
        sources = _related(mine, theirs)
    return tuple(_shared(mine[place], sources[place]) for place in sorted(sources))


def _equal(mine: Sequence[_Line], theirs: Sequence[_Line]) -> dict[int, _Line]:
    """Return the source of each line that has an equal one, by its place in ``mine``."""
    by_words: dict[tuple[bytes, ...], list[_Line]] = {}
    for line in theirs:
        by_words.setdefault(line.words, []).append(line)
    sources: dict[int, _Line] = {}
    for place, line in enumerate(mine):
        same = by_words.get(line.words)
        if same:
            at = next((at for at, other in enumerate(same) if other.path == line.path), 0)
            sources[place] = same[at] if len(same) == 1 else same.pop(at)
    return sources


def _readable(repository: Repository, patch: Patch) -> Patch:
    """Return a patch with the text of encoded files and the code cells of notebooks."""
    files = with_texts(repository, patch).files
    return Patch(
        patch.key, [code_cells(repository, file) if sort_of(file.path) == NOTEBOOK else file for file in files]
    )


def _counted(patches: Sequence[Patch]) -> list[_Line]:
    """Return the added lines that count; if all are only formatted, these."""
    own = [Patch(patch.key, [unformatted(file) for file in patch.files]) for patch in patches]
    return [line for patch in own for line in _lines(patch)] or [line for patch in patches for line in _lines(patch)]


def _lines(patch: Patch, *, deleted: bool = False) -> Iterator[_Line]:
    """Yield the lines with enough letters of those that a patch adds, or deletes."""
    for sort, file in (part for changed in patch.files for part in parts(changed, judged=True)):
        for run in () if sort in (IGNORED, GENERATED) else file.runs:
            for offset, text in enumerate(run.deleted if deleted else run.added):
                if weight(text) >= LINE_WEIGHT:
                    number = run.start if deleted else run.start + offset
                    yield _Line(patch.key, file.path, number, text, tuple(tokens(text)))


def _related(mine: Sequence[_Line], theirs: Sequence[_Line]) -> dict[int, _Line]:
    """Return the lines with the most sequences of three words in common, else with the most names."""
    for pieces in (_sequences, _names):
        holders: dict[object, list[int]] = {}
        for at in range(len(theirs)):
            for piece in pieces(theirs, at):
                holders.setdefault(piece, []).append(at)
        sources = {}
        for place in range(len(mine)):
            common = Counter(at for piece in pieces(mine, place) for at in holders.get(piece, ())[:_TRIED])
            if common:
                sources[place] = theirs[max(common, key=lambda at: (common[at], -at))]
        if sources:
            return sources
    return {}


def _sequences(lines: Sequence[_Line], place: int) -> set[object]:
    """Return each three words in a row that begin in a line."""
    line = lines[place]
    below = lines[place + 1] if place + 1 < len(lines) else line
    follows = (below.path, below.number) == (line.path, line.number + 1)
    words = (*line.words, *(below.words[:2] if follows else ()))
    return set(zip(words, words[1:], words[2:], strict=False))


def _names(lines: Sequence[_Line], place: int) -> set[object]:
    return {word for word in lines[place].words if len(word) >= NAME_LENGTH and not word[:1].isdigit()}


def _edited(mine: Sequence[_Line], theirs: Sequence[_Line], known: Mapping[int, _Line]) -> dict[int, _Line]:
    """Return the most similar lines for those whose source is not known yet, each line of research once."""
    sources = {}
    left = list(theirs[:_TRIED])
    for place, line in enumerate(mine[:_TRIED]):
        if place in known:
            continue
        best, highest = None, _SIMILARITY
        # What is known of the second text is kept.
        matcher = SequenceMatcher[bytes](None, (), line.words, autojunk=False)
        for other in left:
            matcher.set_seq1(other.words)
            if matcher.real_quick_ratio() >= highest and matcher.quick_ratio() >= highest:
                ratio = matcher.ratio()
                if ratio >= highest:
                    best, highest = other, ratio
        if best is not None:
            sources[place] = best
            left.remove(best)
    return sources


def _shared(line: _Line, source: _Line, *, deleted: bool = False) -> SharedLine:
    mine, theirs = (item.text.decode("utf-8", "backslashreplace") for item in (line, source))
    return SharedLine(line.path, line.number, mine, source.commit, source.path, source.number, theirs, deleted)
