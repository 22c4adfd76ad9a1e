"""How much of the repository is read: objects of any size and in any number that somebody else has put there."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from labgate.checks.registry import policy_reader
from labgate.git import runner
from labgate.git.lfs import lfs_commits
from labgate.git.repository import discover
from labgate.git.snapshots import read_headers, read_tags
from labgate.reviews.mailmap import Mailmap
from labgate.scene.policy_files import has_policy, policy_at
from labgate.values.errors import PolicyError
from labgate.values.ref_update import Identity
from support.policies import LEAST
from support.repo import Repo

#: Bytes: more than a policy may have, and than is read of a file at once.
LARGE = 4_000_000


class Counter:
    """Counts the bytes that are held of git's answers, and its processes."""

    def __init__(self) -> None:
        self.bytes = self.processes = 0


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Counter:
    found = Counter()
    drain, start = runner._drain, runner._Process

    def counted(descriptor: int) -> bytes:
        output = drain(descriptor)
        found.bytes += len(output)
        return output

    def started(*args: object) -> object:
        found.processes += 1
        return start(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(runner, "_drain", counted)
    monkeypatch.setattr(runner, "_Process", started)
    return found


@pytest.fixture
def large(repo: Repo) -> str:
    """A commit whose policy files are larger than any policy."""
    text = "#" * LARGE
    return repo.commit("Large", {"labgate.toml": LEAST + text, "pyproject.toml": text + "\n[tool.labgate]\n"})


def test_a_large_policy_is_refused_unread(repo: Repo, large: str, counter: Counter) -> None:
    repository = discover(repo.env, str(repo.path))
    with pytest.raises(PolicyError, match=f"expected at most 1048576 bytes, found {LARGE + len(LEAST)}"):
        policy_at(repository, large, policy_reader())
    assert has_policy(repository, large)
    assert counter.bytes < 10_000


def test_a_large_project_file_without_a_policy_disturbs_nobody(repo: Repo, counter: Counter) -> None:
    plain = repo.commit("Plain", {"labgate.toml": LEAST, "pyproject.toml": "# a\n" * (LARGE // 4)})
    repository = discover(repo.env, str(repo.path))
    found = policy_at(repository, plain, policy_reader())
    assert found is not None
    assert found.file == "labgate.toml"
    repo.git("rm", "--quiet", "labgate.toml")
    assert policy_at(repository, repo.commit("None", {"a": "a"}), policy_reader()) is None
    assert not has_policy(repository, repo.head())
    assert counter.bytes < 10_000


def test_what_is_no_commit_is_not_read_as_one(repo: Repo, large: str, counter: Counter) -> None:
    """A record may name any object as its commit."""
    repository = discover(repo.env, str(repo.path))
    blob = repo.git("rev-parse", f"{large}:labgate.toml")
    assert read_headers(repository, [blob, large]).keys() == {large}
    assert read_tags(repository, [blob, large]) == {}
    assert counter.bytes < 10_000


def test_attributes_are_read_a_part_at_a_time(repo: Repo, counter: Counter) -> None:
    (repo.path / ".git/lfs").mkdir()
    repository = discover(repo.env, str(repo.path))
    uses = repo.commit("LFS", {".gitattributes": "# a\n" * (LARGE // 4), "a/.gitattributes": "*.bin filter=lfs\n"})
    without = repo.commit("None", {"a/.gitattributes": ""})
    assert lfs_commits(repository, [uses, without]) == (uses,)
    assert counter.bytes < 10_000


def contacts(count: int) -> Iterator[Identity]:
    return (Identity(f"Name {n}", f"n{n}@example.org") for n in range(count))


@pytest.mark.parametrize("count", [1, 5, 500])
def test_however_many_contacts_are_mapped_by_one_process(repo: Repo, counter: Counter, count: int) -> None:
    lines = "".join(f"<one{n}@example.org> <n{n}@example.org>\n" for n in range(500))
    repository = discover(repo.env, str(repo.path))
    mailmap = Mailmap(repository, repo.commit("Map", {".mailmap": lines}))
    mailmap.expect(contacts(count))
    before = counter.processes
    asked: Callable[[Identity], tuple[str, ...]] = mailmap.canonical
    assert [asked(who) for who in contacts(count)] == [(f"one{n}@example.org",) for n in range(count)]
    assert counter.processes == before + 1
