"""Configuration over HTTP: sites, channels, items, settings, clients.

Cites SIT-01, SIT-02, SET-01, SET-02, API-06, API-11.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from oms.action_items.model import ItemState
from oms.kernel.codec import decode
from oms.settings.model import Client
from oms.sourcing.decisions import explain
from oms.sourcing.model import DecisionRecord
from oms_aws import wiring
from oms_aws.queues import DeadLetter

from tests.functions.doubles import Letters
from tests.functions.test_stock_and_settings import KEY, ats, inventory
from tests.functions.world import COMPANY, SHOP, World, invocation, open_item, user

ADMIN = user("eva", "[admin]")


def admin(world: World, method: str, path: str, body: Any = None, **more: Any) -> Any:
    more.setdefault("claims", ADMIN)
    return world.http("administration", method, path, body, **more)


RECORDS: dict[str, dict[str, Any]] = {
    "/v1/sites/CHI": {"name": "Chicago", "type": "STORE", "latitude": 41_880_000},
    "/v1/channels/mkt": {"name": "Marketplace", "methods": {"std": "STANDARD"}},
    "/v1/items/C": {"name": "Cap", "prices": {"USD": 1500}},
}


@pytest.mark.parametrize("path", RECORDS)
def test_records_are_created_read_and_replaced(world: World, path: str) -> None:
    """API-06, VER-05: ETag out, If-Match in; 428 without it, 409 with a stale one."""
    body = RECORDS[path]
    assert admin(world, "GET", path).status == 404
    created = admin(world, "PUT", path, body)
    assert (created.status, created.headers["etag"]) == (200, '"1"')
    assert admin(world, "GET", path).body.items() <= created.body.items()
    assert admin(world, "PUT", path, body).status == 428
    changed = admin(world, "PUT", path, body | {"name": "Other"}, headers={"If-Match": '"1"'})
    assert (changed.body["name"], changed.body["version"]) == ("Other", 2)
    assert admin(world, "PUT", path, body, headers={"If-Match": '"1"'}).status == 409
    assert admin(world, "PUT", path + "2", body, headers={"If-Match": '"1"'}).status == 404


def test_lists_of_configuration(world: World) -> None:
    """API-11: sites, channels, items by SKU; administrators only where it matters."""
    got = world.answer(world.call("administration", invocation("administration", "list_sites")))
    assert [site["code"] for site in got.body["sites"]] == ["BOS", "DC"]
    assert [c["code"] for c in admin(world, "GET", "/v1/channels").body["channels"]] == [
        "pos",
        "web",
    ]
    got = admin(world, "GET", "/v1/items", query={"skus": "A,X,B"})
    assert [item["sku"] for item in got.body["items"]] == ["A", "B"]
    assert got.body["missing"] == ["X"]
    assert admin(world, "GET", "/v1/channels", claims=user()).status == 403


def test_a_new_site_works_at_once(world: World) -> None:
    """SIT-01: stock can be received where a site was just made."""
    admin(world, "PUT", "/v1/sites/CHI", RECORDS["/v1/sites/CHI"])
    body = {"sku": "A", "site": "CHI", "reason": "X", "type": "RECEIPT", "onHand": {"delta": 5}}
    got = inventory(world, "POST", "/v1/inventory/movements", body, headers=KEY)
    assert (got.status, got.body["level"]["onHand"], ats(world)) == (200, 5, 15)


OUTAGE = {"reason": "flood", "since": "2026-03-01T11:00:00Z", "until": "2026-03-02T10:00:00Z"}


def test_a_site_is_kept_from_sale_for_a_time(world: World) -> None:
    """SIT-02: from its beginning to its end, in the answer, for carts and for orders; readable."""
    site = {"name": "Distribution center", "suppressions": [OUTAGE | {"what": "SALE"}]}
    got = admin(world, "PUT", "/v1/sites/DC", site, headers={"If-Match": '"1"'})
    assert got.status == 200, got.body
    (shown,) = admin(world, "GET", "/v1/sites/DC").body["suppressions"]
    assert (shown["what"], shown["reason"], shown["until"][:16]) == (
        "SALE", "flood", "2026-03-02T10:00",
    )  # fmt: skip
    assert ats(world) == 10
    world.now += timedelta(hours=1)
    assert ats(world) == 0
    got = world.http(
        "orders", "POST", "/v1/orders", world.order(), headers={"Idempotency-Key": "k"}
    )
    assert (got.status, got.body["errors"][0]["code"]) == (409, "OUT_OF_STOCK"), got.body
    cart = {"channel": "web", "lines": [{"lineNo": 1, "sku": "A", "quantity": 1}]}
    got = world.http("inventory", "POST", "/v1/reservations", cart, headers=KEY)
    assert (got.status, got.body["errors"][0]["code"]) == (409, "OUT_OF_STOCK")
    assert admin(world, "GET", "/v1/items/A").body["availabilityStatus"] == "SUPPRESSED"
    world.now += timedelta(hours=23)
    assert ats(world) == 10
    world.place()


def test_the_only_holder_is_kept_from_allocation_for_a_time(world: World) -> None:
    """ACC-080, SIT-02, SRC-61: no FO, the wait says why and until when; then it ships."""
    now = {**OUTAGE, "what": "ALLOCATION", "since": None}
    site = {"name": "Distribution center", "suppressions": [now]}
    admin(world, "PUT", "/v1/sites/DC", site, headers={"If-Match": '"1"'})
    order_id = world.place()
    world.run(order_id)
    stored = world.orders.load(COMPANY, order_id)
    assert stored is not None
    assert stored.fulfillment.orders == ()
    assert {line.wait.reason for line in stored.order.lines if line.wait} == {"SITE_SUPPRESSED"}
    made = decode(DecisionRecord, world.orders.decisions[-1]["groups"][0])
    assert "flood, until 2026-03-02 10:00 UTC" in " ".join(explain(made))
    world.now += timedelta(hours=24)
    world.steps.source(COMPANY, order_id, "sweep")
    stored = world.orders.load(COMPANY, order_id)
    assert stored is not None
    assert [fo.site for fo in stored.fulfillment.orders] == ["DC"]


def test_a_suppression_that_ends_before_it_begins_is_refused(world: World) -> None:
    """SIT-02, API-06."""
    back = {**OUTAGE, "what": "SALE", "until": OUTAGE["since"]}
    got = admin(world, "PUT", "/v1/sites/X", {"name": "X", "suppressions": [back]})
    assert (got.status, got.body["errors"][0]["code"]) == (400, "UNTIL_AFTER_SINCE")


def test_an_item_says_whether_it_can_be_had(world: World) -> None:
    """ITM-05, ITM-02: in the item, in lists of items and with its availability."""
    rules = {"west": {"policy": "LIMITED", "limit": 3, "basis": "EXTRA"}}
    item = {"name": "A", "backorderGroups": rules, "vendors": [{"code": "v", "sku": "VA"}]}
    got = admin(world, "PUT", "/v1/items/A", item, headers={"If-Match": '"1"'})
    assert got.status == 200, got.body
    got = admin(world, "GET", "/v1/items/A").body
    assert (got["availabilityStatus"], got["backorderGroups"], got["vendors"]) == (
        "AVAILABLE", rules, [{"code": "v", "sku": "VA"}],
    )  # fmt: skip
    suspended = item | {"state": "SUSPENDED"}
    admin(world, "PUT", "/v1/items/A", suspended, headers={"If-Match": '"2"'})
    got = admin(world, "GET", "/v1/items", query={"skus": "A,B,X"}).body
    assert [row["availabilityStatus"] for row in got["items"]] == ["SUSPENDED", "AVAILABLE"]
    query = {"skus": "A,X", "channel": "web"}
    got = inventory(world, "GET", "/v1/availability", query=query).body["availability"]
    assert [row["status"] for row in got] == ["SUSPENDED", "OUT_OF_STOCK"]


def test_a_site_is_where_its_postal_code_is(world: World) -> None:
    """SIT-01, SRC-27: coordinates follow from the postal code unless the merchant knows better."""
    known = {"name": "Boston", "postalCode": "02108", "country": "US"}
    got = admin(world, "PUT", "/v1/sites/S1", known).body
    assert abs(got["latitude"] - 42_358_000) < 20_000
    assert abs(got["longitude"] + 71_064_000) < 20_000
    got = admin(world, "PUT", "/v1/sites/S2", known | {"latitude": 1, "longitude": 2}).body
    assert (got["latitude"], got["longitude"]) == (1, 2)
    got = admin(world, "PUT", "/v1/sites/S3", known | {"postalCode": "none"}).body
    assert got.get("latitude") is None


def test_settings_are_inherited_and_checked(world: World) -> None:
    """SET-01, SET-02: effective values, and 400 for what does not fit."""
    company = {"values": {"intake.totalTolerance": 25}}
    assert admin(world, "PUT", "/v1/settings", company).body["values"] == company["values"]
    got = admin(world, "PUT", "/v1/settings/channels/web", {"values": {"orders.allowSplit": False}})
    assert got.body["values"] == {"orders.allowSplit": False}
    assert got.body["effective"]["intake.totalTolerance"] == 25
    assert got.body["effective"]["orders.allowSplit"] is False
    got = admin(world, "GET", "/v1/settings")
    assert got.body["effective"]["orders.allowSplit"] is True
    got = admin(world, "PUT", "/v1/settings", {"values": {"intake.mood": 1}})
    assert (got.status, got.body["errors"][0]["code"]) == (400, "UNKNOWN_SETTING")
    assert admin(world, "PUT", "/v1/settings/channels/fax", {"values": {}}).status == 404


def test_clients_stay_with_their_company(world: World) -> None:
    """API-02: nobody registers another company's client for itself."""
    got = admin(world, "PUT", "/v1/settings/clients/new", {"channel": "web"})
    assert (got.status, got.body["company"]) == (200, COMPANY)
    assert world.settings.client("new") == Client("new", COMPANY, "web")
    assert admin(world, "PUT", "/v1/settings/clients/rival", {}).status == 403
    assert world.settings.client("rival") == Client("rival", "zeta")


