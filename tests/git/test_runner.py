"""The runner starts git and nothing else, whatever the environment and the repository's configuration say."""

from __future__ import annotations

import os
import sys
import tracemalloc
from pathlib import Path

import pytest

from labgate.git.raw import PLAIN
from labgate.git.runner import LONGEST_LINE, Git, caller_env, first_line, spawn
from labgate.values.errors import GitError, MissingObjectError
from support.marker import Marker
from support.repo import Repo


def runner(repo: Repo, **env: str) -> Git:
    return Git(repo.git("rev-parse", "--absolute-git-dir"), repo.env | env)


# What goes through the pipe.


def peak(repo: Repo, size: int) -> int:
    """Return the most memory (bytes) that reading a file with one line of so many bytes takes."""
    oid = repo.git("hash-object", "-w", "--stdin", stdin="x" * size + "\nshort\n" + "y" * size)
    tracemalloc.start()
    try:
        lines = [(len(line), line[:1]) for line in runner(repo).stream("cat-file", "blob", oid)]
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    (first, x), short, (last, y) = lines
    assert (x, short, y) == (b"x", (5, b"s"), b"y")
    assert LONGEST_LINE <= min(first, last) <= max(first, last) < 2 * LONGEST_LINE
    return most


def test_a_line_of_any_length_takes_the_same_memory(repo: Repo) -> None:
    small, large = peak(repo, 8_000_000), peak(repo, 32_000_000)
    assert max(small, large) < 6 * LONGEST_LINE


@pytest.mark.parametrize("size", [0, 1, 3_000_000], ids=["nothing", "one byte", "more than a pipe holds"])
def test_all_of_stdin_arrives_and_all_of_stdout_and_stderr_come_back(size: int) -> None:
    status, out, err = spawn(["sh", "-c", "tee /dev/stderr"], dict(os.environ), b"x" * size)
    assert (status, len(out), len(err)) == (0, size, size)


def test_without_stdin_a_program_reads_an_empty_one() -> None:
    assert spawn(["cat"], dict(os.environ)) == (0, b"", b"")


def test_a_killed_program_has_a_negative_status() -> None:
    assert spawn(["sh", "-c", "kill -9 $$"], dict(os.environ))[0] == -9


def test_a_program_that_is_not_there_is_an_error_with_a_remedy() -> None:
    with pytest.raises(GitError, match="cannot start no-such-program") as caught:
        spawn(["no-such-program"], dict(os.environ))
    assert caught.value.help == "install git >= 2.34 and put it on PATH"


def test_no_descriptor_is_left_open(repo: Repo) -> None:
    git = runner(repo)
    git.run("version")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        git.run("version", stdin=b"x")
        with pytest.raises(GitError):
            git.run("no-such-command")
        with pytest.raises(GitError):
            spawn(["no-such-program"], {}, b"x")
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&-", "<&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("stdin", [None, b"in"])
def test_it_works_with_standard_streams_closed(repo: Repo, closed: str, stdin: bytes | None) -> None:
    code = (
        "import os; from labgate.git.runner import spawn\n"
        f"got = spawn(['sh', '-c', 'cat; echo out; echo err >&2'], dict(os.environ), {stdin!r})\n"
        "open('answer', 'w').write(repr(got))"
    )
    repo.run("sh", "-c", f'exec "$0" -c "$1" {closed}', sys.executable, code)
    assert (repo.path / "answer").read_text() == repr((0, (stdin or b"") + b"out\n", b"err\n"))


# What git is told.


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b"hint: wait\nfatal: not today\n", "not today"),
        (b"error: one\nfatal: two\n", "one"),
        (b"usage: git x\n", "usage: git x"),
        (b"", "git failed without a message"),
        (b"fatal: caf\xe9\n", "caf\\xe9"),
    ],
    ids=["fatal", "error first", "neither", "nothing", "not utf-8"],
)
def test_the_first_complaint_is_told(text: bytes, line: str) -> None:
    assert first_line(text) == line


