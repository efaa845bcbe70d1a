"""Intake validation (INT-05): what is missing, what needs a look, what is only worth a note."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from oms.kernel.context import Context
from oms.kernel.facts import Fact, Step
from oms.kernel.policy import AddressCheckMode
from oms.orders import facts
from oms.orders.mapping import Codes, mapped, unmapped
from oms.orders.model import NO_CURRENCY, Address, DeliveryType, Finding, Order, OrderType
from oms.orders.postal import STATES, state_of
from oms.orders.pricing import tax_of
from oms.orders.totals import totals

METHODS = frozenset(
    {
        "CARD", "WALLET", "BANK_TRANSFER", "GIFT_CARD", "STORE_CREDIT", "CASH", "CHECK", "COD",
        "TERMS", "EXTERNAL",
    }
)  # fmt: skip
ONLY_BY_GATEWAY = frozenset({"CARD", "WALLET"})
NO_TERMS = frozenset({"AWAITING_APPROVAL", "SUSPENDED"})
"""States of a customer who is not invoiced on terms (WFL-13)."""

TAX_TOLERANCE = 1
"""Minor units by which a channel's rounding of a tax may differ from ours."""

PHYSICAL = frozenset({"SIMPLE", "VARIANT", "KIT", "ASSEMBLY"})


