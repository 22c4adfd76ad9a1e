"""Read approvals from a repository's code host, and the changes with which commits landed."""

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
from labgate.git.ssh_hosts import real_url
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

#: The variable for other code hosts: the kind and the root of the REST API.
VARIABLE = "LABGATE_FORGE"
#: The public hosts. Others are named by their own CI, or by ``VARIABLE``.
_KNOWN = {
    "github.com": ("github", "https://api.github.com"),
    "gitlab.com": ("gitlab", "https://gitlab.com/api/v4"),
    "codeberg.org": ("gitea", "https://codeberg.org/api/v1"),
}
#: The refs in which a host keeps the head of a change, even when its branch is deleted.
_KEPT = {"github": "refs/pull/{}/head", "gitlab": "refs/merge-requests/{}/head", "gitea": "refs/pull/{}/head"}


#: The variables that hold a token for a code host's API.
_TOKENS = ("GITHUB_TOKEN", "GH_TOKEN", "GITLAB_TOKEN", "CI_JOB_TOKEN", "GITEA_TOKEN", "FORGEJO_TOKEN")


class Landing(Value):
    """A move of a branch, in full oids; ``old`` ``None``: it was created.

    ``change`` is the pull or merge request that it landed, with its branch (``source``, a short name, and the
    repository that has it) and its last ``head``; ``None`` if there was none, or it was not asked for. ``rivals`` are
    further changes that claim the same landing: then no approval counts for certain. ``problem`` is why the host could
    not give the change.
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
        """Yield the change's own branch if it was research by its name or repository: it may be deleted already."""
        for rival in self.rivals:
            yield from rival.sources(policy)
        if self.source is None or self.head is None or self.change is None:
            return
        gate = policy.section(ResearchGate)
        named = policy.classify(HEADS + self.source).name in gate.sources
        if named or gate.is_source_repository(self.source_repository):
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
        """Return the host of a remote. Raises: ``UndecidedError`` when it is not known."""
        urls = {item.name: real_url(item.url or "", environ) or item.url for item in repository.remotes}
        name = context.repository if context is not None else None
        name = name or repository_name(urls.get(remote or ""))
        if name is None:
            message = "the code host of this repository is not known"
            raise UndecidedError(message, "git remote add origin URL")
        kind, api = _place(name, context, environ)
        return cls(connect(kind, api, name, environ), name, repository, remote)

    def change(self, number: int, target: str, *, landed: bool) -> Landing:
        """Return a change with its reviews, as a landing without a place yet.

        ``target`` is the full name of the branch that it is judged for, ``landed`` as in ``HostedChange``. Raises:
        ``UndecidedError``, also when its target was changed.
        """
        found = self._forge.change(number)
        if found.target != target.removeprefix(HEADS):
            message = f"the target of {self._noun} {number} is now {found.target}"
            raise UndecidedError(message, "run the job again")
        return self._landing(found, None, found.head, landed=landed)

    def landings(
        self, oids: Sequence[str], before: str | None, target: str, progress: Progress | None = None
    ) -> tuple[Landing, ...]:
        """Return what landed on a branch, by change: ``oids`` are its first-parent line above ``before``, oldest first.

        Each commit without a change is a landing.
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
        """Yield the heads of the changes with which commits of a branch landed, as far as the host knows them."""
        for oid in oids:
            with suppress(AnswerError):
                for change in self._changes_of(oid, target.removeprefix(HEADS), frozenset(oids)):
                    self._bring(change)
                    yield change.head

    def _changes_or_problem(self, oid: str, target: str, line: frozenset[str]) -> tuple[Change, ...] | AnswerError:
        """Return a commit's changes, or the error of the answer, so that the others are still judged."""
        try:
            return self._changes_of(oid, target, line)
        except AnswerError as error:
            return error

    def _changes_of(self, oid: str, target: str, line: frozenset[str]) -> tuple[Change, ...]:
        """Return the changes that a commit landed with: the one merged as this commit, if there is one.

        GitHub may not give that commit; then it is the change that leads to it, or that the commit names. git decides
        whether an approval holds for what landed.
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
        """Return a change that a landing names, if it is merged and the host does not give its merged commit."""
        try:
            change = self._forge.change(number)
        except AnswerError:
            raise
        except UndecidedError:
            return None  # a number of another project, or of an issue
        return change if (change.state, change.target, change.merged_as) == (MERGED, target, None) else None

    def _landed(self, changes: Sequence[Change], old: str | None, new: str) -> Landing:
        """Return the landing with some changes; more than one is ambiguous."""
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
            HostedChange(name, change.approvals, landed, change.opened),
            change.source,
            None if change.source_repository is None else f"{self._name.partition('/')[0]}/{change.source_repository}",
            change.head,
        )

    def _bring(self, change: Change) -> None:
        """Fetch the approved commits; those that the host no longer has are reported if they are needed."""
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
    """Fetches the heads of the changes that commits landed, for their review markers. It does nothing until called.

    The number in a message is enough for git; a host's API is asked if this job has a token for it.
    """

    def __init__(
        self, repository: Repository, remote: str | None, context: Context | None, environ: Mapping[str, str]
    ) -> None:
        self._repository = repository
        self._remote = remote
        self._context = context
        self._environ = environ

    def __call__(self, update: RefUpdate, commits: Sequence[Commit]) -> tuple[str, ...]:
        """Return the heads (full oids) that could be fetched, each once."""
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
        """Return whether the remote keeps a commit as the head of a change, even without its branch."""
        return oid in self._kept.values()

    @cached_property
    def _kept(self) -> dict[str, str]:
        patterns = dict.fromkeys(kept.format("*") for kept in _KEPT.values())
        return {} if self._remote is None else remote_tips(self._repository, self._remote, tuple(patterns))

    def _asked(self, update: RefUpdate, commits: Sequence[Commit]) -> Iterable[str]:
        """Return the answer of the host's API; empty if this job has no token, or the host does not answer."""
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
    message = f"the kind of the code host {host} is not known"
    raise UndecidedError(message, f"set {VARIABLE} to its kind and API, as in 'gitea https://{host}/api/v1'")
