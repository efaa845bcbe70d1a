"""A channel's own codes, translated by its mapping tables (INT-06).

A table that is empty lets every code through. With a table, a code must be one of its keys or of
its values; anything else stays as it came and is found by validation as UNMAPPED_CODE, so that the
order can be checked again once the table is corrected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from oms.orders.model import Address, DeliveryGroup, Order


@dataclass(frozen=True, slots=True)
class Codes:
    """Mapping tables of a channel: its code to ours; `gateways` by tender method, None: any."""

    methods: Mapping[str, str] = field(default_factory=dict)
    countries: Mapping[str, str] = field(default_factory=dict)
    gateways: Mapping[str, str] | None = None


def mapped(order: Order, codes: Codes) -> Order:
    """The order with every known code translated; doing it twice changes nothing more."""
    bill_to = None if order.bill_to is None else _address(order.bill_to, codes)
    groups = tuple(_group(group, codes) for group in order.groups)
    return replace(order, bill_to=bill_to, groups=groups)


def unmapped(order: Order, codes: Codes) -> Iterator[tuple[str, str]]:
    """Path and value of each code that nothing translates."""
    if order.bill_to is not None and not _country_known(order.bill_to.country):
        yield "billTo.country", order.bill_to.country
    for place, group in enumerate(order.groups):
        if codes.methods and group.method not in codes.methods.values():
            yield f"groups[{place}].method", group.method
        if group.address is not None and not _country_known(group.address.country):
            yield f"groups[{place}].address.country", group.address.country


def _group(group: DeliveryGroup, codes: Codes) -> DeliveryGroup:
    address = None if group.address is None else _address(group.address, codes)
    return replace(group, method=_translated(group.method, codes.methods), address=address)


def _address(address: Address, codes: Codes) -> Address:
    return replace(address, country=_translated(address.country, codes.countries))


def _translated(code: str, table: Mapping[str, str]) -> str:
    return code if code in table.values() else table.get(code, code)


def _country_known(country: str) -> bool:
    """Two capital letters: the form of ISO 3166-1 alpha-2."""
    return len(country) == 2 and country.isascii() and country.isalpha() and country.isupper()
