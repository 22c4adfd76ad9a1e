"""Files are written whole or not at all, read up to a limit, and locked by one process at a time."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from labgate.values.appending import append
from labgate.values.files import read_bounded, read_start, write_below
from labgate.values.locks import locked
from labgate.values.whole_files import write_whole


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture
def umask() -> int:
    os.umask(before := os.umask(0))
    return before


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a" / "file"
    path.parent.mkdir()
    write_whole(str(path), b"one")
    write_whole(str(path), b"two")
    assert read_bounded(str(path), 3) == b"two"
    assert os.listdir(path.parent) == ["file"]


def test_a_folder_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_whole(str(tmp_path / "a" / "file"), b"")
    assert os.listdir(tmp_path) == []


def test_a_file_keeps_its_mode_unless_another_is_given(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "file"
    write_whole(str(path), b"")
    assert mode_of(path) == 0o666 & ~umask
    path.chmod(0o600)
    write_whole(str(path), b"")
    assert mode_of(path) == 0o600
    write_whole(str(path), b"", mode=0o777, durable=True)
    assert mode_of(path) == 0o777 & ~umask


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"other")
    (tmp_path / "file").symlink_to("other")
    write_whole(str(tmp_path / "file"), b"mine")
    assert not (tmp_path / "file").is_symlink()
    assert (tmp_path / "other").read_bytes() == b"other"


def test_what_is_refused_at_the_last_moment_leaves_all_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def refuse(temporary: str, _: str) -> None:
        assert Path(temporary).read_bytes() == b"new"
        raise PermissionError

    with pytest.raises(PermissionError):
        write_whole(str(path), b"new", put=refuse)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_a_file_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"1234")
    with pytest.raises(OSError, match="has more than 3 bytes"):
        read_bounded(str(tmp_path / "file"), 3)
    assert read_start(str(tmp_path / "file"), 3) == b"123"
    assert read_bounded(str(tmp_path / "file"), 4) == b"1234"


@pytest.mark.parametrize("read", [read_bounded, read_start])
def test_only_a_regular_file_is_read(tmp_path: Path, read: Callable[[str, int], bytes]) -> None:
    """Nobody writes to the pipe: to open it for reading would take for ever."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path):
        with pytest.raises(OSError, match="is not a regular file"):
            read(str(path), 9)


def test_a_file_whose_size_is_not_known_is_read_to_its_end() -> None:
    """Under /proc a file has no size."""
    assert read_bounded("/proc/self/cmdline", 2**16) == Path("/proc/self/cmdline").read_bytes() != b""
    assert len(read_start("/proc/self/cmdline", 2)) == 2
    with pytest.raises(OSError, match="has more than 1 bytes"):
        read_bounded("/proc/self/cmdline", 1)


def test_what_is_appended_comes_last(tmp_path: Path) -> None:
    append(str(tmp_path / "file"), b"one\n")
    append(str(tmp_path / "file"), b"two\n")
    assert (tmp_path / "file").read_bytes() == b"one\ntwo\n"


def test_a_disk_that_is_full_is_an_error() -> None:
    with pytest.raises(OSError, match="No space left"):
        append("/dev/full", b"x")


def test_one_process_at_a_time_has_the_lock(tmp_path: Path) -> None:
    path = str(tmp_path / "a" / "lock")
    with locked(path, 1, 99) as stream:
        stream.write(b"mine")
        with pytest.raises(TimeoutError):
            locked(path, 0.02, 99)
    with locked(path, 0, 99) as stream:
        assert os.pread(stream.fileno(), 9, 0) == b"mine"


def test_a_lock_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.touch()
    pid = os.fork()
    if not pid:
        with path.open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            (tmp_path / "ready").touch()
            time.sleep(0.1)
        os._exit(0)
    while not (tmp_path / "ready").exists():
        time.sleep(0.001)
    with locked(str(path), 10, 99):
        pass
    assert os.waitpid(pid, 0) == (pid, 0)


def test_a_file_of_a_work_tree_is_written_with_its_folders(tmp_path: Path, umask: int) -> None:
    write_below(str(tmp_path), "a/b/file", b"one", new=True)
    write_below(str(tmp_path), "a/b/file", b"two", new=False)
    assert (tmp_path / "a/b/file").read_bytes() == b"two"
    assert mode_of(tmp_path / "a/b/file") == 0o666 & ~umask
    assert os.listdir(tmp_path / "a/b") == ["file"]


@pytest.mark.parametrize("links", [True, False], ids=["with hard links", "without hard links"])
def test_a_new_file_never_takes_the_place_of_another(
    links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    if not links:
        monkeypatch.setattr(os, "link", refuse)
    write_below(str(tmp_path), "report", b"new", new=True)
    with pytest.raises(FileExistsError):
        write_below(str(tmp_path), "report", b"newer", new=True)
    assert (tmp_path / "report").read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["report"]


@pytest.mark.parametrize("new", [True, False])
@pytest.mark.parametrize("name", ["file", "folder/file", "a/folder/file"])
def test_no_link_in_a_work_tree_is_followed(tmp_path: Path, name: str, new: bool) -> None:
    outside, top = tmp_path / "outside", tmp_path / "top"
    outside.mkdir()
    (top / "a").mkdir(parents=True)
    for link, target in (("file", outside / "file"), ("folder", outside), ("a/folder", outside)):
        (top / link).symlink_to(target)
    with pytest.raises(OSError, match="is a symbolic link"):
        write_below(str(top), name, b"x", new=new)
    assert list(outside.iterdir()) == []
    assert sorted(os.listdir(top)) == ["a", "file", "folder"]
