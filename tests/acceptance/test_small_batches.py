"""The checks of small batches through each caller: native hooks, pre-commit and prek, and `labgate check`."""

from __future__ import annotations

import pytest

from support.hooks import FRAMEWORKS
from support.people import adopt
from support.pushing import CONFIG
from support.repo import Repo
from support.sdg import POLICY

BATCHES = """
[mixed-components.components]
realm = ["runtime/realm/**"]
legion = ["runtime/legion/**"]
[commit-hygiene]
ci-authors = ["ci@example.org"]
short-lived = ["**/*.dvc"]
[[commit-hygiene.tests]]
source = ["runtime/**"]
tests = ["tests/**"]
[branch-drift.limits.topic]
commits = 1
refuse-push = true
[[remote-policy.remotes]]
match = "**/sdg-elsewhere.git"
kinds = ["topic"]
"""
HOOKS = "repos:\n- repo: local\n  hooks:\n" + "".join(
    f"  - {{id: {stage}, name: {stage}, entry: labgate-hook {stage}, language: system, stages: [{stage}], "
    "always_run: true, pass_filenames: false, verbose: true}\n"
    for stage in ("pre-commit", "pre-push")
)


@pytest.fixture(params=("native", *FRAMEWORKS))
def team(request: pytest.FixtureRequest, sdg: Repo) -> Repo:
    """The sdg project with all checks of small batches, judged by one caller at commit and push."""
    adopt(sdg, POLICY + BATCHES)
    if request.param == "native":
        sdg.labgate("install", status=0)
    else:
        home = str(sdg.path.parent / f"{sdg.path.name}-{request.param}")
        sdg.env |= {"PRE_COMMIT_HOME": home, "PREK_HOME": home}
        sdg.write({CONFIG: HOOKS})
        sdg.run(request.param, "install", "--config", CONFIG, "-t", "pre-commit", "-t", "pre-push")
    return sdg.branch("feature/x")


def refused(repo: Repo, code: str, *refspec: str, remote: str = "origin") -> None:
    said = repo.run("git", "push", remote, *refspec, status=1).text
    assert f"{code} error" in said


def test_each_rule_is_refused_by_each_caller_and_then_accepted(team: Repo) -> None:
    both = {"runtime/realm/r.c": "int r;\n", "runtime/legion/l.c": "int l;\n"}
    team.write(both).git("add", "--all")
    assert "LG405 error" in team.run("git", "commit", "--message", "Both", status=1).text
    team.git("reset", "--quiet", "--hard")
    team.commit("Add a", {"a.py": "a = 1\n"})
    team.commit("fixup! Add a", {"a.py": "a = 2\n"})
    refused(team, "LG501", "HEAD:main")
    team.run("git", "rebase", "--quiet", "--interactive", "--autosquash", "origin/main", GIT_SEQUENCE_EDITOR="true")
    team.commit("Results", {"m.dvc": "md5: 1\n"}, "--author=CI <ci@example.org>")
    refused(team, "LG502", "HEAD:main")
    team.git("reset", "--quiet", "--hard", "HEAD~1")
    team.run("git", "push", "--quiet", "origin", "HEAD:main")


def test_drift_is_refused_by_each_caller_and_conflicts_are_named(team: Repo) -> None:
    team.commit("Add a", {"a.py": "a = 1\n"})
    team.checkout("main").commit("Another a", {"a.py": "a = 2\n"})
    team.commit("Go on", {"b.py": "b = 1\n"})
    team.push("main")
    said = team.checkout("feature/x").run("git", "push", "origin", "HEAD", status=1).text
    assert "LG601 error" in said
    assert "LG602 warning" in said
    team.run("git", "merge", "--quiet", "origin/main", status=1)
    team.commit("Merge main", {"a.py": "a = 3\n"})
    team.run("git", "push", "--quiet", "origin", "HEAD")


def test_a_remote_takes_its_kinds_by_each_caller(team: Repo) -> None:
    team.with_remote("elsewhere")
    team.git("push", "--quiet", "--no-verify", "elsewhere", "main")
    team.git("fetch", "--quiet", "elsewhere")
    team.checkout("main").branch("research/x").commit("Try x", {"x.py": "x = 1\n"})
    refused(team, "LG701", "HEAD", remote="elsewhere")
    team.run("git", "push", "--quiet", "origin", "HEAD")


def test_source_of_research_needs_tests_by_each_caller(team: Repo) -> None:
    team.checkout("main").branch("research/x").commit("Go", {"runtime/realm/r.c": "int r;\n"})
    team.commit("Review\n\nReviewed-by: Lin <lin@example.org>")
    team.run("git", "push", "--quiet", "origin", "HEAD")
    refused(team, "LG503", "HEAD:main")
