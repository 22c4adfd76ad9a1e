"""Whether a commit in progress may mix components. On the commit hook's path."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.scene.proposed_commit import ProposedCommit


def suspects(commit: ProposedCommit) -> bool:
    """Return whether files of several components are staged, or it is not known."""
    if not applies(commit):
        return False
    staged = commit.staged
    if staged is None:
        return True
    from labgate.policy.glob import Glob

    paths = tuple(dict.fromkeys(record.path for record in staged.records))
    components = commit.policy.table["mixed-components"]["components"].values()
    touched = [globs for globs in components if any(Glob(glob).matches(path) for glob in globs for path in paths)]
    if len(touched) < 2:
        return False
    # What is shared belongs to none; only now the typed section is loaded.
    from labgate.checks.mixed_components.section import MixedComponents

    component = commit.policy.section(MixedComponents).component
    return len({component(path) for path in paths} - {None}) > 1


def applies(commit: ProposedCommit) -> bool:
    """Return whether the policy has components, and the branch is not one of research."""
    table = commit.policy.table
    if not table["mixed-components"]["components"]:
        return False
    return commit.kind not in table["research-gate"]["sources"]
