"""Folders that experiment commands fill, in a git directory that somebody else prepared; and files from elsewhere."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from support.obstacles import FILES, content_of, in_time
from support.repo import Repo, Result
from support.runs import laboratory, run, run_folders

REFUSED = "labgate: not used: "


@pytest.fixture
def lab(tmp_path: Path) -> Repo:
    return laboratory(tmp_path)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    return folder


def link(path: Path, outside: Path) -> None:
    path.symlink_to(outside)


def dangling(path: Path, outside: Path) -> None:
    path.symlink_to(outside / "nowhere")


def file(path: Path, _: Path) -> None:
    path.write_text("")


OBSTACLES: dict[str, Callable[[Path, Path], None]] = {
    "a link": link,
    "a dangling link": dangling,
    "a file": file,
    "a pipe": FILES["a pipe"],
}
#: The folder, and the options of a run that needs it.
FOLDERS = (("runs", ()), ("running", ()), ("index-copies", ()), ("worktrees", ("--at", "HEAD~1")))


def attempt(lab: Repo, options: tuple[str, ...]) -> Result:
    with in_time():
        return run(lab, "touch", str(lab.path / "out-done"), options=options, status=None)


def commands(result: Result) -> list[str]:
    lines = result.err.splitlines()
    return [lines[at + 1].strip().removeprefix("help: ") for at, line in enumerate(lines) if line.startswith(REFUSED)]


@pytest.mark.parametrize(("name", "options"), FOLDERS, ids=[name for name, _ in FOLDERS])
@pytest.mark.parametrize("obstacle", OBSTACLES.values(), ids=list(OBSTACLES))
def test_a_run_never_uses_a_strangers_folder(
    lab: Repo, outside: Path, name: str, options: tuple[str, ...], obstacle: Callable[[Path, Path], None]
) -> None:
    lab.write({"model.py": "VALUE = 2\n"}).git("commit", "--quiet", "--no-verify", "-am", "Tune")
    lab.write({"model.py": "VALUE = 3\n"})
    folder = lab.path / ".git/labgate"
    folder.mkdir(exist_ok=True)
    obstacle(folder / name, outside)
    (outside / "mine").write_text("mine\n")
    before = content_of(outside)
    refused = attempt(lab, options)
    assert content_of(outside) == before
    assert refused.status == 125, refused.text
    assert not (lab.path / "out-done").exists()
    assert str(folder / name) in refused.err
    (command,) = commands(refused)
    lab.run("sh", "-c", command)
    again = attempt(lab, options)
    assert again.status == 0, again.text
    assert content_of(outside) == before
    assert commands(again) == []
    assert len(run_folders(lab)) == 1


def test_a_run_of_a_strangers_is_not_shown(lab: Repo, outside: Path) -> None:
    """The folder of a run that is a link out of the repository."""
    run(lab, "sh", "-c", "mkdir -p models; echo m > models/m; echo said")
    (folder,) = run_folders(lab)
    assert lab.run("labgate", "experiment", "show", "--log", "models/m").out == "said\n"
    (outside / "log").write_text("private\n")
    folder.rename(folder.with_name("aside"))
    folder.symlink_to(outside)
    shown = lab.run("labgate", "experiment", "show", "--log", "models/m", status=None)
    assert "private" not in shown.text
    assert shown.status == 2


class TestNotes:
    """Whatever a note in ``labgate/worktrees`` says, only what labgate itself has left is removed."""

    @pytest.fixture
    def temporary(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        folder = tmp_path / "temporary"
        folder.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(folder))
        return folder

    @staticmethod
    def note(lab: Repo, path: Path) -> None:
        notes = lab.path / ".git/labgate/worktrees"
        notes.mkdir(parents=True, exist_ok=True)
        (notes / path.name).write_bytes(os.fsencode(path))

    @staticmethod
    def use_worktree(lab: Repo, temporary: Path) -> None:
        with in_time():
            run(lab, "true", options=("--at", "HEAD~1"), status=0, TMPDIR=str(temporary))

    @pytest.fixture
    def lab(self, lab: Repo) -> Repo:
        lab.write({"model.py": "VALUE = 2\n"}).git("commit", "--quiet", "--no-verify", "-am", "Tune")
        return lab

    def test_somebodys_own_worktree_stays(self, lab: Repo, temporary: Path) -> None:
        own = temporary / "labgate-at-mine"
        lab.git("worktree", "add", "--quiet", "--detach", str(own), "HEAD")
        own.chmod(0o755)
        (own / "work").write_text("hours of work\n")
        self.note(lab, own)
        self.use_worktree(lab, temporary)
        assert (own / "work").read_text() == "hours of work\n"

    def test_a_worktree_elsewhere_stays(self, lab: Repo, temporary: Path, outside: Path) -> None:
        own = outside / "labgate-at-mine"
        own.mkdir(mode=0o700)
        lab.git("worktree", "add", "--quiet", "--detach", str(own), "HEAD")
        self.note(lab, own)
        self.use_worktree(lab, temporary)
        assert (own / "model.py").exists()

    @pytest.mark.parametrize("pointer", [None, "", "gitdir: /nowhere/.git/worktrees/x\n"])
    def test_a_folder_that_is_no_worktree_stays(self, lab: Repo, temporary: Path, pointer: str | None) -> None:
        own = temporary / "labgate-at-docs"
        own.mkdir(mode=0o700)
        (own / "thesis.tex").write_text("all of it\n")
        if pointer is not None:
            (own / ".git").write_text(pointer)
        self.note(lab, own)
        self.use_worktree(lab, temporary)
        assert (own / "thesis.tex").read_text() == "all of it\n"

    def test_a_link_is_not_followed(self, lab: Repo, temporary: Path, outside: Path) -> None:
        real = outside / "labgate-at-mine"
        real.mkdir(mode=0o700)
        lab.git("worktree", "add", "--quiet", "--detach", str(real), "HEAD")
        (temporary / real.name).symlink_to(real)
        self.note(lab, temporary / real.name)
        self.use_worktree(lab, temporary)
        assert (real / "model.py").exists()

    def test_what_a_killed_run_has_left_is_removed(self, lab: Repo, temporary: Path) -> None:
        left = Path(tempfile.mkdtemp(prefix="labgate-at-"))
        lab.git("worktree", "add", "--quiet", "--detach", str(left), "HEAD")
        self.note(lab, left)
        self.use_worktree(lab, temporary)
        assert not left.exists()
        assert str(left) not in lab.git("worktree", "list")


@pytest.mark.parametrize("size", [2**25 + 1, 2**40], ids=["too large", "a terabyte"])
def test_an_event_file_is_read_up_to_a_limit(lab: Repo, tmp_path: Path, size: int) -> None:
    event = tmp_path / "event.json"
    event.write_text("{")
    os.truncate(event, size)
    with in_time(20):
        result = lab.labgate("ci", status=2, GITHUB_ACTIONS="true", GITHUB_EVENT_PATH=str(event))
    assert "cannot be read" in result.text


def test_an_event_file_may_be_large(lab: Repo, tmp_path: Path) -> None:
    """GitHub's largest has 25 MB."""
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"commits": ["x" * 1000] * 25_000}))
    with in_time(60):
        result = lab.labgate("ci", status=2, GITHUB_ACTIONS="true", GITHUB_EVENT_PATH=str(event))
    assert "cannot be read" not in result.text


@pytest.mark.parametrize("name", ["event.json", "pipe"])
def test_an_event_file_that_never_ends(lab: Repo, tmp_path: Path, name: str) -> None:
    event = tmp_path / name
    if name == "pipe":
        os.mkfifo(event)
    else:
        event.symlink_to("/dev/zero")
    with in_time(20):
        result = lab.labgate("ci", status=2, GITHUB_ACTIONS="true", GITHUB_EVENT_PATH=str(event))
    assert "cannot be read" in result.text


@pytest.mark.parametrize("place", [".git/info/attributes", ".pre-commit-config.yaml", ".git/shallow"])
def test_the_doctor_reads_files_up_to_a_limit(lab: Repo, place: str) -> None:
    (lab.path / place).write_text("")
    os.truncate(lab.path / place, 2**33)
    with in_time(60):
        result = lab.labgate("doctor", status=None)
    assert "internal error" not in result.text
