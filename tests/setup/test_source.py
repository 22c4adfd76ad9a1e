"""Where the team gets labgate from: what an installer recorded, as others can reach it, or an error that says how."""

from __future__ import annotations

from pathlib import Path

import pytest

from labgate.setup.insert import source_in
from labgate.setup.source import NoSourceError, Source, installed_from, named_source, shareable_url
from labgate.values.errors import UsageError
from support.installed import OID, from_git, recorded
from support.repo import Repo

PLAIN = "https://example.org/t/labgate"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (PLAIN, PLAIN),
        ("https://ada:secret@example.org/t/labgate", PLAIN),
        ("https://ghp_token@example.org/t/labgate", PLAIN),
        ("https://${TOKEN}@example.org/t/labgate", PLAIN),
        ("https://x-access-token:${TOKEN}@example.org/t/labgate?token=1#egg=labgate", PLAIN),
        ("ssh://git@example.org:2222/t/labgate.git", "ssh://git@example.org:2222/t/labgate.git"),
        ("ssh://git:secret@example.org/t/labgate.git", "ssh://git@example.org/t/labgate.git"),
        ("git@example.org:t/labgate.git", "ssh://git@example.org/t/labgate.git"),
        ("example.org:t/labgate.git", "ssh://example.org/t/labgate.git"),
        ("file:///srv/git/labgate.git", "file:///srv/git/labgate.git"),
        ("https://example.org/a b", None),
        ("https://example.org/a'b", None),
        ("https://example.org/a\nhooks:", None),
        ("https://example.org", None),
        ("ext::sh -c true", None),
        ("-x", None),
        ("/no/such/folder", None),
        ("../labgate", None),
        ("", None),
    ],
)
def test_an_address_is_written_as_others_may_read_it(url: str, expected: str | None) -> None:
    assert shareable_url(url) == expected


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (from_git(PLAIN), Source(PLAIN, OID)),
        (from_git("https://ada:secret@example.org/t/labgate"), Source(PLAIN, OID)),
        (from_git("file:///srv/git/labgate.git"), Source("file:///srv/git/labgate.git", OID)),
        (None, Source()),
    ],
    ids=["https", "a password", "a folder of everybody's", "from an index"],
)
def test_what_was_installed_from_git_or_an_index_is_named(
    record: object, expected: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(monkeypatch, record)
    assert installed_from({}) == expected


@pytest.mark.parametrize(
    "record",
    [
        "not json",
        "[]",
        {"url": "file:///tmp/labgate-0.1.0-py3-none-any.whl", "archive_info": {}},
        {"url": "file:///no/such/folder", "dir_info": {"editable": True}},
        from_git("https://example.org/a b"),
        from_git(PLAIN, "x\nhooks:"),
    ],
    ids=["broken", "no table", "a wheel", "a folder that is gone", "not plain", "no commit"],
)
def test_what_nobody_else_could_install_from_is_an_error(record: object, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded(monkeypatch, record)
    with pytest.raises(NoSourceError) as raised:
        installed_from({})
    assert raised.value.help is not None
    assert raised.value.help.endswith("labgate init --repo URL --rev REV")


class TestCheckout:
    @pytest.fixture
    def clone(self, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
        repo.commit("labgate")
        recorded(monkeypatch, {"url": repo.path.as_uri(), "dir_info": {"editable": True}})
        return repo

    def test_its_remote_and_its_commit_are_named(self, clone: Repo) -> None:
        remote = clone.with_remote()
        clone.push("main")
        assert installed_from(clone.env) == Source(f"file://{remote.path}", clone.head())

    def test_the_password_of_its_remote_is_not(self, clone: Repo) -> None:
        clone.git("remote", "add", "origin", "https://ada:secret@example.org/t/labgate.git")
        assert installed_from(clone.env) == Source(f"{PLAIN}.git", clone.head())

    def test_a_hook_of_another_repository_changes_nothing(self, clone: Repo, tmp_path: Path) -> None:
        clone.git("remote", "add", "origin", PLAIN)
        other = Repo.init(tmp_path / "other")
        assert installed_from(clone.env | {"GIT_DIR": str(other.path / ".git")}) == Source(PLAIN, clone.head())

    def test_without_a_remote_there_is_none(self, clone: Repo) -> None:
        with pytest.raises(NoSourceError, match="a clone without a remote"):
            installed_from(clone.env)

    def test_a_commit_that_its_remote_lacks_is_none(self, clone: Repo) -> None:
        clone.with_remote()
        clone.push("main")
        clone.commit("Not pushed")
        with pytest.raises(NoSourceError, match=r"origin does not have the commit [0-9a-f]{12}"):
            installed_from(clone.env)
        clone.push("main")
        assert installed_from(clone.env).rev == clone.head()

    def test_a_folder_of_another_repository_is_no_clone_of_labgate(
        self, clone: Repo, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clone.write({"vendor/labgate/pyproject.toml": ""}).git("remote", "add", "origin", PLAIN)
        recorded(monkeypatch, {"url": (clone.path / "vendor/labgate").as_uri(), "dir_info": {}})
        with pytest.raises(NoSourceError):
            installed_from(clone.env)


def test_a_user_names_it() -> None:
    assert named_source("git@github.com:t/labgate.git", "v1") == Source("ssh://git@github.com/t/labgate.git", "v1")


@pytest.mark.parametrize(("url", "rev"), [("labgate", "v1"), (PLAIN, "v1 # x"), (PLAIN, "-x"), (PLAIN, "")])
def test_what_cannot_be_named_is_refused(url: str, rev: str) -> None:
    with pytest.raises(UsageError):
        named_source(url, rev)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("ssh://git@github.com/t/labgate.git", "https://github.com/t/labgate.git"),
        ("ssh://git@git.example.org/t/labgate.git", "ssh://git@git.example.org/t/labgate.git"),
        (PLAIN, PLAIN),
    ],
)
def test_a_job_has_no_ssh_key(url: str, expected: str) -> None:
    assert Source(url, OID).for_jobs() == Source(expected, OID)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            ".pre-commit-config.yaml",
            f"repos:\n- repo: {PLAIN}\n  rev: v1\n  hooks: [{{id: labgate-push}}]\n",
            Source(PLAIN, "v1"),
        ),
        (
            "prek.toml",
            f'[[repos]]\nrepo = "{PLAIN}"\nrev = "v1"\nhooks = [{{ id = "labgate-push" }}]\n',
            Source(PLAIN, "v1"),
        ),
        (".pre-commit-config.yaml", "repos:\n- repo: local\n  hooks: [{id: labgate-push}]\n", None),
        (".pre-commit-config.yaml", "repos:\n- repo: <URL>\n  rev: v1\n  hooks: [{id: labgate-push}]\n", None),
        (".pre-commit-config.yaml", f"repos:\n- repo: {PLAIN}\n  rev: v1\n  hooks: [{{id: black}}]\n", None),
        (".pre-commit-config.yaml", "repos: [", None),
        (".pre-commit-config.yaml", "- 1\n", None),
        ("prek.toml", "repos = 1\n", None),
    ],
)
def test_what_the_repository_names_already_is_known(name: str, text: str, expected: Source | None) -> None:
    assert source_in(name, text) == expected
