"""Payment links: made for an order by staff, read and paid by whoever has the token (PAY-41).

A token names company and order, so that it is found by one read, and holds 256 random bits, which
nobody guesses. It travels in bodies only: addresses are logged. It is given out once; the order
keeps a hash.
"""

from __future__ import annotations

import hashlib
from typing import Any

from oms.kernel.codec import encode
from oms.kernel.context import Actor, ActorKind
from oms.kernel.errors import NotFound
from oms.lifecycle.payment_links import owed
from oms.payments.commands import CreateLink, PayByLink
from oms_aws import telemetry, wiring
from oms_aws.http import ANONYMOUS, Call, Key, Operation, Reply
from oms_aws.http_actor import PAYMENTS_WRITE
from oms_aws.shapes import Bare

from functions.payments import schemas


def create(call: Call) -> Reply:
    """Make a link for what is missing; a repeated call gets no token, since none is kept."""
    order_id = call.path["orderId"]
    token = f"{call.actor.company}.{order_id}.{wiring.secret_token()}"
    answer = wiring.lifecycle().execute(
        call.actor, order_id, [CreateLink(_hash(token))], key=call.key, body_hash=call.body_hash,
        expected_version=call.expected_version, correlation_id=call.correlation_id,
    )  # fmt: skip
    if answer.replayed:
        return Reply(answer.body | {"token": None}, 200, answer.version, replayed=True)
    telemetry.count("PaymentLinksCreated")
    return Reply(answer.body | {"token": token, "link": _owed(token)}, 200, answer.version)


def read(call: Call) -> Reply:
    """What is owed: amount, currency and order number, nothing about a person."""
    return Reply(_owed(call.body.token))


def pay(call: Call) -> Reply:
    """Attach a means of payment; the gateway's answer is seen by reading the link again."""
    given: schemas.LinkPayment = call.body
    company, order_id = _place(given.token)
    _owed(given.token)
    command = PayByLink(
        _hash(given.token), given.method, given.payment_token, given.brand, given.last_four,
        given.expiry,
    )  # fmt: skip
    wiring.lifecycle().execute(
        _payer(company), order_id, [command], correlation_id=call.correlation_id
    )
    telemetry.count("PaymentLinksPaid")
    return Reply(_owed(given.token), 202)


def _owed(token: str) -> dict[str, Any]:
    company, order_id = _place(token)
    record = wiring.orders().load(company, order_id)
    if record is None:
        raise _unknown()
    ctx = wiring.lifecycle().context(record, _payer(company), "payment-link")
    shown: dict[str, Any] = encode(owed(record, _hash(token), ctx))
    return shown


def _payer(company: str) -> Actor:
    return Actor(ActorKind.CLIENT, "payment-link", company)


def _place(token: str) -> tuple[str, str]:
    parts = token.rsplit(".", 2)
    if len(parts) != 3 or not all(parts):
        raise _unknown()
    return parts[0], parts[1]


def _unknown() -> NotFound:
    return NotFound("LINK_NOT_FOUND", "there is no such payment link")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


OPERATIONS = (
    Operation(
        "createPaymentLink", "POST", "/v1/orders/{orderId}/payment-links", PAYMENTS_WRITE,
        "Make a payment link for what is missing", create, {200: schemas.NewLink}, body=Bare,
        key=Key.REQUIRED, if_match=True,
    ),
    Operation(
        "readPaymentLink", "POST", "/v1/payment-links/read", ANONYMOUS,
        "Read what a payment link asks for", read, {200: schemas.Owed}, body=schemas.LinkToken,
    ),
    Operation(
        "payByLink", "POST", "/v1/payment-links/pay", ANONYMOUS,
        "Pay what a payment link asks for", pay, {202: schemas.Owed}, body=schemas.LinkPayment,
    ),
)  # fmt: skip
