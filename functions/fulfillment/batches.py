"""Many fulfillment orders at once: lists, pick lists, ship notifications."""

from __future__ import annotations

from typing import Any

from oms.fulfillment.commands import ShipNotice
from oms.inventory.model import Item
from oms.kernel.errors import OmsError
from oms.kernel.ids import whole_of
from oms.lifecycle.floor import pick_list
from oms.search.parse import Scope, parse
from oms_aws import telemetry, wiring
from oms_aws.http import Call, Reply
from oms_aws.shapes import to_command

from functions.fulfillment import schemas
from functions.fulfillment.finding import found, order_id


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
    wanted = _names(query.site)
    rows = [
        {"orderId": hit.order_id, "orderNumber": hit.document["number"], **row}
        for hit in page.hits
        for row in _works(hit.document)
        if (not actor.sites or row["site"] in actor.sites)
        and (not wanted or row["site"] in wanted)
        and (not query.state or row["state"] in _names(query.state))
    ]
    return Reply({"fulfillmentOrders": rows, "cursor": page.cursor})


def picked_by(call: Call) -> Reply:
    """The pick list of one fulfillment order."""
    return Reply(_pick_list(call, order_id(call), call.path["foId"]))


def pick_lists(call: Call) -> Reply:
    """Pick lists of many; one that the caller may not see is missing."""
    batch: schemas.PickLists = call.body
    lists, missing = [], []
    for fo_id in dict.fromkeys(batch.ids):
        try:
            lists.append(_pick_list(call, whole_of(fo_id, "ord"), fo_id))
        except OmsError:
            missing.append(fo_id)
    return Reply({"pickLists": lists, "missing": missing})


def ship_notices(call: Call) -> Reply:
    """Take ship notifications row by row; a refused row ships nothing and stops no other
    (SHP-08).
    """
    batch: schemas.ShipNotices = call.body
    results = [_noticed(call, place, row) for place, row in enumerate(batch.rows)]
    return Reply({"results": results})


def _noticed(call: Call, place: int, row: schemas.NoticeRow) -> dict[str, Any]:
    fo_id = row.fo_id
    order, key = whole_of(fo_id, "ord"), f"{call.key}:{place}"
    try:
        found(call.actor, order, fo_id)
        answer = wiring.lifecycle().execute(
            call.actor, order, [to_command(ShipNotice, row)], key=key,
            body_hash=call.body_hash, correlation_id=call.correlation_id,
        )  # fmt: skip
    except OmsError as refusal:
        return {"foId": fo_id, "accepted": False, "code": refusal.code, "detail": refusal.detail}
    if not answer.replayed:
        telemetry.count("ShipmentsCreated")
    return {"foId": fo_id, "accepted": True, "version": answer.version}


def _pick_list(call: Call, order: str, fo_id: str) -> dict[str, Any]:
    record, fo = found(call.actor, order, fo_id)
    ids = tuple({line.item_id for line in fo.lines})
    items: dict[str, Item] = {}
    if ids:
        items = dict(wiring.stock().read(call.actor.company, ids, (), (fo.site,)).items)
    return pick_list(record, fo, items)


def _works(document: Any) -> list[dict[str, Any]]:
    return list(document.get("fulfillmentOrders", ()))


def _names(text: str | None) -> frozenset[str]:
    return frozenset((text or "").split(",")) - {""}
