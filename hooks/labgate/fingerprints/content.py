"""What the lines of a file are by their content: code, whatever the name of the file says, or data and prose."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from labgate.values.regexes import regex

#: So many lines of code in a file are no accident, if they are a quarter of it.
CODE_LINES, CODE_SHARE = 3, 0.25
#: A line of code in any of the usual languages. Prose and data must not match: sentences begin with ``if`` and ``for``
#: as well, and a lock file assigns texts and numbers.
_CODE = regex(
    rb"""
      (?:(?:export|pub|public|private|protected|static|abstract|final|async|inline|default|virtual|unsafe|extern)\s+)*
      (?:def|class|fn|func|function|struct|enum|interface|trait|impl|namespace)\s+[\w$:.~<>]+\s*(?:[(:{<]|$)
    | from\s+[\w.]+\s+import\b | import\s+[\w.]+(?:\s+as\s+\w+)?(?:\s*,\s*[\w.]+)*\s*;?$ | import\s.*\sfrom\s+['"]
    | \#\s*(?:include\s*[<"]|define\s|ifn?def\s|pragma\s) | use\s+\w+::| using\s+[\w.:]+;$
    | (?:if|elif|else|for|while|with|try|except|finally|switch|match|case|do)\b.*[:{](?:\s*\#.*)?$
    | (?:if|for|while|switch|catch)\s*\(
    | return(?:;|\s*$|\s+\S+;?$|\s+.*[-+*/%(\[{<>=]) | (?:pass|break|continue);?$
    | (?:raise|throw)\s+(?:new\s+)?\w+(?:[(;]|$) | assert\s.*(?:[=(<>]|\sin\s|\sis\s) | (?:yield|await)\s+[\w.]+[(\s;]*$
    | (?:await\s+|new\s+|@)?[A-Za-z_$][\w.$]*(?:::\w+)*\((?!s\)).*[),({:;]$
    | (?=.*;$).*(?:=|\w\((?!s\))|\w\[).*;$ | .*\)\s*\{$ | .*=>\s*\{?$
    | (?:(?:let|const|var|val|auto|final|mut|int|long|float|double|bool|char|string|size_t)\s+)*
      [A-Za-z_$*&][\w.$*&]*(?:\[[^\]]*\])*(?:\s*:\s*[\w.|]+(?:\[[^\]=]*\])?|(?:\s*,\s*[\w.]+)+)?\s*(?:[-+*/|&^%@]|\*\*|//|<<|>>|:)?=
      \s*(?!=)(?:[\w.]+\(|[\w.]+\s*[-+*/%|&<>]+\s*[\w(]|[A-Za-z_][\w.]*\[|(?:lambda|new|await|not|function)\b
      |[\[({].*\sfor\s|\(\s*\w+\s*[-+*/])
    """,
    re.VERBOSE,
)
#: In a passage of code among other lines, so many lines may be between two lines of code.
_APART = 3
_COMMENT = regex(rb"(?:\#|//|/\*|\*|--|<!--|;|%)")


def is_code(line: bytes) -> bool:
    """Return whether a line without the blanks around it is a line of code."""
    return _CODE.match(line) is not None


def passages(lines: Sequence[bytes], *, rows: bool = False) -> Iterator[tuple[int, int]]:
    """Yield the place of each passage of code among lines: that of its first line, and that after its last one.

    Among ``rows`` of data a line of code alone is a passage, too, if there are enough others anywhere.
    """
    places = [at for at, line in enumerate(lines) if line and is_code(line)]
    least = 1 if rows and len(places) >= CODE_LINES else CODE_LINES
    start = 0
    for at in range(1, len(places) + 1):
        if at == len(places) or places[at] - places[at - 1] > _APART + 1:
            if at - start >= least:
                yield places[start], places[at - 1] + 1
            start = at


def code_share(lines: Sequence[bytes]) -> tuple[int, float]:
    """Return the number of lines of code among lines, and their share, comments and empty lines apart."""
    told = [line for line in lines if line and (_COMMENT.match(line) is None or is_code(line))]
    code = sum(map(is_code, told))
    return code, code / len(told) if told else 0.0
