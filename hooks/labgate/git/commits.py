"""Commits, ranges and merges of commits, read in as few processes as the range allows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from labgate.git.raw import USAGE
from labgate.git.repository import Repository
from labgate.values.errors import GitError
from labgate.values.ref_update import Commit, Identity
from labgate.values.value import Value

_FIELDS = ("%H", "%P", "%T", "%an", "%ae", "%cn", "%ce", "%at", "%B", "%(trailers:only=true,unfold=false)")


def rev_list(
    repository: Repository, include: Iterable[str], exclude: Iterable[str] = (), *options: str
) -> tuple[str, ...]:
    """Return the commits that ``include`` reaches and ``exclude`` does not, newest first, parents after children.

    Raises: ``MissingObjectError`` when history is missing here.
    """
    without = dict.fromkeys(exclude)
    wanted = [oid for oid in include if oid not in without]
    if not wanted:
        return ()
    lines = [*wanted, *(f"^{oid}" for oid in without)]
    output = repository.objects.run(
        "rev-list", "--topo-order", *options, "--stdin", stdin="\n".join(lines).encode() + b"\n"
    )
    return tuple(output.decode().split())


def subjects_of(repository: Repository, include: Iterable[str], exclude: Iterable[str]) -> dict[str, str]:
    """Return the subject of each commit of a range, newest first. Raises: as ``rev_list``."""
    lines = [*include, *(f"^{oid}" for oid in exclude)]
    output = repository.objects.run(
        *("rev-list", "--topo-order", "--no-commit-header", "--format=%H %s", "--stdin"),
        stdin="\n".join(lines).encode() + b"\n",
    )
    rows = (line.partition(" ") for line in output.decode("utf-8", "backslashreplace").split("\n")[:-1])
    return {oid: subject for oid, _, subject in rows}


def parents_of(
    repository: Repository, include: Iterable[str], exclude: Iterable[str] = ()
) -> dict[str, tuple[str, ...]]:
    """Return the range's commits, newest first, each with its parents."""
    lines = [*include, *(f"^{oid}" for oid in exclude)]
    output = repository.objects.run(
        "rev-list", "--topo-order", "--parents", "--stdin", stdin="\n".join(lines).encode() + b"\n"
    )
    rows = (line.split() for line in output.decode().splitlines())
    return {row[0]: tuple(row[1:]) for row in rows}


def commit_times(repository: Repository, oids: Iterable[str]) -> dict[str, int]:
    """Return the committer times of commits, in seconds since the epoch."""
    wanted = sorted(oids)
    if not wanted:
        return {}
    output = repository.objects.run(
        *("rev-list", "--no-walk=unsorted", "--timestamp", "--stdin"), stdin="\n".join(wanted).encode() + b"\n"
    )
    rows = (line.split() for line in output.decode().splitlines())
    return {oid: int(time) for time, oid in rows}


def read_commits(repository: Repository, oids: Iterable[str]) -> tuple[Commit, ...]:
    """Return the commits in the given order.

    The trailer block is git's own reading of the object (git-interpret-trailers), not of an edited message.
    """
    wanted = tuple(oids)
    found = repository.commits_read.of(wanted, lambda missing: _commits_by_oid(repository, missing))
    return tuple(found[oid] for oid in wanted)


def _commits_by_oid(repository: Repository, wanted: list[str]) -> dict[str, Commit]:
    output = repository.objects.run(
        *("log", "-z", "--no-walk=unsorted", "--stdin", "--no-show-signature", "--no-mailmap"),
        f"--format={'%x00'.join(_FIELDS)}",
        stdin="\n".join(wanted).encode() + b"\n",
    )
    fields = output.decode("utf-8", "backslashreplace").split("\0")
    size = len(_FIELDS)
    commits = tuple(_commit(fields[start : start + size]) for start in range(0, len(fields) - size + 1, size))
    if [commit.oid for commit in commits] != wanted:
        # A header or message with bytes that no porcelain writes; never guess which commit it belongs to.
        message = "git log: a commit in this range cannot be read unambiguously"
        raise GitError(message, "git fsck --no-dangling")
    return {commit.oid: commit for commit in commits}


def trees_with_parents(repository: Repository, commits: Sequence[Commit]) -> dict[str, str]:
    """Return the tree of each of these commits and of each of their parents, by oid."""
    trees = {commit.oid: commit.tree for commit in commits}
    outside = dict.fromkeys(parent for commit in commits for parent in commit.parents if parent not in trees)
    return trees | {commit.oid: commit.tree for commit in read_commits(repository, outside)}


def _commit(fields: list[str]) -> Commit:
    oid, parents, tree, author, author_email, committer, committer_email, authored, message, trailers = fields
    return Commit(
        oid.strip(),
        tuple(parents.split()),
        tree,
        Identity(author, author_email),
        Identity(committer, committer_email),
        message,
        tuple(_unfolded_lines(trailers)),
        authored,
    )


def _unfolded_lines(block: str) -> list[str]:
    """Split a trailer block into trailers; a folded one keeps its line breaks, so that it can be refused."""
    trailers: list[list[str]] = []
    for line in block.split("\n"):
        if line[:1] in (" ", "\t") and trailers:
            trailers[-1].append(line)
        elif line:
            trailers.append([line])
    return ["\n".join(lines) for lines in trailers]


