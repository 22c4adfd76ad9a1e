"""Exact evidence that commits derive from research: ancestry, and trailers that name their source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from labgate.policy.model import Policy
from labgate.research.research_commits import ResearchGraph
from labgate.research.source_refs import SourceRef
from labgate.values.finding import HELD_TOO, LIVE, Evidence
from labgate.values.ref_update import Commit
from labgate.values.regexes import regex

#: The line that ``git cherry-pick -x`` appends (git-cherry-pick, "-x").
_PICK = "(cherry picked from commit "
_PICKED = regex(r"^\(cherry picked from commit ([0-9a-f]{40}(?:[0-9a-f]{24})?)\)[ \t]*$", re.MULTILINE)
#: git's heading and list of the commits of ``git merge --squash`` (git-merge, "--squash").
_SQUASHED = "Squashed commit of the following:"
_LISTED = regex(r"^commit ([0-9a-f]{40}(?:[0-9a-f]{24})?)$", re.MULTILINE)
#: labgate's own trailer; any line counts, as a squash moves it above the last block.
_EXPERIMENT = regex(r"^Experiment:[ \t]*(\S+)[ \t]*$", re.MULTILINE | re.IGNORECASE)


def reached_by_sources(graph: ResearchGraph, span: Iterable[str]) -> frozenset[str]:
    """Return the unlanded commits of a range that some source ref reaches, exempt or not."""
    return frozenset(oid for oid in span if graph.sources_of(oid))


def find_evidence(
    graph: ResearchGraph, policy: Policy | None, span: Sequence[Commit], reached: frozenset[str]
) -> tuple[Evidence, ...]:
    """Return the exact evidence for a range of commits, strongest first.

    There is one piece of ancestry for each source ref, and one of trailers for each commit, as each names its own
    source. ``reached`` is the result of ``reached_by_sources`` for the same range. Without a policy experiments have no
    names.
    """
    by_ancestry = [commit.oid for commit in span if commit.oid in reached and graph.is_research(commit.oid)]
    found = list(_ancestry(graph, by_ancestry))
    in_doubt = [commit.oid for commit in span if commit.oid in reached and graph.is_doubtful(commit.oid)]
    for item in _ancestry(graph, in_doubt):
        other = next(iter(graph.rivals_of(item.commits[0])), None)
        found.append(item.changed(decisive=False, hint=HELD_TOO, other_ref=other))
    rest = [commit for commit in span if commit.oid not in {*by_ancestry, *in_doubt}]
    found += _named_in_messages(graph, rest)
    if policy is not None:
        found += _experiments(graph, policy, rest)
    return tuple(found)


def _ancestry(graph: ResearchGraph, oids: Sequence[str]) -> Iterable[Evidence]:
    """Assign every commit to one source ref, to few refs in all: the ref that holds most of them comes first."""
    left = dict.fromkeys(oids)
    held: dict[SourceRef, list[str]] = {}
    for oid in oids:
        for source in graph.sources_of(oid):
            held.setdefault(source, []).append(oid)
    while left:
        source = max(
            held,
            key=lambda ref: (
                sum(oid in left for oid in held[ref]),
                ref.state == LIVE,
                ref.oid in left,
                ref.remote is not None,
            ),
        )
        mine = tuple(oid for oid in held.pop(source) if oid in left)
        for oid in mine:
            del left[oid]
        yield Evidence(
            "ancestry",
            decisive=True,
            source_ref=source.ref,
            commits=mine,
            source_commits=mine,
            source_state=source.state,
        )


def _named_in_messages(graph: ResearchGraph, span: Iterable[Commit]) -> Iterable[Evidence]:
    """Return evidence of the commits that a message names as its source, if they are research."""
    for commit in span:
        named = _PICKED.findall(commit.message) if _PICK in commit.message else []
        if _SQUASHED in commit.message:
            named += _LISTED.findall(commit.message.partition(_SQUASHED)[2])
        by_source: dict[tuple[SourceRef, str | None], list[str]] = {}
        for origin in dict.fromkeys(named):
            if graph.is_research(origin):
                by_source.setdefault((graph.sources_of(origin)[0], None), []).append(origin)
            elif graph.is_doubtful(origin):
                other = next(iter(graph.rivals_of(origin)), None)
                by_source.setdefault((graph.sources_of(origin)[0], other), []).append(origin)
        for (source, other), mine in by_source.items():
            found = _named(source, commit, *mine)
            yield found if other is None else found.changed(decisive=False, hint=HELD_TOO, other_ref=other)


def _experiments(graph: ResearchGraph, policy: Policy, span: Sequence[Commit]) -> Iterable[Evidence]:
    """Return evidence of an ``Experiment:`` trailer, if that experiment's branch holds unlanded commits here."""
    named = {commit.oid: dict.fromkeys(_EXPERIMENT.findall(commit.message)) for commit in span}
    if not any(named.values()):
        return
    live: dict[str, SourceRef] = {}
    for source in reversed(graph.classes.sources):
        fields = policy.classify(source.branch).fields or {}
        if "service" in fields and "handle" in fields and graph.is_research(source.oid):
            live[f"{fields['service']}/{fields['handle']}"] = source
    for commit in span:
        for experiment in named[commit.oid]:
            if experiment in live:
                source = live[experiment]
                yield _named(source, commit, source.oid)


def _named(source: SourceRef, commit: Commit, *origins: str) -> Evidence:
    return Evidence(
        "trailer",
        decisive=True,
        source_ref=source.ref,
        commits=(commit.oid,),
        source_commits=origins,
        source_state=source.state,
    )
