"""The stored form of an order record, and pages of the facts that grew too many for it.

The newest facts stay in the record, so that one read shows state and history and one write commits
both; older ones move to pages in the same write, so none is ever missing between the two.

Facts stand there by commit, with what they share told once and ids that follow from the order left
out; facts that an older form spells out one by one are read as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from oms.kernel.codec import decode, encode
from oms.kernel.errors import Refused
from oms.kernel.facts import StoredFact
from oms.kernel.ids import derive
from oms.kernel.packing import pack, unpack
from oms.lifecycle.record import OrderRecord
from oms.lifecycle.shortening import shorten, spell

KEPT_FACTS = 64
"""Facts kept in the record; beyond them the older half moves to a page."""

MOST_BYTES = 390_000
"""What an item of the store holds, less its plain attributes (400 KB in all)."""

MOST_AT_FIRST = 250_000
"""What a new order may take: promises, shipments and documents come on top."""

SHARED = ("version", "occurredAt", "actor", "causeId")
"""What all facts of one commit have in common."""

Json = dict[str, Any]


def to_document(record: OrderRecord) -> bytes:
    """Stored form of a record; raises `Refused` RECORD_TOO_LARGE where the store cannot hold it, or
    could not hold what becomes of a new order.
    """
    document = encode(record)
    if "facts" in document:
        document["facts"] = _grouped(document["facts"], record.order.id)
    shorten(document)
    data = pack(document)
    most = MOST_BYTES if record.version > 1 else MOST_AT_FIRST
    if len(data) > most:
        text = f"{len(data)} bytes are to be stored, {most} may be; offer it as two orders"
        raise Refused.because("RECORD_TOO_LARGE", text)
    return data


def from_document(data: bytes) -> OrderRecord:
    """The record a stored form holds."""
    return decode(OrderRecord, stored(data))


def stored(data: bytes) -> Json:
    """The JSON of the record that a stored form holds, every fact spelled out."""
    document: Json = unpack(data)
    if "facts" in document:
        document["facts"] = _spelled(document["facts"], document["order"]["id"])
    spell(document)
    return document


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


def _grouped(facts: Sequence[Json], order_id: str) -> list[Json]:
    """Facts by commit: what they share once, numbers counted on, ids left out that follow."""
    groups: list[Json] = []
    following = 0
    for fact in facts:
        shared = {name: fact[name] for name in SHARED}
        seq = fact["orderSeq"]
        if not groups or seq != following or any(groups[-1][n] != shared[n] for n in SHARED):
            groups.append({"from": seq, **shared, "facts": []})
        following = seq + 1
        left_out = {*SHARED, "orderSeq"}
        if fact["id"] == derive("fct", order_id, seq):
            left_out.add("id")
        groups[-1]["facts"].append({k: v for k, v in fact.items() if k not in left_out})
    return groups


def _spelled(groups: Sequence[Json], order_id: str) -> list[Json]:
    """The facts that `_grouped` was given; those that never were grouped as they are."""
    facts: list[Json] = []
    for group in groups:
        if "from" not in group:
            facts.append(group)
            continue
        shared = {name: group[name] for name in SHARED}
        for seq, fact in enumerate(group["facts"], start=group["from"]):
            facts.append({"id": derive("fct", order_id, seq), **shared, "orderSeq": seq} | fact)
    return facts
