"""Ask the code host of a repository which changes were approved, and with which of them a commit landed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

from labgate.ci.context import Context
from labgate.fingerprints.building import Progress
from labgate.forge import connect
from labgate.forge.values import MERGED
from labgate.git.commits import has_commit, read_commits, rev_list
from labgate.git.fetch import fetch_commit, remote_tips
from labgate.git.repository import Repository
from labgate.policy.model import Policy
from labgate.research.section import ResearchGate
from labgate.research.source_refs import SourceRef
from labgate.reviews.approvals import ChangeName, HostedChange
from labgate.reviews.change_numbers import numbers_in
from labgate.values.errors import AnswerError, GitError, UndecidedError
from labgate.values.ref_update import Commit, RefUpdate
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


#: The variables that hold a token for a code host's API.
_TOKENS = ("GITHUB_TOKEN", "GH_TOKEN", "GITLAB_TOKEN", "CI_JOB_TOKEN", "GITEA_TOKEN", "FORGEJO_TOKEN")


class Landing(Value):
    """A move of a branch, in full oids; ``old`` ``None``: it was created.

    ``change`` is the pull or merge request that it landed, with the branch that came from (``source``, a short name,
    and the repository that has it) and its last ``head``; ``None`` if there was none, or nobody asked. ``rivals``
    are further changes that say that they landed so: nobody's approval is sure to be meant for it then. ``problem`` is
    why the host could not say what landed.
    """

    old: str | None
    new: str
    change: HostedChange | None = None
    source: str | None = None
    source_repository: str | None = None
    head: str | None = None
    rivals: tuple[Landing, ...] = ()
    problem: UndecidedError | None = None

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
        """Return the host of a remote. Raises: ``UndecidedError`` when it cannot be told which one that is."""
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

        ``target`` is the full name of the branch that it is judged for, ``landed`` as in ``HostedChange``. Raises:
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
        found: list[tuple[str, tuple[Change, ...] | AnswerError]] = []
        for count, oid in enumerate(oids, 1):
            found.append((oid, self._changes_or_problem(oid, target.removeprefix(HEADS), line)))
            if progress is not None:
                progress("landings", count, len(oids))
        landings = []
        for _, group in groupby(found, key=_same_landing):
            last, changes = list(group)[-1]
            if isinstance(changes, AnswerError):
                landings.append(Landing(before, last, problem=changes))
            else:
                landings.append(self._landed(changes, before, last))
            before = last
        return tuple(landings)

    def heads_of(self, oids: Iterable[str], target: str) -> Iterator[str]:
        """Yield the heads of the changes with which commits of a branch landed, as far as the host can tell."""
        for oid in oids:
            with suppress(AnswerError):
                for change in self._changes_of(oid, target.removeprefix(HEADS), frozenset(oids)):
                    self._bring(change)
                    yield change.head

    def _changes_or_problem(self, oid: str, target: str, line: frozenset[str]) -> tuple[Change, ...] | AnswerError:
        """Return what a commit landed with, or what is wrong with the answer: the others are judged all the same."""
        try:
            return self._changes_of(oid, target, line)
        except AnswerError as error:
            return error

    def _changes_of(self, oid: str, target: str, line: frozenset[str]) -> tuple[Change, ...]:
        """Return the changes that a commit landed with: the one that it stands for, where there is one.

        Of a merged change GitHub need not say which commit that is; then the one that leads to it is taken, or the one
        that names it. Whether an approval holds for what landed is for git to say.
        """
        found = self._forge.landed(oid, target)
        changes = [change for change in found if change.merged_as is None or change.merged_as in line]
        exact = [change for change in changes if change.merged_as == oid]
        if not changes:
            (commit,) = read_commits(self._repository, [oid])
            named = (self._named(number, target) for number in numbers_in(commit)[:1])
            changes = [change for change in named if change is not None]
        return tuple(sorted(exact or changes, key=lambda change: change.number))

    def _named(self, number: int, target: str) -> Change | None:
        """Return a change that a landing names, where it is merged and the host does not say as what."""
        try:
            change = self._forge.change(number)
        except AnswerError:
            raise
        except UndecidedError:
            return None  # a number of another project, or of an issue
        return change if (change.state, change.target, change.merged_as) == (MERGED, target, None) else None

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


class ChangeHeads:
    """Brings the heads of the changes that commits landed, for their review markers. It asks nothing until called.

    The number that hosts put into messages is enough for git; a host's API is asked where this job may.
    """

    def __init__(
        self, repository: Repository, remote: str | None, context: Context | None, environ: Mapping[str, str]
    ) -> None:
        self._repository = repository
        self._remote = remote
        self._context = context
        self._environ = environ

    def __call__(self, update: RefUpdate, commits: Sequence[Commit]) -> tuple[str, ...]:
        """Return the heads (full oids) that could be brought here, each once."""
        if self._remote is None:
            return ()
        numbers = dict.fromkeys(number for commit in commits for number in numbers_in(commit))
        if self._context is not None and self._context.change is not None:
            numbers[self._context.change] = None
        found: list[str] = []
        for number in numbers:
            for name in dict.fromkeys(kept.format(number) for kept in _KEPT.values()):
                oid = self._kept.get(name)
                if oid is not None and fetch_commit(self._repository, self._remote, oid, (name,)):
                    found.append(oid)
        return tuple(dict.fromkeys((*found, *self._asked(update, commits))))

    def keeps(self, oid: str) -> bool:
        """Return whether the remote has a commit as the head of a change, whatever becomes of its branch."""
        return oid in self._kept.values()

    @cached_property
    def _kept(self) -> dict[str, str]:
        patterns = dict.fromkeys(kept.format("*") for kept in _KEPT.values())
        return {} if self._remote is None else remote_tips(self._repository, self._remote, tuple(patterns))

    def _asked(self, update: RefUpdate, commits: Sequence[Commit]) -> Iterable[str]:
        """Return what the API of the host says; nothing where this job has no token for it, or it does not answer."""
        if not any(self._environ.get(name) for name in (VARIABLE, *_TOKENS)):
            return ()
        try:
            host = Host.of(self._repository, self._remote, self._context, self._environ)
            line = rev_list(self._repository, [update.new or ""], [update.old] if update.old else [], "--first-parent")
            here = {commit.oid for commit in commits}
            heads = tuple(host.heads_of([oid for oid in line if oid in here], update.ref))
        except (UndecidedError, GitError):
            return ()
        return tuple(oid for oid in heads if has_commit(self._repository, oid))


def _same_landing(item: tuple[str, tuple[Change, ...] | AnswerError]) -> object:
    oid, changes = item
    return oid if isinstance(changes, AnswerError) or not changes else [change.number for change in changes]


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
