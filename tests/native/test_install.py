"""``labgate install`` and ``labgate uninstall``: what they write, say and refuse."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from labgate.native.folder import LABGATE, read_slot
from labgate.native.state import STAGES, native_hook_in_force
from labgate.setup.insert import guarded
from support.hooks import FRAMEWORKS, Scene
from support.policies import TEAM
from support.repo import Repo

NEXT = "next: `labgate doctor` shows what is active and what is missing\n"
NO_POLICY = "next: `labgate init` writes a policy; without one every hook is skipped\n"
ALL_IN_80_COLUMNS = "pre-commit, prepare-commit-msg, commit-msg,\n  pre-merge-commit, pre-push"


@pytest.fixture
def scene(repo: Repo, tmp_path: Path) -> Scene:
    repo.commit("Start", {"labgate.toml": TEAM})
    return Scene(repo, tmp_path)


def hooks_path(repo: Repo, value: str, scope: str = "--local") -> None:
    """Set ``core.hooksPath``; ``--global`` in the file of the home, which git is then allowed to read."""
    repo.env.pop("GIT_CONFIG_GLOBAL", None)
    repo.git("config", scope, "core.hooksPath", value)


def in_force(scene: Scene) -> bool:
    """Return whether git starts labgate's own hook before a push."""
    place = scene.repo.path
    return native_hook_in_force(str(place / ".git"), "pre-push", "0.1.0", scene.repo.env, str(place))


def test_first_and_second_install(scene: Scene) -> None:
    scene.repo.push("main")
    first = scene.repo.labgate("install", status=0)
    assert first.out == (
        f"labgate: installed in .git/hooks: {ALL_IN_80_COLUMNS}\n"
        f"labgate: the trunk is main (git config labgate.trunk)\n{NEXT}"
    )
    assert sorted(scene.files()) == sorted(STAGES)
    assert all(os.access(scene.hooks / stage, os.X_OK) for stage in STAGES)
    assert scene.repo.git("config", "labgate.trunk") == "main"
    before = scene.files()
    second = scene.repo.labgate("install", status=0)
    assert second.out == f"labgate: nothing to do: every hook is in place in .git/hooks\n{NEXT}"
    assert scene.files() == before


def test_install_starts_from_the_hook_folder_that_is_not_there(scene: Scene) -> None:
    scene.hooks.rmdir()
    scene.repo.labgate("install", status=0)
    assert sorted(scene.files()) == sorted(STAGES)


def test_install_says_what_became_of_a_foreign_hook_and_uninstall_puts_it_back(scene: Scene) -> None:
    foreign = scene.foreign("commit-msg").read_bytes()
    assert "labgate: your own commit-msg hook is now commit-msg.before-labgate; it runs\n  first\n" in (
        scene.repo.labgate("install", status=0).out
    )
    assert scene.files()["commit-msg.before-labgate"] == foreign
    done = scene.repo.labgate("uninstall", status=0)
    removed = ", ".join(f".git/hooks/{stage}" for stage in STAGES)
    words = " ".join(done.out.split())
    assert words == f"labgate: removed {removed} labgate: restored your own hook: .git/hooks/commit-msg"
    assert scene.files() == {"commit-msg": foreign}
    assert os.access(scene.hooks / "commit-msg", os.X_OK)
    again = scene.repo.labgate("uninstall", status=0)
    assert again.out == "labgate: nothing to do: there are no labgate hooks here\n"


@pytest.mark.parametrize("target", ["../../scripts/hook", "nowhere"], ids=["a script", "nothing"])
def test_a_foreign_hook_that_is_a_link_stays_one(scene: Scene, target: str) -> None:
    scene.recorder(scene.repo.path / "scripts" / "hook", "linked")
    link = scene.hooks / "pre-push"
    link.symlink_to(target)
    scene.install()
    aside = scene.hooks / "pre-push.before-labgate"
    assert aside.readlink() == Path(target)
    scene.push("main")
    assert scene.names() == (["linked", "labgate"] if target.endswith("hook") else ["labgate"])
    scene.repo.labgate("uninstall", status=0)
    assert link.readlink() == Path(target)


def test_the_framework_that_starts_labgate_is_named(scene: Scene) -> None:
    scene.framework_hooks("pre-push", "pre-commit")
    scene.framework("prek", "install", stages=("pre-push", "pre-commit"))
    assert scene.repo.labgate("install", status=0).out == (
        "labgate: installed in .git/hooks: prepare-commit-msg, commit-msg,\n"
        "  pre-merge-commit, pre-push\n"
        "labgate: of these, prek starts pre-push\n"
        "labgate: the pre-commit hook stays with prek: add the id labgate-commit to its\n"
        "  configuration\n" + NEXT
    )


