"""Pin the code of artifacts on the remote that a push goes to: what it has already at once, what it gets afterwards.

A pin never publishes what its author has not, nor what another hook or the server may still refuse. So the commits that
a push brings are pinned by a process that waits for git to end and sees them on the remote. What cannot be pinned there
is pinned here, where ``list``, the next push and ``publish`` find it (docs/adr/0026).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from labgate.checks.experiment_hash.files import files_of_commit
from labgate.checks.experiment_hash.keeping import reached_there
from labgate.experiments.artifacts import RECORD, is_artifact
from labgate.experiments.naming import experiment_of
from labgate.experiments.pins import Pin, Pushed, pin_here, pin_of, pins_here, push_pins
from labgate.experiments.published import reached, remote_tips
from labgate.experiments.section import PUSH, ExperimentHash
from labgate.experiments.withdrawn import withdrawn_commits
from labgate.git.blobs import read_blobs
from labgate.git.commits import is_ancestor, present, rev_list
from labgate.git.detached import PushAbove, detach
from labgate.git.diffs import brought_paths
from labgate.git.kept_refs import remote_branches
from labgate.git.lfs import lfs_commits, push_lfs
from labgate.git.refs import read_refs, tracking_refs
from labgate.git.repository import Repository, discover
from labgate.git.snapshots import read_headers
from labgate.research.section import ResearchGate
from labgate.scene.scene import Scene
from labgate.values.errors import GitError, UndecidedError, UsageError
from labgate.values.ref_update import RefUpdate
from labgate.values.value import Value

#: Seconds to wait for a push to end.
_PATIENCE = 600.0
#: The command that makes every pin that is outstanding.
_PUBLISH = "labgate experiment publish"
#: Nobody is there to answer a question.
_QUIET = {"GIT_TERMINAL_PROMPT": "0", "SSH_ASKPASS_REQUIRE": "never"}


class Outstanding(Value):
    """Pins that the remote is not known to have: of commits ``there`` already, and of those that a push ``brings``."""

    there: tuple[Pin, ...]
    brings: tuple[Pin, ...]


class Pinned(Value):
    """What a push hook did before its verdict.

    ``refused`` are the commits whose pins the remote does not take, each with its reason; ``brings`` are the pins that
    are still to be made once git has ended; ``notices`` are lines for the person who pushes.
    """

    refused: Mapping[str, str]
    brings: tuple[Pin, ...]
    notices: tuple[str, ...]


def pin_now(scene: Scene, remote: str) -> Pinned:
    """Pin what the remote has already and no earlier push has pinned, and say so. Nothing is raised: git goes on."""
    settings, found = scene.policy.section(ExperimentHash), Outstanding((), ())
    try:
        found = outstanding(scene)
        pushed = pin_there(scene.repository, settings, remote, found.there)
    except (UndecidedError, GitError) as error:
        keep_here(scene.repository, settings, found.there)
        line = f"experiment-hash could not pin the code of artifacts: {error.message}; try: {_PUBLISH}"
        return Pinned({}, found.brings, (line,))
    refused = {pin.commit: reason or "no reason given" for pin, reason in pushed.refused}
    refused |= {pin.commit: f"{pin.ref} is another commit there" for pin in pushed.taken}
    keep_here(scene.repository, settings, [pin for pin in found.there if pin.commit in refused])
    return Pinned(refused, found.brings, tuple(_said(remote, pushed.created)))


def left_unpinned(scene: Scene) -> tuple[str, ...]:
    """Return a line about the pins that a hook does not make because it sees no ``git push`` above it, if any."""
    try:
        found = outstanding(scene)
    except (UndecidedError, GitError):
        return ()
    if not (found.there or found.brings):
        return ()
    return (f"the code of artifacts is not pinned, as no git push is seen above this hook; after the push: {_PUBLISH}",)


def _said(remote: str, created: Sequence[Pin]) -> Iterator[str]:
    if created:
        more = "" if len(created) == 1 else f" and {len(created) - 1} more"
        commits = "a commit" if len(created) == 1 else "commits"
        yield f"pinned {commits} that {remote} had without a pin: {created[0].ref}{more}"


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
    if not wanted:
        return Outstanding((), ())
    withdrawn = withdrawn_commits(scene.repository, _tips_of_records(scene))
    wanted = [pin for pin in wanted if pin.commit not in withdrawn]
    headers = read_headers(scene.repository, [pin.commit for pin in wanted])
    plain = [oid for oid, header in headers.items() if header.snapshot_of is None]
    there = set(reached_there(scene, scene.remote, plain))
    given = [update.new for update in scene.updates if update.new is not None]
    brings = set(reached(scene.repository, plain, given)) - there
    return Outstanding(
        tuple(pin for pin in wanted if pin.commit in there), tuple(pin for pin in wanted if pin.commit in brings)
    )


def _tips_of_records(scene: Scene) -> list[str]:
    """Return the commits whose trees have the records that count: of the push, and of the remote's protected refs."""
    pushed = [oid for update in scene.updates for oid in (update.new, update.old) if oid is not None]
    return [*pushed, *(ref.oid for ref in scene.protected if ref.remote == scene.remote)]


def pin_there(repository: Repository, settings: ExperimentHash, remote: str, pins: Sequence[Pin]) -> Pushed:
    """Pin commits that the remote has, and push their files of git-lfs. Raises: ``UndecidedError``, ``GitError``."""
    pushed = push_pins(repository, settings, remote, pins)
    commits = lfs_commits(repository, [pin.commit for pin in pushed.created])
    if commits:
        push_lfs(repository, remote, commits)
    return pushed


def keep_here(repository: Repository, settings: ExperimentHash, pins: Sequence[Pin]) -> None:
    """Pin commits here that the remote has and does not pin: they outlive their branch, and ``publish`` sees them."""
    for pin in pins:
        with suppress(UsageError, GitError):
            pin_here(repository, settings, pin.experiment, pin.commit)


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
    try:
        there = remote_branches(repository, remote)
    except UndecidedError:
        # Nobody is there to type a password. What git has seen arrive, it has noted (git-push, remote-tracking refs).
        keep_here(repository, settings, _arrived(repository, _as_noted(repository, remote), updates, pins))
        return
    wanted = _arrived(repository, there, updates, pins)
    kept: tuple[Pin, ...] = ()
    try:
        kept = pin_there(repository, settings, remote, wanted).there
    finally:
        keep_here(repository, settings, [pin for pin in wanted if pin not in kept])


def _arrived(
    repository: Repository, there: Mapping[str, str], updates: Sequence[RefUpdate], pins: Sequence[Pin]
) -> list[Pin]:
    """Return the pins of commits that have arrived, by the refs that the remote has now."""
    here = present(repository, there.values())
    arrived = []
    for update in updates:
        tip = there.get(update.ref)
        if update.new is not None and tip in here and is_ancestor(repository, update.new, str(tip)):
            arrived.append(update.new)
    commits = set(reached(repository, [pin.commit for pin in pins], arrived))
    return [pin for pin in pins if pin.commit in commits]


def _as_noted(repository: Repository, remote: str) -> dict[str, str]:
    """Return the branches of a remote as git saw them last."""
    tracking = tracking_refs(read_refs(repository), repository.remotes)
    return {ref.remote_ref: ref.oid for ref in tracking if ref.remote == remote}


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
