"""The schema of a policy, declared once: the shape, the default and the documentation of every key.

Validation, defaults, the JSON Schema and the reference pages are all made from it. The keys about branches and levels
are here; the section of a check is declared with the check, with the common shapes from here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from labgate.policy.grammar import Template, TemplateError
from labgate.policy.pattern import Pattern
from labgate.policy.pattern_text import PatternError
from labgate.policy.shape import (
    Choice,
    Key,
    ListOf,
    Measure,
    OneOrList,
    Path,
    Problems,
    Record,
    Shape,
    TableOf,
    Text,
    one_of,
    shown,
)
from labgate.values.finding import LEVELS
from labgate.values.refnames import forbidden_part, is_branch_name
from labgate.values.regexes import regex
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.policy.here import Here
    from labgate.policy.model import Policy, Table

#: Seconds in each unit of a duration, bytes in each unit of a size.
DURATIONS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
SIZES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}

#: Legal names of kinds and groups.
NAME = "[A-Za-z0-9][A-Za-z0-9_-]*"
_FIELD = "[a-z][a-z0-9_-]*"
_CODE = "LG[0-9]{3}"

_NOT_IN_A_WORD = regex(r"[\x00-\x20\x7f~^:?*\[\\{}]|\.\.|//|^$")
#: A version of labgate, for ``labgate-min``.
LEAST_VERSION = r"[0-9]{1,6}(\.[0-9]{1,6}){0,3}"
_TRUNK = 'a branch name such as "main"'
#: A path below the top of the repository, or a page.
_README = r"https?://[^\s<>\"]+|(?!/|.*(?:^|/)\.\.(?:/|$))[^\s:\\<>\"]+"
_README_IS = 'a path such as "docs/research.md", or a URL'
_REPOSITORY = r"[^\s/:@?#*]+(/[^\s/:@?#*]+){2,}(?<!\.git)"


def _objection_to_name(text: str) -> str | None:
    try:
        Template(text, {})
    except TemplateError as error:
        return f"{shown(text)}, {error}"
    bad = forbidden_part(text.replace("{", "").replace("}", "").replace("*", "x"))
    return f"{shown(text)}: git allows no {shown(bad)} there" if bad else bad


def _objection_to_glob(text: str) -> str | None:
    if text.startswith("!"):
        return f"{shown(text)}: globs cannot be negated, so ! is not supported"
    if text.endswith("/"):
        return f"{shown(text)}: write {shown(text + '**')} for everything in a folder"
    return "" if not text or "//" in text else None


def matching(pattern: str, expected: str) -> Text:
    """Return the shape of a string that a regular expression matches as a whole."""
    compiled = regex(pattern)
    return Text(expected, lambda text: None if compiled.fullmatch(text) else "")


class FieldRule(Value):
    """The legal values of a field: a list of words, or a pattern."""

    expected: str = "a list of words, or a pattern"
    blank: None = None

    def check(self, value: object, path: Path, problems: Problems) -> list[str] | str | None:
        if isinstance(value, list):
            words: list[str] = _WORDS.check(value, path, problems)
            return words
        if not isinstance(value, str) or not value:
            problems.add(path, f"expected {self.expected}, found {shown(value)}")
            return None
        try:
            Pattern(value)
        except PatternError as error:
            problems.add(path, f"{shown(value)}, {error}")
            return None
        return value

    def json(self) -> dict[str, Any]:
        return {"anyOf": [_WORDS.json(), {"type": "string", "minLength": 1}]}


class Levels(Value):
    """``[levels]``: levels by rule code, and below a kind's name the same for one kind of branch."""

    expected: str = "a table of rule codes"

    @property
    def blank(self) -> dict[str, Any]:
        return {"rules": {}, "kinds": {}}

    def check(self, value: object, path: Path, problems: Problems) -> dict[str, Any]:
        if not isinstance(value, dict):
            problems.add(path, f"expected {self.expected}, found {shown(value)}")
            return self.blank
        kinds = {name: item for name, item in value.items() if isinstance(item, dict)}
        rules = {name: item for name, item in value.items() if name not in kinds}
        good = self.blank
        good["rules"] = self._rules(rules, path, problems)
        for kind, item in kinds.items():
            good["kinds"][kind] = self._rules(item, (*path, kind), problems)
        return good

    def _rules(self, value: dict[str, Any], path: Path, problems: Problems) -> dict[str, str]:
        checked = {code: _LEVEL.check(level, (*path, code), problems) for code, level in value.items()}
        return {code: level for code, level in checked.items() if level is not None}

    def json(self) -> dict[str, Any]:
        codes = {f"^{_CODE}$": _LEVEL.json()}
        kind = {"type": "object", "patternProperties": codes, "additionalProperties": False}
        return {"type": "object", "patternProperties": codes, "additionalProperties": kind}


