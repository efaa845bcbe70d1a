"""Setting the merchant up: company, channels, clients, sites, items and opening stock.

Channels and OAuth clients are what an installation starts with and are written directly; sites,
items and stock come
in the way a partner would send them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from oms.settings.model import Channel, Client
from oms_aws.settings import DynamoSettings

from infra.local.cloud import Endpoints
from infra.local.job.client import Caller, aws
from infra.local.job.counter import stocked
from infra.local.job.feeds import Offer
from infra.local.job.world import SITES, Shelf, shelves, site_body

COMPANY = "acme"
CHANNELS = {"web": "USD", "mobile": "USD", "store": "USD", "marketplace": "GBP"}
TIMING = {"marketplace": "ON_ORDER"}
"""Channels that take funds before they ship, so that a cancellation gives funds back (PAY-33)."""
ROWS = 500


class SeedError(RuntimeError):
    """The system refused what it needs to begin."""


def seed(endpoints: Endpoints, offers: Sequence[Offer]) -> int:
    """Set everything up; returns the number of stock positions."""
    _configure(endpoints)
    admin = Caller(endpoints, "admin")
    for place in SITES:
        body = site_body(place)
        code = body.pop("code")
        _need(admin, "PUT", f"/v1/sites/{code}", body)
    for channel, timing in TIMING.items():
        values = {"values": {"payments.captureTiming": timing}}
        _need(admin, "PUT", f"/v1/settings/channels/{channel}", values)
    stock = stocked(shelves(offers), offers)
    names = {line["sku"]: line["name"] for o in offers for line in o.body["lines"]}
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda sku: _item(admin, sku, names[sku]), sorted(names)))
        list(pool.map(lambda part: _load(admin, part), enumerate(_parts(stock))))
    return len(stock)


def _configure(endpoints: Endpoints) -> None:
    settings = DynamoSettings(aws(endpoints, "dynamodb"), endpoints.tables["Settings"])
    for code, currency in CHANNELS.items():
        cards = {"CARD": "test", "WALLET": "test"}
        settings.put_channel(
            COMPANY, Channel(code, code.title(), currency=currency, gateways=cards)
        )
    for name, client in endpoints.clients.items():
        channel = name if name in CHANNELS else None
        settings.put_client(Client(client.id, COMPANY, channel))
    settings.put_client(Client(endpoints.staff_client_id, COMPANY))


def _item(admin: Caller, sku: str, name: str) -> None:
    _need(admin, "PUT", f"/v1/items/{sku}", {"name": name or sku})


def _parts(stock: Iterable[Shelf]) -> list[tuple[Shelf, ...]]:
    rows = tuple(stock)
    return [rows[start : start + ROWS] for start in range(0, len(rows), ROWS)]


def _load(admin: Caller, part: tuple[int, Sequence[Shelf]]) -> None:
    place, rows = part
    body = {
        "feedId": f"opening-{place}",
        "rows": [_row(r) for r in rows],
    }
    _need(admin, "POST", "/v1/inventory/snapshots", body, key=f"opening-{place}")


def _row(shelf: Shelf) -> dict[str, object]:
    counted = {"kind": "SNAPSHOT", "quantity": shelf.quantity, "sequence": 1}
    return {"site": shelf.site, "sku": shelf.sku, **counted}


def _need(admin: Caller, method: str, path: str, body: Mapping[str, object], key: str = "") -> None:
    reply = admin.call(method, path, dict(body), key)
    if reply.status >= 300:
        raise SeedError(f"{method} {path}: {reply.status} {reply.body}")
