"""``labgate doctor``: what it says of hooks and repository in each state, and that its commands mend it."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path

import jsonschema
import pytest

from labgate.cli.doctor_item import Item
from labgate.native.install import install
from labgate.native.shim import render
from labgate.native.state import STAGES
from support.hooks import Scene
from support.policies import TEAM
from support.repo import Repo

LABGATE_IDS = """\
- repo: https://example.org/acme/labgate
  rev: v1
  hooks:
  - id: labgate-commit
  - id: labgate-message
  - id: labgate-push
"""


#: Two people, whose reviews are bound.
PEOPLE = """
[reviews]
bound = true
[reviews.people.ada]
emails = ["ada@example.org"]
[reviews.people.lin]
emails = ["lin@example.org"]
"""
PARTIAL = "which sees one ref of a push, and none that it deletes or resets"


@pytest.fixture
def scene(repo: Repo, tmp_path: Path) -> Scene:
    repo.commit("Start", {"labgate.toml": TEAM + PEOPLE})
    scene = Scene(repo, tmp_path)
    repo.push("main")
    repo.git("config", "labgate.trunk", "main")
    return scene


def items(repo: Repo, status: int | None = None) -> dict[str, Item]:
    report = json.loads(repo.labgate("doctor", "--format", "json", status=status).out)
    return {item["name"]: Item(**item) for item in report["items"]}


def as_version(repo: Repo, version: str, folder: Path) -> None:
    """Let git answer with another version; the git that runs is the real one."""
    real = repo.run("sh", "-c", "command -v git").out.strip()
    wrapper = folder / "other" / "git"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\n[ "$1" = version ] && echo "git version {version}" && exit\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    repo.env["PATH"] = os.pathsep.join([str(wrapper.parent), repo.env["PATH"]])


def mend(scene: Scene, name: str) -> Item:
    """Run the command that the doctor gives for an item, ``labgate install`` with the scene's runtime; look again."""
    help = items(scene.repo, status=1)[name].help
    assert help is not None
    for command in help.split(" && "):
        if command == "labgate install":
            scene.install()
        else:
            scene.repo.run("sh", "-c", command)
    return items(scene.repo)[name]


def test_all_is_well(scene: Scene) -> None:
    scene.install()
    done = scene.repo.labgate("doctor", status=0)
    assert re.sub(r"ok       \d+\.\d+\n$", "ok       N\n", done.out.replace("  ok  ", "  ok       ")) == (
        "pre-commit          ok       native hook 0.1.0\n"
        "prepare-commit-msg  ok       native hook 0.1.0\n"
        "commit-msg          ok       native hook 0.1.0\n"
        "pre-merge-commit    ok       native hook 0.1.0\n"
        "pre-push            ok       native hook 0.1.0\n"
        "policy              ok       labgate.toml\n"
        "trunk               ok       main\n"
        "research            ok       git fetch origin fetches every research branch\n"
        "git                 ok       N\n"
    )
    assert done.err == ""


def test_nothing_is_installed(scene: Scene) -> None:
    done = scene.repo.labgate("doctor", status=1)
    rows = "".join(f"{stage:18}  missing  nothing starts labgate\n" for stage in STAGES)
    assert done.out.startswith(f"{rows}    help: labgate install\n")
    assert max(map(len, done.out.splitlines())) <= 80
    found = items(scene.repo)
    assert {found[stage].state for stage in STAGES} == {"missing"}
    assert mend(scene, "pre-push").state == "ok"


def test_json_has_a_fixed_form(scene: Scene) -> None:
    report = json.loads(scene.repo.labgate("doctor", "--format", "json").out)
    states = ["ok", "advice", "missing", "stale", "shadowed", "conflict", "invalid"]
    text = {"type": "string", "minLength": 1}
    item = {"name": text, "state": {"enum": states}, "message": text, "help": {"type": ["string", "null"]}}
    jsonschema.validate(
        report,
        {
            "type": "object",
            "required": ["schema", "labgate", "outcome", "items"],
            "additionalProperties": False,
            "properties": {
                "schema": {"const": 1},
                "labgate": text,
                "outcome": {"enum": ["passed", "failed"]},
                "items": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": list(item),
                        "additionalProperties": False,
                        "properties": item,
                    },
                },
            },
        },
    )
    assert report["outcome"] == "failed"


