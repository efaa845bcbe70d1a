"""Input that is wrong in every way that matters: a stable code, and nothing left behind.

Cites API-05, API-10, SEC-03, INV-A5, PAY-05, TOT-01, ACC-063. Each case is answered by the rule it
breaks, never by a 5xx, and every store holds afterwards exactly what it held before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from oms_aws.http import ANONYMOUS

from functions import openapi
from tests.functions.test_openapi import EVERY, FUNCTIONS
from tests.functions.world import SHOP, Got, World, client, user

KEY = {"Idempotency-Key": "bad"}
RIVAL = client("rival")
Change = Callable[[dict[str, Any]], Any]


def fingerprint(world: World) -> str:
    """Comparable form of all rows, without the stores' links to each other."""
    kept = (world.orders, world.stock, world.items, world.settings, world.customers)
    found = []
    for store in kept:
        for name, value in sorted(vars(store).items()):
            if isinstance(value, (dict, list)):
                found.append(f"{type(store).__name__}.{name}={value!r}")
    return "\n".join(found)


def test_what_is_left_behind_would_be_seen(world: World) -> None:
    """The comparison below notices an order, its stock and its key."""
    before = fingerprint(world)
    world.place()
    assert fingerprint(world) != before


@dataclass(frozen=True, slots=True)
class Case:
    """What is sent, and how it is refused."""

    name: str
    change: Change
    status: int
    code: str


def _line(**fields: Any) -> Change:
    return lambda body: body["lines"][0].update(fields)


def _tender(**fields: Any) -> Change:
    return lambda body: body["tenders"][0].update(fields)


def _more(**fields: Any) -> Change:
    return lambda body: body.update(fields)


ORDERS = (
    Case("card number as token", _tender(token="4111111111111111"), 422, "CARD_NUMBER"),
    Case("card number with spaces", _tender(token="4111 1111 1111 1111"), 422, "CARD_NUMBER"),
    Case("negative quantity", _line(quantity=-1), 400, "OUT_OF_RANGE"),
    Case("no quantity", _line(quantity=0), 400, "OUT_OF_RANGE"),
    Case("quantity that overflows", _line(quantity=10**12), 400, "OUT_OF_RANGE"),
    Case("price that overflows", _line(unitPrice=10**16), 400, "NUMBER_OUT_OF_RANGE"),
    Case("negative price", _line(unitPrice=-1), 400, "OUT_OF_RANGE"),
    Case("fraction of a minor unit", _line(unitPrice=10.5), 400, "WRONG_TYPE"),
    Case("unknown currency", _more(currency="XYZ"), 400, "UNKNOWN_CURRENCY"),
    Case("lower-case currency", _more(currency="usd"), 400, "INVALID_FORMAT"),
    Case("too many lines", lambda b: b.update(lines=b["lines"] * 6000), 400, "TOO_MANY"),
    Case("a name of a megabyte", _line(name="x" * 1_000_000), 400, "TOO_LONG"),
    Case("a field nobody knows", _more(surprise=1), 400, "UNKNOWN_FIELD"),
    Case("a line in no group", _line(group="nowhere"), 400, "UNKNOWN_GROUP"),
    Case("two lines of one number", lambda b: [x.update(lineNo=1) for x in b["lines"]], 400, ""),
    Case("unknown channel", _more(channel="nowhere"), 403, "CHANNEL_SCOPE"),
    Case("more than there is", _line(quantity=99), 409, "OUT_OF_STOCK"),
    Case("a time without offset", _more(placedAt="2026-03-01T10:00:00"), 400, "INVALID"),
    Case("an order of nothing", _more(lines=[]), 400, "TOO_FEW"),
)


@pytest.mark.parametrize("case", ORDERS, ids=lambda case: case.name)
def test_a_bad_order_is_refused_and_leaves_nothing(world: World, case: Case) -> None:
    """API-05, PAY-05, ACC-063."""
    body = world.order()
    case.change(body)
    before = fingerprint(world)
    got = world.http("orders", "POST", "/v1/orders", body, headers=KEY, claims=client(SHOP))
    codes = {got.body["code"], *(error["code"] for error in got.body.get("errors", []))}
    assert got.status == case.status, got
    assert not case.code or case.code in codes, got
    assert "4111" not in str(got.body), "SEC-04: what must not be kept is not repeated"
    assert fingerprint(world) == before


def _cancel(**line: int) -> dict[str, Any]:
    return {"action": "cancel", "reason": "R", "lines": [{"lineNo": 1, **line}]}


