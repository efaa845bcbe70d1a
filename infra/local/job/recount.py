"""One order record added up from scratch: units from facts, places from units, books from papers.

Nothing here asks the code that made the record; it only adds what is stored (RCN-01).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from oms.kernel.facts import StoredFact
from oms.kernel.money import Amounts
from oms.lifecycle.record import OrderRecord
from oms.orders.model import Bucket, DeliveryType, Line, Reservation

EXCLUSIVE = tuple(bucket.value for bucket in Bucket)
GIVEN_UP = ("BACKORDERED", "STOCK_SHORT")
"""Why units lose their promise and wait for supply, as the fact after it says."""

ON_SITE = ("allocated", "picked", "packed")
Units = Mapping[str, Any]


class Recount:
    """Buckets of every line of an order, counted from its facts in order."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self.lines = {line.line_no: Counter({"unsourced": line.quantity}) for line in lines}

    def take(self, fact: StoredFact) -> None:
        """Move the units that one fact is about."""
        data = fact.data
        match fact.type:
            case "reservation.created":
                self._move(data, data.get("fromBucket", "unsourced"), "reserved")
            case "line.backordered":
                self._move(data, "unsourced", "backordered")
            case "line.canceled":
                self._move(data, data["fromBucket"], "canceled")
            case "fulfillment_order.created":
                self._placed(data["units"])
            case "fulfillment_order.canceled" if data["recalled"]:
                self._all(data["units"], "allocated", "reserved")
            case "fulfillment_order.rejected" | "fulfillment_order.short_picked":
                self._left(data["lines"])
            case "reservation.released" if data["reason"] in GIVEN_UP:
                self._move(data, "reserved", "unsourced")
            case "fulfillment_order.units_picked":
                self._all(data["units"], "allocated", "picked")
            case "fulfillment_order.units_unpicked":
                self._all(data["units"], "picked", "allocated")
            case "fulfillment_order.units_packed":
                self._all(data["units"], "picked", "packed")
            case "fulfillment_order.units_unpacked":
                self._all(data["units"], "packed", "picked")
            case "shipment.created":
                for row in data["units"]:
                    self._drain(row, ("packed", "picked", "allocated"), "shipped")
            case "invoice.posted":
                for line_no, quantity in data["units"]:
                    self.lines[line_no]["invoiced"] += quantity
            case "invoice.withdrawn":
                for line_no, quantity in data["units"]:
                    self.lines[line_no]["invoiced"] -= quantity

    def _placed(self, rows: Sequence[Units]) -> None:
        for row in rows:
            if row.get("reservationId"):
                self._move(row, "reserved", "allocated")
            else:
                self._drain(row, ("unsourced", "backordered"), "allocated")

    def _left(self, rows: Sequence[Mapping[str, Any]]) -> None:
        for row in rows:
            kept = row["keeps"] and row["units"].get("reservationId")
            self._move(row["units"], row["fromBucket"], "reserved" if kept else "unsourced")

    def _all(self, rows: Sequence[Units], source: str, target: str) -> None:
        for row in rows:
            kept = target if target != "reserved" or row.get("reservationId") else "unsourced"
            self._move(row, source, kept)

    def _drain(self, row: Units, sources: Sequence[str], target: str) -> None:
        left = row["quantity"]
        for source in sources:
            part = min(left, max(0, self.lines[row["lineNo"]][source]))
            self._move({**row, "quantity": part}, source, target)
            left -= part

    def _move(self, row: Units, source: str, target: str) -> None:
        line = self.lines[row["lineNo"]]
        line[source] -= row["quantity"]
        line[target] += row["quantity"]


def lost_units(record: OrderRecord, facts: Sequence[StoredFact] | None = None) -> int:
    """Lines whose buckets do not hold exactly their units, or not those that the facts moved there
    (INV-F6, LIN-01).
    """
    recount = Recount(record.order.lines)
    for fact in facts or ():
        recount.take(fact)
    found = 0
    released = any(i.posted_at and i.shipment_id is None for i in record.billing.invoices)
    for line in record.order.lines:
        held = {name: getattr(line.buckets, name) for name in EXCLUSIVE}
        # Units invoiced at release are on their way out, but not shipped yet (LIN-03).
        invoiced = line.buckets.invoiced - (line.buckets.open if released else 0)
        after = line.buckets.shipped - max(
            line.buckets.delivered + line.buckets.lost, line.buckets.returned, invoiced
        )
        wrong = sum(held.values()) != line.quantity or min(*held.values(), after) < 0
        moved = recount.lines[line.line_no]
        if facts is not None:
            wrong |= any(held[name] != moved[name] for name in EXCLUSIVE)
            wrong |= line.buckets.invoiced != moved["invoiced"]
        found += wrong
    return found


