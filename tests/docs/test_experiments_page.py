"""docs/experiments.md is true: its commands and scripts run, and make the records that it speaks of."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]
from click import Context

from labgate.cli.experiment_run import run as run_command
from support.console import blocks, hold
from support.data import ROOT
from support.launchers import install
from support.repo import Repo
from support.runs import code, inside, invocation, laboratory, pins, record, run_folders
from support.tools import require_tool

PAGE = ROOT / "docs" / "experiments.md"
#: Writes the artifacts that are named on the command line, and only by the first rank.
TRAIN = """\
import json, os, sys
print("loss 0.25")
words = [word for word in sys.argv[1:] if not word.startswith("--")]
paths = words or ["experiments/wide/metrics.json"]
if os.environ.get("RANK", "0") == "0":
    for path in paths:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as stream:
            json.dump({"loss": 0.25}, stream)
"""


def scripts() -> dict[str, str]:
    """Return the text of each block that begins with the name of a file, if need be below a `#!` line."""
    found = (re.match(r"(#!\S+\n)?# (\S+)\n", block.text) for block in blocks(PAGE))
    texts = {name[2]: (name[1] or "") + name.string[name.end() :] for name in found if name is not None}
    assert len(texts) >= 8
    return texts


@pytest.fixture
def lab(tmp_path: Path) -> Repo:
    repo = laboratory(tmp_path)
    files = {name: text for name, text in scripts().items() if name.endswith(".sh")}
    repo.commit("Scripts", {"train.py": TRAIN, ".gitignore": "out/\noutputs/\n__pycache__/\n", **files})
    repo.push("experiment--ranker--wide")
    install(repo, tmp_path / "launchers")
    return repo


def play(repo: Repo, name: str) -> None:
    repo.run("sh", "-e", name)


def test_a_run_prints_what_stands_there(lab: Repo) -> None:
    oid = lab.head()[:12]
    block = [block for block in blocks(PAGE) if block.language == "console" and block.heading == "Run a command"]
    hold(PAGE, block, lab, normalise=lambda text: text.replace(oid, "1a1a1a1a1a1a"))
    assert code(record(lab, "out/trial.json")) == lab.head()


def test_a_start_prints_what_stands_there(lab: Repo) -> None:
    oid = lab.head("origin/main")[:12]
    block = [block for block in blocks(PAGE) if block.heading == "Start an experiment"]
    hold(PAGE, block, lab, normalise=lambda text: text.replace(oid, "2b2b2b2b2b2b"))
    assert lab.git("branch", "--show-current") == "experiment--ranker--deep"


def test_a_close_prints_what_stands_there(lab: Repo) -> None:
    oid = lab.head()[:12]
    block = [block for block in blocks(PAGE) if block.heading == "Close an experiment"]
    hold(PAGE, block, lab, normalise=lambda text: text.replace(oid, "1a1a1a1a1a1a"))
    assert lab.git("ls-remote", "--heads", "origin").count("\n") == 0


def test_the_table_has_every_option() -> None:
    listed = re.findall(r"^\| `(--[a-z-]+)", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    # A command keeps its first help option for all later tests, so it must be the usual one.
    usual = Context(run_command, help_option_names=["-h", "--help"])
    options = {option for parameter in run_command.get_params(usual) for option in parameter.opts}
    assert set(listed) == options - {"-h", "--help"}


def test_a_job_runs_the_code_that_was_submitted(lab: Repo) -> None:
    play(lab, "submit.sh")
    assert code(record(lab, "experiments/wide/metrics.json")) == lab.head()


def test_a_job_does_not_run_code_that_was_edited_since(lab: Repo) -> None:
    meant = lab.head()
    lab.write({"train.py": f"{TRAIN}print('edited')\n"})
    refused = lab.run("sh", "job.sh", status=125, LABGATE_COMMIT=meant)
    assert "train.py" in refused.err
    done = lab.run("sh", "job-at.sh", LABGATE_COMMIT=meant)
    assert "edited" not in done.out
    assert code(record(lab, "experiments/wide/metrics.json")) == meant


def test_an_image_is_told_its_code(lab: Repo) -> None:
    play(lab, "image.sh")
    found = record(lab, "out/metrics.json")
    assert (code(found), inside(found)["how"]) == (lab.head(), "told")
    assert json.loads((lab.path / "out/record.json").read_text())["subject"]
    assert (lab.path / "out/log").read_text() == "loss 0.25\n"
    # The stand-in has the entry point of the page.
    entry = re.search(r"^ENTRYPOINT (.*)$", scripts()["Dockerfile"], flags=re.MULTILINE)
    assert entry is not None
    words = json.loads(entry[1])
    assert words == ["labgate", "experiment", "run", "--dir", "/out", "--artifact", "/out/*.json", "--"]


#: A job of Hydra, whose settings are a file, that writes into the folder which Hydra has made for it.
HYDRA = """\
import json, os
import hydra
from hydra.core.hydra_config import HydraConfig

@hydra.main(version_base=None, config_path=".", config_name="config")
def train(config):
    with open(os.path.join(HydraConfig.get().runtime.output_dir, "metrics.json"), "w") as stream:
        json.dump({"lr": config.lr, "commit": os.environ["LABGATE_COMMIT"]}, stream)

train()
"""


def test_a_sweep_of_hydra_is_one_code(lab: Repo) -> None:
    require_tool("hydra")
    ignored = "multirun/\noutputs/\n__pycache__/\n"
    head = lab.commit("Hydra", {"train.py": HYDRA, "config.yaml": "lr: 1.0\n", ".gitignore": ignored})
    play(lab, "sweep.sh")
    both = sorted(lab.path.glob("multirun/**/metrics.json"))
    assert [json.loads(path.read_text())["lr"] for path in both] == [0.1, 0.2]
    found = [record(lab, str(path.relative_to(lab.path))) for path in both]
    assert {code(each) for each in found} == {head}
    assert len({invocation(each) for each in found}) == 1


def test_of_several_processes_one_records(lab: Repo) -> None:
    play(lab, "nodes.sh")
    assert len(run_folders(lab)) == 1
    assert code(record(lab, "experiments/wide/metrics.json")) == lab.head()


def test_a_notebook_names_its_code(lab: Repo) -> None:
    require_tool("papermill")
    require_tool("ipykernel")
    cell: dict[str, object] = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "id": "a"}
    source = "import os; print(os.environ['LABGATE_COMMIT'])"
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = {"cells": [cell | {"source": source}], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    head = lab.commit("Notebook", {"train.ipynb": json.dumps(notebook), "out/keep": ""})
    play(lab, "notebook.sh")
    assert code(record(lab, "out/train.ipynb")) == head
    (done,) = json.loads((lab.path / "out/train.ipynb").read_text())["cells"]
    assert head in json.dumps(done["outputs"])


def test_the_workflow_pins_on_the_remote(lab: Repo) -> None:
    workflow = yaml.safe_load(scripts()[".github/workflows/train.yml"])
    assert workflow["permissions"] == {"contents": "write"}
    lines = [step["run"] for step in workflow["jobs"]["train"]["steps"] if "run" in step]
    assert lines[0] == 'pipx install "git+<URL of labgate>@<commit>"'
    lab.run("sh", "-ec", lines[1])
    remote = Repo(lab.path.parent / "lab-origin.git", lab.env)
    assert list(pins(remote).values()) == [lab.head()]
