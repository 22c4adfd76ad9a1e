"""docs/ci.md is true: its examples happen, and its recipes judge a change in recorded jobs of their systems."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from labgate import __version__
from labgate.report.outputs import SIZES, outputs
from labgate.reviews.section import Reviews
from labgate.setup.pipelines import SYSTEMS, github
from labgate.setup.source import Source
from labgate.values.ref_update import View
from labgate.values.report import PolicyOrigin, Report
from support.console import blocks, hold
from support.data import ROOT
from support.jobs import BASE, BRANCH, HEAD, recorded
from support.people import reviewed
from support.policies import parse_policy
from support.repo import Repo, Result
from support.templates import prepared
from support.wheels import Shelf

PAGE = ROOT / "docs" / "ci.md"
TEXT = PAGE.read_text(encoding="utf-8")
POLICY = """\
version = 1
trunk = "main"
[kinds.protected]
names = ["main"]
[kinds.research]
names = ["research/{topic}"]
"""
#: Each recipe by the file that it is, and the recorded job that it is run in.
RECIPES = {
    "azure-pipelines.yml": "azure-pull-request",
    "bitbucket-pipelines.yml": "bitbucket-pull-request",
    "Jenkinsfile": "jenkins-change",
    ".buildkite/pipeline.yml": "buildkite-pull-request",
    ".circleci/config.yml": "circleci-pull-request",
    ".gitea/workflows/labgate.yml": "gitea-pull-request",
}
#: Where the script of each stands.
SCRIPTS: dict[str, tuple[str | int, ...]] = {
    "azure-pipelines.yml": ("steps", 1, "script"),
    "bitbucket-pipelines.yml": ("pipelines", "pull-requests", "**", 0, "step", "script"),
    ".buildkite/pipeline.yml": ("steps", 0, "command"),
    ".circleci/config.yml": ("jobs", "labgate", "steps", 1, "run"),
    ".gitea/workflows/labgate.yml": ("jobs", "labgate", "steps", 1, "run"),
}


def console(heading: str) -> list[Any]:
    return [block for block in blocks(PAGE) if block.heading == heading and block.language == "console"]


def recipe(name: str) -> str:
    """Return the text of a recipe, without the line that names its file."""
    (found,) = (block.text for block in blocks(PAGE) if re.match(rf"(?:#|//) {re.escape(name)}\n", block.text))
    return found.partition("\n")[2]


def script(name: str) -> str:
    """Return what a recipe gives to the shell."""
    text = recipe(name)
    if name == "Jenkinsfile":
        return text.split("'''")[1]
    found = yaml.safe_load(text)
    if name == ".buildkite/pipeline.yml":
        # What the agent makes of it when it uploads the file.
        found["steps"][0]["command"] = found["steps"][0]["command"].replace("$$", "$")
    for key in SCRIPTS[name]:
        found = found[key]
    return "\n".join(found) if isinstance(found, list) else str(found)


def test_enabling_it_happens_as_it_stands_there(adopted: Repo) -> None:
    hold(PAGE, console("Enable it"), adopted)


def test_a_job_explains_itself_as_it_stands_there(clone: Repo, tmp_path: Path) -> None:
    hold(PAGE, console("What is judged"), clone, env=recorded("github-pull-request", tmp_path, HEAD, BASE))


def test_an_audit_happens_as_it_stands_there(clone: Repo) -> None:
    hold(PAGE, console("What landed without a review"), clone)


def test_the_policy_for_approvals_is_one() -> None:
    (text,) = (block.text for block in blocks(PAGE) if block.language == "toml")
    policy = parse_policy(POLICY + text, "labgate.toml")
    assert policy.section(Reviews).assurance == "forge"
    assert [person.github for person in policy.section(Reviews).people] == ["ada-l", "lin-k"]


def test_the_outputs_are_those_of_a_job() -> None:
    known = outputs(Report("ci", PolicyOrigin("none"), View(1, 1, 0, sources_complete=True)))
    table = TEXT.partition("| output | example |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE) == list(known)
    (sizes,) = re.findall(r"\| `size` \|.*\| (.*), XL above \|", table)
    assert sizes == ", ".join(
        f"{name} to {most} lines" if name == "XS" else f"{name} to {most}" for name, most in SIZES.items()
    )


@prepared
def research(repo: Repo) -> Repo:
    """A research branch that is to land on the remote's main, in a clone of whoever wrote it."""
    repo.with_remote()
    repo.commit("Start", {"labgate.toml": f'{POLICY}[reviews.people.lin]\nemails = ["lin@example.org"]\n'})
    repo.push("main")
    repo.branch(BRANCH).commit("Bigger batches", {"batches.py": "SIZE = 512\nSTEPS = 100\n"})
    repo.push(BRANCH)
    return repo


