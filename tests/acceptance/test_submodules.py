"""A submodule's commit belongs to another repository: that nobody looked into it is said, and is no finding."""

from __future__ import annotations

import json

import pytest

from support.audited import FORGOTTEN, Branch, adopted
from support.repo import Repo

OID = "1234567890abcdef1234567890abcdef12345678"
SAID = f"not looked into: submodule libs/model comes to {OID[:12]}, and what that brings is not judged here"


@pytest.fixture
def main(repo: Repo) -> Branch:
    return adopted(repo)


def point(repo: Repo, oid: str) -> str:
    """Let the submodule be at a commit, and commit that."""
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{oid},libs/model")
    repo.git("commit", "--quiet", "--no-verify", "-m", "Move the model")
    return repo.head()


def test_a_pointer_that_moves_is_said_on_the_way_to_main_and_in_an_audit(main: Branch) -> None:
    repo = main.repo
    repo.branch("feature/x")
    point(repo, OID)
    said = repo.labgate("check", "research-gate", "--target", "main", status=0)
    assert SAID in said.text
    report = json.loads(repo.labgate("check", "research-gate", "--target", "main", "--format", "json", status=0).out)
    assert (report["findings"], report["notices"]) == ([], [SAID])
    repo.push("HEAD:main")
    repo.git("fetch", "--quiet", "origin")
    assert main.audit(status=0)["notices"] == [FORGOTTEN, SAID]


def test_one_that_stays_is_not_mentioned(main: Branch) -> None:
    repo = main.repo
    point(repo, OID)
    repo.push("main")
    repo.branch("feature/x")
    repo.write({"own.py": "own = 1\n"}).git("add", "own.py")
    repo.git("commit", "--quiet", "--no-verify", "-m", "Own")
    report = json.loads(repo.labgate("check", "research-gate", "--target", "main", "--format", "json", status=0).out)
    assert report["notices"] == []
