"""Random lives of an order on the real engine: whatever people and sites do, its money adds up.

After every step: ledger, documents and payments agree (INV-M5), claims stay within what is held
(INV-M1), no key moved money twice (INV-M3), no component is credited beyond its charge (INV-M7),
and what is charged for the units of each line is exact (INV-M2, ADJ-03 to ADJ-07) in currencies
with 0, 2 and 3 decimals (INV-M6, ACC-051, ACC-162), whenever invoices are posted (BIL-01).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields

import pytest
from oms.billing import decisions as billing
from oms.billing.commands import CreditUnits, DistributeFunds, PostCredit, UnapplyFunds
from oms.fulfillment.commands import (
    NewPackage,
    Pack,
    Pick,
    RejectedLine,
    RejectFulfillment,
    Ship,
    ShortPick,
)
from oms.fulfillment.model import FulfillmentOrder, PackedUnits
from oms.fulfillment.states import fo_state
from oms.kernel.errors import OmsError
from oms.kernel.policy import CaptureTiming, ChargeTiming, InvoiceTiming, Policy
from oms.lifecycle.answers import Answer
from oms.lifecycle.record import OrderRecord
from oms.orders.commands import Cancel, CancelLine, NewLine, NewTender
from oms.orders.model import DeliveryGroup, TaxLine
from oms.orders.totals import totals
from oms.payments.commands import AddTender, CaptureFunds, CreateLink, PayByLink, ReplaceMethod
from oms.payments.model import IntentKind

from tests.simulation.merchant import BOSTON, Merchant
from tests.simulation.test_life_of_an_order import healthy

CURRENCIES = ("JPY", "USD", "KWD")
TOKENS = ("tok_ok",) * 6 + ("tok_timeout_then_ok", "tok_decline_hard", "tok_capture_fails_once")


class Life:
    """One order and what happens to it."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.merchant = Merchant()
        self.merchant.settings.current = Policy(
            invoice_timing=self.dice.choice(tuple(InvoiceTiming)),
            charge_timing=self.dice.choice(tuple(ChargeTiming)),
            capture_timing=self.dice.choice(tuple(CaptureTiming)),
        )
        for sku in ("A", "B"):
            self.merchant.shelve(sku, DC=9, BOS=9)
        self.links = 0
        self.order_id = str(self._place().body["id"])

    def record(self) -> OrderRecord:
        """The order as stored."""
        return self.merchant.read(self.order_id)

    def step(self) -> None:
        """Something happens; a refusal changes nothing."""
        moves: list[Callable[[], None]] = [
            self.run, self.run, self.run, self.pick, self.short, self.ship, self.ship, self.cancel,
            self.reject, self.credit, self.pay, self.unapply, self.capture, self.wait,
        ]  # fmt: skip
        with suppress(OmsError):
            self.dice.choice(moves)()
        self.check()

    def run(self) -> None:
        """The workflow runs to where it must wait."""
        self.merchant.run(self.order_id, 60)

    def pick(self) -> None:
        """A site picks some units."""
        fo = self._floor()
        if fo:
            row = self.dice.choice(fo.lines)
            self._act(Pick(fo.id, (PackedUnits(row.line_no, self.dice.randint(1, 2)),)))

    def short(self) -> None:
        """Units are not there."""
        fo = self._floor()
        if fo:
            row = self.dice.choice(fo.lines)
            count = self.dice.randint(1, row.quantity)
            self._act(ShortPick(fo.id, (RejectedLine(row.line_no, count, "QUANTITY_MISMATCH"),)))

    def reject(self) -> None:
        """A site gives a fulfillment order back."""
        fo = self._floor()
        if fo:
            self._act(RejectFulfillment(fo.id, "TOO_BUSY"))

    def ship(self) -> None:
        """A site packs and ships what it has of a line."""
        fo = self._floor()
        if fo is None:
            return
        row = self.dice.choice(fo.lines)
        count = self.dice.randint(1, max(1, row.quantity - row.shipped))
        units = (PackedUnits(row.line_no, count),)
        if row.picked - row.packed < count:
            more = count - (row.picked - row.packed)
            self._act(Pick(fo.id, (PackedUnits(row.line_no, more),)))
        self._act(Pack(fo.id, (NewPackage(units),)))
        self._act(Ship(fo.id, "UPS"))

    def cancel(self) -> None:
        """The customer wants fewer units."""
        line = self.dice.choice(self.record().order.lines)
        self._act(Cancel("CUSTOMER", (CancelLine(line.line_no, 1),)))

    def credit(self) -> None:
        """Units of an invoice are given back."""
        posted = [i for i in self.record().billing.invoices if i.posted_at]
        if posted:
            invoice = self.dice.choice(posted)
            row = self.dice.choice(invoice.lines)
            wanted = CreditUnits(invoice.id, row.line_no, 1)
            self._act(PostCredit("RETURN", "CHANGED_MIND", (wanted,)))

    def pay(self) -> None:
        """Another method, another payment, or a link."""
        token = self.dice.choice(TOKENS)
        tender = self.dice.choice(self.record().payments.tenders)
        self.links += 1
        name = f"hash-{self.links}"
        commands = self.dice.choice((
            (ReplaceMethod(tender.id, token),),
            (AddTender("CARD", token, capture=self.links % 2 == 0),),
            (CreateLink(name), PayByLink(name, "CARD", token)),
        ))  # fmt: skip
        self._act(*commands)

    def unapply(self) -> None:
        """Funds are taken back from an invoice, or distributed anew."""
        applied = self.record().billing.applications
        if applied:
            row = self.dice.choice(applied)
            self._act(UnapplyFunds(row.invoice_id, row.source))
            if self.dice.random() < 0.5:
                self._act(DistributeFunds(row.source, (), row.amount))

    def capture(self) -> None:
        """Funds are taken by hand."""
        self._act(CaptureFunds(self.dice.choice(self.record().payments.tenders).id))

    def wait(self) -> None:
        """Time passes."""
        self.merchant.pass_time(minutes=self.dice.choice((1, 15, 300)))
        self.merchant.steps.tick("acme", self.order_id, f"tick:{self.record().version}")

    def check(self) -> None:
        """What must hold after every step."""
        record = self.record()
        healthy(self.merchant, self.order_id)
        _check_documents(record)
        _check_ledger(record)
        _check_claims(record)

    def _floor(self) -> FulfillmentOrder | None:
        working = ("AWAITING_PICK", "PICKING", "PACKING", "READY_TO_SHIP", "PARTIALLY_SHIPPED")
        found = [fo for fo in self.record().fulfillment.orders if fo_state(fo) in working]
        return self.dice.choice(found) if found else None

    def _act(self, *commands: object) -> None:
        before = self.record()
        try:
            self.merchant.act(self.order_id, *commands)
        except OmsError:
            assert self.record() == before, "a refusal changes nothing"
            raise

    def _place(self) -> Answer:
        dice = self.dice
        lines = tuple(
            NewLine(
                sku, dice.randint(1, 4), dice.randint(1, 999),
                taxes=(TaxLine("PRODUCT", dice.randint(0, 99)),),
            )
            for sku in ("A", "B")[: dice.randint(1, 2)]
        )  # fmt: skip
        group = DeliveryGroup(
            "1", "STANDARD", address=BOSTON, shipping=dice.randint(0, 99),
            handling=dice.randint(0, 9), shipping_tax=dice.randint(0, 9),
        )  # fmt: skip
        return self.merchant.place(
            lines=lines, currency=dice.choice(CURRENCIES), groups=(group,),
            tenders=(NewTender("CARD", dice.choice(TOKENS)),),
        )  # fmt: skip


