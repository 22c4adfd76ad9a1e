"""Row 3 of the issue's table: MLflow, W&B and notebooks name the code that labgate recorded, and it comes back."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.repo import Repo
from support.runs import code, laboratory, record, run
from support.tools import require_tool

#: Trains on iris with autologging to a file store, and writes what it measured.
TRAIN = """\
import json, os
import mlflow
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from model import STRENGTH

mlflow.set_tracking_uri("file:" + os.path.abspath("out/mlruns"))
mlflow.sklearn.autolog(log_models=False, log_input_examples=False, log_datasets=False)
data, target = load_iris(return_X_y=True)
with mlflow.start_run() as started:
    model = LogisticRegression(C=STRENGTH, max_iter=500).fit(data, target)
tags = mlflow.get_run(started.info.run_id).data.tags
os.makedirs("experiments/iris", exist_ok=True)
with open("experiments/iris/metrics.json", "w") as stream:
    numbers = {"coefficients": model.coef_.tolist(), "score": model.score(data, target)}
    json.dump({"numbers": numbers, "tags": tags}, stream)
"""
METRICS = "experiments/iris/metrics.json"
FILE_STORE = {"MLFLOW_ALLOW_FILE_STORE": "true", "GIT_PYTHON_REFRESH": "quiet"}


@pytest.fixture
def lab(tmp_path: Path) -> Repo:
    for name in ("mlflow", "sklearn", "pandas"):
        require_tool(name)
    repo = laboratory(tmp_path)
    repo.env |= FILE_STORE
    repo.commit("Iris", {"train.py": TRAIN, "model.py": "STRENGTH = 1.0\n"})
    repo.push("experiment--ranker--wide")
    return repo


def clean(repo: Repo) -> None:
    """The code is committed and pushed."""


def dirty(repo: Repo) -> None:
    """A module is edited, and imports one that git does not know."""
    repo.write({"model.py": "from extra import STRENGTH\n", "extra.py": "STRENGTH = 0.01\n"})


def measured(repo: Repo) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads((repo.path / METRICS).read_text())
    return found


def brought_back(repo: Repo, commit: str) -> Repo:
    """Return a worktree of the commit in a fresh clone of depth 1."""
    origin = repo.git("config", "remote.origin.url")
    there = repo.path.parent / "fresh"
    repo.git("clone", "--quiet", "--depth=1", f"file://{origin}", str(there))
    fresh = Repo(there, repo.env)
    return Repo(Path(fresh.run("labgate", "experiment", "checkout", commit).out.strip()), repo.env)


@pytest.mark.slow
@pytest.mark.parametrize("prepare", [clean, dirty])
def test_mlflow_names_the_recorded_code_which_trains_to_the_same_numbers(
    lab: Repo, prepare: Callable[[Repo], None]
) -> None:
    prepare(lab)
    run(lab, sys.executable, "train.py")
    commit, found = code(record(lab, METRICS)), measured(lab)
    assert found["tags"]["mlflow.source.git.commit"] == commit
    assert found["tags"]["mlflow.source.git.branch"] == "experiment--ranker--wide"
    assert found["tags"]["mlflow.source.git.dirty"] == ("true" if prepare is dirty else "false")
    assert found["tags"]["labgate.experiment"] == "ranker/wide"
    lab.run("labgate", "experiment", "publish", "--yes")
    again = brought_back(lab, commit)
    again.run(sys.executable, "train.py")
    assert measured(again)["numbers"] == found["numbers"]


@pytest.mark.slow
def test_mlflow_in_a_notebook_names_the_recorded_code(lab: Repo) -> None:
    require_tool("papermill")
    require_tool("ipykernel")
    cell: dict[str, object] = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "id": "a",
        "source": TRAIN,
    }
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = {"cells": [cell], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    dirty(lab)
    lab.write({"train.ipynb": json.dumps(notebook), "out/keep": ""})
    # A kernel looks for its files below the home of its user, which is empty here.
    run(lab, "papermill", "--cwd", ".", "train.ipynb", "out/train.ipynb")
    commit, found = code(record(lab, METRICS)), measured(lab)
    assert found["tags"]["mlflow.source.git.commit"] == commit
    lab.run("labgate", "experiment", "publish", "--yes")
    again = brought_back(lab, commit)
    again.run(sys.executable, "train.py")
    assert measured(again)["numbers"] == found["numbers"]


@pytest.mark.slow
@pytest.mark.parametrize("prepare", [clean, dirty])
def test_wandb_names_the_commit_unless_its_patch_would_contradict(lab: Repo, prepare: Callable[[Repo], None]) -> None:
    require_tool("wandb")
    prepare(lab)
    text = (
        "import glob, os, wandb; os.makedirs('models', exist_ok=True); wandb.init(dir='out', mode='offline').finish();"
        "open('models/m', 'w').write('1')"
    )
    lab.write({"out/keep": ""})
    done = run(lab, sys.executable, "-c", text, WANDB_SILENT="true")
    commit = code(record(lab, "models/m"))
    (stored,) = lab.path.glob("out/wandb/offline-run-*/*.wandb")
    named = {oid.decode() for oid in re.findall(rb"[0-9a-f]{40}", stored.read_bytes())}
    assert lab.head() in named, done.text
    assert (commit in named) == (prepare is clean)
