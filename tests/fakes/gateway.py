"""A gateway without a network: the rules of the test gateway, called directly.

It shares the operations of the local gateway service, so a token does the same in both; what it
leaves out is HTTP, waiting and the background thread. A hanging answer is UNKNOWN at once.
"""

import weakref
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from oms.kernel.codec import encode
from oms.payments.gateway import (
    DeclineClass,
    GatewayRequest,
    GatewayResult,
    Outcome,
    WebhookEvent,
    WebhookRefusal,
)
from oms_aws.gateway import TEST_GATEWAY_CAPABILITIES
from oms_aws.gateway_webhook import parse_webhook, read_operation

from infra.local.gateway_service.bank import Bank
from infra.local.gateway_service.model import Instruction, Rejected
from infra.local.gateway_service.stats import figures
from infra.local.gateway_service.store import Store
from infra.local.gateway_service.webhooks import SIGNATURE_HEADER, sign

Webhook = tuple[dict[str, str], bytes]


class FakeGateway:
    """Set `down` to refuse all calls. `on_webhook` receives signed notifications.

    Those of `late_webhook_first` arrive during the call, all others on `deliver_webhooks`.
    """

    test_mode = True
    capabilities = TEST_GATEWAY_CAPABILITIES

    def __init__(
        self,
        clock: Callable[[], datetime],
        on_webhook: Callable[[Mapping[str, str], bytes], None] | None = None,
        secret: str = "fake",
        settle_seconds: float = 5,
    ) -> None:
        self.down = False
        self.on_webhook = on_webhook
        self._clock = clock
        self._secret = secret
        self._store = Store(None)
        weakref.finalize(self, self._store.close)
        self._bank = Bank(self._store, lambda: clock().timestamp(), settle_seconds, notify_all=True)

    def authorize(self, request: GatewayRequest) -> GatewayResult:
        """Reserve an amount on the token."""
        return self._submit(request)

    def capture(self, request: GatewayRequest) -> GatewayResult:
        """Take money from an authorization."""
        return self._submit(request)

    def refund(self, request: GatewayRequest) -> GatewayResult:
        """Give captured money back."""
        return self._submit(request)

    def void(self, request: GatewayRequest) -> GatewayResult:
        """Release what is left of an authorization."""
        return self._submit(request)

    def verify(self, request: GatewayRequest) -> GatewayResult:
        """Check a token with a zero amount."""
        return self._submit(request)

    def lookup(self, intent_id: str) -> GatewayResult:
        """Ask what became of a request."""
        if self.down:
            return GatewayResult(Outcome.UNREACHABLE, code="not_connected")
        try:
            operation = self._bank.lookup(intent_id)
        except Rejected as rejected:
            return GatewayResult(Outcome.UNKNOWN, code=rejected.code)
        if operation is None:
            return GatewayResult(Outcome.NEVER_SEEN)
        return read_operation(operation.as_json())

    def parse_webhook(
        self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]
    ) -> WebhookEvent | WebhookRefusal:
        """Verify and read a notification."""
        return parse_webhook(headers, body, secrets, self._clock())

    def settle(self) -> None:
        """Settle every pending operation, due or not."""
        self._bank.settle(float("inf"))

    def deliver_webhooks(self) -> None:
        """Hand every notification that waits to `on_webhook`."""
        for row in self._store.rows("SELECT id FROM deliveries WHERE due_at IS NOT NULL"):
            self._deliver(row["id"])

    def stats(self) -> dict[str, Any]:
        """Money moved per key, totals per currency, calls and webhooks, as the service counts."""
        return figures(self._store)

    def _submit(self, request: GatewayRequest) -> GatewayResult:
        if self.down:
            return GatewayResult(Outcome.UNREACHABLE, code="not_connected")
        try:
            answer = self._bank.submit(_instruction(request))
        except Rejected as rejected:
            if rejected.status == 409:
                return GatewayResult(Outcome.UNKNOWN, code=rejected.code)
            return GatewayResult(
                Outcome.DECLINED, decline_class=DeclineClass.HARD, code=rejected.code
            )
        if answer.notify_first is not None:
            self._deliver(answer.notify_first)
        if answer.hang or answer.operation is None:
            return GatewayResult(Outcome.UNKNOWN, code="no_answer")
        return read_operation(answer.operation.as_json())

    def _deliver(self, delivery_id: int) -> None:
        (row,) = self._store.rows(
            "SELECT body FROM deliveries JOIN events ON events.id = event_id"
            " WHERE deliveries.id = ?",
            delivery_id,
        )
        body = str(row["body"]).encode()
        self._store.rows(
            "UPDATE deliveries SET due_at = NULL, attempts = attempts + 1 WHERE id = ?", delivery_id
        )
        if self.on_webhook is not None:
            seconds = int(self._clock().timestamp())
            self.on_webhook({SIGNATURE_HEADER: sign(body, seconds, [self._secret])}, body)


def _instruction(request: GatewayRequest) -> Instruction:
    return Instruction(
        key=request.intent_id,
        kind=request.kind,
        amount=request.amount,
        currency=request.currency,
        token=request.payment_token if request.parent_reference is None else None,
        parent=request.parent_reference,
        final=request.final_capture,
        metadata=encode(request.metadata),
    )
