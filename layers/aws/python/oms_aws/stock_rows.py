"""Rows of the stock table.

    row                                         key
    item                                        pk={company}#ITEM#{itemId} sk=ITEM
    promise counter of an item and group        same pk, sk=PROMISE#{group}
    level of an item at a site                  same pk, sk=LEVEL#{site}
    name of an item                             pk={company}#SKU#{sku} sk=SKU
    journal entry: what one cause moved         pk={company}#MOVEMENTS#{causeId} sk=MOVEMENTS
    a line that waits for an item               pk={company}#WAITING#{itemId} sk={orderId}#{lineNo}
    cart reservation                            pk={company}#RESERVATION#{id} sk=RESERVATION
    capacity of a site on a day                 pk={company}#CAPACITY#{site} sk={day}
    report of a feed                            pk={company}#FEED#{feedId} sk=FEED
    items at a site                             index `site`: siteKey={company}#SITE#{site}, pk

`call` stands in rows that call for something to be done; the stream filter looks for nothing else.

`ttl` lets the table drop carts and reports that nobody asks for any more.

Fields are plain attributes, so a person can read a level in the console; only a journal entry is
packed, since it is billed by its size with every order. The index holds keys only
and costs one write when a level is created, none when it changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar

from oms.inventory.capacity import DayLoad, SlotChange
from oms.inventory.model import (
    CartReservation,
    InventoryLevel,
    Item,
    Journal,
    PromiseCounter,
    StockWrite,
)
from oms.inventory.queue import Waiting
from oms.inventory.reports import FeedReport
from oms.kernel.codec import decode, encode
from oms.kernel.packing import pack, unpack

Row = dict[str, Any]
T = TypeVar("T")
KEYS = frozenset({"pk", "sk", "siteKey", "call", "ttl"})
CART_KEPT = timedelta(days=7)
"""How long an expired cart is still known to whoever repeats its request (API-03)."""

REPORT_KEPT = timedelta(days=90)
DAY_KEPT = timedelta(days=30)
SUPPLIED = "SUPPLIED"
"""What a row calls for: somebody waits for the item and there are units that nobody is promised."""

SHORT = "SHORT"
"""More is reserved at the site than is there (STK-15)."""


def item_key(company: str, item_id: str) -> Row:
    """Key of an item."""
    return key(f"{company}#ITEM#{item_id}", "ITEM")


def counter_key(company: str, item_id: str, group: str) -> Row:
    """Key of a promise counter."""
    return key(f"{company}#ITEM#{item_id}", f"PROMISE#{group}")


def level_key(company: str, item_id: str, site: str) -> Row:
    """Key of an inventory level."""
    return key(f"{company}#ITEM#{item_id}", f"LEVEL#{site}")


def sku_key(company: str, sku: str) -> Row:
    """Key of a sku."""
    return key(f"{company}#SKU#{sku}", "SKU")


def journal_key(company: str, cause_id: str) -> Row:
    """Key of a journal entry."""
    return key(f"{company}#MOVEMENTS#{cause_id}", "MOVEMENTS")


def cart_key(company: str, cart_id: str) -> Row:
    """Key of a cart reservation."""
    return key(f"{company}#RESERVATION#{cart_id}", "RESERVATION")


def waiting_key(company: str, row: Waiting) -> Row:
    """Key of a line that waits."""
    return key(f"{company}#WAITING#{row.item_id}", f"{row.order_id}#{row.line_no}")


def capacity_key(company: str, site: str, day: str) -> Row:
    """Key of a site's capacity on a day."""
    return key(f"{company}#CAPACITY#{site}", day)


def report_key(company: str, feed_id: str) -> Row:
    """Key of a feed report."""
    return key(f"{company}#FEED#{feed_id}", "FEED")


def stock_transaction_items(table_name: str, company: str, change: StockWrite) -> list[Row]:
    """Entries of a TransactWriteItems call that store `change`, each with its guard.

    The first is the journal entry, if anything moved: when its condition fails, the cause took
    effect before.
    """
    entries: list[Row] = []
    if change.journal.movements:
        entries.append(put(table_name, journal_row(company, change.journal), 0))
    for counter in change.counters:
        row = counter_key(company, counter.item_id, counter.group) | fields_of(counter)
        if counter.queued and counter.free > 0:
            row["call"] = {"S": SUPPLIED}
        entries.append(put(table_name, _numbered(row, counter.version + 1), counter.version))
    for level in change.levels:
        row = level_key(company, level.item_id, level.site) | fields_of(level)
        row["siteKey"] = {"S": site_key(company, level.site)}
        if level.short:
            row["call"] = {"S": SHORT}
        entries.append(put(table_name, _numbered(row, level.version + 1), level.version))
    for cart in change.carts:
        row = cart_key(company, cart.id) | fields_of(cart) | expiry(cart.expires_at + CART_KEPT)
        entries.append(put(table_name, _numbered(row, cart.version + 1), cart.version))
    for line in change.joined:
        row = waiting_key(company, line) | fields_of(line)
        entries.append({"Put": {"TableName": table_name, "Item": row}})
    entries += [{"Update": slot_update(table_name, company, slot)} for slot in change.slots]
    return entries


