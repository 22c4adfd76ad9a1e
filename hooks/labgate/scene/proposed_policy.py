"""The policy that an update would put on the trunk, and whether it could judge later changes."""

from __future__ import annotations

from labgate.git.repository import Repository
from labgate.policy.lint import shadowed
from labgate.policy.model import OWN_FILE, PYPROJECT, Policy
from labgate.policy.reader import PYPROJECT_TABLE
from labgate.policy.shape import Problems, shown
from labgate.scene.governing_policy import Judging
from labgate.scene.policy_files import Found, landed, policy_at, policy_blobs, restoring
from labgate.scene.trunk import listed
from labgate.values.errors import PolicyError
from labgate.values.ref_update import RefUpdate
from labgate.values.refnames import HEADS, tip_ref
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.scene.scene import Scene


class ProposedPolicy(Value):
    """A policy that differs from the trunk's own. ``problems`` are why it could not judge, empty if it could.

    ``restoring`` is the command that restores the one that judges now, ``None`` if there is none.
    """

    problems: tuple[str, ...]
    restoring: str | None


def proposed_policy(scene: Scene, update: RefUpdate) -> ProposedPolicy | None:
    """Return the policy that an update proposes; ``None`` if it is not for the trunk, or does not change the policy.

    Only the text of its files is compared, not its meaning.
    """
    judging = scene.judging
    if judging is None or judging.trunk is None or update.ref != HEADS + judging.trunk or update.new is None:
        return None
    old = judging.trunk_tip if update.old is None else update.old
    repository = scene.repository
    # A proposed change may start from an older trunk and not change the policy.
    after = update.new if scene.pushing or old is None else landed(repository, old, update.new)
    blobs = policy_blobs(repository, [oid for oid in (old, after) if oid is not None])
    if old is not None and blobs[old] == blobs[after]:
        return None
    problems = _problems(scene, judging, after, update.source or update.new[:12])
    back = None
    if problems and judging.origin.origin == "trunk":
        back = restoring(repository, after, judging.found)
    return ProposedPolicy(problems, back)


def _problems(scene: Scene, judging: Judging, after: str, place: str) -> tuple[str, ...]:
    """Return why the policy could not judge once it is on the trunk, empty if it could or if there is none.

    ``after`` is the commit or tree that the trunk has then, ``place`` its name in messages.
    """
    try:
        found = policy_at(scene.repository, after, judging.reader, place)
    except PolicyError as error:
        return error.problems
    if found is None:
        return ()
    return _shadows(judging, found, place) or _other_trunk(scene, judging, found, place)


def _other_trunk(scene: Scene, judging: Judging, found: Found, place: str) -> tuple[str, ...]:
    """Return why a policy names another trunk than the one on which it would be, empty if it may."""
    if found.policy.trunks == judging.found.policy.trunks:
        return ()
    trunk = judging.trunk or ""
    says = f"{place}:{found.file}: trunk = {listed(found.policy)}"
    if trunk not in found.policy.trunks:
        both = ", ".join(shown(name) for name in (*found.policy.trunks, trunk))
        return (f"{says} leaves out {trunk}, on which it would stand; for a rename: trunk = [{both}]",)
    there = judging.branches.names | {trunk}
    named = next(name for name in found.policy.trunks if name in there)
    if named == trunk:
        return ()
    other = _readable(scene.repository, scene.refs.get(tip_ref(scene.remote, named)), judging)
    if other is not None and next((name for name in other.trunks if name in there), None) == named:
        return ()
    return (f"{says} makes {named} the trunk, where no {OWN_FILE} says so",)


def _shadows(judging: Judging, found: Found, place: str) -> tuple[str, ...]:
    """Return the kinds that would take the branches of research, without those of a policy that judges already."""
    problems = Problems(f"{place}:{found.file}", PYPROJECT_TABLE if found.file == PYPROJECT else ())
    shadowed(found.policy, problems, judging.found.policy.shadows if judging.origin.origin == "trunk" else ())
    return problems.lines


def _readable(repository: Repository, tip: str | None, judging: Judging) -> Policy | None:
    try:
        found = None if tip is None else policy_at(repository, tip, judging.reader)
    except PolicyError:
        return None
    return None if found is None else found.policy
