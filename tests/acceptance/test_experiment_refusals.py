"""Acceptance row 11: LG302 to LG306 are refused and then accepted, through pre-commit and by ``check --format json``.

The help's command, run as it is printed, makes the difference.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.repo import Repo
from support.runs import METRICS, POLICY, laboratory, pins, train
from support.verdicts import Verdict, judge

#: Out of reach of commits and checkouts.
CONFIG = ".git/labgate-hooks.yaml"
HOOK = """\
      - id: {id}
        name: {id}
        entry: labgate-hook {stage}
        language: system
        always_run: true
        pass_filenames: false
        verbose: true
        stages: [{stage}]
"""
STAGES = {"labgate-commit": "pre-commit", "labgate-push": "pre-push"}
HOOKS = "repos:\n  - repo: local\n    hooks:\n" + "".join(
    HOOK.format(id=name, stage=stage) for name, stage in STAGES.items()
)
TOPICS = '[kinds.topic]\nnames = ["topic/{slug}"]\n'
SMALL = 'snapshot-file-bytes = "1kB"\n'


@pytest.fixture
def lab(tmp_path: Path) -> Repo:
    """Return a clone on a branch that is neither research nor an experiment, whose hooks are pre-commit's alone."""
    repo = laboratory(tmp_path)
    repo.env |= {"PRE_COMMIT_HOME": str(tmp_path / "pre-commit")}
    repo.write({CONFIG: HOOKS})
    repo.run("pre-commit", "install", "--config", CONFIG, "-t", "pre-commit", "-t", "pre-push")
    govern(repo, f"{POLICY}{SMALL}{TOPICS}")
    repo.branch("topic/x")
    return repo


def govern(lab: Repo, policy: str) -> None:
    """Put a policy on the trunk."""
    lab.checkout("main")
    lab.commit("Govern", {"labgate.toml": policy})
    lab.push("main")


def helped(said: str, code: str) -> str:
    """Return the command that the finding of a rule prints."""
    lines = said.splitlines()
    at = next(number for number, line in enumerate(lines) if f"{code} error: " in line)
    return next(line for line in lines[at:] if "help: " in line).partition("help: ")[2]


def without_record(lab: Repo) -> None:
    govern(lab, f'{POLICY}records = "required"\n{TOPICS}')
    lab.branch("topic/required")
    lab.write({METRICS: "{}\n"})


def mismatch(lab: Repo) -> None:
    train(lab)
    lab.write({METRICS: "{}\n"})


def left_out(lab: Repo) -> None:
    lab.write({"big.py": "#" * 2000})
    train(lab)


def unpushed_submodule(lab: Repo) -> None:
    library = Repo.init(lab.path.parent / "library")
    library.with_remote()
    library.commit("Start", {"l.py": "1\n"})
    library.push("main")
    url = str(library.path.parent / "library-origin.git")
    lab.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", url, "lib/x")
    Repo(lab.path / "lib/x", lab.env).commit("More", {"l.py": "2\n"})
    lab.commit("Use the library")
    train(lab)


def commit_big(lab: Repo) -> None:
    """Commit the code that was left out: what the help says to do first."""
    lab.git("add", "big.py")
    lab.git("commit", "--quiet", "--no-verify", "--message", "All of it", "--", "big.py")


def nothing(_: Repo) -> None:
    """Do no more than the help says."""


CASES = pytest.mark.parametrize(
    ("code", "prepare", "first"),
    [
        ("LG302", without_record, nothing),
        ("LG303", mismatch, nothing),
        ("LG305", left_out, commit_big),
        ("LG306", unpushed_submodule, nothing),
    ],
    ids=["LG302", "LG303", "LG305", "LG306"],
)
Step = Callable[[Repo], None]


@CASES
def test_pre_commit_refuses_a_commit_until_the_help_was_run(lab: Repo, code: str, prepare: Step, first: Step) -> None:
    prepare(lab)
    lab.git("add", "--force", "experiments")
    said = lab.run("git", "commit", "--message", "Measure", status=1).text
    first(lab)
    lab.run("sh", "-c", helped(said, code))
    assert code not in lab.run("git", "commit", "--message", "Measure").text


def checked(lab: Repo, status: int) -> Verdict:
    return judge(lab, "experiment-hash", "--target", "main", "--head", "HEAD", status=status)


@CASES
def test_check_refuses_a_change_until_the_help_was_run(lab: Repo, code: str, prepare: Step, first: Step) -> None:
    prepare(lab)
    lab.git("add", "--force", "experiments")
    lab.git("commit", "--quiet", "--no-verify", "--message", "Measure")
    finding = checked(lab, 1).finding(code)
    assert (finding["level"], finding["location"]["path"]) == ("error", METRICS)
    first(lab)
    lab.run("sh", "-c", finding["help"])
    # The code that LG305 and LG306 are about is a snapshot or a new commit, which nobody has published.
    lab.labgate("experiment", "publish", "--yes", status=0)
    assert checked(lab, 0).rules == []


def test_pre_commit_refuses_a_push_until_the_code_is_published(lab: Repo) -> None:
    lab.write({"model.py": "VALUE = 9\n"})
    train(lab)
    (snapshot,) = pins(lab).values()
    lab.git("add", "--force", "experiments")
    lab.git("commit", "--quiet", "--no-verify", "--message", "Measure")
    finding = checked(lab, 1).finding("LG304")
    said = lab.run("git", "push", "--quiet", "origin", "HEAD", status=1).text
    assert helped(said, "LG304") == finding["help"] == f"labgate experiment publish {snapshot[:12]}"
    lab.run("sh", "-c", finding["help"])
    assert "LG304" not in lab.run("git", "push", "--quiet", "origin", "HEAD").text
    assert checked(lab, 0).rules == []
