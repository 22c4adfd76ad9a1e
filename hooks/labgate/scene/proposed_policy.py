"""The policy that an update would put on the trunk, and whether it could judge later changes."""

from __future__ import annotations

from collections.abc import Mapping

from labgate.git.repository import Repository
from labgate.policy.lint import shadowed
from labgate.policy.model import FILES, OWN_FILE, PYPROJECT, Policy
from labgate.policy.reader import PYPROJECT_TABLE, Reader
from labgate.policy.shape import Problems, shown
from labgate.scene.governing_policy import Judging
from labgate.scene.policy_files import Found, changed_files, landed, policies_at, policy_at, restoring
from labgate.scene.trunk import listed
from labgate.values.errors import LabgateError, PolicyError
from labgate.values.ref_update import Commit, RefUpdate
from labgate.values.refnames import HEADS, tip_ref
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.scene.scene import Scene


class ProposedPolicy(Value):
    """A policy that differs from the trunk's own. ``problems`` are why it could not judge, empty if it could.

    ``restoring`` is the command that restores the one that judges now, ``None`` if there is none. ``commits`` (full
    oids, children before parents) change what the policy says and need a review, ``paths`` are its files that they
    change; both are empty if nothing changes what it says. ``removed``: there would be no policy. ``guarding``: it
    changes what the gate rests on, not only limits and habits.
    """

    problems: tuple[str, ...]
    restoring: str | None
    commits: tuple[str, ...] = ()
    paths: frozenset[str] = frozenset()
    removed: bool = False
    guarding: bool = True


#: Tables that can neither let research pass nor change who reviews it.
_ASIDE = ("commit-size", "mixed-components", "commit-hygiene", "branch-drift", "remote-policy", "experiment-hash")


def proposed_policy(scene: Scene, update: RefUpdate) -> ProposedPolicy | None:
    """Return the policy that an update proposes; ``None`` if it is not for the trunk, or does not change the policy.

    The first policy of a trunk needs no review, nor does a repair that says the same as the last one that could be
    read; a text with another layout or in the other file that says the same is no change.
    """
    judging, repository = scene.judging, scene.repository
    if judging is None:
        return _audited(scene, update)
    if judging.trunk is None or update.ref != HEADS + judging.trunk or update.new is None:
        return None
    old = judging.trunk_tip if update.old is None else update.old
    # A proposed change may start from an older trunk and not change the policy.
    after = update.new if scene.pushing or old is None else landed(repository, old, update.new)
    files = frozenset(FILES) if old is None else _changed(scene, update, old, after)
    if not files:
        return None
    problems = _problems(scene, judging, after, update.source or update.new[:12])
    standing = judging.origin.origin == "trunk"
    if problems:
        # It is refused whoever reviewed it.
        return ProposedPolicy(problems, restoring(repository, after, judging.found) if standing else None)
    found = policy_at(repository, after, judging.reader)
    # The one that judges may name another trunk than its file: then labgate itself asks for that change.
    judges = (judging.found.policy, judging.policy)
    if not standing or (found is not None and any(found.policy.says_the_same(policy) for policy in judges)):
        return None
    guarding = found is None or not any(_guards_the_same(found.policy, policy) for policy in judges)
    commits = _changing(scene, update, judging.reader)
    return ProposedPolicy((), None, commits, files, removed=found is None, guarding=guarding)


def _changed(scene: Scene, update: RefUpdate, old: str, after: str) -> frozenset[str]:
    """Return the policy files that differ between the trunk's tip and what it is after an update."""
    span = scene.span(update)
    touched = span.touched if span.base == (old,) and span.head == after else None
    if touched is not None and not any(entry.path in FILES for entry in touched):
        return frozenset()
    return changed_files(scene.repository, old, after)


def _guards_the_same(one: Policy, other: Policy) -> bool:
    """Return whether two policies differ at most in tables that the gate does not rest on."""
    tables = [{key: value for key, value in policy.table.items() if key not in _ASIDE} for policy in (one, other)]
    return tables[0] == tables[1] and list(tables[0]["kinds"]) == list(tables[1]["kinds"])


def _audited(scene: Scene, update: RefUpdate) -> ProposedPolicy | None:
    """Return the change of the policy by a landing; what cannot judge then leaves the later landings undecided."""
    history = scene.history
    if history is None or update.new is None or update.ref.removeprefix(HEADS) not in scene.policy.trunks:
        return None
    before, after = history.policies.get(update.old or ""), history.policies.get(update.new)
    # A policy that cannot be read is judged by the last one that can.
    standing = scene.policy if isinstance(before, LabgateError) else before
    if standing is None or (isinstance(after, Policy) and after.says_the_same(standing)):
        return None
    files = changed_files(scene.repository, update.old or "", update.new)
    guarding = not isinstance(after, Policy) or not _guards_the_same(after, standing)
    commits = _changing(scene, update, history.reader)
    return ProposedPolicy((), None, commits, files, removed=after is None, guarding=guarding)


def _changing(scene: Scene, update: RefUpdate, reader: Reader) -> tuple[str, ...]:
    """Return the commits of an update that change what the policy says, children before parents.

    If none of them does (they are on another protected branch already), it is the last one, which brings that.
    """
    commits = scene.span(update).gated
    asked = dict.fromkeys(oid for commit in commits for oid in (commit.oid, *commit.parents))
    policies = policies_at(scene.repository, tuple(asked), reader)
    found = (commit.oid for commit in commits if _changes(policies, commit))
    return tuple(found) or (scene.span(update).head,)


def _changes(policies: Mapping[str, Policy | LabgateError | None], commit: Commit) -> bool:
    """Return whether what a commit's policy says differs from what that of each of its parents says."""
    mine, theirs = policies[commit.oid], [policies[oid] for oid in commit.parents] or [None]
    if isinstance(mine, Policy):
        return not any(isinstance(other, Policy) and mine.says_the_same(other) for other in theirs)
    # Two that cannot be read may say anything.
    return mine is not None or None not in theirs


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
