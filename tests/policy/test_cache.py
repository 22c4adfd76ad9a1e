"""The cache of the work tree's policy: quick where it may be, absent where it cannot be, never wrong."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from labgate import __version__
from labgate.policy import cache
from labgate.policy import cache as module
from labgate.policy.cache import cached_policy
from labgate.policy.model import Policy
from labgate.values.checksum import with_checksum
from labgate.values.errors import PolicyError
from support.isolated import age, obey_permissions
from support.policies import READER, STRICT, TEAM, policy

#: How a cache names the installation that wrote it: by the inode of its module.
INSTALLATION = f"{Path(module.__file__).stat().st_ino:x}"


def parse(texts: Mapping[str, bytes]) -> Policy | None:
    found = READER.find(texts)
    return None if found is None else found[0]


def refuse(texts: Mapping[str, bytes]) -> Policy | None:
    message = f"{sorted(texts)} are parsed"
    raise AssertionError(message)


class Place:
    """A work tree and its git directory, without git: the cache knows none. ``parse`` reads what it does not know."""

    def __init__(self, folder: Path) -> None:
        self.parse = parse
        self.top = folder / "work"
        self.git_dir = self.common_dir = folder / "git"
        self.top.mkdir()
        self.git_dir.mkdir()

    @property
    def cache(self) -> Path:
        return self.common_dir / f"labgate/policy.{INSTALLATION}.cache"

    def write(self, text: str, name: str = "labgate.toml") -> Path:
        path = self.top / name
        path.write_text(text)
        age(path)
        return path

    def read(self) -> Policy | None:
        return cached_policy(str(self.top), str(self.git_dir), str(self.common_dir), self.parse)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def aged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let time stamps alone decide: nobody can set a file's ctime, so a new file is always too young to be trusted."""
    monkeypatch.setattr(cache, "RACY", 0)


@pytest.mark.usefixtures("aged")
def test_a_known_policy_is_not_parsed_again(place: Place) -> None:
    place.write(TEAM)
    first = place.read()
    place.parse = refuse
    assert first == policy(TEAM)
    assert place.read() == first


@pytest.mark.usefixtures("aged")
def test_a_work_tree_without_a_policy(place: Place) -> None:
    assert place.read() is None
    assert not place.cache.exists()
    place.write("[project]\nname = 'other'\n", "pyproject.toml")
    assert place.read() is None
    place.parse = refuse
    assert place.read() is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param({"labgate.toml": TEAM}, {"labgate.toml": STRICT}, id="another policy"),
        pytest.param({"labgate.toml": STRICT}, {"labgate.toml": STRICT.replace("fix", "fox")}, id="of the same size"),
        pytest.param({"pyproject.toml": "x = 1\n"}, {"labgate.toml": STRICT}, id="a policy where there was none"),
    ],
)
@pytest.mark.usefixtures("aged")
def test_a_changed_policy_is_read_anew(place: Place, before: dict[str, str], after: dict[str, str]) -> None:
    for name, text in before.items():
        place.write(text, name)
    place.read()
    for name, text in after.items():
        place.write(text, name)
    assert place.read() == policy(after["labgate.toml"])


@pytest.mark.usefixtures("aged")
def test_a_change_that_hides_its_time_is_seen(place: Place) -> None:
    path = place.write(STRICT)
    stat = path.stat()
    place.read()
    with path.open("r+") as stream:
        stream.write(STRICT.replace("fix", "fox"))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (stat.st_size, stat.st_mtime_ns)
    assert place.read() == policy(STRICT.replace("fix", "fox"))


@pytest.mark.usefixtures("aged")
def test_a_policy_that_moves_into_another_file_is_read_anew(place: Place) -> None:
    place.write(STRICT)
    place.read()
    place.write("[tool.labgate]\nversion = 1\n", "pyproject.toml")
    with pytest.raises(PolicyError, match="keep one of them"):
        place.read()


@pytest.mark.usefixtures("aged")
def test_a_policy_with_mistakes_is_refused_each_time(place: Place) -> None:
    place.write("version = 2\n")
    for _ in range(2):
        with pytest.raises(PolicyError):
            place.read()


def test_a_young_file_is_not_trusted(place: Place) -> None:
    """As git does with its index: what may have changed within the clock's last tick is read again."""
    place.write(TEAM)
    place.read()
    place.parse = refuse
    with pytest.raises(AssertionError, match="are parsed"):
        place.read()


def test_a_cache_that_is_younger_than_its_policy_is_trusted(place: Place) -> None:
    place.write(TEAM)
    first = place.read()
    age(place.cache, -10)
    place.parse = refuse
    assert place.read() == first


