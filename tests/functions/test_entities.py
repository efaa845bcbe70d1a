"""The records that an order leads to, read over the API: the fields and states of lifecycle 2.

Cites ENT-11, ENT-13, ENT-14, ENT-15, ENT-16, ENT-17, ENT-18, ENT-19, ENT-20, ENT-21, ENT-22,
ENT-23, ENT-24, ENT-25, ENT-26, ENT-33, ENT-34, ENT-35, ENT-36.
"""

from __future__ import annotations

from typing import Any

import pytest
from oms.orders.model import AdjustmentKind, Management, OrderType, Origin

from tests.functions.desk import BOSS, act, read, stored
from tests.functions.test_money import post, shipped
from tests.functions.test_work import UNITS, released, verb
from tests.functions.world import COMPANY, World, client, open_item

ADMIN = client()


def full(world: World, order_id: str) -> dict[str, Any]:
    return read(world, order_id, BOSS)


def has(row: dict[str, Any], *names: str) -> None:
    """Every name stands in the row, with a value."""
    assert {name for name in names if row.get(name) is None} == set(), row


def test_a_channel_keeps_its_endpoints_and_mappings(world: World) -> None:
    """ENT-11: as stored; an endpoint is an HTTPS address."""
    body = {
        "name": "Web", "legalEntity": "us", "pool": ["main", "east"],
        "locale": "de-DE", "currency": "EUR",
        "taxPolicy": "GROSS", "tenders": {"visa": "CARD"}, "methods": {"ground": "STANDARD"},
        "webhookUrl": "https://shop.example/hooks", "pricingUrl": "https://shop.example/prices",
        "active": False,
    }  # fmt: skip
    path = "/v1/channels/fresh"
    got = world.http("administration", "PUT", path, body, claims=ADMIN)
    assert got.status == 200, got
    kept = world.http("administration", "GET", path, claims=ADMIN).body
    assert {name: kept[name] for name in body} == body
    for url in ("http://shop.example", "ftp://x", "https://"):
        got = world.http("administration", "PUT", "/v1/channels/no", body | {"webhookUrl": url},
                         claims=ADMIN)  # fmt: skip
        assert got.status == 400, url


def test_an_item_has_its_states(world: World) -> None:
    """ENT-13: one that is not active is not for sale."""
    for state in ("SUSPENDED", "REMOVED", "AWAITING_APPROVAL"):
        body = {"name": "Lamp", "state": state, "weightGrams": 900, "prices": {"USD": 4900}}
        sku = f"L-{state}"
        assert (
            world.http("administration", "PUT", f"/v1/items/{sku}", body, claims=ADMIN).status
            == 200
        )
        kept = world.http("administration", "GET", f"/v1/items/{sku}", claims=ADMIN).body
        assert {name: kept[name] for name in body} == body
        lines = [{"sku": sku, "quantity": 1, "unitPrice": 1}]
        got = world.http("orders", "POST", "/v1/orders", world.order(sku, lines=lines),
                         headers={"Idempotency-Key": sku})  # fmt: skip
        assert (got.status, got.body["code"]) == (422, "ITEM_NOT_SELLABLE")


def test_orders_lines_and_adjustments_know_their_kinds() -> None:
    """ENT-14, ENT-16, ENT-17: exactly those of the specification."""
    assert {kind.value for kind in OrderType} == {
        "WEB", "MOBILE", "PHONE", "STORE", "MARKETPLACE", "B2B", "IMPORT",
    }  # fmt: skip
    assert {kind.value for kind in Management} == {"MANAGED", "UNMANAGED"}
    assert {kind.value for kind in Origin} == {"SALE", "ADDED", "EXCHANGE", "RESHIP", "CLAIM"}
    assert {kind.value for kind in AdjustmentKind} == {
        "PROMOTION", "MANUAL", "APPEASEMENT", "SURCHARGE", "ROUNDING",
    }  # fmt: skip


