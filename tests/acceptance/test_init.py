"""``labgate init`` in ten kinds of repository: then ``labgate doctor`` is content, or init said the one step left."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from support import sdg as sdg_project
from support.installed import OID, URL, from_git, recorded
from support.policies import READER, parse_policy
from support.repo import Repo, Result

STAGES = ("pre-commit", "prepare-commit-msg", "commit-msg", "pre-merge-commit", "pre-push")
COMMENTED = """\
# Ours.  Do not reorder!
default_stages: [pre-commit]  # cheap ones only

repos:
  # --- formatters ---
  - repo: local   # no network
    hooks:
      - id: words
        name: words
        entry: "true"
        language: system
        # exclude: ^docs/
  # - repo: https://example.org/later
ci:
  # nightly
  autofix_prs: false
"""
POLICY = """\
version = 1
trunk = "main"
[kinds.protected]
names = ["main"]
[kinds.topic]
names = ["fix/{slug}"]
"""


@pytest.fixture(autouse=True)
def _installed_from_git(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded(monkeypatch, from_git())


def snapshot(repo: Repo) -> dict[str, tuple[int, bytes]]:
    """Return every file of the work tree and the git directory, but for git's index, with its mode and content."""
    found = {}
    for folder in {repo.path, Path(repo.git("rev-parse", "--path-format=absolute", "--git-common-dir"))}:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.name != "index" and "objects" not in path.parts:
                found[str(path)] = (path.stat().st_mode, path.read_bytes())
    return found


def narrow(said: Result) -> None:
    """Only what has to be pasted as it stands may be wider than a terminal."""
    assert [line for line in said.text.splitlines() if len(line) > 80 and "labgate-hook" not in line] == []


def empty(repo: Repo, _: Path) -> Repo:
    return repo


def synthetic(_: Repo, folder: Path) -> Repo:
    sdg_project.build(folder / "template")
    repo = sdg_project.copy(folder / "template", folder)
    repo.git("reset", "--quiet", "--hard", "HEAD~1")
    repo.push("+main")
    return repo


def commented(repo: Repo, _: Path) -> Repo:
    repo.commit("Hooks", {".pre-commit-config.yaml": COMMENTED})
    return repo


def husky(repo: Repo, _: Path) -> Repo:
    repo.commit("Husky", {".husky/pre-commit": "npm test\n", "package.json": "{}\n"})
    repo.write({".husky/_/pre-commit": '#!/usr/bin/env sh\n. "${0%/*}/h"\n'})
    repo.git("config", "core.hooksPath", ".husky/_")
    return repo


def lefthook(repo: Repo, _: Path) -> Repo:
    repo.commit("Lefthook", {"lefthook.yml": "pre-commit:\n  commands:\n    words:\n      run: 'true'\n"})
    return repo


def master(_: Repo, folder: Path) -> Repo:
    repo = Repo.init(folder / "old", branch="master")
    repo.commit("Start")
    repo.with_remote()
    repo.push("master")
    repo.branch("fix/typo")
    return repo


def no_remote(repo: Repo, _: Path) -> Repo:
    repo.commit("Start")
    repo.git("branch", "research/attention")
    return repo


def linked(repo: Repo, folder: Path) -> Repo:
    repo.commit("Start")
    repo.git("worktree", "add", "--quiet", "-b", "feature/x", str(folder / "linked"))
    return Repo(folder / "linked", repo.env)


def existing_hooks(repo: Repo, _: Path) -> Repo:
    repo.commit("Start")
    for stage in ("pre-commit", "pre-push"):
        hook = repo.path / ".git" / "hooks" / stage
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\necho mine: {stage} >&2\n")
        hook.chmod(0o755)
    return repo


def existing_policy(repo: Repo, _: Path) -> Repo:
    repo.commit("Policy", {"labgate.toml": POLICY})
    return repo


@dataclass(frozen=True)
class Kind:
    """A kind of repository: how to make it, its trunk, and what the hook manager's own files have to get by hand."""

    make: Callable[[Repo, Path], Repo]
    trunk: str = "main"
    by_hand: str | None = None


KINDS = {
    "empty": Kind(empty),
    "the synthetic project": Kind(synthetic),
    "a configuration full of comments": Kind(commented),
    "husky": Kind(husky, by_hand=".husky"),
    "lefthook": Kind(lefthook, by_hand="lefthook install"),
    "master": Kind(master, trunk="master"),
    "no remote": Kind(no_remote),
    "a linked work tree": Kind(linked),
    "existing hooks": Kind(existing_hooks),
    "an existing policy": Kind(existing_policy),
}