@pytest.mark.usefixtures("aged")
def test_another_version_of_labgate_reads_anew(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.write(TEAM)
    place.read()
    parsed: list[object] = []

    def counted(texts: Mapping[str, bytes]) -> Policy | None:
        parsed.append(texts)
        return parse(texts)

    place.parse = counted
    place.read()
    assert parsed == []
    monkeypatch.setattr(cache, "__version__", "0.0.0")
    assert place.read() == policy(TEAM)
    assert len(parsed) == 1


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda content: content[:0], id="empty"),
        pytest.param(lambda content: bytes(len(content)), id="all zeros, as after a power failure"),
        pytest.param(lambda content: content[: len(content) // 2], id="cut in half"),
        pytest.param(lambda content: content[:17] + bytes(len(content) - 17), id="zeros behind a good start"),
        pytest.param(lambda content: content + b"x", id="too long"),
        pytest.param(lambda content: content.replace(b"research", b"resaerch"), id="another word"),
        pytest.param(
            lambda content: with_checksum(content[:-4], "labgate-policy 1", light=True), id="of another format"
        ),
    ],
)
@pytest.mark.usefixtures("aged")
def test_a_damaged_cache_is_no_cache(place: Place, damage: Callable[[bytes], bytes]) -> None:
    place.write(TEAM)
    place.read()
    whole = place.cache.read_bytes()
    place.cache.write_bytes(damage(whole))
    assert place.cache.read_bytes() != whole
    assert place.read() == policy(TEAM)
    assert place.cache.read_bytes() == whole


@pytest.mark.usefixtures("aged")
def test_no_flipped_bit_goes_unseen(place: Place) -> None:
    place.write(STRICT)
    place.read()
    whole = place.cache.read_bytes()
    for at in range(0, len(whole), 7):
        place.cache.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << at % 8)]) + whole[at + 1 :])
        assert place.read() == policy(STRICT)


@pytest.mark.usefixtures("aged")
def test_each_work_tree_has_its_own(place: Place, tmp_path: Path) -> None:
    place.write(TEAM)
    (tmp_path / "second").mkdir()
    second = Place(tmp_path / "second")
    second.common_dir, second.git_dir = place.common_dir, place.common_dir / "worktrees" / "main"
    second.write(STRICT)
    for _ in range(2):
        assert (place.read(), second.read()) == (policy(TEAM), policy(STRICT))
    assert sorted(path.name for path in place.cache.parent.glob("*.cache")) == [
        f"policy-main.{INSTALLATION}.cache",
        f"policy.{INSTALLATION}.cache",
    ]


def test_what_stands_in_the_way_of_the_cache_is_no_matter(place: Place) -> None:
    place.write(TEAM)
    (place.common_dir / "labgate").write_text("a file where the folder should be")
    assert place.read() == policy(TEAM)


_READ = """
import sys
from labgate.checks.registry import policy_reader
from labgate.policy.cache import cached_policy
assert cached_policy(*sys.argv[1:], lambda texts: policy_reader().find(texts)[0]).trunk == "main"
"""


def read_elsewhere(place: Place, prepare: Callable[[], None]) -> None:
    """Read the policy in a process of its own, since what the test takes away is taken from the whole process."""
    where = [str(place.top), str(place.git_dir), str(place.common_dir)]
    subprocess.run([sys.executable, "-c", _READ, *where], check=True, preexec_fn=prepare)


def test_a_disk_that_is_full_leaves_no_half_cache(place: Place) -> None:
    place.write(TEAM)
    # The first 100 bytes can still be written, as on a disk that fills up right now.
    read_elsewhere(place, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)))
    assert list(place.cache.parent.glob("policy*")) == []


def test_a_read_only_git_directory_has_no_cache(place: Place) -> None:
    place.write(TEAM)
    place.common_dir.chmod(0o555)
    read_elsewhere(place, obey_permissions)
    assert list(place.common_dir.iterdir()) == []


# A cache that somebody else prepared.


def forged(place: Place, content: bytes) -> None:
    """Put a cache in place that has everything right but its content: title, time stamps, checksum."""
    paths = [str(place.top / name) for name in ("labgate.toml", "pyproject.toml")]
    key = (__version__, tuple(cache._stamp(path) for path in (cache.__file__, *paths)))
    place.cache.parent.mkdir(exist_ok=True)
    place.cache.write_bytes(with_checksum(content, cache._title(key), light=True))


@pytest.mark.usefixtures("aged")
def test_a_forged_cache_would_be_read(place: Place) -> None:
    """The tests below forge what is really looked at."""
    place.write(TEAM)
    place.read()
    forged(place, place.cache.read_bytes()[:-4])
    place.parse = refuse
    assert place.read() is not None


@pytest.mark.usefixtures("aged")
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[" * 100_000,
        b"[1]",
        b"1",
        b'{"a": 1',
        b'{"a": 1} ',
        b"\xff\xfe",
        b"\0" * 9,
        b"NaN",
        b'{"a":' * 90_000,
        b"\xe3\0\0\0\0",
        b"[\xff\xff\xff\x7f",
        b"9" * 100_000,
    ],
    ids=range(13),
)
def test_a_forged_cache_without_a_table_is_no_cache(place: Place, content: bytes) -> None:
    place.write(TEAM)
    forged(place, content)
    assert place.read() == policy(TEAM)


@pytest.mark.usefixtures("aged")
def test_a_cache_of_other_files_is_no_cache(place: Place) -> None:
    """An archive cannot know the inode and the times that a file will have."""
    place.write(TEAM)
    place.read()
    brought = place.cache.read_bytes()
    (place.top / "labgate.toml").unlink()
    place.write(TEAM)
    place.cache.write_bytes(brought)
    read: list[bool] = []
    place.parse = lambda texts: read.append(True) or parse(texts)  # type: ignore[func-returns-value]
    assert place.read() == policy(TEAM)
    assert read == [True]
