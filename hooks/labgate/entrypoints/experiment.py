"""What every ``labgate experiment`` command starts from: the repository, its settings, and the experiment here."""

from __future__ import annotations

import os
from collections.abc import Mapping

from labgate.checks.registry import policy_reader
from labgate.entrypoints.hook_call import hook_policy
from labgate.experiments.code import FIRST_COMMIT
from labgate.experiments.naming import branch_by_ci, experiment_of, stated_experiment
from labgate.experiments.redaction import without_credentials
from labgate.experiments.section import ExperimentHash, without_policy
from labgate.experiments.variables import EXPERIMENT
from labgate.git.repository import Repository, discover
from labgate.policy.model import FILES, Policy
from labgate.scene.policy_files import worktree_policy
from labgate.scene.workplace import Workplace, find_workplace
from labgate.values.errors import GitError, NoPolicyError, UsageError
from labgate.values.phrases import quote
from labgate.values.refnames import branch_of
from labgate.values.value import Value

#: The commands that make a repository with the code that is here.
NEW_REPOSITORY = f"git init && {FIRST_COMMIT}"


class Bench(Value):
    """Where an experiment command runs.

    ``policy`` is ``None`` where there is none, and ``settings`` then has the defaults. ``branch`` is the short name of
    the branch that is checked out, or that the CI job is for; ``None`` if there is none. ``experiment`` is
    ``service/handle``. ``remote`` is the remote for its pins, ``None`` without one.
    """

    repository: Repository
    policy: Policy | None
    settings: ExperimentHash
    branch: str | None
    experiment: str
    remote: str | None

    @property
    def uri(self) -> str | None:
        """The repository as ``git+https://host/path``, without credentials; ``None`` without a usable URL."""
        url = next((remote.url for remote in self.repository.remotes if remote.name == self.remote), None)
        return None if url is None else without_credentials(url)


def find_bench(environ: Mapping[str, str], stated: str | None = None) -> Bench:
    """Return where a command runs; ``stated`` is the experiment that its user states, ``None`` for that of the branch.

    Raises: ``GitError`` when there is no repository, ``UsageError`` when what is stated is no ``SERVICE/HANDLE``,
    ``PolicyError`` when there is a policy that cannot be read.
    """
    repository = _repository(environ)
    place = find_workplace(environ)
    policy = _policy(repository, place)
    settings = without_policy() if policy is None else policy.section(ExperimentHash)
    ref = place.branch()
    branch = branch_by_ci(environ) if ref is None else branch_of(ref)
    named = stated or environ.get(EXPERIMENT)
    experiment = stated_experiment(named) if named else experiment_of(policy, branch)
    return Bench(repository, policy, settings, branch, experiment, repository.remote_of(branch or ""))


def _repository(environ: Mapping[str, str]) -> Repository:
    """Return the repository here. Raises: ``UsageError`` with the command that makes one, other ``GitError``."""
    try:
        return discover(environ)
    except GitError as error:
        if "not a git repository" not in error.message:
            raise
        raise UsageError(error.message, NEW_REPOSITORY) from None


def _policy(repository: Repository, place: Workplace) -> Policy | None:
    """Return the policy for what is here, ``None`` without one. Raises: ``PolicyError`` when it cannot be read."""
    if not repository.remotes and not any(os.path.isfile(os.path.join(repository.top or "", name)) for name in FILES):
        return None  # there is no trunk that could have one
    try:
        found = hook_policy(place)
    except NoPolicyError:
        return None
    if found.notices:
        # A hook must go on with an earlier policy. Here somebody can mend the file, and artifacts depend on it.
        worktree_policy(repository, policy_reader())
    return found.policy


def require_remote(bench: Bench) -> str:
    """Return the remote for pins. Raises: ``UsageError`` when there is none."""
    if bench.remote is None:
        raise no_remote(bench.repository, bench.branch)
    return bench.remote


def no_remote(repository: Repository, branch: str | None) -> UsageError:
    """Return the error where no remote is known for pins; ``branch`` is a short name, ``None`` on none."""
    names = [remote.name for remote in repository.remotes]
    if not names:
        return UsageError("there is no remote", "git remote add origin URL")
    message = f"it is not known which remote is meant: {', '.join(names)}"
    if branch is None:
        return UsageError(message, f"git remote rename {quote(names[0])} origin")
    return UsageError(message, f"git config {quote(f'branch.{branch}.remote')} {quote(names[0])}")