def damage(scene: Scene, what: str) -> None:
    hook = scene.hooks / "pre-push"
    if what == "edited":
        hook.write_bytes(hook.read_bytes() + b"# mine\n")
    elif what == "not executable":
        hook.chmod(0o644)
    elif what == "of another version":
        hook.write_bytes(render("pre-push", scene.runtime, "0.0.9"))
    elif what == "deleted":
        hook.unlink()
    elif what == "replaced":
        scene.foreign()
    else:
        old = Path(scene.runtime.python)
        hook.write_bytes(render("pre-push", type(scene.runtime)(f"{old}-gone", scene.runtime.module)))


@pytest.mark.parametrize(
    ("what", "state", "message"),
    [
        ("edited", "stale", "pre-push was edited"),
        ("not executable", "stale", "pre-push is not executable, so it is not started"),
        ("of another version", "stale", "written by labgate 0.0.9, this is 0.1.0"),
        ("deleted", "missing", "labgate's hook was deleted"),
        ("replaced", "missing", "another hook has replaced labgate's pre-push"),
        ("without its interpreter", "stale", "labgate is gone from "),
    ],
)
def test_a_damaged_hook_is_named_and_the_command_mends_it(scene: Scene, what: str, state: str, message: str) -> None:
    scene.install()
    damage(scene, what)
    found = items(scene.repo, status=1)
    assert found["pre-push"].state == state
    assert found["pre-push"].message.startswith(message)
    assert all(found[stage].state == "ok" for stage in STAGES[:-1])
    assert mend(scene, "pre-push").state == "ok"


def test_a_deleted_legacy_hook_is_put_down_to_install_f(scene: Scene) -> None:
    scene.framework_hooks("pre-push")
    scene.framework("prek", "install")
    scene.install()
    assert items(scene.repo)["pre-push"].message == "native hook 0.1.0, started by prek (pre-push.legacy)"
    scene.framework("prek", "install", "-f")
    assert items(scene.repo)["pre-push"].message == "pre-push.legacy is gone (`prek install -f` deletes it)"
    assert mend(scene, "pre-push").state == "ok"


def test_a_foreign_hook_that_install_f_left_alone_is_named(scene: Scene) -> None:
    scene.foreign()
    scene.install()
    assert items(scene.repo)["pre-push"].message == "native hook 0.1.0, after pre-push.before-labgate"
    (scene.repo.path / ".git" / "labgate" / "native-hooks").unlink()
    scene.framework_hooks("pre-push")
    scene.framework("prek", "install", "-f")
    found = items(scene.repo)["pre-push"]
    assert found.message == "prek starts no hook of labgate, and nothing starts pre-push.before-labgate"
    assert mend(scene, "pre-push").state == "ok"


def test_a_framework_s_hook_that_was_deleted_by_hand(scene: Scene) -> None:
    scene.framework_hooks("pre-push")
    scene.framework("prek", "install")
    scene.install()
    (scene.hooks / "pre-push").unlink()
    assert items(scene.repo)["pre-push"].message == "nothing starts pre-push.legacy: the framework's hook is gone"
    assert mend(scene, "pre-push").state == "ok"
    assert not (scene.hooks / "pre-push.legacy").exists()


def test_what_only_a_framework_starts(scene: Scene) -> None:
    scene.framework_hooks(ids=LABGATE_IDS)
    scene.framework("pre-commit", "install", stages=STAGES)
    found = items(scene.repo, status=1)
    assert [(found[stage].state, found[stage].message) for stage in STAGES] == [
        ("ok", "pre-commit starts labgate-commit"),
        ("missing", "pre-commit starts no hook of labgate"),
        ("ok", "pre-commit starts labgate-message"),
        ("missing", "pre-commit starts no hook of labgate"),
        ("missing", f"partial view: pre-commit starts labgate-push, {PARTIAL}"),
    ]
    scene.install()
    found = items(scene.repo, status=0)
    assert found["pre-commit"].message == "pre-commit starts labgate-commit"
    assert found["pre-push"].message == "native hook 0.1.0, started by pre-commit (pre-push.legacy)"


