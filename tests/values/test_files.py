"""Files are written whole or not at all, read up to a limit, and locked by one process at a time."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

import pytest

from labgate.values.files import append, locked, read_bounded, write_whole


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture
def umask() -> int:
    os.umask(before := os.umask(0))
    return before


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    write_whole(str(path), b"one", folder=True)
    write_whole(str(path), b"two")
    assert read_bounded(str(path), 3) == b"two"
    assert os.listdir(path.parent) == ["file"]


def test_a_folder_is_made_only_where_that_is_wanted(tmp_path: Path) -> None:
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
    with pytest.raises(OSError, match="too large"):
        read_bounded(str(tmp_path / "file"), 3)
    assert read_bounded(str(tmp_path / "file"), 4) == b"1234"


def test_a_pipe_is_read_to_its_end() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"12")
    pid = os.fork()
    if not pid:
        time.sleep(0.05)
        os.write(writing, b"34")
        os._exit(0)
    os.close(writing)
    try:
        assert read_bounded(f"/dev/fd/{reading}", 9) == b"1234"
    finally:
        os.waitpid(pid, 0)
        os.close(reading)


def test_what_is_appended_comes_last(tmp_path: Path) -> None:
    append(str(tmp_path / "file"), b"one\n")
    append(str(tmp_path / "file"), b"two\n")
    assert (tmp_path / "file").read_bytes() == b"one\ntwo\n"


def test_a_disk_that_is_full_is_an_error() -> None:
    with pytest.raises(OSError, match="No space left"):
        append("/dev/full", b"x")


def test_one_process_at_a_time_has_the_lock(tmp_path: Path) -> None:
    path = str(tmp_path / "a" / "lock")
    with locked(path, 1) as stream:
        stream.write(b"mine")
        with pytest.raises(TimeoutError):
            locked(path, 0.02)
    with locked(path, 0) as stream:
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
    with locked(str(path), 10):
        pass
    assert os.waitpid(pid, 0) == (pid, 0)