def test_people_work_action_items(world: World) -> None:
    """AIT-03: take, comment, snooze, assign; everything in the history."""
    _, item_id = open_item(world, world.place())
    path = f"/v1/action-items/{item_id}"
    listed = admin(world, "GET", "/v1/action-items", claims=user())
    assert [item["id"] for item in listed.body["actionItems"]] == [item_id]
    until = {"until": "2026-03-02T10:00:00Z"}
    work: list[tuple[str, dict[str, str]]] = [
        ("take", {}), ("comment", {"text": "hm"}), ("snooze", until), ("assign", {"owner": "bo"}),
    ]  # fmt: skip
    for verb, body in work:
        assert admin(world, "POST", f"{path}/{verb}", body, claims=user()).status == 200
    item = admin(world, "GET", path, claims=user()).body
    assert (item["owner"], item["version"]) == ("bo", 5)
    assert [event["what"] for event in item["history"][1:]] == [
        "ASSIGNED", "COMMENTED", "SNOOZED", "ASSIGNED",
    ]  # fmt: skip
    assert admin(world, "GET", "/v1/action-items/act_x", claims=user()).status == 404
    assert admin(world, "POST", f"{path}/take", {}, claims=user(groups="[viewer]")).status == 403


def test_clearing_an_item_ends_the_alert(world: World) -> None:
    """FLG-04: text required; the order is no longer alerted and the item stays with it."""
    order_id, item_id = open_item(world, world.place())
    path = f"/v1/action-items/{item_id}"
    assert admin(world, "POST", f"{path}/clear", {}).status == 400
    got = admin(world, "POST", f"{path}/clear", {"resolution": "called the bank"})
    assert (got.status, got.body["state"]) == (200, ItemState.CLEARED)
    record = world.orders.load(COMPANY, order_id)
    assert record is not None
    assert record.attention.items == ()
    kept = admin(world, "GET", "/v1/action-items", query={"record": order_id}).body["actionItems"]
    assert [(item["id"], item["resolution"]) for item in kept] == [(item_id, "called the bank")]
    assert admin(world, "GET", "/v1/action-items").body["actionItems"] == []


