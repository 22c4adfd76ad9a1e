"""Approvals of a pull or merge request, read from the REST API of the code host."""

from __future__ import annotations

from importlib import import_module

from labgate.values.errors import UndecidedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from labgate.forge.http import Patience
    from labgate.forge.values import Forge

#: The kinds of code hosts that ``connect`` knows: the words of the policy's ``[reviews.people.<name>]``.
KINDS = ("github", "gitlab", "gitea")


def connect(
    kind: str, api: str, repository: str, environ: Mapping[str, str], patience: Patience | None = None
) -> Forge:
    """Return the code host that holds a repository. Nothing is sent until something is asked.

    ``kind`` is one of ``KINDS`` (Forgejo is ``gitea``). ``api`` is the root of its REST API, such as
    ``https://api.github.com``, ``https://gitlab.com/api/v4`` or ``https://codeberg.org/api/v1``. ``repository`` is
    ``host/owner/name``; on GitLab the groups between may be many. The token, proxies and certificates come from
    ``environ`` and nowhere else. ``patience`` says how long to wait; ``None`` means the default. Raised:
    ``UndecidedError`` for an unknown kind, an address that a token must not be sent to, a repository that cannot be
    one, or a token that cannot be one.
    """
    if kind not in KINDS:
        message = f"labgate knows no code host of the kind {kind!r}"
        raise UndecidedError(message, f"name one of these: {', '.join(KINDS)}")
    path = tuple(repository.split("/")[1:])
    # A dot segment would be resolved away, and the request would go to another repository.
    if len(path) < 2 or (len(path) > 2 and kind != "gitlab") or {"", ".", ".."}.intersection(path):
        message = f"{repository!r} is no repository of a {kind} host"
        raise UndecidedError(message, "name it as host/owner/name, without scheme and .git")
    from labgate.forge.http import Client, Patience

    patience = patience or Patience()
    host = import_module(f"labgate.forge.{kind}")
    forge: Forge = host.Host(Client(host.SERVICE, api, environ, patience), path)
    return forge
