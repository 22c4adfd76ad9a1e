"""experiment-hash: every commit of an experiment names the experiment."""

from __future__ import annotations

from labgate.checks.experiment_hash.rules import MissingTrailer, Unstamped
from labgate.values.refnames import HEADS
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from labgate.policy.model import Policy


class Facts(Value):
    """An experiment branch and its new commits.

    ``branch`` is its short name. ``commits`` are (oid, subject, message), oldest first: the non-merge commits on its
    first-parent chain that are new to the remote and not on the trunk. ``linear``: no merge lies among them, so a plain
    rebase rewrites just these commits. ``root`` is the oid of the one without a parent, ``None`` if all have one.
    ``local`` is the short name of the branch that has them in a person's clone, ``None``: HEAD, once ``way``, the start
    of a command line, has run.
    """

    service: str
    handle: str
    branch: str
    commits: tuple[tuple[str, str, str], ...]
    linear: bool = True
    root: str | None = None
    local: str | None = None
    way: str = ""


def check(facts: Facts, policy: Policy) -> Iterator[MissingTrailer]:  # noqa: ARG001  (every check takes the policy)
    """Yield one finding for all the commits that do not name the experiment, if there are any."""
    experiment = f"{facts.service}/{facts.handle}"
    missing = [commit for commit in facts.commits if not names_experiment(commit[2], experiment)]
    if not missing:
        return
    oids = tuple(oid for oid, _, _ in missing)
    yield MissingTrailer(
        service=facts.service,
        handle=facts.handle,
        experiment=experiment,
        branch=facts.branch,
        commits=tuple(Unstamped(oid, subject) for oid, subject, _ in missing),
        parent=None if oids[0] == facts.root else f"{oids[0]}^",
        linear=facts.linear,
        local=facts.local,
        way=facts.way,
        oids=oids,
        ref=HEADS + facts.branch,
    )


def names_experiment(message: str, experiment: str) -> bool:
    """Return whether a line of a message names the experiment.

    Any line counts, not only git's trailer block: after a squash with co-authors the block is another paragraph. The
    key compares without case and blanks around the value do not count, as in git-interpret-trailers.
    """
    for line in message.split("\n"):
        key, _, value = line.partition(":")
        if key.lower() == "experiment" and value.strip() == experiment:
            return True
    return False
