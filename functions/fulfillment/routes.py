"""Working fulfillment orders, below their order or, with `?order=`, by their own id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from oms.fulfillment import commands
from oms.kernel.context import Actor
from oms.kernel.errors import Forbidden, NotFound
from oms.lifecycle.record import OrderRecord
from oms.search.parse import Scope, parse
from oms_aws import telemetry, wiring
from oms_aws.http import Call, Key, Operation, Reply, replied
from oms_aws.http_actor import FULFILLMENT_READ, FULFILLMENT_WRITE
from oms_aws.shapes import Bare, Shape, to_command
from oms_aws.shapes_answers import OrderSummary
from pydantic import BaseModel

from functions.fulfillment import schemas

BELOW = "/v1/orders/{orderId}/fulfillment-orders/{foId}"
ALONE = "/v1/fulfillment-orders/{foId}"

_VERBS: dict[str, tuple[str, type, type[Shape]]] = {
    "approve": ("Approve", commands.ApproveFulfillment, Bare),
    "assign": ("Assign", commands.Assign, schemas.Assign),
    "claim": ("Claim for the caller", commands.Assign, Bare),
    "unassign": ("Give back", commands.Unassign, Bare),
    "reject": ("Reject", commands.RejectFulfillment, schemas.Reject),
    "pick": ("Pick", commands.Pick, schemas.Pick),
    "short": ("Report as not found", commands.ShortPick, schemas.ShortPick),
    "pack": ("Pack", commands.Pack, schemas.Pack),
    "unpack": ("Unpack", commands.Unpack, schemas.Unpack),
    "ship": ("Ship", commands.Ship, schemas.Ship),
    "file": ("File", commands.FileFulfillment, Bare),
}


def read(call: Call) -> Reply:
    """One fulfillment order."""
    record = wiring.lifecycle().read(call.actor, _order_id(call))
    row = _row(call.actor, record, call.path["foId"])
    version = record.version
    return Reply(row | {"orderId": record.order.id, "version": version}, version=version)


def listed(call: Call) -> Reply:
    """Fulfillment orders that match, newest orders first; as fresh as the search index."""
    query: schemas.ListQuery = call.query
    given = {"fulfillmentOrderState": query.state, "site": query.site, "cursor": query.cursor}
    params = {name: value for name, value in given.items() if value is not None}
    params["limit"] = str(query.limit)
    actor = call.actor
    channels = None if actor.channel is None else frozenset({actor.channel})
    scope = Scope(channels, actor.sites or None)
    page = wiring.search_index().search(parse(params, actor.company, wiring.clock(), scope=scope))
    sites = _names(query.site) or actor.sites
    rows = [
        {"orderId": hit.order_id, "orderNumber": hit.document["number"], **row}
        for hit in page.hits
        for row in _works(hit.document)
        if (not sites or row["site"] in sites)
        and (not query.state or row["state"] in _names(query.state))
    ]
    return Reply({"fulfillmentOrders": rows, "cursor": page.cursor})


def work(verb: str) -> Callable[[Call], Reply]:
    """What one verb does."""
    _, kind, _ = _VERBS[verb]

    def run(call: Call) -> Reply:
        order_id, fo_id = _order_id(call), call.path["foId"]
        _row(call.actor, wiring.lifecycle().read(call.actor, order_id), fo_id)
        more: dict[str, Any] = {"fo_id": fo_id}
        if verb == "claim":
            more["assignee"] = call.actor.id
        answer = wiring.lifecycle().execute(
            call.actor, order_id, [to_command(kind, call.body, **more)], key=call.key,
            body_hash=call.body_hash, expected_version=call.expected_version,
            dry_run=call.dry_run, correlation_id=call.correlation_id,
            expected_outcome=call.expected_outcome,
        )  # fmt: skip
        if verb == "ship" and not answer.replayed and not call.dry_run:
            telemetry.count("ShipmentsCreated")
        return replied(answer)

    return run


def _order_id(call: Call) -> str:
    below = call.path.get("orderId")
    return str(call.query.order) if below is None else below


def _row(actor: Actor, record: OrderRecord, fo_id: str) -> dict[str, Any]:
    """The fulfillment order as the actor may see it; raises `NotFound` or `Forbidden`."""
    rows = wiring.view(actor, record).get("fulfillment", {}).get("orders", [])
    found: dict[str, Any] | None = next((row for row in rows if row["id"] == fo_id), None)
    if found is None:
        raise NotFound("FULFILLMENT_ORDER_NOT_FOUND", f"no fulfillment order {fo_id}")
    if actor.sites and found["site"] not in actor.sites:
        raise Forbidden("SITE_SCOPE", f"{found['site']} is not among the caller's sites")
    return found


def _works(document: Any) -> list[dict[str, Any]]:
    return list(document.get("fulfillmentOrders", ()))


def _names(text: str | None) -> frozenset[str]:
    return frozenset((text or "").split(",")) - {""}


def _operation(verb: str, path: str, query: type[BaseModel] | None) -> Operation:
    words, _, body = _VERBS[verb]
    name = f"{verb}FulfillmentOrder" + ("ById" if query else "")
    return Operation(
        name, "POST", f"{path}/{verb}", FULFILLMENT_WRITE, f"{words}: a fulfillment order",
        work(verb), {200: OrderSummary}, body=body, query=query, if_match=True,
        preview=True, key=Key.REQUIRED if verb == "ship" else Key.HONORED,
    )  # fmt: skip


OPERATIONS = (
    Operation(
        "listFulfillmentOrders", "GET", "/v1/fulfillment-orders", FULFILLMENT_READ,
        "List fulfillment orders", listed, {200: schemas.FulfillmentOrders},
        query=schemas.ListQuery,
    ),
    Operation(
        "getFulfillmentOrder", "GET", BELOW, FULFILLMENT_READ, "Read a fulfillment order", read,
        {200: schemas.FulfillmentOrderView},
    ),
    Operation(
        "getFulfillmentOrderById", "GET", ALONE, FULFILLMENT_READ, "Read a fulfillment order",
        read, {200: schemas.FulfillmentOrderView}, query=schemas.OrderQuery,
    ),
    *(_operation(verb, BELOW, None) for verb in _VERBS),
    *(_operation(verb, ALONE, schemas.OrderQuery) for verb in _VERBS),
)  # fmt: skip
