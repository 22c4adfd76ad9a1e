"""Which branches the message hooks take for an experiment's: all that are, and few that are not."""

from __future__ import annotations

import json
import os
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labgate.native.branches import FILE, KEPT, experiment_patterns, write_experiment_branches
from labgate.policy.model import Policy
from support.policies import parse_policy, policy


def team(*templates: str) -> Policy:
    names = ", ".join(json.dumps(template) for template in templates)
    text = f"version = 1\ntrunk = 'main'\n[kinds.protected]\nnames = ['main']\n[kinds.experiment]\nnames = [{names}]\n"
    return parse_policy(text, "labgate.toml")


@pytest.mark.parametrize(
    ("template", "pattern"),
    [
        ("experiment--{service}--{handle}", "experiment--*--*"),
        ("exp/{service}/{handle}", "exp/*/*"),
        ("{service}/{handle}", "*/*"),
        ("x{service}y{handle}z", "x*y*z"),
        ("a/**/{service}-{handle}", "a/*-*"),
        ("a-*-{service}-{handle}", "a-*-*-*"),
        ("exp'$(id)`!{service}-{handle}", "exp*id*-*"),
        ("\u00e9xp/{service}-{handle}", "*xp/*-*"),
        ("refs/heads/exp/{service}-{handle}", "exp/*-*"),
    ],
)
def test_a_template_becomes_a_pattern_of_the_shell(template: str, pattern: str) -> None:
    assert experiment_patterns(team(template)) == (pattern,)


@pytest.mark.parametrize("template", ["exp/{service}", "exp/{handle}", "exp/*", "refs/tags/{service}-{handle}"])
def test_other_templates_are_no_experiments(template: str) -> None:
    assert experiment_patterns(team(template)) == ()


_WORD = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._]{0,5}(-[A-Za-z0-9._]{1,4}){0,2}", fullmatch=True)
_LITERAL = st.text(alphabet="ab-/._'$!()\u00e9", max_size=4)


@settings(deadline=None)
@given(pieces=st.tuples(_LITERAL, _LITERAL, _LITERAL), service=_WORD, handle=_WORD)
def test_no_experiment_branch_is_missed(pieces: tuple[str, str, str], service: str, handle: str) -> None:
    from labgate.native.branches import _pattern
    from labgate.policy.grammar import Template

    template = Template(f"{pieces[0]}{{service}}{pieces[1]}{{handle}}{pieces[2]}", {})
    pattern = _pattern(template)
    assert pattern is not None
    assert pattern.isascii()
    assert fnmatchcase(f"{pieces[0]}{service}{pieces[1]}{handle}{pieces[2]}", pattern)


@pytest.mark.parametrize(("branch", "fits"), [("experiment--a--b", True), ("experiment--a", False), ("main", False)])
def test_the_shell_reads_the_pattern_as_meant(branch: str, fits: bool) -> None:
    (pattern,) = experiment_patterns(policy())
    script = "case $1 in $2) exit 0 ;; esac; exit 1"
    assert (subprocess.run(["sh", "-c", script, "sh", branch, pattern], check=False).returncode == 0) == fits


def read(folder: Path) -> list[str]:
    return (folder / FILE).read_text().splitlines()


def test_the_file_is_written_with_its_folder(tmp_path: Path) -> None:
    write_experiment_branches(str(tmp_path), policy())
    assert read(tmp_path) == ["experiment--*--*"]
    assert [path.name for path in (tmp_path / "labgate").iterdir()] == ["experiment-branches"]


def test_a_policy_without_experiments_leaves_an_empty_file(tmp_path: Path) -> None:
    write_experiment_branches(str(tmp_path), team("exp/{topic}"))
    assert read(tmp_path) == []


def parse_patterns(number: int) -> Policy:
    return team(f"exp{number}/{{service}}/{{handle}}")


def test_patterns_of_another_policy_stay_but_not_for_ever(tmp_path: Path) -> None:
    """A linked work tree, or the trunk, may have another policy than this one."""
    for number in range(KEPT + 10):
        write_experiment_branches(str(tmp_path), parse_patterns(number))
    found = read(tmp_path)
    assert found[:2] == [f"exp{KEPT + 9}/*/*", f"exp{KEPT + 8}/*/*"]
    assert len(found) == KEPT + 1
    write_experiment_branches(str(tmp_path), policy(), fresh=True)
    assert read(tmp_path) == ["experiment--*--*"]


def test_the_same_patterns_make_the_file_new_again(tmp_path: Path) -> None:
    """Else a changed policy with the same experiments would start Python for ever."""
    write_experiment_branches(str(tmp_path), policy())
    path = tmp_path / FILE
    os.utime(path, (1_000_000_000, 1_000_000_000))
    write_experiment_branches(str(tmp_path), policy())
    assert path.stat().st_mtime > 1_600_000_000


@pytest.mark.parametrize("obstacle", ["a file where the folder should be", "a folder where the file should be"])
def test_where_it_cannot_be_written_nothing_happens(tmp_path: Path, obstacle: str) -> None:
    if obstacle.startswith("a file"):
        (tmp_path / "labgate").write_text("")
    else:
        (tmp_path / FILE).mkdir(parents=True)
    write_experiment_branches(str(tmp_path), policy())
    assert [path.name for path in tmp_path.rglob("*")] == (
        ["labgate"] if obstacle.startswith("a file") else ["labgate", "experiment-branches"]
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_no_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    write_experiment_branches(str(tmp_path), policy())
    tmp_path.chmod(0o755)
    assert list(tmp_path.iterdir()) == []
