"""What a channel says of an order is kept and given back (ENT-11, ENT-14, ENT-15, ENT-16, ENT-17).

Cites ENT-04 (nothing is deleted), LOC-02.
"""

from __future__ import annotations

from typing import Any

import pytest
from oms.settings.model import Channel

from tests.functions.desk import PATH, read
from tests.functions.world import COMPANY, World

GROUP = {
    "id": "1", "method": "PICKUP", "type": "PICKUP", "pickupSite": "BOS",
    "requestedDate": "2026-03-05", "instructions": "ring twice", "giftMessage": "Happy birthday",
    "giftWrap": True, "giftReceipt": True,
    "pickupPersons": ["Bob", "Eve"],
}  # fmt: skip
LINES = [
    {"lineNo": 1, "sku": "A", "quantity": 1, "unitPrice": 1000, "listPrice": 1200, "group": "1",
     "shipTogether": "set-1", "promisedDate": "2026-03-04", "attributes": {"engraving": "AA"},
     "returnPolicy": {"windowDays": 14, "finalSale": True, "restockingFeePercent": 5}},
    {"lineNo": 2, "sku": "B", "quantity": 1, "unitPrice": 0, "group": "1", "kitParent": 1,
     "source": "W-17/3", "shipTogether": "set-1"},
]  # fmt: skip
HEADER = {
    "type": "STORE", "locale": "de-DE", "priority": 80, "requestedDate": "2026-03-05",
    "allowSplit": False, "allowCombine": True, "instructions": "no plastic",
    "tags": ["vip"], "attributes": {"campaign": "spring"}, "placedAt": "2026-03-01T09:00:00.000Z",
}  # fmt: skip


def order(world: World, **changes: Any) -> dict[str, Any]:
    order_id = world.place("W-1", **changes)
    return dict(read(world, order_id)["order"])


def test_header_group_and_line_are_given_back(world: World) -> None:
    """ENT-14, ENT-15, ENT-16."""
    world.settings.put_settings(COMPANY, "COMPANY", {"intake.stockPolicy": "SKIP"})
    kept = order(world, groups=[GROUP], lines=LINES, **HEADER)
    assert {name: kept[name] for name in HEADER} == HEADER
    assert {name: kept["groups"][0][name] for name in GROUP} == GROUP
    for said, line in zip(LINES, kept["lines"], strict=True):
        assert {name: line[name] for name in said} == said


@pytest.mark.parametrize(
    ("said", "kept"), [(None, "fr-FR"), ("de-DE", "de-DE")], ids=["channel", "order"]
)
def test_the_channel_gives_its_locale(world: World, said: str | None, kept: str) -> None:
    """ENT-11, LOC-02: unless the order has one of its own."""
    known = world.settings.channel(COMPANY, "web")
    assert isinstance(known, Channel)
    french = Channel("web", "web", currency="USD", gateways=known.gateways, locale="fr-FR",
                     version=known.version + 1)  # fmt: skip
    world.settings.put_channel(COMPANY, french)
    assert order(world, **({} if said is None else {"locale": said}))["locale"] == kept


def test_combining_follows_the_setting_unless_the_order_says(world: World) -> None:
    """ENT-14: `orders.allowCombine`."""
    assert "allowCombine" not in order(world)
    world.settings.put_settings(COMPANY, "COMPANY", {"orders.allowCombine": True})
    order_id = world.place("W-2")
    assert read(world, order_id)["order"]["allowCombine"] is True


def test_a_kit_line_must_be_there(world: World) -> None:
    """ENT-16."""
    lines = [{"sku": "A", "quantity": 1, "unitPrice": 0, "kitParent": 9}]
    body = world.order("W-1", lines=lines)
    got = world.http("orders", "POST", PATH, body, headers={"Idempotency-Key": "k"})
    assert got.status == 400


def test_adjustments_keep_kind_code_reason_and_share(world: World) -> None:
    """ENT-17: an order adjustment's share stands at each line."""
    discount = {"kind": "PROMOTION", "amount": -300, "code": "SPRING", "reason": "sale"}
    kept = order(world, adjustments=[discount])
    assert kept["adjustments"] == [discount]
    shares = [a["amount"] for line in kept["lines"] for a in line["adjustments"]
              if a.get("shareOf") == "SPRING"]  # fmt: skip
    assert sum(shares) == -300
