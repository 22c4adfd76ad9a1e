"""A small HTTP client for a code host's REST API: GET, JSON, pages, time-outs and rate limits."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlencode, urljoin, urlsplit

from labgate import __version__
from labgate.forge.answer import Answer, Question, parse
from labgate.forge.connection import Service, check_address, find_token, open_pool, origin
from labgate.values.errors import UndecidedError
from labgate.values.value import Value

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

#: How often a request is sent before labgate gives up, and the first wait in seconds, which doubles each time.
_ATTEMPTS = 5
_FIRST_WAIT = 0.5
#: Items of one page that all three hosts accept, or lower to their limit.
PAGE_SIZE = 100
_MAX_PAGES = 100
#: Not allowed, and not found: hosts often say the latter for both.
_REFUSED = (403, 404, 410)
#: Bytes of one answer. A page of a hundred pull requests with their long texts has about 2 MB.
_MAX_BODY = 10 * 1000 * 1000
_CHUNK = 64 * 1024


class Patience(Value):
    """How long to wait, in seconds: for one answer, and for one request with all its pages and retries.

    ``sleep``, ``clock`` (monotonic) and ``now`` (seconds since 1970) are those of ``time``, except in tests.
    """

    timeout: float = 10.0
    budget: float = 60.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time


class _Reply(Value):
    """A reply. ``headers`` have lower-case names; ``body`` is empty unless the status is 200."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    _hidden = ("headers", "body")


class _Trouble(Value):
    """Why there is no reply. ``help`` is the step that fixes it if a retry cannot; else ``None``."""

    reason: str
    help: str | None = None


#: A reply, or why there is none.
_Outcome: TypeAlias = _Reply | _Trouble


