"""The ledger's file, whoever writes at once, is killed, or finds no room to write."""

from __future__ import annotations

import fcntl
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labgate.research import ledger as ledger_module
from labgate.research.ledger import DeletedTip, FirstRecord, Ledger
from support.isolated import obey_permissions
from support.ledgers import YEAR, A, B, C, D, X, Y, answers, look, oid


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "git").mkdir()
    return tmp_path / "git" / "labgate" / "ledger"


@pytest.fixture
def ledger(path: Path) -> Ledger:
    return Ledger(str(path))


# Whatever happens to the file.


def write_history(path: Path) -> bytes:
    look(Ledger(str(path)), 10, x=[B, A], y=[D])
    look(Ledger(str(path)), 20, x=[C])
    return path.read_bytes()


def assert_nothing_is_made_up(ledger: Ledger) -> None:
    """What is left of ``write_history`` may lack entries, but none is wrong."""
    assert {(tip.ref, tip.oid) for tip in ledger.deleted(40, YEAR)} <= {(X, B), (Y, D)}
    assert ledger.tips().items() <= {X: B, Y: D}.items() or ledger.tips().items() <= {X: C, Y: D}.items()
    for name, ref, times in ((A, X, {10}), (B, X, {10}), (C, X, {20, 30}), (D, Y, {10})):
        seen = ledger.first_seen(name)
        assert seen is None or (seen.ref == ref and seen.time in times)


@pytest.mark.parametrize("end", [b"", b"\0" * 70, b"\0" * 70 + b" .\n"], ids=["cut", "zeros", "zeros within a line"])
def test_wherever_a_write_is_cut_short_the_next_look_goes_on_from_there(path: Path, end: bytes) -> None:
    whole = write_history(path)
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut] + end)
        ledger = Ledger(str(path))
        assert_nothing_is_made_up(ledger)
        look(ledger, 30, x=[C])
        assert_nothing_is_made_up(ledger)
        assert ledger.tips() == {X: C}
        assert ledger.first_seen(C) is not None
        assert path.read_bytes().startswith(whole[:cut] + end)
        assert answers(Ledger(str(path)), [A, B, C, D]) == answers(ledger, [A, B, C, D])


