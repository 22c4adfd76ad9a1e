"""pre-push: every ref update that git is about to send, or the one that a framework shows."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from labgate.checks.registry import MANUAL, PUSH, Row, at_stage, policy_reader
from labgate.entrypoints.hook_call import HookCall, Skipped, standing_back
from labgate.experiments.section import PUSH as PUSHING
from labgate.experiments.section import ExperimentHash
from labgate.gate.judge import judge_scene
from labgate.git.commits import peel
from labgate.git.refs import read_refs, resolve_commit, symbolic_ref
from labgate.git.repository import Repository, discover
from labgate.policy.model import Policy
from labgate.policy.reader import Reader
from labgate.scene.governing_policy import Proposal, judging_policy, require_tracking
from labgate.scene.policy_files import policies_at
from labgate.scene.scene import Scene
from labgate.values.errors import UndecidedError, UsageError
from labgate.values.ref_update import RefUpdate
from labgate.values.refnames import branch_of, is_oid, tracking_ref
from labgate.values.report import PolicyOrigin, Report
from labgate.values.value import Value

if TYPE_CHECKING:
    from labgate.fingerprints.building import Progress

#: git's name for the source of ``git push REMOTE HEAD:...``.
_HEAD = ("HEAD", "@")
#: The name of the notice about a partial view among those of once a day.
_VIEW_LINE = "partial-view"
#: The check whose hook pins.
_PINNING = "experiment-hash"


class Push(Value):
    """The visible part of a push. ``refs_total`` is ``None`` if a framework shows only one ref of it.

    ``remote`` is the configured remote that it goes to, ``None`` if there is none, and ``url`` git's own URL for it,
    ``None`` if it gave none. ``commits`` are the oids of the
    updates that are commits of this clone: a tag may point to something else, an old tip may be unknown here.
    """

    remote: str | None
    updates: tuple[RefUpdate, ...]
    refs_total: int | None
    commits: frozenset[str]
    url: str | None = None


def run(call: HookCall, progress: Progress | None = None) -> Report | Skipped | None:
    """Judge a push; return ``None`` if git has nothing to send.

    Natively git names its remote and URL as arguments, and all refs on standard input (githooks, "pre-push"); a
    framework describes one ref in ``PRE_COMMIT_*``. Raises: ``NoPolicyError`` when there is no policy, any other
    ``LabgateError`` where labgate could not judge.
    """
    if call.stage == MANUAL or _is_by_hand(call):
        # Imported late, as every import delays a push.
        from labgate.entrypoints import by_hand

        return by_hand.run(call)
    repository = discover(call.environ).changed(online=True)
    active = standing_back(call, repository.common_dir)
    if active is not None:
        return active
    if call.native:
        lines = os.fsdecode(sys.stdin.buffer.read())
        if not lines:
            return None
        refs = read_refs(repository)  # first, as it mostly shows what the pushed oids are
        push = native_push(repository, lines, *call.arguments[:2])
        return _judge_and_pin(call, repository, refs, push, progress)
    refs = read_refs(repository)
    push = framework_push(repository, refs, call.environ)
    if not push.updates:
        return Skipped("no ref of a push is named to this hook")
    return _said_once_a_day(_judge_and_pin(call, repository, refs, push, progress), repository.common_dir)


def _said_once_a_day(report: Report, common_dir: str) -> Report:
    """Return the report of a push of which a framework shows one ref; that it is only one is said once a day."""
    from labgate.entrypoints.once_a_day import is_due, note

    if report.view.complete:
        return report
    if not is_due(common_dir, _VIEW_LINE):
        return report.changed(view=report.view.changed(said=True))
    # Where nothing can be written, it is said each time.
    with suppress(OSError):
        note(common_dir, _VIEW_LINE)
    return report


def _judge_and_pin(
    call: HookCall, repository: Repository, refs: Mapping[str, str], push: Push, progress: Progress | None
) -> Report:
    """Judge a push, and pin the code of its artifacts: what the remote has now, what it gets after git has ended."""
    scene = scene_of(repository, refs, push, progress)
    rows = at_stage(PUSH, call.checks)
    settings = scene.policy.section(ExperimentHash)
    if settings.pins_on_push != PUSHING or all(row.name != _PINNING for row in rows):
        return _judged(scene, rows, push)
    from labgate.entrypoints.push_pins import left_unpinned, pin_afterwards, pin_now
    from labgate.git.detached import push_above

    above = push_above()
    if above is None:
        report = _judged(scene, rows, push)
        return report.changed(notices=(*report.notices, *left_unpinned(scene)))
    if above.is_dry or push.remote is None:
        return _judged(scene, rows, push)
    pinned = pin_now(scene, push.remote)
    report = _judged(scene.changed(pins_refused=pinned.refused) if pinned.refused else scene, rows, push)
    if report.exit_status == 0:
        pin_afterwards(scene, above, pinned.brings)
    return report.changed(notices=(*report.notices, *pinned.notices))


def _is_by_hand(call: HookCall) -> bool:
    """Return whether a framework was given a range by hand: a push has full refs, and oids for commits."""
    to = call.environ.get("PRE_COMMIT_TO_REF", "")
    ref, local = (call.environ.get(f"PRE_COMMIT_{side}_BRANCH", "") for side in ("REMOTE", "LOCAL"))
    if call.native or not (to or ref):
        return False
    # A variable of the caller must not turn a push into something else; CI does not push by such variables.
    spelt = to != "" and not is_oid(to) and call.environ.get("CI", "") != ""
    return not ref.startswith("refs/") or not local or spelt


def scene_of(repository: Repository, refs: Mapping[str, str], push: Push, progress: Progress | None = None) -> Scene:
    """Return the facts of a push. Raises: as ``run`` does."""
    held = any(update.old is not None for update in push.updates)
    require_tracking(repository, refs, push.remote, has_refs=held)
    standing = {update.ref: _standing(refs, push, update) for update in push.updates}
    reader = policy_reader()
    proposed = _proposed(repository, push, reader)
    judging = judging_policy(repository, refs, push.remote, Proposal(standing, proposed), reader)
    _require_commits(push, judging.policy)
    return Scene(
        repository,
        judging.policy,
        refs,
        push.remote,
        judging.trunk_tip,
        push.updates,
        pushing=True,
        push_url=push.url,
        judging=judging,
        progress=progress,
    )


def _judged(scene: Scene, rows: Sequence[Row], push: Push) -> Report:
    origin = PolicyOrigin("none") if scene.judging is None else scene.judging.origin
    return judge_scene(PUSH, scene, origin, rows, push.refs_total)


def _proposed(repository: Repository, push: Push, reader: Reader) -> list[str]:
    """Return the commits that may add the first policy; one whose branch is its own trunk comes first."""
    found = [update for update in push.updates if update.new in push.commits]
    if len(found) > 1 and all(update.old is None for update in found):
        policies = policies_at(repository, [update.new or "" for update in found], reader)

        def is_trunk(update: RefUpdate) -> bool:
            policy = policies[update.new or ""]
            return isinstance(policy, Policy) and update.branch in policy.trunks

        found.sort(key=lambda update: not is_trunk(update))
    return [update.new for update in found if update.new is not None]


def native_push(repository: Repository, lines: str, remote: str = "", url: str = "") -> Push:
    """Read git's own description of a push: ``LOCAL-REF LOCAL-OID REMOTE-REF REMOTE-OID`` a line.

    Raises: ``UsageError`` when a line is not of that form.
    """
    rows = []
    # Not splitlines: U+2028 and U+0085 are legal in a refname.
    for line in lines.removesuffix("\n").split("\n") if lines else ():
        # From the right: a local ref may be any expression with blanks.
        parts = line.rsplit(" ", 3)
        if len(parts) != 4:
            message = f"pre-push: cannot read the line {line!r} that git should have given"
            raise UsageError(message, "run this hook through git push, or judge a range with: labgate check --help")
        rows.append((parts[0], _oid(parts[1]), parts[2], _oid(parts[3])))
    commits = peel(repository, [oid for _, new, _, old in rows for oid in (new, old) if oid is not None])
    updates = tuple(
        RefUpdate(ref, _peeled(old, commits), _peeled(new, commits), _source(repository, local))
        for local, new, ref, old in rows
    )
    return Push(_remote(repository, remote, url), updates, len(updates), frozenset(commits.values()), url or None)


def framework_push(repository: Repository, refs: Mapping[str, str], environ: Mapping[str, str]) -> Push:
    """Read the one ref that pre-commit and prek describe; they never say how many a push has.

    ``PRE_COMMIT_FROM_REF`` is not used: if the remote lacks the ref, it is a parent of the new commits and not the old
    tip, and sometimes the caller's own variable. Only the remote-tracking ref has the old tip.
    """
    ref, local = environ.get("PRE_COMMIT_REMOTE_BRANCH"), environ.get("PRE_COMMIT_LOCAL_BRANCH")
    remote = _remote(repository, environ.get("PRE_COMMIT_REMOTE_NAME", ""), environ.get("PRE_COMMIT_REMOTE_URL", ""))
    if not ref or not local:
        return Push(remote, (), None, frozenset())
    try:
        new = resolve_commit(repository, local)
    except UsageError:
        message = f"{ref} would point to {local}, which is not a commit"
        raise UndecidedError(message, "push a commit instead") from None
    branch = branch_of(ref)
    old = None if remote is None or branch is None else refs.get(tracking_ref(remote, branch))
    update = RefUpdate(ref, old, new, _source(repository, local))
    commits = frozenset(oid for oid in (old, new) if oid is not None)
    return Push(remote, (update,), None, commits, environ.get("PRE_COMMIT_REMOTE_URL"))


def _source(repository: Repository, local_ref: str) -> str | None:
    """Return the branch that is pushed, ``None`` for a tag, an oid or any other expression."""
    ref = symbolic_ref(repository, "HEAD") if local_ref in _HEAD else local_ref
    return None if ref is None else branch_of(ref)


def _oid(text: str) -> str | None:
    """Return an oid, ``None`` for the all-zero one of either hash."""
    return text if text.strip("0") else None


def _peeled(oid: str | None, commits: Mapping[str, str]) -> str | None:
    return None if oid is None else commits.get(oid, oid)


def _remote(repository: Repository, name: str, url: str) -> str | None:
    """Return the configured remote of a push. For a URL it is the remote with that URL, else the usual one."""
    names = [remote.name for remote in repository.remotes]
    if name in names:
        return name
    # Most pushes name a remote.
    from labgate.git.remote_urls import connected, fetch_url, push_urls
    from labgate.values.repository_places import places_of

    folder = repository.top or repository.git_dir
    wanted = {place for text in connected(repository, filter(None, (name, url))) for place in places_of(text, folder)}
    for known in names:
        urls = (*push_urls(repository.config, known), fetch_url(repository.config, known))
        if any(not wanted.isdisjoint(places_of(text, folder)) for text in connected(repository, filter(None, urls))):
            return known
    return repository.usual_remote


def _standing(refs: Mapping[str, str], push: Push, update: RefUpdate) -> str | None:
    """Return a ref's tip on the remote as a commit that is here, or an earlier one if necessary."""
    if update.old is None or update.old in push.commits:
        return update.old
    return None if push.remote is None or update.branch is None else refs.get(tracking_ref(push.remote, update.branch))


def _require_commits(push: Push, policy: Policy) -> None:
    """Check that protected refs point to commits, not to trees. Raises: ``UndecidedError``."""
    for update in push.updates:
        if update.new is not None and update.new not in push.commits and policy.is_protected(update.ref):
            message = f"{update.ref} would point to {update.new[:12]}, which is not a commit"
            raise UndecidedError(message, "push a commit instead")
