"""The published schemas of facts: current, valid, true of what the engine stores, without names.

Cites EVT-02 (envelope), EVT-10 (types), SEC-04 (no personal data), GEN-12.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from oms.fulfillment.commands import RejectFulfillment
from oms.holds.commands import SetHold
from oms.kernel.codec import encode
from oms.orders.commands import AddNote, Cancel, CancelLine
from oms_aws.stream import envelope

from functions import fact_schemas
from tests.simulation.merchant import COMPANY, Merchant
from tests.simulation.test_life_of_an_order import ship_everything

KINDS = {kind.TYPE: kind for _, kind in fact_schemas.fact_types()}
PERSONAL = {"name", "email", "phone", "address", "line1", "city", "postalCode", "token", "text"}


def test_the_written_files_are_those_of_the_dataclasses() -> None:
    """EVT-02: `python -m functions.fact_schemas` writes them; none is left over."""
    expected = fact_schemas.files()
    found = set(fact_schemas.FOLDER.rglob("*.json"))
    assert found == set(expected)
    for path, text in expected.items():
        assert path.read_text(encoding="utf-8") == text, path


def test_types_are_told_apart() -> None:
    """EVT-10: one class for each type, named `record.happened`."""
    every = [kind.TYPE for _, kind in fact_schemas.fact_types()]
    assert len(every) == len(set(every))
    assert all(re.fullmatch(r"[a-z_]+\.[a-z_]+", name) for name in every)


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_each_example_fits_its_schema(kind: Any) -> None:
    """EVT-02: also, no field of a fact is made for personal data."""
    schema, example = fact_schemas.schema(kind), fact_schemas.example(kind)
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(example)
    assert not PERSONAL & schema["properties"]["data"]["properties"].keys()


def lives() -> list[dict[str, Any]]:
    """Facts of orders that were shipped, canceled in part, rejected, held and declined."""
    merchant = Merchant()
    for sku in ("A", "B"):
        merchant.shelve(sku, DC=9, BOS=9)
    whole = merchant.place(("A", 2, 1000), ("B", 1, 500)).body["id"]
    merchant.run(whole)
    merchant.act(whole, AddNote("called Ana Alvarez"))
    merchant.act(whole, Cancel("CUSTOMER_REQUEST", (CancelLine(1, 1),)))
    ship_everything(merchant, whole)
    merchant.run(whole)
    sent_back = merchant.place(("A", 1, 1000)).body["id"]
    record = merchant.run(sent_back)
    merchant.act(sent_back, RejectFulfillment(record.fulfillment.orders[0].id, "TOO_BUSY"))
    merchant.act(sent_back, SetHold("MANUAL", "check", blocks=("SHIP",)))
    merchant.run(sent_back)
    declined = merchant.place(("B", 1, 1000), token="tok_decline_hard").body["id"]
    merchant.run(declined)
    ids = (whole, sent_back, declined)
    return [
        envelope(encode(fact), COMPANY, order_id)
        for order_id in ids
        for fact in merchant.orders.facts(COMPANY, order_id, 0)
    ]


def test_what_is_published_fits_the_schemas() -> None:
    """EVT-02: every fact of real lives, and no fact without a schema."""
    facts = lives()
    assert len({fact["type"] for fact in facts}) > 25
    for fact in facts:
        Draft202012Validator(fact_schemas.schema(KINDS[fact["type"]])).validate(fact)
    text = json.dumps(facts)
    for private in ("Alvarez", "Main Street", "tok_"):
        assert private not in text
