"""Files and lines that are no evidence of an author: generated, vendored, locked, legal, versions, prose."""

from __future__ import annotations

import re
from functools import lru_cache

from labgate.fingerprints.generated_names import has_generated_name, is_locked
from labgate.values.regexes import regex

#: How a file is compared. GENERATED: never, and not as a whole either.
#: CODE: token by token. PINS: as code, without the versions that it pins. PROSE (change logs):
#: line by line, and never evidence on its own. NOTEBOOK: by its code cells. IGNORED: never.
CODE, PINS, PROSE, NOTEBOOK, IGNORED, GENERATED = "code", "pins", "prose", "notebook", "ignored", "generated"
#: The kinds of settings files beside PINS. SERVICES: builds and machines, where a number is most likely a version.
#: VALUES: all others, where a number may be the learning rate of an experiment.
#: VERSIONS: files of one, which state nothing else.
SERVICES, VALUES, VERSIONS = "services", "values", "versions"

_IGNORED = regex(
    r"""
      \.(?:svg|po|pot|mo|snap|csv|tsv|json|jsonl|ndjson|geojson|pem|crt|key|map|sum|ambr|parquet|pb|bin)$
    | (?:^|/)(?:authors|contributors|credits|maintainers|codeowners|copying|notice|licen[cs]e(?:-\w+)?)
      (?:\.(?:md|rst|txt))?$
    | (?:^|/)(?:\.mailmap|\.zenodo[^/]*|CITATION\.cff)$
    | _generated\.[a-z]+$
    """,
    re.VERBOSE | re.IGNORECASE,
)
_VENDORED = regex(
    r"(?:^|/)(?:_?vendor|_?vendored|third[-_]?party|node_modules|bower_components|dist|\.git)/", re.IGNORECASE
)
#: Files that a tool or a lawyer writes, if their content is not code (``parts``).
_MECHANICAL = regex(
    r"""
      (?:^|/)(?:licen[cs]es?|copying|notice)(?:\.[a-z]+)?$ | (?:^|/)licenses?/ | \.map$ | \.sum$
    """,
    re.VERBOSE | re.IGNORECASE,
)
#: The suffixes of programs: a folder called ``news`` makes no prose of them.
_PROGRAM = regex(
    r"""
    \.(?:py[ixw]?|pxd|r|jl|m|mm|c|cc|cpp|cxx|h|hh|hpp|cuh?|cs|fs|vb|java|kts?|scala|groovy|go|rs|zig|nim|rb|php|p[lm]|lua|sh
    |bash|zsh|fish|ps1|bat|[cm]?jsx?|[cm]?tsx?|vue|svelte|swift|dart|exs?|erl|hs|mli?|clj[cs]?|lisp|el|scm|sql|f|f90|f95
    |svh?|vhdl?|tf|html?|css|scss)$
    """,
    re.VERBOSE | re.IGNORECASE,
)
_PROSE = regex(
    r"""
      (?:^|/)(?:changes?|changelog|history|news|releases?|release[-_]notes?)(?:\.(?:md|markdown|rst|txt|adoc))?$
    | (?:^|/)(?:changelog|changes|news|newsfragments|changelog\.d|\.changes?|towncrier)/
    """,
    re.VERBOSE | re.IGNORECASE,
)
_PINS = regex(
    r"""
      (?:^|/)(?:[a-z]+-)?(?:requirements|constraints)[^/]*\.(?:txt|in)$
    | (?:^|/)(?:requirements|constraints)/
    | (?:^|/)(?:setup\.cfg|setup\.py|pyproject\.toml|Pipfile|tox\.ini|environment[^/]*\.ya?ml|meta\.ya?ml)$
    | (?:^|/)(?:Cargo\.toml|go\.mod|package\.json|Gemfile|build\.gradle|pom\.xml|\.pre-commit-config\.yaml)$
    | (?:^|/)(?:\.git(?:ignore|attributes|modules)|MANIFEST\.in)$
    """,
    re.VERBOSE | re.IGNORECASE,
)
_SETTINGS = regex(
    r"\.(?:ya?ml|toml|cfg|ini|txt|conf|properties|gradle)$|(?:Dockerfile|(?:^|/)Makefile)[^/]*$", re.IGNORECASE
)
_VERSION_FILE = regex(r"(?:^|/)_?version\.[a-z]+$", re.IGNORECASE)
#: Hidden files and folders (``.github``, ``.travis.yml``), containers, builds and the files of CI services.
_SERVICES = regex(
    r"""
      (?:^|/)\. | (?:^|/)(?:ci|continuous[-_]integration)/ | Dockerfile[^/]*$ | \.gradle$
    | (?:^|/)(?:docker-compose|compose|appveyor|azure-pipelines|bitbucket-pipelines|cloudbuild|codecov)[^/]*$
    """,
    re.VERBOSE | re.IGNORECASE,
)
#: The mark of generated files (Go's convention, and the output of protoc, lexers and code generators).
_GENERATED = regex(rb"(?i)(?:@generated|do not edit|auto-?generated|generated (?:by|from|with) )")
#: The changed lines at the top of a file in which such a mark counts.
_MARK_LINES = 6
#: One version, and lists of them: ``3.9``, ``v6``, ``3.9-dev``, ``["3.8", "3.9"]``.
_VERSION = regex(rb"v?\d+(?:\.[\d*]+)*(?:[-.]?(?:dev|alpha|beta|post|rc|a|b)\d*)?\b")
_VERSIONS = regex(rb"0(?:[\"', ]+0)+")
#: A version anywhere in a line: in quotes, after ``@`` or a comparison, with a ``v`` or two dots, or not yet released.
_CERTAIN = regex(
    rb"""(?:(?<=["'@])|(?<=[=<>~!^]=)|(?<=[=<>~!^]=[ ]))v?\d+(?:\.[\d*]+)*\b
    | (?<![\w.])v\d+(?:\.[\d*]+)*\b
    | (?<![\w.])\d+(?:\.[\d*]+){2,}(?:-?[a-z]+\d*)?\b
    | (?<![\w.])\d+(?:\.\d+)*(?:[-.]dev|[-.]?(?:alpha|beta|post|rc|a|b))\d+\b""",
    re.VERBOSE,
)
#: A setting whose name says that its numbers are versions.
_VERSIONED = regex(
    rb"""(?i)(?:[\w.-]*version[\w.-]*|python|pypy|node|ruby|rust|java|jdk|cuda|rev|tag|image|release)["']?\s*[:=]"""
)
#: A line with only a package name, or a package (or a setting) and its required version.
_PACKAGE = regex(
    rb"""[-"'\s]*[A-Za-z0-9][\w./-]*(?:\[[\w, -]*\])?["']?
    (?: \s*[<>=~!^:]{1,3}\s*(?:\{\s*version\s*=\s*)?["'\sv^~<>=]*\d | \s+v?\d | [\s,;"']*(?:\#.*)?$ )""",
    re.VERBOSE,
)
_STATED = regex(rb"""(?i)[\w.\s=]*version[\w.\s]*[:=]\s*(?:["'v\d].{0,40}$|[\[(][\s"'\w.,+-]*[\])]$)""")
_CLASSIFIER = b"Programming Language ::"
#: Also with blanks between all tokens and without parentheses and semicolons, as ``features`` keeps lines.
_IMPORT = regex(
    rb"""(?:from\s[\s\w.]+\s)?import\b | \#\s*include\b | (?:pub(?:\s*\(?[\w:]+\)?)?\s+)?use\s+[\w:{]
    | using\s[\s\w.]+;?$""",
    re.VERBOSE,
)


