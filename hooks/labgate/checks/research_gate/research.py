"""Code that comes from research, or is similar to it, needs a review: LG201 and LG202."""

from __future__ import annotations

from labgate.checks.research_gate.assessment import UnmetReview, assessed
from labgate.checks.research_gate.update import commits_of, restricted
from labgate.reviews.section import Reviews
from labgate.values.finding import ALARM, SIMILARITY, Rule, reason
from labgate.values.phrases import count, short_oid
from labgate.values.refnames import short_ref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from labgate.checks.research_gate.assessment import Assessed
    from labgate.checks.research_gate.update import Facts, Move
    from labgate.policy.model import Policy
    from labgate.values.finding import Evidence


class UnreviewedResearch(UnmetReview):
    """``source`` is the full name of the research ref, ``None`` if no live one holds the commits.

    ``rivals`` are the full names of other live branches that hold them too, ``holder`` the first of them that is not
    the change's own, a bot's or a merge queue's. ``move`` leaves them out of the change, ``None`` if it has nothing
    beside them. ``fork`` is what people call a source that is no ref here. ``disputed``: it is not known whether the
    source or a rival had them first.
    """

    rule = Rule(
        "LG201",
        "unreviewed-research",
        "error",
        "commits that come from a research branch reach a protected branch without a review",
        "Research branches need no review on purpose, so nobody has checked their code. Everybody else builds on the "
        "protected branch, so code from research needs a review before it lands there, even under another branch name.",
        "Let somebody who wrote none of it review the commits. `labgate review approve BRANCH` then states the review "
        'in an empty commit on top; with `assurance = "forge"` they approve the pull request instead. Or land only the '
        "commits that are ready.",
    )

    source: str | None
    rivals: tuple[str, ...]
    holder: str | None
    move: Move | None
    fork: str | None
    disputed: bool = False

    def message(self) -> str:
        commits, source = count(len(self.oids), "unreviewed commit"), self.fork or _source(self.source, self.evidence)
        said = f"{commits} from {source} ({_ways(self.evidence, len(self.oids))}){self.named}"
        return said + self.state + self._held

    @property
    def _held(self) -> str:
        """The end of a message: who else has the commits."""
        unsure = "they came from research, or the other way round" if self.disputed else ""
        if self.holder is not None:
            return f"; {short_ref(self.holder)} holds them too: research wins" + (f" ({unsure})" if unsure else "")
        return f"; it is not known whether {unsure}" if unsure and self.assurance != "trailer" else ""

    def help(self) -> str:
        review = self.review_step()
        if self.move is None:
            return review
        return f"{review}; or, to leave {_name(self.source)} out: {self.move.command}"


class SuspectedResearch(UnmetReview):
    """``source`` is as in ``UnreviewedResearch``. ``alarm`` is false for a mere hint.

    ``doubtful``: another branch has the commits or their text too, and is believed to have had them first. ``rivals``
    are the full names of such branches, ``holder`` the first that is not the change's own, a bot's or a merge queue's.
    ``score`` and ``terms`` (value by name) are those of the strongest evidence, which comes first.
    """

    rule = Rule(
        "LG202",
        "suspected-research",
        "warning",
        "commits that look like research reach a protected branch without a review",
        "Research that was edited, renamed or copied in part is not an exact match, but its text is similar. "
        "Similarity can err, so it is a warning from a similarity of 6 on, and a note below it or if the match has a "
        "harmless reason.",
        "Compare the lines with `labgate trace --show`. If they come from research, let somebody who wrote none of it "
        "review them, and state that with `labgate review approve BRANCH`; if not, there is nothing to do.",
    )

    source: str | None
    alarm: bool
    score: float
    terms: Mapping[str, float]
    doubtful: bool = False
    rivals: tuple[str, ...] = ()
    holder: str | None = None

    def message(self) -> str:
        if self.doubtful:
            return self._in_doubt + self.state
        strongest, number = self.evidence[0], len(self.oids)
        seen = _similarity(strongest) if strongest.method == SIMILARITY else _ways(self.evidence, number)
        look = "looks" if number == 1 else "look"
        said = f"{count(number, 'commit')} {look} like {_source(self.source, self.evidence)}: {seen}"
        if self.alarm:
            return said + self.state
        return f"{said}; only a hint: {reason(strongest.hint, short_ref(self.target))}"

    @property
    def _in_doubt(self) -> str:
        """Who else has the commits or their text; the change's own branch is no other holder."""
        source, number = _source(self.source, self.evidence), len(self.oids)
        change = short_ref(self.target) if self.landed is not None else self.branch or "this change"
        other = change if self.holder is None else short_ref(self.holder)
        what = f"{count(number, 'commit')} of {change} {'is' if number == 1 else 'are'}"
        held = what + (f" on {source}" if self.evidence[0].method == "ancestry" else f" like {source}")
        both = f"{held} ({_ways(self.evidence, number)})" + (f" and {other}" if self.holder is not None else "")
        return f"{both}; which had it first is not known here, and {other} is believed{self.named}"

    def help(self) -> str:
        if self.alarm or self.doubtful:
            return self.review_step()
        return f"labgate trace --show {short_oid(self.evidence[0].commits[0])}"


