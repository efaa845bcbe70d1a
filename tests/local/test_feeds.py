"""Feeds as dirty as real ones become orders, cancellations, or rows with a reason; none is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.local.job.feeds import (
    Cancellation,
    Feed,
    Offer,
    Remainder,
    UnknownFeedError,
    minor,
    read,
)

INVOICES = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
1001,85123A,WHITE HEART,6,2011-01-04 10:00:00,2.55,17850,United Kingdom
1001,POST,POSTAGE,1,2011-01-04 10:00:00,18.00,17850,United Kingdom
1001,D,Discount,-1,2011-01-04 10:00:00,1.25,17850,United Kingdom
1001,M,Manual,1,2011-01-04 10:00:00,3.00,17850,United Kingdom
1002,22336,damaged,-71,2011-01-05 10:00:00,0,NA,United Kingdom
C1003,85123A,WHITE HEART,-2,2011-01-06 10:00:00,2.55,17850,United Kingdom
C1004,M,Manual,-1,2011-01-06 11:00:00,9.99,17850,United Kingdom
1005,DOT,DOTCOM POSTAGE,1,2011-01-06 12:00:00,40.00,NA,United Kingdom
1006,21670,KNOB,1,2011-01-06 12:00:00,1.005,NA,Atlantis
"""
STORE = """Order ID,Order Date,Ship Mode,City,State,Postal Code,Product ID,Sales,Quantity,Discount
A-1,11/8/2017,Second Class,Boston,Massachusetts,2108,SKU-1,79.92,3,0.2
A-1,,,,,,,,,
A-2,11/9/2017,First Class,Troy,New York,12180,SKU-2,10.00,2,0
A-3,11/9/2017,First Class,Troy,New York,12180,SKU-2,ten,2,0
"""


def load(tmp_path: Path, text: str) -> Feed:
    path = tmp_path / "feed.csv"
    path.write_text(text, encoding="utf-8")
    return read(path)


def test_invoice_lines_become_offers_cancellations_and_reasons(tmp_path: Path) -> None:
    feed = load(tmp_path, INVOICES)
    reasons = {
        e.reference: e.reason.split(":")[0] for e in feed.entries if isinstance(e, Remainder)
    }
    assert feed.rows == 9
    assert reasons == {
        "1001": "SERVICE_CODE", "1002": "WRITE_OFF", "C1004": "CREDIT_ONLY", "1005": "FEES_ONLY",
    }  # fmt: skip
    assert [e.external_number for e in feed.entries if isinstance(e, Offer)] == ["1001", "1006"]
    cancellation = next(e for e in feed.entries if isinstance(e, Cancellation))
    assert (cancellation.units, cancellation.customer) == ((("85123A", 2),), "17850")


def test_postage_is_the_shipping_charge_and_a_discount_an_order_adjustment(tmp_path: Path) -> None:
    offer = next(e for e in load(tmp_path, INVOICES).entries if isinstance(e, Offer))
    assert offer.body["groups"][0]["shipping"] == 1800
    assert offer.body["adjustments"] == [{"kind": "PROMOTION", "amount": -125, "code": "D"}]
    assert offer.body["lines"][0]["unitPrice"] == 255


def test_an_unknown_country_leaves_the_address_out_instead_of_guessing(tmp_path: Path) -> None:
    offers = [e for e in load(tmp_path, INVOICES).entries if isinstance(e, Offer)]
    assert "address" not in offers[1].body["groups"][0]


def test_store_orders_keep_the_paid_amount_and_restore_leading_zeros(tmp_path: Path) -> None:
    feed = load(tmp_path, STORE)
    offer = next(e for e in feed.entries if isinstance(e, Offer))
    line = offer.body["lines"][0]
    assert offer.body["groups"][0]["address"]["postalCode"] == "02108"
    assert line["unitPrice"] * 3 + line["adjustments"][0]["amount"] == 7992
    reasons = [
        (e.reference, e.reason.split(":")[0]) for e in feed.entries if isinstance(e, Remainder)
    ]
    assert reasons == [("A-1", "BLANK_ROW"), ("A-3", "UNREADABLE")]


def test_an_unknown_header_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownFeedError, match="Foo"):
        load(tmp_path, "Foo,Bar\n1,2\n")


def test_amounts_are_rounded_half_up_without_floats() -> None:
    assert [minor("1.005"), minor("2.08"), minor("0")] == [101, 208, 0]
    with pytest.raises(ValueError, match="no amount"):
        minor("ten")


@pytest.mark.parametrize("text", [INVOICES, STORE])
def test_every_row_belongs_to_exactly_one_record(tmp_path: Path, text: str) -> None:
    feed = load(tmp_path, text)
    assert sum(entry.size for entry in feed.entries) == feed.rows
