"""A repository with artifacts, for tests of ``labgate experiment run`` in processes of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support.provable import record_schema
from support.repo import Repo, Result
from support.templates import copied, kept
from support.tools import require_tool

POLICY = """\
version = 1
trunk = "main"
[kinds.protected]
names = ["main"]
[kinds.research]
names = ["research/{topic}"]
[kinds.experiment]
names = ["experiment--{service}--{handle}"]
[experiment-hash]
artifacts = ["experiments/**/metrics.json", "models/**"]
"""
#: Writes the artifact that its first argument names, with what ``model.py`` has.
TRAIN = """\
import json, os, sys
from model import VALUE
path = sys.argv[1] if len(sys.argv) > 1 else "experiments/a/metrics.json"
os.makedirs(os.path.dirname(path), exist_ok=True)
with open(path, "w") as stream:
    json.dump({"value": VALUE, "commit": os.environ["LABGATE_COMMIT"]}, stream)
"""
METRICS = "experiments/a/metrics.json"


def with_dvc(repo: Repo) -> Repo:
    """Return the repository, set up for DVC; the test is skipped where there is none."""
    require_tool("dvc")
    repo.run("dvc", "init", "--quiet")
    repo.commit("DVC")
    return repo


def laboratory(path: Path, *options: str) -> Repo:
    """Return a clone on an experiment branch with a policy, a model and a script that trains it, pushed to a remote.

    ``options`` are for ``git init`` of both.
    """
    return copied(kept(("laboratory", options), lambda folder: _laboratory(folder, *options)), path)


def _laboratory(path: Path, *options: str) -> Repo:
    repo = Repo.init(path / "lab", *options)
    repo.with_remote("origin", *options)
    repo.commit(
        "Start",
        {"labgate.toml": POLICY, "train.py": TRAIN, "model.py": "VALUE = 1\n", ".gitignore": "out/\n__pycache__/\n"},
    )
    repo.push("main")
    repo.branch("experiment--ranker--wide")
    repo.push("experiment--ranker--wide")
    repo.git("fetch", "--quiet", "origin")
    return repo


def train(repo: Repo, *arguments: str, options: tuple[str, ...] = (), status: int | None = 0, **env: str) -> Result:
    """Run the training script under labgate."""
    return run(repo, sys.executable, "train.py", *arguments, options=options, status=status, **env)


def run(repo: Repo, *command: str, options: tuple[str, ...] = (), status: int | None = 0, **env: str) -> Result:
    """Run a command under ``labgate experiment run``."""
    return repo.run("labgate", "experiment", "run", *options, "--", *command, status=status, **env)


def started(repo: Repo, *command: str, options: tuple[str, ...] = (), **env: str) -> subprocess.Popen[bytes]:
    """Start a command under ``labgate experiment run``."""
    argv = ("labgate", "experiment", "run", *options, "--", *command)
    return subprocess.Popen(argv, cwd=repo.path, env={**repo.env, **env}, stdout=-1, stderr=-1)


def record(repo: Repo, artifact: str = METRICS) -> dict[str, Any]:
    """Return the record beside an artifact."""
    return read(repo.path / f"{artifact}.labgate.json")


def code(found: Mapping[str, Any]) -> str:
    """Return the commit that a record names."""
    (digest,) = (item["digest"] for item in dependencies(found) if item["name"] == "code")
    return str(digest["gitCommit"])


def dependencies(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = found["predicate"]["buildDefinition"]["resolvedDependencies"]
    return listed


def inside(found: Mapping[str, Any]) -> dict[str, Any]:
    parameters: dict[str, Any] = found["predicate"]["buildDefinition"]["internalParameters"]
    return parameters


def outside(found: Mapping[str, Any]) -> dict[str, Any]:
    parameters: dict[str, Any] = found["predicate"]["buildDefinition"]["externalParameters"]
    return parameters


def invocation(found: Mapping[str, Any]) -> str:
    return str(found["predicate"]["runDetails"]["metadata"]["invocationId"])


def result(found: Mapping[str, Any]) -> str:
    """Return outcome and status of the run that a record is of."""
    listed = found["predicate"]["runDetails"]["byproducts"]
    (noted,) = (item["annotations"] for item in listed if item["name"] == "result")
    return f"{noted['outcome']} {noted['status']}"


def run_folders(repo: Repo) -> list[Path]:
    return sorted((repo.path / ".git/labgate/runs").iterdir())


def whole(repo: Repo) -> dict[str, Any]:
    """Return the record of the only run."""
    (folder,) = run_folders(repo)
    return read(folder / "record.json")


def read(path: Path) -> dict[str, Any]:
    """Return a record, which our schema must know."""
    found: dict[str, Any] = json.loads(path.read_text())
    record_schema().validate(found)
    return found


def pins(repo: Repo) -> dict[str, str]:
    """Return the pins of a repository: commits by name."""
    rows = repo.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/experiments").splitlines()
    return dict(row.split(" ") for row in rows)
