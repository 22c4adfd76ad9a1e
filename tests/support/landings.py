"""The whole history of instructlab/sdg as if its team had had a policy from the first commit on."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from support.data import bundle
from support.repo import Repo
from support.sdg import LIMITS, POLICY

RESEARCH = "refs/remotes/origin/research/pr-72"
TRUNK = "refs/remotes/origin/main"
#: Where pull request 72 of instructlab/sdg was cut from.
BASE = "27883849f403ae4f6bad63dadf70c8e3cf0fce82"


@dataclass(frozen=True)
class Landing:
    """What landed on ``main`` at once: its tip ``before`` and ``after``. ``number`` counts from 1, in order."""

    number: int
    before: str
    after: str


class Landings:
    """A repository in which ``origin/main`` can stand wherever it once stood.

    ``research/pr-72`` is there from the landing on that it was cut from; any earlier it would hold what was only to
    become ``main``.
    """

    def __init__(self, folder: Path) -> None:
        self.repo = Repo.init(folder / "landings")
        self.repo.git("remote", "add", "origin", str(folder / "nowhere.git"))
        refs = ("+refs/heads/main:refs/old/main", "+refs/pull/72/head:refs/old/pr-72")
        self.repo.git("fetch", "--quiet", "--no-tags", str(bundle("sdg.bundle")), *refs)
        new = _with_policy(self.repo, ("refs/old/main", "refs/old/pr-72"))
        chain = self.repo.git("rev-list", "--first-parent", "--reverse", new[self.repo.head("refs/old/main")]).split()
        self.all = tuple(Landing(number, *pair) for number, pair in enumerate(pairwise(chain), 1))
        self._research = new[self.repo.head("refs/old/pr-72")]
        self.cut = chain.index(new[BASE])

    def stand_before(self, landing: Landing) -> tuple[str, ...]:
        """Put the remote-tracking refs where they stood; return the arguments that ask for the next landing."""
        # Time runs backwards here: what labgate saw of later days has not happened yet.
        for name in ("ledger", "ledger-others"):
            (self.repo.path / ".git" / "labgate" / name).unlink(missing_ok=True)
        self.repo.git("update-ref", TRUNK, landing.before)
        if landing.number > self.cut:
            self.repo.git("update-ref", RESEARCH, self._research)
        else:
            self.repo.git("update-ref", "-d", RESEARCH)
        return ("check", "--target", "main", "--head", landing.after, "--format", "json")


def _with_policy(repo: Repo, refs: tuple[str, ...]) -> dict[str, str]:
    """Write every commit anew with a ``labgate.toml`` in its tree; return the new oid of each old one."""
    (repo.path / "labgate.toml").write_text(POLICY + LIMITS, encoding="utf-8")
    policy = repo.git("hash-object", "-w", "labgate.toml")
    oids = repo.git("rev-list", "--topo-order", "--reverse", *refs).split()
    marks = {oid: number for number, oid in enumerate(oids, 1)}
    export = repo.path.parent / "marks"
    subprocess.run(
        ["git", "fast-import", "--quiet", "--force", f"--export-marks={export}"],
        input=b"".join(_rewritten(repo, oids, marks, policy)),
        cwd=repo.path,
        env=repo.env,
        check=True,
    )
    new = dict(line.split() for line in export.read_text(encoding="ascii").splitlines())
    return {oid: new[f":{number}"] for oid, number in marks.items()}


def _rewritten(repo: Repo, oids: list[str], marks: dict[str, int], policy: str) -> Iterator[bytes]:
    """Yield the commits in the format of git-fast-import: as they are, but for the policy and signatures."""
    batch = subprocess.run(
        ["git", "cat-file", "--batch"],
        input="\n".join(oids).encode() + b"\n",
        cwd=repo.path,
        env=repo.env,
        capture_output=True,
        check=True,
    ).stdout
    for oid in oids:
        head, _, batch = batch.partition(b"\n")
        size = int(head.split()[2])
        header, _, message = batch[:size].partition(b"\n\n")
        batch = batch[size + 1 :]
        fields = [line.partition(b" ")[::2] for line in header.split(b"\n") if not line.startswith(b" ")]
        named = dict(fields)
        parents = [marks[value.decode()] for name, value in fields if name == b"parent"]
        yield b"reset refs/scratch\ncommit refs/scratch\nmark :%d\n" % marks[oid]
        yield b"author %s\ncommitter %s\ndata %d\n%s\n" % (named[b"author"], named[b"committer"], len(message), message)
        for word, parent in zip((b"from", *[b"merge"] * len(parents)), parents, strict=False):
            yield b"%s :%d\n" % (word, parent)
        yield b'M 040000 %s ""\nM 100644 %s labgate.toml\n\n' % (named[b"tree"], policy.encode())
