"""What zizmor, actionlint and the schemas of GitHub and GitLab say of the pipelines that labgate writes and has."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from labgate.setup.pipelines import GITHUB, GITHUB_REVIEW, GITLAB, GITLAB_ROOT, github, gitlab, new_root
from labgate.setup.source import Source
from support.data import ROOT
from support.tools import require_program

EXTRA = "pip install 'labgate[test]'"
SOURCE = Source("https://example.org/t/labgate", "0123456789abcdef0123456789abcdef01234567")
ACTION, RELEASE = ROOT / "action.yml", ROOT / ".github/workflows/release.yml"

#: A checker's command line for some files.
Checker = Callable[..., list[str]]


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A repository with every file that ``init --ci`` writes."""
    texts = {**github("release/c++", SOURCE), **gitlab("main", SOURCE), GITLAB_ROOT: new_root()}
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def zizmor(*files: Path) -> list[str]:
    # Without --persona auditor it has nothing that only a person can judge; --offline asks no code host.
    return [require_program("zizmor", EXTRA), "--offline", "--no-progress", "--persona=pedantic", *map(str, files)]


def actionlint(*files: Path) -> list[str]:
    return [require_program("actionlint", EXTRA), *map(str, files)]


def check_jsonschema(schema: str) -> Checker:
    def command(*files: Path) -> list[str]:
        program = require_program("check-jsonschema", EXTRA)
        return [program, "--builtin-schema", f"vendor.{schema}", *map(str, files)]

    return command


def said(command: list[str], folder: Path) -> tuple[int, str]:
    """Return a checker's exit status and what it printed."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("checker", [zizmor, actionlint, check_jsonschema("github-workflows")])
def test_a_checker_has_nothing_to_say_of_the_workflows(checker: Checker, written: Path) -> None:
    status, text = said(checker(written / GITHUB, written / GITHUB_REVIEW, RELEASE), written)
    assert status == 0, text
    broken = written / ".github/workflows/broken.yml"
    broken.write_text((written / GITHUB).read_text().replace("    runs-on: ubuntu-latest\n", "").replace("@08", "@v"))
    assert said(checker(broken), written)[0] != 0


@pytest.mark.parametrize("checker", [zizmor, check_jsonschema("github-actions")])
def test_a_checker_has_nothing_to_say_of_the_action(checker: Checker, tmp_path: Path) -> None:
    status, text = said(checker(ACTION), tmp_path)
    assert status == 0, text
    broken = tmp_path / "action.yml"
    injected = ACTION.read_text().replace('venv=$(mktemp -d "$RUNNER_TEMP', 'venv=$(mktemp -d "${{ inputs.args }}')
    broken.write_text(injected.replace("shell: bash", "shall: bash"))
    assert said(checker(broken), tmp_path)[0] != 0


def test_the_schema_of_gitlab_has_nothing_to_say_of_the_job(written: Path) -> None:
    checker = check_jsonschema("gitlab-ci")
    status, text = said(checker(written / GITLAB, written / GITLAB_ROOT), written)
    assert status == 0, text
    (written / GITLAB).write_text((written / GITLAB).read_text().replace("when: always", "when: perhaps"))
    assert said(checker(written / GITLAB), written)[0] != 0
