"""The first push in a large clone indexes its history: it says so in one line, which counts on a terminal."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import re
import shutil
import subprocess
import time
from collections.abc import Iterator

import pytest

from labgate.report.indexing import MANY, Indexing
from support.pipeline import POLICY, code
from support.repo import Repo

LINE = re.compile(r"labgate: indexing [\d,]+ commits of the branch; later runs only read what is new")


def history(count: int) -> Iterator[str]:
    """Yield commits of main, in the format of git-fast-import."""
    person = "Grace <grace@example.org> 1700000000 +0000"
    for number in range(count):
        files = {"labgate.toml": POLICY} if number == 0 else {"a.py": f"a = {number}\n"}
        yield f"commit refs/heads/main\nauthor {person}\ncommitter {person}\ndata 1\nx\n"
        for name, text in files.items():
            yield f"M 100644 inline {name}\ndata {len(text)}\n{text}\n"


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    repo = Repo.init(tmp_path_factory.mktemp("large") / "large")
    repo.with_remote()
    repo.git("fast-import", "--quiet", stdin="".join(history(MANY + 100)))
    repo.git("reset", "--quiet", "--hard")
    repo.push("main")
    repo.branch("research/idea").commit("Try", {"b.py": code("b")})
    repo.push("research/idea")
    repo.branch("feature/c", "main").commit("Work", {"c.py": code("c")})
    return repo


@pytest.fixture
def push(large: Repo) -> str:
    """Forget the index; return what git tells the hook."""
    shutil.rmtree(large.path / ".git" / "labgate", ignore_errors=True)
    return f"refs/heads/feature/c {large.head('feature/c')} refs/heads/main {large.head('main')}\n"


def test_where_nobody_watches_it_is_said_once(large: Repo, push: str) -> None:
    url = large.git("remote", "get-url", "origin")
    said = [large.run("labgate-hook", "pre-push", "--native", "origin", url, stdin=push).err for _ in range(2)]
    assert len(LINE.findall(said[0])) == said[0].count("indexing") == 1
    assert said[0].count("\r") == 0
    assert "indexing" not in said[1]


def test_on_a_terminal_the_line_counts(large: Repo, push: str) -> None:
    program = shutil.which("labgate-hook", path=large.env["PATH"])
    assert program is not None
    url = large.git("remote", "get-url", "origin")
    above, below = pty.openpty()
    with subprocess.Popen(
        (program, "pre-push", "--native", "origin", url),
        cwd=large.path,
        env=large.env,
        stdin=subprocess.PIPE,
        stderr=below,
    ) as hook:
        os.close(below)
        assert hook.stdin is not None
        hook.stdin.write(push.encode())
        hook.stdin.close()
        said = read_all(above)
    assert hook.returncode == 0
    counted = re.findall(r"\rlabgate: indexing ([\d,]+) of ([\d,]+) commits of the branch", said)
    assert counted[-1][0] == counted[-1][1]
    _, _, after = said.rpartition(f"of {counted[-1][1]} commits of the branch")
    assert after.startswith("\r\n"), "the report begins on a line of its own"


def read_all(terminal: int) -> str:
    found = b""
    try:
        while chunk := os.read(terminal, 4096):
            found += chunk
    except OSError:
        pass  # on Linux a terminal that nobody has open any more is an error to its reader
    finally:
        os.close(terminal)
    return found.decode()


def test_a_check_says_it_beside_its_report(large: Repo, push: str) -> None:
    assert push
    loud = large.labgate("check", "--head", "feature/c", status=0)
    assert len(LINE.findall(loud.err)) == 1
    assert "indexing" not in loud.out
    shutil.rmtree(large.path / ".git" / "labgate")
    assert "indexing" not in large.labgate("check", "--head", "feature/c", "--quiet").text


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_few_commits_are_no_news() -> None:
    for stream in (io.StringIO(), _Terminal()):
        line = Indexing(stream)
        for done in (0, MANY - 1):
            line("research commits", done, MANY - 1)
        line.close()
        assert stream.getvalue() == ""


def test_a_terminal_has_one_line_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter(range(100))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(now)))
    stream = _Terminal()
    line = Indexing(stream)
    line("commits of the branch", 0, 5000)
    line("commits of the branch", 5000, 5000)
    line("research commits", 0, 2000)
    line.close()
    first, *rest, last = stream.getvalue().split("\r")
    assert (first, last[-1], "\n" in "".join(rest)) == ("", "\n", False)
    shown = ""
    for text in (*rest, last.rstrip("\n")):
        shown = text + shown[len(text) :]
    assert shown.rstrip() == "labgate: indexing 0 of 2,000 research commits"
    line.close()
    assert stream.getvalue().count("\n") == 1


def test_a_reader_that_is_gone_stops_nothing() -> None:
    above, below = os.pipe()
    os.close(above)
    stream = os.fdopen(below, "w")
    line = Indexing(stream)
    line("commits of the branch", 0, 5000)
    line("commits of the branch", 5000, 5000)
    with contextlib.suppress(OSError):
        stream.close()
