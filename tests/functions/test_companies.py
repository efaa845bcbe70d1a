"""The company itself and its legal entities over HTTP (ENT-10)."""

from __future__ import annotations

from typing import Any

import pytest
from oms.settings.model import Channel

from tests.functions.world import COMPANY, Got, World

BODY = {"name": "Acme", "currency": "EUR", "locale": "de-DE", "timeZone": "Europe/Berlin"}
OWN, ENTITY = "/v1/company", "/v1/legal-entities/de"


def put(world: World, path: str, tag: str | None = None, **changes: Any) -> Got:
    headers = {} if tag is None else {"If-Match": tag}
    return world.http("administration", "PUT", path, BODY | changes, headers=headers)


@pytest.mark.parametrize("path", [OWN, ENTITY])
def test_described_and_replaced_under_their_version(world: World, path: str) -> None:
    """ENT-10, VER-05."""
    assert world.http("administration", "GET", path).status == 404
    assert put(world, path).headers["etag"] == '"1"'
    assert put(world, path).status == 428
    assert put(world, path, '"1"', active=False).body["version"] == 2
    assert put(world, path, '"1"').status == 409
    read = world.http("administration", "GET", path)
    assert {name: read.body[name] for name in BODY} == BODY
    assert read.body["active"] is False


def test_a_legal_entity_has_tax_ids(world: World) -> None:
    """ENT-10."""
    put(world, ENTITY, taxIds={"DE": "DE123456789"})
    listed = world.http("administration", "GET", "/v1/legal-entities").body["legalEntities"]
    assert [(row["code"], row["taxIds"]) for row in listed] == [("de", {"DE": "DE123456789"})]


@pytest.mark.parametrize("path", [OWN, ENTITY])
def test_an_unknown_currency_is_refused(world: World, path: str) -> None:
    """LOC-04."""
    got = put(world, path, currency="XXX")
    assert (got.status, got.body["code"]) == (400, "UNKNOWN_CURRENCY")


def test_a_channel_without_a_currency_sells_in_the_company_s(world: World) -> None:
    """ENT-10, ENT-11: where neither has one the order is incomplete (INT-05)."""
    known = world.settings.channel(COMPANY, "web")
    assert known is not None
    bare = Channel("web", "web", gateways=known.gateways, version=known.version + 1)
    world.settings.put_channel(COMPANY, bare)
    body = world.order("W-1")
    del body["currency"]
    headers = {"Idempotency-Key": "k"}
    got = world.http("orders", "POST", "/v1/orders", body, headers=headers)
    assert got.status == 201
    world.run(got.body["id"])
    read = world.http("orders", "GET", f"/v1/orders/{got.body['id']}")
    assert [f["code"] for f in read.body["order"]["findings"]] == ["MISSING_CURRENCY"]
    put(world, OWN)
    body, headers = body | {"externalNumber": "W-2"}, {"Idempotency-Key": "k2"}
    got = world.http("orders", "POST", "/v1/orders", body, headers=headers)
    assert got.status == 201
    read = world.http("orders", "GET", f"/v1/orders/{got.body['id']}")
    assert read.body["order"]["currency"] == "EUR"


def test_an_inactive_company_takes_no_orders(world: World) -> None:
    """ENT-10: active, inactive."""
    put(world, OWN, active=False)
    headers = {"Idempotency-Key": "k"}
    got = world.http("orders", "POST", "/v1/orders", world.order("W-1"), headers=headers)
    assert (got.status, got.body["code"]) == (422, "COMPANY_INACTIVE")
