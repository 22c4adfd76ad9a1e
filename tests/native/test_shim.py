"""The text of the native hooks, run by every sh that is here, and by git."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from labgate import __version__
from labgate.native.branches import write_experiment_branches
from labgate.native.install import install
from labgate.native.shim import MESSAGE_STAGES, Runtime, parse, render, this_runtime
from labgate.native.state import STAGES
from support.hooks import Scene
from support.policies import policy
from support.repo import Repo

SHELLS = [shell for shell in ("dash", "bash", "busybox", "ksh", "mksh", "zsh") if shutil.which(shell)]
RUNTIME = Runtime("/opt/a b/it's/python", "/opt/a b/labgate/__init__.py")


@pytest.fixture
def scene(repo: Repo, tmp_path: Path) -> Scene:
    repo.commit("Start")
    return Scene(repo, tmp_path)


def run(scene: Scene, shell: str, stage: str, *args: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    argv = [shell, *(("sh",) if shell == "busybox" else ()), f".git/hooks/{stage}", *args]
    return subprocess.run(argv, cwd=scene.repo.path, env=scene.repo.env, input=stdin, capture_output=True, check=False)


@pytest.mark.parametrize("stage", STAGES)
def test_what_is_written_is_read_again(stage: str) -> None:
    shim = parse(render(stage, RUNTIME))
    assert shim is not None
    assert (shim.stage, shim.version, shim.runtime, shim.edited) == (stage, __version__, RUNTIME, False)


@pytest.mark.parametrize("stage", STAGES)
def test_any_changed_line_is_an_edit(stage: str) -> None:
    lines = render(stage, RUNTIME).split(b"\n")
    marker = 1
    for at in range(len(lines) - 1):
        if at == marker:
            continue
        for changed in ([*lines[:at], lines[at] + b" ", *lines[at + 1 :]], [*lines[:at], b"true", *lines[at:]]):
            shim = parse(b"\n".join(changed))
            assert shim is None or shim.edited, f"line {at + 1}"


@pytest.mark.parametrize(
    "content", [b"", b"#!/bin/sh\nexit 0\n", b"\xff\x00", b"# labgate native hook: pre-push 1 x\n"]
)
def test_other_files_are_not_labgate_s(content: bytes) -> None:
    assert parse(content) is None


def test_the_running_interpreter_can_start_the_hook_in_isolation() -> None:
    runtime = this_runtime()
    assert not runtime.is_gone
    subprocess.run([runtime.python, "-I", "-c", "import labgate"], check=True)


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
@pytest.mark.parametrize("stage", STAGES)
def test_shellcheck_has_nothing_to_say(stage: str) -> None:
    subprocess.run(["shellcheck", "-s", "sh", "-"], input=render(stage, RUNTIME), check=True)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    "stdin",
    [
        b"",
        b"\n",
        b"\n\n\n",
        b"no newline at the end",
        b"refs/heads/a 1 refs/heads/a 0\nrefs/heads/b 2 refs/heads/b 0\n",
        "refs/heads/\u0401\u00e9\u2028 \\n %s $(date) `date` 'x' \"y\"\n".encode(),
        bytes(range(1, 256)) + b"\n",
        b"refs/heads/x 1 refs/heads/x 0\n" * 50_000,
    ],
    ids=["empty", "a newline", "newlines", "no newline", "two refs", "what sh could obey", "all bytes", "1.5 MB"],
)
def test_both_hooks_read_all_that_git_writes(scene: Scene, shell: str, stdin: bytes) -> None:
    scene.install()
    copies = [scene.folder / "copy-1", scene.folder / "copy-2"]
    for path, copy in ((scene.hooks / "pre-push.before-labgate", copies[0]), (Path(scene.runtime.python), copies[1])):
        path.write_text(f"#!/bin/sh\ncat >{shlex.quote(str(copy))}\n")
        path.chmod(0o755)
    done = run(scene, shell, "pre-push", "origin", "url", stdin=stdin)
    assert (done.returncode, done.stderr) == (0, b"")
    assert [copy.read_bytes() for copy in copies] == [stdin, stdin]


@pytest.mark.parametrize("shell", SHELLS)
def test_no_program_of_the_work_tree_is_started(scene: Scene, shell: str) -> None:
    """A PATH such as ``node_modules/.bin:$PATH`` names one."""
    scene.install()
    for path in (scene.hooks / "pre-push.before-labgate", Path(scene.runtime.python)):
        path.write_text('#!/bin/sh\nread -r line && test "$line" = a\n')
        path.chmod(0o755)
    scene.repo.write({"bin/cat": "#!/bin/sh\necho ran >&2\n"})
    (scene.repo.path / "bin" / "cat").chmod(0o755)
    argv = [shutil.which(shell) or shell, *(("sh",) if shell == "busybox" else ()), ".git/hooks/pre-push", "origin"]
    env = {**scene.repo.env, "PATH": f"bin:{scene.repo.env['PATH']}"}
    done = subprocess.run(argv, cwd=scene.repo.path, env=env, input=b"a\n", capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_foreign_hook_that_does_not_read_disturbs_nobody(scene: Scene, shell: str) -> None:
    scene.install()
    careless = scene.hooks / "pre-push.before-labgate"
    careless.write_text("#!/bin/sh\nexec <&-\nexit 0\n")
    careless.chmod(0o755)
    stdin = b"refs/heads/x 1 refs/heads/x 0\n" * 50_000
    done = run(scene, shell, "pre-push", "origin", "url", stdin=stdin)
    assert (done.returncode, done.stderr) == (0, b"")
    (event,) = scene.events()
    assert event.stdin.encode() == stdin


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("stage", STAGES)
def test_a_foreign_failure_counts_with_its_own_status(scene: Scene, shell: str, stage: str) -> None:
    scene.install()
    scene.foreign(f"{stage}.before-labgate", status=7)
    done = run(scene, shell, stage, "a b", "", "*")
    assert done.returncode == 7
    (event,) = scene.events()
    assert (event.name, event.arguments) == ("foreign", ("a b", "", "*"))


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("stage", STAGES)
def test_labgate_gets_the_same_arguments_and_its_status_counts(
    repo: Repo, tmp_path: Path, shell: str, stage: str
) -> None:
    scene = Scene(repo, tmp_path, status=3)
    scene.install()
    scene.foreign(f"{stage}.before-labgate")
    done = run(scene, shell, stage, "a b", "", "*", stdin=b"line\n")
    assert done.returncode == 3
    foreign, own = scene.events()
    assert (foreign.name, foreign.arguments) == ("foreign", ("a b", "", "*"))
    start = "from labgate.hook import main; main()"
    assert own.arguments == ("-I", "-c", start, stage, "--native", "a b", "", "*")
    if stage == "pre-push":
        assert foreign.stdin == own.stdin == "line\n"


def test_a_foreign_hook_that_is_not_executable_is_not_run(scene: Scene) -> None:
    """As git does it."""
    scene.install()
    scene.foreign("pre-push.before-labgate").chmod(0o644)
    scene.push("main")
    assert scene.names() == ["labgate"]


@pytest.mark.parametrize("gone", ["interpreter", "package"])
@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage != "pre-push"])
def test_without_labgate_a_commit_stage_says_one_line_and_passes(
    scene: Scene, shell: str, stage: str, gone: str
) -> None:
    scene.install()
    scene.foreign(f"{stage}.before-labgate")
    Path(scene.runtime.python if gone == "interpreter" else scene.runtime.module).unlink()
    done = run(scene, shell, stage, "file")
    assert done.returncode == 0
    gone_from = f"labgate is gone from {scene.runtime.python}"
    assert done.stderr.decode() == f"labgate: {stage} skipped: {gone_from}; run labgate install from where it is now\n"
    assert scene.names() == ["foreign"]


@pytest.mark.parametrize("gone", ["interpreter", "package"])
@pytest.mark.parametrize("foreign", [False, True], ids=["alone", "after a foreign hook"])
def test_without_labgate_a_push_is_refused_and_the_given_command_mends_it(
    scene: Scene, gone: str, foreign: bool
) -> None:
    if foreign:
        scene.foreign()
    scene.install()
    Path(scene.runtime.python if gone == "interpreter" else scene.runtime.module).unlink()
    text = scene.push("main", status=1)
    assert f"error: nothing was pushed: labgate is gone from {scene.runtime.python}" in text
    assert scene.remote.git("for-each-ref") == ""
    command = next(line for line in text.splitlines() if "to go on without it: " in line).partition("it: ")[2]
    scene.repo.run("sh", "-c", command)
    scene.events()
    scene.push("main")
    assert scene.names() == (["foreign"] if foreign else [])


def test_an_interpreter_in_another_place_is_mended_by_install(scene: Scene) -> None:
    scene.install()
    Path(scene.runtime.python).unlink()
    install(str(scene.repo.path), scene.repo.env, this_runtime())
    shim = parse(scene.files()["pre-push"])
    assert shim is not None
    assert not shim.runtime.is_gone


def test_a_rebase_with_a_reword_finishes_without_an_interpreter(scene: Scene) -> None:
    repo = scene.repo
    repo.branch("experiment--housing--ada")
    for number in range(20):
        repo.commit(f"Step {number}", {f"{number}.txt": "x"})
    repo.checkout("main").commit("Meanwhile")
    repo.checkout("experiment--housing--ada")
    scene.install()
    Path(scene.runtime.python).unlink()
    editor = "sed -i '1s/^pick/reword/'"
    done = repo.run("git", "rebase", "-i", "main", GIT_SEQUENCE_EDITOR=editor, GIT_EDITOR="sed -i 1s/Step/Stride/")
    assert "prepare-commit-msg skipped" in done.err
    subjects = repo.git("log", "--format=%s", "main..").splitlines()
    assert subjects == [f"Step {number}" for number in range(19, 0, -1)] + ["Stride 0"]


class TestMessageStages:
    """They start Python only where an experiment's commit is made, and no other process at all."""

    @pytest.fixture
    def quiet(self, scene: Scene) -> Scene:
        """Hooks in place, a policy, and the patterns of its experiments."""
        scene.repo.commit("Policy", {"labgate.toml": "# the hook looks at its age only\n"})
        scene.install()
        write_experiment_branches(str(scene.repo.path / ".git"), policy())
        patterns = scene.repo.path / ".git" / "labgate" / "experiment-branches"
        assert patterns.read_text() == "experiment--*--*\n"
        self.make_older(scene.repo.path / "labgate.toml")
        return scene

    @staticmethod
    def make_older(path: Path) -> None:
        os.utime(path, (1_000_000_000, 1_000_000_000))

    @staticmethod
    def started(scene: Scene, *command: str) -> list[str]:
        scene.events()
        scene.repo.run("git", *command)
        return [event.arguments[3] for event in scene.events() if event.arguments[3] in MESSAGE_STAGES]

    def commit(self, scene: Scene) -> list[str]:
        return self.started(scene, "commit", "--allow-empty", "-m", "x")

    @pytest.mark.parametrize(
        "branch", ["main", "research/x", "experiment", "experiment--", "my-experiment--a--b", "experiment-a--b"]
    )
    def test_off_an_experiment_branch_nothing_starts(self, quiet: Scene, branch: str) -> None:
        quiet.repo.git("checkout", "-q", "-B", branch)
        assert self.commit(quiet) == []

    @pytest.mark.parametrize("branch", ["experiment--housing--ada", "experiment--nobody--knows", "experiment--a--b--c"])
    def test_on_an_experiment_branch_labgate_starts(self, quiet: Scene, branch: str) -> None:
        quiet.repo.git("checkout", "-q", "-b", branch)
        assert self.commit(quiet) == list(MESSAGE_STAGES)

    def test_on_an_unborn_experiment_branch_labgate_starts(self, quiet: Scene) -> None:
        quiet.repo.git("checkout", "-q", "--orphan", "experiment--housing--new")
        assert self.commit(quiet) == list(MESSAGE_STAGES)

    def test_a_detached_head_is_on_no_branch(self, quiet: Scene) -> None:
        quiet.repo.git("checkout", "-q", "--detach")
        assert self.commit(quiet) == []

    def test_without_patterns_labgate_starts(self, quiet: Scene) -> None:
        (quiet.repo.path / ".git" / "labgate" / "experiment-branches").unlink()
        assert self.commit(quiet) == list(MESSAGE_STAGES)

    @pytest.mark.parametrize("name", ["labgate.toml", "pyproject.toml"])
    def test_with_patterns_older_than_a_policy_file_labgate_starts(self, quiet: Scene, name: str) -> None:
        patterns = quiet.repo.path / ".git" / "labgate" / "experiment-branches"
        quiet.repo.write({name: "# edited\n"})
        self.make_older(patterns)
        assert self.commit(quiet) == list(MESSAGE_STAGES)

    def test_where_only_git_knows_the_branch_labgate_starts(self, quiet: Scene) -> None:
        """With reftables HEAD names a branch that cannot be (Documentation/technical/reftable.txt)."""
        (quiet.repo.path / ".git" / "HEAD").write_text("ref: refs/heads/.invalid\n")
        run(quiet, "sh", "commit-msg", "file")
        assert quiet.names() == ["labgate"]

    def test_where_head_is_a_link_labgate_starts(self, quiet: Scene) -> None:
        head = quiet.repo.path / ".git" / "HEAD"
        head.unlink()
        head.symlink_to("refs/heads/main")
        run(quiet, "sh", "commit-msg", "file")
        assert quiet.names() == ["labgate"]

    def test_where_there_is_no_head_labgate_starts(self, quiet: Scene) -> None:
        (quiet.repo.path / ".git" / "HEAD").unlink()
        done = run(quiet, "sh", "commit-msg", "file")
        assert (done.stderr, quiet.names()) == (b"", ["labgate"])

    @pytest.mark.parametrize("shell", SHELLS)
    @pytest.mark.parametrize("stage", MESSAGE_STAGES)
    def test_off_an_experiment_branch_not_a_single_process_starts(self, quiet: Scene, shell: str, stage: str) -> None:
        argv = [str(shutil.which(shell)), *(("sh",) if shell == "busybox" else ()), f".git/hooks/{stage}", "file"]
        done = subprocess.run(argv, cwd=quiet.repo.path, env={"PATH": "/nonexistent"}, capture_output=True, check=False)
        assert (done.returncode, done.stderr, quiet.names()) == (0, b"", [])

    @pytest.mark.parametrize("shell", SHELLS)
    @pytest.mark.parametrize("listed", [True, False], ids=["experiments", "no experiments"])
    def test_where_no_branch_is_an_experiment_nothing_is_read(self, quiet: Scene, shell: str, listed: bool) -> None:
        """Then it does not fork either, which takes half as long as to start sh."""
        if not listed:
            (quiet.repo.path / ".git/labgate/experiment-branches").write_bytes(b"")
        argv = [str(shutil.which(shell)), *(("sh",) if shell == "busybox" else ()), "-x", ".git/hooks/commit-msg", "f"]
        done = subprocess.run(argv, cwd=quiet.repo.path, env={"PATH": "/nonexistent"}, capture_output=True, check=False)
        assert (done.returncode, quiet.names()) == (0, [])
        assert (b"none = none" in done.stderr.replace(b"'", b"")) is listed

    @pytest.mark.parametrize("backend", ["--merge", "--apply"])
    @pytest.mark.parametrize(("branch", "times"), [("experiment--housing--ada", 3), ("feature/x", 0)])
    def test_a_rebase_is_on_the_branch_that_it_moves(self, quiet: Scene, backend: str, branch: str, times: int) -> None:
        repo = quiet.repo
        repo.branch(branch)
        for number in range(3):
            repo.commit(f"Step {number}", {f"{number}.txt": "x"})
        repo.checkout("main").commit("Meanwhile")
        self.make_older(repo.path / "labgate.toml")
        repo.checkout(branch)
        # git am, which --apply is made of, starts neither of the two (githooks).
        expected = ["prepare-commit-msg"] * (times if backend == "--merge" else 0)
        assert self.started(quiet, "rebase", backend, "main") == expected

    @pytest.mark.parametrize(("branch", "times"), [("experiment--housing--ada", 2), ("feature/x", 0)])
    def test_a_commit_in_the_middle_of_a_rebase_is_on_its_branch(self, quiet: Scene, branch: str, times: int) -> None:
        repo = quiet.repo
        repo.branch(branch).commit("Step", {"a.txt": "x"})
        repo.commit("Step on", {"b.txt": "x"})
        self.make_older(repo.path / "labgate.toml")
        repo.git("rebase", "-i", "HEAD~2", GIT_SEQUENCE_EDITOR="sed -i 1s/^pick/edit/")
        assert len(self.commit(quiet)) == times

    @pytest.mark.parametrize(("branch", "times"), [("experiment--housing--wt", 2), ("feature/wt", 0)])
    def test_a_linked_work_tree_has_its_own_branch_and_the_same_hooks(
        self, quiet: Scene, branch: str, times: int
    ) -> None:
        quiet.repo.git("worktree", "add", "-q", "-b", branch, "../linked")
        linked = Repo(quiet.repo.path.parent / "linked", quiet.repo.env)
        self.make_older(linked.path / "labgate.toml")
        quiet.events()
        linked.git("commit", "--allow-empty", "-m", "x")
        found = [event.arguments[3] for event in quiet.events() if event.arguments[3] in MESSAGE_STAGES]
        assert len(found) == times

    def test_a_rebase_in_a_linked_work_tree_is_on_its_branch(self, quiet: Scene) -> None:
        quiet.repo.git("worktree", "add", "-q", "-b", "experiment--housing--wt", "../linked")
        linked = Repo(quiet.repo.path.parent / "linked", quiet.repo.env)
        linked.commit("Step", {"a.txt": "x"})
        quiet.repo.commit("Meanwhile")
        self.make_older(linked.path / "labgate.toml")
        quiet.events()
        linked.git("rebase", "-q", "main")
        assert [event.arguments[3] for event in quiet.events()] == ["prepare-commit-msg"]
