"""``[remote-policy]``: which remote takes which kinds of branch."""

from __future__ import annotations

from labgate.policy.glob import Glob
from labgate.policy.schema import GLOB, KIND_NAMES, SectionSchema
from labgate.policy.shape import Choice, Key, ListOf, Problems, Record, Text
from labgate.values.repository_name import glob_of_places
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from labgate.policy.here import Here
    from labgate.policy.model import Policy, Table


class RemoteRule(Value):
    """One table of ``[[remote-policy.remotes]]``: ``match`` is a casefolded glob of ``host/owner/name``, or of a path.

    ``canonical``: it has everything first. ``mirror``: it takes only what the canonical one has.
    """

    match: Glob
    kinds: tuple[str, ...]
    canonical: bool
    mirror: bool

    def __init__(self, table: Table) -> None:
        match = Glob(glob_of_places(table["match"]))
        super().__init__(match, tuple(table["kinds"]), table["canonical"], table["mirror"])


class RemotePolicy(Value):
    """``[remote-policy]``. The first of ``remotes`` that matches a remote judges what is pushed there."""

    NAME = "remote-policy"

    remotes: tuple[RemoteRule, ...]

    def __init__(self, table: Table) -> None:
        super().__init__(tuple(RemoteRule(each) for each in table["remotes"]))

    def rule(self, places: Sequence[str]) -> RemoteRule | None:
        """Return the rule of a remote by its names (casefolded), ``None`` if it has none."""
        return next((rule for rule in self.remotes if any(rule.match.matches(place) for place in places)), None)


def schema() -> SectionSchema:
    """Return the schema of ``[remote-policy]``."""
    remote = Record(
        (
            Key(
                "match",
                Text('host/owner/name such as "github.com/acme/*", or a path', _objection),
                "A glob of the remote's `host/owner/name`, or of its path.",
                required=True,
            ),
            Key("kinds", KIND_NAMES, "The kinds of branch that it takes; without it every kind."),
            Key("canonical", Choice((False, True)), "Whether it is the one that has everything first.", default=False),
            Key("mirror", Choice((False, True)), "Whether it only takes what the canonical one has.", default=False),
        ),
        "a table of a remote",
    )
    shape = Record((Key("remotes", ListOf(remote, "a list of tables"), "Remotes; the first that matches judges.", []),))
    key = Key(RemotePolicy.NAME, shape, "Which remote takes which branches.", {})
    return SectionSchema(key, check=_check, here=_here)


def _objection(text: str) -> str | None:
    return GLOB.objection(glob_of_places(text))


def _here(policy: Policy, here: Here, problems: Problems) -> None:
    for rule in policy.section(RemotePolicy).remotes:
        if not any(map(rule.match.matches, here.remotes)):
            problems.add(
                (RemotePolicy.NAME, "remotes", "match"), f'"{rule.match.text}" matches no remote of this clone'
            )


def _check(table: Table, problems: Problems) -> None:
    from labgate.policy.lint import known_kinds

    remotes = table[RemotePolicy.NAME]["remotes"]
    path = (RemotePolicy.NAME, "remotes")
    for remote in remotes:
        remote["kinds"] = remote["kinds"] or []
        known_kinds(tuple(remote["kinds"]), table, path, problems)
        if remote["canonical"] and remote["mirror"]:
            problems.add(path, f'"{remote["match"]}" cannot be canonical and a mirror')
    canonical = sum(remote["canonical"] for remote in remotes)
    if canonical > 1:
        problems.add(path, "expected one canonical remote, found several")
    if any(remote["mirror"] for remote in remotes) and not canonical:
        problems.add(path, "expected a canonical remote beside a mirror, found none")
