"""A git server over HTTP that wants a name and a password, as code hosts do."""

from __future__ import annotations

import base64
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from support.repo import Repo

USER, PASSWORD = "job", "secret"
HEADER = "Authorization: Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


class _Handler(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        if f"Authorization: {self.headers.get('Authorization')}" != HEADER:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class WebHost:
    """Serves a bare repository as files (git-update-server-info); ``url`` is its address."""

    def __init__(self, bare: Repo) -> None:
        bare.git("update-server-info")
        handler = partial(_Handler, directory=str(bare.path.parent))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        self.url = f"{self.origin}/{bare.path.name}"

        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def helper(folder: Path) -> str:
    """Return the path of a credential helper that answers with what a variable of the job holds."""
    program = folder / "helper"
    program.write_text(
        f'#!/bin/sh\n[ "$1" = get ] && echo "username={USER}" && echo "password=$CI_JOB_TOKEN"\nexit 0\n'
    )
    program.chmod(0o755)
    return str(program)
