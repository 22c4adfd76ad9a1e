"""The words of branch-name's findings."""

from __future__ import annotations

from shlex import quote

from labgate.values.phrases import alternatives, count
from labgate.values.refnames import TAGS, short_ref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.checks.branch_name.rules import (
        BadField,
        CaseCollision,
        NameFinding,
        UnknownKind,
        UnsafeName,
        WrongBase,
    )

_MOST_CHARACTERS_NAMED = 3
_REASONS = {
    "reserved": "has a meaning of its own in git",
    "object-id": "reads as an object id",
    "leading-dash": "reads as an option",
    "refs-prefix": "reads as a full refname",
}


def unknown_kind(finding: UnknownKind) -> str:
    """LG101."""
    return _with_suggestion(finding, "no kind of branch in the policy has such a name")


def bad_field(finding: BadField) -> str:
    """LG102."""
    expected = finding.pattern if finding.words is None else alternatives(finding.words)
    return _with_suggestion(finding, f"{finding.field} is {finding.value}, expected {expected}")


def unsafe_name(finding: UnsafeName) -> str:
    """LG103."""
    reasons = " and ".join(_reason(reason, finding) for reason in finding.reasons)
    return _with_suggestion(finding, f"this {_noun(finding)} name {reasons}")


def case_collision(finding: CaseCollision) -> str:
    """LG104."""
    others = alternatives([short_ref(other) for other in finding.others])
    plain = all(text.isascii() for text in (finding.name, *finding.others))
    what = "case" if plain else "case or Unicode form"
    return _with_suggestion(finding, f"differs from {others} only in {what}, so many machines cannot hold both")


def wrong_base(finding: WrongBase) -> str:
    """LG105."""
    return (
        f"starts from the {finding.other_kind} branch {short_ref(finding.other)} "
        f"({count(finding.other_distance, 'commit')} away), not from {short_ref(finding.declared)} "
        f"({count(finding.declared_distance, 'commit')} away)"
    )


def move_to_base(finding: WrongBase) -> str:
    """Return the command that moves the branch's own commits to its declared base."""
    # Full refnames where a short one could be read as an option or as something else of that name.
    onto, upstream = quote(_unambiguous(finding.declared)), quote(_unambiguous(finding.other))
    return f"git rebase --onto {onto} {upstream} {quote(finding.name)}"


def rename(finding: NameFinding) -> str:
    """Return the command that renames the ref, or the forms to choose from where no legal name is near."""
    old, new = finding.name, finding.suggestion
    if new is None:
        return f"rename {f'it to {alternatives(finding.choices)}' if finding.choices else f'the {_noun(finding)}'}"
    if finding.tag:
        return f"git tag {quote(new)} {quote(TAGS + old)} && git tag -d {_operand(old)}"
    command = f"git branch -m {_operand(old)} {quote(new)}"
    if finding.created or finding.remote is None:
        return command
    # It is on the remote already, where others may use it: the old name is left to them.
    return f"{command} && git push -u {_operand(finding.remote)} {quote(new)}"


def _unambiguous(ref: str) -> str:
    return ref if short_ref(ref).startswith("-") else short_ref(ref)


def _noun(finding: NameFinding) -> str:
    return "tag" if finding.tag else "branch"


def _with_suggestion(finding: NameFinding, said: str) -> str:
    """Append the name that would do."""
    return said if finding.suggestion is None else f"{said}; nearest legal name: {finding.suggestion}"


def _reason(reason: str, finding: UnsafeName) -> str:
    if reason == "characters":
        named = [f"{character.code} {character.name}" for character in finding.characters]
        more = len(named) - _MOST_CHARACTERS_NAMED
        rest = f" and {more} more" if more > 0 else ""
        return f"has {', '.join(named[:_MOST_CHARACTERS_NAMED])}{rest}"
    if reason == "too-long":
        return f"has {count(len(finding.name), 'character')}, more than 200"
    return _REASONS[reason]


def _operand(text: str) -> str:
    """Quote a text for the shell, and keep git from reading it as an option."""
    return f"-- {quote(text)}" if text.startswith("-") else quote(text)