def test_what_is_configured_but_no_framework_is_installed_for(scene: Scene) -> None:
    scene.framework_hooks(ids=LABGATE_IDS)
    message = items(scene.repo, status=1)["pre-push"].message
    assert message == "pre-commit does not start labgate-push: it is not installed here"


def test_a_framework_without_labgate_s_id_is_advice(scene: Scene) -> None:
    scene.framework_hooks("pre-commit")
    scene.framework("prek", "install", stages=("pre-commit",))
    scene.install()
    found = items(scene.repo, status=0)["pre-commit"]
    assert (found.state, found.help) == ("advice", "add the id labgate-commit to .pre-commit-config.yaml")


def test_a_configuration_that_new_clones_install_in_part(scene: Scene) -> None:
    scene.framework_hooks(ids=LABGATE_IDS)
    scene.framework("pre-commit", "install", stages=STAGES)
    scene.install()
    found = items(scene.repo, status=0)["hook types"]
    assert (found.state, found.help) == ("advice", "labgate init")
    assert "default_install_hook_types" in found.message
    scene.repo.run("labgate", "init")
    assert "hook types" not in items(scene.repo, status=0)


def test_a_project_of_a_prek_workspace_is_seen(scene: Scene) -> None:
    scene.framework_hooks("post-commit")
    scene.repo.commit("Project", {"models/.pre-commit-config.yaml": f"repos:\n{LABGATE_IDS}"})
    scene.framework("prek", "install", stages=STAGES)
    found = items(scene.repo)
    assert found["pre-commit"].message == "prek starts labgate-commit"
    assert found["pre-push"].message == f"partial view: prek starts labgate-push, {PARTIAL}"
    scene.framework("prek", "uninstall", stages=STAGES)
    scene.framework("pre-commit", "install", stages=STAGES)
    assert items(scene.repo)["pre-push"].message == "pre-commit starts no hook of labgate"


class TestConfiguredHooks:
    """git 2.54 and later start what the configuration names; the git that runs is the real one but for its version."""

    @pytest.fixture
    def configured(self, scene: Scene) -> Scene:
        for stage in STAGES:
            scene.repo.git("config", "--add", "hook.labgate.event", stage)
        scene.repo.git("config", "hook.labgate.command", "labgate-hook-of-git")
        return scene

    @pytest.mark.parametrize("version", ["2.54.0", "2.55.1"])
    def test_a_git_that_obeys_them(self, configured: Scene, tmp_path: Path, version: str) -> None:
        as_version(configured.repo, version, tmp_path)
        found = items(configured.repo, status=0)
        assert {(found[stage].state, found[stage].message) for stage in STAGES} == {
            ("ok", "git starts it by hook.labgate.command")
        }

    def test_a_git_that_does_not(self, configured: Scene, tmp_path: Path) -> None:
        as_version(configured.repo, "2.53.0", tmp_path)
        found = items(configured.repo, status=1)["pre-push"]
        assert (found.state, found.help) == ("missing", "labgate install")
        assert found.message == "nothing starts labgate; hook.labgate.command needs git 2.54"

    @pytest.mark.parametrize(
        "setting", [("hook.labgate.command", "true"), ("hook.labgate.enabled", "false"), ("hook.labgate.event", "")]
    )
    def test_what_starts_nothing(self, configured: Scene, tmp_path: Path, setting: tuple[str, str]) -> None:
        configured.repo.git("config", *(["--add"] if not setting[1] else []), *setting)
        as_version(configured.repo, "2.54.0", tmp_path)
        assert items(configured.repo, status=1)["pre-push"].message == "nothing starts labgate"


LEFTHOOK = "pre-commit:\n  jobs:\n    - run: 'true'\npre-push:\n  commands:\n    words:\n      run: 'true'\n"


