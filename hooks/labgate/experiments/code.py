"""The code of a moment: HEAD where the work tree is clean, else a snapshot of it.

Ignored files, artifacts and records are not code; a file with a record beside it is an artifact. What a snapshot leaves
out is listed, and the code is then not exact. docs/adr/0020 has the reasons.
"""

from __future__ import annotations

import os

from labgate.experiments.artifacts import RECORD, is_code
from labgate.experiments.doubts import Doubts, doubts_about, remember_doubts
from labgate.experiments.left_out import odd_files, shortened, sort_untracked
from labgate.experiments.section import ExperimentHash
from labgate.git.index_copy import copied_index
from labgate.git.refs import resolve_commit
from labgate.git.repository import Repository
from labgate.git.snapshots import read_headers, write_snapshot
from labgate.git.submodules import unpublished
from labgate.git.work_tree import SUBMODULE, Edit, WorkTree
from labgate.values.errors import GitError, UsageError
from labgate.values.phrases import quote
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.policy.glob import Glob

#: The command that commits what is here for the first time.
FIRST_COMMIT = "git add --all && git commit -m 'Start'"
_MOST_NAMED = 3


class Code(Value):
    """The code of a moment: ``commit`` with ``tree``, made on ``head``; full oids.

    ``snapshot``: the commit is a snapshot, else it is ``head`` itself. ``edited`` is the number of its tracked files
    that differ from ``head``, ``untracked`` the number of files that git did not know. ``exact``: all of the code is
    in it. If not, ``left_out`` has the paths that are not in it, and ``reasons`` why, one phrase for each reason.
    """

    commit: str
    tree: str
    head: str
    snapshot: bool
    exact: bool
    edited: int
    untracked: int
    left_out: tuple[str, ...]
    reasons: tuple[str, ...] = ()


def code_of_moment(
    repository: Repository, settings: ExperimentHash, experiment: str, made: tuple[Glob, ...] = ()
) -> Code:
    """Return the code that is in the work tree now; if it is not HEAD, it is written as a snapshot, on no ref.

    ``experiment`` is ``service/handle``, for the snapshot's message. Untracked files that match ``made`` are artifacts,
    too; tracked ones are not, as somebody wrote them. Raises: ``UsageError`` where there is no commit or
    no work tree, or where the policy refuses code that is not committed, ``GitError``, ``OSError``.
    """
    head, head_tree = _checked_out(repository)
    with copied_index(repository) as tree:
        return _Moment(repository, settings, experiment, (head, head_tree), tree, made).code()


def code_at(repository: Repository, revision: str) -> Code:
    """Return the code of a commit that somebody states; it may be a snapshot. Raises: ``UsageError``, ``GitError``."""
    oid = resolve_commit(repository, revision)
    header = read_headers(repository, [oid])[oid]
    head = header.snapshot_of
    if head is None:
        return Code(oid, header.tree, oid, snapshot=False, exact=True, edited=0, untracked=0, left_out=())
    letters = _differences(repository, head, oid)
    added, doubts = letters.count("A"), doubts_about(repository, oid)
    return Code(
        oid,
        header.tree,
        head,
        snapshot=True,
        exact=not doubts.reasons,
        edited=len(letters) - added,
        untracked=added,
        left_out=doubts.left_out,
        reasons=doubts.reasons,
    )


def _checked_out(repository: Repository) -> tuple[str, str]:
    """Return the commit that is checked out, and its tree. Raises: ``UsageError`` without one, or without files."""
    if repository.top is None:
        message = "this repository is bare: it has no files to run"
        raise UsageError(message, f"git -C {quote(repository.git_dir)} worktree add DIR  # and run it there")
    status, output = repository.git.status("rev-parse", "--quiet", "HEAD^{commit}", "HEAD^{tree}", accept=(0, 1, 128))
    if status:
        message = "there is no commit yet"
        raise UsageError(message, FIRST_COMMIT)
    head, tree = output.decode().split()
    return head, tree