def headlines(repository: Repository, oids: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return the subject of each commit, and its author's email and date, which a rebase and a cherry-pick keep."""
    wanted = tuple(oids)
    found = repository.headlines_read.of(wanted, lambda missing: _headlines_by_oid(repository, missing))
    return tuple(found[oid] for oid in wanted)


def _headlines_by_oid(repository: Repository, wanted: list[str]) -> dict[str, tuple[str, str]]:
    words = ("log", "-z", "--no-walk=unsorted", "--stdin", "--no-mailmap", "--format=%H%x00%s%x00%ae %at")
    output = repository.objects.run(*words, stdin="".join(f"{oid}\n" for oid in wanted).encode())
    fields = iter(output.decode("utf-8", "backslashreplace").split("\0"))
    return {oid: (subject, author.strip()) for oid, subject, author in zip(fields, fields, fields, strict=False)}


def read_dates(repository: Repository, oids: Iterable[str]) -> tuple[int, ...]:
    """Return the committer dates of these commits, in the given order, in seconds since the epoch."""
    asked = "\n".join(oids).encode() + b"\n"
    output = repository.objects.run("log", "--no-walk=unsorted", "--stdin", "--format=%ct", stdin=asked)
    return tuple(int(line) for line in output.split())


def is_ancestor(repository: Repository, ancestor: str, descendant: str) -> bool:
    """Return whether ``descendant`` reaches ``ancestor``."""
    if ancestor == descendant:
        return True
    return repository.objects.status("merge-base", "--is-ancestor", ancestor, descendant, accept=(0, 1))[0] == 0


def has_commit(repository: Repository, oid: str) -> bool:
    """Return whether a commit's object is here."""
    return oid in repository.commits_here or oid in peel(repository, [oid])


def peel(repository: Repository, oids: Iterable[str]) -> dict[str, str]:
    """Return the commit that each object is, or that an annotated tag points to; other objects are left out."""
    wanted = tuple(dict.fromkeys(oids))
    peeled = {oid: oid for oid in wanted if oid in repository.commits_here}
    unknown = [oid for oid in wanted if oid not in peeled]
    if not unknown:
        return peeled
    asked = "".join(f"{oid}^{{commit}}\n" for oid in unknown).encode()
    answers = repository.objects.run("cat-file", "--batch-check=%(objectname)", "--buffer", stdin=asked).decode()
    # For an object that is not a commit git repeats the request and adds a reason (git-cat-file, "BATCH OUTPUT").
    found = zip(unknown, answers.splitlines(), strict=True)
    peeled |= {oid: answer for oid, answer in found if " " not in answer}
    repository.commits_here.update(peeled.values())
    return peeled


def present(repository: Repository, oids: Iterable[str]) -> frozenset[str]:
    """Return those of some objects that are here; nothing is fetched."""
    wanted = dict.fromkeys(oids)
    shown = repository.commits_here.intersection(wanted)
    asked = "".join(f"{oid}\n" for oid in wanted if oid not in shown).encode()
    if not asked:
        return frozenset(shown)
    answers = repository.objects.run("cat-file", "--batch-check=%(objectname)", "--buffer", stdin=asked).decode()
    return frozenset((*shown, *(line for line in answers.splitlines() if " " not in line)))


def tree_of(repository: Repository, commit: str) -> str:
    """Return the oid of a commit's tree."""
    return repository.objects.run("rev-parse", "--verify", "--end-of-options", f"{commit}^{{tree}}").decode().strip()


CLEAN, CONFLICT, UNRELATED, TOO_OLD = "clean", "conflict", "unrelated", "too-old"


class Merge(Value):
    """The result of merging two commits. ``tree`` is the merged tree, ``None`` unless ``outcome`` is ``CLEAN``.

    ``CONFLICT``: somebody must resolve it. ``UNRELATED``: no common history. ``TOO_OLD``: this git cannot do it.
    """

    outcome: str
    tree: str | None = None


def merge_bases(repository: Repository, one: str, other: str) -> tuple[str, ...]:
    """Return the best common ancestors of two commits: none if unrelated, several after a criss-cross merge."""
    status, output = repository.objects.status("merge-base", "--all", one, other, accept=(0, 1))
    return () if status else tuple(output.decode().split())


def merge(repository: Repository, ours: str, theirs: str) -> Merge:
    """Merge two commits without a work tree, attributes or settings (git-merge-tree).

    Any git can do it if one contains the other; else it needs git 2.38. Raises: ``MissingObjectError`` when a needed
    object is not in this clone.
    """
    bases = merge_bases(repository, ours, theirs)
    if not bases:
        return Merge(UNRELATED)
    if ours in bases or theirs in bases:
        return Merge(CLEAN, tree_of(repository, theirs if ours in bases else ours))
    arguments = ("merge-tree", "--write-tree", "--no-messages", "-z", ours, theirs)
    status, output = repository.objects.status(*arguments, accept=(0, 1, USAGE))
    if status == USAGE:
        return Merge(TOO_OLD)
    return Merge(CONFLICT) if status else Merge(CLEAN, output.split(b"\0", 1)[0].decode())


def picked(repository: Repository, onto: str, commit: str, before: str) -> Merge:
    """Apply the changes of ``commit`` since its parent ``before`` to another commit, as git-cherry-pick does.

    ``merge-tree`` takes no base before git 2.40, so ``onto`` is written as a commit on top of that parent.
    """
    nobody = "labgate <> 0 +0000"
    text = f"tree {tree_of(repository, onto)}\nparent {before}\nauthor {nobody}\ncommitter {nobody}\n\npick\n"
    written = repository.objects.run("hash-object", "-t", "commit", "-w", "--stdin", stdin=text.encode())
    return merge(repository, written.decode().strip(), commit)