@pytest.fixture(params=list(KINDS.values()), ids=list(KINDS))
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@pytest.fixture
def place(kind: Kind, repo: Repo, tmp_path: Path) -> Repo:
    return kind.make(repo, tmp_path / "more")


def test_the_doctor_is_content_or_one_step_is_left(kind: Kind, place: Repo) -> None:
    said = place.labgate("init", status=0)
    narrow(said)
    policy = parse_policy((place.path / "labgate.toml").read_bytes(), "labgate.toml")
    assert READER.lint(policy) == ()
    assert policy.trunk == kind.trunk
    assert place.git("config", "--local", "labgate.trunk") == kind.trunk
    steps = re.findall(r"^ \d\. (.*)$", said.out, re.MULTILINE)
    if kind.by_hand is None:
        assert not [step for step in steps if step.startswith(("Add", "The hooks"))]
        place.labgate("doctor", status=0)
    else:
        assert [step for step in steps if step.startswith(("Add", "lefthook"))] == [steps[0]]
        assert kind.by_hand in steps[0]
        config = place.path / "lefthook.yml"
        assert "labgate-hook pre-push --native" in said.out + (config.read_text() if config.is_file() else "")


def test_a_second_time_changes_nothing(place: Repo) -> None:
    place.labgate("init", status=0)
    before = snapshot(place)
    narrow(place.labgate("init", status=0))
    assert snapshot(place) == before


def test_a_dry_run_writes_nothing_and_shows_what_would_be(place: Repo) -> None:
    before = snapshot(place)
    shown = place.labgate("init", "--dry-run", status=0)
    assert snapshot(place) == before
    assert shown.out.endswith("labgate: nothing was written (--dry-run)\n")
    place.labgate("init", status=0)
    for name in ("labgate.toml", ".pre-commit-config.yaml"):
        path = place.path / name
        old = before.get(str(path), (0, b""))[1].decode().splitlines()
        for line in path.read_text().splitlines() if path.is_file() else ():
            assert line in old or f"  {line}".rstrip() in shown.out.splitlines()


def test_no_file_that_was_there_is_lost(place: Repo) -> None:
    before = snapshot(place)
    place.labgate("init", status=0)
    after = snapshot(place)
    for path, (_, content) in before.items():
        name = os.path.basename(path)
        if name == ".pre-commit-config.yaml":
            keeps_every_line(content, after[path][1])
        elif name == "lefthook.yml":
            assert len(after[path][1]) > len(content)
        elif "hooks" in Path(path).parts and name in STAGES:
            assert (before[path] == after[path]) or after[f"{path}.before-labgate"] == before[path]
        elif name != "config":
            assert after[path] == before[path], path


def keeps_every_line(before: bytes, after: bytes) -> None:
    """What was there is there, in order, with hooks of ours and the stages that they need."""
    rest = iter(after.splitlines(keepends=True))
    assert all(line in rest for line in before.splitlines(keepends=True))
    assert after.count(b"default_install_hook_types:") == after.count(b"labgate-push") == 1


def test_hooks_that_were_pasted_without_it_get_the_stages_that_they_need(repo: Repo) -> None:
    """Without the key both frameworks write a hook for pre-commit alone, and nothing judges a push."""
    repo.with_remote()
    entry = f"- repo: {URL}\n  rev: {OID}\n  hooks:\n  - id: labgate-commit\n  - id: labgate-push\n"
    repo.commit("Start", {"labgate.toml": POLICY, ".pre-commit-config.yaml": f"# ours\nrepos:\n{entry}"})
    repo.labgate("init", status=0)
    text = (repo.path / ".pre-commit-config.yaml").read_text()
    added = "default_install_hook_types: [pre-commit, pre-push]\ndefault_stages: [pre-commit, manual]\n"
    assert text == f"# ours\n{added}repos:\n{entry}"
    assert "default_install_hook_types" not in repo.labgate("init", "--dry-run", status=0).out


def test_what_it_says_in_an_empty_repository(repo: Repo) -> None:
    assert (
        repo.labgate("init", status=0).out
        == """\
found    trunk main (the branch to come), 1 branch
wrote    labgate.toml, preset research-branch
         other presets: experiment-branches, trunk; to take one:
         rm labgate.toml && labgate init --preset NAME
wrote    labgate.schema.json, for editors
wrote    .pre-commit-config.yaml: labgate's hooks; they install
         https://example.org/tools/labgate at
         0123456789abcdef0123456789abcdef01234567
set      git config labgate.trunk main
hooks    labgate's own: pre-commit, prepare-commit-msg, commit-msg,
         pre-merge-commit, pre-push

Next:
 1. Put a second person under [reviews.people] in labgate.toml: nobody reviews
    their own work
 2. git add labgate.toml labgate.schema.json .pre-commit-config.yaml
    git commit -m "Set up labgate"
 3. labgate doctor
    shows what is active here and what is missing
"""
    )


