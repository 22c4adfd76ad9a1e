"""A report file is written whole or not at all."""

from __future__ import annotations

import io
import os
from contextlib import redirect_stdout
from pathlib import Path
from typing import TextIO

import pytest

from labgate.cli.reporting import deliver, write_output
from labgate.values.report import Report
from support import reports


def spoken(report: Report, stream: TextIO) -> None:
    stream.write(f"{report.stage} ñ \udce9\n")


def broken(report: Report, stream: TextIO) -> None:
    stream.write(report.stage)
    raise RuntimeError(report.stage)


@pytest.mark.parametrize("path", [None, "-"])
def test_without_a_file_it_goes_to_standard_output(path: str | None) -> None:
    with redirect_stdout(io.StringIO()) as out:
        deliver(reports.passed(), spoken, path)
    assert out.getvalue() == "check ñ \udce9\n"


def test_a_file_holds_all_of_it_and_no_other_is_left(tmp_path: Path) -> None:
    deliver(reports.passed(), spoken, str(tmp_path / "report"))
    assert (tmp_path / "report").read_bytes() == "check ñ \\udce9\n".encode()
    assert os.listdir(tmp_path) == ["report"]


def test_a_report_that_fails_half_way_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "report").write_text("old")
    with pytest.raises(RuntimeError):
        deliver(reports.passed(), broken, str(tmp_path / "report"))
    assert (tmp_path / "report").read_text() == "old"
    assert os.listdir(tmp_path) == ["report"]


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: str, target: str, **__: object) -> None:
        raise OSError(28, "No space left on device", target)

    (tmp_path / "report").write_text("old")
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        write_output(str(tmp_path / "report"), "new")
    assert (tmp_path / "report").read_text() == "old"
    assert os.listdir(tmp_path) == ["report"]


def test_a_folder_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_output(str(tmp_path / "no" / "report"), "new")


def test_the_file_can_be_read_by_whom_the_umask_lets(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_output(str(tmp_path / "report"), "new")
    finally:
        os.umask(before)
    assert (tmp_path / "report").stat().st_mode & 0o777 == 0o644


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("old")
    (tmp_path / "link").symlink_to("target")
    write_output(str(tmp_path / "link"), "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "new"


def test_a_file_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "report").write_text("old")
    (tmp_path / "report").chmod(0o640)
    write_output(str(tmp_path / "report"), b"new\xff")
    assert (tmp_path / "report").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "report").read_bytes() == b"new\xff"


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_output(str(fifo), "new")
        assert os.read(reader, 10) == b"new"
    finally:
        os.close(reader)
    assert fifo.is_fifo()
