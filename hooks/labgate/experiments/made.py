"""Which files a run made or changed: those that match globs, ignored ones too, by a look before and one after."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from labgate.experiments.artifacts import may_be_artifact
from labgate.experiments.digests import digests_of
from labgate.policy.glob import Glob
from labgate.values.value import Value

#: A file this young may change again without a change of its time stamps, in nanoseconds (git: "racily clean"). File
#: systems differ; the coarsest stamps are two seconds apart.
_YOUNG = 2_000_000_000
#: Largest young file whose content is compared, in bytes; it takes longer to write a larger one than a stamp is coarse.
_COMPARED = 1 << 26
_WILD = frozenset("*?")


class Place(Value):
    """Files that a glob matches: ``text`` as typed, matched with paths relative to ``base``, in ``root`` and below.

    ``base`` and ``root`` are absolute.
    """

    text: str
    glob: Glob
    base: str
    root: str

    def matches(self, path: str) -> bool:
        """Return whether an absolute path matches."""
        return _is_below(path, self.root) and self.glob.matches(os.path.relpath(path, self.base))

    @property
    def is_everything(self) -> bool:
        """Whether the glob matches every file below its root."""
        return not self.glob.text.strip("*?/")

    def glob_below(self, top: str) -> Glob | None:
        """Return the glob for paths relative to ``top``, ``None`` if it matches none of them."""
        if self.base == top:
            return self.glob
        if not _is_below(self.base, top):
            return None
        return Glob(f"/{os.path.relpath(self.base, top)}/{self.glob.text.removeprefix('/')}")


def policy_place(glob: Glob, top: str) -> Place:
    """Return the place of a glob of the policy; ``top`` is the root of the work tree."""
    anchored = glob.text.removeprefix("/") if "/" in glob.text else ""
    return Place(glob.text, glob, top, os.path.join(top, *_literal(anchored)))


def typed_place(text: str, directory: str, top: str) -> Place:
    """Return the place of a glob that somebody typed in ``directory``.

    One with a slash is relative to that; one without is matched with the last part of a path in the whole work tree,
    as in the policy. A folder stands for all that is in it.
    """
    path = os.path.join(directory, text)
    if text.endswith("/") or os.path.isdir(path):
        return _in_folder(text, path.rstrip("/") or "/", "**")
    if "/" not in text:
        return Place(text, Glob(text), top, top)
    literal = _literal(text)
    return _in_folder(
        text, os.path.join(directory, "/" if text.startswith("/") else "", *literal), _rest(text, literal)
    )


def _in_folder(text: str, folder: str, rest: str) -> Place:
    # A leading slash anchors a glob at its base.
    return Place(text, Glob("/" + rest), os.path.normpath(folder), os.path.normpath(folder))


def _literal(text: str) -> list[str]:
    """Return the folders that a glob begins with, up to its first part with a wildcard."""
    folders = text.split("/")[:-1]
    wild = next((index for index, part in enumerate(folders) if _WILD.intersection(part)), len(folders))
    return [part for part in folders[:wild] if part]


def _rest(text: str, literal: Sequence[str]) -> str:
    parts = [part for part in text.split("/") if part]
    return "/".join(parts[len(literal) :])


class Seen(Value):
    """A file at one moment: what stat says, and the digest of its content where it may change without a trace."""

    stamp: tuple[int, ...]
    sha256: str | None


def look(places: Iterable[Place], now: int, without: frozenset[str] = frozenset()) -> dict[str, Seen]:
    """Return the files that match, by absolute path. ``now`` is in nanoseconds since 1970; ``without`` are no matches.

    A file that cannot be read or has just gone is left out.
    """
    found = {}
    for path in matching(places):
        if path in without:
            continue
        with suppress(OSError):
            status = os.stat(path)
            young = max(status.st_mtime_ns, status.st_ctime_ns) > now - _YOUNG and status.st_size <= _COMPARED
            found[path] = Seen(_stamp(status), digests_of(path)["sha256"] if young else None)
    return found


def made(before: Mapping[str, Seen], after: Mapping[str, Seen]) -> list[str]:
    """Return the paths that are new or changed, sorted."""
    return sorted(path for path, seen in after.items() if path not in before or _differs(before[path], seen, path))


def _differs(before: Seen, after: Seen, path: str) -> bool:
    if before.stamp != after.stamp:
        return True
    if before.sha256 is None:
        return False
    with suppress(OSError):
        return (after.sha256 or digests_of(path)["sha256"]) != before.sha256
    return False


def _stamp(status: os.stat_result) -> tuple[int, ...]:
    # The change time cannot be set: it shows a file whose modification time was put back (stat(2)).
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def matching(places: Iterable[Place]) -> Iterator[str]:
    """Yield the absolute path of each file that matches, in no order; a link counts as the file that it names.

    Records and git's own files never match.
    """
    wanted = list(places)
    roots = sorted({place.root for place in wanted})
    for root in roots:
        if any(_is_below(root, other) for other in roots if other != root):
            continue
        mine = [place for place in wanted if place.root == root or _is_below(place.root, root)]
        for path in _files(root):
            if may_be_artifact(path) and any(place.matches(path) for place in mine):
                yield path


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/")


def _files(folder: str) -> Iterator[str]:
    """Yield the files below a folder; not git's own, and not those behind links to folders, which may lead anywhere."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        with suppress(OSError):
            if entry.is_dir(follow_symlinks=False):
                if entry.name != ".git":
                    yield from _files(entry.path)
            elif entry.is_file():
                yield entry.path
