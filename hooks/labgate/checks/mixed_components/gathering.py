"""What mixed-components judges: the files of each commit; of a merge, what differs from the clean merge."""

from __future__ import annotations

from labgate.checks.collected import ALWAYS, UNMEASURED, Collected
from labgate.checks.mixed_components.check import Facts, check
from labgate.checks.size_exceptions import AUDITED, exceptions, staged_exception
from labgate.git.diffs import commit_files
from labgate.git.merges import merge_files
from labgate.git.raw import weigh
from labgate.scene.proposed_commit import ProposedCommit
from labgate.scene.scene import Scene
from labgate.values.batch import Batch
from labgate.values.ref_update import RefUpdate


def gathered(scene: Scene, update: RefUpdate) -> Collected:
    """Return the facts of an update of a protected ref. Raises: ``UndecidedError`` in a shallow clone."""
    scene.repository.require_history()
    if scene.audited is not None and not exceptions(scene, update):
        return Collected(skipped=AUDITED)
    commits = tuple(reversed(scene.span(update).unlanded_commits))
    files = commit_files(scene.repository, [commit.oid for commit in commits if len(commit.parents) < 2])
    files |= {c.oid: merge_files(scene.repository, c) for c in commits if len(c.parents) > 1}
    batches = tuple(Batch(c.oid, c.subject, files[c.oid], None, len(c.parents)) for c in commits)
    facts = _excepted(scene, update, Facts(batches, audited=scene.audited is not None))
    return Collected((facts,), skipped=AUDITED if facts.audited else None)


def _excepted(scene: Scene, update: RefUpdate, facts: Facts) -> Facts:
    """Return the facts with the exceptions that their commits ask for, if one mixes components."""
    if next(check(facts.changed(audited=False), scene.policy), None) is None:
        return facts
    found = exceptions(scene, update)
    batches = tuple(batch.changed(exception=found.get(batch.oid or "")) for batch in facts.batches)
    return facts.changed(batches=batches, way=scene.way_to(update), head=scene.amendable(update))


def gathered_staged(commit: ProposedCommit) -> Collected:
    """Return the facts of a commit in progress."""
    if commit.staged is None:
        return Collected(skipped=UNMEASURED, notice=ALWAYS)
    files = weigh(commit.place.git(), {"": commit.staged.records}, sizes=False)[""]
    batch = Batch(None, "", files, parents=commit.staged.parents, exception=staged_exception(commit))
    return Collected((Facts((batch,), staged=True, temporary_index=commit.place.temporary_index),))