class _Moment:
    """One look at a work tree, through a copy of its index."""

    def __init__(
        self,
        repository: Repository,
        settings: ExperimentHash,
        experiment: str,
        head: tuple[str, str],
        tree: WorkTree,
        made: tuple[Glob, ...],
    ) -> None:
        self.repository = repository
        self.settings = settings
        self.experiment = experiment
        self.head, self.head_tree = head
        self.tree = tree
        self.made = made
        self.left_out: list[str] = []
        self.reasons: list[str] = []

    def code(self) -> Code:
        links = self._show_hidden()
        status = self.tree.status()
        edits = [edit for edit in status.edits if self._is_code(edit.path)]
        untracked = self._untracked(status.untracked)
        self._refuse_dirty(edits, untracked)
        self._leave_out_odd(status.ignored)
        self._leave_out_edited(edits)
        if edits or untracked:
            links |= {edit.path: "" for edit in edits if edit.submodule}
            self._stage(status.edits, edits, untracked)
            written = self.tree.write_tree()
        else:
            written = self.head_tree
        self._name_unpublished(links)
        return self._as_code(written, len(edits), len(untracked))

    def _is_code(self, path: str) -> bool:
        recorded = os.path.lexists(os.path.join(self.repository.top or "", path + RECORD))
        return is_code(self.settings, path) and not recorded

    def _show_hidden(self) -> dict[str, str]:
        """Let status show files that are marked as unchanged and are there; return the submodules with their commits.

        A file that is marked and is not there is meant to be left out of this work tree (git-sparse-checkout).
        """
        top, hidden, links = self.repository.top or "", [], {}
        for entry in self.tree.notable():
            if entry.hidden and os.path.lexists(os.path.join(top, entry.path)):
                hidden.append(entry.path)
            if entry.mode == SUBMODULE:
                links[entry.path] = entry.oid
        if hidden:
            self.tree.show(hidden)
        return links

    def _untracked(self, paths: tuple[str, ...]) -> tuple[str, ...]:
        """Return the untracked files of the snapshot."""
        code = [path for path in paths if self._is_code(path) and not any(glob.matches(path) for glob in self.made)]
        found = sort_untracked(self.repository.top or "", code, self.settings.snapshot_file_bytes)
        self.left_out += found.left_out
        self.reasons += found.reasons
        return found.taken

    def _refuse_dirty(self, edits: list[Edit], untracked: tuple[str, ...]) -> None:
        dirty = [*(edit.path for edit in edits), *untracked, *self.left_out]
        if dirty and not self.settings.dirty_allowed:
            more = f" and {len(dirty) - _MOST_NAMED} more" if len(dirty) > _MOST_NAMED else ""
            message = f"the policy wants committed code, and these are not: {', '.join(dirty[:_MOST_NAMED])}{more}"
            raise UsageError(message, "git add --all && git commit")

    def _leave_out_odd(self, ignored: frozenset[str]) -> None:
        """List pipes and sockets, which git does not name."""
        odd = [path for path in odd_files(self.repository.top or "", ignored) if self._is_code(path)]
        hidden = self.tree.ignored(odd)
        for path in odd:
            if path not in hidden:
                self._leave_out(path, f"{path} is not a file")

    def _leave_out_edited(self, edits: list[Edit]) -> None:
        for edit in edits:
            if edit.submodule is not None and edit.submodule[2:].strip("."):
                self._leave_out(edit.path, f"the submodule {edit.path} has changes that are not committed")

    def _leave_out(self, path: str, reason: str) -> None:
        if path not in self.left_out:
            self.left_out.append(path)
        self.reasons.append(reason)

    def _stage(self, all_edits: tuple[Edit, ...], edits: list[Edit], untracked: tuple[str, ...]) -> None:
        """Let the copied index have the code as it is; artifacts and records stay as HEAD has them."""
        others = [edit for edit in all_edits if edit.staged and edit not in edits]
        if others:
            self.tree.reset(others)
        gone = [edit.path for edit in edits if not edit.here]
        if gone:
            self.tree.remove(gone)
        self._add([*(edit.path for edit in edits if edit.here), *untracked])

    def _add(self, paths: list[str]) -> None:
        """Add paths; what git cannot read or a filter refuses is left out, and the others are not."""
        if not paths:
            return
        try:
            self.tree.add(paths)
        except GitError as error:
            if len(paths) == 1:
                self._leave_out(paths[0], f"{paths[0]}: {error.message}")
                return
            middle = len(paths) // 2
            self._add(paths[:middle])
            self._add(paths[middle:])

    def _name_unpublished(self, links: dict[str, str]) -> None:
        if links:
            now = {entry.path: entry.oid for entry in self.tree.notable() if entry.path in links}
            for path in unpublished(self.repository, now):
                self.reasons.append(f"the commit of the submodule {path} is on no remote")

    def _as_code(self, written: str, edits: int, untracked: int) -> Code:
        left_out, snapshot = shortened(self.left_out), written != self.head_tree
        commit = self.head
        if snapshot:
            commit = write_snapshot(self.repository, self.head, written, self.experiment)
            remember_doubts(self.repository, commit, Doubts(left_out, tuple(self.reasons)))
        return Code(
            commit,
            written,
            self.head,
            snapshot=snapshot,
            exact=not self.reasons,
            edited=edits if snapshot else 0,
            untracked=untracked if snapshot else 0,
            left_out=left_out,
            reasons=tuple(self.reasons),
        )


def _differences(repository: Repository, old: str, new: str) -> list[str]:
    """Return the status letter of each path that differs between two commits."""
    listing = repository.objects.run("diff-tree", "-r", "-z", "--no-renames", "--name-status", old, new)
    return os.fsdecode(listing).split("\0")[0:-1:2]
