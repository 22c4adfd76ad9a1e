"""Names of repositories, the same for every form of URL."""

from __future__ import annotations


def repository_name(url: str | None) -> str | None:
    """Return ``host/owner/name`` of a URL, without scheme, user, port and ``.git``; ``None`` for a local path."""
    if url is None:
        return None
    scheme, separator, rest = url.partition("://")
    if not separator:
        # git's scp-like form, host:path, needs a host and no slash before the colon (git-clone, "GIT URLS").
        host, colon, path = url.partition(":")
        if not colon or "/" in host:
            return None
        rest = f"{host}/{path.lstrip('/')}"
    elif scheme == "file":
        return None
    host, _, path = rest.partition("/")
    host = host.rpartition("@")[2].partition(":")[0]
    return f"{host.lower()}/{path.strip('/').removesuffix('.git')}"


def place_of(url: str) -> str:
    """Return the casefolded ``host/owner/name`` of a URL; a local path stands for itself."""
    return (repository_name(url) or url.removeprefix("file://").strip("/")).casefold()
