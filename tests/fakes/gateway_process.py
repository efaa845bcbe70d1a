"""The local gateway service as a process of its own, with a receiver for its webhooks."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.fakes.gateway import Webhook

ROOT = Path(__file__).resolve().parents[2]


def eventually(probe: Callable[[], bool]) -> None:
    """Wait until the probe holds; a test whose condition never comes fails after a minute."""
    for _ in range(1200):
        if probe():
            return
        time.sleep(0.05)
    raise AssertionError("the awaited condition never came")


class GatewayProcess:
    """A started service; `control` speaks to its test endpoints."""

    def __init__(self, process: "subprocess.Popen[str]", port: int) -> None:
        self._process = process
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The answer of a test endpoint."""
        _, answer = self.request(method, path, body)
        return answer

    def request(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, Any]:
        """Status and JSON of any endpoint."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, json.dumps(body).encode() if body else b"", headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def come_back(self) -> None:
        """Accept connections again before a `/v1/_down` is over."""
        self._process.send_signal(signal.SIGUSR1)

    def answers(self) -> bool:
        """Whether connections are accepted."""
        try:
            self.control("GET", "/v1/_stats")
        except OSError:
            return False
        return True


@contextmanager
def gateway_process(*options: str) -> Iterator[GatewayProcess]:
    """Run the service on a free port and stop it by its own handle."""
    command = [sys.executable, "-m", "infra.local.gateway_service", "--port", "0", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield GatewayProcess(process, int(process.stdout.readline().rpartition(":")[2]))
        finally:
            process.terminate()
            process.wait()


class WebhookReceiver:
    """Keeps what it is sent and answers with `status`."""

    def __init__(self) -> None:
        self.received: list[Webhook] = []
        self.status = 204
        keeper = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if keeper.status == 204:
                    keeper.received.append((dict(self.headers.items()), body))
                self.send_response(keeper.status)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1/webhooks/gateway"

    @classmethod
    @contextmanager
    def listening(cls) -> Iterator["WebhookReceiver"]:
        """A receiver that accepts connections."""
        receiver = cls()
        thread = threading.Thread(target=receiver._server.serve_forever)
        thread.start()
        try:
            yield receiver
        finally:
            receiver._server.shutdown()
            receiver._server.server_close()
            thread.join()
