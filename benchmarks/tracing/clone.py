"""A bare clone of a real repository, kept between runs, in which commits for a benchmark are made."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from bench import GIT_ENV

#: The start of a commit object up to its message (gitformat-commit); what else stands there (signatures) is not kept.
_KEPT_HEADERS = (b"author ", b"committer ", b"encoding ")


def clean_environment() -> dict[str, str]:
    """Return the caller's environment without its git settings, and with those of the benchmarks."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | GIT_ENV


class Clone:
    """A bare repository. What was once made in it is remembered beside its objects, under a name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.env = clean_environment() | {"GIT_DIR": str(path)}

    @classmethod
    def of(cls, bundle: Path, path: Path) -> Clone:
        """Return the mirror of a bundle at a path, made if it is not there yet."""
        clone = cls(path)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            # An interrupted clone must not be taken for a whole one.
            unfinished = path.with_name(f"{path.name}.{os.getpid()}")
            command = ("git", "clone", "--quiet", "--mirror", str(bundle), str(unfinished))
            subprocess.run(command, env=clean_environment(), check=True)
            unfinished.rename(path)
            clone.write_graph()
        return clone

    def git(
        self, *args: str, stdin: bytes = b"", env: Mapping[str, str] | None = None, allowed: Iterable[int] = (0,)
    ) -> bytes:
        """Run git here and return its output. Raised: ``CalledProcessError`` for a status that is not allowed."""
        done = subprocess.run(
            ("git", *args), input=stdin, env=self.env | dict(env or {}), cwd=self.path, capture_output=True, check=False
        )
        if done.returncode not in allowed:
            raise subprocess.CalledProcessError(done.returncode, done.args, done.stdout, done.stderr)
        return done.stdout

    def lines(self, *args: str, stdin: str = "") -> list[str]:
        """Run git and return the lines of its output."""
        return self.git(*args, stdin=stdin.encode()).decode().splitlines()

    def write_graph(self) -> None:
        self.git("commit-graph", "write", "--reachable")

    def objects(self, names: Iterable[str]) -> dict[str, bytes]:
        """Return the content of objects by the names that they were asked by; what is missing is left out."""
        asked = list(dict.fromkeys(names))
        output = self.git("cat-file", "--batch", stdin="".join(f"{name}\n" for name in asked).encode())
        found: dict[str, bytes] = {}
        at = 0
        for name in asked:
            end = output.index(b"\n", at)
            head = output[at:end]
            at = end + 1
            if not head.endswith(b" missing"):
                size = int(head.split()[2])
                found[name] = output[at : at + size]
                at += size + 1
        return found

    def write(self, kind: str, content: bytes) -> str:
        """Store an object of a kind (commit, blob) and return its oid."""
        return self.git("hash-object", "-t", kind, "-w", "--stdin", stdin=content).decode().strip()

    def refs(self, prefix: str) -> dict[str, str]:
        """Return the refs below a prefix that ends in ``/``, with what each names."""
        pairs = (line.split() for line in self.lines("for-each-ref", "--format=%(refname) %(objectname)", prefix))
        return dict(pairs)

    def replace_refs(self, prefix: str, refs: Mapping[str, str]) -> None:
        """Make ``refs`` all that there is below a prefix, and put their objects into a pack, as a clone has them."""
        gone = self.refs(prefix).keys() - refs.keys()
        commands = [f"delete {ref}\n" for ref in gone] + [f"update {ref} {oid}\n" for ref, oid in refs.items()]
        self.git("update-ref", "--stdin", stdin="".join(commands).encode())
        self.pack()

    def pack(self) -> None:
        """Pack loose objects and refs, drop what nothing leads to, and bring the commit-graph up to date."""
        self.git("pack-refs", "--all")
        self.git("repack", "-d", "--quiet")
        self.git("prune", "--expire=now")
        self.write_graph()

    def index_bytes(self) -> int:
        """Return how many bytes labgate keeps in this repository."""
        return sum(path.stat().st_size for path in (self.path / "labgate").rglob("*") if path.is_file())

    def remembers(self, name: str, recipe: object) -> bool:
        """Return whether what goes by a name was last made by this very recipe (JSON values)."""
        path = self.path / f"benchmark-{name}.json"
        return path.is_file() and path.read_text(encoding="ascii") == _digest(recipe)

    def remember(self, name: str, recipe: object) -> None:
        (self.path / f"benchmark-{name}.json").write_text(_digest(recipe), encoding="ascii")


def in_portions(values: Iterable[str], size: int) -> Iterator[list[str]]:
    """Yield values in lists of at most ``size``."""
    held = list(values)
    for start in range(0, len(held), size):
        yield held[start : start + size]


def commit_object(like: bytes, tree: str, parents: Iterable[str], message: bytes | None = None) -> bytes:
    """Return a commit object with the people and dates of another (``like``, raw), and its message unless given one."""
    header, _, own = like.partition(b"\n\n")
    kept = [line for line in header.split(b"\n") if line.startswith(_KEPT_HEADERS)]
    lines = [b"tree " + tree.encode(), *(b"parent " + parent.encode() for parent in parents), *kept]
    return b"\n".join(lines) + b"\n\n" + (own if message is None else message)


def _digest(recipe: object) -> str:
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()
