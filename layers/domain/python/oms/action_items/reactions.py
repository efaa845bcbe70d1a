"""Which facts call for a person, and which facts say that no one is needed any more (AIT-02)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from oms.billing.facts import CreditLeftOpen, CreditMemoApplied, InvoicePaid
from oms.fulfillment import facts as fulfillment
from oms.holds.facts import HoldDue, HoldReleased
from oms.kernel.facts import Fact
from oms.orders import facts as orders
from oms.payments import facts as payments

INTAKE = ("ORDER_INCOMPLETE", "UNMAPPED_CODE", "TOTAL_MISMATCH", "TAX_UNAVAILABLE")
REVIEW = ("ADDRESS_MISMATCH", "FRAUD_REVIEW", "CUSTOMER_BLOCKED",
          "CUSTOMER_NOT_APPROVED", "DUPLICATE_SUSPECTED", "ADDRESS_UNVERIFIED")  # fmt: skip
SOURCING = ("ROUTING_EXHAUSTED", "UNFILLABLE")
TRANSFERRED = "DRAFT_TRANSFERRED"
INTENT = ("PAYMENT_DECLINED", "CAPTURE_FAILED", "REFUND_FAILED", "PAYMENT_UNKNOWN",
          "GATEWAY_UNREACHABLE")  # fmt: skip
TASKS = {
    "COUNT": ("COUNT_TASK", "count what is there of an item"),
    "DISPOSITION": ("DISPOSITION_TASK", "say what becomes of damaged units"),
}  # fmt: skip
"""Action items by the follow-up of a reason."""

SURPLUS = ("OVERPAID", "EXCESS_FUNDS")
WORK = (*INTAKE, *REVIEW, *SOURCING, "STOCK_SHORT", "BACKORDER_NO_DATE", "FULFILLMENT_LATE",
        "CANCEL_REQUEST_UNANSWERED", "PICKUP_NO_SHOW", "HOLD_OVERDUE",
        "APPROVAL_OVERDUE", "PAYMENT_DECLINED", TRANSFERRED)  # fmt: skip
"""Types about work that a void order no longer has; what is about money stays."""

DECLINES = {
    "AUTHORIZE": "PAYMENT_DECLINED", "CAPTURE": "CAPTURE_FAILED", "REFUND": "REFUND_FAILED",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Opening:
    """An item to open, or to count once more."""

    type: str
    subject_type: str
    subject_id: str
    cause_key: str
    message: str
    line_no: int | None = None
    data: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Closing:
    """Items whose condition is over: of these types, narrowed by subject and cause."""

    types: tuple[str, ...]
    resolution: str
    subject_id: str | None = None
    cause_key: str | None = None


def openings(fact: Fact, order_id: str) -> Iterator[Opening]:
    """The items that `fact` calls for."""
    yield from _of_orders(fact)
    yield from _of_payments(fact)
    yield from _of_fulfillment(fact)
    match fact:
        case CreditLeftOpen():
            kind, name = "creditMemo", fact.record_id
            if fact.payment_id is not None:
                kind, name = "payment", fact.payment_id
            text = f"{fact.amount} of a credit has been open for more than a day"
            data = {"amount": str(fact.amount)}
            yield Opening("UNAPPLIED_CREDIT", kind, name, fact.record_id, text, data=data)
        case HoldDue(action="ESCALATE"):
            text = f"the {fact.type} hold is past its time"
            yield Opening("HOLD_OVERDUE", "order", order_id, fact.record_id, text)
        case _:
            return


def closings(fact: Fact) -> Iterator[Closing]:
    """The items that are over with `fact`."""
    yield from _over_in_orders(fact)
    yield from _over_in_payments(fact)
    match fact:
        case fulfillment.FulfillmentOrderCreated():
            for line_no in sorted({units.line_no for units in fact.units}):
                yield Closing(SOURCING, "a site was found", cause_key=line_key(line_no))
        case (
            fulfillment.FulfillmentOrderFulfilled()
            | fulfillment.FulfillmentOrderCanceled(partial=False)
            | fulfillment.FulfillmentOrderRejected(partial=False)
        ):
            yield Closing(("FULFILLMENT_LATE",), "the site is done", fact.record_id)
        case HoldReleased():
            yield Closing(("HOLD_OVERDUE",), "the hold is released", cause_key=fact.record_id)
            if fact.type == "PAYMENT_REQUIRED":
                yield Closing(("PAYMENT_DECLINED",), f"hold released: {fact.reason}")
        case fulfillment.ShipmentDelivered():
            over = "the parcel arrived"
            yield Closing(("DELIVERY_EXCEPTION",), over, fact.record_id, fact.package_id)
        case CreditMemoApplied():
            yield Closing(("UNAPPLIED_CREDIT",), "nothing is left of it", cause_key=fact.record_id)
        case InvoicePaid():
            yield Closing(("CAPTURE_FAILED",), "the invoice is paid", fact.record_id)
        case _:
            return


def line_key(line_no: int) -> str:
    """Cause key of items about one line of the order."""
    return f"line:{line_no}"


def _of_orders(fact: Fact) -> Iterator[Opening]:
    match fact:
        case orders.OrderIncomplete():
            for code in fact.codes:
                own = code if code in INTAKE else INTAKE[0]
                text = f"the order cannot go on: {code}"
                yield Opening(own, "order", fact.record_id, code, text)
        case orders.OrderAttention():
            for place, code in enumerate(fact.codes):
                text = fact.messages[place] if place < len(fact.messages) else code
                yield Opening(code, "order", fact.record_id, code, text)
        case orders.DraftTransferred():
            data = {"owner": fact.to_agent}
            text = f"{fact.from_agent} handed this call over"
            cause = f"agent:{fact.to_agent}"
            yield Opening(TRANSFERRED, "order", fact.record_id, cause, text, data=data)
        case orders.UnitsBackordered(short=True):
            text = f"{fact.quantity} units of line {fact.line_no} were sold but are not there"
            yield _on_line("STOCK_SHORT", fact.record_id, fact.line_no, text)
        case orders.LineChanged(what="routing_exhausted"):
            text = f"no site could ship line {fact.line_no} after {fact.new} attempts"
            yield _on_line("ROUTING_EXHAUSTED", fact.record_id, fact.line_no, text)
        case orders.LineChanged(what="unfillable"):
            text = f"no site has had the units of line {fact.line_no} for long"
            yield _on_line("UNFILLABLE", fact.record_id, fact.line_no, text)
        case _:
            return


def _on_line(type_: str, order_id: str, line_no: int, text: str) -> Opening:
    return Opening(type_, "order", order_id, line_key(line_no), text, line_no)


def _of_fulfillment(fact: Fact) -> Iterator[Opening]:
    match fact:
        case fulfillment.FulfillmentOrderLate():
            text = f"{fact.site} is late with this fulfillment order"
            yield _on_fo("FULFILLMENT_LATE", fact, "late", text)
        case fulfillment.FulfillmentOrderRejected() | fulfillment.FulfillmentOrderShortPicked():
            yield from _tasks(fact)
        case fulfillment.CancellationAnswered(timed_out=True):
            text = f"{fact.site} did not answer a cancellation request; taken as {fact.answer}"
            yield _on_fo("CANCEL_REQUEST_UNANSWERED", fact, fact.request_id, text)
        case fulfillment.PickupNotice(notice="NO_SHOW"):
            yield _on_fo("PICKUP_NO_SHOW", fact, "pickup", "the customer never came")
        case fulfillment.DeliveryFailed():
            text = f"a parcel is {fact.status} at its carrier"
            yield _on_fo("DELIVERY_EXCEPTION", fact, fact.package_id, text)
        case _:
            return


def _tasks(
    fact: fulfillment.FulfillmentOrderRejected | fulfillment.FulfillmentOrderShortPicked,
) -> Iterator[Opening]:
    """What a reason leaves a person to do at the site (SRC-44), once for each item."""
    wanted = {(row.follow_up, row.units.item_id) for row in fact.lines if row.follow_up in TASKS}
    for follow_up, item_id in sorted((str(task), item_id) for task, item_id in wanted):
        type_, text = TASKS[follow_up]
        key, data = f"{fact.site}:{item_id}", {"site": fact.site, "itemId": item_id}
        text = f"{text} at {fact.site}"
        yield Opening(type_, "fulfillmentOrder", fact.record_id, key, text, data=data)


def _on_fo(type_: str, fact: Fact, cause_key: str, text: str) -> Opening:
    return Opening(type_, "fulfillmentOrder", fact.record_id, cause_key, text)


def _of_payments(fact: Fact) -> Iterator[Opening]:
    match fact:
        case payments.PaymentDeclined(kind=kind) if kind in DECLINES:
            text = f"{kind.lower()} of {fact.amount} was declined ({fact.decline_class})"
            yield _on_intent(DECLINES[kind], fact, text)
        case payments.PaymentUnknown(lookups_exhausted=True):
            text = f"nobody knows what became of the {fact.kind.lower()} of {fact.amount}"
            yield _on_intent("PAYMENT_UNKNOWN", fact, text)
        case payments.GatewayUnreachable():
            text = f"the {fact.kind.lower()} of {fact.amount} could not be sent"
            yield _on_intent("GATEWAY_UNREACHABLE", fact, text)
        case payments.OrphanReceived():
            text = f"{fact.kind.lower()} of {fact.amount} was not asked for by this order"
            yield _on_intent("ORPHAN_PAYMENT", fact, text)
        case payments.SurplusFound():
            text = f"{fact.amount} more was taken than the order is worth"
            data = {"amount": str(fact.amount)}
            yield Opening(fact.code, "payment", fact.record_id, fact.code, text, data=data)
        case payments.RefundedTwice():
            yield _on_intent("REFUNDED_TWICE", fact, f"{fact.amount} was given back twice")
        case payments.FundsMissing():
            text = f"{fact.amount} of the invoice has no funds"
            yield Opening("CAPTURE_FAILED", "invoice", fact.record_id, "funds", text)
        case _:
            return


def _on_intent(type_: str, fact: payments.PaymentFact, text: str) -> Opening:
    data = {"amount": str(fact.amount)}
    return Opening(type_, "payment", fact.record_id, fact.intent_id, text, data=data)


def _over_in_orders(fact: Fact) -> Iterator[Closing]:
    match fact:
        case orders.OrderIncomplete():
            yield Closing(INTAKE, "checked again", fact.record_id)
        case orders.OrderCompleted():
            yield Closing(INTAKE, "nothing is missing any more", fact.record_id)
        case orders.DraftTransferred() | orders.OrderReceived():
            yield Closing((TRANSFERRED,), "somebody went on with it", fact.record_id)
        case orders.OrderChanged(what="draft.content"):
            yield Closing((TRANSFERRED,), "somebody went on with it", fact.record_id)
        case orders.OrderChanged(what="resumed" | "suspended", new=None | "false"):
            yield Closing(("JOB_FAILED",), "it is tried again", fact.record_id)
        case orders.FindingsResolved():
            yield Closing(fact.codes, "checked again", fact.record_id)
        case orders.UnitsBackordered():
            over = "the units wait for supply"
            yield Closing(SOURCING, over, cause_key=line_key(fact.line_no))
        case orders.BackorderReleased(left=0):
            over = "no unit waits for supply any more"
            yield Closing(("STOCK_SHORT",), over, cause_key=line_key(fact.line_no))
        case orders.LineChanged(what="suspended", new="false"):
            yield Closing(SOURCING, "the line was resumed", cause_key=line_key(fact.line_no))
        case orders.OrderVoided():
            yield Closing(WORK, "the order is void")
        case _:
            return


def _over_in_payments(fact: Fact) -> Iterator[Closing]:
    match fact:
        case payments.PaymentRecovered() | payments.IntentCanceled():
            yield Closing(INTENT, "the payment went on", fact.record_id, fact.intent_id)
        case payments.PaymentVoided():
            yield Closing(("PAYMENT_DECLINED",), "the payment was voided", fact.record_id)
        case payments.SurplusFound(code="OVERPAID"):
            yield Closing(("ORPHAN_PAYMENT",), "it was paid twice", fact.record_id)
        case payments.PaymentRefunded():
            yield Closing(SURPLUS, "the surplus was refunded", fact.record_id)
        case _:
            return
