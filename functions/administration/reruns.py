"""Orders that a channel's mapping tables stopped, and their intake once more (INT-06)."""

from __future__ import annotations

from oms.kernel.codec import encode
from oms.kernel.errors import NotFound
from oms.lifecycle.mapping import Reruns
from oms_aws import wiring
from oms_aws.http import Call, Key, Operation, Reply
from oms_aws.http_actor import ADMIN

from functions.administration import schemas

STOPPED = "/v1/channels/{code}/stopped-orders"


def listed(call: Call) -> Reply:
    """What waits for the tables of a channel."""
    query: schemas.StoppedQuery = call.query
    found, cursor = _reruns().stopped(call.actor, _channel(call), query.cursor)
    return Reply({"orders": [encode(one) for one in found], "cursor": cursor})


def rerun(call: Call) -> Reply:
    """Run their intake again; asking twice changes nothing more."""
    shape: schemas.RerunShape = call.body
    return Reply({"results": _reruns().rerun(call.actor, _channel(call), shape.order_ids)})


def _channel(call: Call) -> str:
    code = call.path["code"]
    if wiring.settings().channel(call.actor.company, code) is None:
        raise NotFound("NOT_FOUND", f"there is no {code}")
    return code


def _reruns() -> Reruns:
    return Reruns(wiring.lifecycle(), wiring.action_items())


OPERATIONS = (
    Operation(
        "listStoppedOrders", "GET", STOPPED, ADMIN, "List orders that mapping tables stopped",
        listed, {200: schemas.StoppedList}, query=schemas.StoppedQuery,
    ),
    Operation(
        "rerunStoppedOrders", "POST", f"{STOPPED}/rerun", ADMIN,
        "Run the intake of stopped orders again", rerun, {200: schemas.RerunAnswer},
        body=schemas.RerunShape, key=Key.HONORED,
    ),
)  # fmt: skip
