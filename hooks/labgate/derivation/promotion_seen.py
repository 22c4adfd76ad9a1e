"""Whether the code of a branch has landed: as it is, as other commits, or as code that derives from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from labgate.derivation.landed_content import LandedContent
from labgate.derivation.tracing import Tracer
from labgate.git.commits import parents_of, rev_list
from labgate.git.diffs import changed_entries
from labgate.git.refs import read_refs
from labgate.git.repository import Repository
from labgate.research.source_refs import SourceRef


def unlanded_code(
    repository: Repository, sources: Sequence[SourceRef], landed: Sequence[str], is_code: Callable[[str], bool]
) -> tuple[str, ...]:
    """Return the commits of some branches whose code is not seen on ``landed`` (tips), newest first; empty if all is.

    Merges, and commits that change no path for which ``is_code`` is true, bring no code. A commit is seen there if a
    tip reaches it, if its content has landed, or if a landed commit derives from it by decisive evidence.
    """
    tips = [source.oid for source in sources]
    parents = parents_of(repository, tips, landed)
    entries = changed_entries(repository, [oid for oid, above in parents.items() if len(above) < 2])
    code = {oid for oid, changed in entries.items() if any(is_code(entry.path) for entry in changed)}
    code -= LandedContent(repository, landed).of(list(parents), parents)
    later = rev_list(repository, landed, tips) if code else ()
    code -= _sources(repository, sources, later)
    # Of a branch only the closest commits are named, so each commit that is left is looked at by itself.
    code -= _sources(repository, [SourceRef(oid, oid, oid, None) for oid in parents if oid in code], later)
    return tuple(oid for oid in parents if oid in code)


def _sources(repository: Repository, sources: Sequence[SourceRef], landed: Sequence[str]) -> set[str]:
    """Return the commits of sources from which landed commits derive by decisive evidence."""
    if not sources or not landed:
        return set()
    tracer = Tracer(repository, read_refs(repository), sources)
    evidence = (item for traced in tracer.trace(landed) for item in traced.evidence)
    return {oid for item in evidence if item.decisive for oid in item.source_commits}
