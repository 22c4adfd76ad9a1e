"""The survey of ``labgate init``: the trunk, the branches in use, the remote, the people, the hook managers."""

from __future__ import annotations

import os
import re
import shlex
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence

from labgate.checks.registry import policy_reader
from labgate.git.refs import TrackingRef, read_refs, symbolic_ref, tracking_refs
from labgate.git.repository import Remote, Repository
from labgate.git.ssh_hosts import real_url
from labgate.policy.reader import Reader
from labgate.report.escape import safe
from labgate.scene.policy_files import policy_at, worktree_policy
from labgate.setup.lefthook import Lefthook, find_lefthook
from labgate.values.errors import PolicyError, UndecidedError, UsageError
from labgate.values.refnames import HEADS, REMOTES, branch_of, short_ref, tracking_ref
from labgate.values.repository_name import repository_name
from labgate.values.value import Value


class Trunk(Value):
    """The trunk's branch name, and ``because``: the source of the name, for people."""

    name: str
    because: str


class Survey(Value):
    """A repository as ``labgate init`` found it.

    ``branches`` are short names, those of every remote included. ``policy`` is the place of an existing policy,
    ``None`` without one. ``remote`` is the one that the team pushes to, ``None`` without any. ``current`` is the branch
    that is checked out, ``None`` if HEAD is detached.
    """

    repository: Repository
    top: str
    trunk: Trunk
    current: str | None
    branches: tuple[str, ...]
    remote: Remote | None
    name: str | None
    people: People
    frameworks: Frameworks
    policy: str | None


def take_survey(repository: Repository) -> Survey:
    """Return the survey. Nothing is changed.

    Raises: ``UsageError`` in a bare repository, ``UndecidedError`` when the trunk is not known, ``PolicyError`` when
    there is a policy that cannot be used.
    """
    if repository.top is None:
        message = "labgate init needs a work tree, and there is none here"
        raise UsageError(message, "run it in a clone; on a server: labgate receive")
    refs = read_refs(repository)
    tracking = tracking_refs(refs, repository.remotes)
    remote = _main_remote(repository.remotes)
    head = symbolic_ref(repository, "HEAD")
    current = None if head is None else branch_of(head)
    reader = policy_reader()
    here = worktree_policy(repository, reader)
    trunk = _trunk(repository, refs, tracking, remote, current, None if here is None else here[0].trunk)
    local = {ref.removeprefix(HEADS) for ref in refs if ref.startswith(HEADS)}
    return Survey(
        repository,
        repository.top,
        trunk,
        current,
        tuple(sorted(local | {ref.remote_ref.removeprefix(HEADS) for ref in tracking} | {trunk.name})),
        remote,
        None if remote is None else repository_name(real_url(remote.url or "", repository.environ) or remote.url),
        find_people(repository),
        find_frameworks(repository, repository.top),
        _policy_of_trunk(repository, refs, remote, trunk.name, reader) if here is None else os.path.basename(here[1]),
    )


def _main_remote(remotes: Sequence[Remote]) -> Remote | None:
    """Return the team's remote: the only one, else ``origin``, else the first."""
    return next((remote for remote in remotes if remote.name == "origin"), remotes[0] if remotes else None)


