"""What must not change while the code of a moment is read, and what its checkout must have."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from support.repo import Repo


@dataclass(frozen=True)
class Untouched:
    """The state of a clone that no snapshot may change."""

    index: bytes | None
    head: str
    refs: str
    reflogs: dict[str, bytes]
    status: str
    stamps: dict[str, int]


def untouched(repo: Repo) -> Untouched:
    """Return the state of a clone, without its pins and what labgate keeps below ``.git``."""
    git_dir = Path(repo.git("rev-parse", "--absolute-git-dir"))
    common = Path(repo.git("rev-parse", "--path-format=absolute", "--git-common-dir"))
    index = git_dir / "index"
    files = [path for path in sorted(repo.path.rglob("*")) if ".git" not in path.relative_to(repo.path).parts]
    stamps = {str(path): path.lstat().st_mtime_ns for path in [*files, *([index] if index.exists() else [])]}
    content = index.read_bytes() if index.exists() else None
    logs = {str(path): path.read_bytes() for path in sorted(common.glob("logs/**/*")) if path.is_file()}
    refs = "\n".join(
        line
        for line in repo.git("for-each-ref", "--format=%(objectname) %(refname)").splitlines()
        if " refs/experiments/" not in line
    )
    # Without optional locks git does not refresh the index, so asking changes nothing.
    status = repo.git("status", "--porcelain=v2", "--untracked-files=all", GIT_OPTIONAL_LOCKS="0")
    return Untouched(content, (git_dir / "HEAD").read_text(), refs, logs, status, stamps)


def tree_on_disk(folder: Path, *without: str) -> dict[str, tuple[str, bytes]]:
    """Return every file and link below a folder by its path, without ``.git``: its mode as git sees it, its content."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if ".git" in Path(name).parts or name in without:
            continue
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            found[name] = ("link", os.fsencode(path.readlink()))
        elif stat.S_ISREG(mode):
            found[name] = ("executable" if mode & stat.S_IXUSR else "file", path.read_bytes())
    return found


def checked_out(repo: Repo, commit: str) -> dict[str, tuple[str, bytes]]:
    """Return what a checkout of a commit has, in a clone of its own."""
    folder = repo.path.parent / f"checkout-{commit[:12]}"
    repo.git("worktree", "add", "--quiet", "--detach", str(folder), commit)
    try:
        return tree_on_disk(folder)
    finally:
        repo.git("worktree", "remove", "--force", str(folder))
