"""A team's repository as labgate set it up at commit ba2cf8a: its policies, hooks, open changes and landed history.

``tests/data/former`` holds what that version wrote and said. ``python -m support.former FOLDER``, with a folder that
has that commit and ``.venv/bin/labgate`` of it, writes these files anew; a test needs nothing but them.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from support.codewriter import Codewriter
from support.data import ROOT
from support.forge import FakeHost
from support.hosted import BUTTON, Project
from support.people import EMAILS, by
from support.repo import Repo, Result

DATA = ROOT / "tests" / "data" / "former"
PRESETS, PEOPLE, PLACES = (
    ("research-branch", "experiment-branches", "trunk"),
    ("one", "two"),
    ("labgate.toml", "pyproject.toml"),
)
#: The branches that need a review, by preset.
LANES = {"research-branch": "research/{}", "experiment-branches": "experiment--{}--ada"}
STAGES = ("pre-commit", "pre-merge-commit", "prepare-commit-msg", "commit-msg", "pre-push")
#: What that version kept in ``.git/labgate`` of a clone, beside its index.
STATE = ("ledger", "unlanded", "native-hooks", "experiment-branches")
INDEX = "index-2.4.sqlite"
#: Runs labgate in a repository with arguments and variables.
Run = Callable[..., Result]


def as_(person: str) -> dict[str, str]:
    """Return the environment in which a person is author and committer."""
    return {**by(person), "GIT_COMMITTER_NAME": person.title(), "GIT_COMMITTER_EMAIL": EMAILS[person]}


@dataclass(frozen=True)
class Setup:
    """A preset, how many persons its policy lists, and the file that has the policy."""

    preset: str
    people: str
    place: str

    def __str__(self) -> str:
        return f"{self.preset}, {self.people}, {self.place}"

    @property
    def key(self) -> str:
        return f"{self.preset}-{self.people}"

    @property
    def lane(self) -> str | None:
        return LANES.get(self.preset)

    def policy(self) -> str:
        """Return the policy that `labgate init` wrote, as the text of ``place``."""
        text = (DATA / f"{self.key}.toml").read_text(encoding="utf-8")
        # What the file itself says to do: "Take away the # before those who review".
        text = re.sub(r"(?m)^# (\[reviews\.people\.lin\].*)\n# ", r"\1\n", text)
        if self.place == "labgate.toml":
            return text
        tables = re.sub(r"(?m)^\[", "[tool.labgate.", text)
        return tables.replace("version = 1", "[tool.labgate]\nversion = 1", 1)


SETUPS = tuple(Setup(preset, people, place) for preset in PRESETS for people in PEOPLE for place in PLACES)


@dataclass
class Former:
    """The repository of such a team. ``landings`` are the tips of ``main``; ``open`` the heads by number."""

    setup: Setup
    project: Project
    landings: list[tuple[str, str]] = field(default_factory=list)
    open: dict[int, str] = field(default_factory=dict)

    @property
    def repo(self) -> Repo:
        return self.project.repo

    def push(self, *refspecs: str) -> None:
        """Push as a person who uses ``--no-verify`` where the hook refuses."""
        if self.repo.run("git", "push", "--quiet", "origin", *refspecs, status=None).status:
            self.repo.push(*refspecs)

    def work(self, branch: str, start: str = "main", *, commits: int = 2) -> str:
        """Make a branch with commits that nobody else has, and push it."""
        repo = self.repo.branch(branch, start)
        name = re.sub(r"\W+", "_", branch)
        for number in range(commits):
            files = {f"src/{name}_{number}.py": Codewriter(f"{branch} {number}").module(3)}
            repo.commit(f"Add {name} {number}{_stamp(branch)}", files, **as_("ada"))
        self.push(branch)
        return branch

    def review(self, branch: str) -> str:
        """Let the other person review a branch, where there is one."""
        if self.setup.people == "two":
            message = f"Review{_stamp(branch) or chr(10)}\nReviewed-by: Lin <lin@example.org>"
            self.repo.checkout(branch).commit(message, None, **as_("lin"))
            self.push(branch)
        return branch

    def request(self, branch: str) -> int:
        """Open a pull request for a branch."""
        number = len(self.project.host.changes) + 1
        change = self.project.host.open(number, author="ada", head=self.repo.head(branch))
        change.source = branch
        self.repo.push(f"{branch}:refs/pull/{number}/head")
        return number

    def land(self, branch: str, how: str) -> None:
        """Open a pull request, land it, push ``main`` and delete the branch."""
        number, repo = self.request(branch), self.repo.checkout("main")
        before = repo.head()
        if how == "merge":
            repo.merge(branch, f"Merge pull request #{number} from acme/{branch}", **by("ada"), **BUTTON)
        elif how == "squash":
            log = repo.git("log", "--reverse", "--format=* %s%n%n%b", f"main..{branch}")
            repo.git("merge", "--quiet", "--squash", branch)
            repo.commit(f"Add {branch} (#{number})\n\n{log}", None, **by("ada"), **BUTTON)
        else:
            repo.clock += 60
            repo.git("cherry-pick", "--allow-empty", f"main..{branch}", **BUTTON)
        commits = tuple(repo.git("rev-list", f"{before}..main~1").split()) if how == "rebase" else ()
        self.project.host.merge(number, repo.head(), commits=commits, squashed=how == "squash")
        self.push("main")
        self.landings.append((before, repo.head()))
        repo.git("branch", "--quiet", "-D", branch)
        self.push(f":{branch}")


def _stamp(branch: str) -> str:
    """Return what the message hooks write into the commits of an experiment."""
    name, *words = branch.split("--")
    return f"\n\n{name.title()}: {'/'.join(words)}" if words else ""


def begin(project: Project, setup: Setup) -> Former:
    """Give the project a first history, before there was labgate."""
    project.repo.env |= as_("ada")
    project.repo.commit(
        "Start", {"README.md": "Models.\n", "src/models.py": Codewriter("models").module()}, **as_("ada")
    )
    if setup.people == "two":
        project.repo.commit("Add a table", {"src/table.py": Codewriter("table").module()}, **as_("lin"))
    project.repo.push("main")
    project.repo.git("config", "labgate.trunk", "main")
    return Former(setup, project)


def fill(former: Former) -> Former:
    """Set the repository up, and let its team work: landed history of every kind, then open changes."""
    repo, setup, lane = former.repo, former.setup, former.setup.lane
    config = (DATA / "pre-commit-config.yaml").read_text(encoding="utf-8")
    repo.commit("Set up labgate", {setup.place: setup.policy(), ".pre-commit-config.yaml": config}, **as_("ada"))
    former.push("main")
    former.work("feature/early")
    for how in ("merge", "squash", "rebase"):
        former.land(former.work(f"feature/{how}"), how)
        if lane is not None:
            former.land(former.review(former.work(lane.format(f"reviewed-{how}"))), how)
    if lane is not None:
        former.land(former.work(lane.format("unreviewed")), "merge")
    opened = ["feature/early", former.work("feature/late"), former.work("adas-work"), *_bigger(former)]
    if lane is not None:
        opened += _researched(former, lane)
    for branch in opened:
        former.open[former.request(branch)] = branch
    repo.checkout("main")
    return former


def _bigger(former: Former) -> Iterator[str]:
    """Yield a change that is too large, and one that merged ``main``."""
    big = "".join(f"row_{number} = {number}\n" for number in range(500))
    former.repo.branch("feature/big", "main").commit("Add a table of rows", {"src/rows.py": big}, **as_("ada"))
    former.push("feature/big")
    yield "feature/big"
    former.work("feature/follows", former.landings[0][0])
    former.repo.merge("main", "Merge branch 'main' into feature/follows", **as_("ada"))
    former.push("feature/follows")
    yield "feature/follows"


def _researched(former: Former, lane: str) -> Iterator[str]:
    """Yield changes of research: reviewed, not reviewed, picked from it by a topic, and cut from a topic."""
    yield former.review(former.work(lane.format("ready")))
    yield former.work(lane.format("raw"))
    former.work("feature/picks", commits=1)
    former.repo.clock += 60
    former.repo.git("cherry-pick", lane.format("raw"), **as_("ada"))
    former.push("feature/picks")
    yield "feature/picks"
    former.work("feature/base")
    yield "feature/base"
    yield former.work(lane.format("stacked"), "feature/base")


def judge(former: Former, run: Run) -> dict[str, list[str]]:
    """Return what labgate says of all that work: the exit status of each command, and the rules of its errors."""
    project, found = former.project, {}

    def noted(name: str, said: Result) -> None:
        errors = set()
        if said.status in (0, 1) and said.out.startswith("{"):
            errors = {item["rule"] for item in json.loads(said.out)["findings"] if item["level"] == "error"}
        found[name] = [str(said.status), *sorted(errors)]

    json_ = ("--format", "json")
    for number, branch in former.open.items():
        change = (*json_, "--target", "main", "--head", f"origin/{branch}", "--source", branch)
        noted(f"check {branch}", run(former.repo, "check", *change))
        clone, file = project.clone("--depth=1"), project.repo.path.parent / f"event-{number}.json"
        file.write_text(json.dumps(project.opened(number)), encoding="utf-8")
        noted(f"ci {branch}", run(clone, "ci", *json_, **project.environ("pull_request", file)))
    tip = project.remote.head("main")
    for number, (before, after) in enumerate(former.landings):
        project.remote.git("update-ref", "refs/heads/main", after)
        event = {"ref": "refs/heads/main", "before": before, "after": after, "created": False, "deleted": False}
        clone, file = project.clone("--depth=1"), project.repo.path.parent / f"push-{number}.json"
        file.write_text(json.dumps({**event, "repository": {"full_name": project.host.name}}), encoding="utf-8")
        noted(f"push job {number}", run(clone, "ci", *json_, **project.environ("push", file)))
    project.remote.git("update-ref", "refs/heads/main", tip)
    for name, where in (("audit, here", former.repo), ("audit, new clone", project.clone())):
        noted(name, run(where, "audit", "main", *json_))
    noted("policy check", run(former.repo, "policy", "check"))
    return found


def hook(stage: str, python: str, module: str) -> bytes:
    """Return the native hook that this version wrote for an interpreter and a labgate."""
    text = (DATA / "hooks" / stage).read_text(encoding="utf-8")
    text = text.replace("@PYTHON@", python).replace("@MODULE@", module)
    shebang, marker, rest = text.encode().split(b"\n", 2)
    checksum = hashlib.sha256(shebang + rest).hexdigest().encode()
    return b"\n".join((shebang, marker.replace(b"@CHECKSUM@", checksum), rest))


def remember(repo: Repo, setup: Setup) -> None:
    """Put what this version had kept of a clone into ``.git/labgate``, as of yesterday."""
    folder, kept = repo.path / ".git" / "labgate", DATA / setup.key
    folder.mkdir(exist_ok=True)
    for name in STATE:
        if (kept / name).is_file():
            content = (kept / name).read_bytes()
            if name == "ledger":
                content = re.sub(rb"(?m)^(\w+) \d+ ", rb"\1 %d " % (time.time() - 86_400), content)
            (folder / name).write_bytes(content)


def kept_index() -> bytes:
    """Return the index that this version made of `indexed`."""
    return gzip.decompress((DATA / f"{INDEX}.gz").read_bytes())


def indexed(folder: Path) -> Repo:
    """Return the repository that the kept index is of: ``research/x``, and ``feature/x`` with a commit of it."""
    repo = Repo.init(folder / "lab")
    repo.with_remote()
    repo.commit("Set up labgate", {"labgate.toml": Setup("research-branch", "two", "labgate.toml").policy()})
    repo.branch("research/x").commit("Try", {"try.py": Codewriter("try").function()})
    repo.push("main", "research/x")
    repo.branch("feature/x", "main").commit("Go on", {"on.py": Codewriter("on").function()})
    repo.git("cherry-pick", "research/x")
    return repo


def _write(version: Path) -> None:
    """Let that version set repositories up and judge them; write what it wrote and said."""
    program = version / ".venv" / "bin" / "labgate"

    def run(repo: Repo, *args: str, **env: str) -> Result:
        return repo.run(str(program), *args, status=None, **env)

    said = {}
    for setup in SETUPS:
        with tempfile.TemporaryDirectory() as folder, FakeHost("acme/lab") as host:
            repo = Repo.init(Path(folder) / "lab")
            repo.env["PATH"] = f"{program.parent}:{repo.env['PATH']}"
            former = begin(Project(repo, repo.with_remote(), host), setup)
            run(repo, "init", "--preset", setup.preset)
            _keep_set_up(repo, setup, program)
            (repo.path / ".git" / "hooks" / "prepare-commit-msg").unlink()  # fill writes what it would write
            (repo.path / "labgate.toml").unlink()
            fill(former)
            if setup.people == "two" and setup.place == "labgate.toml" and setup.preset != "trunk":
                _keep_state(repo, setup)
            said[str(setup)] = judge(former, run)
    _keep_index(run)
    (DATA / "verdicts.json").write_text(_lines(said), encoding="utf-8")


def _lines(said: dict[str, dict[str, list[str]]]) -> str:
    """Return the verdicts as JSON, a line each."""
    rows = {
        setup: ",\n".join(f"  {json.dumps(name)}: {json.dumps(verdict)}" for name, verdict in found.items())
        for setup, found in said.items()
    }
    return "{\n" + ",\n".join(f" {json.dumps(setup)}: {{\n{text}\n }}" for setup, text in rows.items()) + "\n}\n"


def _keep_set_up(repo: Repo, setup: Setup, program: Path) -> None:
    (DATA / "hooks").mkdir(parents=True, exist_ok=True)
    shutil.copy(repo.path / "labgate.toml", DATA / f"{setup.key}.toml")
    shutil.copy(repo.path / ".pre-commit-config.yaml", DATA / "pre-commit-config.yaml")
    for stage in STAGES:
        text = (repo.path / ".git" / "hooks" / stage).read_text(encoding="utf-8")
        text = re.sub(r"(?m)^python='.*'$", "python='@PYTHON@'", text)
        text = re.sub(r"(?m)^module='.*'$", "module='@MODULE@'", text)
        text = re.sub(r"sha256:[0-9a-f]{64}", "sha256:@CHECKSUM@", text)
        (DATA / "hooks" / stage).write_text(text, encoding="utf-8")
    assert str(program.parent) not in text


def _keep_state(repo: Repo, setup: Setup) -> None:
    kept = DATA / setup.key
    kept.mkdir(exist_ok=True)
    for name in STATE:
        if (repo.path / ".git" / "labgate" / name).exists():
            shutil.copy(repo.path / ".git" / "labgate" / name, kept / name)


def _keep_index(run: Run) -> None:
    """Keep the index of one small research branch; that of the whole history would be a megabyte."""
    with tempfile.TemporaryDirectory() as folder:
        repo = indexed(Path(folder))
        assert run(repo, "index", "rebuild").status == 0
        index = (repo.path / ".git" / "labgate" / INDEX).read_bytes()
    (DATA / f"{INDEX}.gz").write_bytes(gzip.compress(index, mtime=0))


if __name__ == "__main__":
    _write(Path(sys.argv[1]).resolve())
    subprocess.run(["git", "status", "--short", DATA], check=True)
