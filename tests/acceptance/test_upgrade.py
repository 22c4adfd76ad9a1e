"""A repository that labgate set up at commit ba2cf8a goes on after an upgrade: no new error, no exit 2 on old work."""

from __future__ import annotations

import copy
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

import labgate
from support.codewriter import Codewriter
from support.data import ROOT
from support.forge import FakeHost
from support.former import (
    DATA,
    INDEX,
    SETUPS,
    STAGES,
    Former,
    Setup,
    begin,
    fill,
    hook,
    indexed,
    judge,
    kept_index,
    remember,
)
from support.hosted import Project
from support.policies import READER
from support.repo import Repo, Result
from support.templates import copied

#: Errors that labgate did not report then, and the line of the changelog that says so.
TIGHTENED = {
    ("ci adas-work", "LG102"): "Tightened: in CI a bad name of the repository's own branch is an error",
    ("audit, here", "LG201"): "Tightened: `labgate trace` and `labgate audit` recognise deleted research",
}
#: What is judged: all policies in their own file, and one of them in pyproject.toml.
JUDGED = [one for one in SETUPS if one.place == "labgate.toml" or one.key == "trunk-one"]
IN_LABGATE_TOML = [one for one in SETUPS if one.place == "labgate.toml" and one.key != "trunk-two"]
VERDICTS: dict[str, dict[str, list[str]]] = json.loads((DATA / "verdicts.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Setup], Former]:
    """Builds such a repository once; the host of what it returns has been left."""

    @cache
    def build(setup: Setup) -> Former:
        repo = Repo.init(tmp_path_factory.mktemp("former") / "lab")
        with FakeHost("acme/lab") as host:
            return fill(begin(Project(repo, repo.with_remote(), host), setup))

    return build


@pytest.fixture(params=JUDGED, ids=str)
def former(request: pytest.FixtureRequest, built: Callable[[Setup], Former], tmp_path: Path) -> Iterator[Former]:
    """Such a repository, in the clone of ada, with what that version had kept there."""
    setup: Setup = request.param
    template = built(setup)
    repo = copied(template.repo, tmp_path)
    with FakeHost("acme/lab") as host:
        host.changes = copy.deepcopy(template.project.host.changes)
        found = replace(template, project=Project(repo, Repo(Path(f"{repo.path}-origin.git"), repo.env), host))
        for stage in STAGES:
            path = repo.path / ".git" / "hooks" / stage
            path.write_bytes(hook(stage, sys.executable, labgate.__file__))
            path.chmod(0o755)
        remember(repo, setup)
        yield found


def run(repo: Repo, *args: str, **env: str) -> Result:
    return repo.labgate(*args, status=None, **env)


def test_old_work_gets_no_new_error(former: Former) -> None:
    said, then = judge(former, run), VERDICTS[str(former.setup)]
    assert said.keys() == then.keys()
    new = {
        (name, rule)
        for name, (_, *errors) in said.items()
        for rule in set(errors) - set(then[name][1:])
        if (name, rule) not in TIGHTENED
    }
    assert not new
    assert not [name for name, (status, *_) in said.items() if status not in ("0", "1")]


@pytest.mark.parametrize("setup", [one for one in SETUPS if one.place == "labgate.toml"], ids=str)
def test_a_policy_is_the_same_in_either_file(setup: Setup) -> None:
    """So what is judged by the one of a preset is judged by the other too."""
    both = (setup, replace(setup, place="pyproject.toml"))
    own, other = (READER.find({one.place: one.policy().encode()}) for one in both)
    assert own is not None
    assert other is not None
    assert own == (other[0], setup.place)


def test_each_tightening_is_in_the_changelog() -> None:
    changelog = " ".join((ROOT / "CHANGELOG.md").read_text(encoding="utf-8").split())
    assert not [line for line in TIGHTENED.values() if line not in changelog]


@pytest.mark.parametrize("installed", ["the hooks of then", "labgate install"])
@pytest.mark.parametrize("former", IN_LABGATE_TOML, ids=str, indirect=True)
def test_work_goes_on_through_the_hooks(former: Former, installed: str) -> None:
    """Commit, rebase, merge and push as before, in the clone of then."""
    repo, lane = former.repo, former.setup.lane
    if installed == "labgate install":
        run_ok(repo, "labgate", "install")
    doctor = repo.labgate("doctor", status=0).out
    assert [doctor.count(word) for word in ("stale", "missing", "invalid")] == [0, 0, 0]
    repo.checkout("feature/late").write({"src/more.py": Codewriter("more").module(2)})
    repo.git("add", "--all")
    run_ok(repo, "git", "commit", "--quiet", "-m", "Add more")
    run_ok(repo, "git", "push", "origin", "feature/late")
    run_ok(repo.checkout("feature/early"), "git", "rebase", "--quiet", "main")
    run_ok(repo, "git", "push", "--force", "origin", "feature/early")
    if lane is not None:
        repo.checkout(lane.format("raw")).write({"src/try.py": Codewriter("try").module(2)}).git("add", "--all")
        run_ok(repo, "git", "commit", "--quiet", "-m", "Try")
        stamped = repo.git("log", "-1", "--format=%(trailers:key=Experiment,valueonly)").strip()
        assert stamped == ("raw/ada" if "--" in lane else "")
        run_ok(repo, "git", "push", "origin", lane.format("raw"))
    run_ok(repo.checkout("main"), "git", "merge", "--quiet", "--no-ff", "-m", "Merge late work", "feature/late")
    run_ok(repo, "git", "push", "origin", "main", ":feature/late")
    if lane is not None and former.setup.people == "two":
        ready = lane.format("ready")
        run_ok(repo, "git", "merge", "--quiet", "--no-ff", "-m", f"Merge {ready}", ready)
        run_ok(repo, "git", "push", "origin", "main", f":{ready}")


def run_ok(repo: Repo, *argv: str) -> None:
    repo.clock += 60
    said = repo.run(*argv, status=None)
    assert said.status == 0, said.text
    assert "Traceback" not in said.text
    assert "error" not in said.text


def test_its_index_changes_no_result(tmp_path: Path) -> None:
    repo = indexed(tmp_path)
    oids = repo.git("rev-list", "main..feature/x").split()
    anew = repo.labgate("trace", "--format", "json", *oids, status=0).out
    assert "research/x" in anew
    shutil.rmtree(repo.path / ".git" / "labgate")
    file = repo.path / ".git" / "labgate" / INDEX
    file.parent.mkdir()
    file.write_bytes(kept_index())
    assert repo.labgate("trace", "--format", "json", *oids, status=0).out == anew


def test_its_configuration_of_pre_commit_names_hooks_that_are_still_there() -> None:
    (then,) = yaml.safe_load((DATA / "pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    now = {row["id"]: row for row in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
    for row in then["hooks"]:
        for key in ("entry", "stages", "pass_filenames", "always_run"):
            assert now[row["id"]][key] == row[key]