@pytest.mark.skipif(shutil.which("lefthook", path=str(Path(sys.executable).parent)) is None, reason="no lefthook here")
def test_lefthook_starts_it_once_both_are_set_up(scene: Scene) -> None:
    scene.repo.commit("Lefthook", {"lefthook.yml": LEFTHOOK})
    scene.repo.run("lefthook", "install")
    found = items(scene.repo, status=1)["pre-push"]
    assert (found.state, found.message) == ("missing", "lefthook.yml starts no hook of labgate")
    assert found.help == "labgate init && lefthook install"
    scene.repo.run("sh", "-ec", str(found.help))
    (scene.hooks / "commit-msg").unlink()
    found = items(scene.repo, status=1)["commit-msg"]
    assert (found.state, found.help) == ("missing", "lefthook install")
    scene.repo.run("sh", "-ec", str(found.help))
    found_after = items(scene.repo, status=0)
    assert {found_after[stage].message for stage in STAGES} == {"lefthook starts it (lefthook.yml)"}
    scene.repo.branch("no_such/kind/x").write({"a.py": "1\n"}).git("add", "a.py")
    assert "LG101" in scene.repo.run("git", "commit", "-m", "Add a", status=1).text


class TestHooksPath:
    def test_nothing_there_starts_labgate(self, scene: Scene) -> None:
        scene.install()
        scene.repo.git("config", "core.hooksPath", ".husky/_")
        found = items(scene.repo, status=1)
        assert found["core.hooksPath"].state == "shadowed"
        assert {found[stage].state for stage in STAGES} == {"shadowed"}

    def test_the_printed_lines_are_recognised(self, scene: Scene) -> None:
        scene.repo.git("config", "core.hooksPath", ".husky/_")
        lines = scene.repo.labgate("install", status=2).out.splitlines()[1:]
        for name, line in zip(lines[0::2], lines[1::2], strict=True):
            scene.repo.write({name.removeprefix("# "): f"{line}\n"})
        found = items(scene.repo, status=0)
        assert "core.hooksPath" not in found
        assert found["pre-push"].message == f"started by {scene.repo.path}/.husky/pre-push"

    def test_a_comment_starts_nothing(self, scene: Scene) -> None:
        scene.repo.git("config", "core.hooksPath", ".husky")
        scene.repo.write({f".husky/{stage}": f"# labgate-hook {stage}\n" for stage in STAGES})
        assert items(scene.repo, status=1)["pre-push"].state == "shadowed"

    def test_turned_off(self, scene: Scene) -> None:
        scene.install()
        scene.repo.git("config", "core.hooksPath", "/dev/null")
        found = items(scene.repo, status=1)["core.hooksPath"]
        assert (found.state, found.message) == (
            "shadowed",
            "core.hooksPath = /dev/null is not a folder, so no hook runs here",
        )
        assert found.help is not None
        scene.repo.run("sh", "-c", found.help.removesuffix(" && labgate install"))
        found_after = items(scene.repo, status=0)
        assert "core.hooksPath" not in found_after
        assert found_after["pre-push"].state == "ok"

    def test_a_local_folder_outside(self, scene: Scene, tmp_path: Path) -> None:
        scene.repo.git("config", "core.hooksPath", str(tmp_path / "outside"))
        assert items(scene.repo, status=1)["pre-push"].state == "missing"
        scene.install()
        assert items(scene.repo, status=0)["pre-push"].state == "ok"


def test_a_linked_work_tree_has_the_same_hooks(scene: Scene) -> None:
    scene.repo.git("worktree", "add", "-q", "-b", "linked", "../linked")
    linked = Repo(scene.repo.path.parent / "linked", scene.repo.env)
    install(str(linked.path), linked.env, scene.runtime)
    assert items(linked, status=0) == items(scene.repo, status=0)


