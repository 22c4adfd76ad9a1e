"""labgate's native hooks beside pre-commit, prek and foreign hooks, in every order, with the real tools."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from labgate.native.install import install, uninstall
from labgate.native.state import STAGES, native_hook_in_force
from support.hooks import FRAMEWORKS, Scene
from support.repo import Repo

#: What is done at pre-push, one after the other; then what a push starts, in order, and what `doctor` says.
CASES = {
    "labgate alone": (["labgate"], ["labgate"], "ok"),
    "the framework alone": (["framework"], ["framework"], "missing"),
    "labgate, then the framework": (["labgate", "framework"], ["labgate", "framework"], "ok"),
    "the framework, then labgate": (["framework", "labgate"], ["labgate", "framework"], "ok"),
    "labgate first, both again": (["labgate", "framework"] * 2, ["labgate", "framework"], "ok"),
    "the framework first, both again": (["framework", "labgate"] * 2, ["labgate", "framework"], "ok"),
    "labgate, then install -f": (["labgate", "force"], ["framework"], "missing"),
    "below the framework, then install -f": (["framework", "labgate", "force"], ["framework"], "missing"),
    "install -f, mended": (["labgate", "force", "labgate"], ["labgate", "framework"], "ok"),
    "labgate first, framework uninstalled": (["labgate", "framework", "unframework"], ["labgate"], "ok"),
    "framework first and uninstalled": (["framework", "labgate", "unframework"], ["labgate"], "ok"),
    "labgate first and uninstalled": (["labgate", "framework", "unlabgate"], ["framework"], "missing"),
    "framework first, labgate uninstalled": (["framework", "labgate", "unlabgate"], ["framework"], "missing"),
    "both uninstalled, labgate first": (["labgate", "framework", "unlabgate", "unframework"], [], "missing"),
    "both uninstalled, the framework first": (["labgate", "framework", "unframework", "unlabgate"], [], "missing"),
    "foreign, labgate": (["foreign", "labgate"], ["foreign", "labgate"], "ok"),
    "foreign, labgate twice": (["foreign", "labgate", "labgate"], ["foreign", "labgate"], "ok"),
    "foreign, labgate uninstalled": (["foreign", "labgate", "unlabgate"], ["foreign"], "missing"),
    "foreign, labgate, framework": (["foreign", "labgate", "framework"], ["foreign", "labgate", "framework"], "ok"),
    "foreign, framework, labgate": (["foreign", "framework", "labgate"], ["foreign", "labgate", "framework"], "ok"),
    "labgate, foreign over it, framework, labgate": (
        ["labgate", "foreign", "framework", "labgate"],
        ["foreign", "labgate", "framework"],
        "ok",
    ),
    "foreign, all, framework uninstalled": (
        ["foreign", "framework", "labgate", "unframework"],
        ["foreign", "labgate"],
        "ok",
    ),
    "foreign, all, labgate uninstalled": (
        ["foreign", "labgate", "framework", "unlabgate"],
        ["foreign", "framework"],
        "missing",
    ),
    "foreign, all, both uninstalled": (
        ["foreign", "labgate", "framework", "unlabgate", "unframework"],
        ["foreign"],
        "missing",
    ),
    "foreign, all, both uninstalled the other way": (
        ["foreign", "framework", "labgate", "unframework", "unlabgate"],
        ["foreign"],
        "missing",
    ),
    "foreign, labgate, install -f": (["foreign", "labgate", "force"], ["framework"], "missing"),
    "foreign, labgate, install -f, mended": (
        ["foreign", "labgate", "force", "labgate"],
        ["foreign", "labgate", "framework"],
        "ok",
    ),
    "foreign, labgate, install -f, labgate uninstalled": (
        ["foreign", "labgate", "force", "unlabgate"],
        ["foreign", "framework"],
        "missing",
    ),
}


def do(scene: Scene, framework: str, action: str) -> None:
    if action == "labgate":
        scene.install()
    elif action == "unlabgate":
        uninstall(str(scene.repo.path), scene.repo.env)
    elif action == "foreign":
        scene.foreign()
    else:
        scene.framework(
            framework, *{"framework": ["install"], "force": ["install", "-f"], "unframework": ["uninstall"]}[action]
        )


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("case", CASES)
def test_what_should_run_at_a_push_runs_once(repo: Repo, tmp_path: Path, case: str, framework: str) -> None:
    actions, ran, state = CASES[case]
    scene = Scene(repo, tmp_path)
    scene.framework_hooks("pre-push")
    for action in actions:
        do(scene, framework, action)
    scene.push("main")
    assert scene.names() == ran
    assert state_at(scene, "pre-push") == state
    in_force = native_hook_in_force(str(repo.path / ".git"), "pre-push", "0.1.0", repo.env, str(repo.path))
    assert in_force == (state == "ok")


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_install_again_changes_nothing_below_a_framework(repo: Repo, tmp_path: Path, framework: str) -> None:
    scene = Scene(repo, tmp_path)
    scene.framework_hooks("pre-push")
    scene.foreign()
    scene.framework(framework, "install")
    scene.install()
    before = scene.files()
    scene.install()
    assert scene.files() == before


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("first", ["labgate", "framework"])
def test_every_stage_runs_once_with_git_s_own_arguments(repo: Repo, tmp_path: Path, framework: str, first: str) -> None:
    scene = Scene(repo, tmp_path)
    scene.framework_hooks(*STAGES)
    for action in ("labgate", "framework") if first == "labgate" else ("framework", "labgate"):
        if action == "labgate":
            scene.install()
        else:
            scene.framework(framework, "install", stages=STAGES)
    repo.git("commit", "--allow-empty", "-m", "One")
    arguments = [event.arguments for event in scene.events() if event.name == "labgate"]
    head = ("-I", "-c", "from labgate.hook import main; main()")
    message = ".git/COMMIT_EDITMSG"
    native = [
        (*head, "prepare-commit-msg", "--native", message, "message"),
        (*head, "commit-msg", "--native", message),
    ]
    # Where the framework came first it keeps the stage pre-commit: its hook labgate-commit judges there.
    commit = [(*head, "pre-commit", "--native")] if first == "labgate" else []
    assert arguments == commit + native
    repo.git("checkout", "-q", "-b", "side", "HEAD~1")
    repo.commit("Two")
    scene.events()
    repo.git("merge", "--no-ff", "-m", "Merge", "main")
    assert (*head, "pre-merge-commit", "--native") in [event.arguments for event in scene.events()]
    scene.push("main", "side")
    pushed = {event.name: event for event in scene.events()}
    assert pushed["labgate"].arguments == (*head, "pre-push", "--native", "origin", str(scene.remote.path))
    assert [line.split()[2] for line in pushed["labgate"].stdin.splitlines()] == ["refs/heads/main", "refs/heads/side"]
    assert pushed["framework"].arguments == ("pre-push",)


def test_install_leaves_the_pre_commit_stage_to_a_framework(repo: Repo, tmp_path: Path) -> None:
    scene = Scene(repo, tmp_path)
    scene.framework_hooks("pre-commit")
    scene.framework("prek", "install", stages=("pre-commit",))
    scene.install()
    assert sorted(scene.files()) == sorted(STAGES)
    assert b"generated by prek" in scene.files()["pre-commit"]
    assert state_at(scene, "pre-commit") == "advice"


@pytest.mark.parametrize(("first", "second"), [FRAMEWORKS, FRAMEWORKS[::-1]], ids=["prek on top", "pre-commit on top"])
def test_two_frameworks_at_one_stage_are_refused_and_the_doctor_s_command_mends_it(
    repo: Repo, tmp_path: Path, first: str, second: str
) -> None:
    scene = Scene(repo, tmp_path)
    scene.framework_hooks("pre-push")
    scene.framework(first, "install")
    scene.framework(second, "install")
    before = scene.files()
    refused = repo.labgate("install", status=2)
    assert refused.err == (
        f"error: {second} and {first} are both installed at pre-push and break each other; nothing was written\n"
        f"  help: {second} uninstall -t pre-push && labgate install\n"
    )
    assert scene.files() == before
    assert item_at(scene, "pre-push") == {
        "name": "pre-push",
        "state": "conflict",
        "message": f"{second} and {first} are both installed here and break each other",
        "help": f"{second} uninstall -t pre-push && labgate install",
    }
    scene.framework(second, "uninstall")
    scene.install()
    scene.push("main")
    assert scene.names() == ["labgate", "framework"]


def test_a_second_framework_pushes_labgate_out_and_the_foreign_hook_is_not_lost(repo: Repo, tmp_path: Path) -> None:
    scene = Scene(repo, tmp_path)
    scene.framework_hooks("pre-push")
    foreign = scene.foreign().read_bytes()
    scene.install()
    scene.framework("pre-commit", "install")
    scene.framework("prek", "install")
    assert state_at(scene, "pre-push") == "conflict"
    scene.framework("prek", "uninstall")
    scene.install()
    assert scene.files()["pre-push.before-labgate"] == foreign
    scene.push("main")
    assert scene.names() == ["foreign", "labgate", "framework"]


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("who", ["foreign", "labgate"])
def test_a_failure_below_a_framework_stops_the_push(repo: Repo, tmp_path: Path, framework: str, who: str) -> None:
    scene = Scene(repo, tmp_path, status=1 if who == "labgate" else 0)
    scene.framework_hooks("pre-push")
    scene.foreign(status=1 if who == "foreign" else 0)
    scene.framework(framework, "install")
    scene.install()
    scene.push("main", status=1)
    assert who in scene.names()
    assert scene.remote.git("for-each-ref") == ""


def test_a_hook_that_husky_would_start_is_not_written_by_two_hands(repo: Repo, tmp_path: Path) -> None:
    """A second foreign hook has no name left: neither of the two is given up."""
    scene = Scene(repo, tmp_path)
    scene.foreign(name="older")
    scene.install()
    scene.foreign(name="newer")
    before = scene.files()
    refused = repo.labgate("install", status=2)
    assert "are both foreign hooks; nothing was written" in refused.err
    assert scene.files() == before


def item_at(scene: Scene, name: str) -> dict[str, str | None]:
    report = json.loads(scene.repo.labgate("doctor", "--format", "json").out)
    item: dict[str, str | None] = next(item for item in report["items"] if item["name"] == name)
    return item


def state_at(scene: Scene, stage: str) -> str | None:
    return item_at(scene, stage)["state"]


def test_install_is_refused_for_an_unknown_directory(tmp_path: Path, repo: Repo) -> None:
    from labgate.values.errors import GitError

    with pytest.raises(GitError):
        install(str(tmp_path), repo.env)
