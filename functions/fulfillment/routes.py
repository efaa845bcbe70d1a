"""Working fulfillment orders, below their order or by their own id, which names the order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from oms.fulfillment import commands
from oms.lifecycle.floor import wishes
from oms_aws import counters, telemetry, wiring
from oms_aws.http import Call, Key, Operation, Reply, replied
from oms_aws.http_actor import FULFILLMENT_READ, FULFILLMENT_WRITE
from oms_aws.shapes import Bare, Shape, to_command
from oms_aws.shapes_answers import OrderSummary

from functions.fulfillment import schemas
from functions.fulfillment.batches import listed, pick_lists, picked_by, ship_notices
from functions.fulfillment.finding import found, order_id, shown

BELOW = "/v1/orders/{orderId}/fulfillment-orders/{foId}"
ALONE = "/v1/fulfillment-orders/{foId}"

_VERBS: dict[str, tuple[str, type, type[Shape]]] = {
    "approve": ("Approve", commands.ApproveFulfillment, Bare),
    "assign": ("Assign", commands.Assign, schemas.Assign),
    "claim": ("Claim for the caller", commands.Claim, Bare),
    "accept": ("Accept the request for", commands.AcceptRequest, schemas.Accept),
    "unassign": ("Give back", commands.Unassign, Bare),
    "reject": ("Reject", commands.RejectFulfillment, schemas.Reject),
    "pick": ("Pick", commands.Pick, schemas.Pick),
    "unpick": ("Put picked units back of", commands.Unpick, schemas.Unpick),
    "short": ("Report as not found", commands.ShortPick, schemas.ShortPick),
    "pack": ("Pack", commands.Pack, schemas.Pack),
    "unpack": ("Unpack", commands.Unpack, schemas.Unpack),
    "ship": ("Ship", commands.Ship, schemas.Ship),
    "ship-notice": ("Report as shipped", commands.ShipNotice, schemas.ShipNotice),
    "confirm": ("Report how far it is", commands.Confirm, schemas.Confirm),
    "track": ("Take the carrier's events on", commands.Track, schemas.Track),
    "ready": ("Stage for the customer", commands.MakeReady, schemas.Ready),
    "arrive": ("Tell that the customer is there", commands.Arrive, schemas.Arrive),
    "hand-over": ("Hand to the customer", commands.HandOver, schemas.HandOver),
    "extend": ("Keep longer for the customer", commands.ExtendPickup, Bare),
    "cancel-answer": (
        "Answer a cancellation request", commands.AnswerCancellation, schemas.CancelAnswer,
    ),
    "suspend": ("Suspend", commands.SuspendFulfillment, schemas.WithReason),
    "resume": ("Resume", commands.ResumeFulfillment, schemas.WithReason),
    "file": ("File", commands.FileFulfillment, Bare),
}  # fmt: skip
SHIPS = ("ship", "ship-notice", "hand-over")
"""Verbs that are never to be done twice, so that they need a key (API-03)."""

CALLER = ("claim", "accept", "confirm")
"""Verbs that make the caller the worker."""


def read(call: Call) -> Reply:
    """One fulfillment order with what its floor must know (FUL-08)."""
    record, fo = found(call.actor, order_id(call), call.path["foId"])
    row = shown(call.actor, record, fo.id)
    return Reply(
        row
        | wishes(record, fo)
        | {"orderId": record.order.id, "foVersion": row["version"], "version": record.version},
        version=record.version,
    )


def work(verb: str) -> Callable[[Call], Reply]:
    """What one verb does."""
    _, kind, _ = _VERBS[verb]

    def run(call: Call) -> Reply:
        order, fo_id = order_id(call), call.path["foId"]
        found(call.actor, order, fo_id)
        more: dict[str, Any] = {"fo_id": fo_id}
        if verb in CALLER:
            more["assignee"] = call.actor.id
        if verb == "ready":
            more["code"] = counters.pickup_code()
        answer = wiring.lifecycle().execute(
            call.actor, order, [to_command(kind, call.body, **more)], key=call.key,
            body_hash=call.body_hash, expected_version=call.expected_version,
            dry_run=call.dry_run, correlation_id=call.correlation_id,
            expected_outcome=call.expected_outcome,
        )  # fmt: skip
        if verb in SHIPS and not answer.replayed and not call.dry_run:
            telemetry.count("ShipmentsCreated")
        return replied(answer)

    return run


def _operation(verb: str, path: str) -> Operation:
    words, _, body = _VERBS[verb]
    head, *rest = verb.split("-")
    name = head + "".join(part.capitalize() for part in rest)
    return Operation(
        f"{name}FulfillmentOrder" + ("ById" if path == ALONE else ""), "POST", f"{path}/{verb}",
        FULFILLMENT_WRITE, f"{words}: a fulfillment order", work(verb), {200: OrderSummary},
        body=body, if_match=True, preview=True,
        key=Key.REQUIRED if verb in SHIPS else Key.HONORED,
    )  # fmt: skip


def _get(name: str, path: str, words: str, run: Callable[[Call], Reply], answer: Any) -> Operation:
    return Operation(name, "GET", path, FULFILLMENT_READ, words, run, {200: answer})


_READ, _PICKS = "Read a fulfillment order", "Read what is to be picked"
OPERATIONS = (
    Operation(
        "listFulfillmentOrders", "GET", "/v1/fulfillment-orders", FULFILLMENT_READ,
        "List fulfillment orders", listed, {200: schemas.FulfillmentOrders},
        query=schemas.ListQuery,
    ),
    _get("getFulfillmentOrder", BELOW, _READ, read, schemas.FulfillmentOrderView),
    _get("getFulfillmentOrderById", ALONE, _READ, read, schemas.FulfillmentOrderView),
    _get("getPickList", f"{BELOW}/pick-list", _PICKS, picked_by, schemas.PickList),
    _get("getPickListById", f"{ALONE}/pick-list", _PICKS, picked_by, schemas.PickList),
    Operation(
        "getPickLists", "POST", "/v1/fulfillment-orders/pick-lists", FULFILLMENT_READ,
        "Read what is to be picked for many", pick_lists, {200: schemas.PickListBatch},
        body=schemas.PickLists,
    ),
    Operation(
        "importShipNotices", "POST", "/v1/fulfillment-orders/ship-notices", FULFILLMENT_WRITE,
        "Take ship notifications, row by row", ship_notices, {200: schemas.NoticeResults},
        body=schemas.ShipNotices, key=Key.REQUIRED,
    ),
    *(_operation(verb, path) for path in (BELOW, ALONE) for verb in _VERBS),
)  # fmt: skip
