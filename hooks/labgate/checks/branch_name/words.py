"""What people read of branch-name's findings."""

from __future__ import annotations

from collections.abc import Callable
from shlex import quote

from labgate.values.finding import Finding
from labgate.values.phrases import alternatives, count, short_ref

_MOST_CHARACTERS_NAMED = 3


def _unknown_kind(finding: Finding) -> tuple[str, str | None]:
    return _sentence(finding, "no kind of branch in the policy has such a name"), _rename(finding)


def _bad_field(finding: Finding) -> tuple[str, str | None]:
    data = finding.data
    expected = alternatives(data["words"]) if data["words"] is not None else data["pattern"]
    return _sentence(finding, f"{data['field']} is {data['value']}, expected {expected}"), _rename(finding)


def _unsafe_name(finding: Finding) -> tuple[str, str | None]:
    data = finding.data
    reasons = " and ".join(_reason(reason, finding) for reason in data["reasons"])
    return _sentence(finding, f"this {_noun(finding)} name {reasons}"), _rename(finding)


def _case_collision(finding: Finding) -> tuple[str, str | None]:
    data = finding.data
    others = alternatives([short_ref(other) for other in data["others"]])
    plain = all(text.isascii() for text in (data["name"], *data["others"]))
    what = "case" if plain else "case or Unicode form"
    said = f"differs from {others} only in {what}, so many machines cannot hold both"
    return _sentence(finding, said), _rename(finding)


def _wrong_base(finding: Finding) -> tuple[str, str | None]:
    data = finding.data
    declared, other = short_ref(data["declared"]), short_ref(data["other"])
    message = (
        f"starts from the {data['other_kind']} branch {other} "
        f"({count(data['other_distance'], 'commit')} away), not from {declared} "
        f"({count(data['declared_distance'], 'commit')} away)"
    )
    # Full refnames where a short one could be read as an option or as something else of that name.
    onto, upstream = (quote(_unambiguous(data[end])) for end in ("declared", "other"))
    return message, f"git rebase --onto {onto} {upstream} {quote(data['name'])}"


def _unambiguous(ref: str) -> str:
    return ref if short_ref(ref).startswith("-") else short_ref(ref)


def _noun(finding: Finding) -> str:
    return "tag" if finding.data["tag"] else "branch"


def _sentence(finding: Finding, said: str) -> str:
    """Append the name that would do, or the forms that there are."""
    suggestion = finding.data["suggestion"]
    return said if suggestion is None else f"{said}; nearest legal name: {suggestion}"


def _reason(reason: str, finding: Finding) -> str:
    data = finding.data
    if reason == "characters":
        named = [f"{character['code']} {character['name']}" for character in data["characters"]]
        more = len(named) - _MOST_CHARACTERS_NAMED
        rest = f" and {more} more" if more > 0 else ""
        return f"has {', '.join(named[:_MOST_CHARACTERS_NAMED])}{rest}"
    if reason == "too-long":
        return f"has {count(len(data['name']), 'character')}, more than 200"
    return {
        "reserved": "has a meaning of its own in git",
        "object-id": "reads as an object id",
        "leading-dash": "reads as an option",
        "refs-prefix": "reads as a full refname",
    }[reason]


def _rename(finding: Finding) -> str | None:
    """Return the command that renames the ref, or the forms to choose from where no legal name is near."""
    data = finding.data
    old, new = data["name"], data["suggestion"]
    if new is None:
        forms = alternatives(data.get("forms", ()))
        return f"rename it to {forms}" if forms else f"rename the {_noun(finding)}"
    if data["tag"]:
        return f"git tag {quote(new)} {quote('refs/tags/' + old)} && git tag -d {_operand(old)}"
    rename = f"git branch -m {_operand(old)} {quote(new)}"
    if data["created"] or data["remote"] is None:
        return rename
    # It is on the remote already, where others may use it: the old name is left to them.
    return f"{rename} && git push -u {_operand(data['remote'])} {quote(new)}"


def _operand(text: str) -> str:
    """Quote a text for the shell, and keep git from reading it as an option."""
    return f"-- {quote(text)}" if text.startswith("-") else quote(text)


WORDS: dict[str, Callable[[Finding], tuple[str, str | None]]] = {
    "LG101": _unknown_kind,
    "LG102": _bad_field,
    "LG103": _unsafe_name,
    "LG104": _case_collision,
    "LG105": _wrong_base,
}
