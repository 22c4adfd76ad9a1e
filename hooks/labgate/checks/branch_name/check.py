"""branch-name: a branch has a name that is legal in the team's grammar, and safe for git and shells.

On the commit hook's path: the rules are imported only for a finding.
"""

from __future__ import annotations

from labgate.values.refnames import HEADS, SAFE_CHARACTERS, TAGS, collisions, unsafe_reasons
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from labgate.checks.branch_name.rules import BadField, Character, CommitOnProtected
    from labgate.policy.model import Policy, RefKind
    from labgate.values.finding import Finding


class Base(Value):
    """The origin of a branch. Refs are full names; distances count commits from their merge base to the branch.

    ``declared`` is the nearest branch of a kind that the branch's own kind declares as base; ``other`` the nearest
    branch of any other kind, which is ``other_kind``. ``branch`` is the branch that a rebase moves, ``None`` if it has
    the name itself and empty for a detached HEAD; ``way`` is a command that switches there first.
    """

    declared: str
    declared_distance: int
    other: str
    other_distance: int
    other_kind: str
    branch: str | None = None
    way: str = ""


class DirectCommit(Value):
    """A commit on a protected branch: ``upstream`` is the remote-tracking branch, ``None`` for none."""

    upstream: str | None


class Facts(Value):
    """One ref and the refs around it.

    ``ref`` is a full refname. ``created``: it is new, that is, not on the remote before this push or, at commit,
    without an upstream or remote-tracking branch of its name. ``siblings`` are the other full refnames that exist or
    are created. ``base`` is ``None`` if it is not known or nothing is declared. ``remote`` is the remote's name,
    ``None`` if there is none. ``deleted``: the ref is deleted. ``held`` is whether the name must be legal, ``None``:
    only if the ref is new. ``local``: a ref of that name is here, else ``word`` is the name of its commit in a command.
    ``foreign``: the name is from a fork. ``direct`` is set for a plain commit on a protected branch.
    """

    ref: str
    created: bool
    siblings: tuple[str, ...] = ()
    base: Base | None = None
    remote: str | None = None
    deleted: bool = False
    held: bool | None = None
    local: bool = True
    word: str = "HEAD"
    foreign: bool = False
    direct: DirectCommit | None = None


def check(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Yield violations of a ref's name and base; none for a deletion or a ref that is neither branch nor tag."""
    is_branch = facts.ref.startswith(HEADS)
    if facts.deleted or not (is_branch or facts.ref.startswith(TAGS)):
        return
    found = policy.classify(facts.ref)
    if found.name == "bot" and found.fields is not None:
        return
    reasons = tuple(unsafe_reasons(_name(facts.ref)))
    others = tuple(collisions(facts.ref, facts.siblings))
    illegal = is_branch and found.fields is None
    base = facts.base if is_branch else None
    misplaced = base is not None and base.other_distance < base.declared_distance
    on_protected = facts.direct is not None and forbids_commits(facts.ref, policy)
    if reasons or illegal or others or misplaced or on_protected:
        yield from _violations(facts, policy, found, reasons, others)


def _violations(
    facts: Facts, policy: Policy, found: RefKind, reasons: tuple[str, ...], others: tuple[str, ...]
) -> Iterator[Finding]:
    from labgate.checks.branch_name.rules import CaseCollision, UnknownKind, UnsafeName, WrongBase

    is_branch = facts.ref.startswith(HEADS)
    if reasons:
        characters = _offending(_name(facts.ref))
        yield UnsafeName(reasons=reasons, characters=characters, **_common(facts, policy))
    elif is_branch and found.values is None:
        yield UnknownKind(forms=_forms(policy), **_common(facts, policy))
    elif is_branch and found.bad_field is not None:
        yield _bad_field(facts, policy, found, found.bad_field)
    if others:
        yield CaseCollision(others=others, **_common(facts, policy))
    if is_branch and facts.base is not None and facts.base.other_distance < facts.base.declared_distance:
        yield WrongBase(name=_name(facts.ref), kind=found.name, ref=facts.ref, **facts.base.as_dict())
    if facts.direct is not None and forbids_commits(facts.ref, policy):
        yield _commit_on_protected(facts, facts.direct, policy)


def forbids_commits(ref: str, policy: Policy) -> bool:
    """Return whether plain commits are not allowed on a branch (full name)."""
    return policy.is_protected(ref) and policy.level("LG106", "protected") != "off"


def _common(facts: Facts, policy: Policy) -> dict[str, Any]:
    """Return the fields that every finding about the name has."""
    from labgate.checks.branch_name.suggest import nearest

    return {
        "name": _name(facts.ref),
        "tag": facts.ref.startswith(TAGS),
        "created": facts.created,
        "remote": facts.remote,
        "suggestion": nearest(facts.ref, policy, facts.siblings),
        "local": facts.local,
        "word": facts.word,
        "foreign": facts.foreign,
        "stated_level": "error" if (facts.created if facts.held is None else facts.held) else "note",
        "ref": facts.ref,
    }


def _commit_on_protected(facts: Facts, direct: DirectCommit, policy: Policy) -> CommitOnProtected:
    from labgate.checks.branch_name.rules import CommitOnProtected
    from labgate.checks.branch_name.suggest import beside

    name = _name(facts.ref)
    suggestion = beside(name, policy, facts.siblings)
    return CommitOnProtected(branch=name, suggestion=suggestion, upstream=direct.upstream, ref=facts.ref)


def _name(ref: str) -> str:
    return ref[len(HEADS) :] if ref.startswith(HEADS) else ref[len(TAGS) :]


def _forms(policy: Policy) -> tuple[str, ...]:
    """Return the forms that a person can choose from when naming a branch."""
    kinds = [kind for kind in policy.kinds if kind.name not in ("protected", "bot")]
    texts = [template.text for kind in kinds for template in kind.templates]
    return tuple(text for text in texts if not text.startswith("refs/"))


def _bad_field(facts: Facts, policy: Policy, found: RefKind, name: str) -> BadField:
    from labgate.checks.branch_name.rules import BadField

    kind, template, values = found.kind, found.template, found.values
    assert kind is not None and template is not None and values is not None  # noqa: S101, PT018  (a bad field has all)
    field = template.fields[name]
    return BadField(
        kind=kind.name,
        form=template.text,
        field=name,
        value=values[name],
        words=field.words,
        pattern=field.pattern_text,
        **_common(facts, policy),
    )


def _offending(name: str) -> tuple[Character, ...]:
    """Return each character outside the safe ones once, in order."""
    if SAFE_CHARACTERS.issuperset(name):
        return ()
    from unicodedata import name as name_of

    from labgate.checks.branch_name.rules import Character

    found = []
    for character in dict.fromkeys(name):
        if character not in SAFE_CHARACTERS:
            code = ord(character)
            # Bytes that are not UTF-8 come as lone surrogates (PEP 383).
            unnamed = f"BYTE {code - 0xDC00:02X}, NOT UTF-8" if 0xDC80 <= code <= 0xDCFF else "CONTROL OR UNNAMED"
            found.append(Character(f"U+{code:04X}", name_of(character, unnamed)))
    return tuple(found)
