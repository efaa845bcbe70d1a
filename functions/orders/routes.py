"""What each operation on orders does with a checked call."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from operator import itemgetter
from typing import Any

from oms.kernel.codec import encode, stamp
from oms.kernel.context import Actor, ActorKind
from oms.kernel.errors import Malformed, NotFound, OmsError, PreconditionRequired, Problem
from oms.kernel.facts import StoredFact
from oms.lifecycle.record import OrderRecord
from oms.lifecycle.site_scope import visible_decisions, visible_facts
from oms.search.columns import row
from oms.search.parse import CONSOLE_PAGE_LIMIT, PAGE_LIMIT
from oms_aws import telemetry, wiring
from oms_aws.http import Call, Key, Operation, Reply, replied
from oms_aws.http_actor import ORDERS_READ, ORDERS_WRITE
from oms_aws.pages import PageQuery, page_of
from oms_aws.shapes_answers import DecisionList, OrderSummary
from oms_aws.shapes_orders import DraftShape, OrderShape
from oms_aws.stream import envelope

from functions.orders import schemas
from functions.orders.last_change import LAST_CHANGE, last_changes

BATCH_BYTES = 4_000_000
"""A function's answer holds 6 MB; a batch stops well before, and says what it left unread."""


def place(call: Call) -> Reply:
    """Accept an order."""
    shape: OrderShape = call.body
    command = shape.command("CONSOLE" if call.actor.kind is ActorKind.USER else "API")
    if call.dry_run:
        return replied(wiring.lifecycle().preview(call.actor, command))
    try:
        answer = wiring.lifecycle().place(
            call.actor, command, key=call.key or "", body_hash=call.body_hash,
            correlation_id=call.correlation_id, expected_outcome=call.expected_outcome,
        )  # fmt: skip
    except OmsError as refusal:
        telemetry.count_by("OrdersRefused", "code", refusal.code)
        raise
    if not answer.replayed:
        telemetry.count("OrdersAccepted")
    return replied(answer, {"Location": f"/v1/orders/{answer.body['id']}"})


def draft(call: Call) -> Reply:
    """Begin an order that is entered bit by bit."""
    shape: OrderShape = call.body
    entry = "CONSOLE" if call.actor.kind is ActorKind.USER else "API"
    answer = wiring.lifecycle().begin(
        call.actor, shape.command(entry), key=call.key or "", body_hash=call.body_hash,
        correlation_id=call.correlation_id,
    )  # fmt: skip
    return replied(answer, {"Location": f"/v1/orders/{answer.body['id']}"})


def read(call: Call) -> Reply:
    """One order, or the wanted parts of it."""
    query: schemas.ReadQuery = call.query
    record = wiring.lifecycle().read(call.actor, call.path["orderId"])
    body = _with(call.actor, record, query.included)
    if query.fields is not None:
        body = _chosen(body, query.fields)
    return Reply(body, version=record.version)


def batch_get(call: Call) -> Reply:
    """Up to 500 orders at once; what does not fit is left for the next call."""
    batch: schemas.BatchGet = call.body
    found: list[dict[str, Any]] = []
    missing: list[str] = []
    wanted, size = list(dict.fromkeys(batch.ids)), 0
    while wanted and size < BATCH_BYTES:
        order_id = wanted.pop(0)
        try:
            record = wiring.lifecycle().read(call.actor, order_id)
        except NotFound:
            missing.append(order_id)
            continue
        body = _with(call.actor, record, batch.include)
        size += len(json.dumps(body, ensure_ascii=False).encode())
        found.append(body)
    return Reply({"orders": found, "missing": missing, "unread": wanted})


def search(call: Call) -> Reply:
    """A page of orders that match all criteria, with the caller's last changes (SEA-01, SEA-06)."""
    limit = CONSOLE_PAGE_LIMIT if call.actor.kind is ActorKind.USER else PAGE_LIMIT
    changed = last_changes(call.headers.get(LAST_CHANGE))
    found = wiring.lists().search(call.actor, call.params, limit, changed)
    page = found.page
    facets = {name: [encode(count) for count in counts] for name, counts in page.facets.items()}
    return Reply(
        {
            "orders": [_scoped(call.actor, row(hit.document, found.query)) for hit in page.hits],
            "total": {"value": page.total.value, "exact": page.total.exact},
            "facets": facets, "cursor": page.cursor, "degraded": found.degraded,
            "asOf": None if found.as_of is None else stamp(found.as_of),
        }
    )  # fmt: skip


def events(call: Call) -> Reply:
    """Facts of an order after a sequence, so that a consumer can fill a gap (EVT-03)."""
    query: schemas.EventsQuery = call.query
    order_id = call.path["orderId"]
    record = wiring.lifecycle().read(call.actor, order_id)
    later = wiring.orders().facts(call.actor.company, order_id, query.after)
    facts = visible_facts(record, later, call.actor.sites)
    page = facts[: query.limit]
    following = page[-1].order_seq if len(facts) > len(page) else None
    return Reply({"events": _envelopes(call.actor, order_id, page), "next": following})


