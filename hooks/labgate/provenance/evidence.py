"""Exact evidence that commits derive from research: ancestry, and trailers that name their source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from labgate.finding import Evidence
from labgate.git.commits import rev_list
from labgate.git.refs import HEADS
from labgate.git.repository import Repository
from labgate.policy.model import Policy
from labgate.proposal import Commit
from labgate.provenance.graph import ResearchGraph
from labgate.provenance.sources import SourceRef

#: What ``git cherry-pick -x`` appends (git-cherry-pick, "-x").
_PICKED = re.compile(r"^\(cherry picked from commit ([0-9a-f]{40}(?:[0-9a-f]{24})?)\)[ \t]*$", re.MULTILINE)
#: labgate's own trailer; read from any line, since a squash buries it above the last block.
_EXPERIMENT = re.compile(r"^Experiment:[ \t]*(\S+)[ \t]*$", re.MULTILINE | re.IGNORECASE)


def reached_by_sources(
    repository: Repository, graph: ResearchGraph, head: str, exclude: Sequence[str], span: Sequence[str]
) -> frozenset[str]:
    """Return the commits of a range that some source ref reaches, exempt or not: the cheap first question."""
    tips = [source.oid for source in graph.classes.sources]
    if not tips:
        return frozenset()
    return frozenset(span) - frozenset(rev_list(repository, [head], [*exclude, *tips]))


def find_evidence(
    graph: ResearchGraph, policy: Policy, span: Sequence[Commit], reached: frozenset[str]
) -> tuple[Evidence, ...]:
    """Return the exact evidence for a range of commits, strongest first.

    Ancestry is one a source ref; trailers are one a commit, since each names its own source. ``reached`` is what
    ``reached_by_sources`` said of the same range.
    """
    by_ancestry = [commit.oid for commit in span if commit.oid in reached and graph.is_research(commit.oid)]
    found = list(_ancestry(graph, by_ancestry))
    rest = [commit for commit in span if commit.oid not in set(by_ancestry)]
    found += _picked(graph, rest)
    found += _experiments(graph, policy, rest)
    return tuple(found)


def _ancestry(graph: ResearchGraph, oids: Sequence[str]) -> Iterable[Evidence]:
    """Give every commit to one source ref, few refs in all: the ref that holds most of them first."""
    left = dict.fromkeys(oids)
    held: dict[SourceRef, list[str]] = {}
    for oid in oids:
        for source in graph.sources_of(oid):
            held.setdefault(source, []).append(oid)
    while left:
        source = max(
            held, key=lambda ref: (sum(oid in left for oid in held[ref]), ref.oid in left, ref.remote is not None)
        )
        mine = tuple(oid for oid in held.pop(source) if oid in left)
        for oid in mine:
            del left[oid]
        yield Evidence("ancestry", decisive=True, source_ref=source.ref, commits=mine, source_commits=mine)


def _picked(graph: ResearchGraph, span: Iterable[Commit]) -> Iterable[Evidence]:
    """A ``(cherry picked from commit X)`` line counts only when X itself is research."""
    for commit in span:
        for origin in _PICKED.findall(commit.message):
            if graph.is_research(origin):
                yield _named(graph.sources_of(origin)[0], commit, origin)


def _experiments(graph: ResearchGraph, policy: Policy, span: Iterable[Commit]) -> Iterable[Evidence]:
    """An ``Experiment: SERVICE/HANDLE`` trailer counts while that experiment's branch holds unlanded commits here."""
    live: dict[str, SourceRef] = {}
    for source in reversed(graph.classes.sources):
        fields = policy.classify(source.branch).fields or {}
        if "service" in fields and "handle" in fields and graph.is_research(source.oid):
            live[f"{fields['service']}/{fields['handle']}"] = source
    for commit in span if live else ():
        for experiment in dict.fromkeys(_EXPERIMENT.findall(commit.message)):
            if experiment in live:
                source = live[experiment]
                yield _named(source, commit, source.oid)


def _named(source: SourceRef, commit: Commit, origin: str) -> Evidence:
    return Evidence("trailer", decisive=True, source_ref=source.ref, commits=(commit.oid,), source_commits=(origin,))


def short_name(ref: str) -> str:
    """Return a refname as people say it: without ``refs/heads/`` or ``refs/remotes/``."""
    return ref.removeprefix(HEADS).removeprefix("refs/remotes/")
