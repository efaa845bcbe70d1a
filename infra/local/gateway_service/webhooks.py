"""Signed notifications to the client, repeated until it answers 2xx.

Each attempt carries `Gateway-Signature: t=<seconds>,v1=<hex>[,v1=<hex>]`: HMAC-SHA256 over
`<seconds>.<body>`, once for each active secret, so that secrets can be rotated without a gap.
The order of events is not guaranteed; an event may arrive more than once under the same id.
"""

import hashlib
import hmac
import threading
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException

from infra.local.gateway_service.bank import Bank
from infra.local.gateway_service.store import Store

SIGNATURE_HEADER = "Gateway-Signature"
_ATTEMPT_SECONDS = 10
_LEASE_SECONDS = 30
_LONGEST_PAUSE_SECONDS = 60
_WORKERS = 4


def sign(body: bytes, seconds: int, secrets: Sequence[str]) -> str:
    """The value of the signature header for a body sent at this time."""
    signed = str(seconds).encode() + b"." + body
    digests = (hmac.new(key.encode(), signed, hashlib.sha256).hexdigest() for key in secrets)
    return ",".join([f"t={seconds}", *(f"v1={digest}" for digest in digests)])


class Notifier:
    """Delivers due webhooks and settles due operations in the background.

    `retry_seconds` is the pause after a first failed attempt; it doubles up to a minute.
    """

    def __init__(
        self,
        store: Store,
        bank: Bank,
        clock: Callable[[], float],
        secrets: Sequence[str],
        retry_seconds: float,
    ) -> None:
        self._store = store
        self._bank = bank
        self._clock = clock
        self._secrets = tuple(secrets)
        self._retry_seconds = retry_seconds
        self._wake = threading.Event()
        self._stopping = False
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="webhook")
        self._thread = threading.Thread(target=self._run, name="notifier", daemon=True)
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open

    def start(self) -> None:
        """Begin working in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the attempts under way and stop."""
        self._stopping = True
        self._wake.set()
        self._thread.join()
        self._pool.shutdown()

    def nudge(self) -> None:
        """Look for work now: something was stored that is due."""
        self._wake.set()

    def replay(self, key: str | None, times: int) -> int:
        """Queue all events again, or those of one key; returns how many deliveries were queued."""
        with self._store.transaction():
            events = self._store.rows("SELECT id FROM events WHERE ? IN (key, '')", key or "")
            for row in events * times:
                self._store.rows(
                    "INSERT INTO deliveries VALUES (NULL, ?, ?, 0)", row["id"], self._clock()
                )
        self.nudge()
        return len(events) * times

    def deliver(self, delivery_id: int) -> None:
        """Make one attempt; a failed one is queued again."""
        url = self._store.setting("webhook_url")
        (row,) = self._store.rows(
            "SELECT attempts, body FROM deliveries JOIN events ON events.id = event_id"
            " WHERE deliveries.id = ?",
            delivery_id,
        )
        attempts = int(row["attempts"]) + 1
        accepted = url is not None and self._post(url, str(row["body"]).encode())
        pause = min(self._retry_seconds * 2 ** min(attempts - 1, 16), _LONGEST_PAUSE_SECONDS)
        self._store.rows(
            "UPDATE deliveries SET attempts = ?, due_at = ? WHERE id = ?",
            attempts, None if accepted else self._clock() + pause, delivery_id,
        )  # fmt: skip
        self.nudge()

    def _post(self, url: str, body: bytes) -> bool:
        headers = {
            "Content-Type": "application/json",
            SIGNATURE_HEADER: sign(body, int(self._clock()), self._secrets),
        }
        request = urllib.request.Request(url, body, headers, method="POST")
        try:
            with self._open(request, timeout=_ATTEMPT_SECONDS):
                return True
        except (OSError, HTTPException):
            return False

    def _run(self) -> None:
        while True:
            self._wake.clear()
            # Asked after clearing: a stop in between must not be cleared away.
            if self._stopping:
                return
            self._bank.settle(self._clock())
            for delivery_id in self._claim():
                self._pool.submit(self.deliver, delivery_id)
            self._wake.wait(self._pause())

    def _claim(self) -> list[int]:
        with self._store.transaction():
            now = self._clock()
            due = self._store.rows(
                "SELECT id FROM deliveries WHERE due_at <= ? ORDER BY due_at LIMIT ?",
                now, 4 * _WORKERS,
            )  # fmt: skip
            for row in due:
                # A lease instead of a delete: an attempt cut off by a stop is made again.
                self._store.rows(
                    "UPDATE deliveries SET due_at = ? WHERE id = ?", now + _LEASE_SECONDS, row["id"]
                )
        return [int(row["id"]) for row in due]

    def _pause(self) -> float | None:
        (row,) = self._store.rows(
            "SELECT min(at) AS at FROM (SELECT min(due_at) AS at FROM deliveries"
            " UNION ALL SELECT min(settle_at) FROM operations)"
        )
        return None if row["at"] is None else max(0.0, float(row["at"]) - self._clock())
