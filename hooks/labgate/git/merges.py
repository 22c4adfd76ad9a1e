"""Where two histories meet, and what git makes of both by itself."""

from __future__ import annotations

from labgate.git.commits import tree_of
from labgate.git.repository import Repository
from labgate.values.value import Value

CLEAN, CONFLICT, UNRELATED, TOO_OLD = "clean", "conflict", "unrelated", "too-old"
#: What git exits with where it does not know an option (git 2.34 to 2.37 have no ``merge-tree --write-tree``).
_USAGE = 129


class Merge(Value):
    """What merging two commits gives. ``tree`` is the merged tree, ``None`` unless ``outcome`` is ``CLEAN``.

    ``CONFLICT``: somebody must resolve it. ``UNRELATED``: no history in common. ``TOO_OLD``: this git cannot say.
    """

    outcome: str
    tree: str | None = None


def merge_bases(repository: Repository, one: str, other: str) -> tuple[str, ...]:
    """Return the best common ancestors of two commits: none where unrelated, several after a criss-cross merge."""
    status, output = repository.objects.status("merge-base", "--all", one, other, accept=(0, 1))
    return () if status else tuple(output.decode().split())


def merge(repository: Repository, ours: str, theirs: str) -> Merge:
    """Merge two commits without a work tree, by no attributes and nobody's settings (git-merge-tree).

    Where one holds the other any git can say; anything else needs git 2.38. Raised: ``MissingObjectError`` when an
    object that decides is not in this clone.
    """
    bases = merge_bases(repository, ours, theirs)
    if not bases:
        return Merge(UNRELATED)
    if ours in bases or theirs in bases:
        return Merge(CLEAN, tree_of(repository, theirs if ours in bases else ours))
    arguments = ("merge-tree", "--write-tree", "--no-messages", "-z", ours, theirs)
    status, output = repository.objects.status(*arguments, accept=(0, 1, _USAGE))
    if status == _USAGE:
        return Merge(TOO_OLD)
    return Merge(CONFLICT) if status else Merge(CLEAN, output.split(b"\0", 1)[0].decode())


def picked(repository: Repository, onto: str, commit: str, before: str) -> Merge:
    """Pick what ``commit`` changes since its parent ``before`` onto another commit, as git-cherry-pick does.

    ``merge-tree`` takes no base before git 2.40, so ``onto`` is written as a commit on top of that parent.
    """
    nobody = "labgate <> 0 +0000"
    text = f"tree {tree_of(repository, onto)}\nparent {before}\nauthor {nobody}\ncommitter {nobody}\n\npick\n"
    written = repository.objects.run("hash-object", "-t", "commit", "-w", "--stdin", stdin=text.encode())
    return merge(repository, written.decode().strip(), commit)
