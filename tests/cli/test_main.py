"""The frame of the command line: help without imports, errors as lines, exit statuses."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable

import click
import pytest

from labgate import __version__
from labgate.checks.registry import ROWS
from labgate.cli.main import COMMANDS, labgate, run
from labgate.cli.policy import COMMANDS as POLICY_COMMANDS
from labgate.cli.policy import policy
from labgate.values.errors import GitError, PolicyError, UsageError
from support.repo import Repo


def python(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *args], capture_output=True, text=True, check=False, env={**os.environ, **env}
    )


def raising(error: BaseException) -> Callable[..., None]:
    def command(*_: object) -> None:
        raise error

    return command


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Make the command ``rules`` fail with an error: the frame's answer is under test, not the command."""
    return lambda error: monkeypatch.setattr("labgate.cli.rules.all_rules", raising(error))


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"labgate {__version__}\n"


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    out = capsys.readouterr().out
    for name, entry in COMMANDS.items():
        assert f"  {name} " in out
        assert entry.summary in out


@pytest.mark.parametrize(
    ("group", "table"), [(labgate, COMMANDS), (policy, POLICY_COMMANDS)], ids=["labgate", "policy"]
)
def test_the_table_says_of_each_command_what_the_command_says(
    group: click.Group, table: dict[str, tuple[str, str]]
) -> None:
    for name, (_, summary) in table.items():
        command = group.get_command(click.Context(group), name)
        assert command is not None
        assert (command.name, command.short_help) == (name, summary)


@pytest.mark.parametrize(
    ("args", "absent"),
    [
        pytest.param(["--help"], ("labgate.checks", "labgate.git", "labgate.policy", "labgate.entrypoints"), id="help"),
        pytest.param(
            ["explain", "LG201"], ("git", "sqlite3", "labgate.policy.reader", "labgate.entrypoints"), id="explain"
        ),
        pytest.param(["check", "--help"], ("labgate.git", "labgate.policy", "labgate.entrypoints"), id="help-of-check"),
        pytest.param(["rules"], ("git", "sqlite3"), id="rules"),
    ],
)
def test_a_command_imports_only_its_own(args: list[str], absent: tuple[str, ...]) -> None:
    code = f"import sys; from labgate.cli.main import run; assert run({args}) == 0; print('loaded:', *sys.modules)"
    done = python("-c", code)
    loaded = done.stdout.rpartition("loaded: ")[2].split()
    assert "labgate.cli.main" in loaded
    assert not set(absent) & set(loaded)