@pytest.mark.parametrize("kind", [kind.value for kind in OrderType])
def test_every_type_of_order_is_accepted(world: World, kind: str) -> None:
    """ENT-14."""
    assert stored(world, world.place(f"W-{kind}", type=kind)).order.type.value == kind


def test_what_was_agreed_at_acceptance_outlives_a_change_of_settings(world: World) -> None:
    """ENT-14, ENT-16, ADJ-07: splitting, combining, how charges are billed, what was said about
    returns, and whose invoices there will be.
    """
    policy = {"windowDays": 14, "finalSale": False, "restockingFeePercent": 5}
    lines = [{"sku": "A", "quantity": 2, "unitPrice": 1000, "returnPolicy": policy}]
    order_id = world.place("W-1", lines=lines)
    before = stored(world, order_id)
    changed = {
        "orders.allowSplit": False, "orders.allowCombine": True,
        "billing.chargeTiming": "FIRST_SHIPMENT", "numbering.prefix": "X",
    }  # fmt: skip
    world.settings.put_settings(COMPANY, "COMPANY", changed)
    world.run(order_id)
    order = stored(world, order_id).order
    assert (order.allow_split, order.allow_combine, order.number) == (
        True, False, before.order.number,
    )  # fmt: skip
    assert not order.lines[0].charges_first
    assert full(world, order_id)["order"]["lines"][0]["returnPolicy"]["windowDays"] == 14
    later = stored(world, world.place("W-2")).order
    assert (later.allow_split, later.allow_combine, later.lines[0].charges_first) == (
        False, True, True,
    )  # fmt: skip


def test_a_group_names_whoever_may_fetch_it(world: World) -> None:
    """ENT-15: several persons."""
    group = {"id": "1", "method": "PICKUP", "type": "PICKUP", "pickupSite": "BOS",
             "pickupPersons": ["Bob", "Eve"]}  # fmt: skip
    world.settings.put_settings(COMPANY, "COMPANY", {"intake.stockPolicy": "SKIP"})
    seen = full(world, world.place("W-1", groups=[group]))["order"]["groups"]
    assert seen[0]["pickupPersons"] == ["Bob", "Eve"]
    got = world.http("orders", "POST", "/v1/orders",
                     world.order("W-2", groups=[group | {"pickupPersons": ["x"] * 11}]),
                     headers={"Idempotency-Key": "w2"})  # fmt: skip
    assert got.status == 400


def test_a_line_says_where_it_comes_from(world: World) -> None:
    """ENT-16, STA-01, STA-02: quantities by bucket, status, origin, and what was said of it."""
    line = full(world, world.place())["order"]["lines"][0]
    has(line, "lineNo", "sku", "quantity", "unitPrice", "buckets", "group", "itemId", "status")
    assert line["origin"] == "SALE"
    assert (line["minStage"], line["maxStage"], line["returnStatus"]) == (
        "RESERVED", "RESERVED", "NONE",
    )  # fmt: skip
    assert line["buckets"]["reserved"] == 2


def test_a_payment_and_its_intents_are_readable(world: World) -> None:
    """ENT-18, ENT-19: what was held, taken and asked; never the token."""
    order_id, record = shipped(world)
    payments = full(world, order_id)["payments"]
    (tender,) = payments["tenders"]
    has(tender, "id", "method", "gateway", "limit", "drawOrder", "refundOrder", "authorizations",
        "captures")  # fmt: skip
    assert "token" not in tender
    has(tender["authorizations"][0], "amount", "expiresAt")
    assert tender["captures"][0]["amount"] == record.payments.tenders[0].captured == 4915
    kinds = {intent["kind"] for intent in payments["intents"]}
    assert kinds == {"AUTHORIZE", "CAPTURE"}
    for intent in payments["intents"]:
        has(intent, "id", "paymentId", "amount", "state", "reference", "attempts")
    assert {intent["state"] for intent in payments["intents"]} == {"SUCCEEDED"}


