"""Facts for experiment-hash: the experiment of a branch, and its own commits that are new to the remote."""

from __future__ import annotations

from labgate.checks.collected import Collected
from labgate.checks.experiment_hash.check import Facts
from labgate.git.commits import read_commits, rev_list
from labgate.scene.scene import Scene
from labgate.values.phrases import quote
from labgate.values.ref_update import RefUpdate
from labgate.values.refnames import HEADS, short_ref, tracking_ref


def collect(scene: Scene, update: RefUpdate) -> Collected:
    """Return the facts of an experiment branch: its own commits that need the line, oldest first.

    They are on its first-parent chain, are not merges and have not landed; in a push they are new to the remote.
    """
    branch = None if update.new is None else _experiment_branch(scene, update)
    if branch is None:
        return Collected(skipped="not an experiment branch")
    return Collected((_facts(scene, update, branch),))


def _experiment_branch(scene: Scene, update: RefUpdate) -> str | None:
    """Return the full name of the experiment branch that an update is about, or ``None``."""
    candidates = [update.ref] if scene.pushing or update.source is None else [HEADS + update.source]
    for ref in candidates:
        if {"service", "handle"} <= (scene.policy.classify(ref).fields or {}).keys():
            return ref
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
    return Facts(
        service=fields["service"],
        handle=fields["handle"],
        branch=branch.removeprefix(HEADS),
        commits=tuple((commit.oid, commit.subject, commit.message) for commit in commits),
        linear=len(commits) == len(chain),
        root=next((commit.oid for commit in commits if not commit.parents), None),
        local=local,
        way=way,
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