def test_it_runs_as_a_module() -> None:
    done = python("-m", "labgate", "--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"labgate {__version__}\n", "")


@pytest.mark.parametrize("args", [[], ["policy"]], ids=["labgate", "policy"])
def test_no_command_at_all_is_no_success(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(args) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Commands:" in captured.err


@pytest.mark.parametrize(
    ("args", "lines"),
    [
        pytest.param(
            ["chekc"],
            "error: no command 'chekc'; did you mean 'check'?\n  help: labgate --help\n",
            id="a-command-misspelt",
        ),
        pytest.param(["frobnicate"], "error: no command 'frobnicate'\n  help: labgate --help\n", id="no-such-command"),
        pytest.param(
            ["policy", "SHOW"],
            "error: no command 'SHOW'; did you mean 'show'?\n  help: labgate policy --help\n",
            id="a-command-of-a-group-in-capitals",
        ),
        pytest.param(["--nope"], "error: No such option '--nope'\n  help: labgate --help\n", id="no-such-option"),
        pytest.param(["audit"], "error: Missing argument 'BRANCH'\n  help: labgate audit --help\n", id="none-given"),
        pytest.param(
            ["check", "-q", "-v"],
            "error: --quiet and --verbose cannot be used together\n  help: labgate check --help\n",
            id="quiet-and-verbose",
        ),
        pytest.param(
            ["check", "--target", "main", "--fetch", "--offline"],
            "error: --fetch and --offline cannot be used together\n  help: labgate check --help\n",
            id="options-that-exclude-each-other",
        ),
        pytest.param(
            ["check", "research-gat", "--target", "main"],
            "error: no check 'research-gat'; did you mean 'research-gate'?\n  help: labgate check --help\n",
            id="a-check-misspelt",
        ),
        pytest.param(
            ["check", "x", "--target", "main"],
            f"error: no check 'x'; there are {', '.join(row.name for row in ROWS)}\n  help: labgate check --help\n",
            id="no-such-check",
        ),
        pytest.param(
            ["check", "--target", "main", "--format", "tap"],
            "error: Invalid value for '--format': 'tap' is not one of 'text', 'json', 'sarif', 'github', 'gitlab', "
            "'junit'\n  help: labgate check --help\n",
            id="a-format-that-does-not-exist",
        ),
        pytest.param(
            ["\x1b[31m"], "error: no command '\\x1b[31m'\n  help: labgate --help\n", id="an-argument-with-an-escape"
        ),
    ],
)
def test_a_usage_error_is_one_line_and_help(args: list[str], lines: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(args) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == lines


@pytest.mark.parametrize(
    ("error", "lines"),
    [
        pytest.param(GitError("shallow", "git fetch"), "error: shallow\n  help: git fetch\n", id="with-help"),
        pytest.param(UsageError("\x1bno"), "error: \\x1bno\n", id="escaped"),
        pytest.param(PolicyError(("one", "two")), "error: one\nerror: two\n", id="each-problem-a-line"),
        pytest.param(
            OSError(errno.EACCES, "Permission denied", "x\n"),
            "error: x\\x0a: Permission denied\n",
            id="the-machine-refuses",
        ),
        pytest.param(
            click.FileError("a.json", "gone"), "error: Could not open file 'a.json': gone\n", id="click-cannot"
        ),
        pytest.param(
            ValueError("what\n\x1b"),
            "labgate: internal error: ValueError: what\\x0a\\x1b; this is a bug\n"
            "  help: run it again with LABGATE_TRACEBACK=1 and report what it prints to labgate's issue tracker\n",
            id="a-bug",
        ),
    ],
)
def test_an_error_is_lines_and_status_two(
    error: Exception,
    lines: str,
    failing: Callable[[BaseException], None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("LABGATE_TRACEBACK", raising=False)
    failing(error)
    assert run(["rules"]) == 2
    assert capsys.readouterr().err == lines


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()], ids=["ctrl-c", "a-question-left-open"])
def test_an_interruption_is_130_and_silent(
    error: BaseException, failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    failing(error)
    assert run(["rules"]) == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("args", "value", "shown"),
    [
        pytest.param(["rules"], None, False, id="not-asked-for"),
        pytest.param(["rules"], "0", False, id="switched-off"),
        pytest.param(["rules"], "1", True, id="by-the-environment"),
        pytest.param(["--traceback", "rules"], None, True, id="by-the-option"),
    ],
)
def test_a_traceback_comes_only_on_request(
    args: list[str],
    value: str | None,
    shown: bool,
    failing: Callable[[BaseException], None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("LABGATE_TRACEBACK", raising=False)
    if value is not None:
        monkeypatch.setenv("LABGATE_TRACEBACK", value)
    failing(ValueError("x"))
    assert run(args) == 2
    err = capsys.readouterr().err
    assert ("Traceback (most recent call last):" in err) is shown
    assert "labgate: internal error: ValueError: x; this is a bug\n" in err


def test_a_closed_pipe_is_quiet_and_no_success() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "labgate", "rules"], stdout=write, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (2, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no device that is always full")
def test_a_full_disk_is_one_line_and_no_success() -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "labgate", "rules"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (2, "error: No space left on device\n")


def test_letters_that_the_terminal_lacks_do_not_stop_a_report(repo: Repo) -> None:
    repo.write({"labgate.toml": 'version = 1\ntrunk = "main"\nkinds.protected.names = ["main", "łódź"]\n'})
    done = repo.run(sys.executable, "-m", "labgate", "policy", "show", PYTHONIOENCODING="latin-1")
    assert r'names = ["main", "\u0142ód\u017a"]' in done.out.encode("utf-8", "surrogateescape").decode("latin-1")


def test_the_shell_gets_completions() -> None:
    done = python("-m", "labgate", _LABGATE_COMPLETE="bash_complete", COMP_WORDS="labgate po", COMP_CWORD="1")
    assert done.stdout == "plain,policy\n"


def test_every_help_fits_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Also with -h, and with the commands of every group."""
    asked: list[tuple[str, ...]] = [()]
    while asked:
        words = asked.pop()
        assert run([*words, "-h"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert max(map(len, lines)) <= 80, words
        listed = lines[lines.index("Commands:") + 1 :] if "Commands:" in lines else []
        asked += [(*words, line.split()[0]) for line in listed if line.startswith("  ") and line[2] != " "]


def test_v_is_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert (run(["-V"]), capsys.readouterr().out) == (0, f"labgate {__version__}\n")
