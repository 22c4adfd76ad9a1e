"""The addresses of labgate's pages: of the commit or the release that is installed, and of no other."""

from __future__ import annotations

import importlib.metadata
import json
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

from labgate.report.site import NOWHERE, Site
from labgate.setup.site import known_site
from support.installed import OID, from_git
from support.repo import Repo


def install(patch: pytest.MonkeyPatch, folder: Path, record: object = None, url: str | None = None) -> None:
    """Let labgate be installed as an installer leaves it, with what it recorded and the address in its metadata."""
    info = folder / "labgate-7.8.9.dist-info"
    info.mkdir()
    urls = "" if url is None else f"Project-URL: Changes, {url}/CHANGES\nProject-URL: Source, {url}\n"
    (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: labgate\nVersion: 7.8.9\n{urls}")
    if record is not None:
        (info / "direct_url.json").write_text(json.dumps(record))
    patch.setattr(importlib.metadata, "distribution", lambda name: {"labgate": PathDistribution(info)}[name])


@pytest.mark.parametrize(
    ("url", "rules"),
    [
        ("https://github.com/acme/labgate", f"blob/{OID}"),
        ("https://github.example.org/acme/labgate.git", f"blob/{OID}"),
        ("ssh://git@github.com/acme/labgate.git", f"blob/{OID}"),
        ("https://ada:secret@gitlab.com/acme/labgate", f"-/blob/{OID}"),
        ("https://codeberg.org/acme/labgate", f"src/commit/{OID}"),
        ("https://bitbucket.org/acme/labgate", f"src/{OID}"),
    ],
)
def test_pages_are_those_of_the_commit_that_was_installed(
    url: str, rules: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, tmp_path, from_git(url))
    found = known_site({})
    assert found.home is not None
    assert found.home.endswith("/acme/labgate")
    assert "secret" not in found.home
    assert found.page("LG201") == f"{found.home}/{rules}/docs/rules/LG201.md"


@pytest.mark.parametrize("published", [True, False])
def test_pages_of_a_clone_are_those_that_its_remote_has(
    published: bool, repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "https://github.com/acme/labgate"
    repo.commit("Start")
    repo.git("remote", "add", "origin", f"{url}.git")
    repo.git("update-ref", "refs/remotes/origin/main", "HEAD")
    if not published:
        repo.commit("Not pushed")
    install(monkeypatch, tmp_path, {"url": repo.path.as_uri(), "dir_info": {"editable": True}})
    expected = Site(url, f"{url}/blob/{repo.head()}/docs/rules") if published else NOWHERE
    assert known_site(repo.env) == expected


@pytest.mark.parametrize(
    ("url", "tree"),
    [("https://github.com/acme/labgate", "blob/v7.8.9"), ("https://codeberg.org/acme/labgate", "src/tag/v7.8.9")],
)
def test_pages_are_those_of_the_release_that_was_installed(
    url: str, tree: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, tmp_path, url=url)
    assert known_site({}) == Site(url, f"{url}/{tree}/docs/rules")


def test_a_host_that_names_files_in_its_own_way_has_no_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "https://example.org/acme/labgate"
    install(monkeypatch, tmp_path, from_git(url))
    assert known_site({}) == Site(url, None)


@pytest.mark.parametrize(
    "record",
    [
        None,
        from_git("file:///srv/git/labgate.git"),
        {"url": "file:///home/ada/labgate", "dir_info": {"editable": True}},
        {"url": "file:///home/ada/labgate-7.8.9-py3-none-any.whl", "archive_info": {}},
        {"url": "https://github.com/acme/labgate", "vcs_info": {}},
        "no object",
    ],
    ids=["a release without an address", "a bare repository", "no clone", "a wheel", "no commit", "damaged"],
)
def test_what_others_cannot_reach_is_not_linked(
    record: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, tmp_path, record)
    assert known_site({}) == NOWHERE
    assert NOWHERE.page("LG201") is None
