"""The front door of the laptop cloud: the API at the root of an address of its own.

    python -m infra.local.front --port 8080 --target http://127.0.0.1:4566/_aws/execute-api/<id>

In an account the API's own domain does this; the laptop cloud serves it below a path, where links
of the console, which begin at the root, would lead nowhere.
"""

import argparse
import contextlib
import http.client
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from infra.local import processes

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "host"})
_SECONDS = 60


def server(port: int, target: str) -> ThreadingHTTPServer:
    """A server on loopback that hands every request on to `target`."""
    address = urlsplit(target)

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) if length else None
            sent = {k: v for k, v in self.headers.items() if k.lower() not in _HOP_BY_HOP}
            with contextlib.closing(
                http.client.HTTPConnection(address.hostname or "", address.port, timeout=_SECONDS)
            ) as upstream:
                upstream.request(self.command, address.path + self.path, body, sent)
                answer = upstream.getresponse()
                content = answer.read()
                headers = answer.getheaders()
            self.send_response_only(answer.status)
            for name, value in headers:
                if name.lower() not in (*_HOP_BY_HOP, "content-length"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = _pass  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Requests are logged behind the door."""

    return ThreadingHTTPServer((processes.LOOPBACK, port), Door)


def main() -> None:
    """Serve until told to end."""
    parser = argparse.ArgumentParser(description="The front door of the laptop cloud.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--target", required=True)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with server(given.port, given.target) as door:
        door.serve_forever()


if __name__ == "__main__":
    main()