#: labgate's own hook of the commit, in a team's configuration.
COMMIT_ID = "- {repo: https://example.org/labgate, rev: v1, hooks: [{id: labgate-commit}]}\n"


def test_a_stage_that_is_left_to_a_framework_with_labgates_id_needs_nothing(scene: Scene) -> None:
    scene.framework_hooks("pre-push", ids=COMMIT_ID)
    scene.framework("prek", "install", stages=("pre-push", "pre-commit"))
    said = scene.repo.labgate("install", status=0).out
    assert "labgate: the pre-commit hook stays with prek, which starts labgate-commit\n" in said
    assert "add the id" not in said


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_hooks_of_others_that_nothing_starts_are_reported_with_the_command(scene: Scene, name: str) -> None:
    """What `init` leaves in a clone in which nobody ran the framework's own `install`."""
    scene.framework_hooks("pre-push")
    if name == "prek":
        config = scene.repo.path / ".pre-commit-config.yaml"
        config.rename(config.with_suffix(".yml"))
        scene.repo.commit("Move the configuration")
    scene.install()
    said = scene.repo.labgate("doctor").out
    (line,) = (line for line in said.splitlines() if line.startswith("other hooks"))
    assert f"advice  .pre-commit-config.{'yml' if name == 'prek' else 'yaml'} has hooks of others" in line
    help = said[said.index(line) :].partition("help: ")[2].partition("\n")[0]
    assert help == f"{name} install"
    scene.repo.run("sh", "-c", f"{help} -t pre-push")  # as default_install_hook_types would say
    assert "other hooks" not in scene.repo.labgate("doctor").out
    scene.push("main")
    assert scene.names() == ["labgate", "framework"]


def test_uninstall_says_how_the_configured_hooks_start_then(scene: Scene) -> None:
    scene.framework_hooks("pre-push", ids=COMMIT_ID)
    scene.install()
    said = scene.repo.labgate("uninstall", status=0).out
    assert max(map(len, said.splitlines())) <= 80
    assert said.endswith("next: pre-commit install\n")
    assert "next:" not in scene.repo.labgate("uninstall", status=0).out.partition("next: pre-commit install\n")[2]


def test_a_hook_of_another_version_is_brought_up_to_date(scene: Scene) -> None:
    from labgate.native.shim import render, this_runtime

    scene.repo.labgate("install", status=0)
    path = scene.hooks / "pre-push"
    path.write_bytes(render("pre-push", this_runtime(), "0.0.1"))
    assert "labgate: brought up to date in .git/hooks: pre-push\n" in scene.repo.labgate("install", status=0).out
    assert native_hook_in_force(
        str(scene.repo.path / ".git"), "pre-push", "0.1.0", scene.repo.env, str(scene.repo.path)
    )


def test_a_hook_that_lost_its_mode_gets_it_back(scene: Scene) -> None:
    scene.install()
    (scene.hooks / "pre-push").chmod(0o644)
    scene.install()
    assert os.access(scene.hooks / "pre-push", os.X_OK)


@pytest.mark.parametrize("command", ["install", "uninstall"])
def test_an_edited_hook_is_left_alone(scene: Scene, command: str) -> None:
    scene.foreign("commit-msg")
    scene.install()
    path = scene.hooks / "pre-push"
    path.write_bytes(path.read_bytes() + b"echo mine\n")
    before = scene.files()
    refused = scene.repo.labgate(command, status=2)
    assert "edited; nothing was " in refused.err
    assert scene.files() == before


def test_without_a_policy_install_says_what_comes_first(repo: Repo) -> None:
    assert repo.labgate("install", status=0).out.endswith(NO_POLICY)


def test_a_trunk_that_is_set_stays(scene: Scene) -> None:
    scene.repo.push("main")
    scene.repo.git("config", "labgate.trunk", "develop")
    assert "trunk" not in scene.repo.labgate("install", status=0).out
    assert scene.repo.git("config", "labgate.trunk") == "develop"


def test_of_several_remotes_origin_s_trunk_counts(scene: Scene) -> None:
    scene.repo.with_remote("fork")
    scene.repo.push("main", remote="fork")
    scene.repo.branch("master")
    scene.repo.push("main:main")
    scene.repo.labgate("install", status=0)
    assert scene.repo.git("config", "labgate.trunk") == "main"


