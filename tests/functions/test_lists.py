"""Lists of orders: the caller's own changes, how fresh they are, and what is left without search.

Cites SEA-05, SEA-06, UIX-09, ACC-151, INV-A6, API-05, API-07, GEN-12.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from oms.kernel.codec import encode, stamp
from oms.kernel.errors import Unavailable
from oms.lifecycle import key_lists
from oms.lifecycle.projection import search_document
from oms.search.freshness import HEARTBEAT, Mark, as_of
from oms.settings.model import Attribute, AttributeType, Tag
from oms_aws import wiring

from tests.functions.doubles import FakeClient
from tests.functions.world import COMPANY, SHOP, WMS, Got, World, client, invocation, user
from tests.simulation.merchant import START


def listed(world: World, told: str | None = None, /, **query: str) -> Got:
    """A list; `told` is what the caller says to have changed."""
    headers = {} if told is None else {"X-Last-Change": told}
    got = world.http(
        "orders", "GET", "/v1/orders", query=query, headers=headers, claims=client(WMS)
    )
    assert got.status == 200, got
    return got


def ids(got: Got) -> list[str]:
    return [order["orderId"] for order in got.body["orders"]]


def index(world: World, order_id: str) -> None:
    """What the projector does."""
    stored = world.orders.load(COMPANY, order_id)
    assert stored is not None
    state = world.http("orders", "GET", f"/v1/orders/{order_id}").body["state"]
    world.index.index([search_document(encode(stored), state)])


def act(world: World, order_id: str, **action: Any) -> str:
    """An action on the order; returns the header that tells of it."""
    path = f"/v1/orders/{order_id}/actions"
    got = world.http("orders", "POST", path, {"actions": [action]})
    assert got.status == 200, got
    return f"{order_id}@{got.body['version']}"


def place(world: World, number: str, **changes: Any) -> str:
    """An order that is placed now."""
    return world.place(number, placedAt=stamp(world.now), **changes)


def number_of(world: World, order_id: str) -> str:
    return str(world.http("orders", "GET", f"/v1/orders/{order_id}").body["number"])


class Down:
    """The engine does not answer."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self._index = type(world.index)
        self._monkeypatch = monkeypatch
        self.stop()

    def stop(self) -> None:
        def refuse(*_: Any) -> Any:
            raise Unavailable("SEARCH_UNAVAILABLE", "down")

        for name in ("search", "index", "mark"):
            self._monkeypatch.setattr(self._index, name, refuse)

    def start(self) -> None:
        self._monkeypatch.undo()


@pytest.fixture
def down(world: World) -> Iterator[Down]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield Down(world, monkeypatch)


# --- Read your write ---------------------------------------------------------------------------


def test_a_callers_own_change_is_in_its_list_before_the_index_has_it(world: World) -> None:
    """SEA-06: a new order appears, a changed one shows its change, one that left is gone."""
    first, second = place(world, "W-1"), place(world, "W-2")
    index(world, first)
    flagged = act(world, first, action="setFlag", flag="RED")
    assert listed(world, flag="RED").body["orders"] == []
    told = f"{flagged}, {second}@1"
    assert sorted(ids(listed(world, told))) == sorted([first, second])
    got = listed(world, told, flag="RED")
    assert [(o["orderId"], o["flag"], o["version"]) for o in got.body["orders"]] == [
        (first, "RED", 2)
    ]
    act(world, first, action="setFlag", flag=None)
    assert ids(listed(world, f"{first}@3", flag="RED")) == []


