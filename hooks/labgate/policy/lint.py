"""Mistakes of a policy as a whole: contradictions, and settings without effect."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import product
from math import prod
from typing import TYPE_CHECKING

from labgate.policy.grammar import ANY, REST, STAR, Field, Template
from labgate.policy.model import Kind, Policy
from labgate.policy.shape import Path, Problems, shown, suggestion
from labgate.values.finding import LEVELS
from labgate.values.refnames import HEADS

if TYPE_CHECKING:
    from labgate.policy.model import Table

_MOST_SAMPLES = 500
#: The kind that every policy has.
_REQUIRED = "protected"


def check(policy: Policy, problems: Problems) -> None:
    """Report each kind of branch, or part of it, without effect."""
    _refs_under_refs(policy, problems)
    _unreachable(policy, problems)
    shadowed(policy, problems)


def shadowed(policy: Policy, problems: Problems, but: Collection[str] = ()) -> None:
    """Report each kind that stands before a kind of research and would take its branches; ``but`` leaves kinds out."""
    for before, research in policy.shadows.items():
        if before not in but:
            problems.add(
                ("kinds", before, "names"),
                f"[kinds.{before}] comes before [kinds.{research}] and would take its branches, so research comes "
                f"first; move [kinds.{research}] up",
            )


def can_be(template: Template, kind: str, policy: Policy) -> bool:
    """Return whether some ref that a template matches is of a kind (by name)."""
    deepest = _deepest(named for _, named in _named(policy))
    return any(policy.classify(sample).name == kind for sample in _samples(template, deepest))


def _named(policy: Policy) -> Iterator[tuple[Kind, Template]]:
    return ((kind, template) for kind in policy.kinds for template in kind.templates)


def _refs_under_refs(policy: Policy, problems: Problems) -> None:
    """Report templates of which git cannot have both: a ref is a file, and ``/`` makes folders."""
    for kind, template in _named(policy):
        if not template.is_literal:
            continue
        for other, below in _named(policy):
            if below.literal_prefix.startswith(template.literal_prefix + "/"):
                problems.add(
                    ("kinds", kind.name, "names"),
                    f"git cannot hold {shown(template.text)} beside {shown(below.text)} of [kinds.{other.name}]",
                )


def _unreachable(policy: Policy, problems: Problems) -> None:
    for position, kind in enumerate(policy.kinds):
        earlier = [(before, template) for before in policy.kinds[:position] for template in before.templates]
        for template in kind.templates:
            takers = _takers(template, earlier)
            # What shadows research does not get its names.
            if kind.name in policy.sources and policy.shadows.keys() & takers:
                continue
            if takers:
                first = " and ".join(f"[kinds.{name}]" for name in takers)
                verb = "come" if len(takers) > 1 else "comes"
                problems.add(
                    ("kinds", kind.name, "names"),
                    f"{shown(template.text)} never gets a branch: {first} {verb} first and would take it",
                )


def _takers(template: Template, earlier: list[tuple[Kind, Template]]) -> tuple[str, ...]:
    """Return the kinds that match every name of a template first, or nothing if some name is left.

    A hole of an earlier template that matches the unused character matches any text, so a few samples represent all
    names.
    """
    deepest = _deepest(before for _, before in earlier)
    takers: dict[str, None] = {}
    for sample in _samples(template, deepest):
        taker = next((kind.name for kind, before in earlier if before.fits(sample) is not None), None)
        if taker is None:
            return ()
        takers[taker] = None
    return tuple(takers)


def _deepest(templates: Iterable[Template]) -> int:
    return max((template.text.count("/") for template in templates), default=0) + 2


def _samples(template: Template, deepest: int) -> list[str]:
    """Return full refnames that represent all legal names of a template.

    A hole that may contain ``/`` is tried with up to ``deepest`` segments: more than any other template has.
    """
    pieces = [_choices(token, deepest) for token in template.tokens]
    if prod(len(piece) for piece in pieces) > _MOST_SAMPLES:
        # Too many words to try each: the result for any word finds less, but is never wrong.
        pieces = [(token,) if isinstance(token, str) else (ANY,) for token in template.tokens]
    samples = ("".join(chosen) for chosen in product(*pieces))
    return [sample for sample in samples if "//" not in sample and not sample.endswith("/")]


def _choices(token: str | Field | int, deepest: int) -> tuple[str, ...]:
    folders = tuple("/".join([ANY] * count) for count in range(1, deepest + 1))
    if isinstance(token, str):
        return (token,)
    if isinstance(token, Field):
        return token.words or (folders if token.spans else folders[:1])
    if token == STAR:
        return ("", ANY)
    return folders if token == REST else ("", *(folder + "/" for folder in folders))


#: Rules that a kind of branch cannot lower: they protect the gate itself.
GUARDS = tuple(f"LG{number}" for number in range(203, 212))
#: The default level of these rules.
_GUARD_LEVELS = {code: "note" if code == "LG209" else "error" for code in GUARDS}


def contradictions(table: Table, is_rule: Callable[[str], bool], problems: Problems) -> None:
    """Report every contradiction in a table whose values have the right shapes; ``is_rule`` knows the codes."""
    _kinds(table, problems)
    _levels(table, is_rule, problems)
    # After another mistake there it would only repeat it.
    if not problems.under("kinds") and not problems.under("trunk"):
        _trunk(table, problems)


def known(names: Iterable[str], there: Collection[str], what: str, path: Path, problems: Problems) -> None:
    """Report each name at ``path`` that does not exist."""
    for name in names:
        if name not in there:
            problems.add(path, f"there is no {what} {shown(name)}{suggestion(name, there)}")


def known_kinds(names: Iterable[str], table: Table, path: Path, problems: Problems) -> None:
    """Report each name at ``path`` that is not a kind of the policy. A required kind is missed elsewhere."""
    if table["kinds"]:
        known((name for name in names if name != _REQUIRED), table["kinds"], "kind", path, problems)


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


def _levels(table: Table, is_rule: Callable[[str], bool], problems: Problems) -> None:
    rules: dict[str, str] = table["levels"]["rules"]
    for code in rules:
        _rule(code, is_rule, ("levels", code), problems)
    for kind, lowered in table["levels"]["kinds"].items():
        known_kinds((kind,), table, ("levels", kind), problems)
        for code, level in lowered.items():
            path = ("levels", kind, code)
            _rule(code, is_rule, path, problems)
            least = rules.get(code, _GUARD_LEVELS[code]) if code in _GUARD_LEVELS else level
            if LEVELS.index(level) < LEVELS.index(least):
                problems.add(path, f"a kind cannot lower this rule: expected {shown(least)}, found {shown(level)}")


def _rule(code: str, is_rule: Callable[[str], bool], path: Path, problems: Problems) -> None:
    if not is_rule(code):
        # The nearest other number would be an unrelated rule.
        hint = f" (did you mean {shown(code.upper())}?)" if is_rule(code.upper()) else ""
        problems.add(path, f"there is no rule {shown(code)}{hint}")


def _trunk(table: Table, problems: Problems) -> None:
    """Report a trunk that no kind protects. If there are several, for a rename, all of them are protected."""
    [trunk, *others] = table["trunk"]
    # Without a trunk, as the policy protects the branches that it names.
    if not others and not Policy({**table, "trunk": []}).is_protected(HEADS + trunk):
        problems.add(
            ("trunk",),
            f"{shown(trunk)} is not protected: [kinds.protected] must be the first kind that has it",
        )
