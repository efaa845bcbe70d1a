"""The public API, called in this process: the same operations, checks and refusals (UIX-02).

The console has no rule of its own. What it shows it has read here, and what it does it asks for
here, with the claims of the person who is signed in: whatever the API refuses them, the console
cannot do either.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from aws_lambda_powertools.utilities.typing import LambdaContext
from oms.settings.model import Client
from oms_aws import wiring
from oms_aws.http import Api
from oms_aws.http_actor import actor_of
from oms_aws.http_keys import Keys

from functions.administration.routes import OPERATIONS as ADMINISTRATION
from functions.fulfillment.routes import OPERATIONS as FULFILLMENT
from functions.inventory.routes import OPERATIONS as INVENTORY
from functions.orders.routes import OPERATIONS as ORDERS
from functions.payments.routes import OPERATIONS as PAYMENTS

OPERATIONS = (*ORDERS, *FULFILLMENT, *PAYMENTS, *INVENTORY, *ADMINISTRATION)


class ApiProblem(Exception):
    """The API refused; `body` is its problem document."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(str(body.get("code", status)))
        self.status = status
        self.body = body

    @property
    def code(self) -> str:
        """The stable code of the refusal."""
        return str(self.body.get("code", self.status))

    @property
    def overtaken(self) -> bool:
        """Whether somebody else was there between looking and asking (PVW-03, VER-06)."""
        return self.code in ("OUTCOME_CHANGED", "VERSION_CONFLICT")


@dataclass(frozen=True, slots=True)
class Got:
    """An answer of the API."""

    body: Any
    version: int | None = None
    replayed: bool = False


class Backend:
    """Calls on behalf of one person."""

    def __init__(self, api: Api, claims: Mapping[str, Any], context: LambdaContext) -> None:
        self._api = api
        self._claims = claims
        self._context = context

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Got:
        """Read; raises `ApiProblem` for every answer that is no success."""
        return self._call("GET", path, query or {}, None, {})

    def post(
        self, path: str, body: Any, *, key: str = "", version: int | None = None,
        query: Mapping[str, str] | None = None, method: str = "POST", expected: str = "",
    ) -> Got:  # fmt: skip
        """Ask for a change, under `key` and, where given, the version that was read."""
        headers = {"idempotency-key": key} if key else {}
        if version is not None:
            headers["if-match"] = f'"{version}"'
        if expected:
            headers["expected-outcome"] = expected
        return self._call(method, path, query or {}, body, headers)

    def may(self, method: str, path: str) -> bool:
        """Whether the person has the scope that the operation wants: it is worth offering."""
        actor = actor_of(self._claims, self._client_of)
        return any(
            operation.scope in actor.scopes
            for operation in OPERATIONS
            if operation.method == method and operation.pattern.fullmatch(path)
        )

    @staticmethod
    def _client_of(client_id: str) -> Client | None:
        return wiring.settings().client(client_id)

    def _call(
        self, method: str, path: str, query: Mapping[str, str], body: Any,
        headers: Mapping[str, str],
    ) -> Got:  # fmt: skip
        event: dict[str, Any] = {
            "version": "2.0", "routeKey": "$default", "rawPath": path,
            "rawQueryString": urlencode(query),
            "headers": {"content-type": "application/json", **headers},
            "requestContext": {
                "http": {"method": method, "path": path, "sourceIp": "", "protocol": "HTTP/1.1"},
                "stage": "$default", "requestId": self._context.aws_request_id,
                "authorizer": {"jwt": {"claims": dict(self._claims)}},
            },
            "isBase64Encoded": False,
        }  # fmt: skip
        if body is not None:
            event["body"] = json.dumps(body)
        answer = self._api.answer(event, self._context)
        found = {name.lower(): value for name, value in answer["headers"].items()}
        read = json.loads(answer["body"] or "null")
        if answer["statusCode"] >= 300:
            raise ApiProblem(answer["statusCode"], read)
        tag = found.get("etag", "").strip('"')
        return Got(read, int(tag) if tag.isdigit() else None, "idempotent-replayed" in found)


def make_api() -> Api:
    """One API over the operations of all functions."""
    return Api(
        OPERATIONS, lambda client_id: wiring.settings().client(client_id),
        lambda: Keys(wiring.orders(), wiring.clock),
    )  # fmt: skip
