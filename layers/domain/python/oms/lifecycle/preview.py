"""The outcome of a decision on an order record: what its caller gets to see of it (PVW-02)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from oms.action_items.facts import ActionItemOpened
from oms.fulfillment.model import FulfillmentOrder
from oms.fulfillment.states import fo_state
from oms.kernel.codec import encode
from oms.kernel.context import Context
from oms.kernel.facts import INTERNAL, Fact
from oms.kernel.outcome import ids_in, sealed, shape
from oms.lifecycle.dispatch import ORDER, order_reasons
from oms.lifecycle.engine import Outcome
from oms.lifecycle.record import OrderRecord
from oms.lifecycle.sums import sums
from oms.lifecycle.view import statuses
from oms.orders.totals import totals
from oms.payments.facts import IntentCreated
from oms.payments.model import Payments, Tender

Json = dict[str, Any]
_HISTORY = ("facts", "handled", "scopes")


def outcome_of(
    before: OrderRecord, made: Outcome, ctx: Context, expected: str | None = None
) -> Json:
    """`outcome` and `outcomeHash` of a decision on `before`.

    Raises `Conflict` OUTCOME_CHANGED where the caller `expected` another hash (PVW-03).
    """
    after = made.record
    new = before.version == 0
    was, now = totals(before.order).amounts, totals(after.order).amounts
    had, has = (0 if new else was.tax), now.tax
    found = shape(
        messages=_messages(made.facts),
        money=_money(before, after, ctx),
        stock=_stock(made),
        tax={"before": had, "after": has, "delta": has - had},
        next_statuses=statuses(after, ctx),
        allocation_plan=[*_lines(before, after), *_fulfillment(before, after)],
        notifications=_notifications(made.facts),
        approvals=_approvals(before, after),
        allowed_after=[
            name for name, _ in ORDER.values()
            if not order_reasons(after, name, ctx.actor.automatic)
        ],
    )  # fmt: skip
    return sealed(found, frozenset() if new else _known(before), expected)


def _known(record: OrderRecord) -> frozenset[str]:
    seen = {
        f.name: encode(getattr(record, f.name))
        for f in fields(OrderRecord)
        if f.name not in _HISTORY
    }
    return ids_in(seen)


def _messages(facts: Iterable[Fact]) -> list[Json]:
    """What a person should know before saying yes: work it makes, money that will be asked for."""
    found: list[Json] = []
    for fact in facts:
        if isinstance(fact, ActionItemOpened):
            found.append({"code": fact.type, "text": fact.message, "ref": fact.record_id})
        elif isinstance(fact, IntentCreated):
            text = f"{fact.kind} of {fact.amount} is asked of the gateway"
            found.append({"code": f"{fact.kind}_REQUESTED", "text": text, "ref": fact.record_id})
    return found


def _notifications(facts: Iterable[Fact]) -> list[str]:
    """Types of the facts that subscribers get, each once."""
    return list(dict.fromkeys(fact.TYPE for fact in facts if fact.TYPE not in INTERNAL))


def _money(before: OrderRecord, after: OrderRecord, ctx: Context) -> Json:
    new = before.version == 0
    was, now = sums(before, ctx), sums(after, ctx)
    if new:
        was = dict.fromkeys(was, 0)
    components = encode(totals(after.order).amounts)
    earlier = {} if new else encode(totals(before.order).amounts)
    return {
        "before": was,
        "after": now,
        "delta": _difference(was, now),
        "perComponent": _difference(earlier, components),
        "perTender": _tenders(before.payments, after.payments),
        "documents": [*_invoices(before, after), *_credit_memos(before, after)],
    }


def _difference(was: Mapping[str, int], now: Mapping[str, int]) -> dict[str, int]:
    names = [*now, *(name for name in was if name not in now)]
    found = {name: now.get(name, 0) - was.get(name, 0) for name in names}
    return {name: delta for name, delta in found.items() if delta}


def _tenders(before: Payments, after: Payments) -> list[Json]:
    """What moves at each tender: booked now, and asked of its gateway by this very command."""
    known = {tender.id: tender for tender in before.tenders}
    intents = {intent.id for intent in before.intents}
    rows = []
    for tender in after.tenders:
        asked: Counter[str] = Counter()
        for intent in after.intents:
            if intent.payment_id == tender.id and intent.id not in intents:
                asked[intent.kind.value] += intent.amount
        booked = _difference(_booked(known.get(tender.id)), _booked(tender))
        if asked or booked or tender.id not in known:
            rows.append({"paymentId": tender.id, **booked, "requested": dict(asked)})
    return rows


def _booked(tender: Tender | None) -> dict[str, int]:
    if tender is None:
        return {}
    return {
        "authorized": sum(a.amount for a in tender.authorizations if not a.void),
        "captured": tender.captured, "refunded": tender.refunded,
        "voided": int(tender.voided_at is not None),
    }  # fmt: skip


def _invoices(before: OrderRecord, after: OrderRecord) -> list[Json]:
    known = {row.id: row for row in before.billing.invoices}
    return [
        {"type": "INVOICE", "id": row.id, "total": row.total, "applied": row.applied}
        for row in after.billing.invoices
        if row != known.get(row.id)
    ]


def _credit_memos(before: OrderRecord, after: OrderRecord) -> list[Json]:
    known = {row.id: row for row in before.billing.credit_memos}
    return [
        {"type": "CREDIT_MEMO", "id": row.id, "total": row.total, "applied": row.applied}
        for row in after.billing.credit_memos
        if row != known.get(row.id)
    ]


def _stock(made: Outcome) -> list[Json]:
    """What moves at each counter, the effects on one place added up."""
    found: Counter[tuple[str, str, str | None, str | None]] = Counter()
    for effect in made.effects:
        units: int = getattr(effect, "quantity", 0)
        found[type(effect).__name__.upper(), effect.item_id, effect.group, effect.site] += units
    return [
        {"effect": kind, "itemId": item_id, "group": group, "site": site, "quantity": units}
        for (kind, item_id, group, site), units in found.items()
    ]


def _lines(before: OrderRecord, after: OrderRecord) -> list[Json]:
    """Units by bucket of every line whose units move, or that is new."""
    new = before.version == 0
    known = {} if new else {line.line_no: line.buckets for line in before.order.lines}
    return [
        {"lineNo": line.line_no, "units": encode(line.buckets)}
        for line in after.order.lines
        if line.buckets != known.get(line.line_no)
    ]


def _fulfillment(before: OrderRecord, after: OrderRecord) -> list[Json]:
    known = {fo.id: _work(fo) for fo in before.fulfillment.orders}
    rows = [_work(fo) for fo in after.fulfillment.orders]
    return [row for row in rows if row != known.get(row["foId"])]


def _work(fo: FulfillmentOrder) -> Json:
    units = {
        f"line:{row.line_no}": [row.quantity, row.picked, row.packed, row.shipped]
        for row in fo.lines
    }
    return {"foId": fo.id, "site": fo.site, "state": fo_state(fo), "units": units}


def _approvals(before: OrderRecord, after: OrderRecord) -> list[Json]:
    known = {row.id: row for row in before.approvals.requests}
    return [
        {"id": row.id, "subject": row.subject_id, "state": row.state, "amount": row.amount}
        for row in after.approvals.requests
        if row != known.get(row.id)
    ]
