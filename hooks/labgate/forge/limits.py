"""Reads what the headers of an answer say: where the next page is, and how long to wait before asking again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

#: A busy or restarting server, or a gateway before it. GitHub and GitLab limit rates with 429, GitHub also with 403.
_PASSING = frozenset({429, 500, 502, 503, 504})
_LIMITED = frozenset({403, 429})
#: Header names of GitHub and Gitea, and of GitLab.
_PREFIXES = ("x-ratelimit-", "ratelimit-")

_SECONDS = re.compile(r"\d{1,12}", re.ASCII)
_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_RELATION = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))', re.IGNORECASE)


def is_limit(status: int, headers: Mapping[str, str]) -> bool:
    """Say whether the host refuses because too much was asked, and not for good.

    GitHub, "Rate limits for the REST API", "Exceeding the rate limit": 403 or 429 with ``retry-after``, or with
    ``x-ratelimit-remaining: 0``. GitLab, "User and IP rate limits": 429.
    """
    told = "retry-after" in headers or _used_up(headers) is not None
    return status == 429 or (status in _LIMITED and told)


def is_passing(status: int, headers: Mapping[str, str]) -> bool:
    """Say whether the same request may be answered a little later."""
    return status in _PASSING or is_limit(status, headers)


def told_to_wait(headers: Mapping[str, str], now: float) -> float | None:
    """Return for how many seconds the host asks to wait, ``None`` when it does not say.

    ``Retry-After`` is a number of seconds or a date (RFC 9110, section 10.2.3); the reset of a rate limit counts in
    seconds since 1970, as ``now`` does.
    """
    after = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(after):
        return float(after)
    date = _http_date(after)
    if date is not None:
        return max(0.0, date.timestamp() - now)
    prefix = _used_up(headers)
    reset = headers.get(f"{prefix}reset", "").strip() if prefix else ""
    return max(0.0, float(reset) - now) if _SECONDS.fullmatch(reset) else None


def _used_up(headers: Mapping[str, str]) -> str | None:
    return next((prefix for prefix in _PREFIXES if headers.get(f"{prefix}remaining", "").strip() == "0"), None)


def _http_date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return date if date.tzinfo is not None else date.replace(tzinfo=timezone.utc)


def utc(seconds: float) -> str:
    """Return an instant for people: ``2026-11-22 07:30:00 UTC``."""
    try:
        return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return "the end of time"


def next_link(header: str) -> str | None:
    """Return the target of ``rel="next"`` in a ``Link`` header (RFC 8288, section 3), ``None`` when there is none."""
    for target, parameters in _LINK.findall(header):
        match = _RELATION.search(parameters)
        if match is not None and "next" in (match[1] or match[2] or "").lower().split():
            return str(target)
    return None