def limited(size: int, action: Callable[[], None]) -> None:
    """Do something while no file can grow beyond so many bytes, as on a disk that fills up right now."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        action()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_spoils_nothing_and_the_run_goes_on_in_memory(path: Path) -> None:
    room = len(write_history(path))
    look(Ledger(str(path)), 30, x=[A], y=[D])
    start, end = path.read_bytes()[:room], len(path.read_bytes())
    for size in range(room, end):
        path.write_bytes(start)
        ledger = Ledger(str(path))
        limited(size, lambda ledger=ledger: look(ledger, 30, x=[A], y=[D]))  # type: ignore[misc]
        # A line that lacks no more than its end is whole.
        assert bool(ledger._held) is (size < end - 1)
        assert path.read_bytes().startswith(start)
        assert ledger.tips() == {X: A, Y: D}
        assert ledger.deleted(30, YEAR) == (DeletedTip(X, C, 30), DeletedTip(X, B, 20))
        assert set(Ledger(str(path)).tips().items()) <= {(X, C), (X, A), (Y, D)}
        look(ledger, 40, x=[A], y=[D])
        assert not ledger._held
        assert answers(Ledger(str(path)), [A, B, C, D], 40) == answers(ledger, [A, B, C, D], 40)
        assert Ledger(str(path)).deleted(40, YEAR) == (DeletedTip(X, C, 30), DeletedTip(X, B, 20))


@pytest.mark.parametrize("obstacle", ["a file where the folder should be", "a folder where the file should be"])
def test_what_cannot_be_written_waits_in_memory(path: Path, ledger: Ledger, obstacle: str) -> None:
    in_the_way = path if obstacle.startswith("a folder") else path.parent
    in_the_way.parent.mkdir(exist_ok=True)
    in_the_way.mkdir() if in_the_way == path else in_the_way.touch()
    look(ledger, 10, x=[A])
    look(ledger, 20, x=[B])
    assert ledger.tips() == {X: B}
    assert ledger.deleted(20, YEAR) == (DeletedTip(X, A, 20),)
    assert ledger.first_seen(A) == FirstRecord(A, X, 10)
    assert ledger._held
    in_the_way.rmdir() if in_the_way == path else in_the_way.unlink()
    look(Ledger(str(path)), 15, x=[A])
    look(ledger, 30, x=[B])
    assert not ledger._held
    assert ledger.first_seen(A) == FirstRecord(A, X, 15), "another process was first to write it down"
    assert answers(Ledger(str(path)), [A, B]) == answers(ledger, [A, B])


_READ_ONLY = """
import sys
from labgate.research.ledger import Ledger
ledger = Ledger(sys.argv[1])
ledger.observe({"refs/heads/z": "f" * 40}, {}, 50)
print(len(ledger._held), dict(ledger.tips()) == {"refs/heads/z": "f" * 40}, len(ledger.deleted(50, 99)))
"""


def test_a_read_only_git_directory_is_no_error(path: Path) -> None:
    before = write_history(path)
    path.chmod(0o444)
    path.parent.chmod(0o555)
    argv = [sys.executable, "-c", _READ_ONLY, str(path)]
    done = subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True, preexec_fn=obey_permissions)
    path.chmod(0o644)
    path.parent.chmod(0o755)
    assert done.stdout.split() == ["2", "True", "3"]
    assert path.read_bytes() == before


def test_a_process_that_was_stopped_with_the_lock_stops_nobody(
    path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = write_history(path)
    monkeypatch.setattr(ledger_module, "PATIENCE", 0.05)
    with path.open("rb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        look(ledger, 30, x=[A])
        assert (ledger.tips(), len(ledger._held), path.read_bytes()) == ({X: A}, 2, before)
    look(ledger, 40, x=[A])
    assert not ledger._held
    assert Ledger(str(path)).deleted(40, YEAR)[0] == DeletedTip(X, C, 30)


def test_entries_of_a_newer_format_stay_and_are_passed_over(path: Path) -> None:
    unknown = f"moved 11 {X} {B} .\nnote 12 a b c d e .\nnew soon {X} {C} .\n\n# by hand .\n"
    text = f"labgate-ledger 7\nnew 10 {X} {A} .\n{unknown}"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    ledger = Ledger(str(path))
    assert answers(ledger, [A, B, C]) == ([FirstRecord(A, X, 10), None, None], {X: A}, (), 1)
    look(ledger, 20, x=[B, A])
    assert path.read_text() == text + f"new 20 {X} {B} .\n"


@pytest.mark.parametrize("loss", ["deleted", "emptied", "replaced"])
def test_a_ledger_that_somebody_takes_away_is_begun_anew(path: Path, ledger: Ledger, loss: str) -> None:
    look(ledger, 10, x=[B, A], y=[D])
    if loss == "replaced":
        path.with_name("other").write_text(f"labgate-ledger 1\nnew 5 {X} {A} .\n" + "\n" * 999)
        path.with_name("other").replace(path)
    else:
        path.unlink() if loss == "deleted" else path.write_bytes(b"")
    look(ledger, 20, x=[B, A])
    assert ledger.first_seen(A) == FirstRecord(A, X, 5 if loss == "replaced" else 20)
    assert answers(Ledger(str(path)), [A, B, D]) == answers(ledger, [A, B, D])


# Many processes.

_WRITER = """
import sys
from labgate.research.ledger import Ledger
path, me, writers, looks = sys.argv[1], *map(int, sys.argv[2:])
tips = {f"refs/heads/research/{n}": f"{n:040x}" for n in range(writers)}
sys.stdin.readline()
for number in range(looks):
    shared, own = f"{0xa0000 + number:040x}", f"{0xb0000 + me * 1000 + number:040x}"
    Ledger(path).observe(tips, {f"refs/heads/research/{me}": [shared, own]}, 100 + me)
"""


def start(script: str, *arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", script, *map(str, arguments)], stdin=subprocess.PIPE)


def test_many_processes_write_at_once_and_nothing_is_lost_or_written_twice(path: Path) -> None:
    writers, looks = 9, 25
    running = [start(_WRITER, path, me, writers, looks) for me in range(writers)]
    time.sleep(0.5)
    for process in running:
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
    for process in running:
        process.communicate(timeout=120)
    assert [process.returncode for process in running] == [0] * writers
    ledger = Ledger(str(path))
    assert len(ledger.tips()) == writers
    assert ledger.deleted(200, YEAR) == ()
    for me in range(writers):
        for number in range(looks):
            seen = ledger.first_seen(f"{0xB0000 + me * 1000 + number:040x}")
            assert seen == FirstRecord(f"{0xB0000 + me * 1000 + number:040x}", f"refs/heads/research/{me}", 100 + me)
            assert path.read_text().count(f"{0xA0000 + number:040x}") == 1
    assert all(line.endswith(" .") for line in path.read_text().splitlines()[1:])


_GROWER = """
import sys
from labgate.research.ledger import Ledger
ledger = Ledger(sys.argv[1])
while True:
    last = int(ledger.tips().get("refs/heads/x", "0"), 16)
    commits = [f"{n:040x}" for n in range(last + 20_000, 0, -1)][:40_000]
    ledger.observe({"refs/heads/x": commits[0]}, {"refs/heads/x": commits}, last)
