"""The variables that tell a command, and the tools that it uses, which code it runs.

Sources: MLflow's ``MLFLOW_RUN_CONTEXT`` (mlflow/tracking/context/default_context.py reads a JSON object of tags), W&B's
``WANDB_GIT_*``, OpenTelemetry's ``OTEL_RESOURCE_ATTRIBUTES`` and its attributes ``vcs.*``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote

from labgate.experiments.code import Code
from labgate.values.value import Value

COMMIT, EXPERIMENT, RUN = "LABGATE_COMMIT", "LABGATE_EXPERIMENT", "LABGATE_RUN"
_MLFLOW, _OTEL = "MLFLOW_RUN_CONTEXT", "OTEL_RESOURCE_ATTRIBUTES"
_WANDB_COMMIT, _WANDB_URL = "WANDB_GIT_COMMIT", "WANDB_GIT_REMOTE_URL"
#: Every variable that names a commit.
NAMES = (COMMIT, _MLFLOW, _OTEL, _WANDB_COMMIT)
#: Characters of a value that OTEL_RESOURCE_ATTRIBUTES has unencoded (W3C Baggage, "value").
_UNENCODED = "/:@+-._~"


class Described(Value):
    """What the variables say: the code, its experiment and branch, and the repository as a record names it.

    ``branch`` is a short name, ``None`` on none; ``uri`` is ``git+https://host/path``, ``None`` without a remote.
    ``run`` is the id of a run, ``None`` outside of one.
    """

    code: Code
    experiment: str
    branch: str | None
    uri: str | None
    run: str | None = None

    @property
    def url(self) -> str | None:
        """The URL as git takes it, without credentials."""
        return None if self.uri is None else self.uri.removeprefix("git+")


class Variables(Value):
    """Variables to set, and one line for each that was left alone."""

    values: dict[str, str]
    warnings: tuple[str, ...]


def variables(described: Described, environ: Mapping[str, str]) -> Variables:
    """Return the variables for a command; what ``environ`` has already stays, and two of them are merged into it."""
    code, warnings = described.code, []
    values = {COMMIT: code.commit, EXPERIMENT: described.experiment, "PYTHONUNBUFFERED": "1"}
    if described.run is not None:
        values[RUN] = described.run
    # W&B keeps a patch against HEAD where the tree is dirty, which the hash of a snapshot would contradict.
    if not code.snapshot:
        values[_WANDB_COMMIT] = code.commit
        if described.url is not None:
            values[_WANDB_URL] = described.url
    values = {name: value for name, value in values.items() if not environ.get(name)}
    tags = _merged_tags(environ.get(_MLFLOW, ""), _mlflow(described))
    if tags is None:
        warnings.append(f"{_MLFLOW} is not a JSON object of texts, so it is left alone: MLflow does not get the commit")
    else:
        values[_MLFLOW] = tags
    values[_OTEL] = _merged_attributes(environ.get(_OTEL, ""), _attributes(described))
    return Variables(values, tuple(warnings))


def _mlflow(described: Described) -> dict[str, str]:
    code = described.code
    tags = {
        "mlflow.source.git.commit": code.commit,
        "mlflow.source.git.branch": described.branch,
        "mlflow.source.git.repoURL": described.url,
        "mlflow.source.git.dirty": "true" if code.snapshot or not code.exact else "false",
        "labgate.experiment": described.experiment,
        "labgate.run": described.run,
    }
    return {name: value for name, value in tags.items() if value is not None}


def _merged_tags(given: str, tags: Mapping[str, str]) -> str | None:
    """Return a JSON object with both; the given tags win. ``None`` if what is given is no such object."""
    before: object = {}
    if given.strip():
        try:
            before = json.loads(given)
        except (ValueError, RecursionError):
            return None
    if not isinstance(before, dict):
        return None
    return json.dumps({**tags, **before}, ensure_ascii=False)


def _attributes(described: Described) -> dict[str, str]:
    found = {
        "vcs.ref.head.revision": described.code.commit,
        "vcs.ref.head.name": described.branch,
        "vcs.repository.url.full": described.url,
    }
    return {name: value for name, value in found.items() if value is not None}


def _merged_attributes(given: str, attributes: Mapping[str, str]) -> str:
    """Return the attributes, ``key=value`` with commas between; the given ones win (OpenTelemetry, "Resource SDK")."""
    before = [entry for entry in given.split(",") if entry.strip()]
    taken = {entry.partition("=")[0].strip() for entry in before}
    new = [f"{name}={quote(value, safe=_UNENCODED)}" for name, value in attributes.items() if name not in taken]
    return ",".join([*before, *new])
