"""The hosts for which the user's ssh has names of its own (ssh_config(5), ``Host`` and ``HostName``).

People with two accounts on one code host push to ``git@work:acme/models.git``. ``ssh -G`` would say where that leads,
but it starts the commands of ``Match exec``, so the file is read: ``Match`` blocks and files that ``ssh -F`` names are
left out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from labgate.values.files import read_bounded

#: The most bytes of one file, files, and lines of all of them that are read.
_MOST, _FILES, _LINES = 2**18, 20, 20_000
_SCHEMES = ("ssh", "git+ssh", "ssh+git")


def real_url(url: str, environ: Mapping[str, str]) -> str | None:
    """Return a URL of ssh with the host that the user's ssh connects to; ``None`` if it has that already."""
    start, host, end = _split(url)
    home = environ.get("HOME")
    if not host or not home:
        return None
    folder = os.path.join(home, ".ssh")
    found = next(_hostnames(host.lower(), os.path.join(folder, "config"), _Room(folder)), None)
    return None if found in (None, host) else f"{start}{found}{end}"


def _split(url: str) -> tuple[str, str, str]:
    """Return the host of a URL of ssh, with what is before and behind it; three empty texts for any other URL."""
    scheme, separator, rest = url.partition("://")
    if separator and scheme.lower() not in _SCHEMES:
        return "", "", ""
    authority, end, path = rest.partition("/") if separator else url.partition(":")
    if not end or "/" in authority or "[" in authority:
        return "", "", ""
    user, at, host = authority.rpartition("@")
    host, colon, port = host.partition(":")
    return f"{scheme if separator else ''}{separator}{user}{at}", host, f"{colon}{port}{end}{path}"


class _Room:
    """How many files, below ``folder``, and lines may still be read, as files may include each other."""

    def __init__(self, folder: str) -> None:
        self.folder, self.files, self.lines = folder, _FILES, _LINES


def _hostnames(host: str, path: str, room: _Room) -> Iterator[str]:
    """Yield the names that a file, and those that it includes, give a host. ssh takes the first of them."""
    applies = True
    for key, words in _lines(path, room):
        if key == "host":
            barred = any(_fits(word[1:], host) for word in words if word.startswith("!"))
            applies = not barred and any(_fits(word, host) for word in words)
        elif key == "match":
            applies = [word.lower() for word in words] == ["all"]
        elif key == "hostname" and applies and words:
            yield words[0].replace("%h", host).replace("%%", "%").lower()
        elif key == "include" and applies:
            for word in words:
                for found in _named(os.path.join(room.folder, os.path.expanduser(word))):
                    yield from _hostnames(host, found, room)


def _lines(path: str, room: _Room) -> Iterator[tuple[str, list[str]]]:
    """Yield each keyword of a file, in small letters, with its words."""
    room.files -= 1
    try:
        text = os.fsdecode(read_bounded(path, _MOST)) if room.files >= 0 else ""
    except OSError:
        return
    for line in text.split("\n"):
        room.lines -= 1
        # The first "=" may stand in place of blanks.
        words = line.replace("=", " ", 1).replace('"', " ").split() if room.lines >= 0 else []
        if words and not words[0].startswith("#"):
            yield words[0].lower(), words[1:]


def _named(pattern: str) -> list[str]:
    if not any(letter in pattern for letter in "*?["):
        return [pattern]
    from glob import glob  # few include a whole folder

    return sorted(glob(pattern))


def _fits(pattern: str, host: str) -> bool:
    """Return whether a pattern of ssh matches a host: ``*`` and ``?`` (ssh_config(5), "PATTERNS")."""
    if pattern == "*" or "*" not in pattern.replace("?", "*"):
        return pattern in ("*", host)
    from fnmatch import fnmatchcase  # most patterns are names

    return fnmatchcase(host, pattern.replace("[", "[[]"))
