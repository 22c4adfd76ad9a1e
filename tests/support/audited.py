"""A branch of a team that is audited: what the acts of a test land on it, and which landings an audit reports."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from support.people import by
from support.pipeline import POLICY, code
from support.repo import Repo
from support.verdicts import schema

#: What an audit says where something landed without a review before the clone began to remember research.
FORGOTTEN = "not known here: research branches that were deleted before this clone first looked"


@dataclass
class Branch:
    """``main`` of a team, on its remote. What the acts return is the landing: main's new tip."""

    repo: Repo

    def research(self, name: str, *, start: str = "main", count: int = 1) -> str:
        """Push a research branch with commits of its own; return its tip."""
        self.repo.branch(f"research/{name}", start)
        for number in range(count):
            self.repo.commit(f"Try {name} {number}", {f"{name}_{number}.py": code(f"{name}_{number}")}, **by("lin"))
        self.repo.push(f"research/{name}")
        tip = self.repo.head()
        self.repo.checkout("main")
        return tip

    def merge(self, name: str, message: str | None = None) -> str:
        return self.land(lambda: self.repo.merge(f"research/{name}", message or f"Merge {name}"))

    def squash(self, name: str, message: str | None = None) -> str:
        self.repo.git("merge", "--quiet", "--squash", f"research/{name}")
        return self.commit(message or f"Squash {name}")

    def commit(self, message: str, files: dict[str, str] | None = None) -> str:
        return self.land(lambda: self.repo.commit(message, files))

    def land(self, act: Callable[[], str]) -> str:
        oid = act()
        self.repo.push("main")
        return oid

    def audit(self, *args: str, status: int | None = None, **env: str) -> dict[str, Any]:
        said = self.repo.labgate("audit", "main", "--format", "json", *args, status=status, **env)
        report: dict[str, Any] = json.loads(said.out)
        schema().validate(report)
        return report

    def past_review(self, *args: str, **env: str) -> list[str]:
        """Return the landings that an audit reports."""
        return reported(self.audit(*args, status=None, **env))


def reported(report: dict[str, Any]) -> list[str]:
    found = {item["update"] for item in report["findings"] if item["rule"] == "LG201"}
    return [update["new"] for number, update in enumerate(report["updates"]) if number in found]


def adopted(repo: Repo) -> Branch:
    """Give a repository a remote, and ``main`` a policy."""
    repo.with_remote()
    repo.commit("Before labgate", {"models.py": code("start")})
    repo.commit("Ask for reviews", {"labgate.toml": POLICY})
    repo.push("main")
    return Branch(repo)
