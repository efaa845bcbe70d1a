"""What people and channels say about payments; amounts are minor units of the order's currency."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from oms.kernel.money import MAX_AMOUNT
from oms_aws.shapes import (
    MAX_LINES,
    Answer,
    Charge,
    Code,
    LineNo,
    Name,
    Query,
    RecordId,
    Shape,
    Short,
    Units,
)
from oms_aws.shapes_answers import OrderSummary
from oms_aws.shapes_orders import Expiry, LastFour
from pydantic import Field

Sum = Annotated[int, Field(ge=1, le=MAX_AMOUNT, description="minor units")]


class CardFacts(Shape):
    """What may be known of a card: never its number (PAY-05)."""

    brand: Short | None = None
    last_four: LastFour | None = None
    expiry: Expiry | None = None


class NewPayment(CardFacts):
    """Attach a means of payment by the gateway's token, new or of a saved method (PAY-07)."""

    method: Code
    token: Name | None = None
    limit: Sum | None = None
    reference: Short | None = None
    capture: bool = False
    gateway: Code | None = None
    customer: Code | None = None


class Replacement(CardFacts):
    """Another token, and method, for what a payment still has to pay."""

    token: Name
    method: Code | None = None


class Attach(Shape):
    """Code of the customer whose payment it is."""

    customer: Code


class UpTo(Shape):
    """An amount; none: all that is needed or there."""

    amount: Sum | None = None


class Refund(Shape):
    """Give captured funds back (REF-05)."""

    amount: Sum
    reason: Name


class VoidPayment(Shape):
    """Drop a payment that was not captured."""

    reason: Name


class Apply(Shape):
    """Apply unapplied funds to an invoice."""

    invoice_id: RecordId
    amount: Sum


class Unapply(Shape):
    """Take back all that was applied to an invoice."""

    invoice_id: RecordId


class Share(Shape):
    """What an invoice gets."""

    invoice_id: RecordId
    amount: Sum


class Distribute(Shape):
    """Every unapplied minor unit of a payment: to invoices and back to the payer (PAY-35)."""

    invoices: Annotated[tuple[Share, ...], Field(max_length=MAX_LINES)] = ()
    refund: Charge = 0


class CreditUnits(Shape):
    """Units of an invoice line."""

    invoice_id: RecordId
    line_no: LineNo
    quantity: Units


class CreditAmount(Shape):
    """Part of one component of an invoice line; its tax follows."""

    invoice_id: RecordId
    line_no: LineNo
    component: Literal["PRODUCT", "SHIPPING", "HANDLING", "FEE"]
    amount: Sum


class NewCredit(Shape):
    """Give back what was charged (BIL-05); `goodwill` comes on top of it."""

    kind: Literal["RETURN", "CANCELLATION", "PRICE_CHANGE", "APPEASEMENT", "CLAIM", "GOODWILL"]
    reason: Name
    units: Annotated[tuple[CreditUnits, ...], Field(max_length=MAX_LINES)] = ()
    amounts: Annotated[tuple[CreditAmount, ...], Field(max_length=MAX_LINES)] = ()
    goodwill: Charge = 0


class LinkToken(Shape):
    """The token of a payment link."""

    token: Name


class LinkPayment(CardFacts):
    """Pay by a link: its token, and the gateway's token of the means of payment."""

    token: Name
    method: Code
    payment_token: Name


class Owed(Answer):
    """What a payment link asks for; `state` is OPEN, PENDING, PAID or EXPIRED."""

    order_number: str
    currency: str
    amount: int
    state: str
    expires_at: str


class NewLink(OrderSummary):
    """A payment link: `token` is given out this once, a repeated call gets none."""

    token: str | None
    link: dict[str, Any] | None = None


class Adoption(Shape):
    """The gateway's event that told of the orphan payment."""

    event_id: Name


class Retry(Shape):
    """Send an intent again that was declined, failed or did not reach the gateway."""

    intent_id: RecordId


class OrderQuery(Query):
    """The order of the payment: ids of parts do not name it."""

    order: Annotated[str, Field(min_length=1, max_length=64)]
