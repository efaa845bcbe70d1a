"""Invoices at release and charges with the first shipment, over the real engine: BIL-01, BIL-101,
ADJ-07, LIN-03, CAN-06, PAY-03, SHP-03.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from oms.billing.commands import CreditUnits, PostCredit
from oms.fulfillment.commands import Assign, NewPackage, Pack, Pick, RejectedLine, Ship, ShortPick
from oms.fulfillment.model import PackedUnits
from oms.kernel.errors import Refused
from oms.kernel.policy import ChargeTiming, InvoiceTiming, Policy
from oms.lifecycle.record import OrderRecord
from oms.orders.commands import Cancel, CancelLine, ChangeAddress
from oms.orders.model import DeliveryGroup
from oms.orders.totals import totals

from tests.simulation.merchant import BOSTON, Merchant
from tests.simulation.test_life_of_an_order import healthy, ship_everything, state_of


@pytest.fixture
def merchant() -> Merchant:
    return Merchant()


def at_release(merchant: Merchant) -> None:
    merchant.settings.current = Policy(invoice_timing=InvoiceTiming.ON_RELEASE)


def with_the_first(merchant: Merchant) -> None:
    merchant.settings.current = Policy(charge_timing=ChargeTiming.FIRST_SHIPMENT)


def posted(record: OrderRecord) -> list[int]:
    return [invoice.total for invoice in record.billing.invoices if invoice.posted_at]


def memos(record: OrderRecord) -> list[tuple[str, int]]:
    return [(memo.kind, memo.total) for memo in record.billing.credit_memos]


def placed(merchant: Merchant, *lines: tuple[str, int, int], **more: Any) -> str:
    for sku in ("A", "B"):
        merchant.shelve(sku, DC=9)
    return str(merchant.place(*lines, **more).body["id"])


def ship(merchant: Merchant, order_id: str, *units: PackedUnits) -> OrderRecord:
    """Pick, pack and ship units of the first fulfillment order."""
    fo = merchant.read(order_id).fulfillment.orders[0]
    for command in (Pick(fo.id, units), Pack(fo.id, (NewPackage(units),)), Ship(fo.id, "UPS")):
        merchant.act(order_id, command)
    return merchant.run(order_id)


def test_the_release_posts_the_invoice_and_takes_the_money(merchant: Merchant) -> None:
    """BIL-01, BIL-101, LIN-03: invoiced, paid, and the shipment posts nothing more."""
    at_release(merchant)
    order_id = placed(merchant, ("A", 2, 1000), ("B", 1, 500))
    record = merchant.run(order_id)
    assert (posted(record), totals(record.order).open_value) == ([2500], 0)
    assert [tender.captured for tender in record.payments.tenders] == [2500]
    assert record.order.lines[0].buckets.invoiced == 2 > record.order.lines[0].buckets.shipped
    ship_everything(merchant, order_id)
    record = merchant.run(order_id)
    assert (posted(record), state_of(merchant, record)) == ([2500], "CLOSED")
    healthy(merchant, order_id)


def test_shipment_stays_the_default(merchant: Merchant) -> None:
    """BIL-01."""
    record = merchant.run(placed(merchant, ("A", 2, 1000)))
    assert posted(record) == []


def test_a_short_after_the_release_is_a_credit_memo(merchant: Merchant) -> None:
    """BIL-01, FUL-107: CANCELLATION for the short unit; found elsewhere, it is invoiced anew."""
    at_release(merchant)
    merchant.shelve("A", DC=3, BOS=3)
    order_id = str(merchant.place(("A", 3, 1000)).body["id"])
    fo = merchant.run(order_id).fulfillment.orders[0]
    merchant.act(order_id, Pick(fo.id, (PackedUnits(1, 2),)))
    merchant.act(order_id, ShortPick(fo.id, (RejectedLine(1, 1, "QUANTITY_MISMATCH"),)))
    record = merchant.read(order_id)
    assert (memos(record), record.order.lines[0].buckets.invoiced) == ([("CANCELLATION", 1000)], 2)
    healthy(merchant, order_id)
    merchant.act(order_id, Pack(fo.id, (NewPackage((PackedUnits(1, 2),)),)))
    merchant.act(order_id, Ship(fo.id, "UPS"))
    record = merchant.run(order_id)
    assert posted(record) == [3000, 1000]
    merchant.act(order_id, Assign(record.fulfillment.orders[1].id, "bob"))
    ship_everything(merchant, order_id)
    record = merchant.run(order_id)
    taken = record.payments.tenders[0].captured - record.payments.tenders[0].refunded
    assert (taken, state_of(merchant, record)) == (3000, "CLOSED")
    healthy(merchant, order_id)


def test_canceling_invoiced_units_credits_and_refunds_them(merchant: Merchant) -> None:
    """CAN-06, BIL-07: the memo gives back exactly the units' share, and the money follows."""
    at_release(merchant)
    order_id = placed(merchant, ("A", 3, 333))
    merchant.run(order_id)
    merchant.act(order_id, Cancel("CUSTOMER", (CancelLine(1, 1),)))
    record = merchant.run(order_id)
    assert memos(record) == [("CANCELLATION", 333)]
    assert [tender.refunded for tender in record.payments.tenders] == [333]
    merchant.act(order_id, Cancel("CUSTOMER"))
    record = merchant.run(order_id)
    assert sum(total for _, total in memos(record)) == 999
    assert state_of(merchant, record) == "CLOSED"
    healthy(merchant, order_id)