def test_it_counts_the_branches_that_fit_and_names_some_that_do_not(repo: Repo) -> None:
    repo.commit("Start")
    for name in ("a", "b", "fix/c", "release-1.0", "own/x", "own/y/z", "q--r", "1/2/3", "x_y", "_z", "s/t/u"):
        repo.git("branch", name)
    said = repo.labgate("init", "--preset", "trunk", status=0).out
    assert "wrote    labgate.toml, preset trunk: 6 of 12 branches fit\n" in said
    flat = " ".join(said.split())
    assert "not 1/2/3, _z, own/x, own/y/z, q--r and 1 more: these only get a note, until created again" in flat
    assert "other presets: research-branch (3 of 12), experiment-branches (3 of 12); to take one" in flat


def test_the_commands_it_names_bring_the_policy_to_the_trunk(repo: Repo) -> None:
    remote = repo.with_remote()
    said = repo.labgate("init", status=0).out
    commands = re.findall(r"^(?: \d\.|   ) (git (?:add|commit|push) .*)$", said, re.MULTILINE)
    assert [command.split()[1] for command in commands] == ["add", "commit", "push"]
    repo.run("sh", "-euc", "\n".join(commands))
    assert remote.git("show", "main:labgate.toml") == (repo.path / "labgate.toml").read_text().rstrip("\n")
    repo.labgate("doctor", status=0)
    assert repo.labgate("init", status=0).out.splitlines()[-1].startswith("labgate: nothing to do")


def test_from_a_folder_below_the_commands_still_work(repo: Repo) -> None:
    repo.commit("Start", {"src/a.py": "1\n"})
    below = Repo(repo.path / "src", repo.env)
    said = below.labgate("init", status=0).out
    (command,) = re.findall(r"^ \d\. (git add .*)$", said, re.MULTILINE)
    below.run("sh", "-euc", command)
    assert "labgate.toml" in repo.git("diff", "--cached", "--name-only")


def test_research_in_use_asks_for_reviewers_and_is_gated_at_once(repo: Repo) -> None:
    repo.with_remote()
    repo.commit("Start")
    repo.push("main")
    repo.git("branch", "research/heads")
    said = repo.labgate("init", status=0).out
    assert "preset research-branch: 2 of 2 branches fit" in said
    assert "Put a second person under [reviews.people]" in said
    repo.commit("Set up labgate")
    repo.push("main")
    repo.checkout("research/heads").commit("Try heads", {"model.py": "heads = 8\n"})
    repo.push("research/heads")
    refused = repo.labgate("check", "--target", "main", status=1)
    assert "LG201" in refused.out


def test_a_policy_with_mistakes_stops_it_before_anything_is_written(repo: Repo) -> None:
    repo.write({"labgate.toml": "version = 2\n"})
    before = snapshot(repo)
    said = repo.labgate("init", status=2)
    assert "labgate.toml" in said.err
    assert snapshot(repo) == before


@pytest.mark.parametrize("name", ["labgate.toml", ".pre-commit-config.yaml"])
def test_a_symbolic_link_is_never_written_through(name: str, repo: Repo) -> None:
    outside = repo.path.parent / "outside"
    outside.write_text("repos: []\n" if name.startswith(".") else "")
    (repo.path / name).symlink_to(outside if name.startswith(".") else repo.path.parent / "dangling")
    said = repo.labgate("init", status=None)
    assert outside.read_text() in ("", "repos: []\n")
    assert not (repo.path.parent / "dangling").exists()
    assert (repo.path / name).is_symlink()
    assert name in said.text


def test_a_policy_in_pyproject_is_one(repo: Repo) -> None:
    text = '[tool.labgate]\nversion = 1\ntrunk = "main"\n[tool.labgate.kinds.protected]\nnames = ["main"]\n'
    repo.write({"pyproject.toml": text})
    said = repo.labgate("init", "--preset", "trunk", status=0)
    assert "kept     the policy in pyproject.toml as it is; --preset trunk is for a" in said.out
    assert not (repo.path / "labgate.toml").exists()
    assert (repo.path / "pyproject.toml").read_text() == text


