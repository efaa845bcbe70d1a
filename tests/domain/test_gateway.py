"""The gateway port itself: requests that cannot be built, and the helpers around the protocol."""

from dataclasses import replace

import pytest
from oms.payments.gateway import (
    GatewayMetadata,
    GatewayRequest,
    RequestKind,
    may_serve,
    perform,
    resembles_card_number,
)
from oms_aws.gateway_record_only import RecordOnlyGateway

METADATA = GatewayMetadata("ACME", "pay_1")


def request(kind: RequestKind) -> GatewayRequest:
    """A valid request of each kind."""
    first = kind in (RequestKind.AUTHORIZE, RequestKind.VERIFY)
    return GatewayRequest(
        kind,
        "int_1",
        0 if kind in (RequestKind.VOID, RequestKind.VERIFY) else 100,
        "EUR",
        METADATA,
        payment_token="tok_ok" if first else None,
        parent_reference=None if first else "auth_1",
    )


@pytest.mark.parametrize("kind", RequestKind)
def test_perform_calls_the_method_of_the_kind(kind: RequestKind) -> None:
    """GTW-02: each kind has exactly one method of the port."""
    called: list[str] = []

    class Spy(RecordOnlyGateway):
        def __getattribute__(self, name: str) -> object:
            called.append(name)
            return super().__getattribute__(name)

    perform(Spy(), request(kind))
    assert called[0] == kind.lower()


@pytest.mark.parametrize("kind", [RequestKind.AUTHORIZE, RequestKind.CAPTURE, RequestKind.REFUND])
@pytest.mark.parametrize("amount", [0, -1])
def test_money_moves_by_a_positive_amount(kind: RequestKind, amount: int) -> None:
    """GTW-02: a zero or negative movement is a mistake of the caller."""
    with pytest.raises(ValueError, match="cannot have amount"):
        replace(request(kind), amount=amount)


@pytest.mark.parametrize("kind", [RequestKind.VOID, RequestKind.VERIFY])
@pytest.mark.parametrize("amount", [1, -1])
def test_a_void_and_a_verification_have_no_amount(kind: RequestKind, amount: int) -> None:
    """GTW-02, PAY-24: verification is a zero-amount check."""
    with pytest.raises(ValueError, match="cannot have amount"):
        replace(request(kind), amount=amount)


@pytest.mark.parametrize("kind", [RequestKind.CAPTURE, RequestKind.REFUND, RequestKind.VOID])
def test_what_follows_names_what_it_follows(kind: RequestKind) -> None:
    """GTW-02: no capture without authorization, no refund without capture."""
    with pytest.raises(ValueError, match="parent reference"):
        replace(request(kind), parent_reference=None)


@pytest.mark.parametrize("kind", [RequestKind.AUTHORIZE, RequestKind.VERIFY])
def test_what_comes_first_names_a_token(kind: RequestKind) -> None:
    """GTW-02."""
    with pytest.raises(ValueError, match="payment token"):
        replace(request(kind), payment_token=None)


@pytest.mark.parametrize(
    "text", ["4111111111111111", "4111 1111 1111 1111", "tok_ok_4111-1111-1111-1111", "4" * 13]
)
def test_a_card_number_is_no_token(text: str) -> None:
    """PAY-05: refused, and the message does not repeat it."""
    assert resembles_card_number(text)
    with pytest.raises(ValueError, match="card number") as refused:
        replace(request(RequestKind.AUTHORIZE), payment_token=text)
    assert text not in str(refused.value)


@pytest.mark.parametrize("text", ["tok_ok", "4" * 12, "4" * 20, "tok_1a2b3c4d5e6f7a8b9c0d1e2f3"])
def test_a_token_is_no_card_number(text: str) -> None:
    """PAY-05: 13 to 19 digits in a row, nothing else."""
    assert not resembles_card_number(text)


def test_a_request_does_not_show_its_token() -> None:
    """PAY-05: what is printed by accident names no means of payment."""
    assert "tok_ok" not in repr(request(RequestKind.AUTHORIZE))


def test_a_live_order_is_served_by_a_live_gateway() -> None:
    """GTW-02: only a test gateway is refused."""
    assert may_serve(RecordOnlyGateway(), live_order=True)
