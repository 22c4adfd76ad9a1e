"""The entry point of the hooks: how it reads its call, and what happens when labgate itself fails."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from labgate import hook
from labgate.entrypoints.hook_call import HookCall
from labgate.hook import read_call
from labgate.values.errors import GitError, LabgateError, NoPolicyError, UsageError
from support.isolated import age, install, make_interpreter, obey_permissions
from support.policies import TEAM
from support.repo import Repo, Result

STAGES = {
    "pre-commit": "labgate.entrypoints.commit",
    "pre-merge-commit": "labgate.entrypoints.commit",
    "commit-msg": "labgate.entrypoints.message",
    "prepare-commit-msg": "labgate.entrypoints.message",
    "pre-push": "labgate.entrypoints.push",
}
COMMIT_STAGES = ("pre-commit", "pre-merge-commit", "commit-msg")
ENVIRON: Mapping[str, str] = {"PATH": os.environ["PATH"]}


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_interpreter(tmp_path_factory.mktemp("python") / "venv")


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        pytest.param("pre-commit", HookCall("pre-commit"), id="a stage with all its checks"),
        pytest.param("pre-push research-gate", HookCall("pre-push", ("research-gate",)), id="one check"),
        pytest.param(
            "commit-msg .git/COMMIT_EDITMSG", HookCall("commit-msg", (), (".git/COMMIT_EDITMSG",)), id="a message file"
        ),
        pytest.param(
            "prepare-commit-msg experiment-hash branch-name",
            HookCall("prepare-commit-msg", ("experiment-hash",), ("branch-name",)),
            id="a message file that is named like a check",
        ),
        pytest.param(
            "pre-push --native origin /some/where",
            HookCall("pre-push", (), ("origin", "/some/where"), native=True),
            id="git's own arguments",
        ),
        pytest.param(
            "prepare-commit-msg --native --native commit HEAD",
            HookCall("prepare-commit-msg", (), ("--native", "commit", "HEAD"), native=True),
            id="git's own arguments are not parsed",
        ),
    ],
)
def test_a_call_is_read(argv: str, expected: HookCall) -> None:
    call = read_call(argv.split(), expected.environ)
    assert call == expected


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        pytest.param("", "no stage is given", id="nothing"),
        pytest.param("pre-rebase", "there is no stage pre-rebase", id="another stage"),
        pytest.param("pre-commit branchname", "there is no check branchname", id="another check"),
        pytest.param("pre-commit --help", "there is no check --help", id="an option"),
        pytest.param("commit-msg", "commit-msg needs the message file", id="no message file"),
        pytest.param("commit-msg --native", "commit-msg needs the message file", id="none from git either"),
    ],
)
def test_a_wrong_call_is_refused(argv: str, complaint: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_call(argv.split(), ENVIRON)
    assert caught.value.message == complaint
    assert caught.value.help


def test_an_unknown_stage_exits_with_2_and_says_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert hook.run(["pre-rebase"], ENVIRON) == 2
    out, err = capsys.readouterr()
    assert (out, err.splitlines()[0]) == ("", "error: there is no stage pre-rebase")
    assert "labgate-hook STAGE [CHECK ...]" in err


def failing(monkeypatch: pytest.MonkeyPatch, stage: str, error: Exception) -> list[str]:
    """Let a stage raise; return the command line that starts it."""

    def run(*_: object) -> int:
        raise error

    monkeypatch.setattr(f"{STAGES[stage]}.run", run)
    return [stage, *(["MESSAGE"] if "msg" in stage else [])]


ERRORS = [
    pytest.param(GitError("git diff-index: bad \x1b[31mobject", "git fsck"), id="one of ours"),
    pytest.param(RuntimeError("bad \x1b[31mluck"), id="one of nobody's"),
    pytest.param(OSError(28, "No space left on device", "a\x1b[31mfile"), id="the system's"),
    pytest.param(RecursionError("maximum recursion depth exceeded"), id="too deep"),
]


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("stage", COMMIT_STAGES)
def test_a_commit_that_cannot_be_judged_is_told_its_bypass(
    stage: str, error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], repo: Repo
) -> None:
    monkeypatch.chdir(repo.path)
    assert hook.run(failing(monkeypatch, stage, error), ENVIRON) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    assert "\x1b" not in err
    assert err.endswith("; to make this one commit without labgate: git commit --no-verify\n")
    if isinstance(error, LabgateError):
        assert "\n  help: git fsck\n" in err


@pytest.mark.parametrize(
    ("argv", "bypass"),
    [
        pytest.param("pre-commit", "SKIP=labgate-commit git commit", id="pre-commit"),
        pytest.param("pre-commit branch-name", "SKIP=branch-name git commit", id="pre-commit of one check"),
        pytest.param("pre-commit branch-name commit-size", "git commit --no-verify", id="a hook of the team's own"),
        pytest.param("pre-merge-commit", "SKIP=labgate-merge,labgate-commit git commit", id="pre-merge-commit"),
        pytest.param("commit-msg MESSAGE", "SKIP=labgate-message git commit", id="commit-msg"),
        pytest.param("pre-commit --native", "git commit --no-verify", id="the native hook beside a framework"),
    ],
)
def test_under_a_framework_only_labgate_is_skipped(
    argv: str, bypass: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], repo: Repo
) -> None:
    monkeypatch.chdir(repo.path)
    failing(monkeypatch, argv.split(maxsplit=1)[0], RuntimeError("luck"))
    assert hook.run(argv.split(), {**ENVIRON, "PRE_COMMIT": "1"}) == 2
    assert capsys.readouterr().err.endswith(f" without labgate: {bypass}\n")


@pytest.mark.parametrize("error", ERRORS)
def test_a_push_that_cannot_be_judged_waits(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hook.run(failing(monkeypatch, "pre-push", error), ENVIRON) == 2
    err = capsys.readouterr().err
    assert "error: " in err
    assert "without labgate" not in err
    assert "\x1b" not in err


@pytest.mark.parametrize("error", ERRORS)
def test_prepare_commit_msg_never_stops_anything(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hook.run(failing(monkeypatch, "prepare-commit-msg", error), ENVIRON) == 0
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("labgate: prepare-commit-msg did nothing: ")
    assert "\x1b" not in line


@pytest.mark.parametrize("stage", ["post-commit", "post-merge", "prepare-commit-msg"])
def test_no_call_of_a_later_stage_stops_anything(stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert hook.run([stage, "--native"], ENVIRON) == 0
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_prepare_commit_msg_cannot_refuse_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labgate.entrypoints.message.run", lambda _: 1)
    assert hook.run(["prepare-commit-msg", "MESSAGE"], ENVIRON) == 0
    assert hook.run(["commit-msg", "MESSAGE"], ENVIRON) == 1


@pytest.mark.parametrize("stage", list(STAGES))
def test_without_a_policy_a_stage_is_skipped_in_one_line(
    stage: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = NoPolicyError("there is no labgate.toml", "labgate init")
    assert hook.run(failing(monkeypatch, stage, error), ENVIRON) == 0
    assert capsys.readouterr().err == "labgate: skipped: there is no labgate.toml (help: labgate init)\n"


def test_an_interrupt_has_its_own_status(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: object) -> int:
        raise KeyboardInterrupt

    for stage, module in STAGES.items():
        monkeypatch.setattr(f"{module}.run", run)
        assert hook.run([stage, "MESSAGE"] if "msg" in stage else [stage], ENVIRON) == (
            0 if "prepare" in stage else 130
        )


def test_a_traceback_is_shown_on_demand(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], repo: Repo
) -> None:
    monkeypatch.chdir(repo.path)
    argv = failing(monkeypatch, "pre-commit", RuntimeError("bad \x1b[31mluck"))
    assert hook.run(argv, {**ENVIRON, "LABGATE_TRACEBACK": "1"}) == 2
    err = capsys.readouterr().err
    assert err.startswith("Traceback")
    assert "\x1b" not in err


def test_a_failure_outside_of_any_repository_has_its_bypass_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert hook.run(["pre-commit"], ENVIRON) == 2
    err = capsys.readouterr().err
    assert "not a git repository" in err
    assert err.endswith("git commit --no-verify\n")


def commit(repo: Repo, *options: str) -> Result:
    return repo.run("git", "commit", "--quiet", "-am", "A change", *options, status=None)


BROKEN = "version = 1\nthis is no policy\n"


@pytest.fixture
def broken(repo: Repo, python: str) -> Repo:
    """A repository with a policy that cannot be read, and labgate at every stage of a commit."""
    repo.commit("Start", {"labgate.toml": BROKEN, "a": "0\n"})
    install(repo, python, "pre-commit", "pre-merge-commit", "prepare-commit-msg", "commit-msg")
    return repo


def test_a_policy_that_cannot_be_read_stops_a_commit_and_its_bypass_makes_it(broken: Repo) -> None:
    result = commit(broken.write({"a": "1\n"}))
    assert result.status == 1
    assert "error: labgate.toml: line 2, column 6: not TOML" in result.err
    assert "without labgate: git commit --no-verify" in result.err
    assert commit(broken, "--no-verify").status == 0


def test_the_bypass_of_a_refused_merge_completes_it(broken: Repo) -> None:
    broken.branch("side").commit("Side", {"b": "b\n"})
    broken.checkout("main").commit("Main", {"c": "c\n"})
    result = broken.run("git", "merge", "--no-edit", "side", status=None)
    assert result.status != 0
    assert "without labgate: git commit --no-verify" in result.err
    broken.git("commit", "--quiet", "--no-verify", "--no-edit")
    assert len(broken.git("rev-list", "--parents", "-1", "HEAD").split()) == 3


def test_a_bug_of_ours_never_freezes_a_rebase(broken: Repo) -> None:
    """20 commits, one of them reworded (which runs every hook of a commit): each is skipped in one line."""
    broken.branch("side")
    for number in range(20):
        broken.commit(f"Commit {number}", {f"{number}": "x\n"})
    broken.checkout("main").commit("Main", {"c": "c\n"})
    broken.checkout("side")
    editor = "sed -i.bak '3s/^pick/reword/'"
    result = broken.run("git", "rebase", "--interactive", "main", GIT_SEQUENCE_EDITOR=editor)
    assert "labgate: not judged during this rebase: labgate.toml: line 2" in result.err
    assert "could not judge" not in result.err
    assert broken.git("rev-list", "--count", "main..side") == "20"
    assert broken.git("merge-base", "main", "side") == broken.head("main")


@pytest.mark.parametrize("command", ["cherry-pick", "revert"])
def test_nor_the_commit_that_ends_a_cherry_pick_or_revert(broken: Repo, command: str) -> None:
    broken.branch("side")
    oid = broken.commit("Side", {"a": "1\n"})
    if command == "cherry-pick":
        broken.checkout("main")
    broken.commit("Next", {"a": "2\n"})
    broken.run("git", command, oid, status=1)
    broken.write({"a": "3\n"})
    result = commit(broken)
    assert result.status == 0
    assert f"labgate: not judged during this {command}: labgate.toml" in result.err


def test_an_object_that_is_gone_is_said(repo: Repo, python: str) -> None:
    repo.commit("Start", {"labgate.toml": TEAM, "a": "0\n"})
    repo.branch("feature/x").write({"a": "1\n"})
    repo.git("add", "a")
    blob = repo.git("rev-parse", "HEAD:a")
    (repo.path / ".git/objects" / blob[:2] / blob[2:]).unlink()
    result = repo.run(python, "-I", "-m", "labgate.hook", "pre-commit", "--native", status=2)
    assert "lacks a needed object" in result.err
    assert result.err.endswith("git commit --no-verify\n")


@pytest.mark.parametrize(
    ("branch", "status"), [pytest.param("feature/x", 0, id="a good one"), pytest.param("Odd", 1, id="a bad one")]
)
def test_closed_streams_do_not_change_the_verdict(repo: Repo, python: str, branch: str, status: int) -> None:
    repo.commit("Start", {"labgate.toml": TEAM})
    repo.branch(branch).write({"b.py": "b\n"}).git("add", "--all")
    for closed in ("<&- >&- 2>&-", ">&- 2>&-", "2>&-"):
        shell = f"{python} -I -m labgate.hook pre-commit --native {closed}; test $? = {status}"
        repo.run("sh", "-c", shell, GIT_INDEX_FILE=".git/index")


def test_twenty_hooks_at_once_on_a_cold_cache(repo: Repo, python: str, tmp_path: Path) -> None:
    """Each work tree gets its own verdict, and what they leave behind is whole."""
    repo.commit("Start", {"labgate.toml": TEAM})
    trees = []
    for number in range(20):
        tree = Repo(tmp_path / f"tree{number}", repo.env)
        name = f"feature/x{number}" if number % 2 else f"Odd{number}"
        repo.git("worktree", "add", "--quiet", "-b", name, str(tree.path))
        tree.write({"b.py": "b\n"}).git("add", "b.py")
        age(tree.path / "labgate.toml")
        trees.append(tree)
    command = [python, "-I", "-m", "labgate.hook", "pre-commit", "--native"]
    for _ in range(2):
        runs = [
            subprocess.Popen(command, cwd=tree.path, env=tree.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            for tree in trees
        ]
        verdicts = [(run.communicate()[0].decode(), run.returncode) for run in runs]
        for number, (text, status) in enumerate(verdicts):
            assert (status, text.count("LG101 error")) == ((0, 0) if number % 2 else (1, 1)), text
    left = sorted(path.name.partition(".")[0] for path in (repo.path / ".git/labgate").glob("policy*"))
    assert left == sorted(f"policy-tree{number}" for number in range(20))


def test_a_read_only_git_directory_is_judged_all_the_same(repo: Repo, python: str) -> None:
    repo.commit("Start", {"labgate.toml": TEAM})
    repo.branch("Odd").write({"b.py": "b\n" * 12})
    repo.git("add", "--all")
    folders = [path for path in (repo.path / ".git", *(repo.path / ".git").rglob("*")) if path.is_dir()]
    for folder in folders:
        folder.chmod(0o555)
    command = [python, "-I", "-m", "labgate.hook", "pre-commit", "--native"]
    done = subprocess.run(
        command, cwd=repo.path, env=repo.env, capture_output=True, text=True, check=False, preexec_fn=obey_permissions
    )
    for folder in folders:
        folder.chmod(0o755)
    assert done.returncode == 1, done.stderr
    assert "LG101 error" in done.stderr
    assert "LG401 warning" in done.stderr
    assert not (repo.path / ".git/labgate").exists()


def test_a_full_disk_changes_no_verdict(repo: Repo, python: str) -> None:
    """``.git/labgate`` is on a file system of one page, which is full."""
    repo.commit("Start", {"labgate.toml": TEAM})
    repo.branch("Odd")
    folder = repo.path / ".git/labgate"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4k,nr_inodes=3", "tmpfs", str(folder)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        (folder / "ballast").write_bytes(b"x" * 4096)
        result = repo.run(python, "-I", "-m", "labgate.hook", "pre-commit", status=None, GIT_INDEX_FILE=".git/index")
        assert (result.status, result.err.count("LG101 error")) == (1, 1), result.text
        assert [path.name for path in folder.iterdir()] == ["ballast"]
    finally:
        subprocess.run(["umount", str(folder)], check=True)
