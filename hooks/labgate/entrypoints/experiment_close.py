"""``labgate experiment close``: keep the outcome and all code of an experiment, and only then delete its branch."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from labgate.entrypoints.experiment import Bench, find_bench, require_remote
from labgate.entrypoints.experiment_publish import (
    Outstanding,
    Plan,
    outstanding,
    pinned_here,
    publish,
    require_published,
)
from labgate.entrypoints.experiment_trunk import trunk_of
from labgate.experiments.artifacts import is_code
from labgate.experiments.closing import PROMOTED, closed_name, closed_ref, outcome_in, outcome_message
from labgate.experiments.naming import experiment_of, is_experiment
from labgate.experiments.pins import Pin, pin_here, pin_of, read_pins
from labgate.experiments.published import reached
from labgate.experiments.recorded import Recorded, recorded_commits
from labgate.git.authoring import write_tag
from labgate.git.commits import headlines, is_ancestor, parents_of, present
from labgate.git.deleting import MovedError, delete_here, delete_there, worktree_of
from labgate.git.fetch import fetch_some
from labgate.git.index_copy import copied_index
from labgate.git.kept_refs import CREATED, THERE, create_ref, fetch_refs, push_new, refs_below, remote_refs
from labgate.git.refs import read_refs
from labgate.git.snapshots import read_headers, read_tags
from labgate.git.switching import switch_to
from labgate.git.user_push import push_with_hooks
from labgate.research.section import ResearchGate
from labgate.scene.workplace import find_workplace
from labgate.values.errors import GitError, LabgateError, UsageError
from labgate.values.phrases import alternatives, count, quote, short_oid
from labgate.values.refnames import HEADS, branch_of, tip_ref
from labgate.values.value import Value

_MOST_NAMED = 3


class Branch(Value):
    """A branch of the experiment (short name), and its commits here and on the remote; ``None`` where it is not."""

    name: str
    here: str | None
    there: str | None


class Closing(Value):
    """What closing an experiment does.

    ``tip`` is the commit whose ref keeps the outcome. ``pins`` are those that the remote does not have yet. ``there``
    are the refs of the remote. ``known`` is the tag object with the same outcome that is there already, ``None`` if
    there is none. ``leave``: the branch is checked out here, and the work tree is switched to ``trunk`` (short name).
    """

    bench: Bench
    remote: str
    experiment: str
    outcome: str
    branches: tuple[Branch, ...]
    tip: str
    pins: tuple[Outstanding, ...]
    there: Mapping[str, str]
    known: str | None
    trunk: str
    leave: bool
    notes: tuple[str, ...]

    @property
    def ref(self) -> str:
        """The full name of the ref that keeps the outcome."""
        return closed_ref(self.bench.settings, self.experiment, self.tip)

    @property
    def again(self) -> str:
        """The command that does it without a question."""
        return f"labgate experiment close {quote(self.experiment)} --outcome {self.outcome} --yes"


def plan(name: str | None, outcome: str, environ: Mapping[str, str] = os.environ) -> Closing:
    """Return what closing an experiment (``SERVICE/HANDLE``, ``None``: that of the branch here) would do.

    Nothing is changed but the remote-tracking refs. Raises: ``LabgateError`` where something would be lost, or where
    the outcome is not true.
    """
    bench = find_bench(environ, name)
    remote = require_remote(bench)
    bench.repository.require_history()
    there = remote_refs(bench.repository, remote, ())
    names = _names(bench, there)
    trunk = trunk_of(bench)
    fetch_some(bench.repository, remote, [branch for branch in (trunk, *names) if HEADS + branch in there])
    refs = read_refs(bench.repository)
    branches = tuple(Branch(name, refs.get(HEADS + name), _tracked(refs, remote, name, there)) for name in names)
    tips = list(dict.fromkeys(oid for branch in branches for oid in (branch.here, branch.there) if oid is not None))
    landed = _landed(bench, refs, remote, trunk)
    leave = _require_free(bench, branches, environ)
    if outcome == PROMOTED:
        _require_landed(bench, branches, landed, trunk)
    recorded = recorded_commits(bench.repository, bench.settings, bench.experiment, tips, landed)
    pins = [pin for pin in _wanted(bench, tips, recorded) if there.get(pin.ref) != pin.commit]
    _require_here(bench, remote, pins, there)
    tip = _tip(bench, tips)
    notes = tuple(f"{path} is no record that can be used, so its code is not known" for path in recorded.unreadable)
    known = _known(bench, remote, closed_ref(bench.settings, bench.experiment, tip), outcome, there)
    items = outstanding(bench, pins)
    return Closing(bench, remote, bench.experiment, outcome, branches, tip, items, there, known, trunk, leave, notes)


def close(what: Closing) -> None:
    """Pin everything, keep the outcome, see both on the remote, and then delete the branch there and here.

    Raises: ``LabgateError``; nothing is deleted before everything was seen.
    """
    bench, remote = what.bench, what.remote
    for item in what.pins:
        pin_here(bench.repository, bench.settings, item.pin.experiment, item.pin.commit)
    _push_unseen(what)
    done = Plan(bench, remote, what.pins)
    require_published(done, publish(done))
    tag = _keep_outcome(what)
    _require_seen(what, {**{item.pin.ref: item.pin.commit for item in what.pins}, what.ref: tag})
    if what.leave:
        _leave(what)
    for branch in what.branches:
        _delete(what, branch)


def _names(bench: Bench, there: Mapping[str, str]) -> list[str]:
    """Return the branches of the experiment, here and on the remote. Raises: ``UsageError`` when there is none."""
    here = refs_below(bench.repository)
    refs = dict.fromkeys(ref for ref in (*here, *there) if ref.startswith(HEADS))
    found = [name for name in (branch_of(ref) or "" for ref in refs) if _is_of(bench, name)]
    if not found:
        message = f"there is no experiment branch for {bench.experiment}, here or on {bench.remote}"
        raise UsageError(message, "labgate experiment list")
    for name in found:
        if bench.policy is not None and bench.policy.is_protected(HEADS + name):
            message = f"{name} is protected, and is not deleted"
            raise UsageError(message, "labgate experiment list")
    named = [name for name in found if is_experiment(bench.policy, name)]
    return named or [_pinned_branch(bench, found, {**there, **here})]


def _is_of(bench: Bench, branch: str) -> bool:
    return experiment_of(bench.policy, branch) == bench.experiment


def _pinned_branch(bench: Bench, branches: Sequence[str], refs: Mapping[str, str]) -> str:
    """Return the branch of an experiment that is listed only for its pins: its name has no service and handle.

    Raises: ``UsageError`` for one of no kind in the policy or without a pin, and where several could be meant.
    """
    first = branches[0]
    of_kind = bench.policy is not None and bench.policy.classify(HEADS + first).fields is not None
    if not of_kind or all(pin.experiment != bench.experiment for pin in read_pins(bench.settings, refs)):
        message = (
            f"{first} is not closed: its name is not of a kind with {{service}} and {{handle}}, and "
            f"{bench.experiment} {'has no pin' if of_kind else 'is of no kind in a policy'}"
        )
        raise UsageError(message, "labgate experiment list")
    if len(branches) > 1:
        message = f"{bench.experiment} can be {alternatives(branches)}, and it is not known which one to delete"
        raise UsageError(message, "labgate experiment list")
    return first


def _tracked(refs: Mapping[str, str], remote: str, name: str, there: Mapping[str, str]) -> str | None:
    """Return the commit that was just fetched of a branch; the listing is older."""
    return refs[tip_ref(remote, name)] if HEADS + name in there else None


def _landed(bench: Bench, refs: Mapping[str, str], remote: str, trunk: str) -> list[str]:
    """Return the tips of the remote on which code counts as landed: the trunk's, and those that the policy names."""
    prefix = tip_ref(remote, "")
    found = [refs[prefix + trunk]] if prefix + trunk in refs else []
    if bench.policy is not None:
        gate = bench.policy.section(ResearchGate)
        names = (ref.removeprefix(prefix) for ref in refs if ref.startswith(prefix))
        found += [refs[prefix + name] for name in names if gate.has_landed(HEADS + name)]
    return list(dict.fromkeys(found))


