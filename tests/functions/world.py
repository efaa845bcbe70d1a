"""The functions over the real engine and in-memory ports: calls as API Gateway delivers them."""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from oms.action_items.commands import RaiseFailure
from oms.inventory.model import InventoryLevel, Item, PromiseCounter
from oms.kernel.context import Actor, ActorKind
from oms.kernel.ids import derive
from oms.lifecycle.lists import Lists
from oms.lifecycle.relief import Relief
from oms.lifecycle.screening import Screening
from oms.lifecycle.sourcing import Sourcing
from oms.lifecycle.steps import Steps
from oms.lifecycle.use_cases import Lifecycle, Ports
from oms.settings.model import Channel, Client
from oms_aws import wiring
from oms_aws.postal_codes import PostalAddresses
from oms_aws.search.holders import IndexedHolders

from tests.fakes.action_items import MemoryActionItems
from tests.fakes.customers import MemoryCustomers, MemoryRecentOrders
from tests.fakes.gateway import FakeGateway
from tests.fakes.order_keys import FakeOrderKeys
from tests.fakes.orders import FakeNumbers, FakeOrders
from tests.fakes.search_index import FakeSearchIndex
from tests.fakes.settings import MemorySettings
from tests.fakes.stock import MemoryStock
from tests.simulation.merchant import SITES, START, NoPostalCodes

INVOCATIONS = Path(__file__).parents[2] / "events" / "invocations"
COMPANY = "acme"
SHOP = "4h57mv0p1t0k3bq2v6s9c8d7ef"
WMS = "7w5e4r3t2y1u0i9o8p7a6s5d4f"
STAFF = "2l9f8g7h6j5k4m3n2p1q0r9s8t"
ORDERS = "oms/orders.read oms/orders.write oms/payments.write oms/inventory.read"
FLOOR = "oms/fulfillment.read oms/fulfillment.write oms/inventory.read oms/inventory.write"
EVERYTHING = f"{ORDERS} {FLOOR} oms/admin"


def invocation(function: str, name: str) -> dict[str, Any]:
    """A payload as AWS delivers it."""
    text = (INVOCATIONS / function / f"{name}.json").read_text(encoding="utf-8")
    return cast("dict[str, Any]", json.loads(text))


@dataclass(slots=True)
class Context:
    """What Lambda tells about the invocation."""

    function_name: str = "throughline-test"
    memory_limit_in_mb: int = 1024
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:test"
    aws_request_id: str = "52fdfc07-2182-454f-963f-5f0f9a621d72"
    left: int = 60_000

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds that are left."""
        return self.left


@dataclass(slots=True)
class Got:
    """An HTTP answer, read."""

    status: int
    headers: dict[str, str]
    body: Any


def client(client_id: str = SHOP, scope: str = EVERYTHING) -> dict[str, str]:
    """Claims of an OAuth client's token."""
    return {"client_id": client_id, "sub": client_id, "scope": scope, "token_use": "access"}


def user(name: str = "ana", groups: str = "[service_manager]", **more: str) -> dict[str, str]:
    """Claims of a person's token."""
    return {
        "sub": f"id-{name}",
        "username": name,
        "client_id": STAFF,
        "cognito:groups": groups,
    } | more


