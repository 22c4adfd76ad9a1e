"""What a person runs after the commits of a branch were rewritten: git refuses a plain push of what it has already."""

from __future__ import annotations

from labgate.git.commits import is_ancestor
from labgate.scene.scene import Scene
from labgate.values.phrases import quote
from labgate.values.ref_update import RefUpdate
from labgate.values.refnames import HEADS, tracking_ref

#: Only over what the branch once had itself, not over what others pushed since (git-push).
_PUSH = "git push --force-with-lease"
_OWN = "--force-if-includes"


def next_push(scene: Scene, update: RefUpdate, branch: str | None, local: str | None, oldest: str) -> str:
    """Return the command that pushes a branch after it was rewritten from ``oldest`` on; empty if a plain push will do.

    ``branch`` is its short name on the remote, ``local`` that in this clone; both are ``None`` if there is none. A
    protected branch is never forced (LG211): what a refused push would have brought is not there.
    """
    if scene.change:
        return f"{_PUSH} {_OWN}"  # whoever reads it has the branch elsewhere, and its upstream
    if scene.remote is None or branch is None or scene.policy.is_protected(HEADS + branch):
        return ""
    tip = scene.refs.get(tracking_ref(scene.remote, branch))
    if not (_goes(scene, update, branch) or (tip is not None and is_ancestor(scene.repository, oldest, tip))):
        return ""
    if local == branch and not branch.startswith("-"):
        return f"{_PUSH} {_OWN} {quote(scene.remote)} {quote(branch)}"
    source = "HEAD" if local is None else HEADS + local
    return f"{_PUSH} {quote(scene.remote)} {quote(f'{source}:{HEADS}{branch}')}"


def _goes(scene: Scene, update: RefUpdate, branch: str) -> bool:
    """Return whether this very push brings the branch, which a warning does not stop."""
    return scene.pushing and update.branch == branch