def _require_free(bench: Bench, branches: Sequence[Branch], environ: Mapping[str, str]) -> bool:
    """Return whether a branch is checked out here. Raises: ``UsageError`` where it cannot be left."""
    repository, place = bench.repository, find_workplace(environ)
    mine = branch_of(place.branch() or "")
    for branch in branches:
        path = None if branch.here is None else worktree_of(repository, branch.name)
        if branch.name == mine:
            _require_clean(bench, branch.name, place.operation())
        elif path is not None:
            message = f"{branch.name} is checked out in {path}"
            raise UsageError(message, f"git -C {quote(path)} switch --detach")
    return any(branch.name == mine and branch.here is not None for branch in branches)


def _require_clean(bench: Bench, branch: str, operation: str | None) -> None:
    if operation is not None:
        message = f"{branch} is checked out, and a {operation} is in progress"
        raise UsageError(message, f"git {operation} --abort  # or, to go on with it: --continue")
    with copied_index(bench.repository) as tree:
        edits = [edit.path for edit in tree.status().edits]
    if edits:
        more = ", ..." if len(edits) > _MOST_NAMED else ""
        named = ", ".join(edits[:_MOST_NAMED]) + more
        message = f"{branch} is checked out, with edits in {count(len(edits), 'file')}: {named}"
        raise UsageError(message, "git stash push")


