"""Histories that grow and are rewritten step by step, many commits in one ``git fast-import``."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from support.provenance import code
from support.repo import Repo

NAMES = ("ranking", "merging", "pruning", "scoring", "sampling", "hashing", "folding")
PATHS = ("core.py", "lib/tools.py", "docs.md")
MAIN = "main"
#: Which branches are cut from another one, where there is that.
STACKED = {"research/y": "topic"}

#: A file is its functions, each in one of a few variants.
Files = Mapping[str, tuple[tuple[str, int], ...]]


@dataclass(eq=False)
class Node:
    """A commit; ``oid`` is empty until git has made it."""

    mark: int
    files: Files
    parents: tuple[Node, ...] = ()
    oid: str = ""

    def changed(self) -> dict[str, tuple[tuple[str, int], ...]]:
        before = self.parents[0].files if self.parents else {}
        return {path: content for path, content in self.files.items() if before.get(path) != content}

    def chain(self) -> Iterator[Node]:
        """Yield the first parents, newest first, itself included."""
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parents[0] if node.parents else None


@dataclass
class Historian:
    """Makes branches of a repository what a story says; git knows of it after ``write``."""

    repo: Repo
    branches: dict[str, Node] = field(default_factory=dict)
    #: Where each branch was cut.
    _bases: dict[str, Node] = field(default_factory=dict)
    _new: list[Node] = field(default_factory=list)
    _gone: set[str] = field(default_factory=set)
    _marks: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def start(self) -> None:
        self._put(MAIN, {"core.py": (("ranking", 0), ("merging", 0)), "docs.md": (("hashing", 0),)})

    def commit(self, branch: str, number: int) -> None:
        """Change a file of a branch. A new one is cut from main, a stacked one from another."""
        tip = self._tip(branch)
        self._put(branch, _edited(tip.files, number), tip)

    def amend(self, branch: str, number: int) -> None:
        tip = self._tip(branch)
        if tip.parents:
            self._put(branch, _edited(tip.files, number), *tip.parents)

    def merge(self, into: str, other: str) -> None:
        ours, theirs = self._tip(into), self._tip(other)
        if theirs not in ours.chain():
            self._put(into, {**ours.files, **self._since(other)}, ours, theirs)

    def squash(self, branch: str) -> None:
        """Land a branch on main as one commit."""
        trunk = self.branches[MAIN]
        self._put(MAIN, {**trunk.files, **self._since(branch)}, trunk)

    def pick(self, branch: str) -> None:
        """Land the last commit of a branch."""
        trunk = self.branches[MAIN]
        self._put(MAIN, {**trunk.files, **self._tip(branch).changed()}, trunk)

    def rebase(self, branch: str) -> None:
        """Write the commits of a branch anew on top of main."""
        tip, trunk = self._tip(branch), self.branches[MAIN]
        own = list(itertools.takewhile(lambda node: node is not self._bases[branch], tip.chain()))
        if branch == MAIN or not own:
            return
        self.branches[branch] = self._bases[branch] = trunk
        for node in reversed(own):
            above = self.branches[branch]
            self._put(branch, {**above.files, **node.changed()}, above)

    def delete(self, branch: str) -> None:
        if branch != MAIN and self.branches.pop(branch, None) is not None:
            self._gone.add(branch)

    def write(self) -> None:
        """Let git have it."""
        stream = [part for node in self._new for part in _commit(node)]
        stream += [f"reset refs/heads/{name}\nfrom {'0' * 40}\n" for name in ("scratch", *self._gone)]
        stream += [f"reset refs/heads/{name}\nfrom {_name(node)}\n" for name, node in self.branches.items()]
        marks = Path(f"{self.repo.path}-marks")
        self.repo.git(
            *("-c", "fastimport.unpackLimit=0", "fast-import", "--quiet", "--force", f"--export-marks={marks}"),
            stdin="\n".join(stream) + "\n",
        )
        oids = dict(line.split() for line in marks.read_text(encoding="ascii").splitlines())
        for node in self._new:
            node.oid = oids[f":{node.mark}"]
        self._new, self._gone = [], set()

    def _tip(self, branch: str) -> Node:
        if branch not in self.branches:
            start = STACKED.get(branch, MAIN)
            self.branches[branch] = self._bases[branch] = self.branches.get(start, self.branches[MAIN])
            self._gone.discard(branch)
        return self.branches[branch]

    def _put(self, branch: str, files: Files, *parents: Node) -> None:
        node = Node(next(self._marks), files, parents)
        self._new.append(node)
        self.branches[branch] = node
        self._bases.setdefault(branch, node)

    def _since(self, branch: str) -> dict[str, tuple[tuple[str, int], ...]]:
        """Return the files that a branch changes from where it was cut."""
        tip, before = self._tip(branch), self._bases[branch].files
        return {path: content for path, content in tip.files.items() if before.get(path) != content}


def _edited(files: Files, number: int) -> Files:
    number, which = divmod(number, len(PATHS))
    number, name = divmod(number, len(NAMES))
    path, parts = PATHS[which], dict(files.get(PATHS[which], ()))
    if number % 4 == 3 and len(parts) > 1:
        parts.pop(NAMES[name], None)
    else:
        parts[NAMES[name]] = number % 4
    return {**files, path: tuple(parts.items())}


def _name(node: Node) -> str:
    return node.oid or f":{node.mark}"


def _commit(node: Node) -> Iterator[str]:
    yield f"commit refs/heads/scratch\nmark :{node.mark}\ncommitter G <g@x> {1_700_000_000 + 60 * node.mark} +0000"
    yield f"data <<END\nCommit {node.mark}\nEND"
    for word, parent in zip(("from", *["merge"] * len(node.parents)), node.parents, strict=False):
        yield f"{word} {_name(parent)}"
    yield "deleteall"
    for path, parts in node.files.items():
        text = "\n".join(code(name).replace("* 3", f"* {variant + 3}") for name, variant in parts)
        yield f"M 100644 inline {path}\ndata <<END\n{text}END"
    yield ""
