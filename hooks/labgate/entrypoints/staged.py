"""What a commit stage asks only when something looks wrong (the trunk, other branches, reverts), and its report."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property

from labgate.checks.branch_name import check as branch_name
from labgate.checks.commit_size import check as commit_size
from labgate.entrypoints.commit import Proposed
from labgate.entrypoints.workplace import Workplace
from labgate.gate.levels import levelled
from labgate.git.attributes import excluded_paths
from labgate.git.commits import has_commit, is_ancestor
from labgate.git.diffs import staged_exactly_reverts
from labgate.git.refs import HEADS, REMOTES, read_refs, tracking_refs
from labgate.git.repository import Repository, discover
from labgate.policy.model import Policy
from labgate.scene.governing_policy import policy_at, trunk_name
from labgate.values.batch import Batch, FileChange
from labgate.values.errors import NoPolicyError, UndecidedError
from labgate.values.finding import FAILED, PASSED, SKIPPED, Finding
from labgate.values.ref_update import RefUpdate, View
from labgate.values.report import CheckResult, Judged, PolicyOrigin, Report
from labgate.values.value import Value

#: Why a merge was not measured (``git.raw.clean_merge``).
UNMEASURED = "git cannot say here what the clean merge would be (git below 2.38, or more than two parents)"
DETACHED = "HEAD is on no branch"


class Surroundings(Value):
    """The repository around a commit stage, with its refs read once."""

    repository: Repository
    branch: str | None

    @cached_property
    def refs(self) -> dict[str, str]:
        return read_refs(self.repository)

    @cached_property
    def remote(self) -> str | None:
        """The remote of the branch's upstream, else the only one, else ``origin``, else ``None``."""
        names = [remote.name for remote in self.repository.remotes]
        tracked = self._configured("remote")
        if tracked in names:
            return tracked
        if len(names) == 1:
            return names[0]
        return "origin" if "origin" in names else None

    @cached_property
    def remote_refs(self) -> frozenset[str]:
        """The remote's branches as last seen, by their full names there."""
        tracking = tracking_refs(self.refs, self.repository.remotes)
        return frozenset(ref.remote_ref for ref in tracking if ref.remote == self.remote)

    @property
    def created(self) -> bool:
        """Whether the branch is new: without an upstream, and not on the remote under its own name."""
        upstream = self._configured("merge") is not None and self._configured("remote") not in (None, ".")
        return not upstream and self.branch not in self.remote_refs

    @property
    def siblings(self) -> tuple[str, ...]:
        """The other branches, here and on the remote, by full name."""
        local = {ref for ref in self.refs if ref.startswith(HEADS)}
        return tuple(sorted((local | self.remote_refs) - {self.branch}))

    def trunk_tip(self, policy: Policy | None) -> str | None:
        """Return the trunk's commit, remote-tracking where there is a remote; ``None`` where there is none.

        ``policy`` names the trunk where git does not. Raised: ``UndecidedError`` without a policy, when the trunk
        cannot be told.
        """
        try:
            name = trunk_name(self.repository, self.refs, self.remote, None)
        except UndecidedError:
            if policy is None:
                raise
            name = None
        name = name or (None if policy is None else policy.trunk)
        prefix = HEADS if self.remote is None else f"{REMOTES}{self.remote}/"
        return None if name is None else self.refs.get(prefix + name)

    def _configured(self, key: str) -> str | None:
        short = (self.branch or "").removeprefix(HEADS)
        return self.repository.setting(f"branch.{short}.{key}")


def trunk_policy(place: Workplace) -> tuple[Policy, PolicyOrigin]:
    """Return the policy of the remote-tracking trunk, for a work tree that has none.

    Raised: ``NoPolicyError`` when there is none either, or when nobody can say which branch is the trunk.
    """
    around = Surroundings(_repository(place), place.branch())
    try:
        tip = None if around.remote is None else around.trunk_tip(None)
    except UndecidedError as error:
        message = f"there is no labgate.toml here, and {error.message}"
        raise NoPolicyError(message, error.help) from error
    found = None if tip is None else policy_at(around.repository, tip)
    if found is None:
        message = "there is no labgate.toml, neither here nor on the trunk"
        raise NoPolicyError(message, "labgate init")
    return found[0], PolicyOrigin("trunk", tip, found[1])


