"""Invoices: drafted with the FO, posted for what ships (BIL-01, lifecycle of invoice)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from oms.billing.facts import InvoicePosted
from oms.billing.model import (
    Addresses,
    Billing,
    CreditMemo,
    DocumentState,
    Invoice,
    InvoiceLine,
)
from oms.fulfillment.facts import FulfillmentOrderCreated, ShipmentCreated
from oms.kernel.context import Context
from oms.kernel.facts import Step, Units
from oms.kernel.ids import derive
from oms.kernel.money import Amounts

NOWHERE = Addresses()


class UnitCounts(Protocol):
    """How many units of a line are invoiced and canceled."""

    @property
    def invoiced(self) -> int: ...
    @property
    def canceled(self) -> int: ...


class BillableLine(Protocol):
    """An order line as billing sees it: `amounts` are those of all `quantity` units."""

    @property
    def line_no(self) -> int: ...
    @property
    def quantity(self) -> int: ...
    @property
    def amounts(self) -> Amounts: ...
    @property
    def buckets(self) -> UnitCounts: ...
    def share(self, start: int, stop: int) -> Amounts: ...


@dataclass(frozen=True, slots=True)
class Charge:
    """What an invoice is posted for: units by line number; `place` names it for ever."""

    fo_id: str
    shipment_id: str | None
    place: str
    units: Mapping[int, int]
    gross: bool
    addresses: Addresses


def draft(
    billing: Billing, fact: FulfillmentOrderCreated, lines: Mapping[int, BillableLine], ctx: Context
) -> Step[Billing]:
    """Draft the invoice of a new FO (BIL-100): pro forma, without number, total or ledger."""
    if any(invoice.fo_id == fact.record_id for invoice in billing.invoices):
        return Step(billing)
    drafted = Counter[int]()
    for invoice in billing.invoices:
        if invoice_state(invoice) is DocumentState.DRAFT:
            drafted.update({line.line_no: line.quantity for line in invoice.lines})
    rows = []
    for line_no, quantity in per_line(fact.units).items():
        line = lines[line_no]
        # Other drafts may still hold units that left them; a pro forma stays within the line.
        start = min(line.buckets.invoiced + drafted[line_no], line.quantity - quantity)
        rows.append(_line(line, start, quantity))
    filing = ctx.policy.invoice_filing
    invoice_id = derive("inv", fact.record_id, 0)
    invoice = Invoice(invoice_id, fact.record_id, 0, tuple(rows), filing=filing)
    return Step(replace(billing, invoices=(*billing.invoices, invoice)))


def post(
    billing: Billing, fact: ShipmentCreated, lines: Mapping[int, BillableLine], gross: bool,
    order_id: str, ctx: Context, addresses: Addresses = NOWHERE,
) -> Step[Billing]:  # fmt: skip
    """Post the invoice of a shipment (BIL-101): the FO's draft shrinks to what shipped.

    What the FO still has to ship stays as a new draft. Units are taken from the front of each line
    (ADJ-04). A shipment is invoiced once. The ledger follows when billing reacts to the fact.
    """
    known = any(invoice.shipment_id == fact.shipment_id for invoice in billing.invoices)
    if known or released_invoice(billing, fact.record_id):
        return Step(billing)
    place = f"{order_id}:{fact.shipment_id}"
    units = per_line(fact.units)
    charge = Charge(fact.record_id, fact.shipment_id, place, units, gross, addresses)
    return _post(billing, charge, lines, ctx)


def post_release(
    billing: Billing, fo_id: str, units: Mapping[int, int], lines: Mapping[int, BillableLine],
    gross: bool, ctx: Context, addresses: Addresses = NOWHERE,
) -> Step[Billing]:  # fmt: skip
    """Post the invoice of an FO when it goes to the floor (BIL-01, ON_RELEASE), once."""
    if released_invoice(billing, fo_id) or not units:
        return Step(billing)
    charge = Charge(fo_id, None, f"{fo_id}:release", units, gross, addresses)
    return _post(billing, charge, lines, ctx)


def released_invoice(billing: Billing, fo_id: str) -> bool:
    """Whether the FO was invoiced at its release, so that its shipments post nothing."""
    return any(
        invoice.fo_id == fo_id and invoice.posted_at and invoice.shipment_id is None
        for invoice in billing.invoices
    )


def _post(
    billing: Billing, charge: Charge, lines: Mapping[int, BillableLine], ctx: Context
) -> Step[Billing]:
    rows = tuple(
        _line(lines[line_no], lines[line_no].buckets.invoiced, quantity)
        for line_no, quantity in charge.units.items()
    )
    total = sum(row.amounts.total(charge.gross) for row in rows)
    number = sum(invoice.fo_id == charge.fo_id for invoice in billing.invoices)
    draft_now = _draft_of(billing, charge.fo_id)
    invoice = Invoice(
        draft_now.id if draft_now else derive("inv", charge.place), charge.fo_id, total, rows,
        charge.shipment_id, posted_at=ctx.now, filing=ctx.policy.invoice_filing, due_at=ctx.now,
        legal_entity=billing.legal_entity, addresses=charge.addresses,
    )  # fmt: skip
    invoices = [other for other in billing.invoices if other.id != invoice.id]
    invoices.append(invoice)
    rest = _less(draft_now.lines, charge.units) if draft_now else ()
    if draft_now and rest:
        invoices.append(replace(draft_now, id=derive("inv", charge.fo_id, number), lines=rest))
    units = tuple(sorted(charge.units.items()))
    posted = InvoicePosted(invoice.id, charge.fo_id, charge.shipment_id, total, units)
    return Step(replace(billing, invoices=tuple(invoices)), (posted,))


def shrink(billing: Billing, fo_id: str, units: Iterable[Units], *, whole: bool) -> Billing:
    """Take units that left an FO off its draft; an empty draft is void (BIL-104)."""
    current = _draft_of(billing, fo_id)
    if current is None:
        return billing
    rest = () if whole else _less(current.lines, per_line(units))
    changed = replace(current, lines=rest) if rest else replace(current, void=True)
    return replace(
        billing, invoices=tuple(changed if i.id == current.id else i for i in billing.invoices)
    )


def invoice_state(invoice: Invoice) -> DocumentState:
    """State of an invoice, from its facts and amounts."""
    if invoice.void:
        return DocumentState.VOID
    if invoice.posted_at is None:
        return DocumentState.DRAFT
    if invoice.applied != invoice.total:
        return DocumentState.OPEN
    return DocumentState.PAID if invoice.filing and not invoice.filed_at else DocumentState.CLOSED


def memo_state(memo: CreditMemo) -> DocumentState:
    """State of a credit memo, from its amounts."""
    if memo.applied != memo.total:
        return DocumentState.OPEN
    return DocumentState.APPLIED if memo.filing and not memo.filed_at else DocumentState.CLOSED


def per_line(units: Iterable[Units]) -> Counter[int]:
    """Quantity per order line."""
    sums: Counter[int] = Counter()
    for row in units:
        sums[row.line_no] += row.quantity
    return sums


def _line(line: BillableLine, start: int, quantity: int) -> InvoiceLine:
    return InvoiceLine(line.line_no, quantity, start, line.share(start, start + quantity))


def _draft_of(billing: Billing, fo_id: str) -> Invoice | None:
    drafts = (i for i in billing.invoices if i.fo_id == fo_id)
    return next((i for i in drafts if invoice_state(i) is DocumentState.DRAFT), None)


def _less(lines: Iterable[InvoiceLine], gone: Mapping[int, int]) -> tuple[InvoiceLine, ...]:
    rest = []
    for line in lines:
        left = max(0, line.quantity - gone.get(line.line_no, 0))
        first = line.quantity - left
        if left:
            amounts = line.amounts.units(line.quantity, first, line.quantity)
            rest.append(replace(line, quantity=left, start=line.start + first, amounts=amounts))
    return tuple(rest)
