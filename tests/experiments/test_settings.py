"""Git's configuration of messages, read by real git."""

from __future__ import annotations

from pathlib import Path

import pytest

from labgate.experiments.settings import Settings, read_settings
from labgate.values.errors import GitError
from support.repo import Repo


def read(repo: Repo, **environ: str) -> Settings:
    return read_settings(str(repo.path / ".git"), repo.env | environ)


def test_nothing_is_configured(repo: Repo) -> None:
    assert read(repo) == Settings()


def test_everything_is_configured(repo: Repo) -> None:
    for key in ("core.commentChar ;", "commit.cleanup scissors", "commit.template ~/t", "i18n.commitEncoding latin1"):
        repo.git("config", *key.split())
    assert read(repo) == Settings((b";",), b"scissors", b"~/t", b"latin1")


def test_the_last_comment_string_comes_first(repo: Repo) -> None:
    for key, value in (("commentChar", "%"), ("commentString", "//"), ("commentChar", ";"), ("commentString", "--")):
        repo.git("config", "--add", f"core.{key}", value)
    assert read(repo).comments == (b"--", b";")


def test_the_users_own_configuration_counts(repo: Repo, tmp_path: Path) -> None:
    tmp_path.joinpath("config").write_text("[core]\n\tcommentChar = %\n")
    assert read(repo, GIT_CONFIG_GLOBAL=str(tmp_path / "config")).comments == (b"%",)


def test_a_damaged_configuration_is_an_error(repo: Repo) -> None:
    repo.write({".git/config": "[core"})
    with pytest.raises(GitError, match="git config: bad config"):
        read(repo)


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [(None, "ü".encode()), (b"latin-1", b"\xfc"), (b"no-such-thing", "ü".encode()), (b"ascii", "ü".encode())],
)
def test_a_name_is_written_in_the_encoding_of_commits(encoding: bytes | None, expected: bytes) -> None:
    assert Settings(encoding=encoding).encoded("ü") == expected
    assert Settings(encoding=encoding).encoded("ada") == b"ada"