class ItemView(Protocol):
    """What an unknown SKU turns out to be."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Screened:
    """What is known beyond the order: of its customer, of orders like it, of its addresses.

    `standing` is the state of a known customer, `like` the number or id of an order with the same
    customer, items and total minutes ago, `unverifiable` the paths of addresses nobody finds.
    """

    blocked: bool = False
    standing: str | None = None
    like: str | None = None
    unverifiable: tuple[str, ...] = ()


NOTHING_KNOWN = Screened()
NO_CODES = Codes()
NO_ITEMS: Mapping[str, ItemView] = {}


def validate(
    order: Order, tender_methods: Sequence[str], ctx: Context, codes: Codes = NO_CODES,
    items: Mapping[str, ItemView] = NO_ITEMS, screened: Screened = NOTHING_KNOWN,
) -> Step[Order]:  # fmt: skip
    """Run every check; ERROR makes the order INCOMPLETE, BLOCKING alerts it (ORD-104, ORD-106).

    `codes` and `items`, by SKU, are applied first, so that an order stopped by a missing mapping or
    item goes on once that is there (INT-06). An order without active units lacks nothing.
    """
    order = mapped(_identified(order, items), codes)
    found: tuple[Finding, ...] = ()
    if any(line.buckets.active for line in order.lines):
        found = (
            *_findings(order, tender_methods, ctx, codes),
            *_screening(order, tender_methods, screened, ctx),
        )
    told = _told(order, found)
    return Step(replace(order, findings=found, validated=True), told)


def errors(
    order: Order, tender_methods: Sequence[str], ctx: Context, codes: Codes
) -> tuple[Finding, ...]:
    """What would keep the order INCOMPLETE; a draft must be without it (ORD-102)."""
    found = _findings(order, tender_methods, ctx, codes)
    return tuple(finding for finding in found if finding.level == "ERROR")


def _told(order: Order, found: Sequence[Finding]) -> tuple[Fact, ...]:
    errors = [f for f in found if f.level == "ERROR"]
    blocking = [f for f in found if f.level == "BLOCKING"]
    codes = {f.code for f in blocking}
    gone = {f.code for f in order.findings if f.level == "BLOCKING"} - codes
    told: list[Fact] = []
    if errors:
        told.append(facts.OrderIncomplete(order.id, tuple(dict.fromkeys(f.code for f in errors))))
    elif any(f.level == "ERROR" for f in order.findings):
        told.append(facts.OrderCompleted(order.id))
    if gone:
        told.append(facts.FindingsResolved(order.id, tuple(sorted(gone))))
    if blocking:
        first = {f.code: f.message for f in reversed(blocking)}
        names = tuple(dict.fromkeys(f.code for f in blocking))
        texts = tuple(first[name] for name in names)
        told.append(facts.OrderAttention(order.id, names, texts))
    return tuple(told)


def _identified(order: Order, items: Mapping[str, ItemView]) -> Order:
    lines = []
    for line in order.lines:
        item = items.get(line.sku) if line.item_id is None else None
        if item is not None:
            line = replace(line, item_id=item.id, kind=item.kind, name=item.name)
        lines.append(line)
    return replace(order, lines=tuple(lines))


def _findings(
    order: Order, methods: Sequence[str], ctx: Context, codes: Codes
) -> Iterator[Finding]:
    yield from _lines(order)
    yield from _addresses(order)
    for path, code in unmapped(order, codes):
        yield Finding("UNMAPPED_CODE", "ERROR", path, f"{code} is not mapped")
    yield from _money(order, methods, ctx, codes)
    yield from _taxes(order)


def _screening(
    order: Order, methods: Sequence[str], screened: Screened, ctx: Context
) -> Iterator[Finding]:
    if screened.blocked:
        yield Finding("CUSTOMER_BLOCKED", "BLOCKING", "customer", "the customer is blocked")
    if "TERMS" in methods and screened.standing in NO_TERMS:
        text = f"the customer is {screened.standing}: no terms yet"
        yield Finding("CUSTOMER_NOT_APPROVED", "BLOCKING", "customer", text)
    if screened.like:
        text = f"same customer, items and total as {screened.like} within ten minutes"
        yield Finding("DUPLICATE_SUSPECTED", "BLOCKING", "customer", text)
    by_phone = order.type is OrderType.PHONE
    mode = ctx.policy.address_check_phone if by_phone else ctx.policy.address_check_web
    if mode is not AddressCheckMode.OFF:
        level = "BLOCKING" if mode is AddressCheckMode.BLOCK else "WARNING"
        for path in screened.unverifiable:
            yield Finding("ADDRESS_UNVERIFIED", level, path, "there is no such place")


def _lines(order: Order) -> Iterator[Finding]:
    for place, line in enumerate(order.lines):
        if line.item_id is None:
            path = f"lines[{place}].sku"
            yield Finding("UNKNOWN_ITEM", "ERROR", path, f"no item has the SKU {line.sku}")
        if not line.priced:
            text = f"line {line.line_no} has no price"
            yield Finding("MISSING_PRICE", "ERROR", f"lines[{place}].unitPrice", text)


def _addresses(order: Order) -> Iterator[Finding]:
    for place, group in enumerate(order.groups):
        members = [line for line in order.lines if line.group == group.id]
        physical = any(line.kind in PHYSICAL and line.buckets.active for line in members)
        path = f"groups[{place}]"
        if group.type is DeliveryType.PICKUP and group.pickup_site is None:
            text = "goods that are picked up need a site"
            yield Finding("MISSING_PICKUP_SITE", "ERROR", f"{path}.pickupSite", text)
        if group.type is DeliveryType.SHIP and physical and group.address is None:
            text = "goods that are shipped need an address"
            yield Finding("MISSING_ADDRESS", "ERROR", f"{path}.address", text)
        elif group.address is not None:
            yield from _mismatch(group.address, f"{path}.address")


def _mismatch(address: Address, path: str) -> Iterator[Finding]:
    """Where region and postal code name different states; the text names both, and no more of the
    postal code than its area.
    """
    code, region = (address.postal_code or "").strip(), (address.region or "").strip().upper()
    expected = state_of(code) if address.country == "US" else None
    if expected and region in STATES and region not in expected:
        text = f"region is {region}, postal codes {code[:3]}.. are in {' or '.join(expected)}"
        yield Finding("ADDRESS_MISMATCH", "BLOCKING", f"{path}.postalCode", text)


def _taxes(order: Order) -> Iterator[Finding]:
    """Taxes as sent are authoritative; one that its own rate does not explain is noted (TAX-03)."""
    for place, line in enumerate(order.lines):
        bases = {
            "PRODUCT": line.amounts.product, "SHIPPING": line.amounts.shipping,
            "HANDLING": line.amounts.handling, "FEE": line.amounts.fee,
        }  # fmt: skip
        for number, tax in enumerate(line.taxes):
            if tax.rate is None:
                continue
            expected = tax_of(bases[tax.component], tax.rate, order.gross)
            if abs(expected - tax.amount) > TAX_TOLERANCE:
                path = f"lines[{place}].taxes[{number}]"
                text = f"{tax.amount} was sent, its rate gives {expected}"
                yield Finding("TAX_DIFFERS", "WARNING", path, text)


def _money(order: Order, methods: Sequence[str], ctx: Context, codes: Codes) -> Iterator[Finding]:
    total = totals(order).ordered
    stated = order.stated_total
    if order.currency == NO_CURRENCY:
        text = "neither order, channel nor company names a currency"
        yield Finding("MISSING_CURRENCY", "ERROR", "currency", text)
    if stated is not None and abs(stated - total) > ctx.policy.total_tolerance:
        text = f"the parts sum to {total}, the stated total is {stated}"
        yield Finding("TOTAL_MISMATCH", "ERROR", "statedTotal", text)
    for place, method in enumerate(methods):
        if not _payable(method, codes.gateways):
            text = f"tender {method} is not mapped"
            yield Finding("UNMAPPED_CODE", "ERROR", f"tenders[{place}].method", text)
    if total > 0 and not methods:
        text = "an order with a value needs a tender"
        yield Finding("MISSING_TENDER", "ERROR", "tenders", text)


def _payable(method: str, gateways: Mapping[str, str] | None) -> bool:
    """Custom methods are those that a gateway serves; cards cannot do without one (PAY-01)."""
    if gateways is None:
        return method in METHODS
    return method in gateways or (method in METHODS and method not in ONLY_BY_GATEWAY)
