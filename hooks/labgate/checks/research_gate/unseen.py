"""What an update of a protected ref brings that research-gate does not examine, a line each."""

from __future__ import annotations

from collections.abc import Iterator

from labgate.fingerprints.noise import is_vendored
from labgate.git.refs import former_names
from labgate.research.completeness import unfetched_remotes
from labgate.research.section import ResearchGate
from labgate.scene.scene import Scene
from labgate.values.phrases import count, quote, short_oid
from labgate.values.ref_update import RefUpdate
from labgate.values.refnames import HEADS, short_ref


def not_examined(scene: Scene, update: RefUpdate) -> tuple[str, ...]:
    """Return a line for each part of an update, or of the research that this clone may know, that was left out."""
    return (*_uncompared(scene, update), *_unfetched(scene, update), *_renamed(scene, update))


def _uncompared(scene: Scene, update: RefUpdate) -> tuple[str, ...]:
    """Return a line for each submodule that comes to another commit, and one for vendored code.

    What a submodule brings is another repository's. Vendored files are only compared whole.
    """
    if update.new is None:
        return ()
    span = scene.span(update)
    touched = span.touched
    if touched is not None and not any(entry.is_submodule or is_vendored(entry.path) for entry in touched):
        return ()
    changed = span.differing
    moved = tuple(
        f"not looked into: submodule {entry.path} comes to {short_oid(entry.new)}, and what that brings "
        "is not judged here"
        for entry in changed
        if entry.is_submodule
    )
    vendored = [entry.path for entry in changed if entry.brings_content and is_vendored(entry.path)]
    if not vendored or not scene.classes.sources:
        return moved
    more = f" and {count(len(vendored) - 1, 'more file')}" if len(vendored) > 1 else ""
    return (*moved, f"compared as whole files only, as vendored code: {vendored[0]}{more}")


def _unfetched(scene: Scene, update: RefUpdate) -> Iterator[str]:
    """Yield a line about remotes that were never fetched here, if the update brings something."""
    if update.new is None or not scene.span(update).gated:
        return
    names = unfetched_remotes(scene.policy, scene.repository, scene.refs, scene.remote)
    if names:
        several = "--multiple " if len(names) > 1 else ""
        fetch = f"git fetch {several}{' '.join(map(quote, names))}"
        yield f"not compared: branches of {', '.join(names)}, which were never fetched here: {fetch}"


def _renamed(scene: Scene, update: RefUpdate) -> Iterator[str]:
    """Yield a line where the branch was research in this clone, and nothing here remembers its commits as that."""
    if update.source is None or update.new is None or not scene.span(update).gated:
        return
    sources, branch = scene.policy.section(ResearchGate).sources, HEADS + update.source
    if scene.policy.classify(branch).name in sources:
        return
    for name in former_names(scene.repository, branch):
        known = any(source.branch == name for source in scene.classes.sources)
        if not known and scene.policy.classify(name).name in sources:
            was = f"{update.source} was {short_ref(name)} before git branch -m"
            yield f"not compared: {was}, and what that branch had is not remembered here"
