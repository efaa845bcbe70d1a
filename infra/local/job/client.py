"""How the job reaches the running system: as channels, warehouse and administrator, over HTTP and
AWS.
"""

from __future__ import annotations

import base64
import json
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any

import boto3

from infra.local.cloud import Endpoints, client_settings

Body = dict[str, Any]
RETRIED = (429, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class Reply:
    """Status and JSON body of an HTTP answer."""

    status: int
    body: Body

    @property
    def code(self) -> str:
        """The problem's stable code, or the status where there is none."""
        return str(self.body.get("code", self.status))


@dataclass(slots=True)
class Caller:
    """An OAuth client of the API; tokens are fetched once and renewed before they end."""

    endpoints: Endpoints
    name: str
    _token: str = ""
    _until: float = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def call(self, method: str, path: str, body: Body | None = None, key: str = "") -> Reply:
        """Call the API; busy answers are tried again with the same key."""
        for attempt in range(6):
            reply = self._once(method, path, body, key)
            if reply.status not in RETRIED:
                break
            time.sleep(0.2 * 2**attempt)
        return reply

    def _once(self, method: str, path: str, body: Body | None, key: str) -> Reply:
        headers = {"Authorization": f"Bearer {self._bearer()}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        data = None if body is None else json.dumps(body).encode()
        url = self.endpoints.api_url + path
        request = urllib.request.Request(url, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return Reply(answer.status, json.loads(answer.read() or b"{}"))
        except urllib.error.HTTPError as refusal:
            text = refusal.read()
            return Reply(refusal.code, json.loads(text) if text.startswith(b"{") else {})

    def _bearer(self) -> str:
        with self._lock:
            if time.monotonic() > self._until:
                self._token, seconds = self._fetch()
                self._until = time.monotonic() + seconds - 60
            return self._token

    def _fetch(self) -> tuple[str, float]:
        client = self.endpoints.clients[self.name]
        basic = base64.b64encode(f"{client.id}:{client.secret}".encode()).decode()
        headers = {
            "Authorization": f"Basic {basic}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        data = b"grant_type=client_credentials"
        request = urllib.request.Request(self.endpoints.token_url, data, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            token = json.loads(answer.read())
        return token["access_token"], float(token.get("expires_in", 3600))


def aws(endpoints: Endpoints, service: str) -> Any:
    """An AWS client of the laptop cloud's administrator."""
    settings = client_settings(endpoints.aws_endpoint, endpoints.region)
    return boto3.client(service, **settings)  # type: ignore[call-overload]
