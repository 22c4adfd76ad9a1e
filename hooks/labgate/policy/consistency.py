"""What kinds of branch, levels and the trunk say of each other: names that must exist, and a trunk that is protected.

What makes a policy meaningless is a mistake here, so that no verdict is ever given by it. The section of a check has
its own such rules beside its shape. What is merely useless is left to ``policy.lint``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from labgate.policy.model import Policy
from labgate.policy.shape import Path, Problems, shown, suggestion
from labgate.values.finding import LEVELS
from labgate.values.refnames import HEADS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.policy.model import Table

#: Rules that a kind of branch cannot lower: they guard the gate itself.
GUARDS = tuple(f"LG{number}" for number in range(203, 212))
#: The level that a guard has unless ``[levels]`` says otherwise.
_GUARD_LEVELS = {code: "note" if code == "LG209" else "error" for code in GUARDS}


def check(table: Table, codes: Collection[str], problems: Problems) -> None:
    """Note every contradiction in a table whose values have the right shapes; ``codes`` are the rules there are."""
    _kinds(table, problems)
    _levels(table, codes, problems)
    # On top of another mistake there it would only echo it.
    if not problems.under("kinds") and not problems.under("trunk"):
        _trunk(table, problems)


def known(names: Iterable[str], there: Collection[str], what: str, path: Path, problems: Problems) -> None:
    """Note each name at ``path`` that is not among those that are there."""
    for name in names:
        if name not in there:
            problems.add(path, f"there is no {what} {shown(name)}{suggestion(name, there)}")


def known_kinds(names: Iterable[str], table: Table, path: Path, problems: Problems) -> None:
    """Note each name at ``path`` that is no kind of the policy. Where it has none, that is the mistake."""
    if table["kinds"]:
        known(names, table["kinds"], "kind", path, problems)


def _kinds(table: Table, problems: Problems) -> None:
    for name, kind in table["kinds"].items():
        for key in ("base", "targets"):
            known_kinds(kind[key], table, ("kinds", name, key), problems)
        _fields(kind, ("kinds", name), problems)


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
        known_kinds((kind,), table, ("levels", kind), problems)
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


def _trunk(table: Table, problems: Problems) -> None:
    if not Policy(table).is_protected(HEADS + table["trunk"]):
        problems.add(
            ("trunk",),
            f"{shown(table['trunk'])} is not protected: [kinds.protected] must be the first kind that has it",
        )