def unreviewed(review: Assessed) -> Iterator[UnreviewedResearch]:
    """Yield the commits that are proven to come from research and have no review, by source ref."""
    facts = review.facts
    for source, evidence in _by_source(facts.proofs, review.unreviewed).items():
        oids = review.ordered(commits_of(evidence))
        key = source or ""
        rivals = facts.rivals.get(key, ())
        yield UnreviewedResearch(
            source=source,
            rivals=rivals,
            holder=next((ref for ref in rivals if ref not in facts.ignored), None),
            move=facts.moves.get(key),
            fork=facts.forks.get(key),
            disputed=key in facts.disputed,
            evidence=evidence,
            **review.details(oids),
        )


def suspected(facts: Facts, policy: Policy) -> Iterator[SuspectedResearch]:
    """Yield commits that are similar to research and have no review: alarms, and separately hints."""
    review = assessed(facts, policy.section(Reviews), facts.suspected, facts.suspected_paths)
    doubtful = [item for item in facts.evidence if not item.proves]
    for evidence in _by_source(doubtful, review.missing).values():
        alarming = commits_of(item for item in evidence if item.decisive)
        believed = commits_of(item for item in evidence if item.is_doubtful) - alarming
        for oids in (alarming, believed, commits_of(evidence) - alarming - believed):
            if oids:
                yield _suspicion(review, _strongest_first(restricted(evidence, oids)))


def _suspicion(review: Assessed, evidence: tuple[Evidence, ...]) -> SuspectedResearch:
    strongest, ignored = evidence[0], review.facts.ignored
    rivals = tuple(
        dict.fromkeys(item.other_ref for item in evidence if item.is_doubtful and item.other_ref is not None)
    )
    doubtful = strongest.is_doubtful
    return SuspectedResearch(
        source=strongest.source_ref,
        alarm=strongest.decisive,
        score=strongest.score,
        terms=dict(strongest.terms),
        doubtful=doubtful,
        rivals=rivals,
        holder=next((ref for ref in rivals if ref not in ignored), None),
        stated_level=None if strongest.decisive or doubtful else "note",
        evidence=evidence,
        **review.details(review.ordered(commits_of(evidence))),
    )


def _strongest_first(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Sort evidence: decisive first, then what another branch may have had first, then exact, then by score."""

    def key(item: Evidence) -> tuple[bool, bool, bool, float]:
        return not item.decisive, not item.is_doubtful, item.method == SIMILARITY, -item.score

    return tuple(sorted(evidence, key=key))


def _by_source(evidence: Iterable[Evidence], commits: Container[str]) -> dict[str | None, tuple[Evidence, ...]]:
    """Group the evidence for these commits by source ref, in the order in which it is given."""
    grouped: dict[str | None, tuple[Evidence, ...]] = {}
    for item in restricted(evidence, commits):
        grouped[item.source_ref] = (*grouped.get(item.source_ref, ()), item)
    return grouped


def _name(source: str | None) -> str:
    return "a deleted branch" if source is None else short_ref(source)


def _source(source: str | None, evidence: Sequence[Evidence]) -> str:
    """Return a source branch with what became of it, where nothing of it is there any more."""
    since = dict.fromkeys(item.since for item in evidence)
    return _name(source) + ("" if "" in since else next(iter(since), ""))


#: A method of ``trace`` in words, and the words between it and the research commits.
_WAYS = {
    "ancestry": ("same commit", ""),
    "trailer": ("its message says so", "its message points to"),
    "patch-id": ("same change", "same change as"),
    "squash": ("squash", "squash of"),
    "blob": ("same file", "same file as in"),
    SIMILARITY: ("similar text", "similar to"),
}


def _ways(evidence: Sequence[Evidence], commits: int) -> str:
    """Return how ``commits`` commits match, with the strongest example whose research commit is another one."""
    methods = dict.fromkeys(item.method for item in evidence)
    example = next((item for item in evidence if item.method != "ancestry"), None)
    return "; ".join(_way(method, example, commits) for method in methods)


def _way(method: str, example: Evidence | None, commits: int) -> str:
    plain, joining = _WAYS[method]
    if example is None or method != example.method or not example.commits:
        return f"{plain}s" if method == "ancestry" and commits > 1 else plain
    match = f"{joining} {_oids(example.source_commits)}" if example.source_commits else plain
    lines = f", {count(example.matched_lines, 'line')}" if example.matched_lines else ""
    return f"{match}{lines}" if commits == 1 else f"{_oids(example.commits)}: {match}{lines}"


def _similarity(evidence: Evidence) -> str:
    """Return a similarity in words: the commit, its source, the number of lines that they share, and the score."""
    source = f" like {_oids(evidence.source_commits)}" if evidence.source_commits else ""
    shared = f", {count(evidence.matched_lines, 'line')} shared" if evidence.matched_lines else ""
    return f"{_oids(evidence.commits)}{source}{shared}, similarity {evidence.score:.1f} (warns from {ALARM:g})"


def _oids(oids: Sequence[str]) -> str:
    more = f" and {len(oids) - 1} more" if len(oids) > 1 else ""
    return f"{short_oid(oids[0])}{more}"