def test_crlf_and_mode_of_a_configuration_stay(repo: Repo) -> None:
    text = COMMENTED.replace("\n", "\r\n").encode()
    repo.write({".pre-commit-config.yaml": text})
    path = repo.path / ".pre-commit-config.yaml"
    path.chmod(0o600)
    repo.labgate("init", status=0)
    now = path.read_bytes()
    keeps_every_line(text, now)
    assert b"\n" not in now.replace(b"\r\n", b"")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_prek_with_a_file_of_its_own_gets_the_hooks_there(repo: Repo) -> None:
    repo.write({"prek.toml": "# ours\n[[repos]]\nrepo = 'local'\nhooks = []\n"})
    repo.labgate("init", status=0)
    repo.run("prek", "validate-config", "prek.toml")
    assert "labgate-push" in (repo.path / "prek.toml").read_text()
    assert not (repo.path / ".pre-commit-config.yaml").exists()


def test_lefthook_gets_its_commands_below_the_keys_that_are_there(repo: Repo, tmp_path: Path) -> None:
    lefthook(repo, tmp_path)
    before = (repo.path / "lefthook.yml").read_text()
    said = repo.labgate("init", status=0).out
    assert "\n 1. lefthook install\n" in said
    text = (repo.path / "lefthook.yml").read_text()
    rest = iter(text.splitlines())
    assert all(line in rest for line in before.splitlines())
    assert len(re.findall(r"^\S", text, re.MULTILINE)) == len(STAGES)
    read = yaml.safe_load(text)
    assert set(read) == set(STAGES)
    assert set(read["pre-commit"]["commands"]) == {"words", "labgate"}
    assert repo.labgate("init", status=0).out.splitlines()[-1].startswith("labgate: nothing to do")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("lefthook.toml", "[pre-commit.commands.words]\nrun = 'true'\n"),
        ("lefthook.yml", "pre-commit: {commands: {words: {run: 'true'}}}\n"),
    ],
)
def test_a_configuration_of_lefthook_in_another_form_is_left_to_people(name: str, text: str, repo: Repo) -> None:
    repo.commit("Lefthook", {name: text})
    said = repo.labgate("init", status=0).out
    assert (repo.path / name).read_text() == text
    assert all(f"Add to {name}, at {stage}:\n      commands:\n        labgate:\n" in said for stage in STAGES)


def test_the_hooks_it_prints_for_husky_judge_a_push(repo: Repo, tmp_path: Path) -> None:
    repo.with_remote()
    husky(repo, tmp_path)
    repo.push("main")
    said = repo.labgate("init", "--preset", "research-branch", status=0).out
    found = dict(re.findall(r"^ +# (\.husky/\S+)\n +(if .* labgate-hook .*)$", said, re.MULTILINE))
    assert set(found) == {f".husky/{stage}" for stage in STAGES}
    # husky's own starter: https://typicode.github.io/husky
    starter = '#!/usr/bin/env sh\nexec sh -e ".husky/$(basename "$0")" "$@"\n'
    for name, line in found.items():
        repo.write({name: f"{line}\n", f".husky/_/{os.path.basename(name)}": starter})
        (repo.path / ".husky" / "_" / os.path.basename(name)).chmod(0o755)
    assert "Add to" not in repo.labgate("init", status=0).out
    repo.commit("Set up labgate")
    repo.push("main")
    repo.branch("research/heads").commit("Try heads", {"model.py": "heads = 8\n"})
    repo.push("research/heads")
    refused = repo.run("git", "push", "origin", "HEAD:main", status=1)
    assert "LG201" in refused.err


def test_hooks_elsewhere_are_left_alone_and_the_step_is_said(repo: Repo) -> None:
    repo.commit("Start", {"tools/hooks/pre-push": "#!/bin/sh\n"})
    repo.git("config", "core.hooksPath", "tools/hooks")
    said = repo.labgate("init", status=0).out
    assert "The hooks are not installed: core.hooksPath = tools/hooks is inside the work" in said
    assert "labgate install" in said
    assert (repo.path / "tools" / "hooks" / "pre-push").read_text() == "#!/bin/sh\n"


def test_names_from_the_repository_cannot_steer_the_terminal(repo: Repo) -> None:
    repo.commit("Start", GIT_AUTHOR_NAME="Eve\x1b[2J", GIT_AUTHOR_EMAIL="eve@example.org")
    repo.git("update-ref", "refs/heads/wip/\u202ex/y", "HEAD")
    for said in (repo.labgate("init", "--dry-run", status=0), repo.labgate("init", status=0)):
        assert "\x1b" not in said.text
        assert "\u202e" not in said.text
    assert "\x1b" not in (repo.path / "labgate.toml").read_text()
