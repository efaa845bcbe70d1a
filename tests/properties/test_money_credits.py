"""Full credits by parts equal the charge, however units and amounts are split and ordered."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from oms.billing import decisions as billing
from oms.billing.commands import CreditAmount, CreditUnits
from oms.kernel.money import Amounts
from oms.orders.commands import NewTender

from tests.domain.payments.desk import Desk, OrderLine

COMPONENTS = ("PRODUCT", "SHIPPING", "HANDLING", "FEE")
money = st.integers(0, 10**7)


@st.composite
def orders(draw: st.DrawFn) -> Desk:
    """A shipped and paid line of up to six units, any components, NET or GROSS, 0 to 3 decimals."""
    goods = draw(st.integers(1, 10**7))
    amounts = Amounts(
        goods, -draw(st.integers(0, goods)), draw(money), draw(money), draw(money), draw(money),
        draw(money), draw(money), draw(money),
    )  # fmt: skip
    quantity = draw(st.integers(1, 6))
    currency = draw(st.sampled_from(("JPY", "USD", "KWD")))
    desk = Desk({1: OrderLine(1, quantity, amounts)}, gross=draw(st.booleans()), currency=currency)
    desk.open(NewTender("CARD", token="tok")).run()
    left = quantity
    while left:
        units = draw(st.integers(1, left))
        desk.ship((1, units))
        left -= units
    return desk.run()


@settings(deadline=None)
@given(desk=orders(), data=st.data())
def test_credits_of_all_units_in_any_split_equal_the_charge(
    desk: Desk, data: st.DataObject
) -> None:
    """ADJ-05, INV-M2, INV-M6, INV-M7, ACC-050, ACC-162: tax, shipping and fees included."""
    charged = sum(invoice.total for invoice in desk.billing.invoices)
    line = desk.lines[1]
    assert charged == line.amounts.total(desk.gross)
    open_units = {invoice.id: invoice.lines[0].quantity for invoice in desk.billing.invoices}
    while open_units:
        invoice_id = data.draw(st.sampled_from(sorted(open_units)))
        units = data.draw(st.integers(1, open_units[invoice_id]))
        _credit(desk, CreditUnits(invoice_id, 1, units))
        open_units[invoice_id] -= units
        if not open_units[invoice_id]:
            del open_units[invoice_id]
            assert billing.creditable(desk.billing, invoice_id, 1) == Amounts()
    assert sum(memo.total for memo in desk.billing.credit_memos) == charged
    assert desk.run().refunded() == [charged]


@settings(deadline=None)
@given(desk=orders(), data=st.data())
def test_amounts_and_units_together_never_exceed_the_charge(
    desk: Desk, data: st.DataObject
) -> None:
    """BIL-05, TAX-04, INV-M7: appeasements first, then all units: exactly the charge again."""
    charged = sum(invoice.total for invoice in desk.billing.invoices)
    for invoice in desk.billing.invoices:
        left = billing.creditable(desk.billing, invoice.id, 1)
        for component in COMPONENTS:
            balance = getattr(left, component.lower())
            if balance > 0:
                part = data.draw(st.integers(1, balance))
                _credit(desk, CreditAmount(invoice.id, 1, component, part))
        _credit(desk, CreditUnits(invoice.id, 1, invoice.lines[0].quantity))
    credited = sum(memo.total for memo in desk.billing.credit_memos)
    assert credited == charged
    assert desk.run().refunded() == [charged]


def _credit(desk: Desk, wanted: CreditUnits | CreditAmount) -> None:
    if isinstance(wanted, CreditUnits):
        desk.credit(wanted)
    else:
        desk.credit(kind="APPEASEMENT", amounts=(wanted,))
