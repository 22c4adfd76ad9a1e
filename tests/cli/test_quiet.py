"""``labgate --quiet COMMAND``: the same is done and no line is printed of it; results, warnings and errors stay."""

from __future__ import annotations

import pytest

from support.installed import from_git, recorded
from support.policies import LEAST
from support.repo import Repo


@pytest.fixture(autouse=True)
def _installed_from_git(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded(monkeypatch, from_git())


@pytest.fixture
def project(repo: Repo) -> Repo:
    """``main`` with a policy on the remote, and a topic branch with one commit, which is checked out."""
    repo.with_remote()
    repo.commit("Add a policy", {"labgate.toml": LEAST})
    repo.push("main")
    repo.git("fetch", "--quiet", "origin")
    repo.branch("research/heads").commit("Try heads", {"model.py": "heads = 8\n"})
    return repo


def test_what_is_done_is_done_without_a_word(project: Repo) -> None:
    assert project.labgate("install", status=0).out.startswith("labgate: installed in ")
    assert project.labgate("uninstall", status=0).out.startswith("labgate: removed ")
    for words in (["init"], ["uninstall"], ["install"], ["review", "approve", "--by", "lin"], ["index", "rebuild"]):
        assert project.labgate("-q", *words, status=0).text == "", words
    assert (project.path / ".git" / "hooks" / "pre-push").exists()
    assert "Reviewed-by: " in project.git("log", "-1", "--format=%B")


def test_results_and_errors_stay(project: Repo) -> None:
    for words, status in ((["init", "--dry-run"], 0), (["doctor"], 1), (["status"], 0), (["trace"], 0)):
        assert project.labgate("-q", *words, status=status) == project.labgate(*words, status=status)
    project.git("config", "core.hooksPath", "/dev/null")
    refused = project.labgate("-q", "install", status=2)
    assert refused.err == project.labgate("install", status=2).err != ""


def test_init_says_that_it_could_not_install_the_hooks(repo: Repo) -> None:
    repo.commit("Start", {"a": "1\n"})
    repo.git("config", "core.hooksPath", "/dev/null")
    told = repo.labgate("-q", "init", status=0)
    assert told.out == ""
    assert told.err.startswith("labgate: ")
    assert "core.hooksPath" in told.err