def test_a_change_the_index_already_has_costs_no_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SEA-06: cheap, so that a client may send the header for some seconds."""
    order_id = place(world, "W-1")
    index(world, order_id)
    monkeypatch.setattr(world.lists.keys, "records", lambda *_: pytest.fail("read"), raising=False)
    assert ids(listed(world, f"{order_id}@1")) == [order_id]


def test_nobody_reads_foreign_orders_by_claiming_to_have_changed_them(world: World) -> None:
    """GEN-12, ROL-02: company, channel and sites bound what is merged."""
    mine = place(world, "W-1")
    got = world.http(
        "orders", "GET", "/v1/orders", claims=client("rival"),
        headers={"X-Last-Change": f"{mine}@1"},
    )  # fmt: skip
    assert got.body["orders"] == []


@pytest.mark.parametrize("header", ["", "ord_1", "ord_1@x", "ord 1@2", "a@1," * 21])
def test_a_header_that_cannot_be_read_is_refused(world: World, header: str) -> None:
    """API-05."""
    got = world.http("orders", "GET", "/v1/orders", headers={"X-Last-Change": header})
    assert (got.status, got.body["errors"][0]["path"]) == (400, "X-Last-Change")


# --- As of -------------------------------------------------------------------------------------


def test_every_list_says_as_of_when(world: World) -> None:
    """UIX-09: by what the newest change took while the projector moves, by its age otherwise."""
    assert listed(world).body["asOf"] is None
    world.index.index([], Mark(world.now, world.now + timedelta(milliseconds=800)))
    world.now += timedelta(seconds=30)
    got = listed(world).body
    assert (got["asOf"], got["degraded"]) == (stamp(world.now - timedelta(seconds=0.8)), False)
    world.now += timedelta(minutes=10)
    assert listed(world).body["asOf"] == stamp(START)


def test_as_of_switches_when_a_heartbeat_is_missing() -> None:
    mark = Mark(START, START + timedelta(seconds=1))
    at = START + HEARTBEAT
    assert as_of(mark, at) == at - timedelta(seconds=1)
    assert as_of(mark, at + timedelta(seconds=1)) == START


def test_the_clock_sends_a_heartbeat_through_the_stream(world: World, aws: FakeClient) -> None:
    """UIX-09: so that an idle system is known to be fresh."""
    world.call("deadlines", invocation("deadlines", "schedule"))
    assert world.orders.beats == [world.now]


# --- Search down -------------------------------------------------------------------------------


def test_orders_live_on_and_are_found_by_keys_while_search_is_down(
    world: World, down: Down
) -> None:
    """ACC-151, INV-A6: placed, allocated, listed by number, state, customer and date; then the
    index answers again.
    """
    first = place(world, "W-1")
    world.now += timedelta(days=1)
    second = place(world, "W-2", customer={"code": "C-9", "name": "Bo"})
    world.run(first)
    got = listed(world)
    assert (ids(got), got.body["degraded"], got.body["facets"]) == ([second, first], True, {})
    assert got.body["asOf"] == stamp(world.now), "it shows the tables themselves"
    seen = world.http("orders", "GET", f"/v1/orders/{first}").body
    assert seen["fulfillment"]["orders"], "allocated all the same"
    number = seen["number"].lower()
    assert ids(listed(world, number=number)) == ids(listed(world, q=number)) == [first]
    assert ids(listed(world, externalNumber="W-2")) == ids(listed(world, q="W-2")) == [second]
    assert ids(listed(world, id=f"{first},{second}")) == [second, first]
    assert ids(listed(world, state="RECEIVED")) == [second]
    assert ids(listed(world, state=seen["state"], channel="web")) == [first]
    assert ids(listed(world, customerCode="c-9")) == [second]
    day = f"{START:%Y-%m-%d}"
    assert ids(listed(world, placedFrom="2026-02-01", placedTo=day)) == [first]
    assert ids(listed(world, placedFrom=f"{world.now:%Y-%m-%d}")) == [second]
    assert ids(listed(world, sort="placedAt")) == [first, second]
    down.start()
    index(world, first)
    got = listed(world)
    assert (ids(got), got.body["degraded"]) == ([first], False)


def test_a_list_by_keys_shows_the_same_rows_as_the_index(world: World, down: Down) -> None:
    """UIX-09: the banner is the only difference."""
    order_id = place(world, "W-1")
    number = number_of(world, order_id)
    (by_keys,) = listed(world, number=number).body["orders"]
    down.start()
    index(world, order_id)
    assert listed(world, number=number).body["orders"] == [by_keys]


def test_what_needs_the_index_is_refused_by_name(world: World, down: Down) -> None:
    """UIX-09: nothing is ignored; the answer tells what works meanwhile."""
    for query in ({"tag": "VIP"}, {"phone": "561"}, {"sort": "total"}, {"customerName": "bo"}):
        got = world.http("orders", "GET", "/v1/orders", query=query, claims=client(WMS))
        assert (got.status, got.body["code"]) == (503, "SEARCH_UNAVAILABLE")
        assert "number" in got.body["detail"]
    bad = world.http("orders", "GET", "/v1/orders", query={"state": "BOGUS"})
    assert bad.status == 400, "wrong stays wrong"


def test_a_list_by_keys_pages_and_ends_the_way_it_began(
    world: World, down: Down, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SEA-04, API-07: each order once; also when search is back, and after rare matches."""
    monkeypatch.setattr(key_lists, "EXAMINED", 3)
    placed = []
    for at in range(7):
        world.now += timedelta(minutes=1)
        placed.append(place(world, f"W-{at}", lines=world.order()["lines"][1:]))
    numbers = [number_of(world, order_id) for order_id in placed]
    world.http(
        "orders", "POST", f"/v1/orders/{placed[0]}/actions",
        {"actions": [{"action": "void", "reason": "test"}]}, headers={"If-Match": '"1"'},
    )  # fmt: skip
    for query, wanted in (
        ({"limit": "2"}, placed[::-1]),
        ({"limit": "2", "state": "VOID"}, placed[:1]),
        ({"limit": "2", "number": ",".join(numbers)}, placed[::-1]),
    ):  # fmt: skip
        seen: list[str] = []
        got = listed(world, **query)
        while True:
            seen += ids(got)
            if got.body["cursor"] is None:
                break
            got = listed(world, **query, cursor=got.body["cursor"])
        assert seen == wanted
    cursor = listed(world, limit="2").body["cursor"]
    down.start()
    got = listed(world, limit="2", cursor=cursor)
    assert (ids(got), got.body["degraded"]) == ([placed[4], placed[3]], True)