class TestRepository:
    @pytest.fixture
    def ready(self, scene: Scene) -> Scene:
        scene.install()
        return scene

    def test_no_policy(self, ready: Scene) -> None:
        ready.repo.git("checkout", "-q", "--orphan", "empty")
        ready.repo.git("rm", "-rfq", ".")
        assert items(ready.repo, status=0)["policy"].message == "the trunk's: refs/remotes/origin/main"
        ready.repo.git("update-ref", "-d", "refs/remotes/origin/main")
        found = items(ready.repo, status=1)["policy"]
        assert (found.state, found.help) == ("missing", "labgate init")

    def test_a_policy_with_mistakes(self, ready: Scene) -> None:
        ready.repo.write({"labgate.toml": "version = 2\nnames = 1\n"})
        found = items(ready.repo, status=1)["policy"]
        assert (found.state, found.help) == ("invalid", "labgate policy check")
        assert found.message.startswith("labgate.toml: ")
        assert re.search(r", and \d more mistakes?$", found.message)

    def test_a_trunk_that_is_not_set(self, ready: Scene) -> None:
        ready.repo.git("config", "--unset", "labgate.trunk")
        found = items(ready.repo, status=0)["trunk"]
        assert (found.state, found.help) == ("advice", "git config labgate.trunk main")

    def test_another_trunk_than_the_policy_s(self, ready: Scene) -> None:
        ready.repo.git("config", "labgate.trunk", "develop")
        assert items(ready.repo)["trunk"].message == "labgate.trunk is develop, the policy says main"
        assert mend(ready, "trunk").state == "ok"

    def test_a_trunk_that_nobody_can_tell(self, repo: Repo) -> None:
        repo.with_remote()
        repo.commit("Start")
        repo.push("HEAD:one", "HEAD:two")
        found = items(repo, status=1)["trunk"]
        assert (found.state, found.help) == ("missing", "git remote set-head origin -a")

    def test_a_single_branch_clone_lacks_research(self, ready: Scene) -> None:
        ready.repo.git("config", "remote.origin.fetch", "+refs/heads/main:refs/remotes/origin/main")
        ready.repo.push("main:refs/heads/research/x")
        ready.repo.git("update-ref", "-d", "refs/remotes/origin/research/x")
        assert items(ready.repo, status=1)["research"].state == "missing"
        assert mend(ready, "research").state == "ok"
        assert ready.repo.head("refs/remotes/origin/research/x") == ready.repo.head()

    def test_a_shallow_clone(self, ready: Scene) -> None:
        ready.repo.commit("Two")
        ready.repo.push("main")
        ready.repo.git("clone", "-q", "--depth=1", f"file://{ready.remote.path}", "../shallow")
        found = items(Repo(ready.repo.path.parent / "shallow", ready.repo.env), status=1)["research"]
        every = "git config --add remote.origin.fetch '+refs/heads/*:refs/remotes/origin/*'"
        whole = f"{every} && git fetch --unshallow origin"
        assert (found.state, found.help) == ("missing", whole)

    @pytest.mark.parametrize(
        "text", ["*.py -diff", "*.py binary", "*.py linguist-generated=true", "# x\n*.c x\n* diff=y"]
    )
    def test_attributes_of_this_clone_that_hide_lines(self, ready: Scene, text: str) -> None:
        path = ready.repo.path / ".git" / "info" / "attributes"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{text}\n")
        found = items(ready.repo, status=0)["attributes"]
        assert found.state == "advice"
        assert text.splitlines()[-1] in found.message

    @pytest.mark.parametrize("text", ["", "# *.py -diff", "*.py text", "*.py -text eol=lf"])
    def test_attributes_of_this_clone_that_hide_nothing(self, ready: Scene, text: str) -> None:
        path = ready.repo.path / ".git" / "info" / "attributes"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{text}\n")
        assert "attributes" not in items(ready.repo, status=0)

    def test_replacement_refs(self, ready: Scene) -> None:
        one = ready.repo.head()
        two = ready.repo.commit("Two")
        ready.repo.git("replace", two, one)
        found = items(ready.repo, status=0)["replace"]
        assert found.message == "1 replacement ref: git log shows another history than labgate judges"

    @pytest.mark.parametrize(
        ("version", "state"), [("2.33.9", "stale"), ("2.34.1", "advice"), ("2.37.0", "advice"), ("2.38.0.rc1", "ok")]
    )
    def test_what_an_older_git_cannot_do(self, ready: Scene, tmp_path: Path, version: str, state: str) -> None:
        as_version(ready.repo, version, tmp_path)
        assert items(ready.repo)["git"].state == state


def test_outside_a_repository(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    assert "not a git repository" in Repo(tmp_path / "plain", repo.env).labgate("doctor", status=2).err


def test_reviews_that_are_bound_to_no_content(scene: Scene) -> None:
    scene.install()
    scene.repo.write({"labgate.toml": TEAM + PEOPLE.replace("true", "false")})
    found = items(scene.repo, status=0)["reviews"]
    assert (found.state, found.help) == ("advice", "set bound = true in [reviews]")
    scene.repo.write({"labgate.toml": TEAM + PEOPLE})
    assert "reviews" not in items(scene.repo, status=0)