def test_documents_and_ledger_are_readable(world: World) -> None:
    """ENT-20, ENT-21: number, who sells, lines by component, what is applied, when due; entries
    that sum to zero, numbered, each with its cause.
    """
    order_id, record = shipped(world)
    line = {"invoiceId": record.billing.invoices[0].id, "lineNo": 2, "quantity": 1}
    body = {"kind": "RETURN", "reason": "BROKEN", "units": [line]}
    assert post(world, order_id, "credit-memos", body).status == 200
    world.run(order_id)
    billing = full(world, order_id)["billing"]
    (invoice,), (memo,) = billing["invoices"], billing["creditMemos"]
    has(invoice, "number", "foId", "total", "applied", "dueAt", "postedAt", "addresses")
    assert stored(world, order_id).billing.invoices[0].legal_entity == "default"
    assert invoice["lines"][0]["amounts"]["goods"] == 2000
    order_number = stored(world, order_id).order.number
    assert (invoice["number"], memo["number"]) == (f"{order_number}-I1", f"{order_number}-C1")
    has(memo, "id", "kind", "reason", "total", "applied", "postedAt")
    assert memo["lines"][0]["amounts"]["goods"] == 2500
    ledger = billing["ledger"]
    assert [entry["seq"] for entry in ledger] == list(range(1, len(ledger) + 1))
    for entry in ledger:
        has(entry, "cause", "at")
        assert sum(entry["postings"].values()) == 0


def test_a_fulfillment_order_with_its_parcel_is_readable(world: World) -> None:
    """ENT-22, ENT-23: type, site, method, lines, attempt, deadlines; what left, how and when."""
    order_id, _ = shipped(world)
    (fo,) = full(world, order_id)["fulfillment"]["orders"]
    has(fo, "id", "number", "type", "site", "method", "lines", "state", "holds", "execution")
    assert fo["lines"][0]["quantity"] == 2
    package, shipment = fo["packages"][0], fo["shipments"][0]
    assert (package["box"], package["trackingNumber"]) == ("M", "1Z9")
    has(package, "contents", "shipmentId")
    has(shipment, "id", "at", "carrier", "packageIds", "trackingNumbers")


def test_a_reservation_shows_its_state(world: World) -> None:
    """ENT-25: OPEN, then CONSUMED by what shipped, or RELEASED by what was canceled."""
    order_id, fo_id = released(world)

    def seen() -> list[tuple[str, str, int]]:
        lines = full(world, order_id)["order"]["lines"]
        return [
            (one["kind"], one["state"], one["quantity"])
            for line in lines for one in line["reservations"]
        ]  # fmt: skip

    assert seen() == [("FIRM", "OPEN", 2), ("FIRM", "OPEN", 1)]
    cancel = {"action": "cancel", "reason": "x", "lines": [{"lineNo": 2}]}
    assert act(world, order_id, cancel, claims=BOSS).status == 200
    assert seen() == [("FIRM", "OPEN", 2), ("FIRM", "RELEASED", 1)]
    units = UNITS["lines"][:1]
    verb(world, order_id, fo_id, "pick", {"lines": units})
    verb(world, order_id, fo_id, "pack", {"packages": [{"contents": units}]})
    assert verb(world, order_id, fo_id, "ship", {"carrier": "UPS"}).status == 200
    assert seen() == [("FIRM", "CONSUMED", 2), ("FIRM", "RELEASED", 1)]


def test_a_site_is_enabled_or_disabled(world: World) -> None:
    """ENT-26."""
    body = {"name": "Austin", "type": "STORE", "enabled": False, "offersPickup": True,
            "priority": 3, "dailyCapacity": 40, "timeZone": "America/Chicago"}  # fmt: skip
    path = "/v1/sites/AUS"
    assert world.http("administration", "PUT", path, body, claims=ADMIN).status == 200
    kept = world.http("administration", "GET", path, claims=ADMIN).body
    assert {name: kept[name] for name in body} == body


