"""The nearest legal name to an illegal one: pure, off the commit hook's path, imported only for a finding.

Each candidate is checked against the policy, git's own rules for refnames and the other refs before it is returned.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from labgate.research.section import ResearchGate
from labgate.values.lookalikes import plain
from labgate.values.refnames import HEADS, MOST_CHARACTERS, TAGS, collision_key, forbidden_part, unsafe_reasons

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.policy.grammar import Field, Template
    from labgate.policy.model import Policy

#: The least similarity of a word and its misspelling (``difflib`` ratio, 0 to 1).
_SIMILAR = 0.7
#: The same in the place of one of a few words: a roughly similar one is better than none.
_ROUGHLY_SIMILAR = 0.4
_UNSAFE_RUN = re.compile(r"[^A-Za-z0-9._/+@=-]+")
_SEPARATORS = re.compile(r"[-_/+=@]+|(?<!\d)\.+|\.+(?!\d)")
_PIECES = re.compile(r"\{[^}]*\}|\*+|[^{*]+")


def nearest(ref: str, policy: Policy, siblings: tuple[str, ...]) -> str | None:
    """Return the legal short name that is nearest to a full refname, or ``None`` if nothing legal is near.

    It is safe, of a kind in the policy (a tag may have none), and does not collide with a sibling. The name of a
    protected branch is only proposed for one of that kind, so that nobody pushes there by mistake.
    """
    prefix = HEADS if ref.startswith(HEADS) else TAGS
    name = _clean(ref[len(prefix) :])
    taken = _Taken(ref, siblings)
    found = policy.classify(ref)
    closed = {"bot", "protected"} - {found.name}
    # A tag needs no kind: a prefix is enough if the name has another meaning in git.
    others = _by_similarity(name, policy, closed) if prefix == HEADS else [f"tag-{name}"]
    for candidate in (name, *others):
        if not _is_legal(prefix + candidate, candidate, policy, closed):
            continue
        for variant in (candidate, *(f"{candidate}-{number}" for number in range(2, 10))):
            if not taken.blocks(prefix + variant) and _is_legal(prefix + variant, variant, policy, closed):
                return variant
    return None


def beside(name: str, policy: Policy, siblings: tuple[str, ...]) -> str:
    """Return a legal short name for a branch with what was committed on a protected one, of its short ``name``.

    It is of the first kind in the policy whose branches may land there without a review of what they hold.
    """
    kinds = [kind for kind in policy.kinds if kind.name not in ("protected", "bot")]
    kinds.sort(key=lambda kind: kind.name in policy.section(ResearchGate).sources)
    for kind in kinds:
        for template in kind.templates:
            values = {key: _example(field, name) for key, field in template.fields.items()}
            text = re.sub(r"\*+", f"from-{name}", template.text).removeprefix(HEADS)
            for field, value in values.items():
                text = text.replace(f"{{{field}}}", value)
            candidate = nearest(HEADS + text, policy, siblings) if "refs/" not in text else None
            if candidate is not None and policy.classify(HEADS + candidate).name == kind.name:
                return candidate
    return f"from-{name}"


def _example(field: Field, name: str) -> str:
    """Return some legal value of a field, as far as one is easily found."""
    if field.words:
        return field.words[0]
    tried = (f"from-{name}", f"from-{name}".replace("/", "-"), "1", "a", "A", "A-1")
    return next((value for value in tried if field.allows(value)), tried[1])


class _Taken:
    """The names that siblings occupy, and the directories in them (git cannot have ``a`` beside ``a/b``)."""

    def __init__(self, ref: str, siblings: tuple[str, ...]) -> None:
        self.keys = {collision_key(sibling) for sibling in siblings if sibling != ref}
        self.directories = {parent for key in self.keys for parent in _parents(key)}

    def blocks(self, ref: str) -> bool:
        key = collision_key(ref)
        return key in self.keys or key in self.directories or any(parent in self.keys for parent in _parents(key))


def _parents(ref: str) -> Iterator[str]:
    end = ref.rfind("/")
    while end > 0:
        yield ref[:end]
        end = ref.rfind("/", 0, end)


def _is_legal(ref: str, name: str, policy: Policy, closed: set[str]) -> bool:
    if unsafe_reasons(name) or forbidden_part(name) is not None:
        return False
    found = policy.classify(ref)
    if found.kind is None:
        return ref.startswith(TAGS)
    return found.fields is not None and found.kind.name not in closed


def _clean(name: str) -> str:
    """Return the name in safe characters, legal in git, and short enough for a kind's literal text."""
    text = _UNSAFE_RUN.sub("-", plain(name))
    text = re.sub(r"^(refs/)+(heads/|tags/|remotes/[^/]*/)?", "", text)
    text = re.sub(r"/+", "/", re.sub(r"\.{2,}", ".", text))
    # A run of unknown characters leaves a hyphen at the edge of a segment, which is dropped.
    segments = [re.sub(r"(\.lock)+$", "", segment.strip("-.")).rstrip("-.") for segment in text.split("/")]
    return "/".join(segment for segment in segments if segment)[: MOST_CHARACTERS - 40].rstrip("-./")


