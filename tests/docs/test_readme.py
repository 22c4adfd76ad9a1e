"""The README is true: its files, commands and output come from a repository as it describes it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from labgate import __version__
from labgate.cli.main import COMMANDS
from labgate.setup.pipelines import github
from labgate.setup.source import Source
from support.console import Block, blocks, hold
from support.data import ROOT
from support.people import by
from support.published import offline, publish
from support.repo import Repo
from support.tables import hold_table
from support.wheels import Shelf

README = ROOT / "README.md"
SET_UP = "python3 -m venv .venv && .venv/bin/pip install"
#: Lines of a terminal: what labgate is and a refusal stand on the first screen.
SCREEN = 40
COMMANDS_HEADING, START_HEADING, CI_HEADING = "Try it", "Start", "In CI"


#: What the README calls the commits of its story, in the order in which their ids are printed.
OIDS = ("1a1a1a1a1a1a", "2b2b2b2b2b2b", "3c3c3c3c3c3c")


class Constants:
    """Puts constants in the place of what no two runs share: how long a hook took, and commit ids.

    The URL of labgate is in the first commit, so every id depends on it. A commit has the same name in all blocks.
    """

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        """Return what a command printed, with the constants."""
        text = re.sub(r"^- duration: [0-9.]+s$", "- duration: 0.2s", text, flags=re.MULTILINE)
        return re.sub(r"\b[0-9a-f]{12}\b", lambda match: self._name(match[0]), text)

    def _name(self, oid: str) -> str:
        if oid not in self._names:
            self._names[oid] = OIDS[len(self._names)]
        return self._names[oid]


def story() -> list[Block]:
    return [block for block in blocks(README) if block.heading not in (COMMANDS_HEADING, START_HEADING, CI_HEADING)]


@pytest.fixture
def ada(tmp_path: Path) -> Repo:
    """Ada's new clone of an empty repository, beside labgate's own, and an environment without a network."""
    labgate = publish(tmp_path)
    repo = Repo.init(tmp_path / "models")
    repo.env |= by("ada") | {"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org"}
    Repo.init(tmp_path / "models.git", "--bare")
    repo.git("remote", "add", "origin", "../models.git")
    for block in story():
        if block.file is not None:
            text = block.text.replace("<URL of labgate>", str(labgate.path))
            repo.write({block.file: text.replace("<tag or commit>", f"v{__version__}")})
    repo.env |= offline(tmp_path)
    return repo


def test_a_newcomer_gets_what_the_readme_shows(ada: Repo) -> None:
    assert {block.language for block in story()} == {"yaml", "toml", "sh", "console"}
    for block in story():
        if block.language == "sh":
            ada.run("sh", "-ec", block.text)
    ada.branch("research/attention").commit("Try sparse attention", {"attention.py": "WINDOW = 64\n"})
    ada.push("research/attention")
    ada.write({"attention.py": "WINDOW = 128\n"}).git("stash", "--quiet")
    refused, reviewed, ci, traced = (block for block in story() if block.language == "console")
    main, normalise = ada.head("origin/main"), Constants()
    hold(README, [refused], ada, normalise=normalise)
    assert ada.head("origin/main") == main
    hold(README, [reviewed], ada, normalise=normalise)
    assert (
        ada.git("log", "--format=%s", "origin/main") == "Review research/attention\nTry sparse attention\nAdopt labgate"
    )
    ada.git("stash", "pop", "--quiet")
    hold(README, [ci, traced], ada, normalise=normalise)


def test_the_pipeline_is_on_main_in_two_commands(adopted: Repo) -> None:
    (block,) = (block for block in blocks(README) if block.heading == CI_HEADING)
    assert len(block.text.splitlines()) == 2
    adopted.run("labgate", "install")
    said = adopted.run("sh", "-ec", block.text)
    assert "warning" not in said.text
    workflow = adopted.git("show", "origin/feature/labgate-ci:.github/workflows/labgate.yml") + "\n"
    named = Source("https://example.org/tools/labgate", f"v{__version__}")
    assert workflow == github("main", named)[".github/workflows/labgate.yml"]


def test_the_first_screen_says_what_it_is_and_shows_a_refusal() -> None:
    screen = README.read_text(encoding="utf-8").splitlines()[:SCREEN]
    (refused,) = (at for at, line in enumerate(screen) if line.startswith("main: LG201 error: "))
    assert screen[refused + 1].startswith("    help: labgate review approve ")


#: The rows of the figures, and those of docs/provenance.md that each one sums up.
FIGURES = {
    "as it was merged": "as merged",
    "at its middle commit": "as at the middle commit",
    "at its first commit": "as at the first commit",
    "at its middle commit, ten of them on one branch": "ten middle commits on one branch",
    "at its first commit, ten of them on one branch": "ten first commits on one branch",
}


def test_the_figures_are_those_of_the_measurements() -> None:
    page = (ROOT / "docs" / "provenance.md").read_text(encoding="utf-8")
    measured = re.findall(r"^\| (?:black|distributed), (.+) \(\d+\) \| (\.\d+) \| ([\d.]+) \|", page, re.MULTILINE)

    def rows() -> Iterator[tuple[str, str, str]]:
        yield ("the research branch is the pull request", "found, in %", "false alarms in 1,000 commits")
        for name, kind in FIGURES.items():
            found = [(float(recall), float(alarms)) for set_, recall, alarms in measured if set_ == kind]
            assert len(found) == 2
            recalls, alarms = zip(*found, strict=True)
            yield (name, _range(100 * recall for recall in recalls), _range(alarms))

    hold_table(README, "figures", rows())


def _range(values: Iterable[float]) -> str:
    low, *_, high = sorted(map(round, values))
    return str(low) if low == high else f"{low} to {high}"


def test_the_table_has_every_hook_with_its_stage() -> None:
    manifest = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    hooks = re.findall(r"^- id: (\S+)$.*?^  stages: \[(\S+)\]$", manifest, re.MULTILINE | re.DOTALL)
    table = re.findall(r"^\| `(\S+)` \| (\S+) \|", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(table) == sorted(hooks)


def test_the_table_has_every_command() -> None:
    rows = ((f"`labgate {name}`", entry.summary.rstrip(".")) for name, entry in COMMANDS.items())
    hold_table(README, "commands", [("command", "what it does"), *rows])


def test_the_two_commands_are_what_ci_runs() -> None:
    """They are not run as they stand: what they set up is where this test runs."""
    demo, tests = (block.text for block in blocks(README) if block.heading == COMMANDS_HEADING)
    assert demo == f"{SET_UP} . && .venv/bin/labgate demo\n"
    assert tests == f"{SET_UP} -e '.[test]' && .venv/bin/python -m pytest -n auto\n"
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert 'python3 -m venv "$venv"' in ci
    assert re.search(r"pip install .*--editable '\.\[test,tools,docs\]'", ci)
    assert '"$venv/bin/python" -m pytest -n auto' in ci


@pytest.mark.slow
def test_the_first_command_works_as_it_stands_in_a_new_clone(tmp_path: Path, shelf: Shelf) -> None:
    """On a machine with Python and git, and a home without settings."""
    (demo, _) = (block.text for block in blocks(README) if block.heading == COMMANDS_HEADING)
    clone = publish(tmp_path)
    home = tmp_path / "home"
    home.mkdir()
    own = str(Path(sys.executable).parent)
    path = [folder for folder in os.environ["PATH"].split(os.pathsep) if folder != own]
    python = tmp_path / "bin"
    python.mkdir()
    (python / "python3").symlink_to(Path(sys.executable).resolve())
    clone.env |= {"HOME": str(home), "PATH": os.pathsep.join([str(python), *path])}
    clone.env |= shelf.environ
    played = clone.run("sh", "-ec", demo)
    assert "main: LG201 error: " in played.out
    assert "HEAD -> main" in played.out


def test_the_demo_runs(tmp_path: Path) -> None:
    repo = Repo.init(tmp_path / "anywhere")
    assert "labgate init" in repo.run("labgate", "demo").out


@pytest.mark.parametrize(
    "path",
    [README, ROOT / "hooks" / "README.md", *(ROOT / "docs").rglob("*.md")],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_every_link_leads_somewhere(path: Path) -> None:
    """`mkdocs build --strict` in .ci/run follows those to headings as well."""
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("name", ["README.md", "SECURITY.md", "docs/adr/0006-native-hooks-beside-the-frameworks.md"])
def test_what_the_frameworks_start_no_hook_for_is_said(name: str) -> None:
    """tests/acceptance/test_push_frameworks.py shows it."""
    text = " ".join((ROOT / name).read_text(encoding="utf-8").replace("**", "").split())
    assert "no hook" in text
    for case in ("deleted", "created from commits that the remote has", "unknown here"):
        assert case in text
