"""docs/experiments.md is true: its story happens, and what it says of each tool gives records that name the code.

The tools are the real ones, which the extra ``tools`` installs.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from support.console import Block, blocks, hold
from support.data import ROOT
from support.repo import Repo
from support.runs import code, inside, laboratory, pins, record
from support.tools import require_tool

PAGE = ROOT / "docs" / "experiments.md"
TRAIN = """\
import json, os, sys
from model import VALUE
path = sys.argv[1] if len(sys.argv) > 1 else "experiments/a/metrics.json"
os.makedirs(os.path.dirname(path), exist_ok=True)
with open(path, "w") as stream:
    json.dump({"value": VALUE}, stream)
"""


def constant(text: str) -> str:
    """Put constants in the place of hashes, runs and folders, of which no two runs have the same."""
    text = re.sub(r"\b[0-9a-f]{12,40}\b", "1a1a1a1a1a1a", text)
    text = re.sub(r"\S*/\.git/labgate/runs/[^/]+/", ".git/labgate/runs/RUN/", text)
    text = re.sub(r"/\S*/lin-", "/home/lin/lin-", text)
    return re.sub(r"\S*/python[0-9.]* train", "python train", text)


def commands(heading: str) -> str:
    """Return the ``sh`` block below a heading."""
    (found,) = (block.text for block in blocks(PAGE) if block.heading == heading and block.language == "sh")
    return found


@pytest.fixture
def lab(tmp_path: Path) -> Repo:
    return laboratory(tmp_path)


def told() -> list[Block]:
    return [block for block in blocks(PAGE) if block.heading == "One experiment"]


def test_the_story_happens(clone: Repo) -> None:
    (artifacts,) = re.findall(r"artifacts = .*", PAGE.read_text(encoding="utf-8"))
    policy = (clone.path / "labgate.toml").read_text()
    clone.commit(
        "Code",
        {
            "labgate.toml": f"{policy}\n[experiment-hash]\n{artifacts}\n",
            "model.py": "VALUE = 1\n",
            "train.py": TRAIN,
            ".gitignore": "__pycache__/\n",
        },
    )
    clone.push("main")
    hold(PAGE, told(), clone, normalise=constant)


def test_makefiles(lab: Repo) -> None:
    (text,) = (block.text for block in blocks(PAGE) if block.language == "make")
    lab.commit("Make", {"Makefile": text})
    lab.run("make")
    assert code(record(lab, "models/ranker.bin")) == lab.head()
    assert "up to date" in lab.run("make").out


def test_mlflow(lab: Repo) -> None:
    require_tool("mlflow")
    said = lab.run("sh", "-ec", commands("MLflow"), MLFLOW_TRACKING_URI="file:mlruns", MLFLOW_ALLOW_FILE_STORE="true")
    assert said.out.splitlines()[-1] == lab.head()


def test_wandb(lab: Repo) -> None:
    require_tool("wandb")
    lab.run("sh", "-ec", commands("W&B"))
    configs = list(lab.path.glob("wandb/offline-run-*/files/*")) + list(lab.path.glob("wandb/offline-run-*/*.wandb"))
    assert any(lab.head().encode() in path.read_bytes() for path in configs if path.is_file())


def test_dvc(lab: Repo) -> None:
    require_tool("dvc")
    lab.run("dvc", "init", "--quiet")
    lab.commit("DVC")
    lab.run("sh", "-ec", commands("DVC"))
    found = record(lab, "models/ranker.bin")
    assert (code(found), inside(found)["exact"]) == (lab.head(), True)
    assert found["subject"][0]["digest"]["md5"] in (lab.path / "models/ranker.bin.dvc").read_text()


def test_a_pin_is_taken_back(lab: Repo) -> None:
    lab.labgate("experiment", "record", "README.md" if (lab.path / "README.md").exists() else "model.py", status=0)
    lab.labgate("experiment", "publish", status=0)
    (ref,) = pins(lab)
    text = commands("Take a pin back").replace("refs/experiments/ranker/wide/1a1a1a1a1a1a", ref)
    lab.run("sh", "-ec", text)
    assert pins(lab) == {}
    assert lab.git("ls-remote", "origin", ref) == ""
    path = lab.path / "model.py.labgate.json"
    (annotated,) = (json.loads(block.text) for block in blocks(PAGE) if block.language == "json")
    found = json.loads(path.read_text())
    found["predicate"]["buildDefinition"]["resolvedDependencies"][0]["annotations"] = annotated["annotations"]
    path.write_text(json.dumps(found))
    assert "was taken back: it had a password" in lab.labgate("experiment", "verify", status=0).out
