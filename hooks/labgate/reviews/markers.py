"""Review markers at level ``trailer``: find every claim in a range of commits, and why a claim cannot count.

A ``Reviewed-by: Name <email>`` line counts in the trailer block (git-interpret-trailers) of the commit itself, of a
merge that brings it in, or of an empty commit above it. ``Reviewed-change: DELTA-ID OID`` beside it binds it to
content, and ``Reviewed-landing: OID`` marks it as a late review of a change that has landed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache

from labgate.values.lookalikes import plain
from labgate.values.ref_update import Commit
from labgate.values.refnames import is_oid
from labgate.values.regexes import regex
from labgate.values.value import Value

KEY, CHANGE, LANDING = "Reviewed-by", "Reviewed-change", "Reviewed-landing"

#: Why a claim cannot count, for any person.
OUTSIDE_BLOCK = "outside the trailer block"
FOLDED = "folded over two lines"
LOOK_ALIKE = "the key only looks like Reviewed-by"
MALFORMED = "no Name <email>"
#: Other trailers of consent, and why they are not reviews.
_OTHER_KEYS = {
    "acked-by": "Acked-by says that somebody agrees, not that they reviewed it",
    "approved-by": "Approved-by says that it may land, not who reviewed it",
}
UNREADABLE = "its Reviewed-change is not one line of the form DELTA-ID OID"

#: With its continuation lines, which git folds into one value.
_CO_AUTHORS = regex(r"^[ \t]*co-authored-by[ \t]*:(.*(?:\n[ \t]+.*)*)", re.IGNORECASE | re.MULTILINE)
_EMAIL = regex(r"<[ \t]*([^<>\s]+)[ \t]*>")
_CHANGE = regex(r"([0-9a-f]{64}) ([0-9a-f]{40}(?:[0-9a-f]{24})?)")
_SEPARATED = regex(r"^(?P<key>[^:\n]{1,40}?)[ \t]*:[ \t]*(?P<value>.*)$")


class Binding(Value):
    """The content that a marker is bound to: a delta-id (``reviews.delta``), and the full oid of the commit."""

    delta: str
    oid: str


class Claim(Value):
    """One review marker in a commit.

    ``commit`` has it; ``covers`` are the commits of the range that it covers. ``email`` is casefolded, ``None``
    if the claim names none. ``flaw`` is why it cannot count for any person, or ``None``. ``binding`` is ``None``
    if it is bound to no content.
    """

    commit: str
    email: str | None
    covers: frozenset[str]
    flaw: str | None
    binding: Binding | None = None


# Several parts of a check ask for the same few; a message may have thousands of lines.
@lru_cache(maxsize=16)
def claims_in(commit: Commit) -> tuple[tuple[str | None, str | None], ...]:
    """Return (email, flaw) for each line of a message that claims a review; those of the trailer block come first."""
    found: list[tuple[str | None, str | None]] = []
    stated = Counter(claim for line in commit.message.split("\n") if (claim := _first_line(line)) is not None)
    for trailer in commit.trailers:
        claim = _first_line(trailer)
        # A trailer that is not in the message comes from the repository's configuration (trailer.TOKEN.key).
        if claim is not None and stated[claim]:
            stated[claim] -= 1
            found.append((_email(_split(trailer)[1]), _flaw(*_split(trailer))))
    for trailer in commit.trailers:
        key, value = _split(trailer)
        if key.casefold() in _OTHER_KEYS:
            found.append((_email(value), _OTHER_KEYS[key.casefold()]))
    for key, value in stated.elements():
        found.append((_email(value), OUTSIDE_BLOCK if _is_key(key) else LOOK_ALIKE))
    return tuple(found)


def _first_line(trailer: str) -> tuple[str, str] | None:
    """Return key and value of a trailer's first line, or ``None`` if nobody would read it as Reviewed-by."""
    key, value = _split(trailer.split("\n", 1)[0].strip())
    return (key, value) if _looks_like_key(key) else None


def co_authors(commit: Commit) -> tuple[str, ...]:
    """Return the casefolded emails of every ``Co-authored-by:`` line, anywhere in the message."""
    stated = (email for line in _CO_AUTHORS.findall(commit.message) for email in _EMAIL.findall(line))
    return tuple(email.casefold() for email in stated)


