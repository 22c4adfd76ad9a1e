"""The lines about files that labgate refused to use: what each is, and the command that puts it aside."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from shlex import quote

from labgate.report.escape import safe
from labgate.report.parts import help_line
from labgate.values.files import SECOND_NAME


def refused_lines(refused: Mapping[str, str]) -> Iterator[str]:
    """Yield lines for each refused file (``values.files.REFUSED``), without newlines."""
    for path, reason in refused.items():
        yield f"labgate: not used: {safe(path)} {safe(reason)}; this run is like one in a fresh clone"
        yield help_line(_mending(path, reason), indent=2)


def _mending(path: str, reason: str) -> str:
    """Return the command after which labgate can use the file, or make a new one; it destroys nothing."""
    aside = path + ".refused"
    number = 1
    while os.path.lexists(aside):
        number += 1
        aside = f"{path}.refused-{number}"
    if reason == SECOND_NAME:
        return f"cp -p {quote(path)} {quote(aside)} && mv {quote(aside)} {quote(path)}"
    return f"mv {quote(path)} {quote(aside)}"
