"""Whether a commit in progress has an artifact or a record. On the commit hook's path."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.scene.proposed_commit import ProposedCommit

#: The end of a record's name (``experiments.artifacts.RECORD``), and of that of DVC's pointer.
_RECORD, _POINTER = ".labgate.json", ".dvc"


def suspects(commit: ProposedCommit) -> bool:
    """Return whether an artifact or a record is staged, where the policy has artifacts."""
    if not applies(commit):
        return False
    staged = commit.staged
    if staged is None:
        return True
    from labgate.policy.glob import Glob

    globs = [Glob(text) for text in commit.policy.table["experiment-hash"]["artifacts"]]
    for path in dict.fromkeys(record.path for record in staged.records):
        names = (path, path.removesuffix(_POINTER)) if path.endswith(_POINTER) else (path,)
        if path.endswith(_RECORD) or any(glob.matches(name) for glob in globs for name in names):
            return True
    return False


def applies(commit: ProposedCommit) -> bool:
    """Return whether the policy has artifacts."""
    return bool(commit.policy.table["experiment-hash"]["artifacts"])