def test_a_trunk_that_cannot_be_told_is_said(repo: Repo) -> None:
    repo.with_remote()
    repo.commit("Start")
    repo.push("HEAD:one", "HEAD:two")
    out = repo.labgate("install", status=0).out
    assert "cannot tell which branch of origin is the trunk; set it with: git config labgate.trunk BRANCH\n" in out
    assert repo.run("git", "config", "labgate.trunk", status=1).out == ""


def test_install_writes_the_experiment_branches_anew(scene: Scene) -> None:
    path = scene.repo.path / ".git" / "labgate" / "experiment-branches"
    path.parent.mkdir()
    path.write_text("*\n")
    scene.repo.labgate("install", status=0)
    assert path.read_text() == "experiment--*--*\n"


class TestHooksPath:
    """Where ``core.hooksPath`` sends git, and whether labgate may write there."""

    def test_a_local_path_outside_the_work_tree_is_where_git_looks(self, scene: Scene, tmp_path: Path) -> None:
        hooks_path(scene.repo, str(tmp_path / "outside"))
        scene.install()
        assert sorted(path.name for path in (tmp_path / "outside").iterdir()) == sorted(STAGES)
        scene.push("main")
        assert scene.names() == ["labgate"]
        assert not native_hook_in_force(
            str(scene.repo.path / ".git"), "pre-push", "0.1.0", scene.repo.env, str(scene.repo.path)
        )
        scene.repo.labgate("uninstall", status=0)
        assert list((tmp_path / "outside").iterdir()) == []

    @pytest.mark.parametrize("scope", ["--local", "--global"])
    def test_the_usual_folder_may_be_named(self, scene: Scene, scope: str) -> None:
        hooks_path(scene.repo, ".git/hooks", scope)
        scene.install()
        scene.push("main")
        assert scene.names() == ["labgate"]
        assert native_hook_in_force(
            str(scene.repo.path / ".git"), "pre-push", "0.1.0", scene.repo.env, str(scene.repo.path)
        )

    def test_inside_the_work_tree_nothing_is_written_and_the_printed_lines_do_it(self, scene: Scene) -> None:
        hooks_path(scene.repo, ".husky/_")
        refused = scene.repo.labgate("install", status=2)
        assert refused.out == (
            "# Put each line at the top of the hook named above it, before anything that reads standard input.\n"
            + "".join("# .husky/{}\n{}\n".format(stage, guarded(stage, ' "$@"')) for stage in STAGES)
        )
        assert refused.err == (
            "error: core.hooksPath = .husky/_ is inside the work tree; nothing was written\n"
            f"  help: put what labgate install prints into the hooks in {scene.repo.path}/.husky\n"
        )
        assert scene.files() == {}
        assert not (scene.repo.path / ".husky").exists()

    def test_set_for_all_repositories_nothing_is_written_and_the_command_mends_it(
        self, scene: Scene, tmp_path: Path
    ) -> None:
        hooks_path(scene.repo, str(tmp_path / "everywhere"), "--global")
        refused = scene.repo.labgate("install", status=2)
        assert f'{sys.executable}\' -I -m labgate.hook pre-push --native "$@" || exit\n' in refused.out
        assert "applies to all repositories (global configuration); nothing was written" in refused.err
        assert not (tmp_path / "everywhere").exists()
        command = refused.err.rpartition("have its own: ")[2].partition(" && ")[0]
        scene.repo.run("sh", "-c", command)
        scene.install()
        scene.push("main")
        assert scene.names() == ["labgate"]

    def test_hooks_that_are_turned_off(self, scene: Scene) -> None:
        hooks_path(scene.repo, "/dev/null")
        refused = scene.repo.labgate("install", status=2)
        assert refused.out == ""
        assert "is not a folder, so no hook runs here; nothing was written" in refused.err

    def test_a_folder_of_hooks_that_links_into_the_work_tree(self, scene: Scene) -> None:
        (scene.repo.path / "hooks").mkdir()
        scene.hooks.rmdir()
        scene.hooks.symlink_to("../hooks")
        refused = scene.repo.labgate("install", status=2)
        assert "the folder of hooks is a link into the work tree; nothing was written" in refused.err
        assert list((scene.repo.path / "hooks").iterdir()) == []

    def test_an_empty_path_is_no_crash(self, scene: Scene) -> None:
        hooks_path(scene.repo, "")
        refused = scene.repo.labgate("install", status=2)
        assert refused.err.startswith("error: core.hooksPath")

    @pytest.mark.parametrize("command", ["install", "uninstall"])
    def test_prek_in_a_local_folder_outside(self, scene: Scene, tmp_path: Path, command: str) -> None:
        """Unlike pre-commit it installs where core.hooksPath says."""
        hooks_path(scene.repo, str(tmp_path / "outside"))
        scene.framework_hooks("pre-push")
        scene.framework("prek", "install")
        scene.install()
        if command == "uninstall":
            scene.repo.labgate("uninstall", status=0)
        scene.push("main")
        assert scene.names() == (["labgate", "framework"] if command == "install" else ["framework"])

    def test_uninstall_finds_hooks_that_were_there_before_husky(self, scene: Scene) -> None:
        scene.install()
        hooks_path(scene.repo, ".husky")
        scene.repo.labgate("uninstall", status=0)
        assert scene.files() == {}