class Client:
    """A client of one API. Connections are kept for the next request, and closed with the client.

    Redirects are not followed: they would carry the token, and a moved repository should be given by its new name.

    Only ``urllib3`` gets the token. No message has a text of the host, which could echo the token; errors are raised
    outside ``except``, so that no traceback has the frame that sent it.
    """

    def __init__(self, service: Service, api: str, environ: Mapping[str, str], patience: Patience) -> None:
        self._service = service
        self._parts = check_address(api)
        self._api = api.rstrip("/")
        self._token = find_token(service, environ)
        self._environ = environ
        self._patience = patience
        self._pool: PoolManager | None = None

    def __repr__(self) -> str:
        return f"Client({self._service.name})"

    def get(self, path: str, name: str) -> Answer:
        """Return the answer to ``GET path``; ``name`` is its name in messages.

        Raises: ``UndecidedError`` when there is no answer or the request is refused.
        """
        question = self._question(path)
        reply = self._accepted(self._ask(self._api + path, question, self._deadline()), question)
        return parse(reply.body, question, name)

    def find(self, path: str, name: str) -> Answer | None:
        """Return the answer to ``GET path``, or ``None`` when it is not found (404)."""
        question = self._question(path)
        reply = self._ask(self._api + path, question, self._deadline())
        return None if reply.status == 404 else parse(self._accepted(reply, question).body, question, name)

    def pages(self, path: str, name: str, *, optional: bool = False) -> Iterator[Answer]:
        """Yield the items of a list page by page, as the ``Link`` header says (RFC 8288, ``rel="next"``).

        An ``optional`` list has none if the host does not have it, or does not let the token read it.
        """
        question = self._question(path)
        deadline = self._deadline()
        url = f"{self._api}{path}?{urlencode({'per_page': PAGE_SIZE})}"
        count = 0
        for _ in range(_MAX_PAGES):
            reply = self._ask(url, question, deadline)
            if optional and reply.status in _REFUSED:
                return
            reply = self._accepted(reply, question)
            for item in parse(reply.body, question, name).items(count):
                count += 1
                yield item
            following = self._next(url, reply, question)
            if following is None:
                return
            url = following
        raise self._endless(question)

    def numbered_pages(self, path: str, name: str, *, optional: bool = False) -> Iterator[Answer]:
        """Yield the items of a list without a ``Link`` header: pages by number, until there are no more.

        ``optional`` is as in ``pages``.

        ``X-Total-Count`` saves the last request. It can be too high: Gitea counts other people's pending reviews but
        does not list them.
        """
        question = self._question(path)
        deadline = self._deadline()
        count = 0
        for page in range(1, _MAX_PAGES + 1):
            query = urlencode({"page": page, "limit": PAGE_SIZE})
            reply = self._ask(f"{self._api}{path}?{query}", question, deadline)
            if optional and reply.status in _REFUSED:
                return
            reply = self._accepted(reply, question)
            before = count
            for item in parse(reply.body, question, name).items(count):
                count += 1
                yield item
            if count == before or str(count) == reply.headers.get("x-total-count"):
                return
        raise self._endless(question)

    def _question(self, path: str) -> Question:
        return Question(f"GET {path}", self._api, self._service.manual)

    def _deadline(self) -> float:
        return self._patience.clock() + self._patience.budget

    def _next(self, url: str, reply: _Reply, question: Question) -> str | None:
        """Return the address of the next page, or ``None``. It must have the same origin, as it gets the token."""
        link = next_link(reply.headers.get("link", ""))
        if link is None:
            return None
        with suppress(ValueError):
            following = urljoin(url, link)
            if origin(urlsplit(following)) == origin(self._parts):
                return following
        what = "its Link header leads to another host"
        raise question.misanswered(what)

    def _endless(self, question: Question) -> UndecidedError:
        message = f"the answer of {question.request} has more than {_MAX_PAGES} pages"
        return UndecidedError(message, f"check that {self._api} is the address of the {self._service.name} API")

    def _ask(self, url: str, question: Question, deadline: float) -> _Reply:
        """Return the host's reply, with retries while it is busy or unreachable and there is time."""
        for attempt in range(_ATTEMPTS):
            outcome = self._attempt(url, deadline)
            if isinstance(outcome, _Reply) and not is_passing(outcome.status, outcome.headers):
                return outcome
            if isinstance(outcome, _Trouble) and outcome.help is not None:
                break
            wait = self._wait(outcome, attempt)
            if attempt + 1 == _ATTEMPTS or self._patience.clock() + wait >= deadline:
                break
            self._patience.sleep(wait)
        raise self._given_up(outcome, question)

    def _wait(self, outcome: _Outcome, attempt: int) -> float:
        wait: float = _FIRST_WAIT * 2**attempt
        asked = requested_wait(outcome.headers, self._patience.now()) if isinstance(outcome, _Reply) else None
        return wait if asked is None else max(asked, _FIRST_WAIT)

    def _attempt(self, url: str, deadline: float) -> _Outcome:
        """Send one request. Errors are returned and not raised: see ``Client``."""
        from urllib3 import Timeout
        from urllib3 import exceptions as failures

        if self._pool is None:
            self._pool = open_pool(self._parts, self._environ)
        seconds = max(0.001, min(self._patience.timeout, deadline - self._patience.clock()))
        timeout = Timeout(connect=seconds, read=seconds)
        try:
            response = self._pool.urlopen(
                "GET",
                url,
                retries=False,
                redirect=False,
                preload_content=False,
                headers=self._headers(),
                timeout=timeout,
            )
            return self._read(response, deadline)
        except (failures.HTTPError, OSError) as error:
            return _trouble(error, seconds)

    def _headers(self) -> dict[str, str]:
        # No compression: a small answer could expand to any size.
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": f"labgate/{__version__}"}
        headers.update(self._service.headers)
        if self._token is not None:
            headers[self._token.header] = self._token.value.reveal()
        return headers

    def _read(self, response: BaseHTTPResponse, deadline: float) -> _Outcome:
        headers = {name.lower(): response.headers[name] for name in response.headers}
        body = bytearray()
        whole = False
        try:
            while response.status == 200:
                chunk = response.read1(_CHUNK, decode_content=False)
                if not chunk:
                    whole = True
                    break
                body += chunk
                if len(body) > _MAX_BODY:
                    reason = f"its answer is larger than {_MAX_BODY // 1_000_000} MB"
                    return _Trouble(reason, f"check that {self._api} is the address of the {self._service.name} API")
                if self._patience.clock() > deadline:
                    return _Trouble("its answer did not end in time")
        finally:
            if not whole:
                # Unread data would be read as the next answer.
                response.close()
            response.release_conn()
        return _Reply(response.status, headers, bytes(body))

    def _given_up(self, outcome: _Outcome, question: Question) -> UndecidedError:
        host = self._parts.hostname
        if isinstance(outcome, _Trouble):
            message = f"{host} did not answer {question.request}: {outcome.reason}"
            return UndecidedError(message, outcome.help or f"try again when {self._api} can be reached")
        if not is_limit(outcome.status, outcome.headers):
            message = f"{host} answered {question.request} with status {outcome.status}, {_ATTEMPTS} times"
            return UndecidedError(message, f"try again when {host} works again")
        now = self._patience.now()
        wait = requested_wait(outcome.headers, now)
        until = "" if wait is None else f" until {utc(now + wait)}"
        message = f"the rate limit of {host} is used up{until} (status {outcome.status} to {question.request})"
        more = "" if self._token else f"; with a token in {self._variables()} the limit is higher"
        return UndecidedError(message, f"try again {'later' if wait is None else 'then'}{more}")

    def _accepted(self, reply: _Reply, question: Question) -> _Reply:
        """Return the reply if it is an answer. Raises: ``UndecidedError`` when it is a refusal."""
        if reply.status == 200:
            return reply
        host = self._parts.hostname
        asker = f"the token in {self._token.variable}" if self._token else f"a request without {self._variables()}"
        refusals = {
            401: f"{host} does not accept {asker} (status 401 to {question.request})",
            403: f"{host} does not allow {asker} to read this (status 403 to {question.request})",
            404: f"{host} does not have it, or hides it from {asker} (status 404 to {question.request})",
        }
        if reply.status in refusals:
            raise UndecidedError(refusals[reply.status], self._service.access)
        if 300 <= reply.status < 400:
            message = f"{host} redirects {question.request} (status {reply.status}); redirects are not followed"
            raise UndecidedError(message, "if the repository was moved or renamed, use its new name")
        message = f"{host} answered {question.request} with status {reply.status}"
        raise UndecidedError(message, f"check that {self._api} is the address of the {self._service.name} API")

    def _variables(self) -> str:
        return " or ".join(credential.variable for credential in self._service.credentials)