#: Of a longer path only the end is read: nobody can check it out (limits.h, PATH_MAX).
_LONGEST = 4096


@lru_cache(maxsize=1 << 16)
def sort_of(path: str) -> str:
    """Return what the name of a file suggests: CODE, PINS, PROSE, NOTEBOOK or IGNORED."""
    path = path[-_LONGEST:]
    if path.endswith(".ipynb"):
        return NOTEBOOK
    if is_locked(path) or has_generated_name(path):
        return IGNORED
    if is_program(path) and not _PINS.search(path):
        return IGNORED if is_vendored(path) else CODE
    if is_vendored(path) and not _PINS.search(path):
        return IGNORED
    for sort, pattern in ((PINS, _PINS), (PROSE, _PROSE), (IGNORED, _IGNORED)):
        if pattern.search(path):
            return sort
    return CODE


@lru_cache(maxsize=1 << 16)
def settings_of(path: str) -> str | None:
    """Return PINS, SERVICES, VALUES or VERSIONS for settings, where a change of versions alone does not count.

    ``None`` for any other file.
    """
    path = path[-_LONGEST:]
    if sort_of(path) == PINS:
        return PINS
    if _VERSION_FILE.search(path) is not None:
        return VERSIONS
    if _SETTINGS.search(path) is None:
        return None
    return SERVICES if _SERVICES.search(path) else VALUES


def is_program(path: str) -> bool:
    """Return whether a path has the suffix of a program."""
    return _PROGRAM.search(path[-_LONGEST:]) is not None


def is_vendored(path: str) -> bool:
    """Return whether a file is in a folder for the code of others."""
    return _VENDORED.search(path[-_LONGEST:]) is not None


def is_mechanical(path: str) -> bool:
    """Return whether a tool or a lawyer writes files of this name."""
    return is_locked(path) or has_generated_name(path) or _MECHANICAL.search(path[-_LONGEST:]) is not None


def is_generated(lines: list[bytes]) -> bool:
    """Return whether the first lines of a new file carry a generator's mark."""
    return any(_GENERATED.search(line) for line in lines[:_MARK_LINES])


def is_import(line: bytes) -> bool:
    """Return whether a line imports something: a place that everybody edits."""
    return _IMPORT.match(line) is not None


def without_versions(deleted: list[bytes], added: list[bytes], settings: str) -> tuple[list[bytes], list[bytes]]:
    """Return deleted and added lines of settings (``settings_of``) without those that change in versions alone.

    In PINS also without lines that only name a package or a version of the language, in VERSIONS without those that
    state a version.
    """
    if settings == VERSIONS:
        deleted, added = ([line for line in lines if not _STATED.match(line)] for lines in (deleted, added))
    if settings == PINS:
        deleted, added = ([line for line in lines if not _names_package(line)] for lines in (deleted, added))
    if not deleted or not added:
        return deleted, added
    masked = [[_masked(line, settings) for line in lines] for lines in (deleted, added)]
    both = set(masked[0]) & set(masked[1])
    if not both:
        return deleted, added
    kept = [
        [line for line, mask in zip(lines, masks, strict=True) if mask not in both]
        for lines, masks in zip((deleted, added), masked, strict=True)
    ]
    return kept[0], kept[1]


def _masked(line: bytes, settings: str) -> bytes:
    """Return a line without its versions; a number that may be something else stays."""
    certain = settings == VALUES and not _VERSIONED.match(line.lstrip(b"-\"' \t"))
    return _VERSIONS.sub(b"0", (_CERTAIN if certain else _VERSION).sub(b"0", line))


def _names_package(line: bytes) -> bool:
    return _CLASSIFIER in line or _PACKAGE.match(line) is not None
