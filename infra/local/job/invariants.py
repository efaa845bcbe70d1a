"""The invariants of stock, money and flow, counted over everything that is stored.

Each function counts breaches and is independent of the code that is meant to prevent them: it adds
up records,
counters and journals from scratch. A healthy system counts zero everywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from oms.inventory.model import InventoryLevel, Journal, PromiseCounter
from oms.kernel.codec import camel
from oms.kernel.facts import StoredFact
from oms.lifecycle.record import OrderRecord
from oms.payments.model import Intent, IntentKind, IntentState

from infra.local.job.recount import (
    excess_money,
    lost_units,
    misplaced_units,
    overcredited,
    unbooked,
)

LOWERING = frozenset({"FEED", "COUNT", "ADJUST", "DAMAGE", "SHORT"})
"""Movements that say what a shelf holds, whatever was promised of it (STK-15)."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything stored: `facts` by order id, `moved` minor units by gateway key, `indexed`
    versions.
    """

    records: Sequence[OrderRecord]
    counters: Sequence[PromiseCounter] = ()
    levels: Sequence[InventoryLevel] = ()
    journals: Sequence[Journal] = ()
    facts: Mapping[str, Sequence[StoredFact]] = field(default_factory=dict)
    moved: Mapping[str, int] = field(default_factory=dict)
    indexed: Mapping[str, int] = field(default_factory=dict)


def breaches(evidence: Evidence) -> dict[str, int]:
    """Breaches by invariant, all zero in a healthy system (INV-S, INV-M, INV-F, INV-A)."""
    return {
        "oversold": oversold(evidence),
        "leaked_reservations": leaked_reservations(evidence),
        "counter_drift": counter_drift(evidence),
        "lost_units": sum(
            lost_units(record, evidence.facts.get(record.order.id)) for record in evidence.records
        ),
        "misplaced_units": sum(misplaced_units(record) for record in evidence.records),
        "ledger_imbalance": sum(unbooked(record) for record in evidence.records),
        "excess_money": sum(excess_money(record) for record in evidence.records),
        "overcredited": sum(overcredited(record) for record in evidence.records),
        "duplicate_money": duplicate_money(evidence),
        "sequence_gaps": sum(gaps(facts) for facts in evidence.facts.values()),
        "unindexed": unindexed(evidence),
    }


def oversold(evidence: Evidence) -> int:
    """Counters and shelves that promise more than there is, though nothing that was told of the
    shelves made it so (INV-S1).
    """
    lowered: set[tuple[str, str]] = set()
    for journal in evidence.journals:
        lowered |= {
            (move.item_id, move.place) for move in journal.movements
            if move.type in LOWERING and move.delta < 0
        }  # fmt: skip
    told = {(level.item_id, level.group) for level in evidence.levels if _told(level, lowered)}
    return sum(
        counter.promised > max(0, counter.supply) and (counter.item_id, counter.group) not in told
        for counter in evidence.counters
    ) + sum(level.short > 0 and not _told(level, lowered) for level in evidence.levels)


def _told(level: InventoryLevel, lowered: set[tuple[str, str]]) -> bool:
    return (level.item_id, f"S:{level.site}") in lowered or level.suppressed


def leaked_reservations(evidence: Evidence) -> int:
    """Places where open reservations of orders do not explain what a counter holds (INV-S3)."""
    promised: Counter[tuple[str, str]] = Counter()
    placed: Counter[tuple[str, str]] = Counter()
    for record in evidence.records:
        for line in record.order.lines:
            for reservation in line.reservations:
                promised[reservation.item_id, reservation.group] += reservation.open
                for site, units in reservation.placed.items():
                    placed[reservation.item_id, site] += units
    for level in evidence.levels:
        promised[level.item_id, level.group] += level.shipped
    leaks = sum(
        counter.promised - sum(counter.soft.values()) != promised[counter.item_id, counter.group]
        for counter in evidence.counters
    )
    return leaks + sum(
        level.reserved != placed[level.item_id, level.site] for level in evidence.levels
    )


def counter_drift(evidence: Evidence) -> int:
    """Counters that are not the sum of their movements, or of their sites (INV-S2, STK-10)."""
    sums: Counter[tuple[str, str, str]] = Counter()
    for journal in evidence.journals:
        for move in journal.movements:
            sums[move.item_id, move.place, move.counter] += move.delta
    supply: Counter[tuple[str, str]] = Counter()
    for level in evidence.levels:
        supply[level.item_id, level.group] += level.gross
    drift = 0
    for counter in evidence.counters:
        place = f"G:{counter.group}"
        drift += sum(
            getattr(counter, name) != sums[counter.item_id, place, camel(name)]
            for name in ("promised", "backordered")
        )
        drift += counter.supply != supply[counter.item_id, counter.group]
    for level in evidence.levels:
        place = f"S:{level.site}"
        drift += sum(
            getattr(level, name) != sums[level.item_id, place, camel(name)]
            for name in ("reserved", "allocated", "picked", "shipped", "on_hand")
        )
    return drift


def duplicate_money(evidence: Evidence) -> int:
    """Intents whose money at the gateway is not what the record says, and money nobody asked for.

    Covers INV-M3: an intent moves its amount once, and only if it succeeded. While the result is
    not known here (SENT, PENDING, UNKNOWN) its amount is claimed: it may have moved, but once.
    """
    allowed: dict[str, tuple[int, ...]] = {}
    for record in evidence.records:
        for intent in record.payments.intents:
            if intent.kind in (IntentKind.CAPTURE, IntentKind.REFUND):
                allowed[intent.id] = _movements(intent)
    keys = allowed.keys() | evidence.moved.keys()
    return sum(evidence.moved.get(key, 0) not in allowed.get(key, (0,)) for key in keys)


def _movements(intent: Intent) -> tuple[int, ...]:
    if intent.state is IntentState.SUCCEEDED:
        return (intent.amount,)
    return (0,) if intent.state.final else (0, intent.amount)


def gaps(facts: Sequence[StoredFact]) -> int:
    """Missing or repeated sequence numbers of one order's facts (INV-A4)."""
    numbers = [fact.order_seq for fact in facts]
    return len(set(range(1, max(numbers, default=0) + 1)) ^ set(numbers)) + (
        len(numbers) - len(set(numbers))
    )


def unindexed(evidence: Evidence) -> int:
    """Orders whose newest version the search index does not hold."""
    return sum(
        evidence.indexed.get(record.order.id) != record.version for record in evidence.records
    )