def _check_documents(record: OrderRecord) -> None:
    order, part = record.order, record.billing
    posted = [invoice for invoice in part.invoices if invoice.posted_at]
    withdrawn = sum(memo.total for memo in part.credit_memos if memo.kind == "CANCELLATION")
    sums = totals(order)
    assert sum(i.total for i in posted) - withdrawn == sums.invoiced, "ADJ-03, ADJ-04, BIL-01"
    assert sums.open_value >= 0
    for line in order.lines:
        counts = line.buckets
        assert 0 <= counts.invoiced <= line.quantity - counts.canceled, "LIN-03"
    for invoice in posted:
        for row in invoice.lines:
            left = billing.creditable(part, invoice.id, row.line_no)
            assert left.product >= 0, "INV-M7"
            rest = [f.name for f in fields(left) if f.name not in ("goods", "adjustment")]
            assert all(getattr(left, name) >= 0 for name in rest), "INV-M7"


def _check_ledger(record: OrderRecord) -> None:
    now = billing.balances(record.billing)
    posted = [invoice for invoice in record.billing.invoices if invoice.posted_at]
    assert now.ar == sum(i.total - i.applied for i in posted), "INV-M5"
    assert now.credit == sum(m.total - m.applied for m in record.billing.credit_memos), "INV-M5"
    assert now.ar >= 0
    assert now.credit >= 0
    for tender in record.payments.tenders:
        assert now.cash.get(tender.id, 0) == tender.captured - tender.refunded, "INV-M5"


def _check_claims(record: OrderRecord) -> None:
    intents = [i for i in record.payments.intents if not i.state.final]
    for tender in record.payments.tenders:
        for held in tender.authorizations:
            claimed = sum(
                i.claims for i in intents
                if i.kind is IntentKind.CAPTURE and i.parent_reference == held.reference
            )  # fmt: skip
            assert held.captured + claimed <= held.amount, "INV-M1"
        for capture in tender.captures:
            claimed = sum(
                i.claims for i in intents
                if i.kind is IntentKind.REFUND and i.parent_reference == capture.reference
            )  # fmt: skip
            assert capture.refunded + claimed <= capture.amount, "INV-M1, REF-01"


@pytest.mark.parametrize("seed", range(40))
def test_money_adds_up_after_every_step(seed: int) -> None:
    """BIL-01, ADJ-07, CAN-06, PAY-07, PAY-41, INV-M1, M2, M3, M5, M6, M7: forty lives of forty."""
    life = Life(seed)
    for _ in range(40):
        life.step()