def test_a_hold_shows_its_states(world: World) -> None:
    """ENT-33, HLD-01, STA-06: OPEN until it is released, with who, when and why; the order is HELD
    with all that its open holds block.
    """
    order_id = world.place()
    action = {"action": "setHold", "type": "MANUAL", "reason": "look", "blocks": ["SHIP"],
              "handle": "crm-1", "note": "call first", "dueAction": "RELEASE",
              "due": "2026-03-09T10:00:00.000Z"}  # fmt: skip
    assert act(world, order_id, action, claims=BOSS).status == 200
    view = full(world, order_id)
    (hold,) = view["holds"]["holds"]
    has(hold, "id", "type", "scope", "blocks", "resolver", "due", "owner", "handle",
        "reason", "note")  # fmt: skip
    assert (view["holdStatus"], hold.get("releasedAt")) == ("HELD", None)
    assert view["heldTransactions"] == ["SHIP"]
    release = {"action": "releaseHold", "holdId": hold["id"], "reason": "fine"}
    assert act(world, order_id, release, claims=BOSS).status == 200
    view = full(world, order_id)
    has(view["holds"]["holds"][0], "releasedAt", "releasedBy", "releaseReason")
    assert (view["holdStatus"], view["heldTransactions"]) == ("NONE", [])


def test_an_action_item_is_readable(world: World) -> None:
    """ENT-34: what it is about, how urgent, until when, and what fixes it."""
    _, item_id = open_item(world, world.place())
    item = world.http("administration", "GET", f"/v1/action-items/{item_id}", claims=ADMIN).body
    has(item, "type", "severity", "recordType", "recordId", "message", "causeKey", "dueAt", "state",
        "fixes", "team")  # fmt: skip
    assert (item["state"], item.get("blocking", False)) == ("OPEN", False)


def test_an_approval_request_is_readable(world: World) -> None:
    """ENT-35: subject, amount, who asked, who decided."""
    world.settings.put_settings(COMPANY, "COMPANY", {"workflow.orderApproval": "MANUAL"})
    order_id = world.place(tenders=[{"method": "TERMS"}])
    world.run(order_id)
    (asked,) = full(world, order_id)["approvals"]["requests"]
    has(asked, "id", "subjectType", "subjectId", "mode", "requestedBy", "requestedAt", "amount")
    assert stored(world, order_id).approvals.requests[0].state == "PENDING"
    assert act(world, order_id, {"action": "approve"}, claims=BOSS).status == 200
    (asked,) = full(world, order_id)["approvals"]["requests"]
    has(asked, "decidedBy", "decidedAt")
    assert asked["state"] == "APPROVED"


def test_a_change_is_numbered_and_readable(world: World) -> None:
    """ENT-36: number, type, base versions, actions, who, why and what it comes to."""
    order_id = world.place()
    cancel = {"action": "cancel", "reason": "CUSTOMER", "lines": [{"lineNo": 2}]}
    assert act(world, order_id, cancel, claims=BOSS).status == 200
    (change,) = full(world, order_id)["order"]["changes"]
    has(change, "changeNo", "type", "base", "actions", "requestedBy", "reason", "delta", "at")
    assert (change["changeNo"], change["type"], change["delta"] < 0) == (1, "CANCEL", True)
    assert stored(world, order_id).order.changes[0].status == "CONFIRMED"


def test_levels_and_movements_are_readable(world: World) -> None:
    """ENT-24: counters per item and site; changes are typed and are only ever added."""
    shipped(world)
    got = world.http("inventory", "GET", "/v1/inventory/levels", query={"sku": "A"}, claims=ADMIN)
    text = str(got.body)
    for counter in ("onHand", "reserved", "allocated"):
        assert counter in text
    before = dict(world.stock.journals)
    kinds = {move.type.value for journal in before.values() for move in journal.movements}
    assert {"RESERVE", "ALLOCATE", "SHIP"} <= kinds
    body = {"sku": "A", "site": "DC", "reason": "COUNT_FIX", "onHand": {"delta": 1}}
    headers = {"Idempotency-Key": "m1"}
    path = "/v1/inventory/movements"
    got = world.http("inventory", "POST", path, body, claims=ADMIN, headers=headers)
    assert got.status == 200, got
    after = world.stock.journals
    assert {key: after[key] for key in before} == before
    assert len(after) > len(before)
