"""Documents are made once, by two processes where there are many, and chains only as far as they are missing."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from labgate.fingerprints import building as documents
from labgate.fingerprints.building import ensure_both, ensure_branch, ensure_chain, ensure_documents
from labgate.fingerprints.index import Index
from labgate.values.errors import GitError
from support.notebooks import notebook
from support.provenance import code, document_of, in_children, open_repository
from support.repo import Repo


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with closing(Index(str(tmp_path / "index"))) as opened:
        yield opened


def grow(repo: Repo, commits: int) -> list[str]:
    """Make many commits at once; return them, oldest first."""
    stream = []
    for number in range(commits):
        stream.append(f"commit refs/heads/main\ncommitter G <g@x> {1_700_000_000 + number} +0000\ndata 1\nc")
        stream.append(f"M 100644 inline f{number % 7}.py\ndata <<END\n{code(f'name_{number}', 'same')}END\n")
    repo.git("fast-import", "--quiet", "--force", stdin="\n".join(stream) + "\n")
    return repo.git("rev-list", "--reverse", "main").split()


def test_a_document_is_what_its_commit_changes(repo: Repo, index: Index) -> None:
    oids = grow(repo, 5)
    keys = [oids[3], f"{oids[0]}..{oids[4]}", oids[1], oids[3]]
    numbers = ensure_documents(open_repository(repo), index, keys)
    assert numbers.keys() == set(keys)
    for key in (oids[3], oids[1]):
        assert index.document(numbers[key]) == document_of(repo, key)
    whole = index.document(numbers[keys[1]])
    assert whole.paths == tuple(f"f{number}.py" for number in range(1, 5))
    more = ensure_documents(open_repository(repo), index, [*keys, oids[0]])
    assert {key: more[key] for key in numbers} == numbers
    assert len(set(more.values())) == len(more) == 4


def test_two_processes_make_what_one_makes(repo: Repo, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    oids = grow(repo, 300)
    repository = open_repository(repo)
    told = []
    # The processes that read the branch read research after it.
    ensure_both(repository, index, oids[:200], oids, lambda *how: told.append(how))
    numbers = ensure_documents(repository, index, oids)
    monkeypatch.setattr(documents, "_SPREAD", 10_000)
    with closing(Index(None)) as other:
        same = ensure_documents(repository, other, oids)
        assert [index.document(numbers[oid]) for oid in oids] == [other.document(same[oid]) for oid in oids]
        ensure_chain(repository, other, oids[:200])
        assert [index.linked(oid) for oid in oids[:200]] == [other.linked(oid) for oid in oids[:200]]
    assert told[-1][1:] == (300, 300)
    assert index.document(numbers[oids[7]]).exact is not None


def test_a_chain_is_the_same_by_two_processes_and_in_small_batches(
    repo: Repo, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    oids = grow(repo, 300)
    repository = open_repository(repo)
    ensure_chain(repository, index, oids)
    monkeypatch.setattr(documents, "_SPREAD", 10_000)
    monkeypatch.setattr(documents, "_CHAIN_BATCH", 400)
    told, batches = [], []
    with closing(Index(None)) as other:
        extend = other.extend

        def counted(*args: Any) -> str:
            batches.append(args)
            return extend(*args)

        monkeypatch.setattr(other, "extend", counted)
        ensure_chain(repository, other, oids, lambda *how: told.append(how))
        assert [index.link(oid) for oid in oids] == [other.link(oid) for oid in oids]
        assert [index.linked(oid) for oid in oids] == [other.linked(oid) for oid in oids]
    assert len(batches) > 3
    assert told[-1][1:] == (300, 300)
    # What every file has is new in the first commit that has it; the names are new each time.
    assert len(index.linked(oids[0]).features) > len(index.linked(oids[99]).features) > 0


def test_a_missing_object_costs_its_own_documents_alone(repo: Repo, index: Index) -> None:
    repo.git("config", "fastimport.unpackLimit", "100000")
    oids = grow(repo, 300)
    blob = repo.git("rev-parse", f"{oids[200]}:f4.py")
    path = repo.path / ".git/objects" / blob[:2] / blob[2:]
    path.rename(repo.path / "taken")
    numbers = ensure_documents(open_repository(repo), index, [*oids, "1" * 40])
    # The one that has it, and the next one that changes it.
    assert index.gaps() == {oids[200]: (blob,), oids[207]: (blob,), "1" * 40: ("1" * 40,)}
    assert [at for at, oid in enumerate(oids) if index.document(numbers[oid]).exact is None] == [200, 207]
    (repo.path / "taken").rename(path)
    index.gaps_checked = False
    # What was built without it is not kept: `indexed` builds it anew.
    with pytest.raises(sqlite3.DatabaseError, match="have come here"):
        ensure_documents(open_repository(repo), index, oids)


def workers_of(pid: int) -> list[int]:
    """Return the python processes that a process has started."""
    listed = subprocess.run(["ps", "-o", "pid=,comm=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    rows = (line.split() for line in listed.stdout.splitlines())
    return [int(number) for number, name in rows if "git" not in name]


def building(repo: Repo, path: Path) -> tuple[int, list[int]]:
    """Start a process that builds a large index; return it and its workers."""
    oids = repo.git("rev-list", "main").split()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            with closing(Index(str(path))) as index:
                ensure_documents(open_repository(repo), index, oids)
            status = 0
        except GitError as error:
            status = 2 if "was stopped" in error.message else 1
        finally:
            os._exit(status)
    for _ in range(1000):
        if len(found := workers_of(child)) >= 2:
            return child, found
        time.sleep(0.01)
    message = "it never had two workers"
    raise AssertionError(message)


def gone(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"


def waits_for(pids: list[int], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not all(map(gone, pids)):
        time.sleep(0.05)
    return all(map(gone, pids))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="sees processes through /proc")
def test_when_a_build_is_killed_its_workers_end_and_the_lock_is_let_go(repo: Repo, tmp_path: Path) -> None:
    grow(repo, 2500)
    path = tmp_path / "killed"
    child, workers = building(repo, path)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert waits_for(workers, 20)
    with closing(Index(str(path))) as index, index.building():
        pass


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="sees processes through /proc")
def test_when_a_worker_is_killed_the_build_says_so_and_ends(repo: Repo, tmp_path: Path) -> None:
    grow(repo, 2500)
    child, workers = building(repo, tmp_path / "orphaned")
    os.kill(workers[0], signal.SIGKILL)
    if not waits_for([child], 30):
        os.kill(child, signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2


def test_a_chain_is_indexed_from_where_it_is_known(repo: Repo, index: Index) -> None:
    oids = grow(repo, 9)
    told: list[tuple[str, int, int]] = []
    for end in (4, 4, 9):
        ensure_chain(open_repository(repo), index, oids[:end], lambda *how: told.append(how))
    assert [how[1:] for how in told] == [(0, 4), (4, 4), (0, 5), (5, 5)]
    assert [index.link(oid).depth for oid in oids if index.link(oid)] == list(range(9))  # type: ignore[union-attr]
    assert index.counts() == {"document": 0, "link": 9}


@pytest.mark.parametrize("commits", [1, 63, 64, 65, 200])
def test_a_branch_is_indexed_whatever_its_length(repo: Repo, index: Index, commits: int) -> None:
    oids = grow(repo, commits)
    ensure_branch(open_repository(repo), index, oids[-1])
    assert index.counts()["link"] == commits
    link = index.link(oids[-1])
    assert link is not None
    assert link.depth == commits - 1
    repo.checkout("main")
    longer = repo.commit("More", {"g.py": code("more")})
    ensure_branch(open_repository(repo), index, longer)
    assert index.counts()["link"] == commits + 1


def test_a_branch_that_is_named_by_an_annotated_tag_ends(repo: Repo, tmp_path: Path) -> None:
    grow(repo, 3)
    repo.git("tag", "-a", "-m", "Release", "v1", "main")
    tag = repo.git("rev-parse", "v1")

    def work() -> None:
        signal.alarm(10)
        with closing(Index(str(tmp_path / "index"))) as index:
            ensure_branch(open_repository(repo), index, tag)

    assert in_children(work) == [0]


def test_code_cells_of_a_notebook_are_code(repo: Repo) -> None:
    repo.commit("Start", {"a": "1"})
    repo.commit("Notebook", {"n.ipynb": notebook([code("alpha")], "1")})
    cells = document_of(repo)
    repo.commit("Module", {"n.py": code("alpha")})
    assert cells.lines == document_of(repo).lines > 3
