"""What is staged, as records and as weight; what commits change is told in ``test_diffs``."""

from __future__ import annotations

import os

import pytest

from labgate.git.raw import Entry, Lines, blob_sizes, read_records, staged_records, weigh
from labgate.git.runner import Git
from labgate.scene.workplace import find_workplace
from labgate.values.batch import FileChange
from labgate.values.errors import MissingObjectError
from support.repo import Repo


def index(repo: Repo) -> Git:
    return find_workplace(repo.env, str(repo.path)).git()


def staged(repo: Repo, *, sizes: bool = True) -> dict[str, FileChange]:
    git = index(repo)
    files = weigh(git, {"": staged_records(git, "HEAD")}, sizes=sizes)[""]
    return {file.path: file for file in files}


def test_records_are_told_apart_whatever_the_paths_look_like() -> None:
    names = (":100644 100644 a b M", "1\t2\tx", "\n", "latin-\udce9")
    raw = b"".join(b":100644 100644 aa bb M\0" + os.fsencode(name) + b"\0" for name in names)
    renamed = b":100644 100644 aa aa R100\0old\0new\0"
    numstat = b"".join(b"1\t2\t" + os.fsencode(name) + b"\0" for name in names) + b"-\t-\t\0old\0new\0"
    assert list(read_records(b"c0ffee\0" + raw + renamed + numstat)) == [
        "c0ffee",
        *(Entry("M", name, "aa", "bb", "100644") for name in names),
        Entry("R", "new", "aa", "aa", "100644"),
        *(Lines(name, 1, 2) for name in names),
        Lines("new", 0, 0, binary=True),
    ]


def test_what_is_staged_is_weighed(repo: Repo) -> None:
    repo.commit("Start", {"a": "1\n2\n", "b": "1\n", "c": "moved\n" * 9, "d": "same\n"})
    repo.write({"a": "1\n3\n4\n", "e": b"\0" * 7, "d": "not staged\n"})
    repo.git("mv", "c", "f")
    repo.git("rm", "--quiet", "b")
    repo.git("add", "a", "e")
    assert staged(repo) == {
        "a": FileChange("a", "M", 2, 1, 6),
        "b": FileChange("b", "D", 0, 1, 0),
        "e": FileChange("e", "A", 0, 0, 7),
        "f": FileChange("f", "R", 0, 0, 0),
    }
    assert {file.size for file in staged(repo, sizes=False).values()} == {0}


def test_a_file_that_is_only_intended_to_be_added_is_not_staged(repo: Repo) -> None:
    repo.commit("Start")
    repo.write({"a": "1\n"}).git("add", "--intent-to-add", "a")
    assert staged(repo) == {}


def test_a_conflict_in_the_index_has_no_weight(repo: Repo) -> None:
    repo.commit("Start", {"a": "0\n"})
    repo.branch("side").commit("Side", {"a": "1\n"})
    repo.checkout("main").commit("Main", {"a": "2\n"})
    repo.run("git", "merge", "--quiet", "side", status=1)
    assert [(file.status, file.size) for file in staged(repo).values()] == [("U", 0)]


@pytest.mark.parametrize("linked", [pytest.param(False, id="main work tree"), pytest.param(True, id="linked one")])
def test_staged_attributes_hide_nothing(repo: Repo, linked: bool) -> None:
    repo.commit("Start", {"a": "0\n"})
    if linked:
        repo.git("worktree", "add", "--quiet", "-b", "other", "../linked")
        repo = Repo(repo.path.parent / "linked", repo.env)
    repo.write({"b": "1\n2\n", ".gitattributes": "* -diff\n"}).git("add", "--all")
    assert staged(repo)["b"].added == 2


def test_sizes_are_those_of_git_wherever_the_blobs_are(repo: Repo) -> None:
    """A blob in a file of its own, as one that was just staged, takes no process; of others git tells."""
    repo.commit("Start", {"packed": "p" * 70_000, "garbled": "g\n", "cut": "c" * 99, "pipe": "0\n"})
    repo.git("repack", "-adq")
    for name, content in (("garbled", b"blob 1\0"), ("cut", b"x\x9c"), ("pipe", None)):
        oid = repo.git("rev-parse", f":{name}")
        path = repo.path / ".git/objects" / oid[:2] / oid[2:]
        path.parent.mkdir(exist_ok=True)
        os.mkfifo(path) if content is None else path.write_bytes(content)
    repo.write({"empty": "", "a": "1\n", "b": "x" * 5000, "tree/c": "3\n"}).git("add", "--all")
    wanted = {line.split()[1] for line in repo.git("ls-files", "--stage").splitlines()}
    git = index(repo)
    assert git.loose is not None
    sizes = blob_sizes(git, wanted)
    assert sizes == blob_sizes(Git(git.git_dir, repo.env), wanted)
    assert sorted(sizes.values()) == [0, 2, 2, 2, 2, 99, 5000, 70_000]


def test_a_blob_that_is_not_here_is_said(repo: Repo) -> None:
    repo.commit("Start")
    assert blob_sizes(index(repo), set()) == {}
    with pytest.raises(MissingObjectError, match="1111"):
        blob_sizes(index(repo), {"1" * 40})
