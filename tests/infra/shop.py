"""The deployed system as a seeded merchant, for the tests that drive it over HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from oms_aws.settings import DynamoSettings

from infra.local.cloud import Endpoints
from infra.local.job.client import Caller, aws
from infra.local.job.feeds import Offer
from infra.local.job.seed import COMPANY, seed
from infra.local.job.world import tender

PATIENCE_SECONDS = 90.0


class Shop:
    """The seeded system as its channel and its administrator see it."""

    def __init__(self, endpoints: Endpoints, offers: Sequence[Offer] = ()) -> None:
        self.endpoints, self.offers = endpoints, list(offers)
        known = DynamoSettings(aws(endpoints, "dynamodb"), endpoints.tables["Settings"])
        if known.channel(COMPANY, "web") is None:
            seed(endpoints, self.offers)
        self.web, self.admin = Caller(endpoints, "web"), Caller(endpoints, "admin")
        self.wms = Caller(endpoints, "wms")

    def place(self) -> str:
        return self.order(self.offers.pop())

    def order(self, offer: Offer) -> str:
        body = offer.body | {"tenders": [tender(offer) | {"token": "tok_ok"}]}
        reply = self.web.call("POST", "/v1/orders", body, f"k-{offer.external_number}")
        assert reply.status == 201, reply
        return str(reply.body["id"])

    def read(self, order_id: str) -> dict[str, Any]:
        return self.web.call("GET", f"/v1/orders/{order_id}").body

    def ship(self, order_id: str) -> None:
        """Claim, pick, pack and ship every fulfillment order, as the warehouse does."""
        for fo in self.read(order_id)["fulfillment"]["orders"]:
            base = f"/v1/orders/{order_id}/fulfillment-orders/{fo['id']}"
            state = self.wms.call("GET", base).body["state"]
            rows = [{"lineNo": r["lineNo"], "quantity": r["quantity"]} for r in fo["lines"]]
            for verb, body in (
                ("claim", {}), ("pick", {"lines": rows}),
                ("pack", {"packages": [{"contents": rows}]}), ("ship", {"carrier": "UPS"}),
            ):  # fmt: skip
                if verb == "claim" and state != "AWAITING_ASSIGNMENT":
                    continue
                reply = self.wms.call("POST", f"{base}/{verb}", body, f"{verb}-{fo['id']}")
                assert reply.status < 300, (verb, reply)

    def listed(self, query: str = "") -> dict[str, Any]:
        reply = self.web._once("GET", f"/v1/orders{query}", None, "")
        assert reply.status == 200, reply
        return reply.body

    def ids(self, query: str = "") -> set[str]:
        return {order["orderId"] for order in self.listed(query)["orders"]}


def until(answer: Callable[[], Any], wanted: Any) -> Any:
    """Ask until the answer is the wanted one; the last answer."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (given := answer()) != wanted and time.monotonic() < deadline:
        time.sleep(0.3)
    return given
