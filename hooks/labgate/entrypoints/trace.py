"""``labgate trace`` and ``labgate index``: resolve a command line to commits, source refs and the tracer."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from labgate.checks.registry import policy_reader
from labgate.git.commits import peel, read_commits
from labgate.git.refs import read_refs, resolve_revision, symbolic_ref, tracking_refs
from labgate.git.repository import Repository
from labgate.policy.model import Policy
from labgate.policy.reader import Reader
from labgate.research.completeness import sources_gap
from labgate.research.first_seen import FirstSeen
from labgate.research.landed_refs import LandedOn
from labgate.research.source_refs import SourceRef, classify_refs
from labgate.scene.policy_files import policy_at, worktree_policy
from labgate.scene.trunk import trunk_name
from labgate.values.errors import NoPolicyError, UndecidedError, UsageError
from labgate.values.refnames import HEADS, REMOTES, TAGS, tracking_ref
from labgate.values.spelling import nearest
from labgate.values.value import Value

if TYPE_CHECKING:
    from labgate.derivation.index_maintenance import IndexStatus
    from labgate.derivation.tracing import Tracer
    from labgate.fingerprints.building import Progress

#: The number of commits whose subjects are read at a time: few processes, and little memory.
_BATCH = 500
#: The most refs that are suggested when a pattern matches none.
_SIMILAR = 3
_OID = re.compile(r"[0-9a-fA-F]{4,64}")
_NAMESPACE = re.compile(r"^refs/(?:heads/|tags/|remotes/[^/]*/)?")
#: The prefixes that git tries for a short refname (gitrevisions).
_NAMESPACES = ("refs/", TAGS, HEADS, REMOTES)


class Sources(Value):
    """The source refs that commits are compared with, and all refs of this clone.

    ``policy`` is the policy that names them, ``None`` if they were given by patterns. ``trunk`` is the full name of the
    trunk's ref here, ``None`` if it is not known. ``incomplete`` is an error if source refs may be missing here, with
    the command that fetches them.
    """

    refs: Mapping[str, str]
    sources: tuple[SourceRef, ...]
    policy: Policy | None
    trunk: str | None
    incomplete: UndecidedError | None = None


class TraceRequest(Value):
    """The request of the user.

    ``patterns`` empty means the policy's sources, ``methods`` empty all; ``exclude`` is the commit with the
    earlier code, ``None`` for each commit's own first parent.
    """

    revisions: tuple[str, ...]
    patterns: tuple[str, ...] = ()
    exclude: str | None = None
    methods: tuple[str, ...] = ()


class Tracing(Value):
    """A resolved request: ``commits`` has a full oid for each revision that names one, in order.

    ``unreadable`` has the reason for each revision that names none.
    """

    repository: Repository
    found: Sources
    commits: tuple[str, ...]
    unreadable: tuple[UsageError, ...]
    exclude: str | None
    methods: tuple[str, ...]

    def tracer(self, progress: Progress | None = None) -> Tracer:
        """Return the tracer for the commits."""
        from labgate.derivation.tracing import Tracer
        from labgate.values.finding import METHODS

        return Tracer(
            self.repository,
            self.found.refs,
            self.found.sources,
            exclude=self.exclude,
            methods=frozenset(self.methods or METHODS),
            policy=self.found.policy,
            progress=progress,
            remote=self.repository.usual_remote,
        )

    def subjects(self) -> Subjects:
        """Return the subjects of the commits, for access in order."""
        return Subjects(self.repository, self.commits)


class Subjects:
    """The first lines of commit messages, read a batch at a time."""

    def __init__(self, repository: Repository, commits: Sequence[str]) -> None:
        self._repository = repository
        self._left = iter(dict.fromkeys(commits))
        self._known: dict[str, str] = {}

    def of(self, commit: str) -> str:
        """Return the subject of one of the commits, or of any other. Raises: ``GitError``."""
        while commit not in self._known:
            batch = tuple(islice(self._left, _BATCH)) or (commit,)
            self._known.update((item.oid, item.subject) for item in read_commits(self._repository, batch))
        return self._known[commit]


def prepare_trace(request: TraceRequest, repository: Repository) -> Tracing:
    """Return the tracing of a request.

    Raises: ``UsageError`` when a pattern matches no ref or ``exclude`` names no commit, ``UndecidedError`` in a shallow
    clone, and as ``find_sources``.
    """
    repository.require_history()
    found = find_sources(repository, request.patterns)
    refs = dict(found.refs)
    exclude = None if request.exclude is None else resolve_revision(repository, request.exclude, refs)
    named = resolve_revisions(repository, request.revisions, refs)
    commits = tuple(oid for revision in request.revisions if (oid := named[revision]) is not None)
    unreadable = tuple(_unreadable(revision) for revision in request.revisions if named[revision] is None)
    return Tracing(repository, found, commits, unreadable, exclude, request.methods)


def rebuild_index(
    repository: Repository, patterns: Sequence[str], *, progress: Progress | None = None
) -> tuple[IndexStatus, Sources]:
    """Delete the index, rebuild it, and return its status. Raises: as ``find_sources``.

    With a policy the current refs are recorded in the ledger, which is never deleted.
    """
    from labgate.derivation.index_maintenance import rebuild

    repository.require_history()
    found = find_sources(repository, patterns)
    if found.policy is not None:
        remotes = repository.remotes
        classes = classify_refs(found.policy, found.refs, tracking_refs(dict(found.refs), remotes), remotes)
        settled = LandedOn(found.policy, repository.usual_remote).apart(classes)
        FirstSeen(repository).observe(settled, [], int(time.time()))
    status = rebuild(repository, found.refs, found.sources, found.trunk, progress=progress)
    return status, found


def resolve_revisions(repository: Repository, revisions: Sequence[str], refs: dict[str, str]) -> dict[str, str | None]:
    """Return the commit that each revision names, ``None`` for none; all that are object ids in one process."""
    hexadecimal = {word: word.lower() for word in revisions if _is_oid(word, len(repository.null_oid), refs)}
    peeled = peel(repository, hexadecimal.values())
    found: dict[str, str | None] = {word: peeled.get(oid) for word, oid in hexadecimal.items()}
    for word in revisions:
        if word not in found:
            found[word] = _named(repository, word, refs)
    return found


def find_sources(repository: Repository, patterns: Sequence[str]) -> Sources:
    """Return the refs that match the patterns, or without any the sources of the policy.

    Raises: ``UsageError`` when a pattern matches no ref; without patterns ``NoPolicyError``, ``PolicyError``, and
    ``UndecidedError`` when the trunk that has it is not known.
    """
    refs = read_refs(repository)
    remote = repository.usual_remote
    reader = policy_reader()
    found = None if patterns else worktree_policy(repository, reader)
    try:
        trunk = _trunk(repository, refs, remote, None if found is None else found[0], reader)
    except UndecidedError:
        # The trunk only matters if the policy must come from there.
        if found is None and not patterns:
            raise
        trunk = None
    if patterns:
        names = dict.fromkeys(name for pattern in patterns for name in _matching(repository, pattern, refs))
        return Sources(refs, _as_sources(repository, names, refs), None, trunk)
    policy = _on_trunk(repository, refs, trunk, reader) if found is None else found[0]
    classes = classify_refs(policy, refs, tracking_refs(refs, repository.remotes), repository.remotes)
    known = FirstSeen(repository).known(policy, classes, refs, int(time.time()))
    return Sources(refs, known.sources, policy, trunk, sources_gap(policy, repository, refs, remote))


def _is_oid(word: str, length: int, refs: Mapping[str, str]) -> bool:
    """Return whether git reads a word as an object id: a full one, or an abbreviation that is not a ref's name."""
    if not _OID.fullmatch(word):
        return False
    return len(word) == length or not any(space + word in refs for space in _NAMESPACES)


