"""``labgate status``: where the checked-out branch stands, or all research and experiment branches."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from labgate.checks.registry import policy_reader
from labgate.entrypoints.experiment_listing import outcomes_of
from labgate.entrypoints.status_current import current
from labgate.experiments.naming import experiment_of
from labgate.experiments.section import ExperimentHash
from labgate.fingerprints.building import Progress
from labgate.git.kept_refs import refs_below
from labgate.git.refs import read_refs, resolve_revision
from labgate.git.repository import Repository, discover
from labgate.overview.survey import Ground, survey
from labgate.research.completeness import sources_gap
from labgate.scene.governing_policy import Judging, Proposal, judging_policy
from labgate.values.errors import GitError, UsageError
from labgate.values.refnames import HEADS
from labgate.values.status import Status


def status(*, every: bool, environ: Mapping[str, str] = os.environ, progress: Progress | None = None) -> Status:
    """Return where the checked-out branch stands, or if ``every`` all research and experiment branches.

    Nothing is fetched, and no host is asked. Raises: ``LabgateError`` when there is no repository or no policy.
    """
    repository = discover(environ).changed(online=False)
    refs = read_refs(repository)
    remote = repository.usual_remote
    judging = _judging(repository, refs, remote)
    readmes = tuple((kind.name, kind.readme) for kind in judging.policy.kinds if kind.readme is not None)
    now = int(time.time())
    ground = _ground(repository, refs, judging, progress)
    if every:
        gap = sources_gap(judging.policy, repository, refs, remote)
        return Status(now, None, survey(ground), readmes, judging.notices, gap)
    found = current(repository, refs, remote, judging)
    if found is not None and found.ref is not None:
        for row in survey(ground, found.ref):
            found = found.changed(landed=row.landed, reviewed=row.reviewed)
    return Status(now, found, None, readmes, judging.notices)


def _judging(repository: Repository, refs: dict[str, str], remote: str | None) -> Judging:
    """Return the policy of the trunk: without a remote that of the trunk here."""
    reader, head = policy_reader(), _head(repository, refs)
    found = judging_policy(repository, refs, remote, Proposal({}, head), reader)
    trunk = HEADS + found.policy.trunk
    if remote is not None or trunk not in refs:
        return found
    return judging_policy(repository, refs, None, Proposal({trunk: refs[trunk]}, head, target=trunk), reader)


def _head(repository: Repository, refs: dict[str, str]) -> tuple[str, ...]:
    try:
        return (resolve_revision(repository, "HEAD", refs),)
    except (UsageError, GitError):
        return ()


def _ground(repository: Repository, refs: Mapping[str, str], judging: Judging, progress: Progress | None) -> Ground:
    policy, settings = judging.policy, judging.policy.section(ExperimentHash)
    outcomes = outcomes_of(repository, settings, refs_below(repository, f"{settings.pins}/"))

    def outcome(branch: str, tip: str) -> str | None:
        found = outcomes.get(experiment_of(policy, branch.removeprefix(HEADS)))
        return None if found is None or not found.holds(repository, [tip]) else found.said

    return Ground(repository, policy, refs, judging.trunk_tip, outcome, progress)
