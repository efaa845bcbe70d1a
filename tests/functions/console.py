"""A browser without a screen: pages of the console over the world of function tests."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.exceptions import ClientError
from oms.kernel.codec import encode
from oms.lifecycle.projection import search_document
from oms_aws import wiring, wiring_console
from oms_aws.sign_in import SignIn

from tests.fakes.sessions import MemorySessions
from tests.functions.world import COMPANY, STAFF, World, invocation

PASSWORD = "Correct-horse-1"


class UserPool:
    """A user pool that knows one password; user names are those of roles."""

    def __init__(self) -> None:
        self.challenge = ""
        self.down = False

    def initiate_auth(self, **given: Any) -> dict[str, Any]:
        """Sign in, or say what else is wanted."""
        if self.down:
            raise _error("InternalErrorException")
        told = given["AuthParameters"]
        if told["PASSWORD"] != PASSWORD:
            raise _error("NotAuthorizedException")
        if self.challenge:
            return {"ChallengeName": self.challenge, "Session": "next"}
        return _tokens(told["USERNAME"])

    def respond_to_auth_challenge(self, **given: Any) -> dict[str, Any]:
        """Take the second factor 123456."""
        told = given["ChallengeResponses"]
        if told.get("SOFTWARE_TOKEN_MFA_CODE") != "123456":
            raise _error("CodeMismatchException")
        return _tokens(told["USERNAME"])


@dataclass
class Page:
    """What came back."""

    status: int
    headers: dict[str, str]
    text: str

    def hidden(self, name: str) -> str:
        """The value of a hidden field."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        assert found, f"no field {name} in:\n{self.text}"
        return found[1]


@dataclass
class Browser:
    """Keeps cookies, and sends the page's secret with forms as htmx does."""

    world: World
    pool: UserPool
    sessions: MemorySessions
    cookies: dict[str, str] = field(default_factory=dict)
    set_cookies: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, world: World, monkeypatch: pytest.MonkeyPatch) -> Browser:
        """A browser whose console uses the world."""
        made = cls(world, UserPool(), MemorySessions(lambda: world.now))
        sign_in = SignIn(made.pool, STAFF)  # type: ignore[arg-type]
        monkeypatch.setattr(wiring_console, "sessions", lambda: made.sessions)
        monkeypatch.setattr(wiring_console, "sign_in", lambda: sign_in)
        monkeypatch.setattr(wiring, "decisions", lambda: NoDecisions())
        return made

    def sign_in(self, role: str = "service_manager", password: str = PASSWORD) -> Page:
        """Sign in as somebody of the role."""
        return self.post(
            "/console/sign-in", {"username": role, "password": password}, fragment=False
        )

    @property
    def csrf(self) -> str:
        """The secret that the session's pages carry."""
        session = self.sessions.find(self.cookies.get("__Host-session", ""))
        return session.csrf if session else ""

    def get(self, path: str, *, fragment: bool = False, **headers: str) -> Page:
        """Open a page."""
        return self._send("GET", path, None, fragment, headers)

    def post(
        self, path: str, form: dict[str, Any] | None = None, *, fragment: bool = True,
        csrf: str | None = None, **headers: str,
    ) -> Page:  # fmt: skip
        """Send a form."""
        secret = self.csrf if csrf is None else csrf
        return self._send("POST", path, form or {}, fragment, {"x-csrf-token": secret, **headers})

    def _send(
        self, method: str, path: str, form: dict[str, Any] | None, fragment: bool,
        headers: dict[str, str],
    ) -> Page:  # fmt: skip
        event = invocation("console", "open_page")
        event["rawPath"], _, event["rawQueryString"] = path.partition("?")
        event["requestContext"]["http"] |= {"method": method, "path": event["rawPath"]}
        event["headers"] |= headers | ({"hx-request": "true"} if fragment else {})
        event["cookies"] = [f"{name}={value}" for name, value in self.cookies.items()]
        if form is not None:
            event["headers"]["content-type"] = "application/x-www-form-urlencoded"
            event["body"] = urlencode(form, doseq=True)
        answer = self.world.call("console", event)
        self.set_cookies = list(answer.get("cookies", []))
        for cookie in self.set_cookies:
            name, value = cookie.split(";")[0].split("=", 1)
            self.cookies[name] = value
        found = {name.lower(): value for name, value in answer["headers"].items()}
        return Page(answer["statusCode"], found, answer["body"])


class NoDecisions:
    """No order was sourced yet."""

    def of_order(self, company: str, order_id: str) -> list[Any]:
        """None."""
        return []


def claims_of(role: str) -> dict[str, Any]:
    """What the id token of somebody of the role says."""
    return {"sub": f"id-{role}", "cognito:username": role, "cognito:groups": [role], "aud": STAFF}


def _tokens(username: str) -> dict[str, Any]:
    body = base64.urlsafe_b64encode(json.dumps(claims_of(username)).encode()).decode().rstrip("=")
    return {"AuthenticationResult": {"IdToken": f"head.{body}.signature"}}


def _error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "InitiateAuth")


def placed(world: World, **changes: Any) -> str:
    """An order that the index has, too."""
    order_id = world.place(**changes)
    index(world, order_id)
    return order_id


def index(world: World, order_id: str) -> None:
    stored = world.orders.load(COMPANY, order_id)
    assert stored is not None
    state = world.http("orders", "GET", f"/v1/orders/{order_id}").body["state"]
    world.index.index([search_document(encode(stored), state)])


def declined(world: World) -> tuple[str, str]:
    """An order whose card was declined, and its action item."""
    order_id = world.place(tenders=[{"method": "CARD", "token": "tok_decline_hard"}])
    world.run(order_id)
    index(world, order_id)
    (item,), _ = world.items.open_items(COMPANY, 10, None)
    return order_id, item.id