NO_HOLD = "hld_00000000000000000000000000"
ACTIONS: tuple[tuple[str, dict[str, Any], int], ...] = (
    ("negative units", _cancel(quantity=-1), 400),
    ("more units than there are", _cancel(quantity=9), 422),
    ("a line that is not there", _cancel(lineNo=77), 400),
    ("no reason", {"action": "void"}, 400),
    ("an action nobody knows", {"action": "explode"}, 400),
    ("a hold that is not there", {"action": "releaseHold", "holdId": NO_HOLD, "reason": "x"}, 404),
    (
        "a group that is not there",
        {"action": "changeAddress", "group": "9", "address": {"country": "US"}}, 400,
    ),
    ("a priority out of range", {"action": "setPriority", "priority": 101}, 400),
)  # fmt: skip


@pytest.mark.parametrize(("name", "action", "status"), ACTIONS, ids=[row[0] for row in ACTIONS])
def test_a_bad_action_changes_nothing(
    world: World, name: str, action: dict[str, Any], status: int
) -> None:
    """API-05, EDT-03: neither alone nor behind a good one."""
    order_id = world.place()
    before = fingerprint(world)
    good = {"action": "setPriority", "priority": 7}
    for actions in ([action], [good, action]):
        path = f"/v1/orders/{order_id}/actions"
        got = world.http("orders", "POST", path, {"actions": actions}, headers=KEY, claims=user())
        assert got.status == status, got
        assert got.body["code"]
        assert fingerprint(world) == before


STOCK: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("movement that overflows", "/v1/inventory/movements",
     {"sku": "A", "site": "DC", "reason": "X", "onHand": {"delta": 10**13}}),
    ("delta and value at once", "/v1/inventory/movements",
     {"sku": "A", "site": "DC", "reason": "X", "onHand": {"delta": 1, "to": 1}}),
    ("a snapshot below zero", "/v1/inventory/snapshots",
     {"feedId": "f", "rows": [
         {"site": "DC", "sku": "A", "kind": "SNAPSHOT", "quantity": -10**13, "sequence": 1}]}),
    ("a cart of nothing", "/v1/reservations", {"channel": "web", "lines": []}),
    ("a cart below zero", "/v1/reservations",
     {"channel": "web", "lines": [{"lineNo": 1, "sku": "A", "quantity": -1}]}),
)  # fmt: skip


@pytest.mark.parametrize(("name", "path", "body"), STOCK, ids=[row[0] for row in STOCK])
def test_bad_stock_changes_nothing(world: World, name: str, path: str, body: Any) -> None:
    """API-05, STK-14, FED-01, RSV-06."""
    before = fingerprint(world)
    got = world.http("inventory", "POST", path, body, headers=KEY)
    assert got.status == 400, got
    assert got.body["errors"]
    assert fingerprint(world) == before


def test_an_adjustment_of_nothing_is_answered(world: World) -> None:
    """STK-14: a position that is not there yet holds zero."""
    body = {"sku": "A", "site": "BOS", "reason": "COUNT", "onHand": {"delta": 0}}
    got = world.http("inventory", "POST", "/v1/inventory/movements", body, headers=KEY)
    assert (got.status, got.body["movements"]) == (200, [])


CHANGING = [o for o in EVERY if o.scope != ANONYMOUS]


def _path(operation: Any, order_id: str) -> str:
    path: str = operation.path
    for name in ("orderId", "foId", "paymentId", "itemId"):
        path = path.replace("{" + name + "}", order_id if name == "orderId" else f"{name}_x")
    while "{" in path:
        path = path[: path.index("{")] + "x" + path[path.index("}") + 1 :]
    return path


def _function(name: str) -> str:
    for tag, group in openapi.OPERATIONS.items():
        if any(operation.name == name for operation in group):
            return FUNCTIONS.get(tag, tag)
    raise KeyError(name)


def _refused(got: Got) -> bool:
    return got.status in (400, 401, 403, 404, 409, 422, 428)


@pytest.mark.parametrize("name", [operation.name for operation in CHANGING])
def test_without_the_scope_nothing_happens(world: World, name: str) -> None:
    """SEC-03, API-02: every operation asks for its scope before it looks at anything."""
    order_id = world.place()
    operation = next(o for o in EVERY if o.name == name)
    before = fingerprint(world)
    got = world.http(
        _function(name), operation.method, _path(operation, order_id), {}, headers=KEY,
        claims=client(SHOP, "nothing/at-all"),
    )  # fmt: skip
    assert got.status == 403, got
    assert got.body["code"]
    assert fingerprint(world) == before


@pytest.mark.parametrize(
    "name", [operation.name for operation in CHANGING if "{orderId}" in operation.path]
)
def test_another_companys_order_does_not_exist(world: World, name: str) -> None:
    """INV-A5: every operation on an order, asked with another company's token."""
    order_id = world.place()
    operation = next(o for o in EVERY if o.name == name)
    before = fingerprint(world)
    got = world.http(
        _function(name), operation.method, _path(operation, order_id),
        {} if operation.method != "GET" else None, headers=KEY, claims=RIVAL,
    )  # fmt: skip
    assert _refused(got), got
    assert order_id not in str(got.body.get("order", ""))
    assert fingerprint(world) == before
