"""However a reviewed change lands: its pull request, the merge queue, the push job and audit say the same."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.env import hermetic
from support.forge import FakeHost
from support.hosted import BUTTON, Project
from support.people import EMAILS, by
from support.pipeline import code
from support.repo import Repo

POLICY = """\
version = 1
trunk = "main"
[kinds.protected]
names = ["main", "release/{version}"]
[kinds.bot]
names = ["gh-readonly-queue/**"]
[kinds.research]
names = ["research/{topic}"]
[kinds.topic]
names = ["feature/{slug}"]
[reviews]
assurance = "%s"
machines = ["noreply@github.com"]
[reviews.people.ada]
emails = ["ada@example.org"]
github = "ada-l"
[reviews.people.lin]
emails = ["lin@example.org"]
github = "lin-k"
[reviews.people.kim]
emails = ["kim@example.org"]
github = "kim-c"
[commit-size.limits.protected]
lines = 8
series-lines = 40
"""
BRANCH = "research/mixture"
PRESSERS = {"the author": "ada", "the reviewer": "lin", "a third person": "kim"}
#: Each button, and who presses it. A squash is its author's and the host's, whoever pressed.
PRESSED = [(button, who) for button in ("merge", "rebase", "rebase-without-empty") for who in PRESSERS]
PRESSED += [(button, "a third person") for button in ("squash", "squash-title-only")]


def as_(person: str) -> dict[str, str]:
    """Return the environment in which a person is author and committer."""
    return {**by(person), "GIT_COMMITTER_NAME": person.title(), "GIT_COMMITTER_EMAIL": EMAILS[person]}


@dataclass
class Landing:
    """A pull request of ada's that lin has reviewed; ``before`` is where main stood."""

    project: Project
    before: str

    def approve(self, level: str) -> None:
        repo = self.project.repo
        if level == "forge":
            self.project.host.review(7, "lin-k")
            return
        repo.labgate("review", "approve", BRANCH, status=0, **as_("lin"))
        self.project.pull_request(7, BRANCH, author="ada-l")

    def press(self, button: str, person: str) -> str:
        """Make on main what a code host makes of the change when a person presses a button; return the new tip."""
        repo = self.project.repo.checkout("main")
        if button == "merge":
            repo.merge(BRANCH, f"Merge pull request #7 from acme/{BRANCH}", **by(person), **BUTTON)
        elif button.startswith("rebase"):
            # Some hosts leave out what is empty, as markers are.
            picked = BRANCH if button == "rebase" else self.project.host.changes[7].pushes[0][0]
            presser = {"GIT_COMMITTER_NAME": person.title(), "GIT_COMMITTER_EMAIL": EMAILS[person]}
            repo.git("cherry-pick", "--allow-empty", f"main..{picked}", **presser)
        else:
            repo.git("merge", "--quiet", "--squash", BRANCH)
            repo.commit(self._message(button), None, **by("ada"), **BUTTON)
        return repo.head()

    def _message(self, button: str) -> str:
        """Return what GitHub puts into a squash: "Default to pull request title", with or without commit details."""
        log = self.project.repo.git("log", "--reverse", "--format=* %s%n%n%b", f"main..{BRANCH}")
        co_author = "---------\n\nCo-authored-by: Kim <kim@example.org>"
        return "Mix it (#7)" if button == "squash-title-only" else f"Mix it (#7)\n\n{log}\n\n{co_author}"

    def land(self, button: str) -> None:
        project, repo = self.project, self.project.repo
        repo.push("main")
        commits = tuple(repo.git("rev-list", f"{self.before}..main~1").split()) if button.startswith("rebase") else ()
        project.host.merge(7, repo.head("main"), commits=commits, squashed=button.startswith("squash"))

    def hold(self, repo: Repo) -> None:
        """Judge what has landed: in the job of the push, and by an audit in a new clone and in ``repo``."""
        landed = self.project.landed(self.before)
        assert landed.status == 0, landed.text
        for clone in (self.project.clone(), repo):
            audited = self.project.audited(clone)
            assert audited.status == 0, audited.text


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    found = {}
    for level in ("trailer", "forge"):
        folder = tmp_path_factory.mktemp(level)
        repo = Repo.init(folder / "lab")
        repo.with_remote()
        repo.commit("Start", {"labgate.toml": POLICY % level, "models.py": code("start")}, **as_("kim"))
        repo.branch(BRANCH)
        for name in ("mixture", "gate", "expert"):
            helped = "\n\nCo-authored-by: Kim <kim@example.org>" if name == "gate" else ""
            repo.commit(f"Try {name}{helped}", {f"{name}.py": code(name) + code(f"{name}_more")}, **as_("ada"))
        repo.push("main", BRANCH)
        found[level] = folder
    return found


@pytest.fixture
def landing(templates: dict[str, Path], tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Landing]:
    level = getattr(request, "param", "trailer")
    shutil.copytree(templates[level], tmp_path, dirs_exist_ok=True, symlinks=True)
    env = hermetic(tmp_path / "home")
    repo, remote = Repo(tmp_path / "lab", env), Repo(tmp_path / "lab-origin.git", dict(env))
    repo.git("remote", "set-url", "origin", str(remote.path))
    repo.clock += 3600
    with FakeHost("acme/lab") as host:
        project = Project(repo, remote, host)
        project.pull_request(7, BRANCH, author="ada-l")
        found = Landing(project, remote.head("main"))
        found.approve(level)
        yield found


@pytest.mark.parametrize(("button", "presser"), PRESSED)
@pytest.mark.parametrize("landing", ["trailer", "forge"], indirect=True)
def test_what_was_green_stays_green(landing: Landing, button: str, presser: str, tmp_path: Path) -> None:
    """Whether the branch is kept or deleted once it has landed."""
    opened = landing.project.judge(7)
    assert opened.status == 0, opened.text
    assert "keeps no head" not in opened.text
    head = landing.press(button, PRESSERS[presser])
    queued = landing.project.queued(7, head, landing.before)
    assert queued.status == 0, queued.text
    repo = landing.project.repo
    shutil.copytree(repo.path, tmp_path / "deleting", symlinks=True)
    landing.land(button)
    landing.hold(repo)
    deleting = Repo(tmp_path / "deleting", repo.env)
    deleting.push("main", f":{BRANCH}")
    landing.hold(deleting)


def test_where_no_host_keeps_the_change_its_pull_request_says_what_to_mind(landing: Landing) -> None:
    landing.project.remote.git("update-ref", "-d", "refs/pull/7/head")
    opened = landing.project.judge(7)
    assert opened.status == 0, opened.text
    assert "origin keeps no head of this change" in opened.text
    assert "end the landed message with its Reviewed-by lines" in opened.text


def test_what_lands_beside_what_was_reviewed_is_reported(landing: Landing) -> None:
    """The markers of the branch speak for what they covered, and for nothing else."""
    repo = landing.project.repo
    landing.press("squash-title-only", "ada")
    repo.write({"gate.py": code("gate") + code("gate_mine")})
    repo.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    landing.land("squash")
    landed = landing.project.landed(landing.before)
    assert landed.status == 1, landed.text
    assert "LG201" in landed.text
