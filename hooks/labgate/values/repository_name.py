"""Names of repositories, the same for every form of URL."""

from __future__ import annotations

#: Hosts by the names that they have for SSH over the port of HTTPS, or as a page.
_SAME_HOST = {
    "ssh.github.com": "github.com",
    "www.github.com": "github.com",
    "altssh.gitlab.com": "gitlab.com",
    "altssh.bitbucket.org": "bitbucket.org",
}
GIT = ".git"


def repository_name(url: str | None) -> str | None:
    """Return ``host/owner/name`` of a URL, without scheme, user, port and ``.git``; ``None`` for a local path."""
    if url is None:
        return None
    scheme, separator, rest = url.partition("://")
    if separator:
        if is_file(scheme):
            return None
        host, _, path = rest.partition("/")
        path = decoded(path)
    else:
        host, colon, path = _scp_like(url)
        if not colon or "/" in host:
            return None
    host = host.rpartition("@")[2].partition("]")[0].lstrip("[").rstrip(".").lower()
    if host.count(":") < 2:  # an IPv6 address has no port here
        host = host.partition(":")[0].rstrip(".")
    return f"{_SAME_HOST.get(host, host)}/{without_git('/'.join(_normal(path)))}"


def glob_of_places(text: str) -> str:
    """Return a glob of such names for one that may be written as a URL: casefolded, without scheme, user and port."""
    host, colon, rest = text.partition(":")
    port, slash, path = rest.partition("/")
    if colon and slash and port.isdigit():
        return f"{host}/{path}".casefold().rstrip("/")
    scheme, separator, local = text.partition("://")
    return (repository_name(text) or (local if separator and is_file(scheme) else text)).casefold()


def _scp_like(url: str) -> tuple[str, str, str]:
    """Split git's scp-like form, host:path, which needs a host and no slash before the colon (git-clone, "GIT URLS").

    The host may stand in brackets, with a port.
    """
    before, bracket, after = url.partition("]:")
    return (before, bracket, after) if bracket and "[" in before else url.partition(":")


def _normal(path: str) -> list[str]:
    """Return the segments of a path without empty ones and dots."""
    found: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del found[-1:]
        elif part not in ("", "."):
            found.append(part)
    return found


def is_file(scheme: str) -> bool:
    """Return whether a URL with this scheme is one of a local path."""
    return scheme.lower().rpartition("::")[2] == "file"


def decoded(path: str) -> str:
    """Return a path of a URL as git decodes it."""
    if "%" not in path:
        return path
    from urllib.parse import unquote  # few have one

    return unquote(path)


def without_git(path: str) -> str:
    """Return a path without the ``.git`` at its end, in any case."""
    plain = path[: -len(GIT)] if path.casefold().endswith(GIT) else path
    return plain.rstrip("/") or path
