"""The deployed system gives what lands to those who wait for it, called by the stream of stock.

Cites BKO-06, LIN-102, STK-13.
"""

from __future__ import annotations

from infra.local.cloud import LocalCloud
from infra.local.job.feeds import Offer
from infra.local.job.seed import COMPANY
from infra.local.job.world import invented
from tests.infra.shop import Shop, until


def backordered(shop: Shop, order_id: str) -> int:
    buckets = shop.read(order_id)["order"]["lines"][0]["buckets"]
    return int(buckets.get("backordered", 0))


def test_a_receipt_serves_a_backorder_that_ships(cloud: LocalCloud) -> None:
    """BKO-06, LIN-102: nobody asks for the order again; its own next look is minutes away."""
    assert cloud.endpoints
    shop = Shop(cloud.endpoints)
    item = {"name": "Late", "backorderPolicy": "UNLIMITED"}
    assert shop.admin.call("PUT", "/v1/items/LATE-1", item).status == 200
    (sample,) = (entry for entry in invented(1).entries if isinstance(entry, Offer))
    lines = [{"sku": "LATE-1", "name": "Late", "quantity": 2, "unitPrice": 900}]
    number = f"{COMPANY}-late"
    body = sample.body | {"lines": lines, "externalNumber": number}
    order_id = shop.order(Offer(number, body))
    waiting = until(
        lambda: (backordered(shop, order_id), shop.read(order_id)["state"]),
        (2, "AWAITING_ALLOCATION"),
    )
    assert waiting == (2, "AWAITING_ALLOCATION")
    receipt = {
        "sku": "LATE-1", "site": "DC-EAST", "type": "RECEIPT", "reason": "delivery",
        "onHand": {"delta": 2},
    }  # fmt: skip
    reply = shop.wms.call("POST", "/v1/inventory/movements", receipt, "late-receipt")
    assert reply.status == 200, reply
    state = until(lambda: shop.read(order_id)["state"], "AWAITING_FULFILLMENT")
    assert state == "AWAITING_FULFILLMENT"
    (fo,) = shop.read(order_id)["fulfillment"]["orders"]
    assert fo["site"] == "DC-EAST"
    shop.ship(order_id)
    assert until(lambda: shop.read(order_id)["state"], "CLOSED") == "CLOSED"
