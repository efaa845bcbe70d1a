"""The HTTP side: one thread per connection, answers in one piece."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

from infra.local.search_service.api import Api


class SearchServer(ThreadingHTTPServer):
    """Serves `api` on a loopback port; port 0 takes a free one."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, api: Api, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Request)
        self.api = api

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Request(BaseHTTPRequestHandler):
    server: SearchServer
    protocol_version = "HTTP/1.1"
    # Head and body leave in one packet: two small ones would wait for each other's receipt.
    disable_nagle_algorithm = True
    wbufsize = 65_536

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        status, body = self.server.api.answer(self.command, unquote(parts.path), query, text)
        payload = b"" if self.command == "HEAD" else json.dumps(body, ensure_ascii=False).encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Requests are not logged: they carry personal data."""
