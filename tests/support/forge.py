"""A code host on this machine: an HTTP server with the documented shapes of GitHub, GitLab and Gitea, and faults.

It serves one repository for all three kinds at once, from state that a test may change at any time:

    with FakeHost("acme/lab") as host:
        host.open(7, author="ada-l", head=head)
        host.review(7, "lin-k")
        forge = connect("github", host.url("github"), host.repository(), {})
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import SHUT_RDWR, socket
from socketserver import TCPServer
from types import TracebackType
from typing import final
from urllib.parse import parse_qs, quote, unquote, urlsplit

from support import forge_shapes as shapes
from support.forge_shapes import FakeChange, FakeReview

#: Where below the server's address the API of each kind begins.
PREFIXES = {"github": "/github", "gitlab": "/gitlab/api/v4", "gitea": "/gitea/api/v1"}


@dataclass
class Fault:
    """Something that goes wrong with a request whose path ends in ``on``; ``times`` of them, -1: always.

    ``hang`` seconds pass before anything is sent. ``drop`` closes the connection without a word, ``truncated`` in the
    middle of the body. ``body`` is what is sent instead; ``None``: an error document, or nothing wrong with it at 200.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    on: str = ""
    times: int = 1
    hang: float = 0.0
    drop: bool = False
    truncated: bool = False


@dataclass(frozen=True)
class Asked:
    """A request that arrived: its path with the query, as it was sent, and its headers in lower case."""

    path: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes
    headers: dict[str, str]


