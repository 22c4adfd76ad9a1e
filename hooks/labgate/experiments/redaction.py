"""Take secrets out of commands and URLs before they are recorded: what looks like one becomes ``***``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

HIDDEN = "***"
#: Last words of the names of options and variables that hold secrets.
_SECRETS = frozenset(
    (
        *("token", "secret", "password", "passwd", "passphrase", "pass", "pwd", "apikey", "accesskey", "secretkey"),
        *("pat", "credential", "credentials", "auth", "authorization", "bearer", "cookie", "dsn", "sig", "signature"),
    )
)
#: ``key`` alone may be the key of a sort or a join; with a word before it, it is taken for a secret.
_KEY = "key"
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
#: A name and what stands between it and its value, also in JSON; the slashes of a URL are no value.
_ASSIGNING = re.compile(r"(?<![A-Za-z0-9_.+-])([A-Za-z0-9_.+-]+)[\"']?(=|:(?!//)[ \t]*)")
_VALUE = re.compile(r"\"[^\"]*\"|'[^']*'|(?:(?:Bearer|Basic|Token)[ \t]+)?[^\s\"',;&]+")
#: Options whose value is ``USER:PASSWORD``, as of curl(1).
_OF_USER = ("-u", "--user", "--proxy-user")
_OPTION = re.compile(r"(?<!\S)(--?[A-Za-z][A-Za-z0-9_.-]*)([ \t]+)(\"[^\"]*\"|'[^']*'|[^\s\"']+)")
_USER = re.compile(r"(?<=://)[^/\s@\"']+@")
#: Tokens of known hosts and tools, by their fixed beginnings.
_KNOWN = re.compile(
    r"\b(?:gh[opusr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|hf_[A-Za-z0-9]{20,}|sk-[\w-]{16,}"
    r"|xox[abprs]-[\w-]{10,}|AKIA[0-9A-Z]{16}|AIza[\w-]{35}|pypi-[\w-]{16,}|npm_[A-Za-z0-9]{30,}"
    r"|eyJ[\w-]{10,4096}\.[\w-]{10,}\.[\w-]*)"
)


def redacted(command: Sequence[str]) -> tuple[str, ...]:
    """Return the words of a command without what looks like a secret.

    That is the value of an option or a variable with such a name (``--api-key X``, ``TOKEN=X``), the user and password
    of a URL, and tokens of known forms; in a script that is one word, too.
    """
    found = []
    before = ""
    for word in command:
        secret = before.startswith("-") and "=" not in before and _is_secret(before)
        if secret and not word.startswith("--"):
            found.append(HIDDEN)
            before = ""
            continue
        user, colon, password = word.partition(":")
        if before in _OF_USER and colon and password:
            found.append(f"{user}:{HIDDEN}")
        else:
            found.append(_in_word(word))
        before = word
    return tuple(found)


def without_credentials(url: str) -> str | None:
    """Return a URL of git as ``git+SCHEME://host/path``, without user, password, query and fragment.

    ``None`` where it is no URL that others could use, such as a relative path.
    """
    if "://" in url:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        return (
            None if not parts.scheme or not (host or parts.scheme == "file") else _named(parts.scheme, host, parts.path)
        )
    if url.startswith("/"):
        return _named("file", "", url)
    # git's scp-like form needs a host and no slash before the colon (git-clone, "GIT URLS").
    host, colon, path = url.partition(":")
    if not colon or "/" in host:
        return None
    return _named("ssh", host.rpartition("@")[2], "/" + path.lstrip("/"))


def _named(scheme: str, host: str, path: str) -> str:
    return f"git+{scheme}://{host}{path.rstrip('/').removesuffix('.git')}"


def _in_word(word: str) -> str:
    """Return a word without secrets. One that assigns to a secret is that alone, unless it is a script."""
    name, sign, _ = word.partition("=")
    is_one = word.startswith("-") or not re.search(r"\s", word)
    if sign and is_one and re.fullmatch(r"[A-Za-z0-9_.+-]+", name) and _is_secret(name):
        return f"{name}={HIDDEN}"
    return _in_text(word)


def _in_text(text: str) -> str:
    text = _assigned(_USER.sub(f"{HIDDEN}@", text))
    text = _OPTION.sub(_hide_value, text)
    return _KNOWN.sub(HIDDEN, text)


def _assigned(text: str) -> str:
    """Return a text without what it assigns to secrets; a value that is none may itself assign to one."""
    pieces, at = [], 0
    while found := _ASSIGNING.search(text, at):
        pieces.append(text[at : found.end()])
        at = found.end()
        value = _VALUE.match(text, at) if _is_secret(found[1]) else None
        if value is not None:
            pieces.append(HIDDEN)
            at = value.end()
    return "".join([*pieces, text[at:]])


def _hide_value(found: re.Match[str]) -> str:
    name, between, value = found.groups()
    return f"{name}{between}{HIDDEN}" if _is_secret(name) and value != HIDDEN else found.group()


def _is_secret(name: str) -> bool:
    words = [word.lower() for word in _WORDS.findall(name)]
    if not words:
        return False
    return words[-1] in _SECRETS or (words[-1] == _KEY and len(words) > 1)
