"""The listening socket of the test gateway, which can be taken away for a while."""

import threading
from http.server import ThreadingHTTPServer

from infra.local.gateway_service.api import Handler
from infra.local.gateway_service.service import Service


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512


class Listener:
    """Accepts connections for a service on one loopback port; 0 picks a free one."""

    def __init__(self, service: Service, port: int) -> None:
        service.go_down = self.go_down
        self._handler: type[Handler] = type("BoundHandler", (Handler,), {"service": service})
        self._server = _Server(("127.0.0.1", port), self._handler)
        self.port: int = self._server.server_address[1]
        self._stopping = False
        self._return = threading.Event()

    def start(self) -> None:
        """Accept connections from now on."""
        threading.Thread(target=self._server.serve_forever, name="listener", daemon=True).start()

    def stop(self) -> None:
        """Accept no more connections."""
        self._stopping = True
        self._return.set()
        self._close()

    def go_down(self, seconds: float) -> None:
        """Refuse connections for so long; returns once they are refused."""
        self._return.clear()
        self._close()
        threading.Thread(target=self._come_back, args=(seconds,), daemon=True).start()

    def come_back(self) -> None:
        """End a `go_down` before its time."""
        self._return.set()

    def _close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _come_back(self, seconds: float) -> None:
        self._return.wait(seconds)
        if not self._stopping:
            self._server = _Server(("127.0.0.1", self.port), self._handler)
            self.start()
