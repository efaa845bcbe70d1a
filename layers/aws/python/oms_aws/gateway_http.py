"""One HTTP exchange within one time budget, knowing whether the request can have arrived.

`NotSent` and `Lost` are the two ways to get no answer, and the reason for this module: what may be
done next differs (GTW-03, GTW-04). A connection serves one exchange: a kept one may be found dead
only after sending, and a request that never arrived would have to count as lost.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

_LONGEST_ANSWER = 65_536


class NotSent(Exception):
    """No connection came about, so nothing was sent."""


class Lost(Exception):
    """Something was sent and no complete answer came; the request may have been carried out."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete answer."""

    status: int
    body: bytes


def exchange(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None, budget_seconds: float
) -> Reply:
    """Send one request and read the whole answer; raises NotSent or Lost.

    The budget covers everything from connecting to the last byte, however slowly bytes trickle in;
    only name resolution is left to the platform's own limit.
    """
    target = urlsplit(url)
    host, port = target.hostname or "", target.port or (443 if target.scheme == "https" else 80)
    deadline = time.monotonic() + budget_seconds
    sock = _dial(host, port, deadline, _trust() if target.scheme == "https" else None)
    watchdog = threading.Timer(deadline - time.monotonic(), _cut, [sock])
    watchdog.daemon = True
    watchdog.start()
    try:
        if isinstance(sock, ssl.SSLSocket):
            _shake_hands(sock)
        path = f"{target.path}?{target.query}" if target.query else target.path
        reply = _converse(sock, host, method, path, {"Host": target.netloc, **headers}, body)
        if time.monotonic() >= deadline:
            # Cut off by the watchdog, the end of the stream looks like the end of the answer.
            raise Lost("the budget is used up")
        return reply
    finally:
        watchdog.cancel()
        sock.close()


def _dial(host: str, port: int, deadline: float, trust: ssl.SSLContext | None) -> socket.socket:
    """A connected socket that waits without limit; under TLS its handshake is still to come."""
    failure = "no address"
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise NotSent(str(error)) from error
    for family, kind, protocol, _, address in addresses:
        sock = socket.socket(family, kind, protocol)
        # A floor above zero: zero would mean "do not block".
        sock.settimeout(max(0.001, deadline - time.monotonic()))
        try:
            sock.connect(address)
        except OSError as error:
            sock.close()
            failure = str(error)
            continue
        # From here on the watchdog is the limit.
        sock.settimeout(None)
        if trust is None:
            return sock
        return trust.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
    raise NotSent(failure)


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


def _shake_hands(sock: ssl.SSLSocket) -> None:
    try:
        sock.do_handshake()
    except OSError as error:
        raise NotSent(str(error)) from error


def _converse(
    sock: socket.socket,
    host: str,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes | None,
) -> Reply:
    connection = HTTPConnection(host)
    connection.sock = sock
    try:
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        # A longer answer is cut off, which makes it unreadable: that is no answer either.
        content = response.read(_LONGEST_ANSWER)
    except (OSError, HTTPException) as error:
        raise Lost(type(error).__name__) from error
    finally:
        connection.close()
    return Reply(response.status, content)


def _cut(sock: socket.socket) -> None:
    """Wake whoever waits on the socket: it will read the end of the stream."""
    try:
        # Past the TLS layer, whose own shutdown would pull its state from under the reader.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError:
        # The exchange ended in the same moment.
        return
