"""Two gateways under one suite: the fake in this process and the service behind HTTP."""

import itertools
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Protocol

from oms.payments.gateway import (
    Gateway,
    GatewayMetadata,
    GatewayRequest,
    GatewayResult,
    Outcome,
    RequestKind,
    WebhookEvent,
)
from oms_aws.gateway import TEST_GATEWAY_CAPABILITIES, GatewaySettings, HttpGateway

from tests.fakes.gateway import FakeGateway, Webhook
from tests.fakes.gateway_process import (
    GatewayProcess,
    WebhookReceiver,
    eventually,
    gateway_process,
)

SECRET = "harness-secret"
METADATA = GatewayMetadata("ACME", "pay_1", "ord_1")
_serial = itertools.count(1)


def new_id() -> str:
    """An intent id nobody used before."""
    return f"int_{next(_serial):026d}"


def authorize(token: str, amount: int = 10_000, intent_id: str | None = None) -> GatewayRequest:
    """A request for an authorization in euro cents."""
    return GatewayRequest(
        RequestKind.AUTHORIZE, intent_id or new_id(), amount, "EUR", METADATA, payment_token=token
    )


def follow(
    kind: RequestKind, parent: str | None, amount: int = 0, *, final: bool = False
) -> GatewayRequest:
    """A request that refers to an earlier result."""
    return GatewayRequest(
        kind,
        new_id(),
        amount,
        "EUR",
        METADATA,
        parent_reference=parent,
        final_capture=final,
    )


class Harness(Protocol):
    """What the suite needs besides the port. `hasty` gives up on a hanging answer soon."""

    gateway: Gateway
    hasty: Gateway

    def stats(self) -> dict[str, Any]:
        """What the gateway counted."""

    def settle(self) -> None:
        """Let pending operations end now."""

    def replay(self, intent_id: str, times: int) -> None:
        """Send the webhooks of an operation again."""

    def received(self, intent_id: str, at_least: int) -> list[Webhook]:
        """The webhooks of an operation, once there are so many; 0: those there already."""

    @contextmanager
    def down(self) -> Iterator[None]:
        """Connections are refused inside."""


def authorized(harness: Harness, token: str = "tok_ok", amount: int = 10_000) -> GatewayResult:
    """An authorization that must have succeeded."""
    result = harness.gateway.authorize(authorize(token, amount))
    assert result.outcome is Outcome.SUCCEEDED
    return result


def captured(harness: Harness, token: str = "tok_ok", amount: int = 10_000) -> GatewayResult:
    """A capture of a whole authorization that must have succeeded."""
    parent = authorized(harness, token, amount)
    result = harness.gateway.capture(follow(RequestKind.CAPTURE, parent.reference, amount))
    assert result.outcome is Outcome.SUCCEEDED
    return result


def event_of(harness: Harness, webhook: Webhook) -> WebhookEvent:
    """The event in a webhook that must be accepted."""
    event = harness.gateway.parse_webhook(*webhook, [SECRET])
    assert isinstance(event, WebhookEvent)
    return event


def moved(harness: Harness, intent_id: str) -> dict[str, Any] | None:
    """The money movement of an operation; None if nothing moved."""
    movement: dict[str, Any] | None = harness.stats()["moved"].get(intent_id)
    return movement


class FakeHarness:
    """The fake: nothing hangs and webhooks come when asked for."""

    def __init__(self) -> None:
        self._webhooks: list[Webhook] = []
        self._fake = FakeGateway(lambda: datetime.now(UTC), self._receive, SECRET, 600)
        self.gateway: Gateway = self._fake
        self.hasty: Gateway = self._fake

    def stats(self) -> dict[str, Any]:
        return self._fake.stats()

    def settle(self) -> None:
        self._fake.settle()

    def replay(self, intent_id: str, times: int) -> None:
        self._fake.deliver_webhooks()
        self._webhooks += _of(intent_id, self._webhooks) * times

    def received(self, intent_id: str, at_least: int) -> list[Webhook]:
        if at_least:
            self._fake.deliver_webhooks()
        found = _of(intent_id, self._webhooks)
        assert len(found) >= at_least
        return found

    @contextmanager
    def down(self) -> Iterator[None]:
        self._fake.down = True
        yield
        self._fake.down = False

    def _receive(self, headers: Mapping[str, str], body: bytes) -> None:
        self._webhooks.append((dict(headers), body))


class ServiceHarness:
    """The service in its own process, spoken to by the production adapter."""

    def __init__(self, process: GatewayProcess, receiver: WebhookReceiver) -> None:
        self._process = process
        self._receiver = receiver
        self.gateway: Gateway = self._adapter(60)
        self.hasty: Gateway = self._adapter(1)

    @classmethod
    @contextmanager
    def running(cls) -> Iterator["ServiceHarness"]:
        """A harness around a fresh service whose hanging answers outlast every test."""
        with (
            WebhookReceiver.listening() as receiver,
            gateway_process(
                "--secret", SECRET, "--webhook-url", receiver.url,
                "--hang-seconds", "600", "--settle-seconds", "600", "--retry-seconds", "0.1",
            ) as process,
        ):  # fmt: skip
            yield cls(process, receiver)

    def stats(self) -> dict[str, Any]:
        figures: dict[str, Any] = self._process.control("GET", "/v1/_stats")
        return figures

    def settle(self) -> None:
        self._process.control("POST", "/v1/_settle")

    def replay(self, intent_id: str, times: int) -> None:
        self._process.control("POST", "/v1/_webhooks/replay", {"key": intent_id, "times": times})

    def received(self, intent_id: str, at_least: int) -> list[Webhook]:
        eventually(lambda: len(_of(intent_id, self._receiver.received)) >= at_least)
        return _of(intent_id, self._receiver.received)

    @contextmanager
    def down(self) -> Iterator[None]:
        self._process.control("POST", "/v1/_down", {"seconds": 600})
        yield
        self._process.come_back()
        eventually(self._process.answers)

    def _adapter(self, budget_seconds: float) -> HttpGateway:
        return HttpGateway(
            GatewaySettings(
                self._process.url, "test", True, TEST_GATEWAY_CAPABILITIES, budget_seconds
            )
        )


def _of(intent_id: str, webhooks: list[Webhook]) -> list[Webhook]:
    return [webhook for webhook in webhooks if json.loads(webhook[1])["data"]["key"] == intent_id]
