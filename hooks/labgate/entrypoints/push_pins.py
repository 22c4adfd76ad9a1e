"""Pin the code of artifacts on the remote that a push goes to: what it has already at once, what it gets afterwards.

A pin never publishes what its author has not, nor what another hook or the server may still refuse. So the commits that
a push brings are pinned by a process that waits for git to end and sees them on the remote.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from labgate.checks.experiment_hash.files import files_of_commit
from labgate.experiments.artifacts import RECORD, is_artifact
from labgate.experiments.naming import experiment_of
from labgate.experiments.pins import Pin, Pushed, pin_of, pins_here, push_pins
from labgate.experiments.published import reached, remote_tips
from labgate.experiments.section import PUSH, ExperimentHash
from labgate.git.blobs import read_blobs
from labgate.git.commits import is_ancestor, rev_list
from labgate.git.detached import PushAbove, detach
from labgate.git.diffs import brought_paths
from labgate.git.kept_refs import present, remote_branches
from labgate.git.lfs import lfs_commits, push_lfs
from labgate.git.repository import Repository, discover
from labgate.git.snapshots import read_headers
from labgate.research.section import ResearchGate
from labgate.scene.scene import Scene
from labgate.values.ref_update import RefUpdate
from labgate.values.value import Value

#: Seconds to wait for a push to end.
_PATIENCE = 600.0
#: Nobody is there to answer a question.
_QUIET = {"GIT_TERMINAL_PROMPT": "0", "SSH_ASKPASS_REQUIRE": "never"}


class Outstanding(Value):
    """Pins that the remote is not known to have: of commits ``there`` already, and of those that a push ``brings``."""

    there: tuple[Pin, ...]
    brings: tuple[Pin, ...]


def outstanding(scene: Scene) -> Outstanding:
    """Return the pins that a push makes: never of a snapshot, nor of what neither the remote has nor the push brings.

    They are of commits of an experiment or research branch that add or change an artifact, of those that a record in
    the push names, and of those pinned here.
    """
    settings = scene.policy.section(ExperimentHash)
    if settings.pins_on_push != PUSH or scene.remote is None:
        return Outstanding((), ())
    known = scene.pins
    found = [pin for update in scene.updates for pin in _of_update(scene, settings, update)]
    found += pins_here(scene.repository, settings)
    wanted = [pin for pin in dict.fromkeys(found) if known.get(pin.ref) != pin.commit]
    headers = read_headers(scene.repository, [pin.commit for pin in wanted])
    plain = [oid for oid, header in headers.items() if header.snapshot_of is None]
    updates = () if scene.fetched else scene.updates
    there = set(reached(scene.repository, plain, remote_tips(scene.tracking, scene.remote, updates)))
    given = [update.new for update in scene.updates if update.new is not None]
    brings = set(reached(scene.repository, plain, given)) - there
    return Outstanding(
        tuple(pin for pin in wanted if pin.commit in there), tuple(pin for pin in wanted if pin.commit in brings)
    )


def pin_there(repository: Repository, settings: ExperimentHash, remote: str, pins: Sequence[Pin]) -> Pushed:
    """Pin commits that the remote has, and push their files of git-lfs. Raises: ``UndecidedError``, ``GitError``."""
    pushed = push_pins(repository, settings, remote, pins)
    commits = lfs_commits(repository, [pin.commit for pin in pushed.created])
    if commits:
        push_lfs(repository, remote, commits)
    return pushed


def pin_afterwards(scene: Scene, above: PushAbove, pins: Sequence[Pin]) -> None:
    """Let a process of its own pin what a push brings, once git has ended and the remote has it."""
    remote, settings = scene.remote, scene.policy.section(ExperimentHash)
    if remote is None or not pins:
        return
    environ, updates = {**scene.repository.environ, **_QUIET}, scene.updates

    def work() -> None:
        if above.wait(_PATIENCE):
            _pin_what_arrived(environ, settings, remote, updates, pins)

    detach(work)


def _pin_what_arrived(
    environ: Mapping[str, str], settings: ExperimentHash, remote: str, updates: Sequence[RefUpdate], pins: Sequence[Pin]
) -> None:
    # Not the hook's own: that has borrowed objects, which are gone by now.
    repository = discover(environ)
    there = remote_branches(repository, remote)
    here = present(repository, there.values())
    arrived = []
    for update in updates:
        tip = there.get(update.ref)
        if update.new is not None and tip in here and is_ancestor(repository, update.new, str(tip)):
            arrived.append(update.new)
    commits = set(reached(repository, [pin.commit for pin in pins], arrived))
    pin_there(repository, settings, remote, [pin for pin in pins if pin.commit in commits])


def _of_update(scene: Scene, settings: ExperimentHash, update: RefUpdate) -> Iterator[Pin]:
    """Yield the pins of the commits of one update, on both of its sides: a rewritten commit made artifacts, too."""
    repository = scene.repository
    research = scene.policy.classify(update.ref).name in scene.policy.section(ResearchGate).sources
    protected = [ref.oid for ref in scene.protected if ref.remote == scene.remote]
    others = protected if research else remote_tips(scene.tracking, scene.remote)
    sides = present(repository, [oid for oid in (update.old, update.new) if oid is not None])
    brought = brought_paths(repository, rev_list(repository, sides, present(repository, others)))
    experiment = experiment_of(scene.policy, update.branch)
    for commit, paths in brought.items():
        if research and any(is_artifact(settings, path) for path in paths):
            yield pin_of(settings, experiment, commit)
        yield from _recorded(repository, settings, commit, [path for path in paths if path.endswith(RECORD)])


def _recorded(repository: Repository, settings: ExperimentHash, commit: str, paths: Sequence[str]) -> Iterator[Pin]:
    """Yield the pins of the code that the records of a commit name; one that cannot be used names none."""
    if not paths:
        return
    from labgate.experiments.records import RecordError, parse_record

    files = files_of_commit(repository, commit, paths)
    for _, content in read_blobs(repository.objects, [files[path] for path in paths if path in files]):
        try:
            record = parse_record(content)
        except RecordError:
            continue
        if record.withdrawn is None:
            yield pin_of(settings, record.experiment, record.commit)
