"""A real history written anew, so that each of its commits has a policy, as if the team had had one from the start."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence

from support.repo import Repo

#: The ref under which git-fast-import makes the commits; nothing keeps it afterwards but the caller's own refs.
SCRATCH = "refs/scratch"


def with_policy(
    repo: Repo, refs: Sequence[str], policy: str, trailers: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Write all commits of ``refs`` anew with a ``labgate.toml`` in the tree; return the new oid of each old one.

    ``trailers``: a line to add below the message of a commit, by its old oid. Dates and names stay as they are;
    signatures are lost.
    """
    blob = repo.git("hash-object", "-w", "--stdin", stdin=policy)
    oids = repo.git("rev-list", "--topo-order", "--reverse", *refs).split()
    marks = {oid: number for number, oid in enumerate(oids, 1)}
    export = repo.path.parent / "marks"
    subprocess.run(
        ["git", "fast-import", "--quiet", "--force", f"--export-marks={export}"],
        input=b"".join(_rewritten(repo, oids, marks, blob, trailers or {})),
        cwd=repo.path,
        env=repo.env,
        check=True,
    )
    new = dict(line.split() for line in export.read_text(encoding="ascii").splitlines())
    return {oid: new[f":{number}"] for oid, number in marks.items()}


def _rewritten(
    repo: Repo, oids: list[str], marks: dict[str, int], policy: str, trailers: Mapping[str, str]
) -> Iterator[bytes]:
    """Yield the commits in the format of git-fast-import."""
    for oid, commit in zip(oids, _contents(repo, oids), strict=True):
        header, _, message = commit.partition(b"\n\n")
        if oid in trailers:
            message = b"%s\n\n%s\n" % (message.rstrip(b"\n"), trailers[oid].encode())
        fields = [line.partition(b" ")[::2] for line in header.split(b"\n") if not line.startswith(b" ")]
        named = dict(fields)
        parents = [marks[value.decode()] for name, value in fields if name == b"parent"]
        yield b"reset %s\ncommit %s\nmark :%d\n" % (SCRATCH.encode(), SCRATCH.encode(), marks[oid])
        yield b"author %s\ncommitter %s\ndata %d\n%s\n" % (named[b"author"], named[b"committer"], len(message), message)
        for word, parent in zip((b"from", *[b"merge"] * len(parents)), parents, strict=False):
            yield b"%s :%d\n" % (word, parent)
        yield b'M 040000 %s ""\nM 100644 %s labgate.toml\n\n' % (named[b"tree"], policy.encode())


def _contents(repo: Repo, oids: list[str]) -> Iterator[bytes]:
    """Yield the content of each commit, in order."""
    output = subprocess.run(
        ["git", "cat-file", "--batch"],
        input="\n".join(oids).encode() + b"\n",
        cwd=repo.path,
        env=repo.env,
        capture_output=True,
        check=True,
    ).stdout
    at = 0
    for _ in oids:
        end = output.index(b"\n", at)
        size = int(output[at:end].split()[2])
        yield output[end + 1 : end + 1 + size]
        at = end + size + 2
