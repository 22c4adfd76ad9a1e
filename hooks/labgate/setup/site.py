"""The addresses of labgate's pages, from what its installer recorded: the repository and the commit, or the release."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from labgate.report.site import NOWHERE, Site
from labgate.setup.source import Source, shareable_url

if TYPE_CHECKING:
    from importlib.metadata import Distribution

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


def known_site() -> Site:
    """Return the addresses for this labgate; ``NOWHERE`` if it was not installed from a repository or a release."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        return site_of(distribution("labgate"))
    except PackageNotFoundError:
        return NOWHERE


def site_of(installed: Distribution) -> Site:
    """Return the addresses for an installation of labgate.

    They come from the record of its installer (PEP 610) or, of a release from an index, from its metadata. A clone or
    an archive on this machine has no address for others.
    """
    record = installed.read_text("direct_url.json")
    if record is None:
        urls = dict(entry.split(", ", 1) for entry in installed.metadata.get_all("Project-URL") or ())
        return _site(urls.get(LABEL, ""), f"v{installed.version}")
    try:
        found = json.loads(record)
        return _site(str(found["url"]), str(found["vcs_info"]["commit_id"]))
    except (ValueError, KeyError, TypeError):
        return NOWHERE


def _site(url: str, rev: str) -> Site:
    shared = shareable_url(url) if url else None
    home = None if shared is None else (Source(shared, rev).for_jobs().url or "").rstrip("/").removesuffix(".git")
    if home is None or urlsplit(home).scheme != "https":
        return NOWHERE
    at_commit, at_tag = _TREES.get((urlsplit(home).hostname or "").partition(".")[0], (None, None))
    tree = at_commit if _OID.fullmatch(rev) else at_tag
    return Site(home, None if tree is None else f"{home}/{tree}/{rev}/{RULES}")
