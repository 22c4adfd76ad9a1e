"""What the sections of a policy say of each other: names that must exist, promises that somebody must be able to keep.

What makes a policy meaningless is a mistake here, so that no verdict is ever given by it: a quorum that nobody can
reach, a trunk that is not protected. What is merely useless is left to ``policy.lint``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from labgate.policy.model import Policy
from labgate.policy.shape import Path, Problems, shown, suggestion
from labgate.values.finding import LEVELS
from labgate.values.refnames import HEADS

Table = dict[str, Any]

#: Rules that a kind of branch cannot lower: they guard the gate itself.
GUARDS = tuple(f"LG{number}" for number in range(203, 212))
#: The level that a guard has unless ``[levels]`` says otherwise.
_GUARD_LEVELS = {code: "note" if code == "LG209" else "error" for code in GUARDS}


def check(table: Table, codes: Collection[str], problems: Problems) -> None:
    """Note every contradiction in a table whose values have the right shapes; ``codes`` are the rules there are."""
    _kinds(table, problems)
    _levels(table, codes, problems)
    _identities(table["reviews"], problems)
    # These weigh sections as a whole: on top of another mistake there they would only echo it.
    if not problems.under("reviews"):
        _quorum(table["reviews"], problems)
    if not problems.under("kinds") and not problems.under("trunk"):
        _trunk(table, problems)


def _known(names: Iterable[str], known: Collection[str], what: str, path: Path, problems: Problems) -> None:
    for name in names:
        if name not in known:
            problems.add(path, f"there is no {what} {shown(name)}{suggestion(name, known)}")


def _kinds(table: Table, problems: Problems) -> None:
    kinds: Table = table["kinds"]
    if not kinds:
        return
    for name, kind in kinds.items():
        for key in ("base", "targets"):
            _known(kind[key], kinds, "kind", ("kinds", name, key), problems)
        _fields(kind, ("kinds", name), problems)
    sources = table["research-gate"]["sources"]
    path = ("research-gate", "sources")
    _known(sources, kinds, "kind", path, problems)
    if "protected" in sources:
        problems.add(path, '"protected" cannot be a source: it is what the gate guards')
    for section, named in (("levels", table["levels"]["kinds"]), ("commit-size", table["commit-size"]["limits"])):
        below = (section,) if section == "levels" else (section, "limits")
        for name in named:
            _known((name,), kinds, "kind", (*below, name), problems)


def _fields(kind: Table, path: Path, problems: Problems) -> None:
    used = {part.split("}")[0] for name in kind["names"] for part in name.split("{")[1:]}
    for field in kind["fields"]:
        if field not in used and not problems.under(*path, "names"):
            problems.add((*path, "fields", field), f"no name of this kind has {{{field}}}{suggestion(field, used)}")


def _levels(table: Table, codes: Collection[str], problems: Problems) -> None:
    rules: dict[str, str] = table["levels"]["rules"]
    for code in rules:
        _rule(code, codes, ("levels", code), problems)
    for kind, lowered in table["levels"]["kinds"].items():
        for code, level in lowered.items():
            path = ("levels", kind, code)
            _rule(code, codes, path, problems)
            least = rules.get(code, _GUARD_LEVELS[code]) if code in _GUARD_LEVELS else level
            if LEVELS.index(level) < LEVELS.index(least):
                problems.add(path, f"a kind cannot lower this rule: expected {shown(least)}, found {shown(level)}")


def _rule(code: str, codes: Collection[str], path: Path, problems: Problems) -> None:
    if code not in codes:
        # The nearest other number would be a rule of quite another meaning.
        hint = f" (did you mean {shown(code.upper())}?)" if code.upper() in codes else ""
        problems.add(path, f"there is no rule {shown(code)}{hint}")


def _identities(reviews: Table, problems: Problems) -> None:
    """One address, key or account is one person: else a contributor could be his own reviewer."""
    for attribute in ("emails", "keys", "github", "gitlab", "gitea"):
        owners: dict[str, str] = {}
        for name, person in reviews["people"].items():
            found = person[attribute]
            for one in found if isinstance(found, list) else [found] if found else []:
                # The comment of an SSH key is no part of it.
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


def _quorum(reviews: Table, problems: Problems) -> None:
    """A quorum that nobody can reach is a mistake; only the smallest one may wait for its first person."""
    quorum, groups, people = reviews["quorum"], reviews["groups"], reviews["people"]
    path = ("reviews", "quorum")
    if quorum["total"] > max(1, len(people)):
        problems.add((*path, "total"), f"expected at most {len(people)}, all the people, found {quorum['total']}")
    for name, wanted in quorum["groups"].items():
        # Members who are nobody here never count (policy.lint names them).
        members = len(people.keys() & set(groups[name]["people"])) if name in groups else 0
        place = (*path, "groups", name)
        if name not in groups:
            _known((name,), groups, "group", place, problems)
        elif members == 0:
            problems.add(place, "nobody in this group is in [reviews.people]")
        elif wanted > members:
            problems.add(place, f"expected at most {members}, all its members in [reviews.people], found {wanted}")
    affiliations = {person["affiliation"] for person in people.values()} - {None}
    if quorum["affiliations"] > len(affiliations):
        found = f"found {quorum['affiliations']}"
        problems.add((*path, "affiliations"), f"expected at most {len(affiliations)}, all that people have, {found}")


def _trunk(table: Table, problems: Problems) -> None:
    if not Policy(table).is_protected(HEADS + table["trunk"]):
        problems.add(
            ("trunk",),
            f"{shown(table['trunk'])} is not protected: [kinds.protected] must be the first kind that has it",
        )
