"""How alike a commit and a candidate of research are: a sum of terms over what is new to main in both.

Every constant of similarity evidence stands here, in ``features`` (what counts) or in ``noise`` (what does not). The
values are round. They were chosen on the history of black and of dask's distributed, and a value was only changed when
the other one was no worse on *both*; on two repositories that were looked at afterwards the curve had the same knee.
Within a factor of 1.5 no weight changes recall by more than a point: what counts as a feature decides, not the weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, sqrt

from labgate.fingerprints.features import A, B, D, F, I, S, T, V, X
from labgate.values.value import Value

#: A score from ``finding.ALARM`` (6) on is an alarm: the knee of the curve. From 7.5 to 6 recall rises by one to three
#: points and hardly a false alarm is added; from 6 to 4.5 it rises as much, and false alarms grow from about one in a
#: thousand commits to four. From here on it is worth a note.
SUSPECT = 4.0
#: The most that a score can be without lines to show: a place that two people edit, and an entry of a change log, are
#: worth a note.
UNSHOWN = 4.5

#: The same new token sequences in the same file: the broadest evidence. Half of them in common make an alarm.
T_WEIGHT = 12
#: The same places edited, that nobody edited so before: the only term that sees changes of one line. A small edit has
#: two places (a line, and it with its neighbour); both met give 15 * 2 / (2 + 2) = 7.5.
X_WEIGHT = 15
#: The new text of one side is contained in the other: adopted in part, or with other things. Never an alarm alone, as
#: something small is always contained somewhere.
V_WEIGHT = 4.5
#: The same lines in change logs, and the same words that main never had: specific, but few.
B_WEIGHT = 9
I_WEIGHT = 9
#: Whole edits, old lines and new, contained in the other side: nothing is lost if only a part was taken. Eight of
#: eight, or one with the same place, make an alarm.
F_WEIGHT = 7.5
#: The same structure under other names, contained likewise. Shapes repeat by chance where text does not, so it is the
#: lightest term: it carries renamed copies (which share words, strings and operators too) over the threshold.
S_WEIGHT = 3

#: Shrinkage is added to the size that a match is divided by: of one feature, or two, all may match by chance.
SHRINK = 2
#: Token sequences come three to a word and overlap: one changed word is three of them.
T_SHRINK = 5
#: An entry of a change log is one line, seldom two.
B_SHRINK = 1
#: Text that is found in another file (moved, renamed, copied) counts half: what is new to a file is seldom new to all.
#: Below five sequences (a line or two) it is a phrase.
MOVED = 0.5
MOVED_AT_LEAST = 5
#: So much, or a whole line, must come beside the term of places: two people edit one place for reasons of their own.
BESIDE = 0.5
#: The least part of a commit that shared text must be: in a thousand lines, seven are met by chance.
LEAST_SHARE = 0.02
#: A step of a branch is met by chance more easily than all of it: of forty commits that add a line each, one adds a
#: line that others need too. So it is asked whether the branch as a whole still has so much of what they share; if not,
#: research took it back, or main has it from elsewhere and research got it from there. Anything from a quarter to three
#: quarters does nearly the same.
STEP_LEFT = 0.5
#: What a small step (less than a passage) must make up of the commit, its branch having it still: at a twentieth false
#: alarms are added on distributed, at a fifth fused branches lose up to a point on both.
SMALL_STEP = 0.1
#: What a larger step must make up of the commit if its branch has it no longer; below, it is worth a note. This takes
#: away half of the false alarms for whole pull requests, on both; at a tenth it would be some fewer.
GONE_STEP = 0.2
#: How many deleted lines are something to show without any text in common: one is a clean-up that anybody does.
DELETIONS = 3


class Score(Value):
    """A score and what it is made of, largest term first.

    ``total`` is at most ``UNSHOWN`` where no shared lines can be shown, whatever the terms add up to.
    """

    total: float
    terms: tuple[tuple[str, float], ...]

    def limited(self, most: float) -> Score:
        """Return the same terms with no higher total."""
        return self if self.total <= most else Score(most, self.terms)


def score(shared: Mapping[int, int], commit: Mapping[int, int], source: Mapping[int, int]) -> Score:
    """Return how alike two patches are, from their numbers of features of each kind that main never had before.

    ``shared`` counts the features in both, ``commit`` those of the judged commit, ``source`` those of the research.
    """

    def alike(kind: int, shrink: int) -> float:
        """Return the shrunk cosine of two sets: their size counts on both sides."""
        both = shared.get(kind, 0)
        return both / (sqrt(commit[kind] * source[kind]) + shrink) if both else 0.0

    def contained(kind: int) -> float:
        """Return the part of the smaller set that the larger one holds, shrunk."""
        both = shared.get(kind, 0)
        return both / (min(commit[kind], source[kind]) + SHRINK) if both else 0.0

    moved = MOVED * alike(V, T_SHRINK) if shared.get(V, 0) >= MOVED_AT_LEAST else 0.0
    terms = {
        "T": T_WEIGHT * max(alike(T, T_SHRINK), moved),
        "X": X_WEIGHT * alike(X, SHRINK),
        "V": V_WEIGHT * contained(V),
        "B": B_WEIGHT * alike(B, B_SHRINK),
        "I": I_WEIGHT * alike(I, SHRINK),
        "F": F_WEIGHT * contained(F),
        "S": S_WEIGHT * contained(S),
    }
    total = sum(terms.values())
    found = sorted(((name, value) for name, value in terms.items() if value), key=lambda term: -term[1])
    beside = total - terms["X"] >= BESIDE or any(shared.get(kind, 0) for kind in (A, F))
    shown = beside and _shows(shared) and _is_share(shared, commit)
    return Score(total, tuple(found)).limited(inf if shown else UNSHOWN)


def part_of(shared: Mapping[int, int], commit: Mapping[int, int]) -> float:
    """Return which part of a commit's new text, lines and places is shared (0 to 1)."""
    both, mine = (sum(features.get(kind, 0) for kind in (V, X, A, D)) for features in (shared, commit))
    return both / mine if both else 0.0


def _is_share(shared: Mapping[int, int], commit: Mapping[int, int]) -> bool:
    """Say whether what is shared is more than a crumb of the commit."""
    return not shared.get(V, 0) or shared[V] >= LEAST_SHARE * commit[V]


def _shows(shared: Mapping[int, int]) -> bool:
    """Say whether there are lines to show that both sides have.

    Text, a word, the same edit, or the same deletions; an entry of a change log only with a place in code, for a change
    log alone is no code.
    """
    if any(shared.get(kind, 0) for kind in (T, A, F, I)) or (shared.get(B, 0) and shared.get(X, 0)):
        return True
    return shared.get(V, 0) >= MOVED_AT_LEAST or shared.get(D, 0) >= DELETIONS