def test_a_failure_names_the_command_and_gits_complaint(repo: Repo) -> None:
    with pytest.raises(GitError, match=r"^git cat-file: .*refs/heads/main"):
        runner(repo).run("cat-file", "commit", "refs/heads/main")


def test_an_accepted_status_is_no_failure(repo: Repo) -> None:
    assert runner(repo).status("config", "no.such.key", accept=(0, 1)) == (1, b"")


def test_a_missing_object_says_how_to_get_it(repo: Repo) -> None:
    repo.commit("one", {"a": "text"})
    blob = repo.git("rev-parse", "HEAD:a")
    (repo.path / ".git/objects" / blob[:2] / blob[2:]).unlink()
    git = Git(str(repo.path / ".git"), repo.env, fix=lambda: "bring it")
    with pytest.raises(MissingObjectError) as caught:
        git.run("diff-tree", "--root", "-p", "HEAD")
    assert caught.value.help == "bring it"


def test_only_the_users_own_places_are_inherited() -> None:
    hostile = {"GIT_CONFIG_COUNT": "1", "GIT_EXTERNAL_DIFF": "x", "GIT_SSH_COMMAND": "x", "LD_PRELOAD": "x"}
    env = caller_env({"PATH": "/bin", "HOME": "/h", "GIT_DIR": "/d", **hostile}, ("GIT_DIR",))
    assert env.keys() & hostile.keys() == set()
    assert (env["PATH"], env["HOME"], env["GIT_DIR"]) == ("/bin", "/h", "/d")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("core.fsmonitor", "{command}"),
        ("core.hooksPath", "{folder}"),
        ("core.pager", "{command}"),
        ("core.editor", "{command}"),
        ("core.sshCommand", "{command}"),
        ("core.alternateRefsCommand", "{command}"),
        ("pager.log", "{command}"),
        ("diff.external", "{command}"),
        ("diff.default.command", "{command}"),
        ("diff.default.textconv", "{command}"),
        ("gpg.program", "{program}"),
        ("gpg.ssh.program", "{program}"),
        ("log.showSignature", "true"),
        ("alias.log", "!{command}"),
        ("alias.diff-tree", "!{command}"),
        ("credential.helper", "!{command}"),
        ("trailer.x.command", "{command}"),
        ("trailer.x.cmd", "{command}"),
        ("merge.default", "evil"),
    ],
)
def test_t60_no_program_of_the_repositorys_configuration_runs(
    repo: Repo, tmp_path: Path, name: str, value: str
) -> None:
    marker = Marker(tmp_path / "marker")
    one = repo.commit("one", {"a": "1\n", ".gitattributes": "* merge=evil diff=default\n"})
    other = repo.branch("x").commit("two", {"a": "2\n"})
    third = repo.checkout("main").commit("three\n\nX: y", {"a": "3\n"})
    repo.git("config", "merge.evil.driver", marker.command)
    repo.git("config", name, value.format(command=marker.command, program=marker.program, folder=tmp_path / "hooks"))
    (tmp_path / "hooks").mkdir()
    for hook in ("post-index-change", "reference-transaction", "post-checkout"):
        (tmp_path / "hooks" / hook).symlink_to(marker.program)
    git = runner(repo)
    git.run("log", "--format=%B%(trailers:only)", third, other)
    git.run("diff-tree", "-p", "--root", *PLAIN, one)
    git.run("merge-tree", "--write-tree", third, other, accept=(0, 1))
    git.run("for-each-ref")
    assert marker.ran == ""


