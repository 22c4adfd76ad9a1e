"""One ``labgate check`` as people and as tools see it; what tools see is held against a schema and a golden file."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from difflib import unified_diff
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import labgate.report
from support.repo import Repo

FOLDER = Path(__file__).parents[1] / "data" / "golden"

#: Set to 1, the golden files are written instead of compared; read the diff before you commit it.
UPDATE = "LABGATE_UPDATE_GOLDEN"


@dataclass(frozen=True)
class Verdict:
    """The text of one run (both streams) and its JSON report."""

    text: str
    report: dict[str, Any]

    @property
    def rules(self) -> list[str]:
        """The code of every finding, in order."""
        return [finding["rule"] for finding in self.report["findings"]]

    def finding(self, code: str) -> dict[str, Any]:
        """Return the one finding of a rule."""
        (found,) = (finding for finding in self.report["findings"] if finding["rule"] == code)
        assert isinstance(found, dict)
        return found

    @property
    def review(self) -> dict[str, Any] | None:
        """What the report says of the review of its one update; ``None`` where nothing needed one."""
        (update,) = self.report["updates"]
        review: dict[str, Any] | None = update["review"]
        return review

    @property
    def not_counted(self) -> list[tuple[str | None, str]]:
        """Person and reason of every marker that did not count."""
        return [] if self.review is None else [(item["person"], item["reason"]) for item in self.review["not_counted"]]

    def outcome(self, check: str = "research-gate") -> str:
        """Return the outcome of one check on the one update."""
        (update,) = self.report["updates"]
        (outcome,) = (item["outcome"] for item in update["checks"] if item["name"] == check)
        assert isinstance(outcome, str)
        return outcome


def judge(repo: Repo, golden: str, *args: str, status: int, **env: str) -> Verdict:
    """Run ``labgate check`` twice, as text and as JSON; the JSON must fit the schema and ``GOLDEN.json``.

    ``status`` is the exit status that both must have.
    """
    said = repo.labgate("check", *args, status=status, **env)
    document = json.loads(repo.labgate("check", *args, "--format", "json", status=status, **env).out)
    schema().validate(document)
    compare(golden, document)
    return Verdict(said.text, document)


@cache
def schema() -> Draft202012Validator:
    """Return the published schema of the report, itself validated."""
    folder = Path(labgate.report.__file__).parent
    text = json.loads((folder / "report.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(text)
    return Draft202012Validator(text)


def compare(name: str, document: dict[str, Any]) -> None:
    """Hold a document against its golden file, whatever version of labgate wrote it."""
    text = json.dumps(document | {"labgate": "VERSION"}, indent=2) + "\n"
    path = FOLDER / f"{name}.json"
    if os.environ.get(UPDATE) == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.is_file(), f"{path} is missing: run again with {UPDATE}=1"
    golden = path.read_text(encoding="utf-8")
    if golden != text:
        lines = (golden.splitlines(), text.splitlines())
        pytest.fail("\n".join(unified_diff(*lines, str(path), "this run", lineterm="")), pytrace=False)
