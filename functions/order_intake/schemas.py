"""An order as the intake queue brings it: the body of the API call and an envelope (INT-01)."""

from __future__ import annotations

from typing import Annotated

from oms_aws.shapes import Short
from oms_aws.shapes_orders import OrderShape
from pydantic import StringConstraints

MessageId = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,128}$")]


class QueuedOrder(OrderShape):
    """`message_id` is the idempotency key; `reply_to` comes back in the reply for the channel to
    tell its messages apart.
    """

    message_id: MessageId
    reply_to: Short | None = None