def decisions(call: Call) -> Reply:
    """Why the order was sourced the way it was."""
    record = wiring.lifecycle().read(call.actor, call.path["orderId"])
    found = wiring.decisions().of_order(call.actor.company, record.order.id)
    shown = visible_decisions(found, call.actor.sites)
    page, cursor = page_of(shown, itemgetter("id"), call.query.cursor, call.query.limit)
    return Reply({"decisions": page, "cursor": cursor})


def act(call: Call) -> Reply:
    """Apply an action list, all of it or nothing (EDT-03)."""
    actions: schemas.ActionList = call.body
    if actions.header_wide and call.expected_version is None and not call.dry_run:
        raise PreconditionRequired(
            "IF_MATCH_REQUIRED", "this touches the whole order; send If-Match with its ETag"
        )
    answer = wiring.lifecycle().execute(
        call.actor, call.path["orderId"], actions.commands(), key=call.key,
        body_hash=call.body_hash, expected_version=call.expected_version, dry_run=call.dry_run,
        correlation_id=call.correlation_id, expected_outcome=call.expected_outcome,
    )  # fmt: skip
    return replied(answer)


def _scoped(actor: Actor, document: Mapping[str, Any]) -> dict[str, Any]:
    """A search hit without the fulfillment orders of sites the actor is not bound to (ROL-02)."""
    if not actor.sites or "fulfillmentOrders" not in document:
        return dict(document)
    mine = [row for row in document["fulfillmentOrders"] if row["site"] in actor.sites]
    return dict(document) | {"fulfillmentOrders": mine}


def _with(actor: Actor, record: OrderRecord, include: Collection[str]) -> dict[str, Any]:
    """An order with what is asked for besides (API-07): the parts' actions, and at the top its
    lines, ledger and facts.
    """
    body = wiring.view(actor, record, actions="allowedActions" in include)
    if "lines" in include:
        body["lines"] = body["order"]["lines"]
    if "ledger" in include:
        body["ledger"] = body["billing"].get("ledger", [])
    if "timeline" in include:
        every = wiring.orders().facts(actor.company, record.order.id, 0)
        facts = visible_facts(record, every, actor.sites)
        body["timeline"] = _envelopes(actor, record.order.id, facts)
    return body


def _envelopes(actor: Actor, order_id: str, facts: tuple[StoredFact, ...]) -> list[dict[str, Any]]:
    return [envelope(encode(fact), actor.company, order_id) for fact in facts]


def _chosen(body: dict[str, Any], names: str) -> dict[str, Any]:
    wanted = names.split(",")
    unknown = sorted(set(wanted) - body.keys())
    if unknown:
        allowed = ", ".join(sorted(body))
        message = f"{', '.join(unknown)}: not among {allowed}"
        problems = [Problem("fields", "UNKNOWN_VALUE", message)]
        raise Malformed("INVALID_REQUEST", "a query parameter cannot be read", problems)
    return {name: body[name] for name in ("id", "version", *wanted)}


OPERATIONS = (
    Operation(
        "placeOrder", "POST", "/v1/orders", ORDERS_WRITE, "Place an order", place,
        {200: OrderSummary, 201: OrderSummary}, body=OrderShape, key=Key.REQUIRED, preview=True,
    ),
    Operation(
        "draftOrder", "POST", "/v1/orders/drafts", ORDERS_WRITE, "Begin a draft", draft,
        {201: OrderSummary}, body=DraftShape, key=Key.REQUIRED,
    ),
    Operation(
        "searchOrders", "GET", "/v1/orders", ORDERS_READ, "Search orders", search,
        {200: schemas.SearchAnswer}, open_query=True,
    ),
    Operation(
        "batchGetOrders", "POST", "/v1/orders:batchGet", ORDERS_READ, "Read several orders",
        batch_get, {200: schemas.OrderBatch}, body=schemas.BatchGet,
    ),
    Operation(
        "getOrder", "GET", "/v1/orders/{orderId}", ORDERS_READ, "Read an order", read,
        {200: schemas.OrderView}, query=schemas.ReadQuery,
    ),
    Operation(
        "listOrderEvents", "GET", "/v1/orders/{orderId}/events", ORDERS_READ,
        "Read the facts of an order in order", events, {200: schemas.FactPage},
        query=schemas.EventsQuery,
    ),
    Operation(
        "listOrderDecisions", "GET", "/v1/orders/{orderId}/decisions", ORDERS_READ,
        "Read why an order was sourced the way it was", decisions, {200: DecisionList},
        query=PageQuery,
    ),
    Operation(
        "actOnOrder", "POST", "/v1/orders/{orderId}/actions", ORDERS_WRITE,
        "Apply actions to an order, all or none", act, {200: OrderSummary},
        body=schemas.ActionList, key=Key.HONORED, if_match=True, preview=True,
    ),
)  # fmt: skip
