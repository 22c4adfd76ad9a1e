"""The similarity of a commit and a candidate: a sum of terms over the features that are new to main in both.

Every constant of similarity evidence is here, in ``features`` (what counts) or in ``noise`` (what does not). The
values are round. They were chosen on the history of black and of dask's distributed: a value was only changed when the
new one was not worse on *both*. Two repositories that were measured afterwards had the same knee in the curve. Within a
factor of 1.5 no weight changes recall by more than a point: the choice of features matters, not the weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, sqrt

from labgate.fingerprints.kinds import A, B, D, F, I, S, T, V, X
from labgate.values.value import Value

#: From this score on there is a note, from ``finding.ALARM`` (6) on an alarm: the knee of the curve. From 7.5 to 6
#: recall rises by one to three points with hardly any new false alarms; from 6 to 4.5 it rises as much, and false
#: alarms grow from about one in a thousand commits to four.
SUSPECT = 4.0
#: The highest score without lines to show: a place that two people edit, or an entry of a change log, is only worth a
#: note.
UNSHOWN = 4.5

#: The same new token sequences in the same file: the broadest evidence. If half of them are shared, it is an alarm.
T_WEIGHT = 12
#: The same places edited, as nobody edited them before: the only term that sees changes of one line. A small edit has
#: two places (a line, and it with its neighbour); both shared give 15 * 2 / (2 + 2) = 7.5.
X_WEIGHT = 15
#: The new text of one side is contained in the other: copied in part, or with other changes. Never an alarm alone, as
#: a small text is always contained somewhere.
V_WEIGHT = 4.5
#: The same lines in change logs, and the same words that main never had: specific, but few.
B_WEIGHT = 9
I_WEIGHT = 9
#: Whole edits, old lines and new, contained in the other side: a partial copy scores as high. Eight of eight, or one
#: with the same place, make an alarm.
F_WEIGHT = 7.5
#: The same structure under other names, contained in the same way. Shapes repeat by chance more than text, so it is
#: the lightest term: it lifts renamed copies (which also share words, strings and operators) over the threshold.
S_WEIGHT = 3
#: Of many shapes a few match by chance: the share of the smaller side that must be more than this.
S_SHARE = 0.1

#: The same new text in several files of both: people rarely need the same in three files. It is too little for an alarm
#: without other terms.
P_WEIGHT, P_LEAST = 2, 3

#: Shrinkage is added to the size that a match is divided by: one or two features may all match by chance.
SHRINK = 2
#: Token sequences overlap: one changed word changes three of them.
T_SHRINK = 5
#: An entry of a change log is one line, rarely two.
B_SHRINK = 1
#: Text in another file (moved, renamed, copied) counts half: text that is new to a file is rarely new to all.
#: Below five sequences (a line or two) it is a phrase.
MOVED = 0.5
MOVED_AT_LEAST = 5
#: The term of places needs so much from other terms, or a whole line: two people may edit one place independently.
BESIDE = 0.5
#: The least share of a commit's text: of a thousand lines, seven match by chance.
LEAST_SHARE = 0.02
#: Except where it is most of the source, and so many sequences of three words: about eight lines.
WHOLE_SHARE, WHOLE_LEAST = 0.5, 64
#: A step of a branch matches by chance more easily than all of it: of forty commits that add a line each, one adds a
#: line that others need too. So the branch as a whole must still have this share of what they share; if not, research
#: reverted it, or main has it from elsewhere and research got it from there. Any value from a quarter to three quarters
#: gives nearly the same result.
STEP_LEFT = 0.5
#: The least share of the commit for a small step (less than a passage) that its branch still has: a twentieth adds
#: false alarms on distributed, a fifth loses up to a point of recall for fused branches on both.
SMALL_STEP = 0.1
#: The least share of the commit for a larger step that its branch no longer has; below, it is a note. This removes
#: half of the false alarms for whole pull requests, on both; a tenth removes fewer.
GONE_STEP = 0.2
#: The deleted lines that are enough to show without any shared text: anybody may delete one.
DELETIONS = 3


class Score(Value):
    """A score and its terms, largest first.

    ``total`` is at most ``UNSHOWN`` if no shared lines can be shown, whatever the sum of the terms.
    """

    total: float
    terms: tuple[tuple[str, float], ...]

    def limited(self, most: float) -> Score:
        """Return the same terms with no higher total."""
        return self if self.total <= most else Score(most, self.terms)


def score(
    shared: Mapping[int, int], commit: Mapping[int, int], source: Mapping[int, int], files: Sequence[int] = (0, 0, 0)
) -> Score:
    """Return the similarity of two patches, from their numbers of new features of each kind.

    ``shared`` counts the features in both, ``commit`` those of the judged commit, ``source`` those of the research.
    ``files`` are the numbers of files with new text of both, and of all files of the commit and of the research.
    """

    def similarity(kind: int, shrink: int) -> float:
        """Return the shrunk cosine similarity of two sets."""
        both = shared.get(kind, 0)
        return both / (sqrt(commit[kind] * source[kind]) + shrink) if both else 0.0

    def contained(kind: int, least: float = 0.0) -> float:
        """Return the part of the smaller set that the larger one holds, shrunk; 0 if it is no more than ``least``."""
        both = shared.get(kind, 0)
        smaller = min(commit[kind], source[kind]) if both else 0
        return both / (smaller + SHRINK) if both > least * smaller else 0.0

    moved = MOVED * similarity(V, T_SHRINK) if shared.get(V, 0) >= MOVED_AT_LEAST else 0.0
    terms = {
        "T": T_WEIGHT * max(similarity(T, T_SHRINK), moved),
        "X": X_WEIGHT * similarity(X, SHRINK),
        "V": V_WEIGHT * contained(V),
        "B": B_WEIGHT * similarity(B, B_SHRINK),
        "I": I_WEIGHT * similarity(I, SHRINK),
        "F": F_WEIGHT * contained(F),
        "S": S_WEIGHT * contained(S, S_SHARE),
        "P": P_WEIGHT * files[0] / (sqrt(files[1] * files[2]) + SHRINK) if files[0] >= P_LEAST else 0.0,
    }
    total = sum(terms.values())
    found = sorted(((name, value) for name, value in terms.items() if value), key=lambda term: -term[1])
    beside = total - terms["X"] >= BESIDE or any(shared.get(kind, 0) for kind in (A, F))
    shown = beside and _shows(shared) and _is_share(shared, commit, source)
    return Score(total, tuple(found)).limited(inf if shown else UNSHOWN)


def part_of(shared: Mapping[int, int], commit: Mapping[int, int]) -> float:
    """Return the part of a commit's new text, lines and places that is shared (0 to 1)."""
    both, mine = (sum(features.get(kind, 0) for kind in (V, X, A, D)) for features in (shared, commit))
    return both / mine if both else 0.0


def _is_share(shared: Mapping[int, int], commit: Mapping[int, int], source: Mapping[int, int]) -> bool:
    """Return whether the shared text is more than a tiny part of the commit, or else most of a source of some size."""
    both = shared.get(V, 0)
    whole = both >= WHOLE_LEAST and both >= WHOLE_SHARE * source[V]
    return not both or whole or both >= LEAST_SHARE * commit[V]


def _shows(shared: Mapping[int, int]) -> bool:
    """Return whether there are lines to show that both sides have.

    Text, a word, the same edit, or the same deletions; an entry of a change log counts only with a place in code.
    """
    if any(shared.get(kind, 0) for kind in (T, A, F, I)) or (shared.get(B, 0) and shared.get(X, 0)):
        return True
    return shared.get(V, 0) >= MOVED_AT_LEAST or shared.get(D, 0) >= DELETIONS