def _require_landed(bench: Bench, branches: Sequence[Branch], landed: Sequence[str], trunk: str) -> None:
    """Check that the code of branches is on the trunk. Raises: ``LabgateError`` where it is not seen there."""
    from labgate.derivation.promotion_seen import unlanded_code
    from labgate.research.source_refs import SourceRef

    remote = bench.remote
    sources = [
        SourceRef(tip_ref(place, branch.name), HEADS + branch.name, oid, place)
        for branch in branches
        for place, oid in ((None, branch.here), (remote, branch.there))
        if oid is not None
    ]
    left = unlanded_code(bench.repository, sources, landed, lambda path: is_code(bench.settings, path))
    if not left:
        return
    subjects = [subject for subject, _ in headlines(bench.repository, left[:_MOST_NAMED])]
    named = "; ".join(f"{short_oid(oid)} {subject}" for oid, subject in zip(left, subjects, strict=False))
    more = "; ..." if len(left) > _MOST_NAMED else ""
    message = f"{count(len(left), 'commit')} of {bench.experiment} not seen on {remote}/{trunk}: {named}{more}"
    command = f"labgate experiment close {quote(bench.experiment)} --outcome rejected --yes"
    raise LabgateError(message, f"{command}  # or land them on {trunk} first")


def _wanted(bench: Bench, tips: Sequence[str], recorded: Recorded) -> tuple[Pin, ...]:
    """Return the pins that the remote must have: of the tips, of recorded commits, and those of this clone."""
    settings = bench.settings
    mine = [pin for pin in pinned_here(bench) if pin.experiment == bench.experiment]
    found = [pin_of(settings, bench.experiment, tip) for tip in tips]
    found += [pin_of(settings, experiment, commit) for commit, experiment in recorded.commits]
    found += [pin for pin in mine if pin.commit not in recorded.withdrawn]
    return tuple(dict.fromkeys(found))


def _require_here(bench: Bench, remote: str, pins: Sequence[Pin], there: Mapping[str, str]) -> None:
    """Check that what must be pinned can be had. Raises: ``LabgateError`` for a commit that is nowhere."""
    commits = [pin.commit for pin in pins]
    here = present(bench.repository, commits)
    known = {oid: ref for ref, oid in there.items()}
    for commit in commits:
        if commit not in here and not fetch_refs(bench.repository, remote, {known.get(commit, commit): None}):
            message = f"a record names {commit}, which is neither here nor on {remote}"
            raise LabgateError(message, f"labgate experiment publish {short_oid(commit)}  # in the clone that has it")


def _tip(bench: Bench, tips: Sequence[str]) -> str:
    """Return the tip that has all others, else the first: that of the branch here."""
    return next(
        (tip for tip in tips if all(is_ancestor(bench.repository, other, tip) for other in tips)),
        tips[0],
    )


