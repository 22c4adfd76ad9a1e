"""Ten pull requests as one long-lived research branch, on which every commit of theirs is replayed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tracing.clone import Clone, commit_object
from tracing.labels import Labels, Range

#: Changes whenever the commits that are made do: what was made by another recipe is made again.
RECIPE = 1
TOGETHER = 10
_MARKER = 31
_REGULAR = ("100644", "100755")
_GONE = ("0", "0" * 40)


def prefix(word: str) -> str:
    """Return where the branches made of the set ``word`` (half, first) stand."""
    return f"refs/bench/fused-{word}/"


def groups(ranges: Iterable[Range], together: int = TOGETHER) -> list[tuple[Range, ...]]:
    """Return ranges by number, ten at a time; the last group may have fewer."""
    ordered = sorted(ranges, key=lambda part: part.number)
    return [tuple(ordered[start : start + together]) for start in range(0, len(ordered), together)]


def holding(ranges: Iterable[Range], word: str) -> dict[int, str]:
    """Return the ref of the fused branch that holds each pull request."""
    return {part.number: f"{prefix(word)}{place}" for place, group in enumerate(groups(ranges), 1) for part in group}


def fuse(clone: Clone, labels: Labels, word: str) -> None:
    """Make the fused branches of a set, unless they are there. Needs ``git merge-tree --write-tree`` (git 2.38)."""
    ranges = labels.indexed[word]
    recipe = [RECIPE, [[part.number, part.base, part.tip] for part in ranges]]
    if clone.remembers(f"fused-{word}", recipe):
        return
    chain = clone.lines("rev-list", "--first-parent", "--reverse", labels.main)
    place = {oid: position for position, oid in enumerate(chain)}
    made = {}
    for number, group in enumerate(groups(ranges), 1):
        fork = min((part.base for part in group), key=lambda base: place[base])
        made[f"{prefix(word)}{number}"] = Branch(clone, fork).replay(group)
    clone.replace_refs(prefix(word), made)
    clone.remember(f"fused-{word}", recipe)


class Branch:
    """A branch that grows, from a commit of main on."""

    def __init__(self, clone: Clone, fork: str) -> None:
        self.clone = clone
        self.tip = fork
        self.tree = clone.lines("rev-parse", f"{fork}^{{tree}}")[0]

    def replay(self, ranges: Sequence[Range]) -> str:
        """Put the commits of each range on top, one by one, merges of main left out; return the new tip."""
        for part in ranges:
            own = self.clone.lines("rev-list", "--topo-order", "--reverse", "--no-merges", f"{part.base}..{part.tip}")
            content = self.clone.objects(own)
            for commit in own:
                self._pick(commit, content[commit])
        return self.tip

    def _pick(self, commit: str, content: bytes) -> None:
        """Apply a commit to the tip as a three-way merge whose base is the commit's own parent.

        ``git merge-tree`` before 2.40 finds the base in history alone, so the tip's tree is dressed as a child of it.
        """
        header = content.partition(b"\n\n")[0].split(b"\n")
        parents = [line[7:].decode() for line in header if line.startswith(b"parent ")]
        if not parents:
            return
        dressed = self.clone.write("commit", commit_object(content, self.tree, parents, b"The branch so far\n"))
        asked = ("merge-tree", "--write-tree", "--no-messages", "-z", dressed, commit)
        tree, *conflicts = self.clone.git(*asked, allowed=(0, 1)).decode("utf-8", "surrogateescape").split("\0")
        tree = self._settled(tree, [entry for entry in conflicts if entry])
        if tree != self.tree:
            self.tip = self.clone.write("commit", commit_object(content, tree, [self.tip]))
            self.tree = tree

    def _settled(self, tree: str, conflicts: Sequence[str]) -> str:
        """Return a tree without conflicts. Each of them is ``MODE OID STAGE<tab>PATH`` (git-merge-tree)."""
        if not conflicts:
            return tree
        stages: dict[str, dict[str, tuple[str, str]]] = {}
        for entry in conflicts:
            (mode, oid, stage), path = entry.partition("\t")[0].split(), entry.partition("\t")[2]
            stages.setdefault(path, {})[stage] = (mode, oid)
        settled = {path: self._settle_file(sides) for path, sides in stages.items()}
        with tempfile.TemporaryDirectory() as folder:
            env = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            self.clone.git("read-tree", tree, env=env)
            lines = "".join(f"{mode} {oid}\t{path}\0" for path, (mode, oid) in settled.items())
            stdin = lines.encode("utf-8", "surrogateescape")
            self.clone.git("update-index", "-z", "--replace", "--index-info", stdin=stdin, env=env)
            return self.clone.git("write-tree", env=env).decode().strip()

    def _settle_file(self, sides: Mapping[str, tuple[str, str]]) -> tuple[str, str]:
        """Return mode and blob for a file in conflict; what cannot be merged line by line is as the range has it."""
        theirs = sides.get("3", _GONE)
        if len(sides) < 3 or any(mode not in _REGULAR for mode, _ in sides.values()):
            return theirs
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for stage in "213":
                paths.append(str(Path(folder) / stage))
                Path(paths[-1]).write_bytes(self.clone.git("cat-file", "blob", sides[stage][1]))
            # The status is the number of conflicts, at most 127; 255 where a side is binary.
            merge = ("merge-file", "-p", "--diff3", f"--marker-size={_MARKER}", *paths)
            merged = self.clone.git(*merge, allowed=range(256))
        if not merged:
            return theirs
        return theirs[0], self.clone.write("blob", settle(merged))


def settle(merged: bytes) -> bytes:
    """Return a file with its conflicts settled as people do: both additions at one place stay, else the newer wins.

    ``merged`` has git's markers in the style diff3, of length 31.
    """
    kept: list[bytes] = []
    ours: list[bytes] = []
    base: list[bytes] = []
    section: list[bytes] = kept
    for line in merged.splitlines(keepends=True):
        mark = line[:_MARKER]
        if mark == b"<" * _MARKER:
            section = ours = []
        elif mark == b"|" * _MARKER:
            section = base = []
        elif mark == b"=" * _MARKER and section is base:
            if not base:
                kept += ours
            section = kept
        elif mark == b">" * _MARKER:
            section = kept
        else:
            section.append(line)
    return b"".join(kept)
