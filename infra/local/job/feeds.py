"""Real order feeds, recognized by their header, as offers a channel would make.

Two formats: *invoice lines* (one row per line; cancellations, write-offs, fees and postage mixed
in) and *store orders* (a row per line with ship-to and ship mode). A row that is no order is not
dropped: it comes out as a `Remainder` with the reason, for a person to fix.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

Row = dict[str, str]
Body = dict[str, Any]

INVOICE_HEADER = frozenset(
    {"InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "Country"}
)
STORE_HEADER = frozenset(
    {"Order ID", "Order Date", "Ship Mode", "State", "Postal Code", "Product ID", "Sales"}
)
POSTAGE = frozenset({"POST", "DOT", "C2"})
SERVICES = frozenset({"M", "S", "B", "D", "CRUK", "PADS", "BANK CHARGES", "AMAZONFEE"})

COUNTRIES = {
    "Australia": "AU", "Austria": "AT", "Bahrain": "BH", "Belgium": "BE", "Brazil": "BR",
    "Canada": "CA", "Channel Islands": "GB", "Cyprus": "CY", "Czech Republic": "CZ",
    "Denmark": "DK", "EIRE": "IE", "Finland": "FI", "France": "FR", "Germany": "DE",
    "Greece": "GR", "Hong Kong": "HK", "Iceland": "IS", "Israel": "IL", "Italy": "IT",
    "Japan": "JP", "Lebanon": "LB", "Lithuania": "LT", "Malta": "MT", "Netherlands": "NL",
    "Norway": "NO", "Poland": "PL", "Portugal": "PT", "RSA": "ZA", "Saudi Arabia": "SA",
    "Singapore": "SG", "Spain": "ES", "Sweden": "SE", "Switzerland": "CH", "USA": "US",
    "United Arab Emirates": "AE", "United Kingdom": "GB", "United States": "US",
}  # fmt: skip

STATES = {
    "Alabama": "AL", "Alaska": "AK", "Arizona": "AZ", "Arkansas": "AR", "California": "CA",
    "Colorado": "CO", "Connecticut": "CT", "Delaware": "DE", "District of Columbia": "DC",
    "Florida": "FL", "Georgia": "GA", "Hawaii": "HI", "Idaho": "ID", "Illinois": "IL",
    "Indiana": "IN", "Iowa": "IA", "Kansas": "KS", "Kentucky": "KY", "Louisiana": "LA",
    "Maine": "ME", "Maryland": "MD", "Massachusetts": "MA", "Michigan": "MI",
    "Minnesota": "MN", "Mississippi": "MS", "Missouri": "MO", "Montana": "MT",
    "Nebraska": "NE", "Nevada": "NV", "New Hampshire": "NH", "New Jersey": "NJ",
    "New Mexico": "NM", "New York": "NY", "North Carolina": "NC", "North Dakota": "ND",
    "Ohio": "OH", "Oklahoma": "OK", "Oregon": "OR", "Pennsylvania": "PA",
    "Rhode Island": "RI", "South Carolina": "SC", "South Dakota": "SD", "Tennessee": "TN",
    "Texas": "TX", "Utah": "UT", "Vermont": "VT", "Virginia": "VA", "Washington": "WA",
    "West Virginia": "WV", "Wisconsin": "WI", "Wyoming": "WY",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Offer:
    """An order as the channel offers it; `body` is that of `POST /v1/orders`, `size` its rows."""

    external_number: str
    body: Body
    size: int = 1


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Units of earlier orders of a customer that are canceled; pairs of sku and quantity."""

    reference: str
    customer: str | None
    units: tuple[tuple[str, int], ...]
    at: datetime
    size: int = 1


@dataclass(frozen=True, slots=True)
class Remainder:
    """Rows that are neither order nor cancellation, with the reason a person needs."""

    reference: str
    reason: str
    rows: tuple[Row, ...]

    @property
    def size(self) -> int:
        """Rows of the file."""
        return len(self.rows)


Entry = Offer | Cancellation | Remainder


@dataclass(slots=True)
class Feed:
    """Everything a file holds, in the order of its records."""

    name: str
    rows: int = 0
    entries: list[Entry] = field(default_factory=list)


class UnknownFeedError(ValueError):
    """The header is that of no known feed."""


