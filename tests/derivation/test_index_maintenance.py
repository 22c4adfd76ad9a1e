"""Whatever is where the index should be, the answers are right, and its status says what is wrong."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from labgate.derivation.index_maintenance import IndexStatus, index_status
from labgate.derivation.index_maintenance import rebuild as rebuild_index
from labgate.fingerprints.index import Index
from labgate.fingerprints.storage import lock
from labgate.git.refs import read_refs
from labgate.research.unlanded import unlanded_path
from labgate.values.errors import MissingObjectError
from support.provenance import code, in_children, index_file, landing, open_repository, sources_of, traces
from support.repo import Repo
from support.templates import prepared


@prepared
def team(repo: Repo) -> Repo:
    """Two research branches; one was picked to main, the other is about to be squashed."""
    repo.commit("Start", {"a.py": code("alpha", "beta")})
    repo.branch("research/x").commit("Gamma", {"a.py": code("alpha", "beta", "gamma")})
    repo.commit("Delta", {"b.py": code("delta")})
    repo.checkout("main").branch("research/y").commit("Zeta", {"c.py": code("zeta", "theta")})
    repo.checkout("main").commit("Own work", {"d.py": code("kappa")})
    repo.git("cherry-pick", "research/y")
    repo.branch("landing")
    repo.git("merge", "--quiet", "--squash", "research/x")
    repo.commit("Squashed")
    return repo.checkout("main")


def answers(repo: Repo) -> object:
    return traces(repo, repo.git("rev-list", "main").split()), landing(repo, "landing")


def rebuild(repo: Repo, trunk: str | None = "refs/heads/main") -> IndexStatus:
    repository = open_repository(repo)
    return rebuild_index(repository, read_refs(repository), sources_of(repository), trunk)


def status(repo: Repo) -> IndexStatus:
    return index_status(open_repository(repo))


def test_the_answers_of_these_tests_say_something(team: Repo) -> None:
    found, (evidence, _) = traces(team, [team.head("main")]), landing(team, "landing")
    assert found[team.head("main")].derived
    assert [(item.method, item.decisive) for item in evidence] == [("squash", True)]


def directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def blocked_folder(path: Path) -> None:
    for name in path.parent.iterdir():
        name.unlink()
    path.parent.rmdir()
    path.parent.touch()


def blocked_lock(path: Path) -> None:
    path.unlink()
    lock = Path(f"{path}.lock")
    lock.unlink()
    lock.mkdir()


def overwritten(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 99)


def foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE document(key TEXT, number INTEGER)")
        db.execute("INSERT INTO document VALUES('x', 1)")
        db.commit()


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def torn(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 100)


def holes(path: Path) -> None:
    with path.open("r+b") as stream:
        for start in range(4096, path.stat().st_size, 3000):
            stream.seek(start)
            stream.write(b"\0" * 64)


def another_schema(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TABLE run")
        db.execute("CREATE TABLE run(owner INTEGER)")


DAMAGES: list[tuple[Callable[[Path], None], bool]] = [
    (Path.unlink, False),
    (directory, True),
    (blocked_folder, True),
    (overwritten, True),
    (foreign, True),
    (truncated, True),
]
#: What only shows when it is read.
SUBTLE: list[tuple[Callable[[Path], None], bool]] = [(torn, False), (holes, False), (another_schema, False)]
SUBTLE += [(blocked_lock, False), (lambda path: os.truncate(path, 0), False)]


@pytest.mark.parametrize(
    ("damage", "told"),
    [*DAMAGES, *SUBTLE],
    ids=[
        *("deleted", "a directory in its place", "a file in the folder's place", "random bytes", "another database"),
        *("truncated", "without its end", "full of holes", "tables of another kind", "no lock to be had", "empty"),
    ],
)
def test_damage_costs_time_and_never_an_answer(team: Repo, damage: Callable[[Path], None], told: bool) -> None:
    expected = answers(team)
    rebuild(team)
    path = index_file(team)
    damage(path)
    found = status(team)
    assert (found.problem is not None) or not told
    assert answers(team) == expected
    assert answers(team) == expected
    if path.is_file() and path.stat().st_size:
        assert status(team).problem is None
        with closing(Index(str(path))) as index:
            assert index.counts()["document"] > 0


def test_a_rebuild_mends_what_can_be_mended(team: Repo) -> None:
    expected = answers(team)
    for damage in (overwritten, foreign, truncated, holes, another_schema):
        whole = rebuild(team)
        assert whole.problem is None
        damage(index_file(team))
        mended = rebuild(team)
        assert (mended.problem, mended.documents, mended.main_commits) == (None, whole.documents, whole.main_commits)
        assert answers(team) == expected


def test_status_counts_and_changes_nothing(team: Repo) -> None:
    nothing = status(team)
    path = index_file(team)
    assert (nothing.exists, nothing.problem, nothing.documents, nothing.bytes) == (False, None, 0, 0)
    assert not path.exists()
    assert nothing.path == str(path)
    assert path.name == f"index-{nothing.version}.sqlite"
    built = rebuild(team)
    before = path.read_bytes()
    # Nobody pushed: the ledger knows of no refs.
    assert status(team) == built.changed(refs=0)
    assert path.read_bytes() == before
    # Three commits of two branches, and one branch as a whole.
    assert (built.exists, built.documents, built.main_commits, built.bytes) == (True, 4, 3, len(before))


def test_a_rebuild_forgets_what_was_unlanded(team: Repo) -> None:
    kept = Path(unlanded_path(open_repository(team).common_dir))
    kept.parent.mkdir(exist_ok=True)
    kept.touch()
    rebuild(team)
    assert not kept.exists()


def test_a_rebuild_without_research_or_trunk_is_empty(repo: Repo) -> None:
    assert rebuild(repo, None).documents == 0
    repo.commit("Start", {"a.py": code("alpha")})
    assert rebuild(repo, "refs/heads/nowhere").main_commits == 0
    found = rebuild(repo)
    assert (found.documents, found.main_commits, found.problem) == (0, 1, None)


def aged(path: Path, days: float) -> Path:
    """Make a file that was last used so many days ago."""
    path.write_bytes(b"of another labgate")
    os.utime(path, (time.time() - days * 86_400,) * 2)
    return path


def test_an_index_of_another_version_goes_when_it_is_not_used_or_at_a_rebuild(team: Repo) -> None:
    ours = index_file(team)
    ours.parent.mkdir(exist_ok=True)
    used = aged(ours.with_name("index-0.99.sqlite"), 29)
    building, unused = (aged(ours.with_name(f"index-{number}.1.sqlite"), 31) for number in (5, 6))
    strangers = [aged(ours.with_name(name), 99) for name in ("notes.sqlite", "index-6.sqlite", "index-6.x.sqlite")]
    target = aged(team.path / "target", 99)
    link = ours.with_name("index-6.2.sqlite")
    link.symlink_to(target)
    with lock(str(building)):
        answers(team)
    assert not unused.exists()
    assert [other.path for other in status(team).others] == [str(used), str(building)]
    assert status(team).problem is None
    rebuild(team)
    assert not used.exists()
    assert not building.exists()
    assert ours.exists()
    assert all(path.read_bytes() == b"of another labgate" for path in (*strangers, target, link))


def test_a_version_that_only_reads_its_index_has_used_it(team: Repo) -> None:
    answers(team)
    ours = index_file(team)
    long_ago = time.time() - 40 * 86_400
    os.utime(ours, (long_ago, long_ago))
    status(team)
    assert ours.stat().st_mtime == pytest.approx(long_ago, abs=1)
    content = ours.read_bytes()
    answers(team)
    assert ours.stat().st_mtime == pytest.approx(time.time(), abs=600)
    assert ours.read_bytes() == content


def test_several_processes_build_the_same(team: Repo) -> None:
    expected = answers(team)
    whole = rebuild(team)
    index_file(team).unlink()

    def ask() -> None:
        assert answers(team) == expected

    assert in_children(ask, ask, ask, lambda: rebuild(team), ask) == [0] * 5
    assert answers(team) == expected
    assert status(team).problem is None
    with closing(Index(str(index_file(team)))) as index:
        assert index.counts()["document"] == whole.documents


@pytest.mark.parametrize("delay", [0.005, 0.01, 0.02, 0.03, 0.05, 0.08])
def test_a_killed_build_leaves_nothing_wrong(team: Repo, delay: float) -> None:
    expected = answers(team)
    index_file(team).unlink()

    def die() -> None:
        signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        signal.setitimer(signal.ITIMER_REAL, delay)
        answers(team)
        os.kill(os.getpid(), signal.SIGKILL)

    assert in_children(die) == [-signal.SIGKILL]
    before = time.monotonic()
    assert answers(team) == expected
    assert time.monotonic() - before < 10
    assert status(team).problem is None


@pytest.mark.parametrize("size", [0, 5_000, 20_000, 50_000])
def test_a_full_disk_costs_no_answer(team: Repo, size: int) -> None:
    expected = answers(team)
    index_file(team).unlink()

    def ask() -> None:
        repository = open_repository(team)
        # What git is asked is written to files as well; they are smaller than any index.
        assert repository.objects.git_dir
        resource.setrlimit(resource.RLIMIT_FSIZE, (max(size, 4_000), resource.RLIM_INFINITY))
        assert answers(team) == expected

    assert in_children(ask) == [0]
    assert answers(team) == expected
    assert status(team).problem is None


def test_a_missing_blob_is_an_error_and_never_a_clean_answer(team: Repo) -> None:
    blob = team.git("rev-parse", "research/x:b.py")
    server = team.with_remote("server")
    server.git("config", "uploadpack.allowFilter", "true")
    team.push("--all", remote="server")
    partial = Repo(team.path.parent / "partial", team.env)
    team.git("clone", "--quiet", "--no-checkout", "--filter=blob:none", server.path.as_uri(), str(partial.path))
    for name in ("research/x", "research/y", "landing"):
        partial.git("update-ref", f"refs/heads/{name}", f"refs/remotes/origin/{name}")
    assert blob not in partial.git("cat-file", "--batch-all-objects", "--batch-check")
    for _ in range(2):
        with pytest.raises(MissingObjectError) as raised:
            landing(partial, "landing")
        assert raised.value.help == "git fetch --refetch --no-filter origin"
        (traced,) = traces(partial, [partial.head("main")]).values()
        assert (traced.lacking, traced.undecidable, traced.evidence) == (True, True, ())
    partial.git("fetch", "--quiet", "--refetch", "--no-filter", "origin")
    assert landing(partial, "landing") == landing(team, "landing")