def _trouble(error: Exception, seconds: float) -> _Trouble:
    """Return why a request failed, without the error's text: it may have a proxy's password."""
    import ssl

    from urllib3 import exceptions as failures

    if isinstance(error, failures.SSLError) and any(isinstance(it, ssl.SSLCertVerificationError) for it in error.args):
        return _Trouble("its certificate is not trusted", "set SSL_CERT_FILE to the certificates of its issuer")
    # In urllib3 the first is a subclass of the second.
    reasons = {
        failures.NewConnectionError: "the connection cannot be made",
        failures.TimeoutError: f"it took longer than {seconds:.3g} s",
        failures.SSLError: "the encrypted connection broke",
        failures.ProxyError: "the proxy cannot be reached, or refuses the request",
    }
    reason = next((reason for kind, reason in reasons.items() if isinstance(error, kind)), "the connection broke")
    return _Trouble(reason)


#: A busy or restarting server, or its gateway. GitHub and GitLab limit rates with 429, GitHub also with 403.
_PASSING = frozenset({429, 500, 502, 503, 504})
_LIMITED = frozenset({403, 429})
#: Header names of GitHub and Gitea, and of GitLab.
_PREFIXES = ("x-ratelimit-", "ratelimit-")

_SECONDS = re.compile(r"\d{1,12}", re.ASCII)
_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_RELATION = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))', re.IGNORECASE)


def is_limit(status: int, headers: Mapping[str, str]) -> bool:
    """Return whether the host refuses a request because of its rate limit.

    GitHub, "Rate limits for the REST API", "Exceeding the rate limit": 403 or 429 with ``retry-after``, or with
    ``x-ratelimit-remaining: 0``. GitLab, "User and IP rate limits": 429.
    """
    limited = "retry-after" in headers or _used_up(headers) is not None
    return status == 429 or (status in _LIMITED and limited)


def is_passing(status: int, headers: Mapping[str, str]) -> bool:
    """Return whether the same request may be answered a little later."""
    return status in _PASSING or is_limit(status, headers)


def requested_wait(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds that the host asks to wait, ``None`` when it does not say.

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
    """Return a time for people: ``2026-11-22 07:30:00 UTC``."""
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