def _named(repository: Repository, word: str, refs: dict[str, str]) -> str | None:
    try:
        return resolve_revision(repository, word, refs)
    except UsageError:
        return None


def _unreadable(revision: str) -> UsageError:
    if ".." in revision:
        return UsageError(f"{revision!r} is a range: git rev-list {shlex.quote(revision)} | labgate trace -")
    return UsageError(f"{revision!r} names no commit in this repository")


def _matching(repository: Repository, pattern: str, refs: Mapping[str, str]) -> Iterator[str]:
    """Yield the refs that git itself finds by a pattern (git-for-each-ref); a last ``/*`` is for deeper levels too."""
    deep = f"{pattern}*" if pattern.endswith("/*") else pattern
    listing = repository.git.run("for-each-ref", "--format=%(refname)", "--", deep) if deep else b""
    names = [name for name in listing.decode("utf-8", "surrogateescape").split("\n")[:-1] if name in refs]
    if not names:
        similar = _similar(pattern, refs)
        message = f"--sources {shlex.quote(pattern)} matches no ref here"
        if similar:
            message += f"; similar: {', '.join(similar)}"
        raise UsageError(message, "git for-each-ref --format='%(refname)'  # lists them all")
    yield from names


def _similar(pattern: str, refs: Mapping[str, str]) -> list[str]:
    """Return the refs that a pattern without a match may mean."""
    # Prefixes are removed first: only the rest of a name is compared.
    tails: dict[str, list[str]] = {}
    for ref in refs:
        tails.setdefault(_NAMESPACE.sub("", ref), []).append(ref)
    near = nearest(_NAMESPACE.sub("", pattern), tails, _SIMILAR)
    return [ref for tail in near for ref in tails[tail]][:_SIMILAR]


