"""What a repository is called, however its URL is written."""

from __future__ import annotations

import pytest

from labgate.values.repository_name import repository_name


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
        ("file:///srv/models.git", None),
        ("/srv/models.git", None),
        ("../models:old.git", None),
        (None, None),
    ],
)
def test_a_url_names_a_repository_by_host_owner_and_name(url: str | None, name: str | None) -> None:
    assert repository_name(url) == name
