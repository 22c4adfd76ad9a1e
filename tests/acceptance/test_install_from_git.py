"""From `pip install git+URL` to a guarded repository: what init writes can be installed, and its steps succeed."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from labgate import __version__
from support.data import ROOT
from support.isolated import new_environment
from support.jobs import Runner, recorded
from support.published import publish
from support.repo import Repo
from support.tools import require_tool
from support.wheels import Shelf

README = ROOT / "README.md"
COMMANDS = ("git ", "labgate ", "pre-commit ", "prek ")


class Newcomer:
    """Somebody with an environment of their own, into which pip puts labgate from a bare repository on a server."""

    def __init__(self, folder: Path, shelf: Shelf) -> None:
        source = publish(folder / "upstream")
        self.server = folder / "labgate.git"
        source.git("clone", "--quiet", "--bare", ".", str(self.server))
        self.commit = source.head()
        self.environ = shelf.environ
        self.bin = folder / "venv" / "bin"
        source.run(*new_environment(self.bin.parent), f"git+file://{self.server}", status=0, **self.environ)


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory, shelf: Shelf) -> Newcomer:
    return Newcomer(tmp_path_factory.mktemp("newcomer"), shelf)


@pytest.fixture
def models(newcomer: Newcomer, repo: Repo, tmp_path: Path) -> Repo:
    """The newcomer's repository, which uses pre-commit, with a remote."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("pre-commit", "prek"):
        (tools / name).symlink_to(Path(sys.executable).parent / name)
    path = os.environ["PATH"].split(os.pathsep)
    own = str(Path(sys.executable).parent)
    repo.env |= newcomer.environ | {
        "PATH": os.pathsep.join([str(newcomer.bin), str(tools), *(folder for folder in path if folder != own)]),
        "PRE_COMMIT_HOME": str(tmp_path / "pre-commit"),
        "PREK_HOME": str(tmp_path / "prek"),
    }
    repo.with_remote()
    words = "- repo: local\n  hooks:\n  - {id: words, name: words, entry: 'true', language: system}\n"
    repo.commit("Start", {".pre-commit-config.yaml": f"repos:\n{words}"})
    repo.push("main")
    repo.run("pre-commit", "install")
    return repo


def steps(said: str) -> list[str]:
    """Return the commands of what is next, as they stand there."""
    lines = said.partition("\nNext:\n")[2].splitlines()
    return [line[4:] for line in lines if line[4:].startswith(COMMANDS)]


def run_steps(repo: Repo, said: str) -> None:
    found = steps(said)
    assert [command.split()[1] for command in found] == ["add", "commit", "push", "doctor"]
    for command in found:
        repo.run("sh", "-ec", command)


@pytest.mark.slow
@pytest.mark.parametrize("command", ["uvx --from {} labgate demo", "pipx run --spec {} labgate demo"])
def test_it_runs_without_being_installed(command: str, newcomer: Newcomer, repo: Repo, tmp_path: Path) -> None:
    """The commands are the README's; only the address differs."""
    assert f"`{command.format('git+URL')}`" in README.read_text(encoding="utf-8")
    require_tool("uv" if command.startswith("uvx") else "pipx")
    repo.env |= newcomer.environ | {
        "HOME": str(tmp_path),
        "PIPX_DEFAULT_PYTHON": sys.executable,
        "PIPX_HOME": str(tmp_path / "pipx"),
        "UV_CACHE_DIR": str(tmp_path / "uv"),
        "UV_CONFIG_FILE": str(tmp_path / "uv.toml"),
        "UV_PYTHON": sys.executable,
    }
    wheels = newcomer.environ["PIP_FIND_LINKS"]
    (tmp_path / "uv.toml").write_text(f'no-index = true\nfind-links = ["{wheels}"]\n', encoding="utf-8")
    played = repo.run("sh", "-ec", command.format(f"git+file://{newcomer.server}"))
    assert "main: LG201 error: " in played.out
    assert "HEAD -> main" in played.out


@pytest.mark.slow
def test_its_next_steps_succeed_and_the_hooks_are_installed_from_what_it_wrote(
    models: Repo, newcomer: Newcomer
) -> None:
    said = models.run("labgate", "init").out
    written = yaml.safe_load((models.path / ".pre-commit-config.yaml").read_text())
    assert (written["repos"][-1]["repo"], written["repos"][-1]["rev"]) == (f"file://{newcomer.server}", newcomer.commit)
    run_steps(models, said)
    # A teammate has nothing but pre-commit.
    models.git("clone", "--quiet", models.git("remote", "get-url", "origin"), "../theirs")
    theirs = Repo(models.path.parent / "theirs", dict(models.env))
    theirs.env["PATH"] = theirs.env["PATH"].replace(f"{newcomer.bin}{os.pathsep}", "")
    theirs.run("pre-commit", "install", "--install-hooks")
    theirs.branch("fix_typo").write({"a.py": "1\n"}).git("add", "a.py")
    refused = theirs.run("git", "commit", "-m", "Fix a typo", status=1)
    assert "LG101" in refused.text


@pytest.mark.slow
def test_the_workflow_that_it_wrote_installs_the_same_commit_and_judges(
    models: Repo, newcomer: Newcomer, tmp_path: Path
) -> None:
    run_steps(models, models.run("labgate", "init", "--ci", "github").out)
    workflow: dict[str, Any] = yaml.safe_load(models.git("show", "origin/main:.github/workflows/labgate.yml"))
    models.branch("research/batches").commit("Bigger batches", {"batches.py": "SIZE = 512\nSTEPS = 100\n"})
    models.push("research/batches", "research/batches:refs/pull/7/head")
    models.git("clone", "--quiet", f"file://{models.path}-origin.git", "../job")
    environ = recorded("github-pull-request", tmp_path, models.head(), models.head("main"))
    job = Repo(models.path.parent / "job", dict(models.env))
    runner = Runner(job, tmp_path, environ, {"github.token": "none"})
    *_, install, judge = workflow["jobs"]["labgate"]["steps"]
    assert re.search(rf"git\+file://{re.escape(str(newcomer.server))}@{newcomer.commit}", install["run"])
    runner.run(install)
    assert job.run(str(tmp_path / "labgate" / "bin" / "labgate"), "--version").out == f"labgate {__version__}\n"
    refused = runner.run(judge, status=1)
    assert "LG201" in refused.text


@pytest.mark.slow
def test_a_wheel_on_a_desk_is_no_place_that_a_team_gets_it_from(newcomer: Newcomer, repo: Repo, tmp_path: Path) -> None:
    (wheel,) = Path(newcomer.environ["PIP_FIND_LINKS"]).glob("labgate-*.whl")
    repo.run(*new_environment(tmp_path / "venv"), str(wheel), status=0, **newcomer.environ)
    labgate = str(tmp_path / "venv/bin/labgate")
    refused = repo.run(labgate, "init", status=2)
    assert "  help: labgate init --repo URL --rev REV\n" in refused.err
    assert repo.git("status", "--porcelain") == ""
    repo.run(labgate, "init", "--repo", f"file://{newcomer.server}", "--rev", newcomer.commit)
    assert newcomer.commit in (repo.path / ".pre-commit-config.yaml").read_text()
