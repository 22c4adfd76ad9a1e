"""action.yml: labgate as a step of GitHub Actions, installed from the action's own checkout and from nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from labgate.report.outputs import outputs
from labgate.values.ref_update import View
from labgate.values.report import PolicyOrigin, Report
from support.data import ROOT
from support.jobs import BRANCH, Runner, fill, recorded
from support.policies import LEAST
from support.repo import Repo
from support.wheels import Shelf

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
INSTALL, JUDGE = ACTION["runs"]["steps"]


def test_it_hands_on_every_output_of_a_report() -> None:
    known = outputs(Report("ci", PolicyOrigin("none"), View(1, 1, 0, sources_complete=True)))
    assert {name: output["value"] for name, output in ACTION["outputs"].items()} == {
        name: f"${{{{ steps.judge.outputs.{name} }}}}" for name in known
    }


def test_it_uses_no_other_action() -> None:
    assert ACTION["runs"]["using"] == "composite"
    assert not any("uses" in step for step in ACTION["runs"]["steps"])


def test_no_script_has_an_expression_in_it() -> None:
    """Text of a pull request would become part of the script ("Script injections")."""
    assert not any("${{" in step["run"] for step in ACTION["runs"]["steps"])


def test_a_job_gets_the_verdict_and_the_outputs(repo: Repo, tmp_path: Path, shelf: Shelf) -> None:
    remote = repo.with_remote()
    repo.commit("Start", {"labgate.toml": LEAST})
    repo.push("main")
    repo.branch(BRANCH).commit("Bigger batches", {"batches.py": "SIZE = 512\nSTEPS = 100\n"})
    repo.push(BRANCH)
    repo.git("clone", "--quiet", f"file://{remote.path}", str(tmp_path / "job"))
    clone = Repo(tmp_path / "job", dict(repo.env))
    environ = recorded("github-pull-request", tmp_path, repo.head(), repo.head("main"))
    expressions = {
        "inputs.python": ACTION["inputs"]["python"]["default"],
        "inputs.args": ACTION["inputs"]["args"]["default"],
        "inputs.token": "none",
        "github.action_path": str(shelf.source),
    }
    runner = Runner(clone, tmp_path, environ | shelf.environ, expressions)
    runner.run(INSTALL)
    python = Path(runner.expressions["steps.install.outputs.python"])
    assert python.is_relative_to(tmp_path)
    found = runner.run(JUDGE, status=1)
    assert found.out.startswith("::error title=LG201 unreviewed-research::")
    values = {name: fill(output["value"], runner.expressions) for name, output in ACTION["outputs"].items()}
    assert values == {
        "outcome": "failed",
        "exit-status": "1",
        "errors": "1",
        "warnings": "0",
        "target-kind": "protected",
        "source-kind": "research",
        "size": "XS",
        "labels": "target: protected,source: research,size: XS,needs-review",
    }
    runner.expressions["inputs.args"] = "--format   json\n--output $(touch${IFS}owned);* --exit-zero"
    runner.run(JUDGE)
    assert (clone.path / "$(touch${IFS}owned);*").read_text().startswith("{")
    assert not (clone.path / "owned").exists()
