"""What a browser sent, and what it gets: HTML with headers that let it load nothing foreign."""

from __future__ import annotations

import base64
import gzip
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

MAX_FORM_BYTES = 200_000
HTML = "text/html; charset=utf-8"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY: Mapping[str, str] = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
}
_WORTH_PACKING = 1_000


@dataclass(frozen=True, slots=True)
class Request:
    """A request; `form` holds every value of a field, since tables send many under one name."""

    method: str
    path: str
    query: Mapping[str, str]
    form: Mapping[str, Sequence[str]]
    cookies: Mapping[str, str]
    headers: Mapping[str, str]

    @property
    def fragment(self) -> bool:
        """Whether only the changed part of a page is wanted."""
        return self.headers.get("hx-request") == "true" and "hx-boosted" not in self.headers

    def whole(self, name: str) -> int | None:
        """The last value of a form field as a whole number; None where it is none."""
        text = self.field(name)
        return int(text) if re.fullmatch(r"[0-9]{1,15}", text) else None

    def field(self, name: str, otherwise: str = "") -> str:
        """The last value of a form field, trimmed."""
        values = self.form.get(name)
        return values[-1].strip() if values else otherwise

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> Request:
        """Read an event of payload format 2.0."""
        headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        given = event.get("cookies") or headers.get("cookie", "").split(";")
        cookies = dict(part.strip().split("=", 1) for part in given if "=" in part)
        return cls(
            event["requestContext"]["http"]["method"], event.get("rawPath", "/"),
            dict(parse_qsl(event.get("rawQueryString") or "", keep_blank_values=True)),
            _form(event, headers), cookies, headers,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back; `cookies` are whole `Set-Cookie` values."""

    body: str | bytes = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()

    def event(self, request: Request) -> dict[str, Any]:
        """The integration response, packed where the browser takes it."""
        headers = {"Content-Type": HTML, "Cache-Control": "no-store", **SECURITY, **self.headers}
        raw = self.body.encode() if isinstance(self.body, str) else self.body
        packed = len(raw) > _WORTH_PACKING and "gzip" in request.headers.get("accept-encoding", "")
        if packed:
            raw = gzip.compress(raw, 6)
            headers["Content-Encoding"] = "gzip"
        headers["Vary"] = "Accept-Encoding, HX-Request"
        found: dict[str, Any] = {
            "statusCode": self.status, "headers": headers, "isBase64Encoded": packed,
            "body": base64.b64encode(raw).decode() if packed else raw.decode(),
        }  # fmt: skip
        if self.cookies:
            found["cookies"] = list(self.cookies)
        return found


def redirect(request: Request, target: str, cookies: tuple[str, ...] = ()) -> Answer:
    """Send the browser elsewhere, also out of a part that htmx loads."""
    if request.headers.get("hx-request") == "true":
        return Answer(headers={"HX-Redirect": target}, cookies=cookies)
    return Answer(status=303, headers={"Location": target}, cookies=cookies)


def _form(event: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, list[str]]:
    text = event.get("body") or ""
    kind = headers.get("content-type", "").split(";")[0]
    if kind != "application/x-www-form-urlencoded" or len(text) > MAX_FORM_BYTES:
        return {}
    if event.get("isBase64Encoded"):
        text = base64.b64decode(text).decode("utf-8", "replace")
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        found.setdefault(name, []).append(value)
    return found