@pytest.fixture
def linked(scene: Scene) -> Repo:
    scene.repo.git("worktree", "add", "-q", "-b", "linked", "../linked")
    return Repo(scene.repo.path.parent / "linked", scene.repo.env)


def test_a_linked_work_tree_installs_into_the_common_folder(scene: Scene, linked: Repo) -> None:
    linked.labgate("install", status=0)
    assert sorted(scene.files()) == sorted(STAGES)
    assert "nothing to do" in scene.repo.labgate("install", status=0).out
    assert "nothing to do" in linked.labgate("install", status=0).out


def test_a_linked_work_tree_below_another_husky(scene: Scene, linked: Repo) -> None:
    hooks_path(scene.repo, str(scene.repo.path / ".husky"))
    assert "is inside the work tree" in linked.labgate("install", status=2).err


def test_install_in_a_subfolder_and_with_git_dir_from_outside(scene: Scene, tmp_path: Path) -> None:
    (scene.repo.path / "deep").mkdir()
    inner = Repo(scene.repo.path / "deep", scene.repo.env)
    assert "installed in ../.git/hooks" in inner.labgate("install", status=0).out
    outer = Repo(tmp_path, scene.repo.env)
    env = {"GIT_DIR": str(scene.repo.path / ".git"), "GIT_WORK_TREE": str(scene.repo.path)}
    assert "nothing to do" in outer.labgate("install", status=0, **env).out


def test_outside_a_repository(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    refused = Repo(tmp_path / "bare", repo.env).labgate("install", status=2)
    assert "not a git repository" in refused.err


def test_many_installs_at_once_lose_nothing(scene: Scene) -> None:
    foreign = scene.foreign().read_bytes()
    argv = [sys.executable, "-m", "labgate", "install"]
    running = [
        subprocess.Popen(argv, cwd=scene.repo.path, env=scene.repo.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(8)
    ]
    ends = [(process.communicate()[1], process.returncode) for process in running]
    assert all(status in (0, 2) for _, status in ends), ends
    assert scene.files()["pre-push.before-labgate"] == foreign
    slot = read_slot(str(scene.hooks), "pre-push")
    assert slot.top.owner == LABGATE
    assert sorted(scene.files()) == sorted([*STAGES, "pre-push.before-labgate"])


@pytest.mark.parametrize("at", ["link", "replace"])
def test_an_install_that_is_stopped_loses_nothing_and_can_go_on(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    foreign = scene.foreign("pre-push").read_bytes()
    real: Callable[..., None] = getattr(os, at)

    def stop(source: str, target: str, **options: bool) -> None:
        if os.path.basename(target).startswith("pre-push"):
            raise KeyboardInterrupt
        real(source, target, **options)

    with monkeypatch.context() as patched:
        patched.setattr(os, at, stop)
        with pytest.raises(KeyboardInterrupt):
            scene.install()
    assert scene.files()["pre-push"] == foreign
    scene.install()
    assert scene.files()["pre-push.before-labgate"] == foreign
    scene.push("main")
    assert scene.names() == ["foreign", "labgate"]


def test_without_hard_links_the_foreign_hook_is_renamed(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a file system such as exFAT."""

    def no_links(*_: object, **__: object) -> None:
        raise PermissionError

    foreign = scene.foreign().read_bytes()
    monkeypatch.setattr(os, "link", no_links)
    scene.install()
    assert scene.files()["pre-push.before-labgate"] == foreign


def test_a_hook_that_somebody_else_brought_meanwhile_stays(scene: Scene) -> None:
    """`uninstall` after another foreign hook took labgate's place."""
    scene.foreign(name="older")
    scene.install()
    newer = scene.foreign(name="newer").read_bytes()
    out = scene.repo.labgate("uninstall", status=0).out
    said = "labgate: your own hook stays at .git/hooks/pre-push.before-labgate: another one is in its place"
    assert said in " ".join(out.split())
    assert scene.files()["pre-push"] == newer
