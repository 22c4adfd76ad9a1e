"""The names of files that a tool writes and nobody reads: locked versions and what is generated."""

from __future__ import annotations

import re

from labgate.values.regexes import regex

#: Files of locked versions, besides all that end in ``.lock``, in lower case.
LOCKS = frozenset(
    {
        ".terraform.lock.hcl",
        "bun.lockb",
        "conda-lock.yaml",
        "conda-lock.yml",
        "go.sum",
        "go.work.sum",
        "gradle.lockfile",
        "npm-shrinkwrap.json",
        "package-lock.json",
        "package.resolved",
        "packages.lock.json",
        "pnpm-lock.yaml",
        "yarn.lock",
    }
)
_GENERATED = regex(
    r"(?:\.min\.(?:[cm]?js|css)|\.(?:[cm]?js|css)\.map|_pb2(?:_grpc)?\.pyi?|\.pb\.(?:go|cc|h)|_pb\.(?:js|d\.ts)|\.g\.dart"
    r"|\.designer\.cs|\.snap|\.ambr)$",
    re.IGNORECASE,
)


def is_locked(path: str) -> bool:
    """Return whether a path is a file of locked versions."""
    name = path.rpartition("/")[2].lower()
    return name.endswith(".lock") or name in LOCKS or name.startswith("conda-lock")


def has_generated_name(path: str) -> bool:
    """Return whether a path has the name of what a tool generates: protobuf, minified code, snapshots of tests."""
    return _GENERATED.search(path) is not None
