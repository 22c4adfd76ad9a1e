"""The hooks that pre-commit and prek find in this repository are the contract's, and both tools can run them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from labgate.checks.registry import MANUAL, MESSAGE, PREPARE, ROWS, STAGES
from labgate.hook import read_call
from support.data import ROOT
from support.hooks import FRAMEWORKS
from support.policies import TEAM
from support.repo import Repo

MANIFEST = ROOT / ".pre-commit-hooks.yaml"
HOOKS: dict[str, dict[str, Any]] = {hook["id"]: hook for hook in yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))}

#: What each id starts, in the order of the manifest.
ENTRIES = {
    "labgate-commit": "pre-commit",
    "labgate-merge": "pre-merge-commit",
    "labgate-prepare-message": "prepare-commit-msg",
    "labgate-message": "commit-msg",
    "labgate-push": "pre-push",
    "labgate-check": "manual",
    "branch-name": "pre-commit branch-name",
    "commit-size": "pre-commit commit-size",
    "research-gate": "pre-push research-gate",
    "experiment-hash": "prepare-commit-msg experiment-hash",
}


def test_the_ids_are_the_contract_s() -> None:
    assert list(HOOKS) == list(ENTRIES)


def test_every_stage_has_one_id_for_all_of_its_checks() -> None:
    assert {entry for entry in ENTRIES.values() if " " not in entry} == {*STAGES, MANUAL}


def test_every_check_has_an_id_of_its_own() -> None:
    assert {name for name, entry in ENTRIES.items() if entry.endswith(f" {name}")} == {
        row.name for row in ROWS if row.hook
    }


@pytest.mark.parametrize("name", ENTRIES)
def test_a_hook_is_started_as_the_contract_says(name: str) -> None:
    stage = ENTRIES[name].split()[0]
    hook = HOOKS[name]
    assert hook["entry"] == f"labgate-hook {ENTRIES[name]}"
    assert hook["stages"] == [stage]
    assert hook["language"] == "python"
    assert (hook["always_run"], hook["require_serial"]) == (True, True)
    # The message file comes only as a filename.
    assert hook["pass_filenames"] is (stage in (PREPARE, MESSAGE))
    # The ids that warn and that see only a part: else both tools keep what a passing hook says to themselves.
    assert hook.get("verbose", False) is (name in ("labgate-commit", "labgate-push", "labgate-check"))
    # The first release that knows every stage by its git name.
    assert hook["minimum_pre_commit_version"] == "3.2.0"


@pytest.mark.parametrize("name", ENTRIES)
def test_a_hook_says_what_it_is(name: str) -> None:
    assert HOOKS[name]["name"]
    assert HOOKS[name]["description"].endswith(".")


@pytest.mark.parametrize("name", ENTRIES)
def test_labgate_hook_understands_every_entry(name: str) -> None:
    stage, *checks = ENTRIES[name].split()
    files = ["MESSAGE"] if HOOKS[name]["pass_filenames"] else []
    call = read_call([*HOOKS[name]["entry"].split()[1:], *files], {})
    assert (call.stage, call.checks, call.arguments) == (stage, tuple(checks), tuple(files))


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository that has this project's work tree, as it is now, in a commit."""
    folder = tmp_path_factory.mktemp("published") / "labgate"
    folder.mkdir()
    for name in ("hooks", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / name)
    Repo.init(folder).commit("Publish")
    return folder


@pytest.fixture
def odd(repo: Repo) -> Repo:
    """A repository in which something is staged on a branch of no known kind."""
    repo.commit("Start", {"labgate.toml": TEAM})
    repo.branch("Odd").write({"a.py": "a\n"})
    repo.git("add", "a.py")
    return repo


#: How the machine that runs the tests reaches a package index; the rest of its environment stays outside.
NETWORK = ("PIP_", "UV_", "SSL_CERT_", "REQUESTS_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_framework_s_own_try_repo_runs_the_hooks(odd: Repo, published: Path, framework: str) -> None:
    """It installs labgate into an environment of its own, as for a team that names the repository: needs an index."""
    homes = dict.fromkeys(("PRE_COMMIT_HOME", "PREK_HOME"), str(odd.path.parent / framework))
    network = {name: value for name, value in os.environ.items() if name.upper().startswith(NETWORK)}
    done = odd.run(framework, "try-repo", str(published), "--verbose", status=1, stdin=None, **homes, **network)
    for name, entry in ENTRIES.items():
        assert (f"hook id: {name}\n" in done.text) == entry.startswith("pre-commit"), done.text
    assert done.text.count("Odd: LG101 error:") == 2