@pytest.fixture
def letters(world: World, monkeypatch: pytest.MonkeyPatch) -> Letters:
    ours = DeadLetter("m1", '{"messageId": "x"}', SHOP, "1772359200000", "h1")
    found = Letters([ours, replace(ours, id="m2", client="rival", handle="h2")])
    monkeypatch.setattr(wiring, "dead_letters", lambda: found)
    return found


def test_fix_and_retry(world: World, letters: Letters) -> None:
    """INT-01: the corrected message goes back to its queue with whom it acts for."""
    path = "/v1/intake/dead-letters"
    shown = admin(world, "GET", path).body["deadLetters"]
    assert [(letter["id"], letter["handle"]) for letter in shown] == [("m1", "h1")]
    message = world.order() | {"messageId": "x"}
    body = {"handle": "h1", "message": message, "client": SHOP}
    assert admin(world, "POST", f"{path}/m1/retry", body).status == 200
    ((text, sender),) = letters.sent
    assert (json.loads(text), sender) == (message, SHOP)
    assert admin(world, "POST", f"{path}/m1/retry", body).status == 404
    assert admin(world, "GET", path, claims=user()).status == 403


def test_dead_letters_of_others_stay_theirs(world: World, letters: Letters) -> None:
    """GEN-12: not shown, and nobody sends in another company's name."""
    body = {"handle": "h2", "message": {}, "client": "rival"}
    got = admin(world, "POST", "/v1/intake/dead-letters/m2/retry", body)
    assert (got.status, letters.sent) == (403, [])


def test_discarding_a_dead_letter(world: World, letters: Letters) -> None:
    """INT-01: gone from the queue."""
    path = "/v1/intake/dead-letters/m1/discard"
    assert admin(world, "POST", path, {"handle": "h1"}).status == 200
    assert [letter.id for letter in letters.letters] == ["m2"]
