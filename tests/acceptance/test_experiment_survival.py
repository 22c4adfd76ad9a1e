"""What the code of an experiment survives: rewritten history, other tools' stores, kills; and what it costs."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from support.moments import tree_on_disk, untouched
from support.repo import Repo
from support.runs import METRICS, code, laboratory, pins, record, run, train, with_dvc
from support.tools import require_tool

BRANCH = "experiment--ranker--wide"


@pytest.fixture
def lab(tmp_path: Path) -> Repo:
    return laboratory(tmp_path)


def fresh(lab: Repo, *options: str) -> Repo:
    path = lab.path.parent / "fresh"
    lab.git("clone", "--quiet", *(options or ("--depth=1",)), f"file://{lab.path.parent}/lab-origin.git", str(path))
    return Repo(path, lab.env)


def branch_deleted(lab: Repo) -> None:
    lab.checkout("main")
    lab.git("push", "--quiet", "origin", f":{BRANCH}")
    lab.git("branch", "-D", BRANCH)


def amended(lab: Repo) -> None:
    lab.write({"model.py": "VALUE = 8\n"})
    lab.git("commit", "--quiet", "-a", "--amend", "--no-edit")
    lab.git("push", "--quiet", "--force", "origin", BRANCH)


def rebased(lab: Repo) -> None:
    move_main(lab)
    lab.git("rebase", "--quiet", "main", BRANCH)
    lab.git("push", "--quiet", "--force", "origin", BRANCH)


def fixed_up(lab: Repo) -> None:
    lab.write({"model.py": "VALUE = 8\n"})
    lab.git("commit", "--quiet", "-a", "--fixup", "HEAD")
    lab.git("rebase", "--quiet", "--interactive", "--autosquash", "main", GIT_SEQUENCE_EDITOR="true")
    lab.git("push", "--quiet", "--force", "origin", BRANCH)


def merged(lab: Repo) -> None:
    move_main(lab)
    lab.checkout("main").merge(BRANCH, "Merge the experiment")
    lab.push("main")
    branch_deleted(lab)


def squashed(lab: Repo) -> None:
    squash(lab, "Wide (#1)\n\n* Step 1\n\nExperiment: ranker/wide")


def squashed_with_a_title(lab: Repo) -> None:
    squash(lab, "Wide (#1)")


def squashed_on_a_moved_base(lab: Repo) -> None:
    move_main(lab)
    squash(lab, "Wide (#1)")


def cherry_picked(lab: Repo) -> None:
    move_main(lab)
    lab.checkout("main").git("cherry-pick", BRANCH)
    lab.push("main")
    branch_deleted(lab)


def committed_without_hooks(lab: Repo) -> None:
    lab.git("commit", "--quiet", "--no-verify", "--allow-empty", "-m", "More")
    lab.git("push", "--quiet", "--no-verify", "origin", BRANCH)
    branch_deleted(lab)


def squash(lab: Repo, message: str) -> None:
    """Land the branch as a code host does: a new commit, by no command that runs a hook."""
    lab.checkout("main")
    lab.git("merge", "--quiet", "--squash", BRANCH)
    lab.commit(message)
    lab.push("main")
    branch_deleted(lab)


def move_main(lab: Repo) -> None:
    lab.checkout("main").commit("Meanwhile", {"other.py": "1\n"})
    lab.push("main")
    lab.checkout(BRANCH)


@pytest.mark.parametrize("dirty", [False, True], ids=["committed", "dirty"])
@pytest.mark.parametrize(
    "fate",
    [
        *(branch_deleted, amended, rebased, fixed_up, merged, squashed, squashed_with_a_title),
        *(squashed_on_a_moved_base, cherry_picked, committed_without_hooks),
    ],
    ids=lambda fate: fate.__name__,
)
def test_the_exact_code_comes_back_from_a_clone_of_depth_one(
    lab: Repo, fate: Callable[[Repo], None], dirty: bool
) -> None:
    """Acceptance row 2: the ten scenarios of research C5, with a record by ``run`` and ``publish``."""
    lab.commit("Wide", {"model.py": "VALUE = 5\n", "wide.py": "1\n"})
    lab.push(BRANCH)
    if dirty:
        lab.write({"model.py": "from extra import VALUE\n", "extra.py": "VALUE = 6\n"})
    train(lab)
    files = tree_on_disk(lab.path, METRICS, f"{METRICS}.labgate.json")
    files = {name: content for name, content in files.items() if "__pycache__" not in name}
    kept = {name: (lab.path / name).read_bytes() for name in (METRICS, f"{METRICS}.labgate.json")}
    lab.labgate("experiment", "publish", "--yes", status=0)
    for name in kept:
        (lab.path / name).unlink()
    lab.git("checkout", "--quiet", "--force", BRANCH)
    lab.git("clean", "--quiet", "--force", "-d", "-x")
    fate(lab)
    for place in (lab.path, lab.path.parent / "lab-origin.git"):
        lab.git("-C", str(place), "reflog", "expire", "--expire=now", "--all")
        lab.git("-C", str(place), "gc", "--quiet", "--prune=now")
    clone = fresh(lab)
    clone.write(kept)
    said = clone.labgate("experiment", "checkout", METRICS, status=0)
    assert tree_on_disk(Path(said.out.strip())) == files
    assert clone.git("-C", said.out.strip(), "rev-parse", "HEAD") == code(record(clone))
    clone.labgate("experiment", "verify", status=0)


def test_a_repository_of_sha256_does_the_same(tmp_path: Path) -> None:
    lab = laboratory(tmp_path, "--object-format=sha256")
    lab.labgate("install", status=0)
    lab.write({"model.py": "VALUE = 2\n"})
    train(lab)
    (snapshot,) = pins(lab).values()
    assert len(snapshot) == 64
    lab.git("add", "--force", "experiments")
    said = lab.run("git", "commit", "--message", "Measure").text
    assert "LG30" not in said
    assert f"Experiment-Commit: {snapshot}" in lab.git("log", "-1", "--format=%B")
    said = lab.run("git", "push", "origin", BRANCH, status=1).text
    assert f"LG304 error: {snapshot[:12]}" in said
    lab.labgate("experiment", "publish", status=0)
    lab.run("git", "push", "--quiet", "origin", BRANCH)
    clone = fresh(lab, "--depth=1", f"--branch={BRANCH}")
    place = clone.labgate("experiment", "checkout", METRICS, status=0).out.strip()
    assert (Path(place) / "model.py").read_text() == "VALUE = 2\n"
    clone.labgate("experiment", "verify", status=0)


@pytest.mark.parametrize("kind", ["blob:none", "tree:0"])
def test_a_partial_clone_fetches_what_it_needs(lab: Repo, kind: str) -> None:
    for value in (2, 3, 4):
        lab.commit(f"Value {value}", {"model.py": f"VALUE = {value}\n", f"src/{value}.py": f"{value}\n"})
    lab.write({"model.py": "VALUE = 9\n"})
    train(lab)
    lab.labgate("experiment", "publish", status=0)
    lab.git("add", "--force", "experiments")
    lab.git("commit", "--quiet", "--no-verify", "--message", "Measure")
    lab.push(BRANCH)
    Repo(lab.path.parent / "lab-origin.git", lab.env).git("config", "uploadpack.allowFilter", "true")
    clone = fresh(lab, f"--filter={kind}", f"--branch={BRANCH}")
    clone.labgate("experiment", "verify", status=0)
    place = clone.labgate("experiment", "checkout", METRICS, status=0).out.strip()
    assert (Path(place) / "model.py").read_text() == "VALUE = 9\n"
    old = clone.head("HEAD~2")
    assert "old: 3" in run(clone, "sh", "-c", "echo old: $(cat src/3.py)", options=("--at", old)).out
    clone.write({"model.py": "VALUE = 10\n"})
    train(clone)
    clone.labgate("experiment", "publish", status=0)
    clone.labgate("experiment", "verify", status=0)


class TestLfs:
    @pytest.fixture
    def lfs(self, lab: Repo) -> Repo:
        require_tool("git-lfs")
        lab.git("lfs", "install", "--local")
        lab.git("lfs", "track", "*.bin")
        lab.commit("LFS", {"weights.bin": b"w" * 999})
        lab.push(BRANCH)
        return lab

    def test_code_of_lfs_comes_back_with_its_content(self, lfs: Repo) -> None:
        lfs.write({"weights.bin": b"v" * 1000})
        before = untouched(lfs)
        train(lfs, "models/a.json")
        (lfs.path / "models/a.json").unlink()
        (lfs.path / "models/a.json.labgate.json").unlink()
        (lfs.path / "models").rmdir()
        assert untouched(lfs).index == before.index
        commit = next(iter(pins(lfs).values()))
        assert lfs.git("cat-file", "blob", f"{commit}:weights.bin").startswith("version https://git-lfs")
        lfs.labgate("experiment", "publish", status=0)
        clone = fresh(lfs)
        clone.git("lfs", "install", "--local")
        said = clone.labgate("experiment", "checkout", "ranker/wide", status=0)
        assert (Path(said.out.strip()) / "weights.bin").read_bytes() == b"v" * 1000

    def test_an_artifact_of_lfs_is_compared_by_its_oid(self, lfs: Repo) -> None:
        lfs.write({"models/a.bin": b"a" * 999})
        lfs.labgate("experiment", "record", "models/a.bin", status=0)
        lfs.commit("Artifact")
        lfs.labgate("experiment", "publish", status=0)
        lfs.push(BRANCH)
        lfs.git("lfs", "push", "origin", BRANCH)
        lfs.labgate("experiment", "verify", status=0)
        clone = fresh(lfs, "--depth=1", f"--branch={BRANCH}")
        assert (clone.path / "models/a.bin").read_bytes().startswith(b"version https://git-lfs")
        clone.labgate("experiment", "verify", status=0)
        clone.write({"models/a.bin": b"b" * 999})
        clone.labgate("experiment", "verify", status=1)


class TestDvc:
    @pytest.fixture
    def dvc(self, lab: Repo) -> Repo:
        return with_dvc(lab)

    def test_a_pointer_stands_for_its_file(self, dvc: Repo) -> None:
        """Acceptance row 9: the file is in DVC's store, git has the pointer and the record."""
        train(dvc, "models/a.json")
        dvc.run("dvc", "add", "--quiet", "models/a.json")
        dvc.git("add", "--force", "models/a.json.labgate.json", "models/a.json.dvc", "models/.gitignore")
        dvc.git("commit", "--quiet", "-m", "Artifact")
        dvc.push(BRANCH)
        dvc.labgate("experiment", "publish", status=0)
        dvc.labgate("experiment", "verify", status=0)
        clone = fresh(dvc, "--depth=1", f"--branch={BRANCH}")
        assert not (clone.path / "models/a.json").exists()
        clone.labgate("experiment", "verify", status=0)
        pointer = clone.path / "models/a.json.dvc"
        (digest,) = re.findall("[0-9a-f]{32}", pointer.read_text())
        pointer.write_text(pointer.read_text().replace(digest, "0" * 32))
        clone.labgate("experiment", "verify", status=1)

    def test_of_a_folder_the_pointer_is_the_artifact(self, dvc: Repo) -> None:
        dvc.write({"models/data/one.csv": "1\n", "models/data/two.csv": "2\n"})
        dvc.run("dvc", "add", "--quiet", "models/data")
        dvc.labgate("experiment", "record", "models/data.dvc", status=0)
        dvc.labgate("experiment", "publish", "--yes", status=0)
        dvc.labgate("experiment", "verify", status=0)
        dvc.write({"models/data/one.csv": "9\n"})
        dvc.run("dvc", "add", "--quiet", "models/data")
        dvc.labgate("experiment", "verify", status=1)


