"""What must hold after every step of any history, counted over all that is stored."""

from __future__ import annotations

from collections.abc import Sequence

from oms.holds.model import Holds
from oms.kernel.codec import encode
from oms.kernel.context import Actor, ActorKind, Context
from oms.kernel.facts import StoredFact
from oms.lifecycle import invariants
from oms.lifecycle.record import OrderRecord
from oms.lifecycle.state import next_due, next_step, state
from oms.lifecycle.view import view
from oms.orders.model import Line

from infra.local.job.invariants import Evidence, breaches
from infra.local.job.progress import money_moves
from tests.simulation.merchant import COMPANY, Merchant

FORWARD = frozenset(
    {
        "order.approved", "order.allocated", "reservation.created", "line.backordered",
        "fulfillment_order.created", "fulfillment_order.released", "fulfillment_order.picking",
        "fulfillment_order.units_picked", "fulfillment_order.units_packed", "shipment.created",
        "invoice.posted", "order.closed", "order.reopened",
    }
)  # fmt: skip
"""Facts that take an order further; none may follow its end (INV-F4)."""

ENDS = ("CLOSED", "VOID")
WORK = ("AWAITING_APPROVAL", "AWAITING_ASSIGNMENT", "AWAITING_PICK", "PICKING", "AWAITING_SHIPMENT")


def context(merchant: Merchant, record: OrderRecord) -> Context:
    """The automation's view of a record, now."""
    return merchant.lifecycle.context(record, Actor(ActorKind.WORKFLOW, "w", COMPANY), "look")


def evidence(merchant: Merchant, order_ids: list[str]) -> Evidence:
    """Everything the merchant stores."""
    records = [merchant.read(order_id) for order_id in order_ids]
    moved = merchant.gateway.stats()["moved"]
    money = {k: row["amount"] for k, row in moved.items() if row["kind"] in ("CAPTURE", "REFUND")}
    return Evidence(
        records, list(merchant.stock.counters.values()), list(merchant.stock.levels.values()),
        list(merchant.stock.journals.values()),
        {r.order.id: merchant.orders.facts(COMPANY, r.order.id, 0) for r in records}, money,
        {r.order.id: r.version for r in records},
    )  # fmt: skip


def check(merchant: Merchant, order_ids: list[str]) -> None:
    """INV-S1 to S3, M1, M3, M5, M7, F1, F3, F4, F6, A4 and the sums of RCN-01.

    Money that moved at the gateway before its answer came is judged only where nothing is under
    way: `settled_money` counts it at the end.
    """
    found = evidence(merchant, order_ids)
    counts = breaches(found)
    counts["duplicate_money"] = _moved_twice(found)
    broken = {name: n for name, n in counts.items() if n}
    stock = [*found.counters, *found.levels]
    assert not broken, "\n".join(map(str, [broken, *stock, *(r.order for r in found.records)]))
    for record in found.records:
        _check_flow(merchant, record, found.facts[record.order.id])


def settled_money(merchant: Merchant, order_ids: list[str]) -> int:
    """Intents that moved something else than the record says (INV-M3); nothing is under way."""
    return breaches(evidence(merchant, order_ids))["duplicate_money"]


def waits(merchant: Merchant, record: OrderRecord) -> str | None:
    """What an order that automation has left alone waits for; None: nobody can tell (STA-10)."""
    ctx = context(merchant, record)
    now = state(record, ctx)
    reasons = {
        now: now in ENDS or now in ("AWAITING_APPROVAL", "AWAITING_FILING", "INCOMPLETE"),
        "a person": record.order.suspended is not None or bool(record.attention.items),
        "a hold": any(not hold.released_at for hold in record.holds.holds),
        "the floor": any(row in WORK for row in _floor(merchant, record)),
        "supply": any(_line_waits(row) for row in record.order.lines),
        "money": money_moves(record),
    }  # fmt: skip
    return next((reason for reason, holds in reasons.items() if holds), None)


def _floor(merchant: Merchant, record: OrderRecord) -> list[str]:
    rows = view(record, context(merchant, record)).get("fulfillment", {}).get("orders", [])
    return [str(row["state"]) for row in rows]


def _line_waits(line: Line) -> bool:
    return bool(line.wait or line.suspended or line.buckets.backordered)


def _moved_twice(found: Evidence) -> int:
    """Money that no intent claims, more than an intent asked for, or money of one that failed."""
    known = {i.id: i for r in found.records for i in r.payments.intents}
    strange = 0
    for key, amount in found.moved.items():
        intent = known.get(key)
        under_way = intent is not None and not intent.state.final
        strange += intent is None or amount > intent.amount
        strange += not under_way and intent is not None and _told(intent.state, amount)
    done = [i for i in known.values() if i.state == "SUCCEEDED" and i.kind in ("CAPTURE", "REFUND")]
    return strange + sum(found.moved.get(i.id, 0) != i.amount for i in done)


def _told(state_of: str, amount: int) -> bool:
    return amount > 0 and state_of in ("DECLINED", "CANCELED")


def _check_flow(merchant: Merchant, record: OrderRecord, facts: Sequence[StoredFact]) -> None:
    ctx = context(merchant, record)
    assert record.order.reached == state(record, ctx), "INV-F1: the announced state is the real one"
    assert invariants.breaches(encode(record)) == ()
    shown = view(record, ctx)
    actions = [row["action"] for row in shown["allowedActions"] if row["allowed"]]
    assert actions or shown["state"] in ENDS, "STA-10"
    ended = [fact.order_seq for fact in facts if fact.type == "order.voided"]
    late = [f.type for f in facts if ended and f.order_seq > ended[0] and f.type in FORWARD]
    assert not late, f"INV-F4: {late}"
    asked = [
        fact for fact in facts
        if ended and fact.order_seq > ended[0] and fact.type == "payment.intent_created"
        and fact.data["kind"] in ("AUTHORIZE", "CAPTURE")
    ]  # fmt: skip
    assert not asked, "INV-F4: nothing new is asked of a customer whose order is annulled"
    if next_step(record, ctx) is None and shown["state"] not in ENDS:
        due = next_due(record, ctx)
        assert due is not None or waits(merchant, record) is not None, "STA-10"


def story(merchant: Merchant, record: OrderRecord) -> str:
    """Where an order stands, for people who read why a test failed."""
    rows = {
        "state": record.order.reached,
        "approval": record.order.approval,
        "findings": [finding.code for finding in record.order.findings],
        "lines": [(line.buckets, line.wait, line.suspended) for line in record.order.lines],
        "floor": _floor(merchant, record),
        "holds": open_holds(record.holds),
        "items": [item.type for item in record.attention.items],
        "intents": [
            (i.kind.value, i.state.value, i.amount, i.next_at) for i in record.payments.intents
        ],
        "facts": [fact.type for fact in record.facts[-25:]],
    }
    return "\n".join(f"{name}: {value}" for name, value in rows.items())


def open_holds(holds: Holds) -> list[str]:
    """Ids of the holds in force."""
    return [hold.id for hold in holds.holds if not hold.released_at]
