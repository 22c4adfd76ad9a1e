"""``[reviews]``: whose reviews count, and how many are needed."""

from __future__ import annotations

from labgate.policy.glob import Glob
from labgate.policy.lint import known
from labgate.policy.model import Policy
from labgate.policy.schema import DURATION, GLOB, NAME, SectionSchema, matching
from labgate.policy.shape import Choice, Key, ListOf, Problems, Record, TableOf, Text, Whole, shown, suggestion
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.policy.model import Table

_PERSON = "[A-Za-z0-9][A-Za-z0-9._-]*"
_EMAIL = matching(r"[^\s<>@]+@[^\s<>@]+", 'an email address such as "ada@example.org"')
_AGENT = matching(r"[^\s<>@]*@?[^\s<>@]+", 'an email address or a pattern such as "*[bot]@users.noreply.github.com"')
_KEY = matching(r"(ssh-|ecdsa-|sk-)[a-z0-9@.-]+ \S[^\r\n]*", 'a public key such as "ssh-ed25519 AAAA..."')
_ACCOUNT = matching(_PERSON, "a user name")
_MEMBERS = ListOf(matching(_PERSON, "the name of a person"), "a list of people", 1)
_EMAILS = ListOf(_EMAIL, "a list of email addresses", 1)
_MACHINES = ListOf(_EMAIL, "a list of email addresses")
_COUNTS = TableOf(Whole(1), "a table of groups", NAME)
_EMPLOYER = Text('a name such as "uni-a"', lambda text: None if text.strip() == text != "" else "")


class Person(Value):
    """``[reviews.people.NAME]``: a human being; ``emails`` are casefolded. Absent strings are ``None``."""

    name: str
    emails: tuple[str, ...]
    keys: tuple[str, ...]
    affiliation: str | None
    github: str | None
    gitlab: str | None
    gitea: str | None

    def __init__(self, name: str, table: Table) -> None:
        emails = tuple(email.casefold() for email in table["emails"])
        texts = {field: table[field] for field in ("affiliation", "github", "gitlab", "gitea")}
        super().__init__(name=name, emails=emails, keys=tuple(table["keys"]), **texts)


class Group(Value):
    """``[reviews.groups.NAME]``: people (by person name) who answer for paths."""

    name: str
    people: tuple[str, ...]
    paths: tuple[Glob, ...]

    def __init__(self, name: str, table: Table) -> None:
        super().__init__(name, tuple(table["people"]), tuple(Glob(text) for text in table["paths"]))


class Quorum(Value):
    """How many reviewers a change needs: in total, of each group (by name), and from how many affiliations."""

    total: int
    groups: tuple[tuple[str, int], ...]
    affiliations: int

    def __init__(self, table: Table) -> None:
        super().__init__(table["total"], tuple(table["groups"].items()), table["affiliations"])


class Reviews(Value):
    """``[reviews]``. ``machines`` are casefolded emails of landing identities; ``expires`` is in seconds.

    ``agents`` are casefolded patterns of authors and co-authors that are not persons. ``bound`` refuses review markers
    without a binding to content. ``policy_quorum`` is for changes of the policy, ``None`` if it is ``quorum``.
    """

    NAME = "reviews"

    assurance: str
    quorum: Quorum
    policy_quorum: Quorum | None
    machines: tuple[str, ...]
    agents: tuple[str, ...]
    bound: bool
    expires: int
    groups: tuple[Group, ...]
    people: tuple[Person, ...]

    def __init__(self, table: Table) -> None:
        super().__init__(
            assurance=table["assurance"],
            quorum=Quorum(table["quorum"]),
            policy_quorum=None if table["policy-quorum"] is None else Quorum(table["policy-quorum"]),
            machines=tuple(email.casefold() for email in table["machines"]),
            agents=tuple(pattern.casefold() for pattern in table["agents"]),
            bound=table["bound"],
            expires=table["expires"],
            groups=tuple((Group(name, group) for name, group in table["groups"].items())),
            people=tuple((Person(name, person) for name, person in table["people"].items())),
        )

    @property
    def of_policy(self) -> Reviews:
        """The same, with the quorum for changes of the policy."""
        return self if self.policy_quorum is None else self.changed(quorum=self.policy_quorum)

    def is_agent(self, email: str) -> bool:
        """Return whether a casefolded email matches ``agents``, and is not that of a listed person."""
        if not any(_fits(pattern, email) for pattern in self.agents):
            return False
        return not any(email in person.emails for person in self.people)


def _fits(pattern: str, email: str) -> bool:
    """Return whether an email matches a pattern, in which only ``*`` is special: ``[bot]`` is part of names."""
    first, *parts = pattern.split("*")
    if not parts:
        return email == pattern
    *middle, last = parts
    if not email.startswith(first) or not email.endswith(last) or len(email) < len(first) + len(last):
        return False
    at, end = len(first), len(email) - len(last)
    for part in middle:
        found = email.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


_QUORUM = Record(
    (
        Key("total", Whole(1), "How many people must have reviewed a change.", 1),
        Key("groups", _COUNTS, "How many of each group, if the change touches its paths.", {}),
        Key("affiliations", Whole(0), "From how many different affiliations they must come.", 0),
    ),
    "a table such as { total = 1 }",
)

_GROUP = Record(
    (
        Key("people", _MEMBERS, "Members, by their names in [reviews.people].", required=True),
        Key("paths", ListOf(GLOB, "a list of globs", 1), "The paths that the group answers for.", ["**"]),
    ),
    "a table with people",
)