@pytest.mark.slow
@pytest.mark.parametrize("command", [("pin",), ("record", "models/a.bin")], ids=["pin", "record"])
def test_killed_at_any_moment_nothing_is_half_done(lab: Repo, command: tuple[str, ...]) -> None:
    """Acceptance row 13: the artifact is whole, refs and records are whole or not there, and the next call is fine."""
    lab.write(
        {"models/a.bin": "1\n", "model.py": "VALUE = 2\n", **{f"src/{number}.py": "1\n" for number in range(200)}}
    )
    before = untouched(lab)
    argv = ["labgate", "experiment", *command]
    started = time.monotonic()
    lab.run(*argv)
    whole = time.monotonic() - started
    (ref,) = pins(lab)
    for moment in range(20):
        lab.git("update-ref", "-d", ref)
        (lab.path / "models/a.bin.labgate.json").unlink(missing_ok=True)
        process = subprocess.Popen(argv, cwd=lab.path, env=lab.env, stdout=-3, stderr=-3, start_new_session=True)
        time.sleep(whole * moment / 20)
        os.killpg(process.pid, 9)
        process.wait()
        assert set(pins(lab)) <= {ref}
        path = lab.path / "models/a.bin.labgate.json"
        if path.exists():
            json.loads(path.read_text())
        assert (lab.path / "models/a.bin").read_text() == "1\n"
    lab.git("fsck", "--strict")
    lab.git("update-ref", "-d", ref)
    lock = lab.path / ".git" / f"{ref}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()  # a git that was killed has left it
    lab.run(*argv)
    assert set(pins(lab)) == {ref}
    assert not lock.exists()
    leftovers = [path for path in (lab.path / ".git/labgate/index-copies").iterdir() if path.is_dir()]
    assert leftovers == []
    (lab.path / "models/a.bin.labgate.json").unlink(missing_ok=True)
    for path in lab.path.glob("models/*.tmp"):
        path.unlink()
    after = untouched(lab)
    folder = str(lab.path / "models")
    assert {**after.stamps, folder: 0} == {**before.stamps, folder: 0}
    assert (after.index, after.refs, after.reflogs, after.status) == (
        before.index,
        before.refs,
        before.reflogs,
        before.status,
    )


