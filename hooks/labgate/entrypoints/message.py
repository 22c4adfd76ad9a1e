"""prepare-commit-msg and commit-msg: a commit on an experiment branch names it, and the code of staged records.

Where the policy allows exceptions, commit-msg also judges sizes.

prepare-commit-msg stamps a message that has text already (``-m``, merge, rebase, cherry-pick), commit-msg one from an
editor (docs/adr/0008). git still refuses a message that is empty or was not edited.
"""

from __future__ import annotations

import os

from labgate.checks.registry import COMMIT, MESSAGE, PREPARE, at_stage
from labgate.entrypoints.hook_call import hook_policy, standing_back
from labgate.scene.workplace import find_workplace
from labgate.values.errors import NoPolicyError
from labgate.values.files import RefusedFileError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.checks.registry import Row
    from labgate.entrypoints.hook_call import HookCall, InForce, Skipped
    from labgate.entrypoints.message_stamp import Lines
    from labgate.policy.model import Policy
    from labgate.scene.workplace import Workplace
    from labgate.values.report import Report


def run(call: HookCall) -> int | Report | Skipped | None:
    """Stamp the message file if the commit is an experiment's, and return the exit status or a verdict.

    The status is 1 if only the stamp is left of a message, which git would otherwise refuse as empty; else 0. Raises:
    ``NoPolicyError`` when there is no policy; any other ``LabgateError``, or ``OSError``, when labgate could not read
    or stamp the message, whose file is then unchanged.
    """
    rows = at_stage(call.stage, call.checks)
    place = find_workplace(call.environ)
    found = _in_force(call, place)
    if found is None:
        return 0
    lines = _lines(found.policy, place) if any(PREPARE in row.stages for row in rows) else None
    sized: tuple[Row, ...] = ()
    if call.stage == MESSAGE and found.policy.table["commit-size"]["exceptions"]:
        sized = tuple(row for row in rows if COMMIT in row.stages and PREPARE not in row.stages)
    if lines is None and not sized:
        return 0
    active = standing_back(call, place.common_dir)
    if active is not None:
        return active
    path = _message_file(place, call.arguments[0])
    if lines is not None:
        from labgate.entrypoints.message_stamp import stamp_file

        status = stamp_file(call, place, lines, path)
        if status:
            return status
    if not sized:
        return 0
    from labgate.entrypoints.message_sizes import judge_sizes

    return judge_sizes(call, place, found, sized, path)


def _message_file(place: Workplace, path: str) -> str:
    """Return the message file, behind links. Raises: ``RefusedFileError`` when they lead out of the repository."""
    real = os.path.realpath(path)
    inside = [os.path.realpath(folder) for folder in (place.git_dir, place.top) if folder is not None]
    if os.path.islink(path) and not any(real.startswith(folder.rstrip(os.sep) + os.sep) for folder in inside):
        raise RefusedFileError(path, f"is a symbolic link to {real}, outside the repository")
    return real


def _in_force(call: HookCall, place: Workplace) -> InForce | None:
    """Return the policy, ``None`` if there is none or the stage does not need it.

    Raises: ``NoPolicyError`` when there is no policy, but only once for a commit, and not during a rebase.
    """
    if call.stage == PREPARE and place.branch() is None:
        return None
    try:
        return hook_policy(place)
    except NoPolicyError:
        if call.stage != PREPARE or place.operation() is not None:
            return None
        raise


def _lines(policy: Policy, place: Workplace) -> Lines | None:
    """Return what the message of a commit on this branch is to say, ``None`` for nothing.

    On an experiment branch it names the experiment; there, and on a research branch where the policy has artifacts, it
    names the code of the staged records.
    """
    ref = place.branch()
    if ref is None:
        return None
    found = policy.classify(ref)
    fields, table = found.fields or {}, policy.table
    experiment = f"{fields['service']}/{fields['handle']}" if {"service", "handle"} <= fields.keys() else None
    research = found.name in table["research-gate"]["sources"] and bool(table["experiment-hash"]["artifacts"])
    if experiment is None and not research:
        return None
    # Imported late: most commits are on no such branch.
    from labgate.entrypoints.message_stamp import Lines
    from labgate.experiments.staged_codes import staged_codes

    codes = staged_codes(place.git(), place.index)
    return None if experiment is None and not codes else Lines(experiment, codes)
