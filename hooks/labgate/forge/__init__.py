"""Approvals of a pull or merge request, read from the REST API of the code host."""

from __future__ import annotations

from importlib import import_module

from labgate.values.errors import UndecidedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from labgate.forge.http import Patience
    from labgate.forge.values import Forge

#: The kinds of code hosts for ``connect``: keys of the policy's ``[reviews.people.<name>]``.
KINDS = ("github", "gitlab", "gitea")


def connect(
    kind: str, api: str, repository: str, environ: Mapping[str, str], patience: Patience | None = None
) -> Forge:
    """Return the code host of a repository. Nothing is sent yet.

    ``kind`` is one of ``KINDS`` (Forgejo is ``gitea``). ``api`` is the root of its REST API, such as
    ``https://api.github.com``, ``https://gitlab.com/api/v4`` or ``https://codeberg.org/api/v1``. ``repository`` is
    ``host/owner/name``; on GitLab there may be several groups. The token, proxies and certificates come from
    ``environ`` only. ``patience`` is how long to wait; ``None`` means the default. Raises: ``UndecidedError`` when the
    kind is unknown, a token must not be sent to the address, or the repository or the token is malformed.
    """
    if kind not in KINDS:
        message = f"unknown kind of code host: {kind!r}"
        raise UndecidedError(message, f"use one of these: {', '.join(KINDS)}")
    path = tuple(repository.split("/")[1:])
    # A dot segment would be resolved, and the request would go to another repository.
    if len(path) < 2 or (len(path) > 2 and kind != "gitlab") or {"", ".", ".."}.intersection(path):
        message = f"{repository!r} is not a repository of a {kind} host"
        raise UndecidedError(message, "give it as host/owner/name, without scheme and .git")
    from labgate.forge.http import Client, Patience

    patience = patience or Patience()
    host = import_module(f"labgate.forge.{kind}")
    forge: Forge = host.Host(Client(host.SERVICE, api, environ, patience), path)
    return forge
