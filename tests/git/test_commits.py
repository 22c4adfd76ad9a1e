"""Commits are read as git has them, in any encoding, and ranges are the whole of them."""

from __future__ import annotations

import pytest

from labgate.git.commits import has_commit, is_ancestor, parents_of, read_commits, rev_list, tree_of
from labgate.git.repository import Repository, discover
from labgate.values.errors import GitError, MissingObjectError
from labgate.values.ref_update import Identity
from support.repo import Repo


def found(repo: Repo) -> Repository:
    return discover(repo.env, str(repo.path))


def raw_commit(repo: Repo, text: bytes) -> str:
    """Write a commit object byte by byte, as no porcelain would."""
    (repo.path.parent / "object").write_bytes(text)
    return repo.git("hash-object", "-t", "commit", "-w", "--literally", str(repo.path.parent / "object"))


def header(repo: Repo) -> bytes:
    tree = repo.git("write-tree").encode()
    return b"tree " + tree + b"\nauthor Ada <ada@x> 1700000000 +0000\ncommitter Lin <lin@x> 1700000000 +0000\n"


# Ranges.


def test_a_range_is_what_the_head_has_and_the_rest_has_not(either: Repo) -> None:
    one, two = either.commit("one"), either.commit("two")
    side = either.branch("side", one).commit("side")
    merge = either.checkout("main").merge("side", "merge")
    repository = found(either)
    assert set(rev_list(repository, [merge])) == {one, two, side, merge}
    assert rev_list(repository, [merge], [side]) == (merge, two)
    assert rev_list(repository, [merge], [one], "--first-parent") == (merge, two)
    assert parents_of(repository, [merge], [one]) == {merge: (two, side), side: (one,), two: (one,)}


def test_parents_come_after_children_whatever_the_dates_say(repo: Repo) -> None:
    one = repo.commit("one")
    repo.clock -= 100_000
    two = repo.commit("two")
    assert rev_list(found(repo), [two, one]) == (two, one)


def test_no_head_means_no_commits(either: Repo) -> None:
    one = either.commit("one")
    repository = found(either)
    assert rev_list(repository, []) == rev_list(repository, [], [one]) == ()
    assert parents_of(repository, []) == {}
    assert read_commits(repository, []) == ()


def test_a_range_whose_end_is_not_here_is_not_taken_for_a_short_one(repo: Repo) -> None:
    one = repo.commit("one")
    with pytest.raises(MissingObjectError):
        rev_list(found(repo), [one], ["1" * 40])


@pytest.mark.parametrize("way", ["refs/replace", "info/grafts", "info/grafts and an old format"])
def test_t27_replaced_and_grafted_history_is_still_there(repo: Repo, way: str) -> None:
    one, two, three = repo.commit("one"), repo.commit("two"), repo.commit("three")
    if way == "refs/replace":
        repo.git("replace", "--graft", three, one)
    else:
        (repo.path / ".git/info").mkdir(exist_ok=True)
        (repo.path / ".git/info/grafts").write_text(f"{three} {one}\n")
    assert two not in repo.git("rev-list", three)  # git itself is fooled
    repository = found(repo)
    assert rev_list(repository, [three]) == (three, two, one)
    assert read_commits(repository, [three])[0].parents == (two,)
    assert is_ancestor(repository, two, three)


def test_ancestry_is_told(either: Repo) -> None:
    one, two = either.commit("one"), either.commit("two")
    repository = found(either)
    assert is_ancestor(repository, one, two)
    assert is_ancestor(repository, two, two)
    assert not is_ancestor(repository, two, one)


def test_presence_is_told(either: Repo) -> None:
    one = either.commit("one", {"a": "1"})
    repository = found(either)
    assert has_commit(repository, one)
    assert not has_commit(repository, tree_of(repository, one))
    assert not has_commit(repository, "1" * len(one))
    assert not has_commit(repository, repository.null_oid)


# What a commit says.


def test_a_commit_is_read_whole(either: Repo) -> None:
    one = either.commit("one")
    either.git("config", "user.name", "Nobody")
    two = either.commit(
        "A thing\n\nBody.\n\nX: y", {"a": "1"}, GIT_AUTHOR_NAME="Zoë", GIT_AUTHOR_EMAIL="Zoe@Example.org"
    )
    (commit,) = read_commits(found(either), [two])
    assert (commit.oid, commit.parents, commit.tree) == (two, (one,), either.git("rev-parse", f"{two}^{{tree}}"))
    assert commit.author == Identity("Zoë", "Zoe@Example.org")
    assert commit.committer == Identity("Grace", "grace@example.org")
    assert (commit.subject, commit.message) == ("A thing", "A thing\n\nBody.\n\nX: y\n")
    assert commit.trailers == ("X: y",)


def test_commits_come_in_the_order_that_was_asked_for(repo: Repo) -> None:
    oids = [repo.commit(text) for text in ("one", "two", "three")]
    asked = [oids[1], oids[2], oids[0]]
    assert [commit.oid for commit in read_commits(found(repo), asked)] == asked


def test_the_mailmap_of_the_tree_is_not_believed(repo: Repo) -> None:
    repo.commit("one", {".mailmap": "Ada <ada@example.org> <grace@example.org>\n"})
    (commit,) = read_commits(found(repo), [repo.head()])
    assert commit.author.email == "grace@example.org"


