"""The parts of a connection to a code host: address, token, proxy and certificates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from labgate.values.errors import UndecidedError
from labgate.values.value import Value

if TYPE_CHECKING:
    from ssl import SSLContext

    from urllib3 import PoolManager

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
#: RFC 9110, section 5.5, without characters that tokens do not have. A line feed would start another header.
_TOKEN = re.compile(r"[\x21-\x7e]+")


class Secret:
    """A text that no message, repr or traceback shows."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "<secret>"

    def reveal(self) -> str:
        return self._text


class Credential(Value):
    """A way to send a token: its variable, and the header that has it after ``prefix``."""

    variable: str
    header: str
    prefix: str = ""


class Token(Value):
    """A token, ready to be sent: ``value`` is the header's value, with its prefix."""

    variable: str
    header: str
    value: Secret


class Service(Value):
    """A kind of code host: its name, documentation and credentials.

    ``credentials`` are tried in their order. ``access`` is the step that gives a token the permissions that it needs.
    """

    name: str
    manual: str
    credentials: tuple[Credential, ...]
    access: str
    headers: Mapping[str, str]


def find_token(service: Service, environ: Mapping[str, str]) -> Token | None:
    """Return the first token in the environment, or ``None``. Raises: ``UndecidedError`` when it cannot be sent."""
    for credential in service.credentials:
        text = environ.get(credential.variable, "").strip()
        if not text:
            continue
        if not _TOKEN.fullmatch(text):
            message = f"{credential.variable} has characters that no token has"
            raise UndecidedError(message, f"set {credential.variable} to the token alone, on one line")
        return Token(credential.variable, credential.header, Secret(credential.prefix + text))
    return None


def check_address(api: str) -> SplitResult:
    """Return the parts of an API's address. Raises: ``UndecidedError`` when a token must not be sent there.

    Only https protects the token, except on the same machine.
    """
    parts: SplitResult | None = None
    try:
        parts = urlsplit(api.rstrip("/"))
        _ = parts.port
    except ValueError:
        parts = None
    if parts is None or not parts.hostname or parts.query or parts.fragment or parts.scheme not in {"http", "https"}:
        message = "the address of the code host's API is not a plain URL"
        raise UndecidedError(message, "give the root of the API, such as https://api.github.com")
    if parts.username is not None or parts.password is not None:
        message = f"the address of the API on {parts.hostname} has a user name or password"
        raise UndecidedError(message, "remove it from the address; set a token in the environment")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        message = f"the address of the API on {parts.hostname} is not https, and a token must not be sent unencrypted"
        raise UndecidedError(message, f"use https://{parts.hostname}")
    return parts


def origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    """Return scheme, host and port (RFC 6454, section 4). Raises: ``ValueError`` when the port is not a number."""
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def open_pool(parts: SplitResult, environ: Mapping[str, str]) -> PoolManager:
    """Return a pool of connections to a host, not open yet. They are closed when nothing refers to them.

    Raises: ``UndecidedError`` when the certificates or the proxy in the environment cannot be used.
    """
    import urllib3

    context = _certificates(environ) if parts.scheme == "https" else None
    proxy = _proxy(parts, environ)
    if proxy is None:
        return urllib3.PoolManager(num_pools=1, maxsize=1, ssl_context=context)
    address = _proxy_address(proxy)
    headers = {}
    if address.username is not None:
        user = f"{unquote(address.username)}:{unquote(address.password or '')}"
        headers = urllib3.make_headers(proxy_basic_auth=user)
    host = f"[{address.hostname}]" if ":" in (address.hostname or "") else address.hostname
    plain = f"{address.scheme}://{host}:{origin(address)[2]}"
    return urllib3.ProxyManager(plain, num_pools=1, maxsize=1, ssl_context=context, proxy_headers=headers)


def _proxy(parts: SplitResult, environ: Mapping[str, str]) -> str | None:
    """Return the proxy in the environment, as curl and urllib read it; ``None``: no proxy."""
    if parts.hostname in _LOOPBACK:
        # A plain request to this machine would give the token to the proxy.
        return None
    names = (f"{parts.scheme}_proxy", f"{parts.scheme}_proxy".upper(), "all_proxy", "ALL_PROXY")
    proxy = next((environ[name] for name in names if environ.get(name)), None)
    exempt = environ.get("no_proxy") or environ.get("NO_PROXY")
    return None if proxy is None or _is_exempt(parts, exempt or "") else proxy


def _is_exempt(parts: SplitResult, exempt: str) -> bool:
    """Return whether ``NO_PROXY`` names a host: itself, with its port, or a domain that it is in; ``*`` is all."""
    host = parts.hostname or ""
    for entry in exempt.casefold().replace(",", " ").split():
        name = entry.removeprefix("*").removeprefix(".")
        if entry == "*" or name in {host, f"{host}:{origin(parts)[2]}"} or (name and host.endswith(f".{name}")):
            return True
    return False


def _proxy_address(proxy: str) -> SplitResult:
    address: SplitResult | None = None
    try:
        address = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        _ = address.port
    except ValueError:
        address = None
    if address is None or address.scheme not in {"http", "https"} or not address.hostname:
        # The address may have a password, so it is not shown.
        message = "the proxy in the environment cannot be used: it is not http:// or https://"
        raise UndecidedError(message, "set HTTPS_PROXY to an HTTP proxy, or add the code host to NO_PROXY")
    return address


def _certificates(environ: Mapping[str, str]) -> SSLContext:
    """Return the TLS context: the system's certificates, or the bundle that a variable names."""
    import os
    import ssl

    names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
    name = next((name for name in names if environ.get(name)), None)
    if name is None:
        return ssl.create_default_context()
    bundle = environ[name]
    try:
        if os.path.isdir(bundle):
            return ssl.create_default_context(capath=bundle)
        return ssl.create_default_context(cafile=bundle)
    except OSError:
        # ssl.SSLError, for a file without a certificate, is an OSError too.
        pass
    message = f"{name} names {bundle!r}, which has no readable certificates"
    raise UndecidedError(message, f"unset {name}, or set it to a PEM file")