def read(path: Path) -> Feed:
    """Read a feed file; raises `UnknownFeedError` when the header is not recognized."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.DictReader((line.replace("\0", "") for line in file), restval="")
        header = frozenset(reader.fieldnames or ())
        rows = [{name: row[name] for name in header} for row in reader]
    if header >= INVOICE_HEADER:
        entries, name = _invoices(rows), "invoice-lines"
    elif header >= STORE_HEADER:
        entries, name = _store_orders(rows), "store-orders"
    else:
        raise UnknownFeedError(f"unknown header: {', '.join(sorted(header))}")
    return Feed(name, len(rows), list(entries))


def offers(feed: Feed) -> list[Offer]:
    """The orders of a feed."""
    return [entry for entry in feed.entries if isinstance(entry, Offer)]


def minor(text: str, exponent: int = 2) -> int:
    """A decimal text in minor units; raises ValueError when it is no number."""
    try:
        value = Decimal(text.strip()).scaleb(exponent)
        return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    except ArithmeticError as error:
        raise ValueError(f"{text!r} is no amount") from error


def _grouped(rows: Sequence[Row], key: str) -> Iterator[tuple[str, list[Row]]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault((row.get(key) or "").strip(), []).append(row)
    yield from groups.items()


def _invoices(rows: Sequence[Row]) -> Iterator[Entry]:
    for number, group in _grouped(rows, "InvoiceNo"):
        try:
            yield from list(_invoice(number, group))
        except (ValueError, KeyError, ArithmeticError) as error:
            yield Remainder(number or "?", f"UNREADABLE: {error}", tuple(group))


def _invoice(number: str, rows: list[Row]) -> Iterator[Entry]:
    if number.upper().startswith("C"):
        yield _cancellation(number, rows)
        return
    goods = [row for row in rows if _is_goods(row)]
    sold = [row for row in goods if int(row["Quantity"]) > 0]
    lost = [row for row in goods if int(row["Quantity"]) <= 0]
    extras = [row for row in rows if not _is_goods(row)]
    if lost:
        yield Remainder(number, "WRITE_OFF: quantity below zero without an order", tuple(lost))
    if not sold:
        if extras:
            yield Remainder(number, "FEES_ONLY: no goods on this record", tuple(extras))
        return
    foreign = [row for row in extras if _code(row) not in POSTAGE and _code(row) != "D"]
    if foreign:
        yield Remainder(number, "SERVICE_CODE: not part of the order", tuple(foreign))
    size = len(sold) + len(extras) - len(foreign)
    yield Offer(number, _invoice_body(number, sold, extras), size)


def _cancellation(number: str, rows: list[Row]) -> Cancellation | Remainder:
    units = tuple((_code(row), -int(row["Quantity"])) for row in rows if _is_goods(row))
    if not units:
        return Remainder(number, "CREDIT_ONLY: no goods to cancel", tuple(rows))
    at = _moment(rows[0]["InvoiceDate"])
    return Cancellation(number, _customer(rows[0]), units, at, len(rows))


def _invoice_body(number: str, sold: list[Row], extras: list[Row]) -> Body:
    first = sold[0]
    postage = sum(_extended(row) for row in extras if _code(row) in POSTAGE)
    discount = sum(_extended(row) for row in extras if _code(row) == "D")
    body = _header("marketplace", number, "GBP", _moment(first["InvoiceDate"]))
    body["type"] = "MARKETPLACE"
    body["customer"] = {"code": _customer(first)} if _customer(first) else {}
    country = COUNTRIES.get(first["Country"].strip())
    address = {"country": country, "line1": "Unit 1"} if country else None
    group: Body = {"id": "1", "method": "STANDARD", "shipping": max(0, postage)}
    body["groups"] = [group | ({"address": address} if address else {})]
    body["lines"] = [
        {
            "sku": _code(row), "name": (row["Description"] or _code(row)).strip()[:200],
            "quantity": int(row["Quantity"]), "unitPrice": max(0, minor(row["UnitPrice"])),
        }
        for row in sold
    ]  # fmt: skip
    if discount < 0:
        body["adjustments"] = [{"kind": "PROMOTION", "amount": discount, "code": "D"}]
    return body


def _store_orders(rows: Sequence[Row]) -> Iterator[Entry]:
    for number, group in _grouped(rows, "Order ID"):
        filled = [row for row in group if (row.get("Product ID") or "").strip()]
        if len(filled) < len(group):
            blank = tuple(row for row in group if row not in filled)
            yield Remainder(number or "?", "BLANK_ROW: nothing but an order number", blank)
        if not filled:
            continue
        try:
            yield Offer(number, _store_body(number, filled), len(filled))
        except (ValueError, KeyError, ArithmeticError) as error:
            yield Remainder(number or "?", f"UNREADABLE: {error}", tuple(filled))


def _store_body(number: str, rows: list[Row]) -> Body:
    first = rows[0]
    body = _header("web", number, "USD", _moment(first["Order Date"]))
    body["customer"] = {"code": first.get("Customer ID"), "name": first.get("Customer Name")}
    address = {
        "country": "US", "region": STATES.get(first["State"].strip(), first["State"].strip()),
        "city": first.get("City", "").strip(), "postalCode": first["Postal Code"].strip().zfill(5),
        "line1": "1 Main Street", "name": first.get("Customer Name"),
    }  # fmt: skip
    method = first["Ship Mode"].strip().upper().replace(" ", "_")
    body["groups"] = [{"id": "1", "method": method, "address": address}]
    body["lines"] = [_store_line(row) for row in rows]
    return body


def _store_line(row: Row) -> Body:
    quantity, sales = int(row["Quantity"]), minor(row["Sales"])
    discount = Decimal(row.get("Discount") or "0")
    before = sales if discount >= 1 else minor(str(Decimal(row["Sales"]) / (1 - discount)))
    unit_price = -(-before // quantity)
    line: Body = {
        "sku": row["Product ID"].strip(), "name": row.get("Product Name", "")[:200],
        "quantity": quantity, "unitPrice": unit_price,
    }  # fmt: skip
    if sales != unit_price * quantity:
        amount = sales - unit_price * quantity
        line["adjustments"] = [{"kind": "PROMOTION", "amount": amount, "code": "DISCOUNT"}]
    return line


def _header(channel: str, number: str, currency: str, placed_at: datetime) -> Body:
    return {
        "channel": channel, "externalNumber": number, "currency": currency,
        "placedAt": placed_at.isoformat(),
    }  # fmt: skip


def _is_goods(row: Row) -> bool:
    code = _code(row)
    return code not in POSTAGE and code not in SERVICES and any(c.isdigit() for c in code)


def _code(row: Row) -> str:
    return row["StockCode"].strip().upper()


def _customer(row: Row) -> str | None:
    code = (row.get("CustomerID") or "").strip()
    return code if code and code != "NA" else None


def _extended(row: Row) -> int:
    return minor(row["UnitPrice"]) * int(row["Quantity"])


def _moment(text: str) -> datetime:
    for form in ("%Y-%m-%d %H:%M:%S", "%m/%d/%Y", "%Y-%m-%d", "%m/%d/%Y %H:%M"):
        try:
            return datetime.strptime(text.strip(), form).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise ValueError(f"{text!r} is no date")
