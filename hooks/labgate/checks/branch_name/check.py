"""branch-name: a branch has a name that the team's grammar knows, and that git and shells take safely.

On the commit hook's path: only a finding imports more than plain values.
"""

from __future__ import annotations

from labgate.values.finding import Finding, Rule
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from labgate.policy.model import Policy, RefKind

NAME = "branch-name"

UNKNOWN_KIND = Rule(
    "LG101",
    "unknown-kind",
    "error",
    "the branch has a name that belongs to no kind of branch in the policy",
    "The kind of a branch decides what holds for it: which limits, which base, whether its code needs a review "
    "before it lands. A branch of no kind has no rules that anybody could look up, and research on it is not "
    "known as research.",
    "Rename the branch to the nearest legal name that the finding gives, before its first push: nobody else has "
    "it yet. If the team needs another kind of branch, add it under `[kinds]` in the policy on the trunk.",
)
BAD_FIELD = Rule(
    "LG102",
    "bad-field",
    "error",
    "the branch is of a known kind, but a field of its name holds a value that the policy does not allow",
    "Fields of a name are read by people and by tools: the service of an experiment says whose artifacts it makes. A "
    "misspelt service or type is found by nobody who looks for the right one.",
    "Rename the branch to the nearest legal name that the finding gives. If the value is right and the policy is "
    "not up to date, add it to the field's list under `[kinds.KIND] fields` on the trunk.",
)
UNSAFE_NAME = Rule(
    "LG103",
    "unsafe-name",
    "error",
    "git, a shell or a reader can take the name for something else",
    "A branch may be named `HEAD`, `@`, `-x`, `refs/heads/main` or like a whole object id, and git takes any letter of "
    "Unicode, invisible ones and look-alikes too. Such names make a command speak of another commit, give it "
    "options that nobody wrote, or make a CI script run what stands in them. So a name is none of these, and "
    "has at most 200 characters: the letters and digits of ASCII and `. _ / + @ = -`.",
    "Rename the branch or tag to the name that the finding gives. The finding lists each offending character by its "
    "code point and name, since often it cannot be seen.",
)
CASE_COLLISION = Rule(
    "LG104",
    "case-collision",
    "error",
    "another ref has the same name but for upper and lower case, or for the Unicode form of its letters",
    "A branch is a file name. Where the file system ignores case, as on most macOS and Windows machines, both "
    "names are one file: fetching one branch overwrites the other, and pushes go to the wrong one.",
    "Rename the newer of the two refs.",
)
WRONG_BASE = Rule(
    "LG105",
    "wrong-base",
    "warning",
    "the branch was cut from a branch of another kind than the policy says",
    "What a branch starts from comes along when it lands. A topic branch cut from research brings that research to the "
    "trunk. The rule compares how many commits lie between the branch and the nearest branch of a declared `base` "
    "kind, and between it and the nearest of other kinds; where both are as near there is no finding.",
    "Move the branch's own commits to the declared base with the `git rebase --onto` command that the finding "
    "gives. If the base is right, declare it: `[kinds.KIND] base`.",
)
RULES: tuple[Rule, ...] = (UNKNOWN_KIND, BAD_FIELD, UNSAFE_NAME, CASE_COLLISION, WRONG_BASE)

HEADS, TAGS = "refs/heads/", "refs/tags/"
#: Longest name in characters: git stores it as a path with ``.lock`` appended, and file systems end at 255 bytes.
MOST_CHARACTERS = 200
#: Nothing that a shell, a URL or a terminal reads as more than itself.
SAFE_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/+@=-")
_HEX = frozenset("0123456789abcdefABCDEF")
_OID_LENGTHS = (40, 64)


class Base(Value):
    """Where a branch comes from. Refs are full names, distances are commits between their merge base and the branch.

    ``declared`` is the nearest branch of a kind that the branch's own kind declares as base; ``other`` the nearest
    branch of any other kind, which is ``other_kind``.
    """

    declared: str
    declared_distance: int
    other: str
    other_distance: int
    other_kind: str


class Facts(Value):
    """One ref and what stands around it.

    ``ref`` is a full refname. ``created`` says that it is new: not on the remote before this push or, at commit,
    without an upstream. ``siblings`` are the full refnames that exist or are created beside it. ``base`` is ``None``
    where it is not known or nothing is declared. ``remote`` is the remote's name, ``None`` where there is none.
    ``deleted`` says that the ref goes away.
    """

    ref: str
    created: bool
    siblings: tuple[str, ...] = ()
    base: Base | None = None
    remote: str | None = None
    deleted: bool = False


