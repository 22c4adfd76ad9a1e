"""Each rule of small batches is refused by each caller, its printed command is run, and then it is accepted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from support.hooks import FRAMEWORKS
from support.people import adopt, by
from support.pipeline import POLICY, Pipeline, code
from support.pushing import CONFIG
from support.repo import Repo

BATCHES = """
[mixed-components.components]
realm = ["realm/**"]
legion = ["legion/**"]
[commit-hygiene]
lands = "commits"
ci-authors = ["ci@example.org"]
short-lived = ["**/*.dvc"]
[[commit-hygiene.tests]]
source = ["runtime/**"]
tests = ["tests/**"]
[branch-drift.limits.topic]
commits = 1
refuse-push = true
[[remote-policy.remotes]]
match = "**/models-elsewhere.git"
kinds = ["topic"]
"""
HOOKS = "repos:\n- repo: local\n  hooks:\n" + "".join(
    f"  - {{id: {stage}, name: {stage}, entry: labgate-hook {stage}, language: system, stages: [{stage}], "
    "always_run: true, pass_filenames: false, verbose: true}\n"
    for stage in ("pre-commit", "pre-push")
)
SHIMS = ("native", *FRAMEWORKS)
BOTH = {"realm/r.c": "int r;\n", "legion/l.c": "int l;\n"}
CONFLICT = "a = 1\n<<<<<<< HEAD\nb = 1\n=======\nb = 2\n>>>>>>> other\n"
#: What a report prints of a finding: the rule, its level, and the command below it, which may go on for some lines.
FINDING = re.compile(r"(LG\d+) (error|warning|note): .*((?:\n(?:  )?    .*)*)")


@dataclass(frozen=True)
class Case:
    """A branch with a violation of ``code``: how to make it, and what a person does after the printed command.

    It is pushed to ``main``, or if it is ``own`` to itself. ``stops``: the command stops for the person. ``level`` is
    the level of the finding.
    """

    code: str
    branch: str
    make: Callable[[Repo], object]
    then: Callable[[Repo], object] = lambda _: None
    own: bool = False
    stops: bool = False
    level: str = "error"


def mixed(repo: Repo) -> None:
    repo.commit("Both", BOTH)


def finish(repo: Repo) -> None:
    """Commit what the split left, and let the rebase go on; the last commit of a branch is split without one."""
    repo.commit("The other")
    if (repo.path / ".git" / "rebase-merge").exists():
        repo.git("rebase", "--continue")


def resolve(repo: Repo) -> None:
    repo.write({"a.py": "a = 1\nb = 2\n"}).git("commit", "--quiet", "--no-verify", "--all", "--amend", "--no-edit")
    repo.git("rebase", "--continue")


def squashable(repo: Repo) -> None:
    repo.commit("Add a", {"a.py": code("a")})
    repo.commit("fixup! Add a", {"a.py": code("b")})


def drifting(repo: Repo) -> None:
    repo.commit("Add a", {"a.py": code("a")})
    branch = repo.git("symbolic-ref", "--short", "HEAD")
    repo.checkout("main").commit("Go on", {"b.py": code("b")})
    repo.commit("Go on", {"c.py": code("c")})
    repo.git("push", "--quiet", "--no-verify", "origin", "main")
    repo.checkout(branch)


def colliding(repo: Repo) -> None:
    repo.commit("Add a", {"a.py": code("a")})
    branch = repo.git("symbolic-ref", "--short", "HEAD")
    repo.checkout("main").commit("Another a", {"a.py": code("b")})
    repo.git("push", "--quiet", "--no-verify", "origin", "main")
    repo.checkout(branch)


def untested(repo: Repo) -> None:
    repo.commit("Go", {"runtime/r.py": code("run")})
    repo.commit("Review\n\nReviewed-by: Ada <ada@example.org>", None, **by("lin"))
    repo.git("push", "--quiet", "--no-verify", "origin", "HEAD")


CASES = (
    Case("LG405", "feature/y", mixed, finish),
    Case("LG501", "feature/y", squashable),
    Case("LG501", "feature/y", lambda repo: repo.commit("Merge by hand", {"a.py": CONFLICT}), resolve),
    Case("LG502", "feature/y", lambda repo: repo.commit("Run", {"m.dvc": "md5: 1\n"}, "--author=CI <ci@example.org>")),
    Case("LG503", "research/y", untested),
    Case("LG601", "feature/y", drifting, own=True),
    Case(
        "LG602",
        "feature/y",
        colliding,
        lambda repo: repo.commit("Merge main", {"a.py": code("c")}),
        own=True,
        stops=True,
        level="warning",
    ),
)
NAMES = [f"{case.code} {case.make.__name__.strip('<>')}" for case in CASES]


@pytest.fixture
def team(pipeline: Pipeline) -> Repo:
    """A team whose policy has all checks of small batches."""
    adopt(pipeline.repo, POLICY.replace("lines = 10", "lines = 9999") + BATCHES)
    return pipeline.repo


def hooked(repo: Repo, shim: str) -> Repo:
    """Let one caller judge at commit and push."""
    if shim == "native":
        repo.labgate("install", status=0)
    else:
        home = str(repo.path.parent / f"{repo.path.name}-{shim}")
        repo.env |= {"PRE_COMMIT_HOME": home, "PREK_HOME": home}
        repo.write({CONFIG: HOOKS})
        repo.run(shim, "install", "--config", CONFIG, "-t", "pre-commit", "-t", "pre-push")
    return repo


def judged(pipeline: Pipeline, case: Case, caller: str) -> dict[tuple[str, str], str | None]:
    """Return the help of each finding, by its rule and level, of the branch that is checked out."""
    repo = pipeline.repo
    if caller in SHIMS:
        said = repo.run("git", "push", "origin", "HEAD" if case.own else "HEAD:main", status=None).text
        return {(code, level): _help(below) for code, level, below in FINDING.findall(said)}
    if caller == "check":
        args = ("--target", "main", "--source", case.branch, "--format", "json")
        said = repo.labgate("check", *args, status=None).out
    else:
        repo.git("push", "--quiet", "--no-verify", "--force", "origin", f"HEAD:refs/heads/{case.branch}")
        changes = {"research/bigger-batches": case.branch}
        said = pipeline.job("github-pull-request", pipeline.propose("HEAD"), changes=changes).out
    return {(item["rule"], item["level"]): item["help"] for item in json.loads(said)["findings"]}


def _help(below: str) -> str | None:
    """Return the command of a finding, which goes on while a line ends with a backslash; prek indents all of it."""
    found: list[str] = []
    for line in below.splitlines():
        if line.lstrip().startswith("help: ") or (found and found[-1].endswith("\\")):
            found.append(line.lstrip().removeprefix("help: "))
    return "\n".join(found) or None


@pytest.mark.parametrize("case", CASES, ids=NAMES)
@pytest.mark.parametrize("caller", [*SHIMS, "check", "ci"])
def test_it_is_refused_mended_by_its_command_and_accepted(
    pipeline: Pipeline, team: Repo, case: Case, caller: str
) -> None:
    team.checkout("main").branch(case.branch)
    case.make(team)
    if caller in SHIMS:
        hooked(team, caller)
    command = judged(pipeline, case, caller)[case.code, case.level]
    assert command is not None
    team.checkout("main").git("fetch", "--quiet", "origin")
    if caller != "ci":
        team.checkout(case.branch)
    team.run("sh", "-c", command, stdin="generated\n", status=1 if case.stops else 0, GIT_EDITOR="true")
    case.then(team)
    assert team.git("symbolic-ref", "--short", "HEAD") == case.branch
    assert case.code not in {code for code, level in judged(pipeline, case, caller) if level != "note"}


@pytest.mark.parametrize("shim", SHIMS)
def test_a_commit_of_two_components_is_refused_and_split(team: Repo, shim: str) -> None:
    hooked(team, shim).checkout("main").branch("feature/y")
    team.write(BOTH).git("add", "--all")
    [(found, level, below)] = FINDING.findall(team.run("git", "commit", "--message", "Both", status=1).text)
    assert (found, level) == ("LG405", "error")
    team.run("sh", "-c", f"{_help(below)} --message One")
    team.git("add", "--all")
    team.run("git", "commit", "--quiet", "--message", "Other")


@pytest.mark.parametrize("shim", SHIMS)
def test_a_remote_takes_its_kinds(team: Repo, shim: str) -> None:
    team.with_remote("elsewhere")
    team.git("push", "--quiet", "--no-verify", "elsewhere", "main")
    team.git("fetch", "--quiet", "elsewhere")
    hooked(team, shim).checkout("main").branch("research/y").commit("Try y", {"y.py": code("y")})
    said = team.run("git", "push", "elsewhere", "HEAD", status=1).text
    [below] = [below for found, _, below in FINDING.findall(said) if found == "LG701"]
    team.run("sh", "-c", str(_help(below)))
    assert team.git("ls-remote", "origin", "refs/heads/research/y") != ""
