"""Customers over HTTP: create, read, find, change, block.

Cites ENT-12, WFL-13, WFL-14, APV-02, API-03, PAY-05, SEC-04, ACT-02.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.functions.world import COMPANY, Got, World, client, invocation, user

PATH = "/v1/customers"
ANA = user("ana", "[service_agent]")
BOSS = user("cleo", "[service_manager]")


def create(world: World, key: str = "k1", claims: dict[str, str] = ANA, **profile: Any) -> Got:
    body = {"name": "Ana Alvarez", **profile}
    headers = {"Idempotency-Key": key}
    return world.http("customers", "POST", PATH, body, claims=claims, headers=headers)


def ask(world: World, **query: str) -> Got:
    return world.http("customers", "GET", PATH, claims=ANA, query=query)


def do(world: World, verb: str, claims: dict[str, str] = BOSS, **body: str) -> Got:
    return world.http("customers", "POST", f"{PATH}/C1/{verb}", body, claims=claims)


def allowed(view: dict[str, Any]) -> set[str]:
    return {row["action"] for row in view["allowedActions"] if row["allowed"]}


def test_a_delivered_event_creates_the_customer(world: World) -> None:
    """ENT-12: 201, where it is, and everything that was sent."""
    got = world.answer(world.call("customers", invocation("customers", "create")))
    assert got.status == 201
    assert got.headers["location"] == f"{PATH}/C-1001"
    read = world.http("customers", "GET", f"{PATH}/C-1001", claims=ANA)
    assert (read.body["state"], read.body["blocked"]) == ("ACTIVE", False)
    profile = read.body["profile"]
    assert (profile["email"], profile["addresses"][0]["city"]) == ("ana@example.com", "Boston")


def test_the_same_request_creates_one_customer(world: World) -> None:
    """API-03: a customer without a code gets one, and the repeat the same; other bodies do not."""
    first, again = create(world), create(world)
    assert (first.status, again.body["code"]) == (201, first.body["code"])
    assert again.headers["idempotent-replayed"] == "true"
    other = create(world, name="Bob")
    assert (other.status, other.body["code"]) == (409, "IDEMPOTENCY_MISMATCH")


def test_a_code_is_taken_once(world: World) -> None:
    """ENT-12."""
    create(world, code="C1")
    got = create(world, key="k2", code="C1")
    assert (got.status, got.body["code"], got.body["existingId"]) == (
        409, "DUPLICATE_CUSTOMER", "C1",
    )  # fmt: skip


def test_found_by_code_email_and_phone(world: World) -> None:
    """ENT-12, IMP-04; another company finds nobody."""
    create(world, code="C1", email="Ana@Example.com", phones=["+1 (617) 555-0101"])
    for query in ({"code": "C1"}, {"email": "ana@example.com"}, {"phone": "1-617-555-0101"}):
        assert [c["code"] for c in ask(world, **query).body["customers"]] == ["C1"], query
    assert ask(world, email="bob@example.com").body["customers"] == []
    assert ask(world, email="a@b", phone="1").status == 400
    rival = world.http("customers", "GET", PATH, claims=client("rival"), query={"code": "C1"})
    assert rival.body["customers"] == []


def test_listed_page_by_page(world: World) -> None:
    """API-07."""
    for number in range(3):
        create(world, key=f"k{number}", code=f"C{number}")
    first = ask(world, limit="2")
    rest = ask(world, limit="2", cursor=first.body["cursor"])
    codes = [c["code"] for c in (*first.body["customers"], *rest.body["customers"])]
    assert codes == ["C0", "C1", "C2"]
    assert rest.body["cursor"] is None
    assert ask(world, cursor="zeta|C0").status == 400


def test_replaced_under_the_version_that_was_read(world: World) -> None:
    """VER-05, VER-06: without it 428, with an old one 409."""
    create(world, code="C1")
    body = {"name": "Ana A.", "taxId": "DE123", "priceGroup": "GOLD", "tags": ["vip"]}

    def put(tag: str | None) -> Got:
        headers = {} if tag is None else {"If-Match": tag}
        return world.http("customers", "PUT", f"{PATH}/C1", body, claims=ANA, headers=headers)

    assert put(None).status == 428
    assert put('"9"').status == 409
    got = put('"1"')
    assert (got.status, got.headers["etag"], got.body["profile"]["priceGroup"]) == (
        200, '"2"', "GOLD",
    )  # fmt: skip
    assert put('"1"').body["code"] == "VERSION_CONFLICT"


def test_a_saved_token_is_never_shown_and_stays(world: World) -> None:
    """PAY-05: and a card number is not one."""
    card = {"method": "CARD", "brand": "VISA", "lastFour": "1111", "expiry": "12/29"}
    got = create(world, code="C1", payments=[card | {"token": "tok_1"}])
    assert "tok_1" not in json.dumps(got.body)
    body = {"name": "Ana", "payments": [card]}
    headers = {"If-Match": '"1"'}
    world.http("customers", "PUT", f"{PATH}/C1", body, claims=ANA, headers=headers)
    kept = world.customers.get(COMPANY, "C1")
    assert kept is not None
    assert kept.profile.payments[0].token == "tok_1"
    body = {"name": "Ana", "payments": [{"method": "WALLET"}]}
    got = world.http("customers", "PUT", f"{PATH}/C1", body, claims=ANA, headers={"If-Match": "2"})
    assert (got.status, got.body["errors"][0]["path"]) == (400, "payments[0].token")
    number = create(world, key="k9", payments=[card | {"token": "4111111111111111"}])
    assert number.status in (400, 422)


def test_a_customer_nobody_can_name_is_refused(world: World) -> None:
    """API-05."""
    headers = {"Idempotency-Key": "k"}
    got = world.http("customers", "POST", PATH, {"locale": "de-DE"}, claims=ANA, headers=headers)
    assert (got.status, got.body["code"]) == (400, "CUSTOMER_UNNAMED")


def test_approval_and_filing_where_they_are_on(world: World) -> None:
    """WFL-13, ENT-12, APV-02: by somebody else than who entered the customer."""
    switches = {"workflow.customerApproval": True, "workflow.customerFiling": True}
    world.settings.put_settings(COMPANY, "COMPANY", switches)
    made = create(world, code="C1")
    assert made.body["state"] == "AWAITING_APPROVAL"
    own = do(world, "approve", claims=ANA)
    assert (own.status, own.body["code"]) == (422, "NO_PERMISSION")
    assert do(world, "approve").body["state"] == "AWAITING_FILING"
    assert do(world, "file").body["state"] == "ACTIVE"
    assert do(world, "file").status == 422


def test_a_switch_turned_off_releases_and_turned_on_waits_for_later_ones(world: World) -> None:
    """WFL-14."""
    create(world, code="C1")
    world.settings.put_settings(COMPANY, "COMPANY", {"workflow.customerApproval": True})
    create(world, key="k2", code="C2")
    states = {c["code"]: c["state"] for c in ask(world).body["customers"]}
    assert states == {"C1": "ACTIVE", "C2": "AWAITING_APPROVAL"}
    world.settings.put_settings(COMPANY, "COMPANY", {})
    assert {c["state"] for c in ask(world).body["customers"]} == {"ACTIVE"}


@pytest.mark.parametrize(
    ("verb", "back", "state", "blocked"),
    [("suspend", "resume", "SUSPENDED", False), ("block", "unblock", "ACTIVE", True)],
)
def test_stopped_and_let_go(world: World, verb: str, back: str, state: str, blocked: bool) -> None:
    """ENT-12, ACT-02: with a reason; what is not listed as allowed is refused."""
    create(world, code="C1")
    assert do(world, back, reason="x").status == 422
    assert do(world, verb).status == 400
    got = do(world, verb, reason="chargebacks")
    assert (got.body["state"], got.body["blocked"]) == (state, blocked)
    assert verb not in allowed(got.body)
    assert do(world, back, reason="paid").body["state"] == "ACTIVE"


def test_the_history_tells_what_happened_and_not_to_whom(world: World) -> None:
    """ENT-02, SEC-04."""
    create(world, code="C1", email="ana@example.com")
    do(world, "block", reason="chargebacks")
    read = world.http("customers", "GET", f"{PATH}/C1", claims=ANA).body
    assert [fact["type"] for fact in read["history"]] == ["customer.created", "customer.changed"]
    history = json.dumps(read["history"])
    assert "Alvarez" not in history
    assert "example" not in history
