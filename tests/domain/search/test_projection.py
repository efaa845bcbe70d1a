"""From a stored record to the document that is indexed, statuses computed (GEN-01, SEA-06)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from oms.fulfillment.model import FulfillmentLine
from oms.kernel.codec import encode
from oms.kernel.money import Amounts
from oms.lifecycle.document import stored as as_stored
from oms.lifecycle.document import to_document
from oms.lifecycle.projection import search_document
from oms.orders.model import Buckets, Wait
from oms.payments.model import Authorization, Method
from oms.search.criteria import ENUMS
from oms.search.evaluate import matches
from oms.search.parse import parse

from tests.contracts.search_samples import (
    START,
    held_by,
    line,
    paid_with,
    person,
    record,
    work,
    works,
)

counts = st.integers(min_value=0, max_value=2)
buckets = st.builds(
    Buckets,
    unsourced=counts, backordered=counts, reserved=counts, allocated=counts, picked=counts,
    packed=counts, canceled=counts, shipped=st.just(4), delivered=counts, inbound=counts,
    returned=st.integers(min_value=0, max_value=1), forgiven=st.integers(min_value=0, max_value=1),
)  # fmt: skip


def test_a_stored_record_is_found_by_what_is_computed_from_it() -> None:
    """Through the stored form: encode, compress, read back, compute, search."""
    open_line = replace(
        line(1, "TEA"), amounts=Amounts(goods=1000), quantity=1,
        buckets=Buckets(backordered=1), wait=Wait("BACKORDERED", START),
    )  # fmt: skip
    tender = replace(
        paid_with(Method.CARD).tenders[0],
        authorizations=(Authorization("int_1", 1000, "AUTH", START + timedelta(days=7)),),
    )
    fo = replace(work("1", "miami"), lines=(FulfillmentLine(1, "itm_1", "TEA", 1),))
    stored = record(
        "acme", "a", lines=(open_line,), customer=person("José"), holds=held_by("QUALITY"),
        payments=replace(paid_with(), tenders=(tender,)), fulfillment=works(fo),
    )  # fmt: skip
    made = search_document(as_stored(to_document(stored)), "AWAITING_ALLOCATION")
    asked = {
        "q": "jose", "state": "AWAITING_ALLOCATION", "fulfillmentStatus": "BACKORDERED",
        "paymentStatus": "AUTHORIZED", "returnStatus": "NONE", "holdStatus": "HELD",
        "lineStatus": "BACKORDERED", "waitReason": "BACKORDERED", "totalFrom": "1000",
        "totalTo": "1000", "openTo": "0", "fulfillmentOrderState": "AWAITING_AUTHORIZATION",
        "site": "miami",
    }  # fmt: skip
    assert matches(parse(asked, "acme", START), made)


def test_the_same_version_gives_the_same_document_at_any_time() -> None:
    """SEA-06: a replay or rebuild years later indexes what was indexed before."""
    stored = encode(record("acme", "a"))
    first, again = (search_document(json.loads(json.dumps(stored)), "CLOSED") for _ in "12")
    assert first == again


@given(st.lists(buckets, min_size=1, max_size=3))
def test_every_computed_status_can_be_asked_for(lines: list[Buckets]) -> None:
    """STA-10: no order stands in a status that the search would refuse as unknown."""
    rows = tuple(
        replace(line(at, "A"), buckets=bucket, quantity=bucket.ordered)
        for at, bucket in enumerate(lines, 1)
    )
    made = search_document(encode(record("acme", "a", lines=rows)), "CLOSED")
    for name in ("fulfillmentStatus", "paymentStatus", "returnStatus", "holdStatus"):
        assert made[name] in ENUMS[name]
    assert {row["status"] for row in made["lines"]} <= set(ENUMS["lineStatus"])
