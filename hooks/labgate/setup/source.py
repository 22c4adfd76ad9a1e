"""The source of labgate for a team: the repository and commit that this one was installed from (PEP 610)."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from labgate import __version__
from labgate.git.repository import Repository, discover
from labgate.git.runner import LOCATION
from labgate.values.errors import GitError, LabgateError, UsageError
from labgate.values.value import Value

#: The command with a repository and a commit that the user chooses.
BY_HAND = "labgate init --repo URL --rev REV"

_SCHEMES = ("https", "http", "ssh", "git", "file")
#: Text that needs no quotes in YAML, in TOML, for pip and for a shell.
_PLAIN_URL = re.compile(r"[a-z]+://[A-Za-z0-9._~:/@%+,=-]+")
_PLAIN_REV = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]*")
_OID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
#: git's scp-like form: a host, a colon, and a path (git-clone, "GIT URLS").
_SCP = re.compile(r"(?:[^/:@]+@)?[^/:]+:(?!//)[^:]*")
#: Hosts that serve a repository at the same path by ssh and by https: a CI job has no ssh key, but it has a network.
_BOTH_WAYS = ("github.com", "gitlab.com", "codeberg.org", "bitbucket.org")


class Source(Value):
    """A source of labgate: a git repository at a commit or tag, or with ``url`` ``None`` a package index."""

    url: str | None = None
    rev: str | None = None

    @property
    def requirement(self) -> str:
        """The requirement for pip: the running version, or the commit."""
        return f"labgate=={__version__}" if self.url is None else f"git+{self.url}@{self.rev}"

    @property
    def comment(self) -> str:
        """The comment with the version after a commit id."""
        return f"  # {__version__}" if self.rev is not None and _OID.fullmatch(self.rev) else ""

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this machine."""
        return self.url is not None and self.url.startswith("file:")

    def for_jobs(self) -> Source:
        """Return the source with an address for CI jobs."""
        parts = urlsplit(self.url or "")
        if parts.scheme != "ssh" or parts.hostname not in _BOTH_WAYS or parts.port not in (None, 22):
            return self
        return Source(f"https://{parts.hostname}{parts.path}", self.rev)


class NoSourceError(LabgateError):
    """Raised when no source is known from which the team could install this labgate."""

    def __init__(self, reason: str, help: str = BY_HAND) -> None:
        super().__init__(f"cannot say where the team gets labgate from: {reason}", help)


def named_source(url: str, rev: str) -> Source:
    """Return the source that a user names. Raises: ``UsageError`` when it cannot be written into a configuration."""
    found = shareable_url(url)
    if found is None:
        message = f"--repo is not an address that git can fetch from: {url}"
        raise UsageError(message, BY_HAND)
    if not _PLAIN_REV.fullmatch(rev):
        message = f"--rev is not a tag or commit id: {rev}"
        raise UsageError(message, BY_HAND)
    return Source(found, rev)


def installed_from(environ: Mapping[str, str]) -> Source:
    """Return the source of this labgate; a version on an index if nothing else is recorded.

    Raises: ``NoSourceError`` when others could not install from it.
    """
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        text = distribution("labgate").read_text("direct_url.json")
    except PackageNotFoundError:
        reason = "it runs without being installed"
        raise NoSourceError(reason) from None
    if text is None:
        # Without this file it was installed from an index (PEP 610).
        return Source()
    try:
        record = json.loads(text)
        url, vcs, folder = record["url"], record.get("vcs_info"), record.get("dir_info")
        if vcs is not None and vcs["vcs"] == "git":
            return _recorded(str(url), str(vcs["commit_id"]))
    except (ValueError, AttributeError, KeyError, TypeError):
        reason = "what its installer recorded (direct_url.json) cannot be read"
        raise NoSourceError(reason) from None
    if folder is None:
        reason = f"it was installed from {urlsplit(str(url)).path.rpartition('/')[2]}"
        raise NoSourceError(reason)
    return _checkout(unquote(urlsplit(str(url)).path), environ)


def shareable_url(url: str) -> str | None:
    """Return a public address: without password, query and fragment; ``None`` if git does not accept it.

    The user name of ssh is part of the address; any other one belongs to credentials.
    """
    if os.path.isabs(url):
        return shareable_url(f"file://{url}") if os.path.exists(url) else None
    if _SCP.fullmatch(url):
        host, _, path = url.partition(":")
        url = f"ssh://{host}/{path.lstrip('/')}"
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    kept = user.partition(":")[0] + at if parts.scheme == "ssh" else ""
    found = f"{parts.scheme}://{kept}{host}{parts.path}"
    # Python removes line breaks and tabs from an address before it splits it.
    known = (
        url.isprintable() and parts.scheme in _SCHEMES and bool(host or parts.scheme == "file") and len(parts.path) > 1
    )
    return found if known and _PLAIN_URL.fullmatch(found) else None


def _recorded(url: str, oid: str) -> Source:
    found = shareable_url(url)
    if found is None or not _OID.fullmatch(oid):
        reason = "what its installer recorded (direct_url.json) is not an address with a commit"
        raise NoSourceError(reason)
    return Source(found, oid)


def _checkout(folder: str, environ: Mapping[str, str]) -> Source:
    """Return the remote of a clone and the commit that is checked out there."""
    try:
        # The variables of a hook name the repository that the hook is for.
        clone = discover({name: value for name, value in environ.items() if name not in LOCATION}, folder)
        head = clone.git.run("rev-parse", "--verify", "HEAD^{commit}").decode().strip()
    except (GitError, OSError):
        reason = f"it was installed from {folder}, which is not a clone"
        raise NoSourceError(reason) from None
    name = clone.usual_remote
    url = next((remote.url for remote in clone.remotes if remote.name == name), None)
    if clone.top is None or os.path.realpath(clone.top) != os.path.realpath(folder) or name is None or url is None:
        reason = f"it was installed from {folder}, a clone without a remote"
        raise NoSourceError(reason)
    found = shareable_url(url if not url.startswith(".") else os.path.realpath(os.path.join(folder, url)))
    if found is None:
        reason = f"the remote {name} of {folder}, from which it was installed, is not an address for others"
        raise NoSourceError(reason)
    if not _is_published(clone, name, head):
        reason = f"{name} does not have the commit {head[:12]} of {folder}, from which it was installed"
        raise NoSourceError(reason, f"push it and try again, or: {BY_HAND}")
    return Source(found, head)


def _is_published(clone: Repository, remote: str, head: str) -> bool:
    """Return whether the remote has a commit, as far as this clone knows; true if it has no tracking refs."""
    patterns = (f"refs/remotes/{remote}", "refs/tags")
    if not clone.git.run("for-each-ref", "--count=1", "--format=%(refname)", patterns[0]).strip():
        return True
    return bool(clone.git.run("for-each-ref", "--count=1", "--format=%(refname)", f"--contains={head}", *patterns))