def test_units_on_the_floor_are_canceled_not_credited(merchant: Merchant) -> None:
    """CAN-06: credit by hand is for what has shipped."""
    at_release(merchant)
    order_id = placed(merchant, ("A", 2, 1000))
    record = merchant.run(order_id)
    wanted = CreditUnits(record.billing.invoices[0].id, 1, 1)
    with pytest.raises(Refused, match="QUANTITY_EXCEEDED"):
        merchant.act(order_id, PostCredit("RETURN", "BROKEN", (wanted,)))


def charged(record: OrderRecord) -> list[tuple[int, int]]:
    """Shipping and handling of each posted invoice."""
    return [
        (sum(r.amounts.shipping for r in i.lines), sum(r.amounts.handling for r in i.lines))
        for i in record.billing.invoices
        if i.posted_at
    ]


def test_the_first_invoice_bears_shipping_and_handling_whole(merchant: Merchant) -> None:
    """ADJ-07: the second invoice has none; together they are what was ordered."""
    with_the_first(merchant)
    group = DeliveryGroup("1", "STANDARD", address=BOSTON, shipping=799, handling=100)
    order_id = placed(merchant, ("A", 2, 1000), ("B", 1, 500), groups=(group,))
    merchant.run(order_id)
    ship(merchant, order_id, PackedUnits(2, 1))
    record = ship(merchant, order_id, PackedUnits(1, 2))
    assert charged(record) == [(799, 100), (0, 0)]
    assert sum(posted(record)) == 3399
    assert state_of(merchant, record) == "CLOSED"
    healthy(merchant, order_id)


def test_charges_follow_units_by_default(merchant: Merchant) -> None:
    """ADJ-07, ADJ-02: 799 over 2,000 and 500."""
    group = DeliveryGroup("1", "STANDARD", address=BOSTON, shipping=799)
    order_id = placed(merchant, ("A", 2, 1000), ("B", 1, 500), groups=(group,))
    merchant.run(order_id)
    ship(merchant, order_id, PackedUnits(2, 1))
    record = ship(merchant, order_id, PackedUnits(1, 2))
    assert charged(record) == [(160, 0), (639, 0)]


def test_what_is_canceled_later_leaves_the_charges_where_they_are(merchant: Merchant) -> None:
    """ADJ-04, ADJ-07: the rest canceled after the first shipment takes no shipping with it."""
    with_the_first(merchant)
    group = DeliveryGroup("1", "STANDARD", address=BOSTON, shipping=799)
    merchant.shelve("A", DC=9)
    merchant.shelve("B", BOS=9)
    order_id = str(merchant.place(("A", 2, 1000), ("B", 1, 500), groups=(group,)).body["id"])
    merchant.run(order_id)
    ship(merchant, order_id, PackedUnits(1, 2))
    merchant.act(order_id, Cancel("CUSTOMER", (CancelLine(2, 1),)))
    record = merchant.run(order_id)
    assert (posted(record), state_of(merchant, record)) == ([2799], "CLOSED")
    healthy(merchant, order_id)


def test_a_posted_invoice_keeps_its_addresses_and_seller(merchant: Merchant) -> None:
    """ENT-20, BIL-02: legal entity, due date and addresses as they were at posting."""
    web = merchant.settings.all_channels["web"]
    merchant.settings.all_channels["web"] = replace(web, legal_entity="acme-us")
    merchant.shelve("A", DC=9)
    merchant.shelve("B", BOS=9)
    order_id = str(merchant.place(("A", 1, 1000), ("B", 1, 500)).body["id"])
    merchant.run(order_id)
    before = ship(merchant, order_id, PackedUnits(1, 1)).billing.invoices
    invoice = next(i for i in before if i.posted_at)
    assert (invoice.legal_entity, invoice.due_at) == ("acme-us", invoice.posted_at)
    assert invoice.addresses.ship_to["line1"] == invoice.addresses.bill_to["line1"]
    moved = replace(BOSTON, line1="2 Other Street")
    merchant.settings.all_channels["web"] = replace(web, legal_entity="acme-eu")
    with suppress(Refused):
        merchant.act(order_id, ChangeAddress("1", moved))
    wanted = CreditUnits(invoice.id, 1, 1)
    merchant.act(order_id, PostCredit("RETURN", "BROKEN", (wanted,)))
    record = merchant.run(order_id)
    after = record.billing.invoice(invoice.id)
    kept = replace(after, applied=invoice.applied, lines=invoice.lines)
    assert kept == replace(invoice)
    assert [row.amounts for row in after.lines] == [row.amounts for row in invoice.lines]
    assert record.billing.credit_memos[0].legal_entity == "acme-us"
