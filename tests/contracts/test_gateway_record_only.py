"""The record-only gateway (GTW-10, PAY-04): bookkeeping without anybody outside."""

import pytest
from oms.payments.gateway import (
    GatewayMetadata,
    GatewayRequest,
    Outcome,
    RequestKind,
    WebhookRefusal,
    may_serve,
    perform,
)
from oms_aws.gateway_record_only import RecordOnlyGateway


@pytest.mark.parametrize("kind", RequestKind)
def test_everything_succeeds_at_once_without_a_network(
    kind: RequestKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GTW-10, PAY-04: the whole amount, no expiry, the same answer again."""

    def no_network(*_: object) -> None:
        raise AssertionError("a record-only tender reached out")

    monkeypatch.setattr("socket.socket.connect", no_network)
    amount = 0 if kind in (RequestKind.VOID, RequestKind.VERIFY) else 2_500
    request = GatewayRequest(
        kind, "int_1", amount, "EUR", GatewayMetadata("ACME", "pay_1"), "cash", "int_0"
    )
    result = perform(RecordOnlyGateway(), request)
    assert (result.outcome, result.approved_amount) == (Outcome.SUCCEEDED, amount)
    assert (result.reference, result.expires_at) == ("int_1", None)
    assert perform(RecordOnlyGateway(), request) == result


def test_it_serves_live_orders_and_believes_no_webhook() -> None:
    """GTW-02, GTW-07: no test gateway; nobody may speak in its name."""
    gateway = RecordOnlyGateway()
    assert may_serve(gateway, live_order=True)
    assert isinstance(gateway.parse_webhook({}, b"{}", ["s1"]), WebhookRefusal)
    assert gateway.lookup("int_1").outcome is Outcome.NEVER_SEEN
    assert not gateway.capabilities.lookup