def read_claims(span: Sequence[Commit], trees: Mapping[str, str]) -> tuple[Claim, ...]:
    """Return every claim of a range, newest commit first, with the commits of the range that it covers.

    ``span`` is in topological order, children first. ``trees`` gives the tree of each commit and of each parent outside
    the range, to recognise empty commits.
    """
    parents = {commit.oid: commit.parents for commit in span}
    claims = []
    for commit in span:
        stated = claims_in(commit)
        if not stated:
            continue
        late = landings_named(commit)
        covers = frozenset({commit.oid})
        if late:
            covers = frozenset(oid for named in late for oid in brought_in(named, parents))
        elif len(commit.parents) > 1:
            covers |= brought_in(commit.oid, parents)
        elif commit.changes_nothing(trees):
            covers |= _reachable(commit.parents, parents)
        binding, unreadable = binding_of(commit)
        claims += [Claim(commit.oid, email, covers, flaw or unreadable, binding) for email, flaw in stated]
    return tuple(claims)


def brought_in(oid: str, parents: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Return a commit of a range with the commits that it merges; empty if it is not in the range."""
    if oid not in parents:
        return frozenset()
    mine = parents[oid]
    return frozenset({oid}) | (_reachable(mine[1:], parents) - _reachable(mine[:1], parents))


def landings_named(commit: Commit) -> tuple[str, ...]:
    """Return the landings (full oids) of a commit's late review; empty if it is not a late review."""
    return tuple(value for value in _values(commit, LANDING) if is_oid(value))


def binding_of(commit: Commit) -> tuple[Binding | None, str | None]:
    """Return the binding of a commit's markers, and its flaw; each is ``None`` if there is none."""
    stated = _values(commit, CHANGE)
    if not stated:
        return None, None
    found = _CHANGE.fullmatch(stated[0])
    return (None, UNREADABLE) if found is None or len(set(stated)) > 1 else (Binding(found[1], found[2]), None)


def _values(commit: Commit, key: str) -> list[str]:
    """Return the values of a trailer in a commit's own message; the key may have any case."""
    split = (_split(trailer) for trailer in commit.trailers)
    found = [value for name, value in split if name.casefold() == key.casefold()]
    # One that is not in the message comes from the repository's configuration (trailer.TOKEN.key).
    stated = {_split(line.strip())[1] for line in commit.message.split("\n")} if found else ()
    return [value.strip() for value in found if value.split("\n", 1)[0].strip() in stated]


def _reachable(tips: Sequence[str], parents: Mapping[str, Sequence[str]]) -> frozenset[str]:
    seen: set[str] = set()
    queue = [oid for oid in tips if oid in parents]
    while queue:
        oid = queue.pop()
        if oid not in seen:
            seen.add(oid)
            queue.extend(parent for parent in parents[oid] if parent in parents)
    return frozenset(seen)


def _split(line: str) -> tuple[str, str]:
    match = _SEPARATED.match(line.split("\n", 1)[0])
    if match is None:
        return "", ""
    return match["key"], line[match.start("value") :]


def _is_key(key: str) -> bool:
    return key.casefold() == KEY.casefold() and key.isascii()


def _looks_like_key(key: str) -> bool:
    """Return whether people would read this key as Reviewed-by, with any dashes, spaces or look-alike letters."""
    letters = plain(key).casefold()
    return "".join(letter for letter in letters if "a" <= letter <= "z") == "reviewedby"


def _email(value: str) -> str | None:
    """Return the casefolded address of ``Name <email>``, ``None`` for anything else. Each character is read once."""
    name, _, rest = value.replace("\n", " ").strip().partition("<")
    email, end, after = rest.partition(">")
    if not end or after or ">" in name or "<" in email or not name.strip() or email.split() != [email]:
        return None
    return email.casefold()


def _flaw(key: str, value: str) -> str | None:
    if not _is_key(key):
        return LOOK_ALIKE
    if "\n" in value:
        return FOLDED
    return MALFORMED if _email(value) is None else None
