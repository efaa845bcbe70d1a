"""What a caller who is bound to sites may see of an order that several sites work on (ROL-02).

The order is there for everybody who works on it; what happened at other sites, and why units went
there or not, is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from oms.kernel.facts import StoredFact
from oms.lifecycle.record import OrderRecord

Json = dict[str, Any]


def visible_facts(
    record: OrderRecord, facts: Iterable[StoredFact], sites: frozenset[str]
) -> tuple[StoredFact, ...]:
    """The facts without those that tell of other sites; no `sites` bind the caller to none."""
    if not sites:
        return tuple(facts)
    hidden = _hidden(record, sites)
    return tuple(
        fact for fact in facts
        if fact.record_id not in hidden and not _tells(fact.data, hidden, sites)
    )  # fmt: skip


def visible_decisions(found: Iterable[Json], sites: frozenset[str]) -> list[Json]:
    """Sourcing decisions as far as they are about the caller's own sites."""
    if not sites:
        return list(found)
    return [_narrowed(decision, sites) for decision in found]


def _hidden(record: OrderRecord, sites: frozenset[str]) -> frozenset[str]:
    """Ids of FOs at other sites, of their parcels, documents and of whatever is asked of them."""
    others = {fo.id: fo for fo in record.fulfillment.orders if fo.site not in sites}
    packages = {package.id for fo in others.values() for package in fo.packages}
    shipments = {shipment.id for fo in others.values() for shipment in fo.shipments}
    invoices = {invoice.id for invoice in record.billing.invoices if invoice.fo_id in others}
    asked = {one.id for one in record.approvals.requests if one.subject_id in others}
    holds = {hold.id for hold in record.holds.holds if hold.scope_ref in others}
    return frozenset(others.keys() | packages | shipments | invoices | asked | holds)


def _tells(value: Any, hidden: frozenset[str], sites: frozenset[str]) -> bool:
    if isinstance(value, str):
        return value in hidden
    if isinstance(value, Mapping):
        return _elsewhere(value, sites) or any(_tells(v, hidden, sites) for v in value.values())
    return isinstance(value, list) and any(_tells(part, hidden, sites) for part in value)


def _elsewhere(value: Any, sites: frozenset[str]) -> bool:
    return isinstance(value, Mapping) and value.get("site") not in (None, *sites)


def _narrowed(value: Any, sites: frozenset[str]) -> Any:
    if isinstance(value, list):
        return [_narrowed(part, sites) for part in value if not _elsewhere(part, sites)]
    if not isinstance(value, Mapping):
        return value
    known = {name: _narrowed(part, sites) for name, part in value.items()}
    if "sites" in known and isinstance(known["sites"], list):
        known["sites"] = [site for site in known["sites"] if site.get("code") in sites]
    return known
