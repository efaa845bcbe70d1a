"""Intake validation (INT-05): what is missing, what needs a look, what is only worth a note."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from oms.kernel.context import Context
from oms.kernel.facts import Fact, Step
from oms.orders import facts
from oms.orders.model import Address, DeliveryType, Finding, Order
from oms.orders.postal import state_of
from oms.orders.totals import totals

METHODS = frozenset(
    {
        "CARD", "WALLET", "BANK_TRANSFER", "GIFT_CARD", "STORE_CREDIT", "CASH", "CHECK", "COD",
        "TERMS", "EXTERNAL",
    }
)  # fmt: skip
PHYSICAL = frozenset({"SIMPLE", "VARIANT", "KIT", "ASSEMBLY"})


def validate(
    order: Order, tender_methods: Sequence[str], customer_blocked: bool,
    duplicate_of: str | None, ctx: Context,
) -> Step[Order]:  # fmt: skip
    """Run every check; ERROR makes the order INCOMPLETE, BLOCKING alerts it (ORD-104, ORD-106)."""
    found = tuple(_findings(order, tender_methods, customer_blocked, duplicate_of, ctx))
    errors = tuple(f.code for f in found if f.level == "ERROR")
    blocking = tuple(f.code for f in found if f.level == "BLOCKING")
    told: list[Fact] = []
    if errors:
        told.append(facts.OrderIncomplete(order.id, errors))
    elif any(f.level == "ERROR" for f in order.findings):
        told.append(facts.OrderCompleted(order.id))
    if blocking:
        told.append(facts.OrderAttention(order.id, blocking))
    return Step(replace(order, findings=found, validated=True), tuple(told))


def _findings(
    order: Order, methods: Sequence[str], blocked: bool, duplicate_of: str | None, ctx: Context
) -> Iterator[Finding]:
    yield from _lines(order)
    yield from _addresses(order)
    yield from _money(order, methods, ctx)
    if blocked:
        yield Finding("CUSTOMER_BLOCKED", "BLOCKING", "customer", "the customer is blocked")
    if duplicate_of:
        text = f"same customer, items and total as {duplicate_of} within ten minutes"
        yield Finding("DUPLICATE_SUSPECTED", "BLOCKING", "customer", text)


def _lines(order: Order) -> Iterator[Finding]:
    for place, line in enumerate(order.lines):
        if line.item_id is None:
            path = f"lines[{place}].sku"
            yield Finding("UNKNOWN_ITEM", "ERROR", path, f"no item has the SKU {line.sku}")


def _addresses(order: Order) -> Iterator[Finding]:
    for place, group in enumerate(order.groups):
        physical = any(line.kind in PHYSICAL for line in order.lines if line.group == group.id)
        path = f"groups[{place}].address"
        if group.type is DeliveryType.SHIP and physical and group.address is None:
            text = "goods that are shipped need an address"
            yield Finding("MISSING_ADDRESS", "ERROR", path, text)
        elif group.address is not None:
            yield from _mismatch(group.address, path)


def _mismatch(address: Address, path: str) -> Iterator[Finding]:
    expected = state_of(address.postal_code or "") if address.country == "US" else None
    if expected and address.region and address.region.upper() not in expected:
        text = f"postal code {address.postal_code} is in {'/'.join(expected)}, not {address.region}"
        yield Finding("ADDRESS_MISMATCH", "BLOCKING", f"{path}.postalCode", text)


def _money(order: Order, methods: Sequence[str], ctx: Context) -> Iterator[Finding]:
    total = totals(order).ordered
    stated = order.stated_total
    if stated is not None and abs(stated - total) > ctx.policy.total_tolerance:
        text = f"the parts sum to {total}, the stated total is {stated}"
        yield Finding("TOTAL_MISMATCH", "ERROR", "statedTotal", text)
    for place, method in enumerate(methods):
        if method not in METHODS:
            text = f"tender {method} is not mapped"
            yield Finding("UNMAPPED_CODE", "ERROR", f"tenders[{place}].method", text)
    if total > 0 and not methods:
        text = "an order with a value needs a tender"
        yield Finding("MISSING_TENDER", "ERROR", "tenders", text)