def kill_marked(marker: str) -> None:
    """Kill every process that has a variable, also such as have a session of their own."""
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if marker.encode() in environ.read_bytes().split(b"\0"):
                os.kill(int(environ.parent.name), 9)


def unlock(*repositories: Path) -> None:
    """Remove git's own locks, which it leaves where it is killed."""
    for lock in [path for repository in repositories for path in repository.rglob("*.lock")]:
        lock.unlink(missing_ok=True)


@pytest.mark.slow
def test_a_push_killed_at_any_moment_leaves_no_half_pin(lab: Repo) -> None:
    """Acceptance row 13: git, the hook and the process that pins afterwards are killed; the next push pins all."""
    lab.labgate("install", status=0)
    train(lab)
    lab.commit("Train")
    origin = Repo(lab.path.parent / "lab-origin.git", lab.env)
    started = time.monotonic()
    lab.run("git", "push", "--quiet", "origin", BRANCH)
    while not pins(origin):
        time.sleep(0.02)
    whole = time.monotonic() - started
    artifacts = {lab.head()}
    for moment in range(20):
        artifacts.add(lab.commit("Measure", {"models/a.bin": f"{moment}\n"}))
        marker = f"LABGATE_TEST_KILLED={moment}"
        argv = ["git", "push", "--quiet", "origin", BRANCH]
        env = {**lab.env, **dict([marker.split("=")])}
        process = subprocess.Popen(argv, cwd=lab.path, env=env, stdout=-3, stderr=-3)
        time.sleep(whole * moment / 20)
        kill_marked(marker)
        process.wait()
        unlock(lab.path / ".git", origin.path)
        assert set(pins(origin).values()) <= artifacts | set(pins(lab).values())
    # If the last push moved the branch before it was killed, git tells hooks of no branch: there is nothing to push.
    lab.commit("Read")
    lab.run("git", "push", "--quiet", "origin", BRANCH)
    limit = time.monotonic() + 10
    while not artifacts <= set(pins(origin).values()) and time.monotonic() < limit:
        time.sleep(0.1)
    assert artifacts <= set(pins(origin).values())
    assert all(ref.endswith(f"/{oid[:12]}") for ref, oid in pins(origin).items())
    for repository in (lab, origin):
        repository.git("fsck", "--strict")
    lab.labgate("experiment", "verify", status=0)
    train(lab)


@pytest.mark.slow
def test_a_pin_in_ten_thousand_files_takes_a_few_times_of_git_status(repo: Repo) -> None:
    """Acceptance row 17, in processor time: clean 5 x, with ten changes 10 x (B + git status)."""
    repo.commit("Start", {f"src/{number % 100}/{number}.py": f"{number}\n" for number in range(10_000)})
    time.sleep(1.1)
    repo.git("status")

    def spent(*argv: str) -> float:
        """Return the least processor time of five runs, in seconds."""
        found = []
        for _ in range(5):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            repo.run(*argv)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return min(found)

    base = spent(sys.executable, "-c", "pass") + spent("git", "rev-parse", "HEAD") + spent("git", "status")
    clean = spent("labgate", "experiment", "pin")
    repo.write({f"src/0/{number * 100}.py": "changed\n" for number in range(10)})
    dirty = spent("labgate", "experiment", "pin")
    assert clean <= 5 * base, (clean / base, base)
    assert dirty <= 10 * base, (dirty / base, base)
