"""The money of an order as readers see it, whole and by component, in minor units (TOT-07).

What was invoiced and credited is read from the ledger (LED-03), what was ordered and canceled from
the lines.
"""

from __future__ import annotations

from collections.abc import Mapping

from oms.billing.decisions import turnover
from oms.kernel.context import Context
from oms.kernel.money import Amounts
from oms.lifecycle.record import OrderRecord
from oms.lifecycle.state import money
from oms.orders.totals import totals
from oms.payments.decisions import excess
from oms.payments.decisions import summary as payment_summary


def sums(record: OrderRecord, ctx: Context) -> dict[str, int]:
    """Totals of the order; `current` is what is open plus what was invoiced less what was credited
    (STA-04).
    """
    total, owed = totals(record.order), money(record)
    paid = payment_summary(record.payments, ctx)
    invoiced, credited = turnover(record.billing)
    return {
        "ordered": total.ordered, "canceled": total.canceled, "current": owed.total,
        "invoiced": invoiced.total(), "credited": credited.total(),
        "openValue": total.open_value, "authorized": paid.authorized, "captured": paid.captured,
        "refunded": paid.refunded, "unapplied": owed.unapplied, "openCredit": owed.open_credit,
        "amountDue": owed.amount_due, "excess": excess(record.payments, owed),
    }  # fmt: skip


def component_sums(record: OrderRecord) -> dict[str, dict[str, int]]:
    """The totals that have components, by PRODUCT, SHIPPING, HANDLING, FEE and TAX; contained tax
    is taken out of its component.
    """
    order, (invoiced, credited) = record.order, turnover(record.billing)
    ordered = sum((line.amounts for line in order.lines), Amounts())
    canceled = sum(
        (line.share(line.quantity - line.buckets.canceled, line.quantity) for line in order.lines),
        Amounts(),
    )
    return {
        "ordered": _parts(ordered, order.gross), "canceled": _parts(canceled, order.gross),
        "invoiced": _known(invoiced), "credited": _known(credited),
    }  # fmt: skip


def _parts(amounts: Amounts, gross: bool) -> dict[str, int]:
    taken = 1 if gross else 0
    return {
        "PRODUCT": amounts.product - taken * amounts.goods_tax,
        "SHIPPING": amounts.shipping - taken * amounts.shipping_tax,
        "HANDLING": amounts.handling - taken * amounts.handling_tax,
        "FEE": amounts.fee - taken * amounts.fee_tax,
        "TAX": amounts.tax,
    }


def _known(parts: Mapping[str, int]) -> dict[str, int]:
    return {name: amount for name, amount in sorted(parts.items()) if amount}
