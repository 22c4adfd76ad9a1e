"""Who could review: whoever runs ``labgate init``, and the people who committed most in the last year."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from labgate.checks.registry import policy_reader
from labgate.git.repository import Repository
from labgate.report.escape import safe
from labgate.values.errors import PolicyError
from labgate.values.value import Value

#: Most people that are proposed, and most commits that are looked at.
MOST_PEOPLE, MOST_COMMITS = 5, 20_000
_YEAR = 365 * 86_400
_NO_KEY = re.compile(r"[^a-z0-9]+")
#: Nobody reads what is sent there (GitHub's and GitLab's private addresses among them).
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
        """A short name for ``[reviews.people.KEY]``: the first name, or the address where that has no Latin letters."""
        for text in (self.name.partition(" ")[0], self.emails[0].partition("@")[0]):
            plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
            key = _NO_KEY.sub("-", plain).strip("-")
            if key:
                return key
        return "somebody"


class People(Value):
    """``me`` runs the command; ``None`` where git does not know who that is. ``others`` committed most, best first."""

    me: Somebody | None = None
    others: tuple[Somebody, ...] = ()


def find_people(repository: Repository) -> People:
    """Return who runs the command and who else committed most, without machines and addresses that nobody reads."""
    active = _active(repository)
    name = repository.environ.get("GIT_AUTHOR_NAME") or repository.setting("user.name") or ""
    email = repository.environ.get("GIT_AUTHOR_EMAIL") or repository.setting("user.email") or ""
    if not _usable(email):
        return People(None, active[:MOST_PEOPLE])
    me = Somebody(name or email.partition("@")[0], (email,))
    # One who commits with two addresses must not be proposed as his own second person.
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
    fields = output.decode("utf-8", "backslashreplace").split("\0")
    counted = Counter(zip(fields[::2], fields[1::2], strict=False))
    found: dict[str, Somebody] = {}
    for (name, email), commits in sorted(counted.items(), key=lambda item: (-item[1], item[0])):
        if name and _is_person(name, email) and _usable(email):
            before = found.get(name.casefold(), Somebody(name, ()))
            known = {address.casefold() for address in before.emails}
            emails = before.emails if email.casefold() in known else (*before.emails, email)
            found[name.casefold()] = Somebody(before.name, emails, before.commits + commits)
    return tuple(sorted(found.values(), key=lambda one: (-one.commits, one.name)))


def _is_person(name: str, email: str) -> bool:
    return not (_NOBODY.search(email) or _MACHINE.search(email) or _MACHINE.search(name))


def _usable(email: str) -> bool:
    """Say whether a policy takes this address for a person's, and a reader sees all of it."""
    if safe(email) != email or '"' in email or "\\" in email:
        return False
    text = f'version = 1\ntrunk = "m"\n[kinds.protected]\nnames = ["m"]\n[reviews.people.p]\nemails = ["{email}"]\n'
    try:
        policy_reader().parse(text, "")
    except PolicyError:
        return False
    return True
