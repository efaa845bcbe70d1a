"""The console can do what the API can for the same person, and nothing more.

Cites UIX-02, UIX-03, ROL-10, SEC-01.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from oms_aws.http_actor import ROLE_SCOPES

from functions.console.app import ROUTES
from tests.functions.console import Browser, claims_of, declined, placed
from tests.functions.world import COMPANY, Got, World

ROLES = (*ROLE_SCOPES, "nobody")
Call = Callable[[World, str, str, dict[str, str]], Got]
UNITS = {"line-1": "1", "reason": "CUSTOMER"}
ONE = [{"lineNo": 1, "quantity": 1}]
CANCEL = {"actions": [{"action": "cancel", "reason": "CUSTOMER", "lines": ONE}]}
LATER = {"until": "2026-03-09T10:00:00Z"}
DRY = {"dryRun": "true"}


def _get(function: str, path: str) -> Call:
    return lambda world, order, item, claims: world.http(
        function, "GET", path.format(order=order, item=item), claims=claims
    )


def _post(function: str, path: str, body: dict[str, Any]) -> Call:
    return lambda world, order, item, claims: world.http(
        function, "POST", path.format(order=order, item=item), body, claims=claims, query=DRY
    )


def _retry(world: World, order: str, item: str, claims: dict[str, str]) -> Got:
    found = world.items.get(COMPANY, item)
    assert found is not None
    return world.http(
        "payments", "POST", f"/v1/orders/{order}/payments/{found.record_id}/retry",
        {"intentId": found.cause_key}, claims=claims, query=DRY,
    )  # fmt: skip


ITEM = "/v1/action-items/{item}"
SAME: dict[tuple[str, str], tuple[Call, dict[str, str]]] = {
    ("GET", "/console"): (_get("administration", "/v1/action-items"), {}),
    ("GET", "/console/orders"): (_get("orders", "/v1/orders"), {}),
    ("GET", "/console/orders/{order_id}"): (_get("orders", "/v1/orders/{order}"), {}),
    ("GET", "/console/orders/{order_id}/actions/{action}"): (
        _get("orders", "/v1/orders/{order}"), {},
    ),
    ("POST", "/console/orders/{order_id}/actions/{action}/preview"): (
        _post("orders", "/v1/orders/{order}/actions", CANCEL), UNITS,
    ),
    ("POST", "/console/orders/{order_id}/actions/{action}"): (
        _post("orders", "/v1/orders/{order}/actions", CANCEL), UNITS,
    ),
    ("GET", "/console/action-items"): (_get("administration", "/v1/action-items"), {}),
    ("POST", "/console/action-items/{item_id}/clear"): (
        _post("administration", f"{ITEM}/clear", {"resolution": "seen"}), {"resolution": "seen"},
    ),
    ("POST", "/console/action-items/{item_id}/take"): (
        _post("administration", f"{ITEM}/take", {}), {},
    ),
    ("POST", "/console/action-items/{item_id}/snooze"): (
        _post("administration", f"{ITEM}/snooze", LATER), {"hours": "4"},
    ),
    ("GET", "/console/action-items/{item_id}/fixes/{number}"): (_retry, {}),
    ("POST", "/console/action-items/{item_id}/fixes/{number}"): (_retry, {}),
}  # fmt: skip


def test_every_route_is_compared_with_the_api() -> None:
    assert {(route.method, route.path) for route in ROUTES} == SAME.keys()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_what_the_api_refuses_a_role_the_console_refuses_too(
    world: World, browser: Browser, role: str, route: Any
) -> None:
    """UIX-02, ROL-10: same statuses, route by route and role by role."""
    order_id, item_id = declined(world)
    call, form = SAME[route.method, route.path]
    claims = claims_of(role) | {"cognito:groups": f"[{role}]"}
    wanted = call(world, order_id, item_id, claims).status
    browser.sign_in(role)
    names = {"order_id": order_id, "item_id": item_id, "action": "cancel", "number": "0"}
    path = route.path.format(**names)
    before = world.orders.load(COMPANY, order_id)
    page = browser.get(path) if route.method == "GET" else browser.post(path, form | {"key": "k-1"})
    assert page.status == wanted, page.text
    if wanted >= 400:
        assert world.orders.load(COMPANY, order_id) == before


@pytest.mark.parametrize("route", [r for r in ROUTES if r.method == "POST"], ids=lambda r: r.path)
def test_a_form_that_is_not_ours_is_refused(world: World, manager: Browser, route: Any) -> None:
    """SEC-01: forged requests change nothing."""
    order_id, item_id = declined(world)
    names = {"order_id": order_id, "item_id": item_id, "action": "cancel", "number": "0"}
    before = world.orders.load(COMPANY, order_id)
    for forged in ("", "guess", "ü"):
        page = manager.post(route.path.format(**names), SAME["POST", route.path][1], csrf=forged)
        assert page.status == 403
    assert world.orders.load(COMPANY, order_id) == before


def test_buttons_are_offered_as_the_api_allows_them(world: World, browser: Browser) -> None:
    """UIX-03: with the permission; what is refused stands there with its reason in words."""
    order_id = placed(world)
    browser.sign_in("viewer")
    text = browser.get(f"/console/orders/{order_id}").text
    assert "You may look at this order, not change it." in text
    assert "/actions/" not in text
    browser.sign_in("service_manager")
    text = browser.get(f"/console/orders/{order_id}").text
    assert f'hx-get="/console/orders/{order_id}/actions/cancel"' in text
    assert f'hx-get="/console/orders/{order_id}/actions/unlock"' not in text
    assert re.search(r"<button[^>]*disabled>Unlock</button> <span[^>]*>[^<]+</span>", text)
