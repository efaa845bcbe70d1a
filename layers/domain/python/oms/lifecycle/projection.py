"""What the search index gets to see of an order record."""

from __future__ import annotations

from typing import Any

from oms.fulfillment.states import fo_state
from oms.kernel.codec import decode, encode
from oms.kernel.context import Actor, ActorKind, Context
from oms.kernel.policy import Policy
from oms.lifecycle.record import OrderRecord
from oms.lifecycle.state import money, state
from oms.lifecycle.view import statuses
from oms.orders.status import line_status
from oms.orders.totals import totals
from oms.search.document import Computed, order_document


def document_of(record: OrderRecord, ctx: Context) -> dict[str, Any]:
    """The search document of a record as it was read just now."""
    return search_document(encode(record), state(record, ctx))


def search_document(stored: dict[str, Any], known_state: str) -> dict[str, Any]:
    """The search document of a stored record whose order is in `known_state`.

    It depends on nothing else, so indexing one version twice, or rebuilding the index, gives the
    same. What also depends on the time, such as a lapsing authorization, is as of that version.
    """
    record = decode(OrderRecord, stored)
    order = record.order
    actor = Actor(ActorKind.SYSTEM, "search", order.company)
    ctx = Context(record.updated_at or order.received_at, actor, "search", Policy())
    now = statuses(record, ctx)
    computed = Computed(
        state=known_state,
        fulfillmentStatus=now["fulfillmentStatus"],
        paymentStatus=now["paymentStatus"],
        returnStatus=now["returnStatus"],
        holdStatus=now["holdStatus"],
        totalMinor=totals(order).current,
        openMinor=money(record).amount_due,
        lineStatuses={line.line_no: line_status(line) for line in order.lines},
        fulfillmentStates={fo.id: fo_state(fo) for fo in record.fulfillment.orders},
    )
    return order_document(stored, computed)