def run_recipe(name: str, research: Repo, folder: Path) -> Result:
    """Run a recipe's script in a clone of its own, with this labgate in the place of an installed one."""
    lines = script(name).splitlines()
    own = [re.sub(r"python3 -I -m venv (.*)", rf"rmdir \1 && ln -s '{sys.prefix}' \1", line) for line in lines]
    assert sum(before != after for before, after in zip(lines, own, strict=True)) == 1
    text = "\n".join(line for line in own if " pip install " not in line)
    clone = folder / f"job-{research.head()[:7]}"
    research.git("clone", "--quiet", f"file://{research.path.parent / f'{research.path.name}-origin.git'}", str(clone))
    environ = recorded(RECIPES[name], folder, research.head(), research.head("main"))
    return Repo(clone, research.env).run("bash", "-e", "-c", text, status=None, **environ, TMPDIR=str(folder))


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_refuses_research_until_somebody_has_reviewed_it(name: str, research: Repo, tmp_path: Path) -> None:
    refused = run_recipe(name, research, tmp_path)
    assert refused.status == 1, refused.text
    assert "LG201" in refused.text
    research.commit(reviewed("lin"))
    research.push(BRANCH)
    passed = run_recipe(name, research, tmp_path)
    assert passed.status == 0, passed.text


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_a_shell_script_and_installs_what_the_hooks_name(name: str) -> None:
    subprocess.run(["bash", "-n"], input=script(name), text=True, check=True)
    assert '-I -m pip install --quiet "git+<URL of labgate>@<commit>"\n' in script(name) + "\n"


@pytest.mark.slow
def test_what_a_recipe_installs_can_be_installed(repo: Repo, tmp_path: Path, shelf: Shelf) -> None:
    labgate = Repo(shelf.source, repo.env)
    (line,) = (line for line in script("azure-pipelines.yml").splitlines() if " pip install " in line)
    line = line.replace("<URL of labgate>", labgate.path.as_uri()).replace("<commit>", labgate.head())
    text = f"venv={tmp_path}/venv\n{sys.executable} -I -m venv $venv\n{line}\n$venv/bin/labgate --version"
    assert labgate.run("sh", "-ec", text, status=0, **shelf.environ).out == f"labgate {__version__}\n"


def test_a_change_can_be_named_by_hand(research: Repo) -> None:
    (text,) = (block.text for block in blocks(PAGE) if block.language == "sh")
    refused = research.run("sh", "-ec", text, status=1, COMMIT=research.head(), BRANCH=BRANCH)
    assert "LG201" in refused.text


def test_a_recipe_asks_for_the_whole_history() -> None:
    assert yaml.safe_load(recipe("azure-pipelines.yml"))["steps"][0]["fetchDepth"] == 0
    assert yaml.safe_load(recipe("bitbucket-pipelines.yml"))["clone"] == {"depth": "full"}
    circle = yaml.safe_load(recipe(".circleci/config.yml"))["jobs"]["labgate"]
    assert circle["steps"][0] == {"checkout": {"method": "full"}}
    assert circle["environment"]["LABGATE_TARGET"] == "main"
    gitea = yaml.safe_load(recipe(".gitea/workflows/labgate.yml"))
    (ours,) = (yaml.safe_load(text) for name, text in github("main", Source()).items() if "review" not in name)
    assert gitea["jobs"]["labgate"]["steps"][0]["with"]["fetch-depth"] == 0
    assert gitea[True]["pull_request"] == ours[True]["pull_request"]
    assert gitea[True]["push"] == ours[True]["push"]


def test_every_reason_is_one_that_labgate_gives() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "hooks" / "labgate").rglob("*.py"))
    table = TEXT.partition("| message |")[2].partition("\n\n")[0].splitlines()[2:]
    said = [text for row in table for text in re.findall(r"`([^`]+)`", row.split(" | ")[0])]
    assert len(said) >= len(table) > 10
    assert [text for text in said if text not in source] == []


def test_both_systems_that_init_knows_are_named() -> None:
    assert all(f"labgate init --ci {system}" in TEXT for system in SYSTEMS)
