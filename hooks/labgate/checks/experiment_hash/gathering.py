"""What experiment-hash judges: the own commits of an experiment, and the artifacts and records that are brought."""

from __future__ import annotations

from collections.abc import Mapping

from labgate.checks.collected import UNMEASURED, Collected
from labgate.checks.experiment_hash.brought import NOTHING_BROUGHT, Brought
from labgate.checks.experiment_hash.check import Claim, Facts, Recorded
from labgate.checks.experiment_hash.files import Files, files_of_index, judged_artifacts
from labgate.checks.experiment_hash.keeping import unpublished, with_pins
from labgate.experiments.artifacts import is_artifact
from labgate.experiments.published import reached
from labgate.experiments.section import REFUSE, ExperimentHash
from labgate.git.commits import read_commits, rev_list
from labgate.git.diffs import brought_paths
from labgate.git.repository import Repository
from labgate.research.section import ResearchGate
from labgate.scene.proposed_commit import ProposedCommit
from labgate.scene.rewriting import next_push
from labgate.scene.scene import Scene
from labgate.scene.surroundings import Surroundings
from labgate.values.errors import UndecidedError
from labgate.values.phrases import quote, short_oid
from labgate.values.ref_update import RefUpdate
from labgate.values.refnames import HEADS, short_ref, tracking_ref


def gathered(scene: Scene, update: RefUpdate, branch: str | None, brought: Brought) -> Collected:
    """Return the facts of an experiment branch's own commits, and of the artifacts and records that an update brings.

    ``branch`` is the full name of the experiment branch, ``None`` if the update is about none.
    Raises: ``UndecidedError`` when the remote must be asked for its pins, and cannot be.
    """
    stamped = () if branch is None else (_facts(scene, update, branch),)
    recorded, unseen = _recorded(scene, update, brought)
    if branch is None and recorded is None:
        return Collected(skipped=NOTHING_BROUGHT)
    facts = (*stamped, *(() if recorded is None else (recorded,)))
    return Collected(facts, undecided=None if recorded is None else _unknown_pin(scene, recorded), unseen=unseen)


def gathered_staged(commit: ProposedCommit, around: Surroundings) -> Collected:
    """Return the facts of a commit in progress."""
    settings = commit.policy.section(ExperimentHash)
    if commit.staged is None:
        return Collected(skipped=UNMEASURED)
    files = files_of_index(commit.place.git())
    changed = dict.fromkeys(record.path for record in commit.staged.records)
    claims, unseen = _compared(around.repository, files, judged_artifacts(settings, files, changed))
    research = commit.kind in commit.policy.section(ResearchGate).sources
    return Collected((Recorded(claims, research, staged=True),), unseen=unseen)


def _compared(
    repository: Repository, files: Files, artifacts: tuple[str, ...]
) -> tuple[tuple[Claim, ...], tuple[str, ...]]:
    """Return what records say of artifacts, and what was not compared."""
    if not artifacts:
        return (), ()
    # Few pushes have artifacts, and to read JSON is slow to import.
    from labgate.checks.experiment_hash.claims import compare

    found = compare(repository, files, artifacts)
    return found.claims, found.unseen


def _recorded(scene: Scene, update: RefUpdate, brought: Brought) -> tuple[Recorded | None, tuple[str, ...]]:
    """Return the facts about artifacts and records, ``None`` if there are none, and what was not looked into."""
    research = scene.policy.classify(update.ref).name in scene.policy.section(ResearchGate).sources
    claims, unseen = _compared(scene.repository, brought.files, brought.artifacts)
    snapshots = unpublished(scene, update) if brought.snapshots else ()
    unpinned = _unpinned(scene, update, brought.paths) if research and scene.pushing and not scene.fetched else ()
    if not (claims or snapshots or unpinned):
        return None, unseen
    standing = scene.standing(update)
    recorded = Recorded(
        with_pins(scene, claims),
        research,
        way="" if standing is None or scene.own_head is not None else standing.way,
        remote=scene.remote or "the remote",
        snapshots=snapshots,
        unpinned=unpinned,
        refused=next(iter(scene.pins_refused.values()), None),
        ref=update.ref,
    )
    return recorded, unseen


def _unpinned(
    scene: Scene, update: RefUpdate, brought: Mapping[str, tuple[str, ...]]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the commits of a push that bring artifacts and are not pinned, each with its artifacts.

    They are those that the policy wants pinned before, or those whose pins the remote has just refused.
    """
    settings = scene.policy.section(ExperimentHash)
    kept = set(scene.pins.values())
    if settings.pins_on_push == REFUSE:
        wanted = {oid: paths for oid, paths in brought.items() if oid not in kept}
    else:
        tips = [oid for oid in (update.old, update.new) if oid is not None]
        wanted = brought_paths(scene.repository, reached(scene.repository, list(scene.pins_refused), tips))
    artifacts = {oid: tuple(path for path in paths if is_artifact(settings, path)) for oid, paths in wanted.items()}
    return tuple((oid, paths) for oid, paths in artifacts.items() if paths)


def _unknown_pin(scene: Scene, recorded: Recorded) -> UndecidedError | None:
    """Return why it is not known whether the remote keeps a recorded commit, ``None`` if it is known of all."""
    if scene.remote is None or scene.pushing or scene.audited is not None:
        return None
    for claim in recorded.claims:
        if claim.commit is not None and claim.pinned is None:
            short = short_oid(claim.commit)
            message = f"it is not known here whether {short}, the code of {claim.path}, is pinned on {scene.remote}"
            return UndecidedError(message, "labgate check --fetch")
    return None


def _facts(scene: Scene, update: RefUpdate, branch: str) -> Facts:
    fields = scene.policy.classify(branch).fields or {}
    exclude = list(scene.span(update).landed)
    if scene.pushing:
        exclude += [ref.oid for ref in scene.tracking if ref.remote == scene.remote]
    chain = read_commits(
        scene.repository, rev_list(scene.repository, [scene.span(update).head], exclude, "--first-parent")
    )
    local, way = _place(scene, update, branch)
    commits = [commit for commit in reversed(chain) if len(commit.parents) < 2]
    name = branch.removeprefix(HEADS)
    return Facts(
        service=fields["service"],
        handle=fields["handle"],
        branch=name,
        commits=tuple((commit.oid, commit.subject, commit.message) for commit in commits),
        linear=len(commits) == len(chain),
        root=next((commit.oid for commit in commits if not commit.parents), None),
        local=local,
        way=way,
        push=next_push(scene, update, name, local, commits[0].oid) if commits else "",
    )


def _place(scene: Scene, update: RefUpdate, branch: str) -> tuple[str | None, str]:
    """Return where a person has these commits, as ``local`` and ``way`` of the facts."""
    standing, name = scene.standing(update), branch.removeprefix(HEADS)
    if standing is None or scene.own_head is not None:
        return name, ""  # a job: whoever reads it has the branch elsewhere
    if standing.branch is not None:
        return standing.branch, ""
    theirs = tracking_ref(scene.remote, name) if scene.remote is not None else ""
    if branch not in scene.refs and scene.refs.get(theirs) == update.new:
        return name, f"git branch {quote(name)} {quote(short_ref(theirs))} && "
    return None, standing.way