def misplaced_units(record: OrderRecord) -> int:
    """Lines whose units, reservations and fulfillment orders tell three different stories (INV-S3,
    INV-F3).
    """
    floor: Counter[tuple[int, str]] = Counter()
    bound: Counter[tuple[str, str]] = Counter()
    for fo in record.fulfillment.orders:
        if fo.canceled_at or fo.rejected_at:
            continue
        for row in fo.lines:
            floor[row.line_no, "allocated"] += row.quantity - row.picked
            floor[row.line_no, "picked"] += row.picked - row.packed
            floor[row.line_no, "packed"] += row.packed - row.shipped
            if row.reservation_id:
                bound[row.reservation_id, fo.site] += row.quantity - row.shipped
    fetched = {g.id: g.pickup_site for g in record.order.groups if g.type is DeliveryType.PICKUP}
    return sum(
        _misplaced(line, floor, bound, fetched.get(line.group)) for line in record.order.lines
    )


def _misplaced(
    line: Line, floor: Mapping[tuple[int, str], int], bound: Mapping[tuple[str, str], int],
    store: str | None,
) -> bool:  # fmt: skip
    """`store` is where the customer fetches the line: reserved units are placed there (RSV-03)."""
    held = {name: getattr(line.buckets, name) for name in (*ON_SITE, "reserved")}
    if any(held[name] != floor.get((line.line_no, name), 0) for name in ON_SITE):
        return True
    names = {reservation.id for reservation in line.reservations}
    placed = {key: n for key, n in bound.items() if key[0] in names and n}
    said = {(r.id, site): n for r in line.reservations for site, n in r.placed.items()}
    kept = {key: units - placed.get(key, 0) for key, units in said.items() if key[1] == store}
    said |= {key: said[key] - units for key, units in kept.items()}
    loose = sum(r.open - sum(r.placed.values()) for r in line.reservations) + sum(kept.values())
    broken = any(_broken(reservation) for reservation in line.reservations)
    elsewhere = {key: units for key, units in said.items() if units} != placed
    return elsewhere or min(kept.values(), default=0) < 0 or loose != held["reserved"] or broken


def _broken(reservation: Reservation) -> bool:
    placed = sum(reservation.placed.values())
    return not 0 <= placed <= reservation.open <= reservation.quantity


def excess_money(record: OrderRecord, overcapture_percent: int = 0) -> int:
    """Tenders that took more than was authorized or gave back more than was taken, amounts under
    way included (INV-M1).
    """
    claims: Counter[tuple[str, str, str]] = Counter()
    for intent in record.payments.intents:
        key = (intent.payment_id, intent.kind.value, intent.parent_reference or "")
        claims[key] += intent.claims
    found = 0
    for tender in record.payments.tenders:
        found += any(
            held.captured + claims[tender.id, "CAPTURE", held.reference]
            > held.amount * (100 + overcapture_percent) // 100
            for held in tender.authorizations
        )
        found += any(
            taken.refunded + claims[tender.id, "REFUND", taken.reference] > taken.amount
            for taken in tender.captures
        )
    return found


def unbooked(record: OrderRecord) -> int:
    """Accounts of the ledger that differ from documents and payments, entries that do not sum to
    zero, and causes that were posted twice (INV-M5, LED-04).
    """
    billing = record.billing
    sums: Counter[str] = Counter()
    for entry in billing.ledger:
        for account, amount in entry.postings.items():
            sums[account] += amount
    posted = [invoice for invoice in billing.invoices if invoice.posted_at]
    wanted = {
        "AR": sum(invoice.total - invoice.applied for invoice in posted),
        "CREDIT": -sum(memo.total - memo.applied for memo in billing.credit_memos),
    }
    wanted |= {f"CASH:{t.id}": t.captured - t.refunded for t in record.payments.tenders}
    causes = Counter(entry.cause for entry in billing.ledger)
    applied: Counter[str] = Counter()
    for application in billing.applications:
        applied[application.invoice_id] += application.amount
    return (
        sum(sums[account] != amount for account, amount in wanted.items())
        + sum(account.startswith("CASH:") and account not in wanted for account in sums)
        + sum(sum(entry.postings.values()) != 0 for entry in billing.ledger)
        + sum(times - 1 for times in causes.values())
        + sum(not applied[i.id] == i.applied <= i.total for i in posted)
    )


def overcredited(record: OrderRecord) -> int:
    """Invoice lines of which more was credited than charged, in any component (INV-M7)."""
    left = {
        (invoice.id, line.line_no): line.amounts
        for invoice in record.billing.invoices
        for line in invoice.lines
    }
    for memo in record.billing.credit_memos:
        for row in memo.lines:
            left[row.invoice_id, row.line_no] -= row.amounts
    return sum(_negative(amounts) for amounts in left.values())


def _negative(amounts: Amounts) -> bool:
    apart = ("goods", "adjustment")
    rest = [getattr(amounts, f.name) for f in fields(amounts) if f.name not in apart]
    return any(amount < 0 for amount in (amounts.product, *rest))
