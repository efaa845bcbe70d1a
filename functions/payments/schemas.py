"""What people and channels say about payments; amounts are minor units of the order's currency."""

from __future__ import annotations

from typing import Annotated

from oms.kernel.money import MAX_AMOUNT
from oms.payments.model import Method
from oms_aws.shapes import Name, Query, RecordId, Shape, Short
from oms_aws.shapes_orders import Expiry, LastFour
from pydantic import Field

Sum = Annotated[int, Field(ge=1, le=MAX_AMOUNT, description="minor units")]


class NewPayment(Shape):
    """Attach a means of payment: the gateway's token, never a card number (PAY-05)."""

    method: Method
    token: Name | None = None
    limit: Sum | None = None
    brand: Short | None = None
    last_four: LastFour | None = None
    expiry: Expiry | None = None
    reference: Short | None = None
    capture: bool = False


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


class Retry(Shape):
    """Send an intent again that was declined, failed or did not reach the gateway."""

    intent_id: RecordId


class OrderQuery(Query):
    """The order of the payment: ids of parts do not name it."""

    order: Annotated[str, Field(min_length=1, max_length=64)]
