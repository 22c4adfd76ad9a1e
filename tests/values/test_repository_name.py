"""What a repository is called, however its URL is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from labgate.values.repository_name import glob_of_places, repository_name
from labgate.values.repository_places import places_of


@pytest.mark.parametrize(
    ("glob", "name"),
    [
        ("https://GitHub.com/acme/*", "github.com/acme/*"),
        ("git@github.com:acme/models.git", "github.com/acme/models"),
        ("git.example.org:8443/acme/*/", "git.example.org/acme/*"),
        ("github.com/acme/models.git", "github.com/acme/models.git"),
        ("file:///srv/*.git", "/srv/*.git"),
        ("**/mirror.git", "**/mirror.git"),
    ],
)
def test_a_glob_may_be_written_as_a_url(glob: str, name: str) -> None:
    assert glob_of_places(glob) == name


def test_a_path_is_known_from_the_root_through_links_and_without_git(tmp_path: Path) -> None:
    work = tmp_path / "work"
    for folder in ("work", "mirror.git", "other", "other.git"):
        (tmp_path / folder).mkdir()
    (tmp_path / "link").symlink_to("mirror.git")
    real = str(tmp_path / "mirror.git").strip("/").casefold()
    written = ("../mirror.git/", "../mirror", f"{tmp_path}//mirror.git", f"file://{tmp_path}/mirro%72", "../link")
    assert all(real in places_of(url, str(work)) for url in written)
    assert real.removesuffix(".git") in places_of("../mirror.git", str(work))
    other = str(tmp_path / "other").strip("/").casefold()
    assert f"{other}.git" not in places_of("../other", str(work))
    assert other not in places_of("../other.git", str(work))


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://github.com/acme/models.git", "github.com/acme/models"),
        ("https://user:secret@GitHub.com:443/acme/models/", "github.com/acme/models"),
        ("ssh://git@github.com:22/acme/models.git", "github.com/acme/models"),
        ("git@github.com:acme/models.git", "github.com/acme/models"),
        ("github.com:/acme/models", "github.com/acme/models"),
        ("git://git.example.org/models", "git.example.org/models"),
        ("https://gitlab.example.org/group/sub/models.git/", "gitlab.example.org/group/sub/models"),
        ("https://github.com/acme%2Fmod%65ls.git", "github.com/acme/models"),
        ("https://github.com.//acme/./x/../models.GIT", "github.com/acme/models"),
        ("ssh://git@ssh.github.com:443/acme/models.git", "github.com/acme/models"),
        ("ssh://git@[2001:db8::1]:22/acme/models", "2001:db8::1/acme/models"),
        ("[git@github.com:22]:acme/models.git", "github.com/acme/models"),
        ("https::https://github.com/acme/models/.git", "github.com/acme/models"),
        ("git@github.com.evil.example:acme/models", "github.com.evil.example/acme/models"),
        ("file:///srv/models.git", None),
        ("/srv/models.git", None),
        ("../models:old.git", None),
        (None, None),
    ],
)
def test_a_url_names_a_repository_by_host_owner_and_name(url: str | None, name: str | None) -> None:
    assert repository_name(url) == name
