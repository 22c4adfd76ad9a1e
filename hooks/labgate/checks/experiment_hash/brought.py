"""What an update brings of experiments: artifacts, records, snapshots. Every push asks for it; it imports little."""

from __future__ import annotations

from labgate.checks.experiment_hash.files import files_of_commit, judged_artifacts
from labgate.experiments.published import remote_tips
from labgate.experiments.section import ExperimentHash
from labgate.git.commits import present, subjects_of
from labgate.git.diffs import brought_paths
from labgate.values.value import NOTHING, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from labgate.scene.scene import Scene
    from labgate.values.ref_update import RefUpdate

#: Why the check does not judge an update.
NOTHING_BROUGHT = "not an experiment branch, and it brings no artifact"
#: How the subject of a snapshot begins (``labgate.git.snapshots``).
_SNAPSHOT = "Snapshot of "


class Brought(Value):
    """``paths`` are those that each judged commit (full oid) adds or changes.

    ``artifacts`` are the judged ones among ``files``, the blobs by path at the head. ``snapshots``: a commit of a push
    may be one.
    """

    paths: Mapping[str, tuple[str, ...]] = NOTHING
    files: Mapping[str, str] = NOTHING
    artifacts: tuple[str, ...] = ()
    snapshots: bool = False


def brought(scene: Scene, update: RefUpdate) -> Brought:
    """Return what an update brings that is not a deletion; of a protected ref all that has not landed."""
    span = scene.span(update)
    plain: list[str] = []
    if scene.policy.classify(update.ref).name == "protected":
        subjects = {commit.oid: commit.subject for commit in span.unlanded_commits}
        plain = [commit.oid for commit in span.unlanded_commits if len(commit.parents) < 2]
    elif scene.pushing and span.head in _on_remote(scene):
        return Brought()
    else:
        subjects = subjects_of(scene.repository, [span.head], (*span.landed, *_on_remote(scene)))
    if not subjects:
        return Brought()
    paths = brought_paths(scene.repository, subjects, plain)
    changed = dict.fromkeys(path for found in paths.values() for path in found)
    files = files_of_commit(scene.repository, span.head, changed)
    artifacts = judged_artifacts(scene.policy.section(ExperimentHash), files, changed)
    snapshots = any(subject.startswith(_SNAPSHOT) for subject in subjects.values())
    return Brought(paths, files, artifacts, snapshots and scene.pushing and not scene.fetched)


def _on_remote(scene: Scene) -> frozenset[str]:
    """Return the tips of the remote that are here: as a push says, else as they were fetched."""
    if not scene.pushing:
        return frozenset()
    tips = remote_tips(scene.tracking, scene.remote, scene.updates)
    here = present(scene.repository, tips)
    # Somebody else has moved these since.
    moved = {update.ref for update in scene.updates if update.old is not None and update.old not in here}
    return here | {ref.oid for ref in scene.tracking if ref.remote == scene.remote and ref.remote_ref in moved}
