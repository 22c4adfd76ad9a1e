"""What is not code, and what a snapshot leaves out and says so (acceptance row 4, the rules of snapshots)."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable

import pytest

from support.isolated import obey_permissions
from support.obstacles import content_of
from support.repo import Repo, Result

POLICY = """\
version = 1
trunk = "main"
[kinds.protected]
names = ["main"]
[kinds.experiment]
names = ["experiment--{service}--{handle}"]
[experiment-hash]
artifacts = ["experiments/**/metrics.json", "models/**"]
"""


def start(repo: Repo, *lines: str) -> str:
    return repo.commit("Start", {"labgate.toml": "\n".join([POLICY, *lines]), "train.py": "print(1)\n"})


def pin(repo: Repo) -> tuple[str, Result]:
    said = repo.labgate("experiment", "pin", status=0)
    return said.out.strip(), said


def names(repo: Repo, commit: str) -> set[str]:
    return set(repo.git("ls-tree", "-r", "--name-only", commit).splitlines())


@pytest.mark.parametrize(
    "path",
    [
        "experiments/a/metrics.json",
        "models/deep/er/model.bin",
        "anything.txt.labgate.json",
        "models/data.csv.dvc",
        "anything.txt.labgate.json.0123456789abcdef.tmp",
        "package/__pycache__/module.cpython-311.pyc",
    ],
)
def test_artifacts_and_records_are_not_code(repo: Repo, path: str) -> None:
    head = start(repo)
    repo.write({path: "1\n"})
    assert pin(repo)[0] == head
    repo.write({"new.py": "1\n"})
    commit, said = pin(repo)
    assert names(repo, commit) == {"labgate.toml", "new.py", "train.py"}
    assert said.err == ""


@pytest.mark.parametrize("staged", [True, False])
def test_an_artifact_of_head_stays_in_a_snapshot_as_it_was(repo: Repo, staged: bool) -> None:
    start(repo)
    head = repo.commit("An artifact", {"models/a.bin": "old\n"})
    repo.write({"models/a.bin": "new\n", "models/b.bin": "new\n"})
    if staged:
        repo.git("add", "models")
    assert pin(repo)[0] == head
    repo.write({"train.py": "print(2)\n"})
    commit, _ = pin(repo)
    assert repo.git("show", f"{commit}:models/a.bin") == "old"
    assert "models/b.bin" not in names(repo, commit)


@pytest.mark.parametrize("name", ["models/.gitignore", "models/.gitattributes", "models/.gitkeep"])
def test_files_of_git_are_code_even_among_artifacts(repo: Repo, name: str) -> None:
    head = start(repo)
    repo.write({name: "*.tmp\n"})
    commit, _ = pin(repo)
    assert commit != head
    assert name in names(repo, commit)


def test_a_large_untracked_file_is_left_out_and_said(repo: Repo) -> None:
    head = start(repo, 'snapshot-file-bytes = "1kB"')
    repo.write({"data.bin": b"x" * 1001, "small.bin": b"x" * 1000})
    commit, said = pin(repo)
    assert names(repo, commit) == {"labgate.toml", "train.py", "small.bin"}
    assert said.err == "labgate: warning: this code is not exact: data.bin has 1 kB\n"
    (repo.path / "small.bin").unlink()
    commit, said = pin(repo)
    assert (commit, "not exact" in said.err) == (head, True)


def test_a_large_tracked_file_is_in_it(repo: Repo) -> None:
    start(repo, 'snapshot-file-bytes = "1kB"')
    repo.commit("Data", {"data.bin": b"x" * 5000})
    repo.write({"data.bin": b"y" * 6000})
    commit, said = pin(repo)
    assert said.err == ""
    assert repo.git("cat-file", "-s", f"{commit}:data.bin") == "6000"


def test_many_untracked_files_are_left_out_together(repo: Repo) -> None:
    start(repo)
    repo.write({f"data/{number}.txt": "1\n" for number in range(1001)})
    repo.write({"train.py": "print(2)\n"})
    commit, said = pin(repo)
    assert names(repo, commit) == {"labgate.toml", "train.py"}
    assert repo.git("show", f"{commit}:train.py") == "print(2)"
    assert "1,001 untracked files" in said.err
    (repo.path / "data/0.txt").unlink()
    commit, said = pin(repo)
    assert (len(names(repo, commit)), said.err) == (1002, "")


def test_much_untracked_data_is_left_out_together(repo: Repo) -> None:
    start(repo, 'snapshot-file-bytes = "1GB"')
    for number in range(3):
        with (repo.path / f"data{number}.bin").open("wb") as stream:
            stream.truncate(34 * 10**6)
    commit, said = pin(repo)
    assert names(repo, commit) == {"labgate.toml", "train.py"}
    assert "3 untracked files with 102 MB" in said.err


def pipe(repo: Repo) -> str:
    os.mkfifo(repo.path / "queue")
    return "queue"


def pipe_in_folder(repo: Repo) -> str:
    (repo.path / "run").mkdir()
    os.mkfifo(repo.path / "run/queue")
    return "run/queue"


def pipe_in_place_of_a_file(repo: Repo) -> str:
    (repo.path / "train.py").unlink()
    os.mkfifo(repo.path / "train.py")
    return "train.py"


def a_socket(repo: Repo) -> str:
    before = os.getcwd()
    os.chdir(repo.path)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("server.sock")
    finally:
        os.chdir(before)
    return "server.sock"


def nested_repository(repo: Repo) -> str:
    Repo.init(repo.path / "vendor/lib").commit("Theirs", {"lib.py": "1\n"})
    return "vendor/lib/"


def nested_worktree(repo: Repo) -> str:
    repo.git("worktree", "add", "--quiet", "--detach", "trees/one")
    return "trees/one/"


@pytest.mark.parametrize(
    "make",
    [pipe, pipe_in_folder, pipe_in_place_of_a_file, a_socket, nested_repository, nested_worktree],
    ids=lambda make: make.__name__,
)
def test_what_git_cannot_keep_is_left_out_and_the_rest_is_not(repo: Repo, make: Callable[[Repo], str]) -> None:
    start(repo)
    left = make(repo)
    repo.write({"new.py": "1\n"})
    commit, said = pin(repo)
    assert "new.py" in names(repo, commit)
    assert left.rstrip("/") not in names(repo, commit) or make is pipe_in_place_of_a_file
    assert f"not exact: {left}" in said.err


def test_an_unreadable_file_is_left_out_and_the_rest_is_not(repo: Repo) -> None:
    start(repo)
    repo.write({"secret.txt": "1\n", "new.py": "1\n"})
    (repo.path / "secret.txt").chmod(0)
    done = subprocess.run(
        ["labgate", "experiment", "pin"],
        cwd=repo.path,
        env=repo.env,
        preexec_fn=obey_permissions,
        capture_output=True,
        text=True,
        check=True,
    )
    assert names(repo, done.stdout.strip()) == {"labgate.toml", "train.py", "new.py"}
    assert "not exact: secret.txt" in done.stderr


def test_an_ignored_pipe_is_nothing(repo: Repo) -> None:
    start(repo)
    head = repo.commit("Ignore", {".gitignore": "*.fifo\nrun/\n"})
    (repo.path / "run").mkdir()
    for path in ("a.fifo", "run/queue"):
        os.mkfifo(repo.path / path)
    commit, said = pin(repo)
    assert (commit, said.err) == (head, "")


def edited(repo: Repo) -> None:
    repo.write({"train.py": "print(2)\n"})


def added(repo: Repo) -> None:
    repo.write({"new.py": "1\n"})


def too_large(repo: Repo) -> None:
    repo.write({"data.bin": b"x" * 11_000_000})


@pytest.mark.parametrize("edit", [edited, added, too_large], ids=lambda edit: edit.__name__)
def test_a_team_may_want_committed_code(repo: Repo, edit: Callable[[Repo], None]) -> None:
    head = start(repo, 'dirty = "refuse"')
    assert pin(repo)[0] == head
    edit(repo)
    said = repo.labgate("experiment", "pin", status=2)
    assert "wants committed code" in said.err
    assert repo.git("for-each-ref", "--format=%(refname)", "refs/experiments") == (
        f"refs/experiments/protected/main/{head[:12]}"
    )
    help = said.err.partition("help: ")[2].strip()
    repo.run("sh", "-c", f"{help} -m 'As it runs'")
    assert pin(repo)[0] == repo.head()


def test_a_policy_with_a_mistake_is_not_replaced_in_silence(repo: Repo) -> None:
    """A hook judges by an earlier policy then; here the artifacts of that one would be taken for code."""
    start(repo)
    repo.with_remote()
    repo.push("main")
    repo.commit("Break", {"labgate.toml": POLICY + "artefacts = []\n"})
    repo.push("main")
    repo.git("fetch", "--quiet", "origin")
    said = repo.labgate("experiment", "pin", status=2)
    assert "artefacts" in said.err
    assert repo.git("for-each-ref", "refs/experiments") == ""


def test_a_policy_of_before_means_the_same(repo: Repo) -> None:
    """Without the new keys a policy has what it had: artifacts were only declared."""
    repo.commit("Start", {"labgate.toml": POLICY.replace("artifacts", "pins = 'refs/experiments'\nartifacts")})
    said = repo.labgate("policy", "show", status=0)
    assert "snapshot-file-bytes" in said.out


def test_a_killed_process_leaves_an_index_that_the_next_one_clears(repo: Repo) -> None:
    start(repo)
    repo.git("config", "filter.slow.clean", "sleep 60")
    repo.write({".gitattributes": "*.slow filter=slow\n", "a.slow": "1\n"})
    copies = repo.path / ".git/labgate/index-copies"
    process = subprocess.Popen(
        ["labgate", "experiment", "pin"], cwd=repo.path, env=repo.env, start_new_session=True, stdout=subprocess.DEVNULL
    )
    try:
        while not any(path.is_dir() for path in copies.glob("*")):
            assert process.poll() is None
    finally:
        os.killpg(process.pid, 9)
        process.wait()
    assert any(path.is_dir() for path in copies.glob("*"))
    assert repo.git("for-each-ref", "refs/experiments") == ""
    repo.git("config", "filter.slow.clean", "cat")
    pin(repo)
    assert not any(path.is_dir() for path in copies.glob("*"))
    repo.git("fsck", "--strict")


@pytest.mark.parametrize("name", ["index-copies", "inexact", ""], ids=["index-copies", "inexact", "labgate"])
@pytest.mark.parametrize("large", [False, True], ids=["exact", "inexact"])
def test_a_strangers_link_in_the_git_directory_leads_nowhere(repo: Repo, name: str, large: bool) -> None:
    """What a copied git directory has in the place of labgate's folders is not cleared and not written to."""
    start(repo)
    outside = repo.path.parent / "outside"
    for path in ("precious/lock", "precious/index", "lock", "file"):
        (outside / path).parent.mkdir(parents=True, exist_ok=True)
        (outside / path).write_text("mine\n")
    before = content_of(outside)
    place = repo.path / ".git/labgate" / name
    if name:
        place.parent.mkdir()
    place.symlink_to(outside)
    repo.write({"new.py": "1\n", **({"data.bin": b"x" * 11_000_000} if large else {})})
    said = repo.labgate("experiment", "pin")
    assert content_of(outside) == before
    assert said.status == (0 if name == "inexact" and not large else 2), said.text
    if said.status:
        assert "is a symbolic link" in said.err
        assert "help: " in said.err
        place.unlink()
        assert repo.labgate("experiment", "pin", status=0).out
