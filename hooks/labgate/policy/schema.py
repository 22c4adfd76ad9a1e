"""Every key of a policy, declared once: its shape, its default and its documentation.

Validation, defaults, the JSON Schema and the reference pages are all made from ``POLICY``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from labgate.policy.grammar import Template, TemplateError
from labgate.policy.pattern import Pattern, PatternError
from labgate.policy.shape import (
    Choice,
    Key,
    ListOf,
    Measure,
    Path,
    Problems,
    Record,
    Shape,
    TableOf,
    Text,
    Whole,
    one_of,
    shown,
)
from labgate.values.finding import LEVELS
from labgate.values.refnames import HEADS, REMOTES, TAGS, forbidden_part, is_branch_name
from labgate.values.value import Value

#: Seconds in each unit of a duration, bytes in each unit of a size.
DURATIONS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
SIZES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}

_NAME = "[A-Za-z0-9][A-Za-z0-9_-]*"
_PERSON = "[A-Za-z0-9][A-Za-z0-9._-]*"
_FIELD = "[a-z][a-z0-9_-]*"
_CODE = "LG[0-9]{3}"

_NOT_IN_A_WORD = re.compile(r"[\x00-\x20\x7f~^:?*\[\\{}]|\.\.|//|^$")
_REPOSITORY = re.compile(r"[^\s/:@?#*]+(/[^\s/:@?#*]+){2,}(?<!\.git)")
_REPOSITORIES = re.compile(r"[^\s/:@#]+(/[^\s/:@#]+)+(?<!\.git)")
_EMAIL = re.compile(r"[^\s<>@]+@[^\s<>@]+")
_KEY = re.compile(r"(ssh-|ecdsa-|sk-)[a-z0-9@.-]+ \S[^\r\n]*")


def _objection_to_name(text: str) -> str | None:
    try:
        Template(text, {})
    except TemplateError as error:
        return f"{shown(text)}, {error}"
    bad = forbidden_part(text.replace("{", "").replace("}", "").replace("*", "x"))
    return f"{shown(text)}: git allows no {shown(bad)} there" if bad else bad


def _objection_to_glob(text: str) -> str | None:
    if text.startswith("!"):
        return f"{shown(text)}: a glob cannot take something back, so ! is not supported"
    if text.endswith("/"):
        return f"{shown(text)}: write {shown(text + '**')} for all that is in a folder"
    return "" if not text or "//" in text else None


def _objection_to_branch(text: str) -> str | None:
    return None if is_branch_name(text) else ""


def _objection_to_pins(text: str) -> str | None:
    taken = text.startswith((HEADS[:-1], REMOTES[:-1])) or text == TAGS[:-1]
    own = text.startswith("refs/") and not taken
    return None if own and "*" not in text and forbidden_part(text) is None else ""


def _matching(pattern: re.Pattern[str], expected: str) -> Text:
    return Text(expected, lambda text: None if pattern.fullmatch(text) else "")


class FieldRule(Value):
    """What a field may hold: a list of words, or a pattern."""

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
_NAME_OF_REFS = Text('a name such as "research/{topic}"', _objection_to_name)
_GLOB = Text('a glob such as "vendor/**"', _objection_to_glob)
_GLOBS = ListOf(_GLOB, "a list of globs")
_KIND_NAMES = ListOf(_matching(re.compile(_NAME), "the name of a kind"), "a list of kinds")
_EMAILS = _matching(_EMAIL, 'an email address such as "ada@example.org"')
_ACCOUNT = _matching(re.compile(_PERSON), "a user name")
_MEMBER = _matching(re.compile(_PERSON), "the name of a person")
_DURATION = Measure('a duration such as "14d" or "12h"', DURATIONS, digits=5, plain=False)
_SIZE = Measure('a size such as "500kB" or "2MiB", or a whole number of bytes', SIZES, digits=12, plain=True)

_KIND = Record(
    (
        Key(
            "names",
            ListOf(_NAME_OF_REFS, "a list of names", 1),
            "Names of the kind's branches; refs/... is a full ref.",
            required=True,
        ),
        Key(
            "fields",
            TableOf(FieldRule(), "a table of fields", _FIELD),
            "What each {field} may hold: a list of words, or a pattern.",
            {},
        ),
        Key("base", _KIND_NAMES, "Kinds of branch that one of this kind is cut from; empty means any.", []),
        Key("targets", _KIND_NAMES, "Kinds of branch where one of this kind may land; empty means any.", []),
    ),
    "a table with names",
)

_RESEARCH_GATE = Record(
    (
        Key("sources", _KIND_NAMES, "Kinds whose code needs a review; left out, those named research and experiment."),
        Key(
            "source-repositories",
            ListOf(
                _matching(_REPOSITORIES, 'host/owner/name such as "github.com/acme-research/*"'),
                "a list of repositories",
            ),
            "Repositories, as host/owner/name globs, whose branches all count as research.",
            [],
        ),
        Key(
            "require-review",
            Choice(("research", "all")),
            "Which code needs a review to reach a protected branch.",
            "research",
        ),
        Key("deletable", ListOf(_NAME_OF_REFS, "a list of names"), "Protected refs that may be deleted.", []),
        Key("keep-deleted", _DURATION, "How long deleted research refs are remembered.", "180d"),
    )
)

_QUORUM = Record(
    (
        Key("total", Whole(1), "How many people must have reviewed a change.", 1),
        Key(
            "groups",
            TableOf(Whole(1), "a table of groups", _NAME),
            "How many of each group, where the change touches its paths.",
            {},
        ),
        Key("affiliations", Whole(0), "From how many different affiliations they must come.", 0),
    ),
    "a table such as { total = 1 }",
)

_GROUP = Record(
    (
        Key(
            "people",
            ListOf(_MEMBER, "a list of people", 1),
            "Members, by their names in [reviews.people].",
            required=True,
        ),
        Key("paths", ListOf(_GLOB, "a list of globs", 1), "The paths that the group answers for.", ["**"]),
    ),
    "a table with people",
)

_PERSON_TABLE = Record(
    (
        Key(
            "emails",
            ListOf(_EMAILS, "a list of email addresses", 1),
            "Every address the person commits or reviews with.",
            required=True,
        ),
        Key(
            "keys",
            ListOf(_matching(_KEY, 'a public key such as "ssh-ed25519 AAAA..."'), "a list of public keys"),
            "SSH keys the person signs with.",
            [],
        ),
        Key(
            "affiliation",
            Text('a name such as "uni-a"', lambda text: None if text.strip() == text != "" else ""),
            "Whom the person works for.",
        ),
        Key("github", _ACCOUNT, "The person's user name on GitHub."),
        Key("gitlab", _ACCOUNT, "The person's user name on GitLab."),
        Key("gitea", _ACCOUNT, "The person's user name on Gitea or Forgejo."),
    ),
    "a table with emails",
)

_REVIEWS = Record(
    (
        Key("assurance", Choice(("trailer", "forge", "signed")), "What a review marker must at least be.", "trailer"),
        Key("quorum", _QUORUM, "How many reviewers a change needs.", {}),
        Key(
            "machines",
            ListOf(_EMAILS, "a list of email addresses"),
            "Landing identities: they never count as people.",
            ["noreply@github.com"],
        ),
        Key("expires", _DURATION, "How long a review holds.", "14d"),
        Key("groups", TableOf(_GROUP, "a table of groups", _NAME), "Groups of people who answer for paths.", {}),
        Key("people", TableOf(_PERSON_TABLE, "a table of people", _PERSON), "The people whose reviews count.", {}),
    )
)

_EXPERIMENT_HASH = Record(
    (
        Key("artifacts", _GLOBS, "Files that need a record of the code that made them.", []),
        Key(
            "pins",
            Text('a ref prefix such as "refs/experiments"', _objection_to_pins),
            "The ref prefix that keeps recorded commits.",
            "refs/experiments",
        ),
    )
)

_LIMITS = Record(
    (
        Key("lines", Whole(1), "Most added and deleted lines in a commit."),
        Key("files", Whole(1), "Most changed files in a commit."),
        Key("file-bytes", _SIZE, "Largest new content of one file."),
        Key("bytes", _SIZE, "Most new content in a commit."),
        Key("series-lines", Whole(1), "Most lines in all the commits of one proposal together."),
        Key("series-commits", Whole(1), "Most commits in one proposal."),
    ),
    "a table of limits",
)

_COMMIT_SIZE = Record(
    (
        Key("ignore", _GLOBS, "Paths that are not counted.", []),
        Key(
            "limits",
            TableOf(_LIMITS, "a table of kinds", _NAME),
            "Limits by kind of branch; a kind without limits has none.",
            {},
        ),
    )
)

#: The whole of ``labgate.toml``.
POLICY = Record(
    (
        Key("version", Choice((1,)), "The version of this format.", required=True),
        Key(
            "repository",
            _matching(_REPOSITORY, 'host/owner/name such as "github.com/acme/models"'),
            "The repository's name, to which attestations are bound.",
        ),
        Key(
            "trunk",
            Text('a branch name such as "main"', _objection_to_branch),
            "The branch whose policy judges.",
            required=True,
        ),
        Key(
            "kinds",
            TableOf(_KIND, "a table with protected", _NAME, ("protected",)),
            "Kinds of branch, tried in this order.",
            required=True,
        ),
        Key("levels", Levels(), f"Level of a rule ({one_of(_LEVEL.words)}), for all or for one kind of branch.", {}),
        Key("research-gate", _RESEARCH_GATE, "How research code reaches a protected branch.", {}),
        Key("reviews", _REVIEWS, "Whose reviews count, and how many it takes.", {}),
        Key("experiment-hash", _EXPERIMENT_HASH, "Artifacts of experiments and the code that made them.", {}),
        Key("commit-size", _COMMIT_SIZE, "How large a commit and a proposal may be.", {}),
    )
)


def every_key(record: Record = POLICY, path: Path = ()) -> Iterator[tuple[Path, Key]]:
    """Yield every key with the path of its table, for the reference; ``NAME`` stands for a name that users choose."""
    for key in record.keys:
        yield path, key
        inner: Shape = key.shape
        below = (*path, key.name)
        if isinstance(inner, TableOf):
            inner, below = inner.item, (*below, "NAME")
        if isinstance(inner, Record):
            yield from every_key(inner, below)