_LEVEL = Choice(tuple(reversed(LEVELS)))
_WORD = Text('a word such as "feature"', lambda text: "" if _NOT_IN_A_WORD.search(text) else None)
_WORDS = ListOf(_WORD, "a list of words", 1)
#: Shapes that sections share.
NAME_OF_REFS = Text('a name such as "research/{topic}"', _objection_to_name)
GLOB = Text('a glob such as "vendor/**"', _objection_to_glob)
GLOBS = ListOf(GLOB, "a list of globs")
KIND_NAMES = ListOf(matching(NAME, "the name of a kind"), "a list of kinds")
DURATION = Measure('a duration such as "14d" or "12h"', DURATIONS, digits=5, plain=False)
SIZE = Measure('a size such as "500kB" or "2MiB", or a whole number of bytes', SIZES, digits=12, plain=True)

_KIND = Record(
    (
        Key(
            "names",
            ListOf(NAME_OF_REFS, "a list of names", 1),
            "Names of the kind's branches; refs/... is a full ref.",
            required=True,
        ),
        Key(
            "fields",
            TableOf(FieldRule(), "a table of fields", _FIELD),
            "The legal values of each {field}: a list of words, or a pattern.",
            {},
        ),
        Key("base", KIND_NAMES, "Kinds of branch that one of this kind starts from; empty means any.", []),
        Key("targets", KIND_NAMES, "Kinds of branch where one of this kind may land; empty means any.", []),
        Key("readme", matching(_README, _README_IS), "The page with the merge rules of the kind, which findings link."),
    ),
    "a table with names",
)

#: The keys of a policy for branches and rules, without the sections of checks.
_OWN = (
    Key("version", Choice((1,)), "The version of this format.", required=True),
    Key(
        "repository",
        matching(_REPOSITORY, 'host/owner/name such as "github.com/acme/models"'),
        "The team's repository. The verdict is undecided where it is a remote from which nothing was ever fetched, and "
        "what is judged goes to another one, such as a fork.",
    ),
    Key(
        "trunk",
        OneOrList(
            Text(_TRUNK, lambda text: None if is_branch_name(text) else ""),
            "a list of branch names",
        ),
        "The branch whose policy judges. A list is for a rename: the first that the remote has judges, and all are "
        "protected.",
        required=True,
    ),
    Key(
        "labgate-min",
        matching(LEAST_VERSION, 'a version such as "0.2"'),
        "The oldest labgate that may judge by this policy.",
    ),
    Key(
        "kinds",
        TableOf(_KIND, "a table with protected", NAME, ("protected",)),
        "Kinds of branch, tried in this order.",
        required=True,
    ),
    Key("levels", Levels(), f"Level of a rule ({one_of(_LEVEL.words)}), for all or for one kind of branch.", {}),
)


def _nothing(*_: object) -> None:
    """Do nothing: most sections do not depend on the rest."""


class SectionSchema(Value):
    """The schema of a section of a policy.

    ``key`` is its name, its shape and its documentation. The others take the whole policy: ``complete`` fills in the
    defaults that depend on other sections, ``check`` reports contradictions, ``lint`` settings without effect, and
    ``here`` what a clone does not have.
    """

    key: Key
    complete: Callable[[Table], None] = _nothing
    check: Callable[[Table, Problems], None] = _nothing
    lint: Callable[[Policy, Problems], None] = _nothing
    here: Callable[[Policy, Here, Problems], None] = _nothing


def whole(sections: Sequence[SectionSchema]) -> Record:
    """Return the shape of a policy with these sections."""
    return Record((*_OWN, *(section.key for section in sections)))


def every_key(record: Record, path: Path = ()) -> Iterator[tuple[Path, Key]]:
    """Yield every key with the path of its table, for the reference; ``NAME`` stands for a name that users choose."""
    for key in record.keys:
        yield path, key
        inner: Shape = key.shape
        below = (*path, key.name)
        if isinstance(inner, TableOf):
            inner, below = inner.item, (*below, "NAME")
        if isinstance(inner, Record):
            yield from every_key(inner, below)
