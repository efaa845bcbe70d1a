"""Orders, contexts and facts for the tests of the orders capability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from oms.fulfillment.facts import (
    FulfillmentOrderCanceled,
    FulfillmentOrderCreated,
    FulfillmentOrderRejected,
    ShipmentCreated,
    UnitsLeft,
    UnitsPacked,
    UnitsPicked,
)
from oms.kernel.context import Actor, ActorKind, Context
from oms.kernel.facts import Fact, Step, Units
from oms.kernel.policy import Policy, StockPolicy
from oms.orders.commands import NewLine, NewTender, PlaceOrder
from oms.orders.decisions import react
from oms.orders.intake import receive
from oms.orders.model import Address, DeliveryGroup, Line, Order, TaxPolicy
from oms.orders.shelf import Stocked

NOW = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ANA = Actor(ActorKind.USER, "ana", "acme", frozenset({"service_agent"}))
WORKFLOW = Actor(ActorKind.WORKFLOW, "workflow", "acme")
HOME = Address("US", "78701", "Austin", "TX", "1 Main St")
SITE = "austin"
FO = "fo_1"


@dataclass(frozen=True)
class Shop:
    """A channel."""

    code: str = "web"
    currency: str | None = "USD"
    locale: str = "en-US"
    tax_policy: str = "NET"
    pool: tuple[str, ...] = ("main",)
    items: Mapping[str, str] = field(default_factory=dict)
    methods: Mapping[str, str] = field(default_factory=dict)
    countries: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Goods:
    """An item."""

    id: str
    sku: str
    name: str = "Thing"
    kind: str = "SIMPLE"
    state: str = "ACTIVE"


@dataclass(frozen=True)
class Cart:
    """A living cart reservation."""

    id: str
    item_id: str
    group: str
    open: int


def ctx(
    actor: Actor = WORKFLOW, at: datetime = NOW, policy: Policy | None = None, cause: str = "c1"
) -> Context:
    return Context(at, actor, cause, policy or Policy())


def goods(*skus: str) -> dict[str, Goods]:
    return {sku: Goods(f"itm_{sku}", sku, sku.title()) for sku in skus}


def group(**fields: object) -> DeliveryGroup:
    plain = DeliveryGroup("g1", "STANDARD", address=HOME)
    return replace(plain, **fields)  # type: ignore[arg-type]


def offered(*lines: NewLine, **fields: object) -> PlaceOrder:
    """An order with an address and a card."""
    plain = PlaceOrder("web", None, lines, groups=(group(),), tenders=(NewTender("CARD", "tok"),))
    return replace(plain, **fields)  # type: ignore[arg-type]


def accept(
    command: PlaceOrder,
    stock: Mapping[tuple[str, str], int | None] | None = None,
    *,
    shop: Shop | None = None,
    items: Mapping[str, Goods] | None = None,
    backorder: Mapping[tuple[str, str], int | None] | None = None,
    policy: StockPolicy = StockPolicy.ENFORCE,
    settings: Policy | None = None,
    carts: Mapping[str, Cart] | None = None,
) -> Step[Order]:
    """Acceptance with plenty of everything unless the test says otherwise."""
    known = goods(*(line.sku for line in command.lines)) if items is None else items
    channel = shop or Shop()
    plenty = {(item.id, place): 10**6 for item in known.values() for place in channel.pool}
    shelf = Stocked(plenty if stock is None else stock, backorder or {})
    return receive(
        command, channel, known, shelf, "T26-000001", "ord_1", policy, ctx(policy=settings),
        carts or {},
    )  # fmt: skip


def order(*quantities: int, price: int = 1000, **fields: object) -> Order:
    """An accepted and approved order, one line per quantity, every unit reserved."""
    lines = [NewLine(f"sku{n}", quantity, price) for n, quantity in enumerate(quantities, 1)]
    made = accept(offered(*lines)).part
    made = replace(made, validated=True, intake_done_at=NOW)
    return replace(made, **fields)  # type: ignore[arg-type]


def gross(made: Order) -> Order:
    return replace(made, tax_policy=TaxPolicy.GROSS)


def units(line: Line, quantity: int) -> Units:
    """Units of the line's first open reservation, or of none."""
    held = next((r for r in line.reservations if r.open), None)
    name, place = (held.id, held.group) if held else (None, None)
    return Units(line.line_no, str(line.item_id), quantity, name, place)


def created(made: Order, quantity: int, line_no: int = 1, site: str = SITE) -> Fact:
    moved = (units(made.line(line_no), quantity),)
    return FulfillmentOrderCreated(FO, "T-F1", site, "STANDARD", "STANDARD", 1, moved, "dec_1")


def picked(made: Order, quantity: int, line_no: int = 1) -> Fact:
    return UnitsPicked(FO, (units(made.line(line_no), quantity),))


def packed(made: Order, quantity: int, line_no: int = 1) -> Fact:
    return UnitsPacked(FO, "pkg_1", (units(made.line(line_no), quantity),))


def shipped(made: Order, quantity: int, line_no: int = 1, site: str = SITE) -> Fact:
    moved = (units(made.line(line_no), quantity),)
    return ShipmentCreated(FO, "shp_1", site, "UPS", (), moved)


def left(
    made: Order, quantity: int, *, keeps: bool, counts: bool = True, line_no: int = 1,
    source: str = "allocated", reason: str = "TOO_BUSY",
) -> UnitsLeft:  # fmt: skip
    moved = units(made.line(line_no), quantity)
    return UnitsLeft(moved, reason, "NONE", 0, keeps, counts, source)


def rejected(*rows: UnitsLeft, site: str = SITE) -> Fact:
    return FulfillmentOrderRejected(FO, site, rows[0].reason, rows, partial=True)


def canceled(made: Order, quantity: int, *, recalled: bool, line_no: int = 1) -> Fact:
    moved = (units(made.line(line_no), quantity),)
    return FulfillmentOrderCanceled(FO, SITE, "CUSTOMER", moved, recalled, partial=True)


def after(made: Order, *facts: Fact, context: Context | None = None) -> Order:
    """The order when it has seen these facts."""
    for fact in facts:
        made = react(made, fact, context or ctx()).part
    return made


def buckets(line: Line) -> dict[str, int]:
    """The non-empty exclusive buckets of a line."""
    names = ("unsourced", "backordered", "reserved", "allocated", "picked", "packed", "shipped",
             "canceled")  # fmt: skip
    counts = {name: getattr(line.buckets, name) for name in names}
    return {name: count for name, count in counts.items() if count}


def kinds(facts: Sequence[Fact]) -> list[str]:
    """Names of facts, in order."""
    return [type(fact).__name__ for fact in facts]
