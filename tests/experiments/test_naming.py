"""Names of experiments, and the nearest name that git accepts."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from labgate.experiments.naming import branch_by_ci, experiment_of, is_experiment, legal, stated_experiment
from labgate.values.errors import UsageError
from support.policies import parse_policy
from support.repo import Repo

POLICY = parse_policy("""\
version = 1
trunk = "main"
[kinds.protected]
names = ["main", "release/{version}"]
[kinds.research]
names = ["research/{topic}"]
[kinds.experiment]
names = ["experiment--{service}--{handle}"]
fields = { service = ["ranker", "housing"] }
[kinds.topic]
names = ["{type}/{slug}"]
fields = { type = ["feature", "fix"] }
""")


@pytest.mark.parametrize(
    ("branch", "experiment"),
    [
        ("experiment--ranker--wide", "ranker/wide"),
        ("research/attention", "research/attention"),
        ("main", "protected/main"),
        ("release/1.2", "protected/1.2"),
        ("feature/loss", "topic/feature-loss"),
        ("odd", "branch/odd"),
        ("odd/with/slashes", "branch/odd-with-slashes"),
        ("experiment--other--wide", "branch/experiment--other--wide"),
        (None, "detached/head"),
    ],
)
def test_the_policy_names_the_experiment_of_a_branch(branch: str | None, experiment: str) -> None:
    assert experiment_of(POLICY, branch) == experiment


@pytest.mark.parametrize(
    ("branch", "experiment"),
    [
        ("experiment--ranker--wide", "ranker/wide"),
        ("research/attention", "research/attention"),
        ("main", "branch/main"),
        ("a/b/c", "a/b-c"),
        (None, "detached/head"),
    ],
)
def test_without_a_policy_the_branch_names_it(branch: str | None, experiment: str) -> None:
    assert experiment_of(None, branch) == experiment


def test_only_service_and_handle_make_an_experiment() -> None:
    assert is_experiment(POLICY, "experiment--ranker--wide")
    assert not is_experiment(POLICY, "research/attention")
    assert is_experiment(None, "experiment--a--b")
    assert not is_experiment(None, "main")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("wide", "wide"),
        ("a b", "a-b"),
        ("c..d", "c.d"),
        (".hidden", "hidden"),
        ("end.", "end"),
        ("a.lock", "a-lock"),
        ("a.lock.lock", "a.lock-lock"),
        ("-dash", "dash"),
        ("x~1^2:3?4*5[6\\7", "x-1-2-3-4-5-6-7"),
        ("a/b", "a-b"),
        ("@", "unnamed"),
        ("a@{b}", "a--b-"),
        ("", "unnamed"),
        ("...", "unnamed"),
        ("tab\there", "tab-here"),
        ("ünï", "ünï"),
        ("\udce9", "unnamed"),
        ("x" * 300, None),
        ("é" * 300, None),
    ],
)
def test_the_nearest_name_is_one_that_git_accepts(repo: Repo, text: str, name: str | None) -> None:
    found = legal(text)
    assert name is None or found == name
    assert len(found.encode()) <= 100
    subprocess.run(["git", "check-ref-format", f"refs/experiments/{found}/{found}/0123456789ab"], check=True)
    commit = repo.commit("Start", {"a": "1"})
    repo.git("update-ref", f"refs/experiments/{found}/{found}/0123456789ab", commit)


def test_long_names_stay_different() -> None:
    assert legal("x" * 300) != legal("x" * 299 + "y")


@pytest.mark.parametrize("text", ["ranker", "/wide", "ranker/", " / ", ""])
def test_what_is_stated_has_two_parts(text: str) -> None:
    with pytest.raises(UsageError, match="SERVICE/HANDLE"):
        stated_experiment(text)
    assert stated_experiment("ranker/a/b c") == "ranker/a-b-c"


def test_ci_names_the_branch_of_a_detached_head(repo: Repo, tmp_path: Path) -> None:
    """Acceptance row 14: the merge commit of a pull request is checked out, and the branch is that of its head."""
    oid = "1" * 40
    event = tmp_path / "event.json"
    pull = {
        "number": 7,
        "state": "open",
        "base": {"ref": "main", "sha": oid, "repo": {"html_url": "https://github.com/a/b"}},
        "head": {"ref": "experiment--ranker--wide", "sha": oid, "repo": {"html_url": "https://github.com/a/b"}},
    }
    event.write_text(json.dumps({"pull_request": pull, "sender": {"login": "ada"}}))
    job = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_API_URL": "https://api.github.com",
    }
    assert branch_by_ci(job) == "experiment--ranker--wide"
    head = repo.commit("Start", {"a": "1"})
    repo.git("checkout", "--quiet", "--detach")
    said = repo.labgate("experiment", "env", "--format", "json", status=0, **job)
    assert json.loads(said.out)["LABGATE_EXPERIMENT"] == "ranker/wide"
    assert repo.git("rev-parse", f"refs/experiments/ranker/wide/{head[:12]}") == head


@pytest.mark.parametrize(
    ("environ", "branch"),
    [
        ({}, None),
        ({"CI_COMMIT_BRANCH": "research/x"}, "research/x"),
        ({"GITHUB_REF": "refs/heads/research/x"}, "research/x"),
        ({"GITHUB_REF": "refs/tags/v1"}, None),
        ({"BUILD_SOURCEBRANCH": "refs/heads/a"}, "a"),
    ],
)
def test_variables_name_the_branch_of_a_job_without_a_change(environ: dict[str, str], branch: str | None) -> None:
    assert branch_by_ci(environ) == branch


def test_a_rebase_is_of_its_branch(repo: Repo) -> None:
    repo.commit("Start", {"a": "1"})
    repo.branch("experiment--ranker--wide").commit("Mine", {"a": "2"})
    repo.checkout("main").commit("Theirs", {"a": "3"})
    repo.run("git", "rebase", "--quiet", "main", "experiment--ranker--wide", status=1)
    commit = repo.labgate("experiment", "pin", status=0).out.strip()
    assert repo.git("rev-parse", f"refs/experiments/ranker/wide/{commit[:12]}") == commit


def test_somebody_states_the_experiment(repo: Repo) -> None:
    head = repo.commit("Start", {"a": "1"})
    repo.labgate("experiment", "pin", "--experiment", "ranker/a b..c", status=0)
    assert repo.git("rev-parse", f"refs/experiments/ranker/a-b.c/{head[:12]}") == head
    said = repo.labgate("experiment", "pin", "--experiment", "ranker", status=2)
    assert "SERVICE/HANDLE" in said.err
