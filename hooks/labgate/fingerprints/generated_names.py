"""The names of files that a tool writes and nobody reads: locked versions and what is generated."""

from __future__ import annotations

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
#: The endings of what a tool generates, in lower case.
_GENERATED = (
    *(".min.js", ".min.cjs", ".min.mjs", ".min.css", ".js.map", ".cjs.map", ".mjs.map", ".css.map"),
    *("_pb2.py", "_pb2.pyi", "_pb2_grpc.py", "_pb2_grpc.pyi", ".pb.go", ".pb.cc", ".pb.h", "_pb.js", "_pb.d.ts"),
    *(".g.dart", ".designer.cs", ".snap", ".ambr"),
)


def is_locked(path: str) -> bool:
    """Return whether a path is a file of locked versions."""
    name = path.rpartition("/")[2].lower()
    return name.endswith(".lock") or name in LOCKS or name.startswith("conda-lock") or _is_pylock(name)


def _is_pylock(name: str) -> bool:
    """Return whether a name is ``pylock.toml`` or ``pylock.NAME.toml`` (pylock.toml specification, "File Name")."""
    return name.startswith("pylock.") and name.endswith(".toml") and name.count(".") <= 2


def has_generated_name(path: str) -> bool:
    """Return whether a path has the name of what a tool generates: protobuf, minified code, snapshots of tests."""
    return path.lower().endswith(_GENERATED)