@final
class FakeHost:
    """The host. ``changes`` by number is its state; ``faults`` are taken in order, first come, first served.

    ``token``: what a request must carry, ``None``: no token is asked for. ``page_size``: the largest page that it
    grants. ``approval_times``: whether its GitLab is new enough for ``approved_at``. ``alter``: called with the path
    and the document before it is sent, returns the document to send. ``asked``: the requests so far. ``certificate``: a
    PEM file with key and certificate, to serve https.
    """

    def __init__(self, name: str = "acme/lab", *, token: str | None = None, certificate: Path | None = None) -> None:
        self.name = name
        self.token = token
        self.changes: dict[int, FakeChange] = {}
        self.faults: list[Fault] = []
        self.asked: list[Asked] = []
        self.page_size = 100
        self.approval_times = True
        self.alter: Callable[[str, object], object] | None = None
        self.stopping = threading.Event()
        self._minutes = 0
        self._server = _Server(self)
        self._scheme = "http"
        if certificate is not None:
            self._scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.002})

    def __enter__(self) -> FakeHost:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def url(self, kind: str) -> str:
        """Return the root of the API of this kind of host."""
        return f"{self._scheme}://{self.address}{PREFIXES[kind]}"

    def repository(self) -> str:
        return f"{self.address}/{self.name}"

    # What happens on the host. Every act takes a minute, from 2026-02-01 on.

    def tick(self) -> str:
        self._minutes += 1
        time = datetime(2026, 2, 1, tzinfo=timezone.utc) + timedelta(minutes=self._minutes)
        return time.strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def open(self, number: int, *, author: str | None, head: str, target: str = "main") -> FakeChange:
        change = FakeChange(number, author, head, target, pushes=[(head, self.tick())])
        self.changes[number] = change
        return change

    def push(self, number: int, head: str) -> None:
        self.changes[number].head = head
        self.changes[number].pushes.append((head, self.tick()))

    def retarget(self, number: int, target: str) -> None:
        self.changes[number].target = target
        self.changes[number].moved.append(self.tick())

    def review(self, number: int, login: str | None, state: str = "APPROVED", commit: str | None = None) -> None:
        """Review the head, or ``commit``. GitLab knows only the time, which is now."""
        change = self.changes[number]
        change.reviews.append(FakeReview(login, state, commit or change.head, self.tick()))

    def merge(self, number: int, merged_as: str, *, commits: tuple[str, ...] = (), squashed: bool = False) -> None:
        """Land a change: ``commits`` are what it left on the target below ``merged_as``."""
        change = self.changes[number]
        change.state, change.merged_as, change.squashed = "merged", merged_as, squashed
        change.commits = list(commits)

    # What is served.

    def take_fault(self, path: str) -> Fault | None:
        for fault in self.faults:
            if fault.times and path.endswith(fault.on):
                fault.times -= 1
                return fault
        return None

    def answer(self, target: str, headers: dict[str, str]) -> Reply:
        kind = next((kind for kind, prefix in PREFIXES.items() if target.startswith(prefix + "/")), None)
        if kind is None:
            return _failure(404)
        if self.token is not None and self.token not in headers.get(_TOKEN_HEADERS[kind], "").split():
            return _failure(401)
        parts = urlsplit(target)
        document = self._document(kind, parts.path[len(PREFIXES[kind]) :])
        if document is None:
            return _failure(404)
        pages: dict[str, str] = {}
        if isinstance(document, list) and not parts.path.endswith("/reviewers"):
            document, pages = self._page(kind, document, target)
        if self.alter is not None:
            document = self.alter(parts.path, document)
        return Reply(200, json.dumps(document).encode(), {"Content-Type": "application/json", **pages})

    def _document(self, kind: str, path: str) -> object:
        """Return the document at a path of an API, ``None`` where there is nothing."""
        if path == "/projects/4" and kind == "gitlab":
            forks = [change.fork for change in self.changes.values() if change.fork is not None]
            return {"id": 4, "path_with_namespace": forks[0]} if forks else None
        root = f"/projects/{quote(self.name, safe='')}" if kind == "gitlab" else f"/repos/{self.name}"
        if path == root and kind == "gitea":
            return {"id": 1, "full_name": self.name}
        if not path.startswith(root + "/"):
            return None
        words = path[len(root) + 1 :].split("/")
        if words[0] == "repository":
            words = words[1:]
        if words[0] == "commits" and len(words) == 3:
            return self._of_commit(kind, unquote(words[1]), words[2])
        change = self.changes.get(int(words[1])) if words[1].isdigit() else None
        return None if change is None else self._of_change(kind, change, "/".join([words[0], *words[2:]]))

    def _of_commit(self, kind: str, oid: str, what: str) -> object:
        found = [change for change in self.changes.values() if oid in {change.merged_as, change.head, *change.commits}]
        if kind == "gitea":
            found = [change for change in found if change.merged_as == oid and what == "pull"]
            return shapes.gitea_pull(found[0], self.name) if found else None
        if kind == "github":
            return [shapes.github_pull(change, self.name, listed=True) for change in found]
        return [shapes.gitlab_request(change, self.name) for change in found]

    def _of_change(self, kind: str, change: FakeChange, what: str) -> object:
        makers: dict[tuple[str, str], Callable[[], object]] = {
            ("github", "pulls"): lambda: shapes.github_pull(change, self.name),
            ("github", "pulls/reviews"): lambda: shapes.github_reviews(change),
            ("github", "issues/timeline"): lambda: shapes.github_timeline(change),
            ("gitea", "issues/timeline"): lambda: shapes.gitea_timeline(change),
            ("gitlab", "merge_requests"): lambda: shapes.gitlab_request(change, self.name),
            ("gitlab", "merge_requests/approvals"): lambda: shapes.gitlab_approvals(
                change, with_times=self.approval_times
            ),
            ("gitlab", "merge_requests/reviewers"): lambda: shapes.gitlab_reviewers(change),
            ("gitlab", "merge_requests/notes"): lambda: shapes.gitlab_notes(change),
            ("gitlab", "merge_requests/versions"): lambda: shapes.gitlab_versions(change),
            ("gitea", "pulls"): lambda: shapes.gitea_pull(change, self.name),
            ("gitea", "pulls/reviews"): lambda: shapes.gitea_reviews(change),
        }
        maker = makers.get((kind, what))
        return None if maker is None else maker()

    def _page(self, kind: str, items: list[object], target: str) -> tuple[list[object], dict[str, str]]:
        """Return one page of a list, and the headers that say where the others are: Gitea only counts."""
        path, _, query = target.partition("?")
        wanted = {name: values[0] for name, values in parse_qs(query).items()}
        page = int(wanted.get("page", "1"))
        size = min(int(wanted.get("limit" if kind == "gitea" else "per_page", "20")), self.page_size)
        shown = items[(page - 1) * size : page * size]
        if kind == "gitea":
            return shown, {"X-Total-Count": str(len(items))}
        last = max(1, -(-len(items) // size))
        numbers = {"prev": page - 1, "next": page + 1, "first": 1, "last": last}
        links = [
            f'<{self._scheme}://{self.address}{path}?page={number}&per_page={size}>; rel="{relation}"'
            for relation, number in numbers.items()
            if 1 <= number <= last
        ]
        return shown, {"Link": ", ".join(links)} if last > 1 else {}


_TOKEN_HEADERS = {"github": "authorization", "gitlab": "private-token", "gitea": "authorization"}


def _failure(status: int) -> Reply:
    return Reply(status, json.dumps({"message": f"status {status}"}).encode(), {"Content-Type": "application/json"})


class _Server(ThreadingHTTPServer):
    """Keeps its threads and connections, so that all of them end with the host."""

    daemon_threads = False

    def __init__(self, host: FakeHost) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.host = host
        self.connections: set[socket] = set()

    def server_bind(self) -> None:
        # HTTPServer asks the network for the name of the machine, which can take seconds.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", self.server_address[1]

    def hang_up(self) -> None:
        for connection in list(self.connections):
            with suppress(OSError):
                connection.shutdown(SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that hangs up is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    # Headers and body go out as one: else Nagle's algorithm makes each answer wait for the acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        super().finish()

    def log_message(self, format: str, *args: object) -> None:
        """Keep the output of the tests clean."""

    def do_GET(self) -> None:
        host = self.server.host
        headers = {name.lower(): value for name, value in self.headers.items()}
        host.asked.append(Asked(self.path, headers))
        fault = host.take_fault(urlsplit(self.path).path) or Fault()
        if fault.hang:
            host.stopping.wait(fault.hang)
        if fault.drop:
            self.close_connection = True
            return
        reply = host.answer(self.path, headers) if fault.status == 200 else _failure(fault.status)
        body = reply.body if fault.body is None else fault.body
        self._send(Reply(reply.status, body, reply.headers | fault.headers), truncated=fault.truncated)

    def do_CONNECT(self) -> None:
        """Refuse to be a proxy, and remember what was asked."""
        self.server.host.asked.append(Asked(self.path, {name.lower(): value for name, value in self.headers.items()}))
        self._send(_failure(403), truncated=False)

    def _send(self, reply: Reply, *, truncated: bool) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body[: len(reply.body) // 2] if truncated else reply.body)
        self.wfile.flush()
        self.close_connection = self.close_connection or truncated