_PERSON_TABLE = Record(
    (
        Key("emails", _EMAILS, "Every address the person commits or reviews with.", required=True),
        Key("keys", ListOf(_KEY, "a list of public keys"), "SSH keys the person signs with. Not used yet.", []),
        Key("affiliation", _EMPLOYER, "Whom the person works for."),
        Key("github", _ACCOUNT, "The person's user name on GitHub."),
        Key("gitlab", _ACCOUNT, "The person's user name on GitLab."),
        Key("gitea", _ACCOUNT, "The person's user name on Gitea or Forgejo."),
    ),
    "a table with emails",
)

_SHAPE = Record(
    (
        Key("assurance", Choice(("trailer", "forge", "signed")), "The least assurance of a review marker.", "trailer"),
        Key("quorum", _QUORUM, "How many reviewers a change needs.", {}),
        Key("policy-quorum", _QUORUM, "How many a change of the policy needs; by default as in quorum."),
        Key("machines", _MACHINES, "Landing identities: they never count as people.", ["noreply@github.com"]),
        Key(
            "agents",
            ListOf(_AGENT, "a list of email addresses"),
            "Authors and co-authors that are not persons: they neither count nor block. * matches anything.",
            [],
        ),
        Key(
            "bound",
            Choice((False, True)),
            "Refuse review markers that are not bound to content (Reviewed-change).",
            default=False,
        ),
        Key("expires", DURATION, "How long a review will be valid. Not used yet.", "14d"),
        Key("groups", TableOf(_GROUP, "a table of groups", NAME), "Groups of people who answer for paths.", {}),
        Key("people", TableOf(_PERSON_TABLE, "a table of people", _PERSON), "The people whose reviews count.", {}),
    )
)


def schema() -> SectionSchema:
    """Return the schema of ``[reviews]``."""
    key = Key(Reviews.NAME, _SHAPE, "Whose reviews count, and how many are needed.", {})
    return SectionSchema(key, check=_check, lint=_lint)


def _check(table: Table, problems: Problems) -> None:
    reviews = table[Reviews.NAME]
    _identities(reviews, problems)
    # The quorum depends on the whole section: after another mistake there it would be reported twice.
    if not problems.under(Reviews.NAME):
        _quorum(reviews, "quorum", problems)
        if reviews["policy-quorum"] is not None:
            _quorum(reviews, "policy-quorum", problems)


def _identities(reviews: Table, problems: Problems) -> None:
    """Check that one address, key or account is one person: else a contributor could review their own work."""
    for attribute in ("emails", "keys", "github", "gitlab", "gitea"):
        owners: dict[str, str] = {}
        for name, person in reviews["people"].items():
            found = person[attribute]
            for one in found if isinstance(found, list) else [found] if found else []:
                # The comment of an SSH key does not count.
                same = " ".join(one.split()[:2]) if attribute == "keys" else one.casefold()
                owner = owners.setdefault(same, name)
                if owner != name:
                    path = ("reviews", "people", name, attribute)
                    problems.add(path, f"{shown(one)} already belongs to {shown(owner)}")
    machines = {email.casefold() for email in reviews["machines"]}
    for name, person in reviews["people"].items():
        for email in person["emails"]:
            if email.casefold() in machines:
                problems.add(("reviews", "people", name, "emails"), f"{shown(email)} is one of [reviews] machines")


def _quorum(reviews: Table, key: str, problems: Problems) -> None:
    """Check that a quorum can be met; only the smallest one may lack its first person."""
    quorum, groups, people = reviews[key], reviews["groups"], reviews["people"]
    path = ("reviews", key)
    if quorum["total"] > max(1, len(people)):
        problems.add((*path, "total"), f"expected at most {len(people)}, all the people, found {quorum['total']}")
    for name, wanted in quorum["groups"].items():
        # Unlisted members never count (``_lint`` reports them).
        members = len(people.keys() & set(groups[name]["people"])) if name in groups else 0
        place = (*path, "groups", name)
        if name not in groups:
            known((name,), groups, "group", place, problems)
        elif members == 0:
            problems.add(place, "nobody in this group is in [reviews.people]")
        elif wanted > members:
            problems.add(place, f"expected at most {members}, all its members in [reviews.people], found {wanted}")
    affiliations = {person["affiliation"] for person in people.values()} - {None}
    if quorum["affiliations"] > len(affiliations):
        found = f"found {quorum['affiliations']}"
        problems.add((*path, "affiliations"), f"expected at most {len(affiliations)}, all that people have, {found}")


def _lint(policy: Policy, problems: Problems) -> None:
    """Report members who are not in ``[reviews.people]`` and never count, and a policy without any reviewer."""
    reviews, what = policy.section(Reviews), what_needs_review(policy)
    people = [person.name for person in reviews.people]
    for group in reviews.groups:
        for name in group.people:
            if name not in people:
                hint = suggestion(name, people)
                problems.add(("reviews", "groups", group.name, "people"), f"there is no person {shown(name)}{hint}")
    if not people and what is not None:
        problems.add(("reviews", "people"), f"there is nobody to review, so {what} can reach a protected branch")


def what_needs_review(policy: Policy) -> str | None:
    """Return what nobody lands without a review, ``nothing`` or ``no research``; ``None`` if nothing needs one."""
    gate = policy.table["research-gate"]
    if gate["require-review"] == "all":
        return "nothing"
    return "no research" if gate["sources"] or gate["source-repositories"] else None
