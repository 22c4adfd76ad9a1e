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
        *("pat", "credential", "credentials", "auth", "authorization", "bearer", "cookie", "dsn"),
    )
)
#: ``key`` alone may be the key of a sort or a join; with a word before it, it is taken for a secret.
_KEY = "key"
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_ASSIGNED = re.compile(
    r"([A-Za-z0-9_.+-]+)(=|:[ \t]*)(\"[^\"]*\"|'[^']*'|(?:(?:Bearer|Basic|Token)[ \t]+)?[^\s\"',;]+)"
)
_OPTION = re.compile(r"(?<!\S)(--?[A-Za-z][A-Za-z0-9_.-]*)([ \t]+)(\"[^\"]*\"|'[^']*'|[^\s\"']+)")
_USER = re.compile(r"(?<=://)[^/\s@\"']+@")
#: Tokens of known hosts and tools, by their fixed beginnings.
_KNOWN = re.compile(
    r"\b(?:gh[opusr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|hf_[A-Za-z0-9]{20,}|sk-[\w-]{16,}"
    r"|xox[abprs]-[\w-]{10,}|AKIA[0-9A-Z]{16}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*)"
)


def redacted(command: Sequence[str]) -> tuple[str, ...]:
    """Return the words of a command without what looks like a secret.

    That is the value of an option or a variable with such a name (``--api-key X``, ``TOKEN=X``), the user and password
    of a URL, and tokens of known forms; in a script that is one word, too.
    """
    found = []
    hide = False
    for word in command:
        if hide and not word.startswith("--"):
            found.append(HIDDEN)
            hide = False
            continue
        found.append(_in_text(word))
        hide = word.startswith("-") and "=" not in word and _is_secret(word)
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


def _in_text(text: str) -> str:
    text = _USER.sub(f"{HIDDEN}@", text)
    text = _ASSIGNED.sub(_hide_value, text)
    text = _OPTION.sub(_hide_value, text)
    return _KNOWN.sub(HIDDEN, text)


def _hide_value(found: re.Match[str]) -> str:
    name, between, value = found.groups()
    return f"{name}{between}{HIDDEN}" if _is_secret(name) and value != HIDDEN else found.group()


def _is_secret(name: str) -> bool:
    words = [word.lower() for word in _WORDS.findall(name)]
    if not words:
        return False
    return words[-1] in _SECRETS or (words[-1] == _KEY and len(words) > 1)
