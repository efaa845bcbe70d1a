"""The deployed system as its channels, its people and its warehouse meet it."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from typing import Any

from infra.local.cloud import LocalCloud
from infra.local.job.client import Caller, Reply, aws
from infra.local.job.evidence import evidence
from infra.local.job.feeds import Offer
from infra.local.job.invariants import breaches
from infra.local.job.seed import COMPANY, seed
from infra.local.job.world import invented

PATIENCE_SECONDS = 90.0
CHAOS_ORDERS = 12
BOSTON = {
    "country": "US", "region": "MA", "postalCode": "02108", "city": "Boston", "line1": "1 Main St",
}  # fmt: skip


class Shop:
    """Sites, channels and clients of the local run; items and stock as each scenario needs."""

    def __init__(self, cloud: LocalCloud) -> None:
        if cloud.endpoints is None:
            raise RuntimeError("the cloud does not run")
        self.cloud, self.endpoints = cloud, cloud.endpoints
        feed = invented(CHAOS_ORDERS)
        self.offers = [entry for entry in feed.entries if isinstance(entry, Offer)]
        seed(self.endpoints, self.offers)
        names = ("web", "mobile", "store", "wms", "admin")
        self.callers = {name: Caller(self.endpoints, name) for name in names}
        self._count = itertools.count(1)

    def call(self, who: str, method: str, path: str, body: Any = None, key: str = "") -> Reply:
        """One call as a client; a POST gets a key of its own unless it brings one."""
        key = key or (f"e2e-{next(self._count)}" if method == "POST" else "")
        return self.callers[who].call(method, path, body, key)

    def shelve(self, **units: int) -> str:
        """A new item with units at sites (`ST_BOSTON=3`); its SKU."""
        sku = f"E2E-{next(self._count)}"
        assert self.call("admin", "PUT", f"/v1/items/{sku}", {"name": sku}).status < 300
        for site, quantity in units.items():
            assert self.feed(sku, site, quantity, 1).body["changed"] == 1
        return sku

    def feed(self, sku: str, site: str, quantity: int, sequence: int, **more: Any) -> Reply:
        """One row of an inventory feed."""
        row = {"site": site.replace("_", "-"), "sku": sku, "kind": "SNAPSHOT", "quantity": quantity}
        row |= {"sequence": sequence, **more}
        body = {"feedId": f"feed-{next(self._count)}", "rows": [row]}
        return self.call("admin", "POST", "/v1/inventory/snapshots", body)

    def order(self, *lines: tuple[str, int], token: str = "ok", **changes: Any) -> dict[str, Any]:
        """The body of an order of (SKU, quantity) lines at 10.00."""
        body: dict[str, Any] = {
            "channel": "web", "externalNumber": f"E2E-{next(self._count)}", "currency": "USD",
            "groups": [{"id": "1", "method": "STANDARD", "address": BOSTON}],
            "lines": [{"sku": sku, "quantity": n, "unitPrice": 1000} for sku, n in lines],
            "tenders": [{"method": "CARD", "token": f"tok_{token}"}],
        }  # fmt: skip
        return body | changes

    def offer(self, body: dict[str, Any], key: str = "") -> Reply:
        """Place an order over the API."""
        return self.call(body["channel"], "POST", "/v1/orders", body, key)

    def place(self, *lines: tuple[str, int], **changes: Any) -> str:
        """Place an order that is accepted; its id."""
        reply = self.offer(self.order(*lines, **changes))
        assert reply.status == 201, reply
        return str(reply.body["id"])

    def enqueue(self, body: dict[str, Any]) -> dict[str, Any]:
        """Send an order through the intake queue; the reply to its channel."""
        sqs, name = aws(self.endpoints, "sqs"), f"m-{next(self._count)}"
        message = {"messageId": name, "replyTo": name, **body}
        sqs.send_message(QueueUrl=self.endpoints.queues["Intake"], MessageBody=json.dumps(message))
        replies: dict[str, dict[str, Any]] = {}

        def heard() -> bool:
            got = sqs.receive_message(
                QueueUrl=self.endpoints.queues["Reply"], MaxNumberOfMessages=10, WaitTimeSeconds=1
            )
            for row in got.get("Messages", []):
                reply = json.loads(row["Body"])
                replies[reply["replyTo"]] = reply
            return name in replies

        assert until(heard, True)
        return replies[name]

    def read(self, order_id: str, who: str = "web") -> dict[str, Any]:
        """The order as `GET` answers it."""
        return self.call(who, "GET", f"/v1/orders/{order_id}").body

    def waits_in(self, order_id: str, state: str, who: str = "web") -> dict[str, Any]:
        """The order once it has come to `state`."""
        assert until(lambda: self.read(order_id, who)["state"], state) == state
        return self.read(order_id, who)

    def act(self, order_id: str, action: str, **more: Any) -> Reply:
        """One action of an administrator."""
        path = f"/v1/orders/{order_id}/actions"
        return self.call("admin", "POST", path, {"actions": [{"action": action, **more}]})

    def allocate(self, order_id: str) -> str:
        """Run the deployed allocation for an order once more; the step it says comes next."""
        task = {"company": COMPANY, "orderId": order_id, "correlationId": "again", "version": 0}
        answer = aws(self.endpoints, "lambda").invoke(
            FunctionName="throughline-local-allocate-order",
            Payload=json.dumps(task | {"step": "ALLOCATE"}).encode(),
        )
        assert "FunctionError" not in answer
        return str(json.loads(answer["Payload"].read())["step"])

    def floor(self, order_id: str, fo: dict[str, Any], verb: str, body: Any) -> Reply:
        """One step of the warehouse on an FO."""
        path = f"/v1/orders/{order_id}/fulfillment-orders/{fo['id']}/{verb}"
        return self.call("wms", "POST", path, body)

    def ship(self, order_id: str, **units: int) -> None:
        """Pick, pack and ship what the order's FOs hold, or `L1=2` units of line 1 only."""
        for fo in self.read(order_id)["fulfillment"]["orders"]:
            if fo["state"] not in ("AWAITING_ASSIGNMENT", "AWAITING_PICK", "PICKING"):
                continue
            rows = [
                {"lineNo": r["lineNo"], "quantity": units.get(f"L{r['lineNo']}", r["quantity"])}
                for r in fo["lines"]
            ]
            if fo["state"] == "AWAITING_ASSIGNMENT":
                assert self.floor(order_id, fo, "claim", {}).status < 300
            for verb, body in (
                ("pick", {"lines": rows}), ("pack", {"packages": [{"contents": rows}]}),
                ("ship", {"carrier": "UPS"}),
            ):  # fmt: skip
                reply = self.floor(order_id, fo, verb, body)
                assert reply.status < 300, (verb, reply)

    def level(self, sku: str, site: str) -> dict[str, Any]:
        """The counters of a position."""
        query = f"/v1/inventory/levels?sku={sku}"
        rows = self.call("admin", "GET", query).body["levels"]
        return next(dict(row) for row in rows if row["site"] == site)

    def promised(self, sku: str) -> int:
        """Units promised of an item."""
        rows = self.call("admin", "GET", f"/v1/inventory/levels?sku={sku}").body["counters"]
        return sum(int(row["promised"]) for row in rows)

    def sound(self) -> None:
        """RCN-01: no invariant is broken, once index and money have caught up."""
        until(lambda: any(breaches(evidence(self.endpoints)).values()), False)
        found = breaches(evidence(self.endpoints))
        assert not any(found.values()), found


def until(answer: Callable[[], Any], wanted: Any) -> Any:
    """Ask until the answer is the wanted one; the last answer."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (given := answer()) != wanted and time.monotonic() < deadline:
        time.sleep(0.3)
    return given