def _as_sources(repository: Repository, names: Mapping[str, None], refs: dict[str, str]) -> tuple[SourceRef, ...]:
    tracked = {item.ref: item for item in tracking_refs(refs, repository.remotes)}
    found = []
    for name in names:
        item = tracked.get(name)
        branch, remote = (name, None) if item is None else (item.remote_ref, item.remote)
        found.append(SourceRef(name, branch, refs[name], remote))
    # As for the policy's sources: the remote-tracking name comes first.
    return tuple(sorted(found, key=lambda source: (source.remote is None, source.ref)))


def _trunk(
    repository: Repository, refs: Mapping[str, str], remote: str | None, policy: Policy | None, reader: Reader
) -> str | None:
    """Return the full name of the trunk's ref here, ``None`` if there is none. Raises: ``UndecidedError``."""
    name = trunk_name(repository, refs, remote, None, reader)
    if name is not None:
        tracking = () if remote is None else (tracking_ref(remote, name),)
        candidates: tuple[str | None, ...] = (*tracking, HEADS + name)
    elif repository.top is None:
        # On a server HEAD is the branch that clones check out; in a work tree it is what somebody works on.
        candidates = (symbolic_ref(repository, "HEAD"),)
    elif policy is not None:
        candidates = tuple(HEADS + name for name in policy.trunks)
    else:
        usual = [HEADS + name for name in ("main", "master") if HEADS + name in refs]
        candidates = tuple(usual) if len(usual) == 1 else ()
    return next((ref for ref in candidates if ref in refs), None)


def _on_trunk(repository: Repository, refs: Mapping[str, str], trunk: str | None, reader: Reader) -> Policy:
    found = None if trunk is None else policy_at(repository, refs[trunk], reader)
    if found is None:
        message = "there is no policy in the work tree or on the trunk to say which branches are research"
        raise NoPolicyError(message, "labgate init  # or name them: --sources 'refs/remotes/origin/research/*'")
    return found.policy
