"""A merchant in memory: the real engine over fakes, with a clock that tests move."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from oms.inventory.commands import AdjustStock, Delta
from oms.inventory.model import (
    InventoryLevel,
    Item,
    Journal,
    Movement,
    MovementType,
    PromiseCounter,
)
from oms.inventory.use_cases import adjust_stock
from oms.kernel.context import Actor, ActorKind, Context
from oms.kernel.ids import derive
from oms.kernel.policy import Policy
from oms.lifecycle.answers import Answer
from oms.lifecycle.record import OrderRecord
from oms.lifecycle.relief import Relief
from oms.lifecycle.sourcing import Sourcing
from oms.lifecycle.steps import Steps
from oms.lifecycle.use_cases import Lifecycle, Ports
from oms.orders.commands import NewLine, NewTender, PlaceOrder
from oms.orders.model import Address, DeliveryGroup
from oms.settings.model import Attribute, Channel, Client, Company, LegalEntity, Site, SiteType, Tag
from oms.sourcing.model import Coordinates
from oms_aws.gateway_webhook import parse_webhook

from tests.fakes.action_items import MemoryActionItems
from tests.fakes.gateway import FakeGateway
from tests.fakes.orders import FakeNumbers, FakeOrders
from tests.fakes.stock import MemoryStock

COMPANY = "acme"
START = datetime(2026, 3, 1, 10, tzinfo=UTC)
SITES = (
    Site("DC", "Distribution center", latitude=41_500_000, longitude=-88_100_000, priority=1),
    Site("BOS", "Boston", SiteType.STORE, latitude=42_360_000, longitude=-71_060_000, priority=5),
)
BOSTON = Address("US", "02108", "Boston", "MA", "1 Main Street")


class FakeSettings:
    """Configuration of one company, changed by tests in place."""

    def __init__(self) -> None:
        self.current = Policy()
        self.all_sites: dict[str, Site] = {site.code: site for site in SITES}
        self.all_channels = {
            "web": Channel("web", "Web shop", currency="USD", gateways={"CARD": "test"})
        }

    def channel(self, company: str, code: str) -> Channel | None:
        return self.all_channels.get(code) if company == COMPANY else None

    def channels(self, company: str) -> tuple[Channel, ...]:
        return tuple(self.all_channels.values())

    def put_channel(self, company: str, channel: Channel) -> None:
        self.all_channels[channel.code] = channel

    def profile(self, company: str) -> Company | None:
        return None

    def put_profile(self, company: str, profile: Company) -> None:
        raise AssertionError("the company is not described here")

    def entities(self, company: str) -> tuple[LegalEntity, ...]:
        return ()

    def put_entity(self, company: str, entity: LegalEntity) -> None:
        raise AssertionError("no legal entities here")

    def sites(self, company: str) -> tuple[Site, ...]:
        return tuple(self.all_sites.values())

    def put_site(self, company: str, site: Site) -> None:
        self.all_sites[site.code] = site

    def attributes(self, company: str) -> tuple[Attribute, ...]:
        return ()

    def put_attribute(self, company: str, attribute: Attribute) -> None:
        raise AssertionError("no attributes here")

    def tags(self, company: str) -> tuple[Tag, ...]:
        return ()

    def put_tag(self, company: str, tag: Tag) -> None:
        raise AssertionError("no tags here")

    def client(self, client_id: str) -> Client | None:
        return None

    def put_client(self, client: Client) -> None:
        raise AssertionError("no clients here")

    def policy(self, company: str, channel: str | None = None) -> Policy:
        return self.current

    def settings(self, company: str, level: str) -> dict[str, Any]:
        return {}

    def put_settings(self, company: str, level: str, values: dict[str, Any]) -> None:
        raise AssertionError("set `current` instead")


class NoPostalCodes:
    """Postal codes nobody knows: distance falls back to the country."""

    def locate(self, country: str, postal_code: str) -> Coordinates | None:
        return None


class Everybody:
    """`Holders` that names every order and leaves the rest to the reader."""

    def __init__(self, orders: FakeOrders) -> None:
        self._orders = orders

    def holding(self, company: str, sku: str, site: str) -> tuple[str, ...]:
        return self._orders.ids(company)


class Merchant:
    """One company with its stock, gateway and orders."""

    def __init__(self) -> None:
        self.now = START
        self.stock = MemoryStock()
        self.items = MemoryActionItems()
        self.orders = FakeOrders(self.stock, self.items)
        self.settings = FakeSettings()
        self.webhooks: list[tuple[Mapping[str, str], bytes]] = []
        self.gateway = FakeGateway(lambda: self.now, lambda h, b: self.webhooks.append((h, b)))
        ports = Ports(
            self.orders,
            self.stock,
            self.settings,
            FakeNumbers(),
            self.items,
            lambda: self.now,
            lambda _: None,
        )
        self.lifecycle = Lifecycle(ports)
        sourcing = Sourcing(self.stock, self.settings, NoPostalCodes())
        self.steps = Steps(self.lifecycle, ports, {"test": self.gateway}, sourcing)
        self.relief = Relief(self.lifecycle, ports, Everybody(self.orders))
        self.agent = Actor(ActorKind.USER, "ana", COMPANY, roles=frozenset({"service_manager"}))
        self.channel = Actor(ActorKind.CLIENT, "shop", COMPANY, channel="web")
        self._count = itertools.count(1)
        self._moves = itertools.count(1)

    def shelve(self, sku: str, **units: int) -> str:
        """Create an item with opening stock per site; returns its id."""
        item = Item(derive("itm", COMPANY, sku), sku, f"Item {sku}")
        self.stock.put_item(COMPANY, item)
        moves = []
        for site, quantity in units.items():
            level = InventoryLevel(item.id, site, "main", on_hand=quantity, version=1)
            self.stock.levels[COMPANY, item.id, site] = level
            moves.append(
                Movement(MovementType.FEED, item.id, f"S:{site}", "onHand", quantity, 0, quantity)
            )
        total = sum(units.values())
        counter = PromiseCounter(item.id, "main", supply=total, version=1)
        self.stock.counters[COMPANY, item.id, "main"] = counter
        self.stock.journals[COMPANY, f"open {sku}"] = Journal("open", START, "test", tuple(moves))
        return item.id

    def change_item(self, sku: str, **values: Any) -> None:
        """Store the next version of an item."""
        old = self.stock.items_by_sku(COMPANY, [sku])[sku]
        self.stock.put_item(COMPANY, replace(old, version=old.version + 1, **values))

    def move(self, sku: str, site: str, kind: str, **changes: Any) -> None:
        """Adjust, count or receive at a position, and do what that calls for."""
        item = self.stock.items_by_sku(COMPANY, [sku])[sku]
        command = AdjustStock(item.id, site, "test", MovementType(kind), **changes)
        groups = {code: row.group for code, row in self.settings.all_sites.items()}
        cause = f"move{next(self._moves)}"
        adjust_stock(
            self.stock, command, groups, Context(self.now, self.agent, cause, self.settings.current)
        )
        self.answer_calls()

    def receive(self, sku: str, site: str, units: int) -> None:
        """Supply lands."""
        self.move(sku, site, "RECEIPT", on_hand=Delta(units))

    def answer_calls(self) -> None:
        """Do what rows of the stock table call for, as the reader of its stream does."""
        for (company, item_id, _), counter in sorted(self.stock.counters.items()):
            if counter.queued and counter.free > 0:
                self.steps.serve(company, item_id, f"call{next(self._moves)}")
        for (company, item_id, site), level in sorted(self.stock.levels.items()):
            if level.short:
                self.relief.relieve(company, item_id, site, f"call{next(self._moves)}")

    def place(self, *lines: tuple[str, int, int], token: str = "tok_ok", **changes: Any) -> Answer:
        """Offer an order of (sku, quantity, unit price) lines."""
        number = next(self._count)
        command = PlaceOrder(
            "web", "USD", tuple(NewLine(sku, n, price) for sku, n, price in lines),
            external_number=f"E{number}", groups=(DeliveryGroup("1", "STANDARD", address=BOSTON),),
            tenders=(NewTender("CARD", token),),
        )  # fmt: skip
        command = replace(command, **changes)
        return self.lifecycle.place(
            self.channel,
            command,
            key=f"k{number}",
            body_hash=f"h{number}",
            correlation_id=f"c{number}",
        )

    def run(self, order_id: str, limit: int = 30) -> OrderRecord:
        """Do what the workflow does: step after step until the order waits or is done."""
        record = self.read(order_id)
        for turn in range(limit):
            ctx = self.lifecycle.context(record, Actor(ActorKind.WORKFLOW, "w", COMPANY), "peek")
            step = self.steps.next(record, ctx)
            if step is None:
                return record
            self.steps.run(COMPANY, order_id, step, f"run{turn}:{record.version}")
            record = self.read(order_id)
        raise AssertionError(f"no end after {limit} steps")

    def deliver_webhooks(self) -> None:
        """Bring every webhook the gateway has ready, each twice, newest first."""
        self.gateway.settle()
        self.gateway.deliver_webhooks()
        waiting, self.webhooks = self.webhooks[::-1], []
        for headers, body in waiting + waiting:
            event = parse_webhook(headers, body, ("fake",), self.now)
            self.steps.webhook(event, "webhook", "test")  # type: ignore[arg-type]

    def act(self, order_id: str, *commands: object) -> Answer:
        """Apply commands as a service manager."""
        return self.lifecycle.execute(self.agent, order_id, commands)

    def read(self, order_id: str) -> OrderRecord:
        """The order as stored."""
        return self.lifecycle.read(self.agent, order_id)

    def pass_time(self, **delta: float) -> None:
        """Move the clock."""
        self.now += timedelta(**delta)