def _known(bench: Bench, remote: str, ref: str, outcome: str, there: Mapping[str, str]) -> str | None:
    """Return the tag object with the outcome that an earlier run has left. Raises: ``UsageError`` for another one."""
    repository = bench.repository
    found = there.get(ref) or refs_below(repository, ref).get(ref)
    if found is None:
        return None
    if not present(repository, [found]):
        fetch_refs(repository, remote, {ref: None})
    stated = outcome_in(read_tags(repository, [found]).get(found, (0, b""))[1])
    if stated == outcome:
        return found
    message = f"{bench.experiment} was closed as {stated} already, by {ref}"
    raise UsageError(message, f"labgate experiment close {quote(bench.experiment)} --outcome {stated or outcome} --yes")


def _push_unseen(what: Closing) -> None:
    """Push the commits that no branch of the remote has, as any push of theirs: hooks may refuse them.

    Each snapshot is published as soon as its base is there, as labgate's own hook refuses a record of one that is not.
    """
    repository = what.bench.repository
    snapshots = {item.pin.commit: item for item in what.pins if item.snapshot}
    bases: dict[str, list[Outstanding]] = {}
    for commit, header in read_headers(repository, snapshots).items():
        bases.setdefault(header.parents[0], []).append(snapshots[commit])
    seen = list(what.there.values())
    for base in [oid for oid in reversed(parents_of(repository, bases)) if oid in bases] if bases else ():
        _push(what, pin_of(what.bench.settings, what.experiment, base), seen)
        part = Plan(what.bench, what.remote, tuple(bases[base]))
        require_published(part, publish(part))
    for item in what.pins:
        if not item.snapshot:
            _push(what, item.pin, seen)


def _push(what: Closing, pin: Pin, seen: list[str]) -> None:
    """Pin a commit on the remote unless it is reached by what was seen there, to which it is added."""
    repository = what.bench.repository
    if reached(repository, [pin.commit], seen):
        return
    try:
        push_with_hooks(repository, what.remote, pin.ref, pin.commit)
    except GitError as error:
        command = f"git push {quote(what.remote)} {pin.commit}:{quote(pin.ref)} && {what.again}"
        message = f"{error.message}; nothing was deleted"
        raise GitError(message, command) from None
    seen.append(pin.commit)


def _keep_outcome(what: Closing) -> str:
    """Create the ref with the outcome here and on the remote, and return its tag object. Raises: ``LabgateError``."""
    repository = what.bench.repository
    names = tuple(branch.name for branch in what.branches)
    message = outcome_message(what.experiment, what.outcome, names)
    tag = what.known or write_tag(repository, what.tip, closed_name(what.tip), message)
    if create_ref(repository, what.ref, tag) != tag:
        message = f"{what.ref} is another object here; nothing was deleted"
        raise LabgateError(message, f"git show {what.ref}")
    for answer in push_new(repository, what.remote, {what.ref: tag}):
        if answer.state not in (CREATED, THERE):
            message = f"{what.remote} refuses {what.ref}: {answer.reason}; nothing was deleted"
            raise LabgateError(message, f"git ls-remote {quote(what.remote)} {what.ref}")
    return tag


def _require_seen(what: Closing, refs: Mapping[str, str]) -> None:
    """Ask the remote for everything that was pinned. Raises: ``LabgateError`` for what it does not show."""
    found = remote_refs(what.bench.repository, what.remote, [f"{what.bench.settings.pins}/*"])
    for ref, oid in refs.items():
        if found.get(ref) != oid:
            message = f"{what.remote} does not show {ref} after the push; nothing was deleted"
            raise LabgateError(message, f"git ls-remote {quote(what.remote)} {ref}")


def _leave(what: Closing) -> None:
    repository, trunk = what.bench.repository, what.trunk
    here = HEADS + trunk in refs_below(repository, HEADS + trunk)
    try:
        switch_to(repository, trunk, start=None if here else f"{what.remote}/{trunk}")
    except GitError as error:
        message = f"{error.message}; everything is pinned, and nothing was deleted"
        raise GitError(message, f"git switch --detach && {what.again}") from None


def _delete(what: Closing, branch: Branch) -> None:
    """Delete a branch on the remote, then here. Raises: ``LabgateError`` where it has moved since it was pinned."""
    if branch.there is not None:
        try:
            delete_there(what.bench.repository, what.remote, branch.name, branch.there)
        except MovedError as error:
            raise MovedError(error.message, what.again) from None
    if branch.here is not None:
        try:
            delete_here(what.bench.repository, branch.name, branch.here)
        except GitError as error:
            raise GitError(error.message, what.again) from None
