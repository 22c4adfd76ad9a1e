"""Whether the size of a commit in progress needs a full check. On the commit hook's path.

Most commits are small even with the files that do not count: then neither globs nor the check are loaded.
"""

from __future__ import annotations

from labgate.git.raw import Entry, blob_sizes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from labgate.policy.model import Table
    from labgate.scene.proposed_commit import ProposedCommit, Staged


def suspects(commit: ProposedCommit) -> bool:
    """Return whether the commit may be too large, cannot be measured, or may use half of its series' limits."""
    held = limits(commit)
    if not held:
        return False
    staged = commit.staged
    if staged is None:
        return True
    most = _most(commit, staged, held)
    over = any(limit is not None and most.get(unit, 0) > limit for table in held for unit, limit in table.items())
    if not over and not _is_unread(staged):
        series = _section(commit)["limits"].get("protected", {})
        if series.get("series-lines") is None and series.get("series-commits") is None:
            return False
        from labgate.checks.commit_size.budget import may_be_near

        if not may_be_near(commit, most["lines"], min(most["files"], 1)):
            return False
    from labgate.checks.commit_size.weighing import exceeds

    return exceeds(commit, preview_kind(commit), sizes=in_bytes(held))


def limits(commit: ProposedCommit) -> tuple[Table, ...]:
    """Return the limits that apply or only warn: of the branch's own kind, and of protected branches."""
    by_kind = _section(commit)["limits"]
    return tuple(by_kind[kind] for kind in (commit.kind, preview_kind(commit)) if kind in by_kind)


def in_bytes(held: Sequence[Table]) -> bool:
    """Return whether one of some limits is in bytes."""
    return any(table["bytes"] is not None or table["file-bytes"] is not None for table in held)


def preview_kind(commit: ProposedCommit) -> str | None:
    """Return the kind whose limits only warn. Research moves fast: it is measured on its way to a protected branch."""
    # The typed section is too much for the commit hook's path.
    sources = commit.policy.table["research-gate"]["sources"]
    return None if commit.kind in ("protected", *sources) else "protected"


def _most(commit: ProposedCommit, staged: Staged, held: Sequence[Table]) -> dict[str, int]:
    """Return the size of a staged change in each unit of a limit, with all of its files; never less than what counts.

    Bytes are only read if one of the limits is in bytes.
    """
    entries = [record for record in staged.records if isinstance(record, Entry)]
    lines = sum(record.added + record.deleted for record in staged.records if not isinstance(record, Entry))
    wanted = {entry.new for entry in entries if entry.brings_content} if in_bytes(held) else set()
    sizes = blob_sizes(commit.place.git(), wanted)
    heavy = [sizes[entry.new] for entry in entries if entry.brings_content] if wanted else [0]
    most = {"lines": lines, "test-lines": lines, "files": len(entries)}
    return most | {"bytes": sum(heavy), "file-bytes": max(heavy)}


def _is_unread(staged: Staged) -> bool:
    """Return whether a file is binary to git, which may be just a large text (``git.large_files``)."""
    return any(not isinstance(record, Entry) and record.binary for record in staged.records)


def _section(commit: ProposedCommit) -> Table:
    table: Table = commit.policy.table["commit-size"]
    return table
