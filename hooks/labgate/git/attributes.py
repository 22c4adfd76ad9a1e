"""gitattributes of one tree: which of a change's paths the trunk calls generated or vendored."""

from __future__ import annotations

import os
from collections.abc import Iterable

from labgate.git.repository import Repository
from labgate.git.runner import Git

#: GitHub's linguist names, which other hosts and tools read too.
EXCLUDING = ("linguist-generated", "linguist-vendored")


def excluded_paths(repository: Repository, tree: str, paths: Iterable[str]) -> frozenset[str]:
    """Return the paths that the tree's own ``.gitattributes`` files mark with one of ``EXCLUDING``.

    ``tree`` is the oid of a tree or of a commit. git below 2.40 has no ``check-attr --source``: a throw-away index with
    just the attribute files does the same.
    """
    wanted = sorted(set(paths))
    listing = repository.objects.run("ls-tree", "-r", "-z", "--full-tree", tree) if wanted else b""
    files = [line for line in listing.split(b"\0") if line.partition(b"\t")[2].rpartition(b"/")[2] == b".gitattributes"]
    if not files:
        return frozenset()
    folder = repository.objects.git_dir
    git = Git(folder, repository.environ, index=os.path.join(folder, f"attributes-of-{tree}"))
    git.run("update-index", "-z", "--index-info", stdin=b"\0".join(files) + b"\0")
    names = os.fsencode("\0".join(wanted)) + b"\0"
    output = git.run("check-attr", "--cached", "-z", "--stdin", *EXCLUDING, stdin=names)
    fields = os.fsdecode(output).split("\0")[:-1]
    triples = zip(fields[0::3], fields[2::3], strict=True)
    return frozenset(path for path, value in triples if value not in ("unspecified", "unset", "false"))