def check(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Yield what is wrong with a ref's name and base; nothing for a deletion or a ref that is no branch and no tag."""
    is_branch = facts.ref.startswith(HEADS)
    if facts.deleted or not (is_branch or facts.ref.startswith(TAGS)):
        return
    found = policy.classify(facts.ref)
    if found.name == "bot" and found.fields is not None:
        return
    reasons = unsafe_reasons(_name(facts.ref))
    if reasons:
        yield _finding(UNSAFE_NAME, facts, policy, reasons=reasons, characters=_offending(_name(facts.ref)))
    elif is_branch and found.kind is None:
        yield _finding(UNKNOWN_KIND, facts, policy, forms=_forms(policy))
    elif is_branch and found.bad_field is not None:
        yield _finding(BAD_FIELD, facts, policy, **_field_data(found))
    others = collisions(facts.ref, facts.siblings)
    if others:
        yield _finding(CASE_COLLISION, facts, policy, others=others)
    if is_branch and facts.base is not None and facts.base.other_distance < facts.base.declared_distance:
        yield _wrong_base(facts, facts.base, found)


def unsafe_reasons(name: str) -> list[str]:
    """Return why a short name is unsafe: reserved, object-id, leading-dash, refs-prefix, characters, too-long."""
    reasons = []
    if name in ("HEAD", "@"):
        reasons.append("reserved")
    if len(name) in _OID_LENGTHS and _HEX.issuperset(name):
        reasons.append("object-id")
    if name.startswith("-"):
        reasons.append("leading-dash")
    if name.startswith("refs/"):
        reasons.append("refs-prefix")
    if not SAFE_CHARACTERS.issuperset(name):
        reasons.append("characters")
    if len(name) > MOST_CHARACTERS:
        reasons.append("too-long")
    return reasons


def collisions(ref: str, siblings: tuple[str, ...]) -> list[str]:
    """Return the siblings that a file system which ignores case and Unicode form takes for the same file, sorted."""
    key = collision_key(ref)
    return sorted({sibling for sibling in siblings if sibling != ref and collision_key(sibling) == key})


def collision_key(ref: str) -> str:
    """Return what two refs share when they collide (The Unicode Standard, 3.13, D145: canonical caseless matching)."""
    if ref.isascii():
        return ref.casefold()
    from unicodedata import normalize

    return normalize("NFC", normalize("NFD", ref).casefold())


def _finding(rule: Rule, facts: Facts, policy: Policy, **data: object) -> Finding:
    """Return a finding about the name itself, with the nearest legal name (short, ``None`` where there is none)."""
    from labgate.checks.branch_name.suggest import nearest

    common = {
        "name": _name(facts.ref),
        "tag": facts.ref.startswith(TAGS),
        "created": facts.created,
        "remote": facts.remote,
        "suggestion": nearest(facts.ref, policy, facts.siblings),
    }
    return Finding(rule, {**common, **data}, level="error" if facts.created else "note", ref=facts.ref)


def _wrong_base(facts: Facts, base: Base, found: RefKind) -> Finding:
    data = {
        "name": _name(facts.ref),
        "kind": found.name,
        "declared": base.declared,
        "declared_distance": base.declared_distance,
        "other": base.other,
        "other_distance": base.other_distance,
        "other_kind": base.other_kind,
    }
    return Finding(WRONG_BASE, data, ref=facts.ref)


def _name(ref: str) -> str:
    return ref[len(HEADS) :] if ref.startswith(HEADS) else ref[len(TAGS) :]


def _forms(policy: Policy) -> list[str]:
    """Return the forms that a person can choose from when naming a branch."""
    kinds = (kind for kind in policy.kinds if kind.name not in ("protected", "bot"))
    return [template.text for kind in kinds for template in kind.templates if not template.text.startswith("refs/")]


def _field_data(found: RefKind) -> dict[str, object]:
    """Return the kind, and the illegal field's name, value and what is expected: ``words`` or ``pattern``."""
    kind, template, values, name = found.kind, found.template, found.values, found.bad_field
    if kind is None or template is None or values is None or name is None:  # a bad field has all four
        return {}
    field = template.fields[name]
    return {
        "kind": kind.name,
        "form": template.text,
        "field": name,
        "value": values[name],
        "words": None if field.words is None else list(field.words),
        "pattern": field.pattern_text,
    }


def _offending(name: str) -> list[dict[str, str]]:
    """Return each character outside the safe ones once, in order: ``code`` as U+XXXX, ``name`` as Unicode has it."""
    if SAFE_CHARACTERS.issuperset(name):
        return []
    from unicodedata import name as name_of

    found = []
    for character in dict.fromkeys(name):
        if character not in SAFE_CHARACTERS:
            code = ord(character)
            # What is not UTF-8 arrives as lone surrogates (PEP 383): the byte is what went in.
            unnamed = f"BYTE {code - 0xDC00:02X}, NOT UTF-8" if 0xDC80 <= code <= 0xDCFF else "CONTROL OR UNNAMED"
            found.append({"code": f"U+{code:04X}", "name": name_of(character, unnamed)})
    return found