def _by_similarity(name: str, policy: Policy, closed: set[str]) -> list[str]:
    """Return candidates of all templates: first the kinds that the name seems to mean, then the closest text."""
    candidates: list[tuple[float, str]] = []
    for kind in policy.kinds:
        if kind.name in closed:
            continue
        for template in kind.templates:
            if not template.text.startswith("refs/") or template.text.startswith(HEADS):
                candidates += _fitted(template, name)
                candidates += _Reading(template, name).candidates()
    # Equal except for case comes first; among those the one that keeps more of the name's own case.
    ranked = sorted(
        (-meant, -_ratio(text, name), -SequenceMatcher(None, text, name).ratio(), number, text)
        for number, (meant, text) in enumerate(candidates)
    )
    return list(dict.fromkeys(text for *_, text in ranked))


def _fitted(template: Template, name: str) -> Iterator[tuple[float, str]]:
    """Correct the fields of a name that has the template's literal text, in any case."""
    for ref in (HEADS + name, HEADS + name.lower()):
        values = template.fits(ref)
        if values and "*" not in template.text:
            corrected = {field: _correct(template.fields[field], value) for field, value in values.items()}
            whole = {field: value for field, value in corrected.items() if value is not None}
            if len(whole) == len(corrected):
                first = next(iter(values))
                starts_with_field = template.text.removeprefix(HEADS).startswith("{")
                meant = _ratio(values[first], whole[first]) if starts_with_field else 1.0
                yield (meant if meant >= _SIMILAR else 0.0), template.fill(whole).removeprefix(HEADS)


class _Reading:
    """A name read word by word along a template, with any separators between its words."""

    def __init__(self, template: Template, name: str) -> None:
        self.template = template
        self.words = _words(name)
        #: How likely the name means this template: 0, or the similarity of the word that shows it.
        self.meant = 0.0

    def candidates(self) -> Iterator[tuple[float, str]]:
        """Yield the name in this reading, if there is one."""
        pieces = _PIECES.findall(self.template.text.removeprefix(HEADS))
        holes = sum(1 for piece in pieces if piece[0] in "{*")
        made = []
        for piece in pieces:
            if piece[0] in "{*":
                holes -= 1
                value = self._hole(piece, holes)
                if value is None:
                    return
                made.append(value)
            else:
                self._literal(piece)
                made.append(piece)
        if not self.words:
            yield self.meant, "".join(made)

    def _literal(self, piece: str) -> None:
        for word in _words(piece):
            similarity = _ratio(self.words[0], word) if self.words else 0.0
            if similarity >= _SIMILAR:
                self.meant = max(self.meant, similarity)
                del self.words[0]

    def _hole(self, piece: str, holes_after: int) -> str | None:
        """Return the value of a field or star from the remaining words, or ``None`` if none is legal."""
        field = None if piece[0] == "*" else self.template.fields[piece[1:-1]]
        if field is not None and field.words is not None:
            return self._listed(field, field.words, holes_after)
        if len(self.words) <= holes_after:
            return None
        taken = len(self.words) if holes_after == 0 else self._length(field, len(self.words) - holes_after)
        value = "-".join(self.words[:taken])
        del self.words[:taken]
        if field is None:
            return value
        # A pattern that few words match, such as digits, shows the kind as well as literal text does.
        if field.allows(value) and not field.allows("x"):
            self.meant = max(self.meant, 1.0)
        return _correct(field, value)

    def _length(self, field: Field | None, most: int) -> int:
        """Return the number of words of a value before another hole: the fewest that are legal together, else one."""
        if field is None:
            return 1
        return next((n for n in range(1, min(3, most) + 1) if field.allows("-".join(self.words[:n]))), 1)

    def _listed(self, field: Field, listed: tuple[str, ...], holes_after: int) -> str | None:
        """Return the listed word that is meant: it may contain hyphens, so up to three words are tried together."""
        best, word, taken = 0.0, None, 0
        for length in range(1, min(3, len(self.words)) + 1):
            given = "-".join(self.words[:length])
            for candidate in listed:
                similarity = _ratio(given, candidate)
                if similarity > best:
                    best, word, taken = similarity, candidate, length
        if best >= _SIMILAR:
            self.meant = max(self.meant, best)
            del self.words[:taken]
            return word
        # A word unlike all of the list is replaced only if literal text has shown the kind.
        if self.meant and len(self.words) > holes_after:
            return _correct(field, self.words.pop(0))
        return listed[0] if listed else None


def _correct(field: Field, value: str) -> str | None:
    """Return the nearest legal value of a field, or ``None`` if no change of spelling makes one."""
    if field.allows(value):
        return value
    if field.words is not None:
        closest = max(field.words, key=lambda word: _ratio(value, word), default=None)
        return (
            closest
            if closest is not None and _ratio(value, closest) >= _ROUGHLY_SIMILAR
            else next(iter(field.words), None)
        )
    slug = re.sub(r"-{2,}", "-", re.sub(r"[^A-Za-z0-9._-]+", "-", value)).strip("-._")
    spellings = (
        *(slug, slug.lower(), slug.upper()),
        *(re.sub(r"[^A-Za-z0-9]+", joint, slug).lower() for joint in ("-", "_", "")),
        re.sub(r"[^0-9]+", "", slug),
        re.sub(r"[^a-z]+", "", slug.lower()),
    )
    return next((spelling for spelling in spellings if spelling and field.allows(spelling)), None)


def _words(text: str) -> list[str]:
    return [word for word in _SEPARATORS.split(text) if word]


def _ratio(one: str, other: str) -> float:
    return SequenceMatcher(None, one.lower(), other.lower(), autojunk=False).ratio()
