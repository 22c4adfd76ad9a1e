"""Fetch the objects that a partial clone lacks for a run: once, in one batch, before anything is judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from labgate.fingerprints.index import Index, indexed
from labgate.git.commits import merge_bases, rev_list
from labgate.git.fetch import bring
from labgate.git.missing import changed_blobs
from labgate.git.repository import Repository
from labgate.policy.model import FILES
from labgate.scene.scene import Scene, Span

#: Files that configure how others are judged.
_READ = frozenset((*FILES, ".gitattributes", ".mailmap"))


def complete(scene: Scene) -> None:
    """Fetch the files that the updates of a scene change or are compared with."""
    repository = scene.repository
    keys = list(dict.fromkeys(_keys(scene)))
    changed = dict(changed_blobs(repository, keys))
    tips = dict.fromkeys((scene.trunk_tip, *(update.new for update in scene.updates)))
    files = [oid for tip in tips if tip is not None for oid in _special(repository, tip)]
    bring(repository, [*files, *(oid for blobs in changed.values() for oid in blobs or ())])


def _keys(scene: Scene) -> Iterator[str]:
    """Yield the commits, and the ranges (``OLD..NEW``), whose files are needed."""
    compared = False
    for update in scene.updates:
        if update.new is None:
            continue
        span = scene.span(update)
        yield from span.oids
        yield from _merged(scene.repository, span)
        protected = scene.policy.is_protected(update.ref)
        if protected and not compared and span.graph.has_sources:
            compared = True
            yield from (oid for oid in span.graph.parents if span.graph.sources_of(oid))
            yield from _unknown(scene.repository, span.landed)


def _merged(repository: Repository, span: Span) -> Iterator[str]:
    """Yield the changes of each merge's sides since their merge base, as git merges them again."""
    for commit in span.commits:
        if len(commit.parents) == 2:
            bases = merge_bases(repository, *commit.parents)
            yield from (f"{base}..{parent}" for base in bases for parent in commit.parents)


def _unknown(repository: Repository, tips: Iterable[str]) -> Iterator[str]:
    """Yield the landed commits, on the first-parent lines of some tips, that are not in the index."""
    for tip in tips:
        line = rev_list(repository, [tip], (), "--first-parent")
        known = indexed(repository.common_dir, partial(_known, line))
        yield from (oid for oid in line if oid not in known)


def _known(oids: Sequence[str], index: Index) -> frozenset[str]:
    return frozenset(index.links(oids)).difference(index.gaps())


def _special(repository: Repository, tip: str) -> Iterator[str]:
    listing = repository.objects.run("ls-tree", "-r", "-z", "--full-tree", tip).decode("utf-8", "surrogateescape")
    for line in listing.split("\0")[:-1]:
        head, _, path = line.partition("\t")
        if path.rpartition("/")[2] in _READ:
            yield head.split(" ")[2]