"""


def test_processes_that_are_killed_while_they_write_leave_what_was_written_before(path: Path) -> None:
    before = b""
    for number in range(12):
        process = start(_GROWER, path)
        while process.poll() is None and (not path.exists() or path.stat().st_size == len(before)):
            time.sleep(0.001)
        time.sleep(number / 300)
        process.kill()
        process.communicate(timeout=60)
        content = path.read_bytes()
        assert content.startswith(before)
        assert len(content) > len(before)
        before = content
    ledger = Ledger(str(path))
    last = int(ledger.tips()["refs/heads/x"], 16)
    assert last % 20_000 == 0
    assert all(ledger.first_seen(f"{n:040x}") for n in range(last, 0, -499))
    assert ledger.first_seen(f"{last + 1:040x}") is None
    assert ledger.deleted(last, YEAR) == ()


# Whatever the order.

REFS = [os.fsdecode(name) for name in (b"refs/heads/a", b"refs/heads/\xff", "refs/heads/\u2028\x85".encode())]
OIDS = [oid(number) for number in range(6)]
LOOKS = st.dictionaries(st.sampled_from(REFS), st.lists(st.sampled_from(OIDS), min_size=1, unique=True))
DAMAGE = st.one_of(
    st.builds(lambda name, size: f"new 5 {name} {D} .\n".encode()[:size], st.just("refs/ghost"), st.integers(0, 58)),
    st.sampled_from([b"other 5 refs/heads/a 1 .\n", b"\0\0\n", b"tip refs/heads/a .\n", b"\xe2\x80"]),
)


def _landed(oids: set[str]) -> Callable[[str, str], bool]:
    return lambda old, _: old in oids


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(LOOKS, st.integers(0, 99), st.sets(st.sampled_from(OIDS)), DAMAGE), max_size=12))
def test_the_file_says_what_the_living_object_says(
    steps: list[tuple[dict[str, list[str]], int, set[str], bytes]],
) -> None:
    first: dict[str, tuple[str, int]] = {}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger"
        living, before = Ledger(str(path)), dict[str, str]()
        for commits, now, covered, damage in steps:
            tips = {ref: oids[0] for ref, oids in commits.items()}
            nothing_new = living.shows(tips, set[str]().union(*commits.values()))
            stood = path.read_bytes() if path.exists() else b""
            living.observe(tips, commits, now, continues=_landed(covered))
            assert not nothing_new or (path.read_bytes() if path.exists() else b"") == stood
            for ref, oids in commits.items():
                first |= {oid: (ref, now) for oid in oids if oid not in first}
            gone = {(tip.ref, tip.oid) for tip in living.deleted(0, YEAR)}
            for ref, old in before.items():
                kept = ref in commits and (old in commits[ref] or (old in covered and (ref, old) not in gone))
                assert ((ref, old) in gone) is not kept
            assert not any(old in commits.get(ref, ()) for ref, old in gone)
            for ledger in (living, Ledger(str(path))):
                assert ledger.tips() == tips
                seen = [ledger.first_seen(oid) for oid in OIDS]
                assert {item.oid: (item.ref, item.time) for item in seen if item is not None} == first
            assert answers(Ledger(str(path)), OIDS) == answers(living, OIDS)
            before = tips
            with path.open("ab") as stream:
                stream.write(damage)


def quickest(action: Callable[[], object]) -> float:
    """Return the least of 25 times, in seconds: what others do on this machine only adds to it."""

    def once() -> float:
        start = time.perf_counter()
        action()
        return time.perf_counter() - start

    return min(once() for _ in range(25))


def test_a_look_that_shows_nothing_new_takes_little_more_than_taking_the_lines_apart(path: Path) -> None:
    """Each of 1,000 refs got 5 commits, one at a time: the longest ledger that these can make."""
    refs = [f"refs/remotes/origin/research/topic-{number}" for number in range(1000)]
    commits = {ref: [oid((ref, number)) for number in range(5)] for ref in refs}
    lines = [f"new {10 + number} {ref} {commits[ref][4 - number]} ." for number in range(5) for ref in refs]
    path.parent.mkdir(parents=True)
    path.write_text("".join(f"{line}\n" for line in ["labgate-ledger 1", *lines]))
    tips = {ref: commits[ref][0] for ref in refs}
    text = path.read_text()
    held = {one for mine in commits.values() for one in mine}
    assert Ledger(str(path)).shows(tips, held)
    assert not Ledger(str(path)).shows(tips, {*held, oid("new")})
    assert not Ledger(str(path)).shows({**tips, refs[0]: oid("new")}, held)
    base = quickest(lambda: [line.split(" ") for line in text.split("\n")])
    assert quickest(lambda: Ledger(str(path)).observe(tips, commits, 20)) < 8 * base
    assert path.read_text() == text
