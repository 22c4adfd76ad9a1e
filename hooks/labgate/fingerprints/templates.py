"""Text that a team takes from a template and no program runs: ignore files, codes of conduct, forms for issues."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from labgate.fingerprints.content import passages
from labgate.values.regexes import regex

#: So many lines in a row in a file that is there already are a template's, too.
TEMPLATE_LINES = 10
#: Lists of patterns and of hooks, and the files that a code host offers to write (GitHub, "Creating a default community
#: health file", "Configuring Dependabot version updates", "Displaying a sponsor button").
_NAME = regex(
    r"""
      (?:^|/)(?:\.[a-z]+ignore|\.gitattributes|\.editorconfig|manifest\.in|\.pre-commit-config\.yaml)$
    | (?:^|/)\.github/(?:dependabot|funding)\.ya?ml$ | (?:^|/)(?:code[-_]of[-_]conduct|security)(?:\.(?:md|rst|txt))?$
    | (?:^|/)issue[-_]template(?:s?/|\.(?:md|txt)$)
    """,
    re.VERBOSE | re.IGNORECASE,
)


@lru_cache(maxsize=1 << 16)
def is_template(path: str) -> bool:
    """Return whether files of this name start from templates."""
    return _NAME.search(path) is not None


def own_lines(status: str, deleted: Sequence[bytes], added: list[bytes]) -> list[bytes]:
    """Return those lines that are added to a template's file and are no template's.

    In a new file and in a long block only code is. ``deleted`` are the lines that they replace, ``status`` that of the
    file (``FilePatch``).
    """
    if status != "A" and (deleted or len(added) < TEMPLATE_LINES):
        return added
    return [line for first, last in passages(added) for line in added[first:last]]
