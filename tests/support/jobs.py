"""Jobs of CI systems: recorded environments with the commits of a real repository, and a runner of GitHub's steps."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.data import ROOT
from support.repo import Repo, Result

RECORDINGS = ROOT / "tests" / "ci" / "environments"
#: What every recording calls the change's last commit, the tip of main before it, and the change's branch.
HEAD, BASE = "517ab37c061349d97511e146a6eca5f03b55e2f0", "ba98cd45fb4360da8348f3397729363493ceeb3f"
BRANCH = "research/bigger-batches"
#: Of the recorded machine.
_MACHINE = ("PATH", "HOME")

_EXPRESSION = re.compile(r"\$\{\{ (.*?) \}\}")
_OUTPUT = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*)(?:=(.*)\n|<<(\S+)\n((?:.*\n)*?)\3\n)")


def recorded(name: str, folder: Path, head: str, base: str) -> dict[str, str]:
    """Return the variables of a recorded job, for these commits; its event file is written into ``folder``."""
    text = (RECORDINGS / f"{name}.json").read_text(encoding="utf-8")
    for known, real in ((HEAD, head), (BASE, base), (BASE[:12], base[:12])):
        text = text.replace(known, real)
    found: dict[str, Any] = json.loads(text)
    environ: dict[str, str] = {key: value for key, value in found["environ"].items() if key not in _MACHINE}
    if found["event"] is not None:
        file = folder / f"{name}.json"
        file.write_text(json.dumps(found["event"]), encoding="utf-8")
        environ["GITHUB_EVENT_PATH"] = str(file)
    return environ


def fill(text: str, expressions: Mapping[str, str]) -> str:
    """Return a text with the values of its ``${{ expressions }}``. Raised: ``KeyError`` for one without a value."""
    return _EXPRESSION.sub(lambda match: expressions[match[1]], text)


@dataclass
class Runner:
    """Runs steps as GitHub's runner does ("Workflow syntax", ``jobs.<job_id>.steps[*].shell``).

    ``expressions`` are the values of what the steps ask for; the outputs of a step join them. ``temp`` is the folder of
    the job.
    """

    clone: Repo
    temp: Path
    env: Mapping[str, str]
    expressions: dict[str, str] = field(default_factory=dict)

    def run(self, step: Mapping[str, Any], status: int | None = 0) -> Result:
        assert "${{" not in step["run"], "an expression in a script is code that somebody else wrote"
        script, collected = self.temp / "step.sh", self.temp / "outputs"
        script.write_text(step["run"], encoding="utf-8")
        collected.write_text("", encoding="utf-8")
        options = ("--noprofile", "--norc", "-eo", "pipefail") if step.get("shell") == "bash" else ("-e",)
        own = {name: fill(value, self.expressions) for name, value in step.get("env", {}).items()}
        files = {"RUNNER_TEMP": str(self.temp), "GITHUB_OUTPUT": str(collected)}
        done = self.clone.run("bash", *options, str(script), status=status, **{**self.env, **files, **own})
        for name, value, _, lines in _OUTPUT.findall(collected.read_text(encoding="utf-8")):
            self.expressions[f"steps.{step.get('id')}.outputs.{name}"] = value or lines.removesuffix("\n")
        return done