@pytest.mark.parametrize(
    ("message", "trailers"),
    [
        ("x\n\nA: 1\nB: 2", ("A: 1", "B: 2")),
        ("x\n\nA: 1\n B: folded\nC: 3", ("A: 1\n B: folded", "C: 3")),
        ("x\n\nA: 1\n\nno trailer at all", ()),
        ("x\n---\n\nA: 1", ("A: 1",)),
        ("A: 1", ()),
        ("x\n\nA : 1", ("A: 1",)),
        ("x\n\nA\u2011B: 1", ()),
    ],
    ids=["block", "folded", "not last", "after a divider", "subject alone", "blank before colon", "look-alike key"],
)
def test_trailers_are_those_of_git(repo: Repo, message: str, trailers: tuple[str, ...]) -> None:
    (commit,) = read_commits(found(repo), [repo.commit(message, None, "--cleanup=verbatim")])
    assert commit.trailers == trailers


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("trailer.separators", "#", "x\n\nReviewed-by# Ada"),
        ("trailer.r.key", "Reviewed-by", "x\n\nsome text\nmore text\nand more\nReviewed-by: Ada"),
        ("core.commentChar", "R", "x\n\nReviewed-by: Ada"),
    ],
    ids=["separators", "a key of its own", "comment character"],
)
def test_t04_the_repositorys_settings_do_not_change_what_is_a_trailer(
    repo: Repo, name: str, value: str, message: str
) -> None:
    oid = repo.commit(message, None, "--cleanup=verbatim")
    before = read_commits(found(repo), [oid])
    repo.git("config", name, value)
    assert read_commits(found(repo), [oid]) == before


# T50: bytes.


@pytest.mark.parametrize(
    ("encoding", "text", "subject"),
    [
        ("ISO-8859-1", b"caf\xe9", "café"),
        ("UTF-8", b"caf\xc3\xa9", "café"),
        ("no-such-encoding", b"caf\xe9", "caf\\xe9"),
        ("", b"\xff\xfe", "\\xff\\xfe"),
        ("UTF-16", b"ab", "ab"),
    ],
    ids=["latin-1", "utf-8", "unknown", "none but not utf-8", "one that it is not"],
)
def test_t50_a_message_is_decoded_or_its_bytes_are_shown(repo: Repo, encoding: str, text: bytes, subject: str) -> None:
    line = b"encoding " + encoding.encode() + b"\n" if encoding else b""
    oid = raw_commit(repo, header(repo) + line + b"\n" + text + b"\n\nbody\n")
    (commit,) = read_commits(found(repo), [oid])
    if encoding != "UTF-16":
        assert commit.subject == subject
    assert (commit.oid, commit.author.email) == (oid, "ada@x")


@pytest.mark.parametrize(
    "name",
    [b"A\x1b]0;x\x07", b"\xff", b"", b"A <b@c> <d@e", b"A\rB", b"x" * 100_000],
    ids=["escape", "not utf-8", "empty", "brackets", "carriage return", "long"],
)
def test_t50_any_author_is_read(repo: Repo, name: bytes) -> None:
    plain = repo.commit("plain")
    oid = raw_commit(repo, header(repo).replace(b"Ada", name, 1) + b"\nsubject\n")
    odd, other = read_commits(found(repo), [oid, plain])
    assert (odd.oid, odd.subject, odd.committer.email) == (oid, "subject", "lin@x")
    assert other.subject == "plain"


@pytest.mark.parametrize(
    "text",
    [
        b"\nsub\x00ject\n\nReviewed-by: Ada <ada@example.org>\n",
        b"\n\x00\x00\x00\x00\x00\x00\x00\x00\x00",
        b"",
        b"\n",
        b"\n\x1e\x1f\x01\n",
        b"gpgsig -----BEGIN\n x\n -----END\n\nsigned\n",
        b"mergetag object x\n y\n\nmerged\n",
    ],
    ids=["NUL", "only NUL", "nothing", "no message", "separators", "signature", "merge tag"],
)
def test_t50_no_message_makes_one_commit_speak_for_another(repo: Repo, text: bytes) -> None:
    plain = repo.commit("plain\n\nX: y")
    oid = raw_commit(repo, header(repo) + text)
    odd, other = read_commits(found(repo), [oid, plain])
    assert (odd.oid, other.oid, other.trailers) == (oid, plain, ("X: y",))
    assert not any("Reviewed-by" in trailer for trailer in odd.trailers)


@pytest.mark.parametrize("damage", ["author", "tree"])
def test_t50_a_commit_without_a_header_is_an_error_or_read_as_it_is(repo: Repo, damage: str) -> None:
    lines = [line for line in header(repo).splitlines(keepends=True) if not line.startswith(damage.encode())]
    oid = raw_commit(repo, b"".join(lines) + b"\nsubject\n")
    try:
        (commit,) = read_commits(found(repo), [oid])
    except GitError:
        return
    assert (commit.oid, commit.author) == (oid, Identity("", ""))


def test_many_commits_are_read_at_once(repo: Repo) -> None:
    line = "commit refs/heads/main\ncommitter A <a@x> {} +0000\ndata 2\n{}x\n"
    history = "".join(line.format(1_700_000_000 + number, number % 10) for number in range(3000))
    repo.git("fast-import", "--quiet", stdin=history)
    repository = found(repo)
    oids = rev_list(repository, [repo.head("main")])
    commits = read_commits(repository, oids)
    assert [commit.oid for commit in commits] == list(oids)
    assert [commit.subject for commit in commits[:3]] == ["9x", "8x", "7x"]
