"""Read a policy file into a ``Policy``, or report all its mistakes. A passing commit hook reads a cache instead.

The reader knows kinds of branch and levels. The sections of the checks and what is a rule are passed to it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from labgate import __version__
from labgate.policy import lint
from labgate.policy.model import OWN_FILE, PYPROJECT, Policy
from labgate.policy.schema import LEAST_VERSION, SectionSchema, whole
from labgate.policy.shape import Path, Problems, Record, shown
from labgate.values.errors import PolicyError
from labgate.values.regexes import regex
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.policy.here import Here

#: The table that holds a policy in ``pyproject.toml``.
PYPROJECT_TABLE: Path = ("tool", "labgate")


class Reader(Value):
    """The reader of policies. ``sections`` are those of all checks.

    ``is_rule`` returns whether a code is that of a rule, which ``[levels]`` may name.
    """

    sections: tuple[SectionSchema, ...]
    is_rule: Callable[[str], bool]

    @property
    def record(self) -> Record:
        """The shape of the whole policy."""
        return whole(self.sections)

    def parse(self, text: str | bytes, file: str, *, table: Path = ()) -> Policy:
        """Return the policy in a TOML text. ``file`` is only its name in messages.

        ``table`` is the place of the policy: the root, or ``PYPROJECT_TABLE``. Raises: ``PolicyError`` with one line
        for each mistake.
        """
        return Policy(self.checked(read_toml(text, file), file, table=table))

    def find(self, texts: Mapping[str, bytes], place: str = "") -> tuple[Policy, str] | None:
        """Return the policy among a tree's top-level files (by name), and the name of its file; ``None`` without one.

        ``place`` is the place of these files in messages, such as ``origin/main``; empty means the work tree.
        Raises: ``PolicyError`` when it has mistakes, or when both files have one.
        """
        before = f"{place}:" if place else ""
        in_pyproject = PYPROJECT in texts and holds_policy(texts[PYPROJECT], before + PYPROJECT)
        if OWN_FILE in texts and in_pyproject:
            problem = f"{before}{PYPROJECT}: [tool.labgate]: the policy is in {OWN_FILE} too; keep one of them"
            raise PolicyError((problem,))
        if OWN_FILE in texts:
            return self.parse(texts[OWN_FILE], before + OWN_FILE), OWN_FILE
        if in_pyproject:
            return self.parse(texts[PYPROJECT], before + PYPROJECT, table=PYPROJECT_TABLE), PYPROJECT
        return None

    def checked(self, data: dict[str, Any], file: str, *, table: Path = ()) -> dict[str, Any]:
        """Return the plain table of a policy, as JSON has it: every key is present, every default filled in.

        It takes a whole file as ``read_toml`` returns it. Raises: ``PolicyError`` with one line for each mistake.
        """
        found: object = data
        for name in table:
            found = found.get(name) if isinstance(found, dict) else None
        if not isinstance(found, dict):
            what = "nothing" if found is None else shown(found)
            raise PolicyError((f"{file}: [{'.'.join(table)}]: expected a table, found {what}",))
        _require_version(found, file, table)
        problems = Problems(file, table)
        filled: dict[str, Any] = self.record.check(found, (), problems)
        for section in self.sections:
            section.complete(filled)
        lint.contradictions(filled, self.is_rule, problems)
        for section in self.sections:
            section.check(filled, problems)
        if problems.lines:
            raise PolicyError(problems.lines)
        return filled

    def lint(self, policy: Policy, file: str = OWN_FILE, table: Path = ()) -> tuple[str, ...]:
        """Return one line for each part of a policy that has no effect, in the form of ``PolicyError.problems``.

        Such a policy still judges. ``parse`` raises for mistakes that would make its verdicts meaningless.
        """
        problems = Problems(file, table)
        lint.check(policy, problems)
        for section in self.sections:
            section.lint(policy, problems)
        return problems.lines

    def unmatched(self, policy: Policy, here: Here, file: str = OWN_FILE, table: Path = ()) -> tuple[str, ...]:
        """Return one line for each part of a policy that means nothing in a clone, in the form of ``lint``."""
        problems = Problems(file, table)
        for section in self.sections:
            section.here(policy, here, problems)
        return problems.lines

    def schema(self) -> dict[str, Any]:
        """Return a JSON Schema of the policy as TOML or JSON has it, for editors.

        It has every default and description, but only checks shapes: ``parse`` checks that a kind exists and a pattern
        is well formed.

        Source of the draft, which editors know best, and of the form of ``$id``: "Contributing" of SchemaStore. The
        ``$id`` is a name, the same in every clone and version.
        """
        return {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "$id": "https://json.schemastore.org/labgate.json",
            "title": "labgate policy",
            "description": "labgate.toml, or the table [tool.labgate] of pyproject.toml.",
            **self.record.json(),
        }


def _require_version(policy: Mapping[str, object], file: str, table: Path) -> None:
    """Check ``labgate-min``. Raises: ``PolicyError`` with only this line when a policy needs a newer labgate."""
    least = policy.get("labgate-min")
    if not isinstance(least, str) or not re.fullmatch(LEAST_VERSION, least) or _numbers(least) <= _numbers(__version__):
        return
    place = f"[{'.'.join(table)}] labgate-min" if table else "labgate-min"
    problem = f"{file}: {place}: this policy needs labgate {least} or later, and this is {__version__}"
    raise PolicyError((problem,), f"install labgate {least} or later; with pre-commit: pre-commit autoupdate")


def _numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of a version to compare it by; 0.2 and 0.2.0 are the same, and so are 0.2 and 0.2rc1."""
    numbers = [int(part) for part in re.findall(r"(?:^|\.)([0-9]+)", version)]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def holds_policy(text: str | bytes, file: str) -> bool:
    """Return whether a ``pyproject.toml`` has ``[tool.labgate]``. Raises: ``PolicyError`` when that is not known."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    # A broken file that does not name labgate is ignored.
    if b"labgate" not in raw:
        return False
    tool = read_toml(text, file).get("tool")
    return isinstance(tool, dict) and "labgate" in tool


#: Largest file that is read, in bytes.
MAX_BYTES = 2**20
#: Most dots in one line: the time that tomllib takes for a dotted key grows with the square of its parts.
MAX_DOTS = 200

_PLACE = regex(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def read_toml(text: str | bytes, file: str) -> dict[str, Any]:
    """Return a TOML text as plain values. Raises: ``PolicyError`` with the line and column of a mistake."""
    size = len(text.encode("utf-8", "surrogatepass")) if isinstance(text, str) else len(text)
    if size > MAX_BYTES:
        raise PolicyError((f"{file}: expected at most {MAX_BYTES} bytes, found {size}",))
    try:
        decoded = text if isinstance(text, str) else text.decode("utf-8")
    except UnicodeDecodeError as error:
        number = error.object[: error.start].count(b"\n") + 1
        raise PolicyError((f"{file}: line {number}: not UTF-8 text",)) from error
    for number, line in enumerate(decoded.split("\n"), 1):
        if line.count(".") > MAX_DOTS:
            raise PolicyError((f"{file}: line {number}: expected at most {MAX_DOTS} dots, found {line.count('.')}",))
    try:
        values: dict[str, Any] = tomllib.loads(decoded.removeprefix("\ufeff"))
    except RecursionError as error:
        raise PolicyError((f"{file}: tables and lists nest too deeply",)) from error
    except ValueError as error:
        # Not only TOMLDecodeError: an integer of too many digits, or a date out of range, raises ValueError.
        raise PolicyError((_syntax_problem(file, str(error)),)) from error
    return values


def _syntax_problem(file: str, complaint: str) -> str:
    place = _PLACE.search(complaint)
    if place is None:
        return f"{file}: not TOML: {complaint}"
    where = f"line {place[1]}, column {place[2]}" if place[1] else "at its end"
    return f"{file}: {where}: not TOML: {complaint[: place.start()]}"