@pytest.mark.parametrize("protocol", ["protocol.ext.allow", "protocol.allow"])
def test_t60_a_promisor_remote_whose_url_is_a_program_is_not_asked(repo: Repo, tmp_path: Path, protocol: str) -> None:
    marker = Marker(tmp_path / "marker")
    repo.commit("one", {"a": "1\n" * 9})
    repo.commit("two", {"a": "2\n" * 9})
    blob = repo.git("rev-parse", "HEAD~1:a")
    # Like a partial clone: what is here promises what is not.
    pack = repo.git("pack-objects", "-q", ".git/objects/pack/pack", stdin=repo.git("rev-parse", "HEAD", "HEAD^{tree}"))
    (repo.path / f".git/objects/pack/pack-{pack}.promisor").touch()
    (repo.path / ".git/objects" / blob[:2] / blob[2:]).unlink()
    repo.git("config", "core.repositoryFormatVersion", "1")
    repo.git("config", "extensions.partialClone", "origin")
    repo.git("config", "remote.origin.promisor", "true")
    repo.git("config", "remote.origin.url", f"ext::{marker.program} %S")
    repo.git("config", protocol, "always")
    with pytest.raises(MissingObjectError):
        runner(repo).run("diff-tree", "-p", "HEAD~1", "HEAD")
    assert marker.ran == ""
    # The trap is a real one: git by itself falls into it.
    repo.run("git", "diff-tree", "-p", "HEAD~1", "HEAD", status=None)
    assert marker.ran != ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GIT_EXTERNAL_DIFF", "{command}"),
        ("GIT_SSH_COMMAND", "{command}"),
        ("GIT_ASKPASS", "{program}"),
        ("GIT_PAGER", "{command}"),
        ("GIT_EDITOR", "{command}"),
        ("GIT_PROXY_COMMAND", "{command}"),
        ("GIT_CONFIG_PARAMETERS", "'core.fsmonitor'='{command}'"),
        ("GIT_TRACE", "{file}"),
        ("GIT_TRACE2_EVENT", "{file}"),
        ("GIT_REPLACE_REF_BASE", "refs/heads/"),
        ("GIT_NAMESPACE", "elsewhere"),
        ("GIT_INDEX_FILE", "{file}"),
        ("GIT_ATTR_SOURCE", "HEAD"),
        ("GIT_DIFF_OPTS", "-u0"),
    ],
)
def test_t62_no_variable_of_the_environment_counts(repo: Repo, tmp_path: Path, name: str, value: str) -> None:
    marker = Marker(tmp_path / "marker")
    commit = repo.commit("one", {"a": "1\n", ".gitattributes": "* -diff\n"})
    spelled = value.format(command=marker.command, program=marker.program, file=marker.file)
    questions = (("diff-tree", "-p", "--root", commit), ("for-each-ref",), ("log", "--format=%B", commit))
    for question in questions:
        assert runner(repo, **{name: spelled}).run(*question) == runner(repo).run(*question)
    assert marker.ran == ""


def test_t62_configuration_by_counted_variables_does_not_count(repo: Repo, tmp_path: Path) -> None:
    marker = Marker(tmp_path / "marker")
    commit = repo.commit("one", {"a": "1\n"})
    pairs = [("diff.external", marker.command), ("core.fsmonitor", marker.command), ("core.abbrev", "4")]
    env = {"GIT_CONFIG_COUNT": str(len(pairs))}
    for number, (key, value) in enumerate(pairs):
        env |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    question = ("diff-tree", "-p", "--root", commit)
    assert runner(repo, **env).run(*question) == runner(repo).run(*question)
    assert marker.ran == ""


def test_the_quarantine_of_a_push_stays_visible(repo: Repo, tmp_path: Path) -> None:
    repo.commit("one", {"a": "1"})
    (tmp_path / "quarantine").mkdir()
    extra = {
        "GIT_OBJECT_DIRECTORY": str(tmp_path / "quarantine"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(repo.path / ".git/objects"),
    }
    oid = repo.git("hash-object", "-w", "--stdin", stdin="in quarantine", **extra)
    git = Git(str(repo.path / ".git"), repo.env, extra=extra)
    assert git.run("cat-file", "blob", oid) == b"in quarantine"
    with pytest.raises(GitError):
        runner(repo).run("cat-file", "blob", oid)
