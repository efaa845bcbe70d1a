"""Doing something at the console: calculated, submitted once, never other than shown.

Cites UIX-06, UIX-09, DSH-01, AIT-01, AIT-03, PVW-03, VER-06.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from oms.kernel.errors import Unavailable

from tests.functions.console import Browser, declined, placed
from tests.functions.test_console_api import CANCEL
from tests.functions.world import COMPANY, World


def test_an_action_is_calculated_then_submitted_once(world: World, manager: Browser) -> None:
    """UIX-06, PVW-03: the preview stores nothing; the same form sent twice acts once."""
    order_id = placed(world)
    base = f"/console/orders/{order_id}/actions/cancel"
    form = {
        "key": manager.get(base, fragment=True).hidden("key"),
        "line-1": "1",
        "reason": "CUSTOMER",
    }
    preview = manager.post(f"{base}/preview", form)
    assert preview.status == 200
    assert "given back to stock" in preview.text
    stored = world.orders.load(COMPANY, order_id)
    assert stored is not None
    assert stored.version == 1
    form |= {name: preview.hidden(name) for name in ("expected", "version")}
    for _ in range(2):
        done = manager.post(base, form)
        assert (done.status, done.headers["hx-redirect"]) == (200, f"/console/orders/{order_id}")
    stored = world.orders.load(COMPANY, order_id)
    assert stored is not None
    assert stored.order.line(1).buckets.canceled == 1


def test_an_outcome_that_changed_is_shown_again_and_not_applied(
    world: World, manager: Browser
) -> None:
    """PVW-03: somebody else was there between looking and submitting."""
    order_id = placed(world)
    base = f"/console/orders/{order_id}/actions/cancel"
    form = {"key": "k-mine", "line-1": "1", "reason": "CUSTOMER"}
    preview = manager.post(f"{base}/preview", form)
    form |= {"expected": preview.hidden("expected")}
    other = world.http(
        "orders", "POST", f"/v1/orders/{order_id}/actions", CANCEL,
        headers={"Idempotency-Key": "k-other"},
    )  # fmt: skip
    assert other.status == 200
    again = manager.post(base, form)
    assert again.status == 409
    assert "Something changed meanwhile" in again.text
    assert again.hidden("expected") != form["expected"]
    stored = world.orders.load(COMPANY, order_id)
    assert stored is not None
    assert stored.order.line(1).buckets.canceled == 1
    done = manager.post(base, form | {"expected": again.hidden("expected")})
    assert "hx-redirect" in done.headers


def test_a_whole_order_is_voided_in_the_version_that_was_seen(
    world: World, manager: Browser
) -> None:
    """VER-06: void wants If-Match; a stale one is shown anew."""
    order_id = placed(world)
    base = f"/console/orders/{order_id}/actions/void"
    form = {"key": "k-void", "reason": "CUSTOMER"}
    preview = manager.post(f"{base}/preview", form)
    form |= {name: preview.hidden(name) for name in ("expected", "version")}
    world.http(
        "orders", "POST", f"/v1/orders/{order_id}/actions", CANCEL,
        headers={"Idempotency-Key": "k-other"},
    )  # fmt: skip
    again = manager.post(base, form)
    assert again.status == 409
    form |= {name: again.hidden(name) for name in ("expected", "version")}
    assert "hx-redirect" in manager.post(base, form).headers
    assert world.http("orders", "GET", f"/v1/orders/{order_id}").body["state"] == "VOID"


@pytest.mark.parametrize("action", ["suspend", "lock", "setFlag", "setPriority", "addNote"])
def test_forms_send_what_the_api_takes(world: World, manager: Browser, action: str) -> None:
    order_id = placed(world)
    base = f"/console/orders/{order_id}/actions/{action}"
    form = {"reason": "R", "flag": "RED", "priority": "70", "text": "call back", "key": "k"}
    assert manager.get(base, fragment=True).status == 200
    preview = manager.post(f"{base}/preview", form)
    assert preview.status == 200, preview.text
    assert (
        "hx-redirect" in manager.post(base, form | {"expected": preview.hidden("expected")}).headers
    )


def test_odd_numbers_in_forms_are_refused_not_failures(world: World, manager: Browser) -> None:
    order_id = placed(world)
    base = f"/console/orders/{order_id}/actions"
    for odd in ("²", "9" * 5_000, "-1", "1.5", "", "x"):
        form = {"priority": odd, "version": odd, f"line-{odd}": odd, "line-1": odd, "hours": odd}
        assert manager.post(f"{base}/setPriority/preview", form).status == 400
        assert manager.post(f"{base}/cancel/preview", form).status < 500
    assert manager.get(f"{base}/reboot").status == 404


def test_units_that_nobody_named_are_not_canceled(world: World, manager: Browser) -> None:
    """To the API no lines are all lines; a form that was left as it is must not mean that."""
    order_id = placed(world)
    base = f"/console/orders/{order_id}/actions/cancel"
    for path in (f"{base}/preview", base):
        page = manager.post(path, {"key": "k", "line-1": "0", "reason": "CUSTOMER"})
        assert (page.status, "NO_UNITS" in page.text) == (400, True)
    stored = world.orders.load(COMPANY, order_id)
    assert stored is not None
    assert stored.version == 1


def test_a_fix_is_one_click_with_its_preview(world: World, manager: Browser) -> None:
    """AIT-01: the request of the API, calculated, then sent."""
    order_id, item_id = declined(world)
    (fix,) = [
        n for n, fix in enumerate(_item(world, item_id)["fixes"]) if fix["command"] == "cancel"
    ]
    path = f"/console/action-items/{item_id}/fixes/{fix}"
    assert path in manager.get("/console/action-items").text
    preview = manager.get(path, fragment=True)
    assert "What will happen" in preview.text
    form = {name: preview.hidden(name) for name in ("key", "expected", "version")}
    done = manager.post(path, form)
    assert done.headers["hx-redirect"] == "/console/action-items"
    assert world.http("orders", "GET", f"/v1/orders/{order_id}").body["totals"]["current"] == 0


def test_a_fix_that_needs_more_than_a_click_is_no_button(world: World, manager: Browser) -> None:
    _, item_id = declined(world)
    fixes = _item(world, item_id)["fixes"]
    needy = [number for number, fix in enumerate(fixes) if fix["needs"]]
    assert needy
    text = manager.get("/console/action-items").text
    for number in (*needy, 9, "x", "12", ""):
        path = f"/console/action-items/{item_id}/fixes/{number}"
        assert f'"{path}"' not in text
        assert manager.get(path).status == 404


def test_items_are_taken_put_off_and_cleared(world: World, manager: Browser) -> None:
    """AIT-03."""
    _, item_id = declined(world)
    base = f"/console/action-items/{item_id}"
    taken = manager.post(f"{base}/take", {"key": "t"})
    assert ">You<" in taken.text.replace("\n", "").replace("  ", "")
    assert _item(world, item_id)["owner"] == "id-service_manager"
    manager.post(f"{base}/snooze", {"key": "s", "hours": "4"})
    stored = world.items.get(COMPANY, item_id)
    assert stored is not None
    assert stored.snoozed_until == world.now + timedelta(hours=4)
    cleared = manager.post(f"{base}/clear", {"key": "c", "resolution": "talked to them"})
    assert "Cleared" in cleared.text
    assert "<form" not in cleared.text


def test_a_refusal_in_a_row_stands_above_the_list(world: World, manager: Browser) -> None:
    _, item_id = declined(world)
    page = manager.post(f"/console/action-items/{item_id}/clear", {"key": "c", "resolution": ""})
    assert page.status == 400
    assert page.headers["hx-retarget"] == "#notice"


# --- When search is down -------------------------------------------------------------------------


def test_pages_go_on_without_search_and_say_so(
    world: World, manager: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """UIX-09."""
    order_id, _ = declined(world)

    def down(*_: Any) -> Any:
        raise Unavailable("SEARCH_UNAVAILABLE", "down")

    for name in ("search", "index", "mark"):
        monkeypatch.setattr(world.index, name, down)
    home = manager.get("/console")
    assert (home.status, "Search is down" in home.text) == (200, True)
    assert "Payment declined" in home.text
    listed = manager.get("/console/orders")
    assert (listed.status, "Search is down" in listed.text) == (200, True)
    assert order_id in listed.text
    assert manager.get("/console/orders?lastFour=1111").status == 503
    assert manager.get(f"/console/orders/{order_id}").status == 200


def test_lists_say_how_old_they_are(world: World, manager: Browser) -> None:
    """UIX-09: index lag is always shown."""
    placed(world)
    assert "as of" in manager.get("/console").text
    listed = manager.get("/console/orders").text
    shown = world.http("orders", "GET", "/v1/orders").body["asOf"]
    assert ("as of" in listed) is (shown is not None)


def _item(world: World, item_id: str) -> dict[str, Any]:
    got = world.http("administration", "GET", f"/v1/action-items/{item_id}")
    body: dict[str, Any] = json.loads(json.dumps(got.body))
    return body
