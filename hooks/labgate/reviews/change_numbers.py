"""The pull or merge requests in a commit's message: code hosts add the number when they land a change."""

from __future__ import annotations

import re

from labgate.values.ref_update import Commit

#: GitHub, Gitea and GitLab, in the title of a squash; GitHub and Gitea, then GitLab, in the message of a merge.
_NUMBERS = re.compile(
    r"\A[^\n]*\((?:#|GH-|!)([0-9]{1,9})\)[ \t]*$"
    r"|\AMerge pull request (?:#|'[^\n]*' \(#)([0-9]{1,9})"
    r"|^See merge request [^\s!]*!([0-9]{1,9})$",
    re.MULTILINE,
)


def numbers_in(commit: Commit) -> tuple[int, ...]:
    """Return the numbers of the changes that a commit's message names, each once."""
    found = (number for match in _NUMBERS.finditer(commit.message) for number in match.groups() if number)
    return tuple(dict.fromkeys(map(int, found)))