def test_a_page_of_the_index_does_not_go_on_without_it(world: World, down: Down) -> None:
    """API-07: places in one list mean nothing in the other."""
    down.start()
    for at in range(3):
        index(world, place(world, f"W-{at}"))
    cursor = listed(world, limit="2").body["cursor"]
    down.stop()
    got = world.http(
        "orders", "GET", "/v1/orders", query={"limit": "2", "cursor": cursor}, claims=client(WMS)
    )
    assert (got.status, got.body["code"]) == (503, "SEARCH_UNAVAILABLE")


def test_scope_bounds_a_list_by_keys(world: World, down: Down) -> None:
    """ROL-02, GEN-12: a channel's client sees its channel, another company nothing."""
    order_id = place(world, "W-1")
    web = world.http("orders", "GET", "/v1/orders", claims=client(SHOP))
    assert ids(web) == [order_id]
    rival = world.http("orders", "GET", "/v1/orders", claims=client("rival"))
    by_number = {"number": number_of(world, order_id), "id": order_id}
    named = world.http("orders", "GET", "/v1/orders", claims=client("rival"), query=by_number)
    assert (ids(rival), ids(named)) == ([], [])


# --- Attributes and tags -----------------------------------------------------------------------


def _configured(world: World) -> None:
    color = Attribute("color", "ORDER", "Color", searchable=True)
    weight = Attribute("weight", "ORDER", "Weight", type=AttributeType.NUMBER, searchable=True)
    for attribute in (color, weight, Attribute("secret", "ORDER", "Secret")):
        world.settings.put_attribute(COMPANY, attribute)
    world.settings.put_tag(COMPANY, Tag("VIP", "Very important"))


def test_searchable_attributes_are_criteria_facets_columns_and_sorts(world: World) -> None:
    """SEA-05, ATT-02."""
    _configured(world)
    for number, color, weight in (("W-1", "red", "9"), ("W-2", "Red", "10"), ("W-3", "blue", "2")):
        attributes = {"color": color, "weight": weight, "secret": "x"}
        index(world, place(world, number, attributes=attributes, tags=["VIP"]))
    got = listed(
        world, tag="vip", sort="attribute.weight", facets="attribute.color,tag",
        fields="number,attribute.weight", **{"attribute.weight.from": "5"},
    )  # fmt: skip
    assert [order["attributes"] for order in got.body["orders"]] == [
        [{"name": "weight", "value": "9", "number": 9.0}],
        [{"name": "weight", "value": "10", "number": 10.0}],
    ]
    assert set(got.body["orders"][0]) == {"number", "attributes"}
    assert {f["value"] for f in got.body["facets"]["attribute.color"]} == {"red", "Red"}
    assert len(ids(listed(world, **{"attribute.color": "RED"}))) == 2


@pytest.mark.parametrize(
    "query",
    [
        {"attribute.secret": "x"}, {"facets": "attribute.secret"}, {"sort": "attribute.secret"},
        {"fields": "attribute.secret"}, {"tag": "nosuch"}, {"channel": "fax"}, {"site": "MARS"},
    ],
)  # fmt: skip
def test_what_is_not_marked_searchable_is_refused(world: World, query: dict[str, str]) -> None:
    """SEA-05, API-10: with what would be allowed; nothing is ignored."""
    _configured(world)
    got = world.http("orders", "GET", "/v1/orders", query=query)
    assert (got.status, got.body["code"]) == (400, "SEARCH_INVALID")


def test_administrators_define_attributes_and_tags(world: World) -> None:
    """ATT-01 to ATT-03: in effect at once, guarded by version, at most 100 searchable."""

    def put(path: str, body: dict[str, Any], **headers: str) -> Got:
        return world.http(
            "administration", "PUT", f"/v1/settings/{path}", body, claims=user("eva", "[admin]"),
            headers=headers,
        )  # fmt: skip

    color = {"label": "Color", "searchable": True}
    assert put("attributes/ORDER/color", color).body["version"] == 1
    assert put("attributes/ORDER/color", color).status == 428
    hidden = put("attributes/ORDER/color", color | {"searchable": False}, **{"If-Match": '"1"'})
    assert hidden.body["version"] == 2
    assert put("attributes/PAYMENT/color", color).status == 400
    assert put("tags/VIP", {"label": "Very important"}).status == 200
    for number in range(100):
        assert put(f"attributes/ORDER/a{number}", color).status == 200
    assert put("attributes/ORDER/one-more", color).status == 400
    got = world.http("administration", "GET", "/v1/settings/tags", claims=user())
    assert [tag["code"] for tag in got.body["tags"]] == ["VIP"]
    got = world.http("administration", "GET", "/v1/settings/attributes", claims=user())
    assert len(got.body["attributes"]) == 101
    assert wiring.settings().attributes(COMPANY)[-1].id == "color"