def collides(place: Workplace, ref: str) -> bool:
    """Say whether some branch, here or on any remote, may be the same file as ``ref`` where case does not count."""
    output = place.git().run("for-each-ref", "--format=%(refname)", HEADS, REMOTES)
    own = ref.removeprefix(HEADS)
    names = os.fsdecode(output).split("\n")
    beside = {HEADS + name.removeprefix(REMOTES).partition("/")[2] for name in names if name.startswith(REMOTES)}
    beside.update(name for name in names if name.startswith(HEADS))
    return bool(branch_name.collisions(HEADS + own, tuple(beside)))


def judge(proposed: Proposed, size: commit_size.Facts | None, suspects: Sequence[str], *, unmeasured: bool) -> Report:
    """Judge what looks wrong with all the facts, and return the report on the commit.

    ``suspects`` are the checks that may find something. ``unmeasured`` says that the size of a merge could not be told.
    """
    around = Surroundings(_repository(proposed.place), proposed.branch)
    found: dict[str, tuple[Finding, ...]] = dict.fromkeys(proposed.checks, ())
    for name in suspects:
        raw = _sizes(proposed, around, size) if name == commit_size.NAME else _names(proposed, around)
        levelled_ones = (levelled(finding, proposed.policy, proposed.kind) for finding in raw)
        found[name] = tuple(finding for finding in levelled_ones if finding is not None)
    findings = tuple(finding for name in proposed.checks for finding in found[name])
    skipped = _skipped(proposed, size, unmeasured=unmeasured)
    results = tuple(_result(name, found[name], skipped.get(name)) for name in proposed.checks)
    update = RefUpdate(proposed.branch or "HEAD", None, None)
    judged = Judged(update, proposed.kind, results, findings)
    notices = tuple(f"{name} skipped: {skipped[name]}" for name in proposed.checks if _is_said(name, skipped, findings))
    origin = proposed.origin or PolicyOrigin("worktree")
    return Report(proposed.stage, origin, View(1, 1, 0, sources_complete=True), (judged,), notices=notices)


def _repository(place: Workplace) -> Repository:
    return discover(place.environ, place.top or place.git_dir)


def _names(proposed: Proposed, around: Surroundings) -> Sequence[Finding]:
    if proposed.branch is None:
        return ()
    facts = branch_name.Facts(proposed.branch, around.created, around.siblings, remote=around.remote)
    return tuple(branch_name.check(facts, proposed.policy))


def _sizes(proposed: Proposed, around: Surroundings, size: commit_size.Facts | None) -> Sequence[Finding]:
    """Judge the size again, without what the trunk exempts: its generated and vendored files, and exact reverts."""
    if size is None:
        return ()
    [batch] = size.batches
    tip = around.trunk_tip(proposed.policy)
    if tip is not None:
        excluded = excluded_paths(around.repository, tip, [file.path for file in batch.files])
        files = tuple(
            FileChange(file.path, file.status, file.added, file.deleted, file.size, file.path in excluded)
            for file in batch.files
        )
        reverts = _exactly_reverted(proposed.place, around.repository, tip)
        batch = Batch(None, batch.subject, files, reverts, batch.parents)
    facts = commit_size.Facts(
        (batch,),
        size.kind,
        size.preview_kind,
        source=size.source,
        staged=True,
        temporary_index=size.temporary_index,
    )
    return tuple(commit_size.check(facts, proposed.policy))


def _exactly_reverted(place: Workplace, repository: Repository, tip: str) -> str | None:
    """Return the commit on the trunk that this one exactly takes back, ``None`` where it does not."""
    oid = place.reverted()
    if oid is None or not has_commit(repository, oid) or not is_ancestor(repository, oid, tip):
        return None
    return oid if staged_exactly_reverts(repository, place.git(), oid) else None


def _skipped(proposed: Proposed, size: commit_size.Facts | None, *, unmeasured: bool) -> dict[str, str]:
    """Return why checks did not apply, by name."""
    reasons = {}
    if proposed.branch is None:
        reasons[branch_name.NAME] = DETACHED
    if unmeasured:
        reasons[commit_size.NAME] = UNMEASURED
    elif size is None:
        reasons[commit_size.NAME] = f"no size limits for {proposed.kind or 'this kind of branch'}"
    return reasons


def _is_said(name: str, skipped: dict[str, str], findings: Sequence[Finding]) -> bool:
    """Say whether a skipped check is worth a line: what is not covered always, a detached HEAD beside findings."""
    reason = skipped.get(name)
    return reason == UNMEASURED or (reason == DETACHED and bool(findings))


def _result(name: str, findings: Sequence[Finding], skipped: str | None) -> CheckResult:
    if any(finding.level == "error" for finding in findings):
        return CheckResult(name, FAILED)
    return CheckResult(name, PASSED) if skipped is None else CheckResult(name, SKIPPED, skipped)
