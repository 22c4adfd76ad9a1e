"""commit-msg: a commit that is too large asks for an exception, or is refused.

pre-commit runs before there is a message, so it only warns where the policy allows exceptions.
"""

from __future__ import annotations

import os

from labgate.entrypoints.commit import judged
from labgate.scene.proposed_commit import ProposedCommit
from labgate.values.files import read_bounded
from labgate.values.phrases import quote
from labgate.values.size_exception import KEY, LINE
from labgate.values.statements import ASK_REASON, REASON_ASKED, reasons

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from labgate.checks.registry import Row
    from labgate.entrypoints.hook_call import HookCall, InForce
    from labgate.scene.workplace import Workplace
    from labgate.values.report import Report

#: The line below which git keeps nothing of a message (git-commit, ``--cleanup=scissors``), without its comment string.
_SCISSORS = " ------------------------ >8 ------------------------"
#: Largest message that is read.
_MOST_BYTES = 2**24


def judge_sizes(call: HookCall, place: Workplace, found: InForce, rows: Sequence[Row], path: str) -> Report | None:
    """Return the report on a commit whose message, in the file at ``path``, asks for no exception.

    ``None`` if it is small enough. Raises: ``OSError`` when the message cannot be read.
    """
    text, cut, _ = read_bounded(path, _MOST_BYTES).decode("utf-8", "replace").partition(_SCISSORS)
    if reasons(text, KEY):
        return None
    branch = place.branch()
    kind = None if branch is None else found.policy.classify(branch).name
    commit = ProposedCommit(call.stage, place, found.policy, found.origin, branch, kind)
    suspects = [row for row in rows if row.suspects(commit)]
    if not suspects:
        return None
    command = _asking(call, commit, verbose=bool(cut))
    return judged(commit.changed(asking=command), tuple(rows), suspects)


def _asking(call: HookCall, commit: ProposedCommit, *, verbose: bool) -> str:
    """Return the command that asks for a reason, and makes the refused commit again with the line in its message."""
    words = [f'{ASK_REASON}git commit --trailer "{LINE}: {REASON_ASKED}"']
    name = os.path.basename(call.arguments[0])
    words.append(f'--file "$(git rev-parse --git-path {quote(name)})"')
    if call.environ.get("GIT_EDITOR") != ":":
        # An editor opened, so the file has git's comments, and with --verbose the diff.
        words.append("--edit --verbose" if verbose else "--edit")
    if commit.place.temporary_index:
        words.append("--all" if os.path.basename(commit.place.index) == "index.lock" else _paths(commit))
    return " ".join(words)


def _paths(commit: ProposedCommit) -> str:
    """Return the paths of ``git commit FILE ...``: git deletes its index when the hook refuses (git-commit, --only)."""
    records = () if commit.staged is None else commit.staged.records
    paths = dict.fromkeys(f":(top,literal){record.path}" for record in records)
    return f"-- {' '.join(map(quote, paths))}"
