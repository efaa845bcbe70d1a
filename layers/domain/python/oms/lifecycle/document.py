"""The stored form of an order record: JSON, and pages of facts that grew too many for it.

The newest facts stay in the record, so that one read shows state and history and one write commits
both;
older ones move to pages in the same write, so none is ever missing between the two.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from typing import Any

from oms.kernel.codec import decode, encode
from oms.kernel.facts import StoredFact
from oms.lifecycle.record import OrderRecord

KEPT_FACTS = 64
"""Facts kept in the record; beyond them the older half moves to a page."""


def pack(value: Any) -> bytes:
    """Compressed JSON: repeated keys shrink, and every write with them."""
    return zlib.compress(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode(), 6)


def unpack(data: bytes) -> Any:
    """The value `pack` was given."""
    return json.loads(zlib.decompress(data))


def to_document(record: OrderRecord) -> bytes:
    """Stored form of a record."""
    return pack(encode(record))


def from_document(data: bytes) -> OrderRecord:
    """The record a stored form holds."""
    return decode(OrderRecord, unpack(data))


def split_facts(record: OrderRecord) -> tuple[OrderRecord, tuple[StoredFact, ...]]:
    """The record with at most `KEPT_FACTS` facts, and the older ones that must move to a page."""
    if len(record.facts) <= KEPT_FACTS:
        return record, ()
    keep = KEPT_FACTS // 2
    fresh = sum(fact.version == record.version for fact in record.facts)
    cut = len(record.facts) - max(keep, fresh)
    return replace(record, facts=record.facts[cut:]), record.facts[:cut]


def new_facts(record: OrderRecord) -> tuple[StoredFact, ...]:
    """The facts that this very version stored: what its stream image publishes."""
    return tuple(fact for fact in record.facts if fact.version == record.version)