def slot_update(table_name: str, company: str, slot: SlotChange) -> Row:
    """Count a day's capacity up or down; it is never counted up beyond its limit (CPT-02)."""
    expires = datetime.combine(date.fromisoformat(slot.day), time(), UTC) + DAY_KEPT
    names = {"#used": "used", "#ttl": "ttl"}
    values = {":orders": {"N": str(slot.orders)}, ":ttl": expiry(expires)["ttl"]}
    words = ["#ttl = :ttl"]
    conditions = []
    if slot.closes:
        names["#closed"], values[":yes"] = "closed", {"BOOL": True}
        words.append("#closed = :yes")
    if slot.orders > 0:
        names["#closed"] = "closed"
        conditions.append("attribute_not_exists(#closed)")
        if slot.limit is not None:
            values[":room"] = {"N": str(slot.limit - slot.orders)}
            conditions.append("(attribute_not_exists(#used) OR #used <= :room)")
    guard = {"ConditionExpression": " AND ".join(conditions)} if conditions else {}
    return {
        "TableName": table_name, "Key": capacity_key(company, slot.site, slot.day),
        "UpdateExpression": f"SET {', '.join(words)} ADD #used :orders",
        "ExpressionAttributeNames": names, "ExpressionAttributeValues": values, **guard,
    }  # fmt: skip


def day_load(company: str, row: Row) -> DayLoad:
    """The load that a capacity row holds."""
    site = row["pk"]["S"].removeprefix(f"{company}#CAPACITY#")
    return DayLoad(site, row["sk"]["S"], int(row["used"]["N"]), "closed" in row)


def journal_row(company: str, journal: Journal) -> Row:
    """A journal entry; its movements, which repeat each other's words, are packed in `doc`."""
    fields = fields_of(replace(journal, movements=()))
    fields["doc"] = {"B": pack(encode(journal.movements))}
    return journal_key(company, journal.cause_id) | fields


def journal_of(row: Mapping[str, Any]) -> Journal:
    """The journal entry that a row holds; movements of older rows are plain attributes."""
    if "doc" not in row:
        return record(Journal, row)
    rest = {name: plain(value) for name, value in row.items() if name not in {*KEYS, "doc"}}
    return decode(Journal, {**rest, "movements": unpack(bytes(row["doc"]["B"]))})


def is_journal(entry: Row) -> bool:
    """Whether the transaction entry is that of the journal."""
    return "Put" in entry and entry["Put"]["Item"]["sk"]["S"] == "MOVEMENTS"


def expiry(moment: datetime) -> Row:
    """When the table may drop a row by itself."""
    return {"ttl": {"N": str(int(moment.timestamp()))}}


def report_row(company: str, report: FeedReport) -> Row:
    """The report of a feed."""
    kept = expiry(report.at + REPORT_KEPT)
    return report_key(company, report.feed_id) | fields_of(report) | kept


def site_key(company: str, site: str) -> str:
    """Partition of the site index."""
    return f"{company}#SITE#{site}"


def item_row(company: str, item: Item) -> Row:
    """An item with its version spelled out."""
    return _numbered(item_key(company, item.id) | fields_of(item), item.version)


def put(table_name: str, row: Row, version: int) -> Row:
    """A put that succeeds only while `version` is stored (0: nothing is)."""
    guard: Row = {"ConditionExpression": "attribute_not_exists(#pk)"}
    guard["ExpressionAttributeNames"] = {"#pk": "pk"}
    if version:
        guard = {
            "ConditionExpression": "#version = :version",
            "ExpressionAttributeNames": {"#version": "version"},
            "ExpressionAttributeValues": {":version": {"N": str(version)}},
        }
    return {"Put": {"TableName": table_name, "Item": row, **guard}}


def fields_of(value: Any) -> Row:
    """The fields of a record as attributes."""
    return {name: attribute(field) for name, field in encode(value).items()}


def record(kind: type[T], row: Mapping[str, Any]) -> T:
    """The record a row holds."""
    return decode(kind, {name: plain(value) for name, value in row.items() if name not in KEYS})


def attribute(value: Any) -> Row:
    """A JSON value as a DynamoDB attribute; numbers are whole."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case str():
            return {"S": value}
        case list():
            return {"L": [attribute(entry) for entry in value]}
        case dict():
            return {"M": {name: attribute(entry) for name, entry in value.items()}}
    raise TypeError(f"{type(value).__name__} has no attribute form")


def plain(value: Mapping[str, Any]) -> Any:
    """The JSON value of an attribute."""
    ((kind, content),) = value.items()
    match kind:
        case "N":
            return int(content)
        case "L":
            return [plain(entry) for entry in content]
        case "M":
            return {name: plain(entry) for name, entry in content.items()}
        case "NULL":
            return None
    return content


def key(pk: str, sk: str) -> Row:
    """A primary key."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _numbered(row: Row, version: int) -> Row:
    return row | {"version": {"N": str(version)}}


ROW_KINDS: dict[str, type[Any]] = {
    "ITEM": Item,
    "PROMISE": PromiseCounter,
    "LEVEL": InventoryLevel,
    "RESERVATION": CartReservation,
}
"""What a row holds, by the first part of its sort key."""
