"""The addresses of labgate's pages, from where it was installed: a repository at a commit, or a release."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from labgate.report.site import NOWHERE, Site
from labgate.setup.source import NoSourceError, Source, installed_from, shareable_url
from labgate.values.errors import GitError

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The label of the address in the metadata of a release ("Well-known Project URLs" of the packaging specifications).
LABEL = "Source"
#: The folder with the pages, in the repository.
RULES = "docs/rules"

_OID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
#: How hosts name a file at a commit and at a tag, by the first label of the host's name.
_TREES = {
    "github": ("blob", "blob"),
    "gitlab": ("-/blob", "-/blob"),
    "bitbucket": ("src", "src"),
    "codeberg": ("src/commit", "src/tag"),
}


def known_site(environ: Mapping[str, str]) -> Site:
    """Return the addresses for this labgate.

    They are those of the repository and the commit that it was installed from, of a clone's remote if that has the
    commit, or those of a release, from its metadata. ``NOWHERE`` where others could not reach them.
    """
    try:
        source = installed_from(environ)
        return _site(_release() if source.url is None else source)
    except (NoSourceError, GitError, OSError):
        return NOWHERE


def _release() -> Source:
    """Return the repository that the metadata names, and the tag of the installed version."""
    from importlib.metadata import distribution

    installed = distribution("labgate")
    urls = dict(entry.split(", ", 1) for entry in installed.metadata.get_all("Project-URL") or ())
    return Source(shareable_url(urls.get(LABEL, "")), f"v{installed.version}")


def _site(source: Source) -> Site:
    home = (source.for_jobs().url or "").rstrip("/").removesuffix(".git")
    if urlsplit(home).scheme != "https":
        return NOWHERE
    at_commit, at_tag = _TREES.get((urlsplit(home).hostname or "").partition(".")[0], (None, None))
    tree = at_commit if _OID.fullmatch(source.rev or "") else at_tag
    return Site(home, None if tree is None else f"{home}/{tree}/{source.rev}/{RULES}")
