"""experiment-hash: every commit of an experiment names it, and every artifact's record is true and kept.

On the commit hook's path: rules are imported for a finding.
"""

from __future__ import annotations

from labgate.values.refnames import HEADS
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from labgate.checks.experiment_hash.rules import MissingTrailer, NotPinned
    from labgate.policy.model import Policy
    from labgate.values.finding import Finding


class Facts(Value):
    """An experiment branch and its new commits.

    ``branch`` is its short name. ``commits`` are (oid, subject, message), oldest first: the non-merge commits on its
    first-parent chain that are new to the remote and not on the trunk. ``linear``: no merge lies among them, so a plain
    rebase rewrites just these commits. ``root`` is the oid of the one without a parent, ``None`` if all have one.
    ``local`` is the short name of the branch that has them in a person's clone, ``None``: HEAD, once ``way``, the start
    of a command line, has run. ``push`` is the command that pushes them once they are rewritten, empty if
    none is needed.
    """

    service: str
    handle: str
    branch: str
    commits: tuple[tuple[str, str, str], ...]
    linear: bool = True
    root: str | None = None
    local: str | None = None
    way: str = ""
    push: str = ""


class Submodule(Value):
    """A submodule of recorded code whose commit is on no remote: path, full oid, and the name of its remote."""

    path: str
    commit: str
    remote: str


class Claim(Value):
    """An artifact and what its record says of it.

    ``path`` is the artifact's. ``present``: it is there, itself or by what stands for it. ``recorded``: it has a
    record. ``problem`` is why the record is not true or cannot be used, ``None`` if it is. ``commit`` is the full oid
    of the code, ``None`` without a usable record. ``pinned``: the remote has a pin of it, ``None`` if that is not known
    or does not matter here. ``withdrawn`` is the reason why the pin was taken back.
    """

    path: str
    present: bool
    recorded: bool
    problem: str | None = None
    commit: str | None = None
    experiment: str = ""
    exact: bool = True
    pinned: bool | None = None
    withdrawn: str | None = None
    submodules: tuple[Submodule, ...] = ()


class Recorded(Value):
    """The artifacts and records that a commit, a push or a change brings.

    ``research``: they stay on a research or experiment branch. ``snapshots`` are the full oids of unpublished
    snapshots that a push itself brings; ``unpinned`` are commits of a push that bring artifacts and that must be pinned
    before, each with the artifacts. ``refused`` is why the remote refuses pins, ``None`` if it is not known to.
    ``staged`` and ``way`` are as in the findings. ``remote`` is the name of the remote.
    """

    claims: tuple[Claim, ...]
    research: bool
    staged: bool = False
    way: str = ""
    remote: str = "the remote"
    snapshots: tuple[str, ...] = ()
    unpinned: tuple[tuple[str, tuple[str, ...]], ...] = ()
    refused: str | None = None
    ref: str | None = None


def check(facts: Facts | Recorded, policy: Policy) -> Iterator[Finding]:
    """Yield the findings about the commits of an experiment branch, or about artifacts and their records."""
    if isinstance(facts, Facts):
        yield from _stamped(facts)
        return
    from labgate.experiments.section import ExperimentHash

    section = policy.section(ExperimentHash)
    for claim in facts.claims:
        yield from _claim(facts, claim, required=section.records_required)
    yield from _pins(facts, required=section.records_required)


def _claim(facts: Recorded, claim: Claim, *, required: bool) -> Iterator[Finding]:
    """Yield what is wrong with one artifact, except for its pin."""
    from labgate.checks.experiment_hash.rules import DirtyCode, RecordMismatch, SubmoduleUnpushed, WithoutRecord

    level = "warning" if facts.research else None
    oids = () if claim.commit is None else (claim.commit,)
    place: dict[str, Any] = {"path": claim.path, "ref": facts.ref, "staged": facts.staged, "way": facts.way}
    if not claim.recorded:
        if required:
            yield WithoutRecord(**place)
        return
    if claim.problem is not None:
        yield RecordMismatch(**place, reason=claim.problem, present=claim.present, stated_level=level, oids=oids)
    if not claim.exact:
        yield DirtyCode(**place, commit=claim.commit or "", stated_level=level, oids=oids)
    for item in claim.submodules:
        yield SubmoduleUnpushed(
            **place, submodule=item.path, commit=item.commit, remote=item.remote, stated_level=level, oids=oids
        )


def _pins(facts: Recorded, *, required: bool) -> Iterator[NotPinned]:
    """Yield a finding for each commit that the remote does not keep."""
    from labgate.checks.experiment_hash.rules import NotPinned

    artifacts: dict[str, list[str]] = {}
    withdrawn: dict[str, str] = {}
    for claim in facts.claims:
        if claim.pinned is False and claim.commit is not None:
            artifacts.setdefault(claim.commit, []).append(claim.path)
            if claim.withdrawn is not None:
                withdrawn[claim.commit] = claim.withdrawn
    for commit, paths in facts.unpinned:
        artifacts.setdefault(commit, []).extend(paths)
    for commit in (*artifacts, *(oid for oid in facts.snapshots if oid not in artifacts)):
        level = "warning" if facts.refused is not None and not required else None
        yield NotPinned(
            commit=commit,
            artifacts=tuple(dict.fromkeys(artifacts.get(commit, ()))),
            remote=facts.remote,
            refused=facts.refused,
            withdrawn=withdrawn.get(commit),
            stated_level="note" if commit in withdrawn else level,
            oids=(commit,),
            ref=facts.ref,
        )


def _stamped(facts: Facts) -> Iterator[MissingTrailer]:
    """Yield one finding for all the commits that do not name the experiment, if there are any."""
    from labgate.checks.experiment_hash.rules import MissingTrailer, Unstamped

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
        push=facts.push,
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