def _trunk(
    repository: Repository,
    refs: Mapping[str, str],
    tracking: Sequence[TrackingRef],
    remote: Remote | None,
    current: str | None,
    written: str | None,
) -> Trunk:
    """Return the trunk by the most reliable source. ``written`` is the trunk of the work tree's policy, if any."""
    configured = repository.setting("labgate.trunk")
    if configured:
        return Trunk(configured.removeprefix(HEADS), "git config labgate.trunk says so")
    if written is not None:
        return Trunk(written, "the policy says so")
    usual = None if remote is None else remote.name
    theirs = [ref.remote_ref.removeprefix(HEADS) for ref in tracking if ref.remote == usual]
    if remote is not None:
        prefix = f"{REMOTES}{remote.name}/"
        pointed = symbolic_ref(repository, f"{prefix}HEAD")
        if pointed is not None and pointed in refs:
            return Trunk(pointed.removeprefix(prefix), f"{remote.name} says so")
    names = theirs or [ref.removeprefix(HEADS) for ref in refs if ref.startswith(HEADS)]
    for usual in ("main", "master"):
        if usual in names:
            return Trunk(usual, "by its name")
    if len(names) == 1:
        return Trunk(names[0], "the only branch")
    if not names and current is not None:
        return Trunk(current, "the branch to come")
    message = "cannot tell which branch is the trunk"
    asking = "" if not theirs or remote is None else f"git remote set-head {shlex.quote(remote.name)} -a, or: "
    raise UndecidedError(message, f"{asking}git config labgate.trunk BRANCH")


def _policy_of_trunk(
    repository: Repository, refs: Mapping[str, str], remote: Remote | None, trunk: str, reader: Reader
) -> str | None:
    """Return the place of the trunk's policy, for a checkout of an older branch."""
    candidates = ([] if remote is None else [tracking_ref(remote.name, trunk)]) + [HEADS + trunk]
    for ref in candidates:
        if ref in refs and policy_at(repository, refs[ref], reader) is not None:
            return f"the trunk, {short_ref(ref)}"
    return None


PRE_COMMIT_CONFIG, PREK_CONFIG = ".pre-commit-config.yaml", "prek.toml"
HUSKY = ".husky"


