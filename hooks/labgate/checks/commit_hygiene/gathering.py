"""What commit-hygiene judges: the commits that an update brings to a protected ref, and what lands with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from labgate.checks.collected import Collected
from labgate.checks.commit_hygiene.check import Facts, Looked, states_something
from labgate.checks.commit_hygiene.rules import Way
from labgate.checks.commit_hygiene.section import CommitHygiene
from labgate.git.commits import merge_bases, trees_with_parents
from labgate.git.conflicts import conflicted
from labgate.git.diffs import changed_entries
from labgate.research.section import ResearchGate
from labgate.scene.rewriting import next_push
from labgate.scene.scene import Scene
from labgate.values.ref_update import Commit, RefUpdate
from labgate.values.refnames import HEADS, short_ref, tracking_ref

#: How a line of comment begins, by the ending of the file; ``#`` for all others.
_C_LIKE = (b"//", b"/*", b"*")
_COMMENTS = {
    **dict.fromkeys(
        ("c", "cc", "cpp", "cu", "cuh", "go", "h", "hpp", "java", "js", "kt", "rs", "swift", "ts"), _C_LIKE
    ),
    **dict.fromkeys(("sql", "lua", "hs"), (b"--",)),
    **dict.fromkeys(("tex", "m"), (b"%",)),
}


def gathered(scene: Scene, update: RefUpdate) -> Collected:
    """Return the facts of an update of a protected ref.

    Raises: ``UndecidedError`` in a shallow clone, ``GitError`` when this clone lacks needed objects.
    """
    scene.repository.require_history()
    commits = tuple(reversed(scene.span(update).unlanded_commits))
    if not commits:
        return Collected((Facts(update.ref, (), Way(None, "")),))
    section = scene.policy.section(CommitHygiene)
    landing = _landing(scene, update) if section.tests or section.short_lived else {}
    facts = Facts(
        ref=update.ref,
        commits=_looked(scene, update, commits, files=bool(section.short_lived)),
        way=_way(scene, update, commits),
        landing=landing,
        there=_there(scene, update, landing),
        research=bool(section.tests) and _is_research(scene, update, commits),
        proposed=scene.change,
        landed=None if scene.aftermath is None else update.new,
    )
    return Collected((facts,))


def _looked(scene: Scene, update: RefUpdate, commits: Sequence[Commit], *, files: bool) -> tuple[Looked, ...]:
    repository = scene.repository
    plain = [commit.oid for commit in commits if len(commit.parents) < 2]
    merges = [commit.oid for commit in commits if len(commit.parents) > 1]
    conflicts = conflicted(repository, plain, merges, lambda: (_start(scene, update), scene.span(update).head))
    trees = trees_with_parents(repository, commits)
    entries = changed_entries(repository, plain) if files else {}
    return tuple(
        Looked(
            commit.oid,
            commit.subject,
            commit.message,
            commit.author.key,
            merge=len(commit.parents) > 1,
            conflict=conflicts.get(commit.oid),
            empty=_is_empty(commit, trees),
            paths=tuple(entry.path for entry in entries.get(commit.oid, ()) if entry.status != "D"),
        )
        for commit in commits
    )


def _is_empty(commit: Commit, trees: Mapping[str, str]) -> bool:
    """Return whether a commit changes nothing and states nothing; it has one parent, and ``trees`` that one's."""
    if not commit.changes_nothing(trees):
        return False
    from labgate.reviews.markers import claims_in  # few commits are empty

    return not claims_in(commit) and not states_something(commit.message)


def _way(scene: Scene, update: RefUpdate, commits: Sequence[Commit]) -> Way:
    """Return how the commits can be rewritten from where the person stands."""
    target = None if update.branch is None or scene.remote is None else tracking_ref(scene.remote, update.branch)
    base = next(iter(scene.span(update).base), None)
    onto = short_ref(target) if target is not None and target in scene.refs else base
    standing = scene.mending(update)
    return Way(
        onto=onto,
        oldest=commits[0].oid,
        root=not commits[0].parents,
        merges=any(len(commit.parents) > 1 for commit in commits),
        switch="" if standing is None else standing.way,
        branch=standing.word if standing is not None and standing.branch is not None else None,
        push=next_push(scene, update, update.source, None if standing is None else standing.branch, commits[0].oid),
        head=scene.amendable(update),
        first="" if standing is None else standing.first,
    )


def _landing(scene: Scene, update: RefUpdate) -> dict[str, int]:
    """Return for each file that lands with another content the number of its lines that are read, no comments."""
    from labgate.git.moved import tree_text  # few policies need it

    text = tree_text(scene.repository, _start(scene, update), scene.span(update).head)
    return {path: sum(not _is_comment(path, line) for line in lines) for path, lines in text.items()}


def _start(scene: Scene, update: RefUpdate) -> str:
    """Return what the target has of the change: their merge base, or the empty tree."""
    span = scene.span(update)
    start = next(iter(merge_bases(scene.repository, span.head, span.base[0])), None) if span.base else None
    return start or scene.repository.objects.run("hash-object", "-t", "tree", "--stdin").decode().strip()


def _is_comment(path: str, line: bytes) -> bool:
    starts = _COMMENTS.get(path.rpartition(".")[2].lower(), (b"#",))
    return not line or line.startswith(starts)


def _there(scene: Scene, update: RefUpdate, landing: Mapping[str, int]) -> frozenset[str]:
    """Return which of the files that land the target has."""
    base = next(iter(scene.span(update).base), None)
    if base is None or not landing:
        return frozenset()
    output = scene.repository.objects.run("ls-tree", "-r", "-z", "--name-only", "--full-tree", base)
    return frozenset(output.decode("utf-8", "surrogateescape").split("\0")) & landing.keys()


def _is_research(scene: Scene, update: RefUpdate, commits: Sequence[Commit]) -> bool:
    """Return whether the series comes from a research branch, by its source or by evidence that decides."""
    if update.source is not None:
        kind = scene.policy.classify(HEADS + update.source).name
        if kind in scene.policy.section(ResearchGate).sources:
            return True
    from labgate.research.stated_evidence import find_evidence, reached_by_sources

    span = scene.span(update)
    reached = reached_by_sources(span.graph, span.oids)
    if any(item.decisive for item in find_evidence(span.graph, scene.policy, commits, reached)):
        return True
    if not span.graph.has_sources:
        return False
    # Imported late: only a policy with tests, and a repository with research, need it.
    from labgate.derivation.range_evidence import range_evidence

    ledger = scene.first_seen.research
    traces = range_evidence(scene.repository, span.graph, commits, span.landed, ledger, progress=scene.progress)
    return any(item.decisive for item in traces.evidence)
