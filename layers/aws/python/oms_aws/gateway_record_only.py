"""The record-only gateway (GTW-10): a tender without a gateway is bookkeeping, nothing external.

Every request succeeds at once under its own intent id, so doing it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from oms.payments.gateway import (
    Capabilities,
    GatewayRequest,
    GatewayResult,
    Outcome,
    WebhookEvent,
    WebhookRefusal,
    WebhookRefusalReason,
)


class RecordOnlyGateway:
    """Succeeds without asking anybody; it may serve live orders because the money is real."""

    test_mode = False
    capabilities = Capabilities(multi_capture=True)

    def authorize(self, request: GatewayRequest) -> GatewayResult:
        """Recorded as authorized, without an expiry."""
        return self._recorded(request)

    def capture(self, request: GatewayRequest) -> GatewayResult:
        """Recorded as captured."""
        return self._recorded(request)

    def refund(self, request: GatewayRequest) -> GatewayResult:
        """Recorded as refunded; a person hands the money over."""
        return self._recorded(request)

    def void(self, request: GatewayRequest) -> GatewayResult:
        """Recorded as dropped."""
        return self._recorded(request)

    def verify(self, request: GatewayRequest) -> GatewayResult:
        """Nothing to check."""
        return self._recorded(request)

    def lookup(self, intent_id: str) -> GatewayResult:  # noqa: ARG002 - part of the port
        """Nobody to ask: doing the request again is the way to know."""
        return GatewayResult(Outcome.NEVER_SEEN)

    def parse_webhook(
        self,
        headers: Mapping[str, str],  # noqa: ARG002
        body: bytes,  # noqa: ARG002
        secrets: Sequence[str],  # noqa: ARG002
    ) -> WebhookEvent | WebhookRefusal:
        """Nobody sends any; what arrives is not believed."""
        return WebhookRefusal(WebhookRefusalReason.SIGNATURE_INVALID)

    def _recorded(self, request: GatewayRequest) -> GatewayResult:
        return GatewayResult(
            Outcome.SUCCEEDED, reference=request.intent_id, approved_amount=request.amount
        )