class Frameworks(Value):
    """The hook managers in use.

    ``lefthook`` is its configuration; ``None`` without one. ``hooks_path`` is ``core.hooksPath`` as it is set, ``None``
    if git uses its own folder.
    """

    pre_commit: bool
    prek: bool
    lefthook: Lefthook | None
    husky: bool
    hooks_path: str | None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of those in use."""
        lefthook = self.lefthook is not None
        there = {"pre-commit": self.pre_commit, "prek": self.prek, "lefthook": lefthook, "husky": self.husky}
        return tuple(name for name, found in there.items() if found)

    @property
    def starts_hooks(self) -> bool:
        """Whether another program manages git's hooks, so that labgate's own would conflict with it."""
        return self.lefthook is not None or self.husky or self.hooks_path is not None


def find_frameworks(repository: Repository, top: str) -> Frameworks:
    """Return the hook managers of the work tree whose root is ``top``."""

    def there(name: str) -> bool:
        return os.path.lexists(os.path.join(top, name))

    hooks_path = repository.setting("core.hookspath") or None
    return Frameworks(
        pre_commit=there(PRE_COMMIT_CONFIG),
        prek=there(PREK_CONFIG),
        lefthook=find_lefthook(top),
        husky=os.path.isdir(os.path.join(top, HUSKY)) or HUSKY in (hooks_path or "").split("/"),
        hooks_path=hooks_path,
    )


#: Most people that are proposed, and most commits that are read.
MOST_PEOPLE, MOST_COMMITS = 5, 20_000
_YEAR = 365 * 86_400
_NO_KEY = re.compile(r"[^a-z0-9]+")
#: Addresses without a reader (such as GitHub's and GitLab's private ones).
_NOBODY = re.compile(r"no-?reply|donotreply|@localhost$|\.local(domain)?$", re.IGNORECASE)
_MACHINE = re.compile(
    r"\[bot\]|\bbot\b|[-_.]bot@|^(bot|actions?|ci|root|dependabot|renovate|github-actions)@", re.IGNORECASE
)


class Somebody(Value):
    """A person as git knows one: ``name``, ``emails`` with the most used first, and ``commits`` in the last year."""

    name: str
    emails: tuple[str, ...]
    commits: int = 0

    @property
    def key(self) -> str:
        """A short name for ``[reviews.people.KEY]``: the first name, or the address if that has no Latin letters."""
        for text in (self.name.partition(" ")[0], self.emails[0].partition("@")[0]):
            plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
            key = _NO_KEY.sub("-", plain).strip("-")
            if key:
                return key
        return "somebody"


class People(Value):
    """``me`` runs the command; ``None`` if git does not know who that is. ``others`` committed most, best first."""

    me: Somebody | None = None
    others: tuple[Somebody, ...] = ()


def find_people(repository: Repository) -> People:
    """Return the user and those who committed most, without machines and addresses without a reader."""
    active = _active(repository)
    name = repository.environ.get("GIT_AUTHOR_NAME") or repository.setting("user.name") or ""
    email = repository.environ.get("GIT_AUTHOR_EMAIL") or repository.setting("user.email") or ""
    if not _usable(email):
        return People(None, active[:MOST_PEOPLE])
    me = Somebody(name or email.partition("@")[0], (email,))
    # A person with two addresses must not be proposed as their own second person.
    twin = next((one for one in active if _same(one, me)), None)
    if twin is not None:
        theirs = (address for address in twin.emails if address.casefold() != email.casefold())
        me = me.changed(emails=(email, *theirs), commits=twin.commits)
    return People(me, tuple(one for one in active if not _same(one, me))[:MOST_PEOPLE])


def _same(one: Somebody, other: Somebody) -> bool:
    addresses = {address.casefold() for address in other.emails}
    return one.name.casefold() == other.name.casefold() or any(email.casefold() in addresses for email in one.emails)


def _active(repository: Repository) -> tuple[Somebody, ...]:
    """Return the authors of the last year that has commits, the most active first."""
    newest = repository.git.run("log", "--max-count=1", "--format=%ct", "--branches", "--remotes").decode().strip()
    if not newest:
        return ()
    output = repository.git.run(
        *("log", "-z", "--branches", "--remotes", "--no-mailmap", "--format=%an%x00%ae"),
        *(f"--since={max(0, int(newest) - _YEAR)}", f"--max-count={MOST_COMMITS}"),
    )
    return grouped(output.decode("utf-8", "backslashreplace").split("\0"))


def grouped(fields: Sequence[str]) -> tuple[Somebody, ...]:
    """Return the persons among the authors of commits, the most active first; ``fields``: name, address, name, ..."""
    counted = Counter(zip(fields[::2], fields[1::2], strict=False))
    found: dict[str, Somebody] = {}
    # The person of each name and address, as two persons with one address are not legal.
    owners: dict[str, str] = {}
    for (name, email), commits in sorted(counted.items(), key=lambda item: (-item[1], item[0])):
        if name and _is_person(name, email) and _usable(email):
            named, addressed = name.casefold(), f"<{email.casefold()}>"
            keys = dict.fromkeys(owners[key] for key in (named, addressed) if key in owners)
            key, *others = keys or (named,)
            before = found.get(key, Somebody(name, ()))
            for other in others:
                twin = found.pop(other)
                before = Somebody(before.name, (*before.emails, *twin.emails), before.commits + twin.commits)
                owners.update({known: key for known, owner in owners.items() if owner == other})
            emails = before.emails if addressed in owners else (*before.emails, email)
            owners |= {named: key, addressed: key}
            found[key] = Somebody(before.name, emails, before.commits + commits)
    return tuple(sorted(found.values(), key=lambda one: (-one.commits, one.name)))


def _is_person(name: str, email: str) -> bool:
    return not (_NOBODY.search(email) or _MACHINE.search(email) or _MACHINE.search(name))


def _usable(email: str) -> bool:
    """Return whether an address is legal in a policy, and fully visible."""
    if safe(email) != email or '"' in email or "\\" in email:
        return False
    text = f'version = 1\ntrunk = "m"\n[kinds.protected]\nnames = ["m"]\n[reviews.people.p]\nemails = ["{email}"]\n'
    try:
        policy_reader().parse(text, "")
    except PolicyError:
        return False
    return True
