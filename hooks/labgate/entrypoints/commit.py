"""pre-commit and pre-merge-commit: the commit that is being made, by the name of its branch and by its size.

What passes here costs git one or two short processes. Anything that looks wrong is handed to ``stages.staged``, which
gathers the rest of the facts and judges again.

The commit is measured as the index against HEAD. git gives a hook no sign of ``--amend``, so of an amended commit only
that is measured which is new in it.
"""

from __future__ import annotations

from labgate.checks.branch_name import check as branch_name
from labgate.checks.commit_size import check as commit_size
from labgate.entrypoints.workplace import Skipped, find_workplace, standing_back
from labgate.git.raw import clean_merge, staged_records, weigh
from labgate.policy.cache import cached_policy
from labgate.values.batch import Batch
from labgate.values.errors import GitError, UsageError
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.entrypoints.workplace import HookCall, Workplace
    from labgate.git.raw import Entry, Lines
    from labgate.policy.model import Limits, Policy
    from labgate.values.report import PolicyOrigin, Report

#: The checks of these stages, in the order of output.
CHECKS = (branch_name.NAME, commit_size.NAME)
_HEADS = "refs/heads/"


class Proposed(Value):
    """The commit that is about to be made.

    ``origin`` says where the policy stands, ``None`` for the work tree. ``branch`` is a full refname, ``None`` where
    HEAD is on no branch; ``kind`` is the policy's class of it. ``checks`` are the names of those to run.
    """

    stage: str
    checks: tuple[str, ...]
    place: Workplace
    policy: Policy
    origin: PolicyOrigin | None
    branch: str | None
    kind: str | None


class Staged(Value):
    """What the index adds: raw entries and lines. ``parents`` is how many parents the commit will have."""

    records: list[Entry | Lines]
    parents: int

    @property
    def merging(self) -> bool:
        return self.parents > 1


def run(call: HookCall) -> Report | Skipped | None:
    """Judge the commit that is being made; return ``None`` where nothing stands in its way.

    Raised: ``NoPolicyError`` where there is no policy, any other ``LabgateError`` where labgate could not judge.
    """
    checks = _asked(call)
    place = find_workplace(call.environ)
    active = standing_back(call, place.common_dir)
    if active is not None:
        return active
    proposed = _propose(call.stage, checks, place)
    limits = _limits(proposed) if commit_size.NAME in checks else ()
    # Only git names the index; without it somebody runs all hooks by hand (`pre-commit run --all-files`).
    by_hand = "GIT_INDEX_FILE" not in call.environ
    staged = _staged(place) if limits or by_hand else None
    if by_hand and staged is not None and not staged.records and not staged.merging:
        return Skipped("nothing is staged, so no commit is proposed")
    size = _size(proposed, limits, staged) if limits and staged is not None else None
    suspects = [name for name in checks if _suspects(name, proposed, size)]
    unmeasured = bool(limits) and staged is None
    if not suspects and not unmeasured:
        return None
    from labgate.entrypoints.staged import judge

    return judge(proposed, size, suspects, unmeasured=unmeasured)


def _asked(call: HookCall) -> tuple[str, ...]:
    for name in call.checks:
        if name not in CHECKS:
            message = f"{name} does not apply at {call.stage}"
            raise UsageError(message, f"the checks of this stage are {' and '.join(CHECKS)}")
    return tuple(name for name in CHECKS if not call.checks or name in call.checks)


def _propose(stage: str, checks: tuple[str, ...], place: Workplace) -> Proposed:
    policy = None if place.top is None else cached_policy(place.top, place.git_dir, place.common_dir)
    origin = None
    if policy is None:
        from labgate.entrypoints.staged import trunk_policy

        policy, origin = trunk_policy(place)
    branch = place.branch()
    kind = None if branch is None else policy.classify(branch).name
    return Proposed(stage, checks, place, policy, origin, branch, kind)


def _limits(proposed: Proposed) -> tuple[Limits, ...]:
    """Return the limits that hold or announce themselves: of the branch's own kind, and of protected branches."""
    found = (proposed.policy.limits(kind) for kind in (proposed.kind, _preview(proposed)))
    return tuple(limits for limits in found if limits is not None)


def _preview(proposed: Proposed) -> str | None:
    return None if proposed.kind == "protected" else "protected"


def _staged(place: Workplace) -> Staged | None:
    """Read what the index adds to HEAD, or to the clean merge; ``None`` where git cannot say what that is."""
    git, heads = place.git(), place.merged_heads()
    if heads:
        base = clean_merge(git, ("HEAD", *heads))
        return None if base is None else Staged(staged_records(git, base), 1 + len(heads))
    try:
        return Staged(staged_records(git, "HEAD"), 1)
    except GitError:
        if not place.unborn():
            raise
        empty_tree = git.run("hash-object", "-t", "tree", "--stdin").decode().strip()
        return Staged(staged_records(git, empty_tree), 0)


def _size(proposed: Proposed, limits: tuple[Limits, ...], staged: Staged) -> commit_size.Facts:
    """Weigh what is staged. Bytes are asked for only where one of the limits is in bytes."""
    sizes = any(limit.bytes is not None or limit.file_bytes is not None for limit in limits)
    files = weigh(proposed.place.git(), {"": staged.records}, sizes=sizes)[""]
    return commit_size.Facts(
        (Batch(None, "", files, parents=staged.parents),),
        proposed.kind,
        _preview(proposed),
        source=None if proposed.branch is None else proposed.branch.removeprefix(_HEADS),
        staged=True,
        temporary_index=proposed.place.temporary_index,
    )


def _suspects(name: str, proposed: Proposed, size: commit_size.Facts | None) -> bool:
    """Say whether a check may find something, by the facts that cost nothing."""
    if name == commit_size.NAME:
        return size is not None and next(commit_size.check(size, proposed.policy), None) is not None
    ref = proposed.branch
    if ref is None or not ref.startswith(_HEADS):
        return False
    if ref != ref.lower():
        # Only now the other names are worth a process: another spelling of this one may stand among them.
        from labgate.entrypoints.staged import collides

        if collides(proposed.place, ref):
            return True
    return next(branch_name.check(branch_name.Facts(ref, created=True), proposed.policy), None) is not None
