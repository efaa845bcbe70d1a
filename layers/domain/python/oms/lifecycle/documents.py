"""When documents are made: drafted with the FO, posted at shipment or release, credited when units
leave that were invoiced before they shipped (BIL-01, BIL-100, BIL-101, CAN-06).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from oms.billing import decisions as billing
from oms.billing.commands import PostCredit
from oms.billing.documents import per_line
from oms.billing.model import Addresses
from oms.fulfillment.facts import (
    FulfillmentOrderCanceled,
    FulfillmentOrderCreated,
    FulfillmentOrderRejected,
    FulfillmentOrderReleased,
    FulfillmentOrderShortPicked,
    ShipmentCreated,
)
from oms.kernel.codec import encode
from oms.kernel.errors import Refused
from oms.kernel.facts import Fact, Step
from oms.kernel.policy import InvoiceTiming
from oms.lifecycle.moves import Draft
from oms.lifecycle.record import OrderRecord
from oms.orders import decisions as orders
from oms.orders.model import Order


def documents(draft: Draft, fact: Fact) -> None:
    """Let billing follow one fact of fulfillment, with what it needs of the order."""
    order, ctx = draft.order, draft.ctx
    if isinstance(fact, FulfillmentOrderCreated):
        lines = {line.line_no: line for line in order.lines}
        draft.take("billing", billing.draft(draft.record.billing, fact, lines, ctx))
    elif isinstance(fact, ShipmentCreated):
        _gather(draft, fact.record_id, (units.line_no for units in fact.units))
        lines = {line.line_no: line for line in draft.order.lines}
        where = _addresses(draft.order, (units.line_no for units in fact.units))
        part = draft.record.billing
        draft.take("billing", billing.post(part, fact, lines, order.gross, order.id, ctx, where))
    elif isinstance(fact, FulfillmentOrderReleased):
        if ctx.policy.invoice_timing is InvoiceTiming.ON_RELEASE:
            _invoice_release(draft, fact)
    else:
        _withdraw(draft, fact)
    draft.take("billing", billing.react(draft.record.billing, fact, ctx))


def only_shipped(record: OrderRecord, command: PostCredit) -> None:
    """Raise `Refused` QUANTITY_EXCEEDED for credit of units that have not shipped: those invoiced
    at release are canceled instead, which credits them (CAN-06).
    """
    wanted: Counter[int] = Counter()
    for row in command.units:
        wanted[row.line_no] += row.quantity
    for invoice in record.billing.invoices:
        for charged in invoice.lines:
            if charged.line_no in wanted:
                wanted[charged.line_no] += charged.credited_units
    for line in record.order.lines:
        if wanted[line.line_no] > line.buckets.shipped:
            text = f"{line.buckets.shipped} units of line {line.line_no} have shipped"
            raise Refused.because("QUANTITY_EXCEEDED", text, str(line.line_no))


def _gather(draft: Draft, fo_id: str, line_nos: Iterable[int]) -> None:
    if not billing.released_invoice(draft.record.billing, fo_id):
        draft.take("order", Step(orders.gather_charges(draft.order, line_nos)))


def _invoice_release(draft: Draft, fact: FulfillmentOrderReleased) -> None:
    fo = draft.record.fulfillment.find(fact.record_id)
    units: dict[int, int] = {}
    for row in fo.lines:
        units[row.line_no] = units.get(row.line_no, 0) + row.quantity - row.shipped
    _gather(draft, fo.id, units)
    lines = {line.line_no: line for line in draft.order.lines}
    part, gross = draft.record.billing, draft.order.gross
    where = _addresses(draft.order, units)
    step = billing.post_release(part, fo.id, units, lines, gross, draft.ctx, where)
    draft.take("billing", step)


def _addresses(order: Order, line_nos: Iterable[int]) -> Addresses:
    """As they are now: whatever changes later, the document keeps them (BIL-02)."""
    shipped = next(iter(line_nos), None)
    group = None if shipped is None else order.group(order.line(shipped).group)
    ship_to = {} if group is None or group.address is None else encode(group.address)
    bill_to = ship_to if order.bill_to is None else encode(order.bill_to)
    return Addresses(bill_to, ship_to)


def _withdraw(draft: Draft, fact: Fact) -> None:
    """The lines count fewer invoiced units in the same step, so that no sum is off in between."""
    match fact:
        case FulfillmentOrderCanceled():
            units, reason = per_line(fact.units), fact.reason
        case FulfillmentOrderRejected() | FulfillmentOrderShortPicked():
            units, reason = per_line(row.units for row in fact.lines), "SHORT"
        case _:
            return
    lines = {line.line_no: line for line in draft.order.lines}
    part, order_id = draft.record.billing, draft.order.id
    step, taken = billing.withdraw(
        part, fact.record_id, units, lines, order_id, reason or "CANCELED", draft.ctx
    )
    draft.take("billing", step)
    draft.take("order", Step(orders.take_back(draft.order, taken)))
