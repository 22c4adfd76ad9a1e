"""The shell patterns of experiment branches: for all others the message hooks do not start Python.

A pattern that begins with a stage and a colon is for that stage alone; no branch name has a colon.
"""

from __future__ import annotations

import os

from labgate import FOLDER
from labgate.policy.grammar import Field
from labgate.values.files import read_own, touch_own, write_own
from labgate.values.refnames import HEADS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.policy.grammar import Template
    from labgate.policy.model import Policy

#: Below the git common directory: one pattern of ``case`` a line, over the short branch name.
FILE = os.path.join(FOLDER, "experiment-branches")

#: commit-msg on any branch: where the policy allows exceptions, it judges sizes.
EVERY_MESSAGE = "commit-msg:*"
#: The most patterns of other policies that are kept: linked work trees and the trunk may have their own policies.
KEPT = 40
#: Largest file that is read; a larger one is not labgate's.
_MOST_BYTES = 2**20

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/")


def write_experiment_branches(common_dir: str, policy: Policy, *, fresh: bool = False) -> None:
    """Write the patterns of a policy's experiment branches, in one step, with a new time stamp.

    Patterns of other policies are kept, unless ``fresh``: an extra pattern only starts Python, a missing one leaves a
    commit without its trailer. If the file cannot be written, the hooks start Python.
    """
    path = os.path.join(common_dir, FILE)
    wanted = experiment_patterns(policy)
    before = () if fresh else _read(path)
    lines = (*wanted, *[line for line in before if line not in wanted][:KEPT])
    try:
        if lines == before and lines:
            touch_own(path)
        else:
            write_own(path, "".join(f"{line}\n" for line in lines).encode("ascii"))
    except OSError:
        return


def experiment_patterns(policy: Policy) -> tuple[str, ...]:
    """Return a pattern for each template that names an experiment; together they match every experiment branch.

    Where the policy has artifacts, research branches are among them: messages name the code of their records.
    """
    recording = policy.table["research-gate"]["sources"] if policy.table["experiment-hash"]["artifacts"] else ()
    found: dict[str, None] = {}
    for kind in policy.kinds:
        for template in kind.templates:
            if kind.name in recording or {"service", "handle"} <= set(template.fields):
                pattern = _pattern(template)
                if pattern is not None:
                    found[pattern] = None
    if policy.table["commit-size"]["exceptions"]:
        found[EVERY_MESSAGE] = None
    return tuple(found)


def _pattern(template: Template) -> str | None:
    """Return a pattern that matches at least the template's branches; ``None`` if these are not branches."""
    prefix = template.literal_prefix
    if not prefix.startswith(HEADS):
        return "*" if HEADS.startswith(prefix) else None
    pieces = []
    for token in template.tokens:
        if isinstance(token, (Field, int)):
            pieces.append("*")
        else:
            # Characters that are special in a shell, or may count as several characters, become wildcards.
            pieces += [char if char in _PLAIN else "*" for char in token]
    pattern = "".join(pieces).removeprefix(HEADS)
    while "**" in pattern:
        pattern = pattern.replace("**", "*")
    return pattern


def _read(path: str) -> tuple[str, ...]:
    try:
        return tuple(read_own(path, _MOST_BYTES).decode("ascii", "ignore").split("\n")[:-1])
    except OSError:
        return ()