@dataclass
class World:
    """One company; `now` is moved by tests."""

    monkeypatch: pytest.MonkeyPatch
    now: Any = START
    some_order: str = ""
    some_item: str = ""
    replies: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stock = MemoryStock()
        self.numbers = FakeNumbers()
        self.items = MemoryActionItems()
        self.orders = FakeOrders(self.stock, self.items)
        self.index = FakeSearchIndex()
        self.settings = MemorySettings()
        self.customers = MemoryCustomers()
        self.gateway = FakeGateway(lambda: self.now, lambda _h, _b: None)
        ports = Ports(
            self.orders,
            self.stock,
            self.settings,
            self.numbers,
            self.items,
            lambda: self.now,
            lambda _: None,
        )
        self.lifecycle = Lifecycle(ports)
        keys = FakeOrderKeys(self.orders)
        self.lists = Lists(self.index, keys, self.settings, self.lifecycle, lambda: self.now)
        sourcing = Sourcing(self.stock, self.settings, NoPostalCodes())
        screening = Screening(self.customers, MemoryRecentOrders(), PostalAddresses())
        gateways = {"test": self.gateway}
        self.steps = Steps(self.lifecycle, ports, gateways, sourcing, screening)
        self.relief = Relief(self.lifecycle, ports, IndexedHolders(self.index, lambda: self.now))
        self._configure()
        found = {
            "clock": lambda: self.now, "orders": lambda: self.orders, "stock": lambda: self.stock,
            "settings": lambda: self.settings, "lifecycle": lambda: self.lifecycle,
            "steps": lambda: self.steps, "relief": lambda: self.relief,
            "action_items": lambda: self.items,
            "search_index": lambda: self.index, "lists": lambda: self.lists,
            "replies": lambda: self, "customers": lambda: self.customers,
        }  # fmt: skip
        for name, give in found.items():
            self.monkeypatch.setattr(wiring, name, give)

    def _configure(self) -> None:
        for site in SITES:
            self.settings.put_site(COMPANY, site)
        for code in ("web", "pos"):
            gateways = {"CARD": "test", "GIFT_CARD": "test"}
            channel = Channel(code, code, currency="USD", gateways=gateways)
            self.settings.put_channel(COMPANY, channel)
        self.settings.put_client(Client(SHOP, COMPANY, "web"))
        self.settings.put_client(Client(WMS, COMPANY))
        self.settings.put_client(Client(STAFF, COMPANY))
        self.settings.put_client(Client("rival", "zeta"))
        for sku in ("A", "B"):
            self.shelve(sku, 10)

    def send(self, reply: dict[str, Any]) -> None:
        """The reply queue."""
        self.replies.append(reply)

    def shelve(self, sku: str, units: int, site: str = "DC") -> None:
        """Put an item in stock."""
        item = Item(derive("itm", COMPANY, sku), sku, f"Item {sku}")
        self.stock.put_item(COMPANY, item)
        level = InventoryLevel(item.id, site, "main", on_hand=units, version=1)
        self.stock.levels[COMPANY, item.id, site] = level
        counter = PromiseCounter(item.id, "main", supply=units, version=1)
        self.stock.counters[COMPANY, item.id, "main"] = counter

    def call(self, function: str, event: dict[str, Any], context: Context | None = None) -> Any:
        """Invoke a function."""
        module = importlib.import_module(f"functions.{function}.handler")
        return module.handler(event, cast("LambdaContext", context or Context()))

    def http(
        self, function: str, method: str, path: str, body: Any = None, *,
        claims: dict[str, str] | None = None, headers: dict[str, str] | None = None,
        query: dict[str, str] | None = None, raw: str | None = None,
    ) -> Got:  # fmt: skip
        """Call a route as API Gateway does; `claims` {} is a call without a token."""
        event = invocation("orders", "place_order")
        given = {name.lower(): value for name, value in (headers or {}).items()}
        event["headers"] = {"content-type": "application/json"} | given
        event["rawPath"] = path
        event["rawQueryString"] = urlencode(query or {})
        event["requestContext"]["http"] |= {"method": method, "path": path}
        chosen = client() if claims is None else claims
        event["requestContext"]["authorizer"] = {"jwt": {"claims": chosen}} if chosen else None
        event.pop("body")
        if raw is not None or body is not None:
            event["body"] = raw if raw is not None else json.dumps(body)
        return self.answer(self.call(function, event))

    @staticmethod
    def answer(answer: dict[str, Any]) -> Got:
        """Read an integration response."""
        headers = {name.lower(): value for name, value in answer["headers"].items()}
        return Got(answer["statusCode"], headers, json.loads(answer["body"]))

    def order(self, number: str = "W-1", **changes: Any) -> dict[str, Any]:
        """The body of an order of two A and one B."""
        body: dict[str, Any] = json.loads(invocation("orders", "place_order")["body"])
        return body | {"externalNumber": number} | changes

    def place(self, number: str = "W-1", **changes: Any) -> str:
        """Place an order as the shop; returns its id."""
        got = self.http(
            "orders", "POST", "/v1/orders", self.order(number, **changes),
            headers={"Idempotency-Key": f"key-{number}"},
        )  # fmt: skip
        assert got.status == 201, got
        return str(got.body["id"])

    def run(self, order_id: str) -> None:
        """Let the workflow run the order to where it waits."""
        for _ in range(20):
            record = self.lifecycle.read(_agent(), order_id)
            step = self.steps.next(record, self.lifecycle.context(record, _agent(), "peek"))
            if step is None:
                return
            self.steps.run(COMPANY, order_id, step, f"run:{record.version}")
        raise AssertionError("the order never comes to rest")


def open_item(world: World, order_id: str) -> tuple[str, str]:
    """An order with an action item, as the engine writes both."""
    system = Actor(ActorKind.SYSTEM, "workflow", COMPANY)
    world.lifecycle.execute(system, order_id, [RaiseFailure("AUTHORIZE", "Unavailable")])
    record = world.orders.load(COMPANY, order_id)
    assert record is not None
    return order_id, record.attention.items[0].id


def _agent() -> Actor:
    return Actor(ActorKind.WORKFLOW, "test", COMPANY)
