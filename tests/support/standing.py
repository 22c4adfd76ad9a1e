"""``labgate status`` in a repository of a test: its policy, its JSON, and the row of a branch."""

from __future__ import annotations

import json
import time
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

import labgate.report
from support.people import by
from support.pipeline import code
from support.repo import Repo

POLICY = """\
version = 1
trunk = "main"
[kinds.protected]
names = ["main"]
[kinds.research]
names = ["research/{topic}"]
readme = "docs/research.md"
[kinds.experiment]
names = ["experiment--{service}--{handle}"]
[kinds.topic]
names = ["feature/{slug}"]
base = ["protected", "experiment"]
[research-gate]
source-repositories = ["example.org/grace/*"]
[reviews.people.ada]
emails = ["ada@example.org"]
[reviews.people.lin]
emails = ["lin@example.org"]
[commit-size.limits.protected]
series-lines = 400
series-commits = 20
"""


def drifted(repo: Repo) -> Repo:
    """Return a clone on research that began three days ago; the trunk has gone on, and other research has landed."""
    repo.clock = int(time.time()) - 3 * 86_400 - 3600
    repo.env |= by("ada")
    repo.with_remote()
    rules = "Merge rules: review in parts.\n"
    repo.commit("Start", {"labgate.toml": POLICY, "model.py": "size = 1\n", "docs/research.md": rules})
    repo.branch("research/dropout").commit("Try dropout", {"dropout.py": code("dropout")}, **by("lin"))
    repo.push("main", "research/dropout")
    repo.branch("research/attention", "main")
    for number in range(4):
        lines = "".join(f"window_{number}_{line} = {line}\n" for line in range(76))
        repo.commit(f"Try {number}", {"model.py": f"size = 2\nstep = {number}\n", f"a{number}.py": lines})
    repo.push("research/attention")
    repo.git("config", "branch.research/attention.description", "Sparse attention")
    repo.checkout("main").git("cherry-pick", "--no-edit", "research/dropout")
    repo.commit("Grow the model", {"model.py": "size = 3\n"}, **by("lin"))
    for number in range(10):
        repo.commit(f"Go on {number}", {f"m{number}.py": code(f"m{number}")}, **by("lin"))
    repo.push("main")
    return repo.checkout("research/attention")


@cache
def schema() -> Draft202012Validator:
    """Return the validator of the JSON output."""
    path = Path(labgate.report.__file__).parent / "status.schema.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(document)
    return Draft202012Validator(document)


def asked(repo: Repo, *args: str) -> dict[str, Any]:
    """Return the JSON of ``labgate status``, which the schema allows."""
    said = repo.labgate("status", *args, "--format", "json", status=0)
    document: dict[str, Any] = json.loads(said.out)
    schema().validate(document)
    return document


def rows(repo: Repo) -> dict[str, dict[str, Any]]:
    """Return the rows of ``labgate status --all`` by the short names of their refs, in their order."""
    found = asked(repo, "--all")["branches"]
    return {row["ref"].split("/", 2)[2]: row for row in found}


def share(commits: int, of: int) -> dict[str, Any]:
    return {"commits": commits, "of": of, "reason": None}
