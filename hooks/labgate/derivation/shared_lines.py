"""The lines that a commit shares with its sources, for people to look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from labgate.fingerprints.features import LINE_WEIGHT, tokens, weight
from labgate.fingerprints.noise import GENERATED, IGNORED
from labgate.fingerprints.parts import parts
from labgate.fingerprints.patches import Patch, commit_patches
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

    With ``edited``, lines that were edited are included. Raises: ``MissingObjectError``.
    """
    mine = [line for patch in commit_patches(repository, [commit]) for line in _added(patch)]
    theirs = [line for patch in commit_patches(repository, source_commits) for line in _added(patch)]
    by_words: dict[tuple[bytes, ...], list[_Line]] = {}
    for line in theirs:
        by_words.setdefault(line.words, []).append(line)
    #: The source of each line, by its place in ``mine``.
    sources: dict[int, _Line] = {}
    for place, line in enumerate(mine):
        same = by_words.get(line.words)
        if same:
            at = next((at for at, other in enumerate(same) if other.path == line.path), 0)
            sources[place] = same[at] if len(same) == 1 else same.pop(at)
    if edited:
        taken = {id(line) for line in sources.values()}
        sources |= _edited(mine, [line for line in theirs if id(line) not in taken], sources)
    return tuple(_shared(mine[place], sources[place]) for place in sorted(sources))


def _added(patch: Patch) -> Iterator[_Line]:
    for sort, file in (part for changed in patch.files for part in parts(changed, judged=True)):
        for run in () if sort in (IGNORED, GENERATED) else file.runs:
            for offset, text in enumerate(run.added):
                if weight(text) >= LINE_WEIGHT:
                    yield _Line(patch.key, file.path, run.start + offset, text, tuple(tokens(text)))


def _edited(mine: Sequence[_Line], theirs: Sequence[_Line], known: dict[int, _Line]) -> dict[int, _Line]:
    """Return the most similar lines for those whose source is not known yet, each line of research once."""
    sources = {}
    left = list(theirs[:_TRIED])
    for place, line in enumerate(mine[:_TRIED]):
        if place in known:
            continue
        best, highest = None, _SIMILARITY
        for other in left:
            matcher = SequenceMatcher(None, other.words, line.words, autojunk=False)
            if matcher.real_quick_ratio() >= highest and matcher.quick_ratio() >= highest:
                ratio = matcher.ratio()
                if ratio >= highest:
                    best, highest = other, ratio
        if best is not None:
            sources[place] = best
            left.remove(best)
    return sources


def _shared(line: _Line, source: _Line) -> SharedLine:
    mine, theirs = (item.text.decode("utf-8", "backslashreplace") for item in (line, source))
    return SharedLine(line.path, line.number, mine, source.commit, source.path, source.number, theirs)
