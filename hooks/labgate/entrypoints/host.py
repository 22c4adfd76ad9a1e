"""Ask the code host of a repository which changes were approved, and with which of them a commit landed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from labgate.ci.context import Context
from labgate.fingerprints.building import Progress
from labgate.forge import connect
from labgate.git.fetch import fetch_commit
from labgate.git.repository import Repository
from labgate.policy.model import Policy
from labgate.research.section import ResearchGate
from labgate.research.source_refs import SourceRef
from labgate.reviews.approvals import ChangeName, HostedChange
from labgate.values.errors import UndecidedError
from labgate.values.refnames import HEADS
from labgate.values.repository_name import repository_name
from labgate.values.value import Value

if TYPE_CHECKING:
    from labgate.forge.values import Change, Forge

#: Says which code host a repository is on where nothing else does: its kind and the root of its REST API.
VARIABLE = "LABGATE_FORGE"
#: The hosts that everybody knows. Any other one is named by its own CI, or by ``VARIABLE``.
_KNOWN = {
    "github.com": ("github", "https://api.github.com"),
    "gitlab.com": ("gitlab", "https://gitlab.com/api/v4"),
    "codeberg.org": ("gitea", "https://codeberg.org/api/v1"),
}
#: Under which names a host keeps the head of a change, also when its branch is gone.
_KEPT = {"github": "refs/pull/{}/head", "gitlab": "refs/merge-requests/{}/head", "gitea": "refs/pull/{}/head"}


class Landing(Value):
    """A move of a branch, in full oids; ``old`` ``None``: it was created.

    ``change`` is the pull or merge request that it landed, with the branch that came from (``source``, a short name,
    and the repository that has it) and its last ``head``; ``None`` where there was none, or nobody asked. ``rivals``
    are further changes that say that they landed so: nobody's approval is sure to be meant for it then.
    """

    old: str | None
    new: str
    change: HostedChange | None = None
    source: str | None = None
    source_repository: str | None = None
    head: str | None = None
    rivals: tuple[Landing, ...] = ()

    def sources(self, policy: Policy) -> Iterator[SourceRef]:
        """Yield the change's own branch where it was research by its name or repository: it may be gone by now."""
        for rival in self.rivals:
            yield from rival.sources(policy)
        if self.source is None or self.head is None or self.change is None:
            return
        gate = policy.section(ResearchGate)
        named = policy.classify(HEADS + self.source).name in gate.sources
        repository = self.source_repository or ""
        if named or any(glob.matches(repository) for glob in gate.source_repositories):
            name = self.change.name
            yield SourceRef(_KEPT[name.kind].format(name.number), HEADS + self.source, self.head, None)


class Host:
    """A code host, and the clone that its answers are about."""

    def __init__(self, forge: Forge, name: str, repository: Repository, remote: str | None) -> None:
        """``name`` is that of the repository on the host: ``host/owner/name``."""
        self._forge = forge
        self._repository = repository
        self._remote = remote
        self._name = name

    @classmethod
    def of(
        cls, repository: Repository, remote: str | None, context: Context | None, environ: Mapping[str, str]
    ) -> Host:
        """Return the host of a remote. Raised: ``UndecidedError`` where it cannot be told which one that is."""
        urls = {item.name: item.url for item in repository.remotes}
        name = context.repository if context is not None else None
        name = name or repository_name(urls.get(remote or ""))
        if name is None:
            message = "it cannot be told on which code host this repository is"
            raise UndecidedError(message, "git remote add origin URL")
        kind, api = _place(name, context, environ)
        return cls(connect(kind, api, name, environ), name, repository, remote)

    def change(self, number: int, target: str, *, landed: bool) -> Landing:
        """Return a change with the words on it, as a landing that is still to be placed.

        ``target`` is the full name of the branch that it is judged for, ``landed`` as in ``HostedChange``. Raised:
        ``UndecidedError``, also where it goes somewhere else by now.
        """
        found = self._forge.change(number)
        if found.target != target.removeprefix(HEADS):
            message = f"{self._noun} {number} goes to {found.target} by now"
            raise UndecidedError(message, "run the job again")
        return self._landing(found, None, found.head, landed=landed)

    def landings(
        self, oids: Sequence[str], before: str | None, target: str, progress: Progress | None = None
    ) -> tuple[Landing, ...]:
        """Return what landed on a branch, by change: ``oids`` are its first-parent line above ``before``, oldest first.

        Commits that came with no change stand each for itself.
        """
        line = frozenset(oids)
        found: list[tuple[str, tuple[Change, ...]]] = []
        for count, oid in enumerate(oids, 1):
            found.append((oid, self._changes_of(oid, target.removeprefix(HEADS), line)))
            if progress is not None:
                progress("landings", count, len(oids))
        landings = []
        for _, group in groupby(found, key=lambda item: [change.number for change in item[1]] or item[0]):
            last, changes = list(group)[-1]
            landings.append(self._landed(changes, before, last))
            before = last
        return tuple(landings)

    def _changes_of(self, oid: str, target: str, line: frozenset[str]) -> tuple[Change, ...]:
        """Return the changes that a commit landed with: the one that it stands for, where there is one."""
        changes = [change for change in self._forge.landed(oid, target) if change.merged_as in line]
        exact = [change for change in changes if change.merged_as == oid]
        return tuple(sorted(exact or changes, key=lambda change: change.number))

    def _landed(self, changes: Sequence[Change], old: str | None, new: str) -> Landing:
        """Return what landed with some changes, of which more than one is one too many."""
        landings = [self._landing(change, old, new, landed=True) for change in changes]
        if not landings:
            return Landing(old, new)
        first, *rivals = landings
        if not rivals or first.change is None:
            return first
        return first.changed(change=first.change.changed(approvals=()), rivals=tuple(rivals))

    def _landing(self, change: Change, old: str | None, new: str, *, landed: bool) -> Landing:
        name = ChangeName(self._forge.kind, change.number, change.url, change.author)
        self._bring(change)
        return Landing(
            old,
            new,
            HostedChange(name, change.approvals, landed),
            change.source,
            None if change.source_repository is None else f"{self._name.partition('/')[0]}/{change.source_repository}",
            change.head,
        )

    def _bring(self, change: Change) -> None:
        """Fetch what the approvals speak of; what the host has no more is missed where it decides."""
        if self._remote is None:
            return
        kept = _KEPT[self._forge.kind].format(change.number)
        wanted = dict.fromkeys([change.head, *(approval.commit for approval in change.approvals)])
        for oid in wanted:
            if oid is not None:
                fetch_commit(self._repository, self._remote, oid, (kept,))

    @property
    def _noun(self) -> str:
        return "merge request" if self._forge.kind == "gitlab" else "pull request"


def _place(name: str, context: Context | None, environ: Mapping[str, str]) -> tuple[str, str]:
    stated = environ.get(VARIABLE, "").split()
    if stated:
        if len(stated) != 2:
            message = f"{VARIABLE} is not of the form KIND URL"
            raise UndecidedError(message, f"{VARIABLE}='gitea https://git.example.org/api/v1'")
        return stated[0], stated[1]
    if context is not None and context.api is not None:
        return context.system, context.api
    host = name.partition("/")[0]
    if host in _KNOWN:
        return _KNOWN[host]
    message = f"it cannot be told what kind of code host {host} is"
    raise UndecidedError(message, f"set {VARIABLE} to its kind and API, as in 'gitea https://{host}/api/v1'")
