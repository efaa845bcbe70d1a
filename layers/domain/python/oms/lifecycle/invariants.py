"""What must hold of any stored order record, checked on its JSON form at every commit (RCN-01).

A breach is a defect of the product, so the check trusts nothing the engine computed: it only adds
up what is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EXCLUSIVE = (
    "unsourced", "backordered", "reserved", "allocated", "picked", "packed", "shipped", "canceled",
)  # fmt: skip


def breaches(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Codes of the rules that a record breaks: BUCKETS, LEDGER, SEQUENCE."""
    lines = document["order"].get("lines", ())
    found = {
        "BUCKETS": any(_units(line) != line["quantity"] or not _within(line) for line in lines),
        "LEDGER": imbalance(document) != 0,
        "SEQUENCE": not _gapless(document),
    }
    return tuple(code for code, broken in found.items() if broken)


def imbalance(document: Mapping[str, Any]) -> int:
    """Sum of all ledger postings in minor units; zero in a sound record (LED-01)."""
    entries = document.get("billing", {}).get("ledger", ())
    return sum(sum(entry["postings"].values()) for entry in entries)


def _units(line: Mapping[str, Any]) -> int:
    """Units in the exclusive buckets of a line (LIN-01)."""
    return sum(line["buckets"].get(bucket, 0) for bucket in EXCLUSIVE)


def _within(line: Mapping[str, Any]) -> bool:
    """Whether what became of shipped units are units that shipped (LIN-02)."""
    counts = line["buckets"]
    shipped = counts.get("shipped", 0)
    back = sum(counts.get(name, 0) for name in ("inbound", "returned", "forgiven"))
    return back <= shipped and all(counts.get(n, 0) <= shipped for n in ("delivered", "lost"))


def _gapless(document: Mapping[str, Any]) -> bool:
    """Whether the newest facts are numbered up to the record's own count (EVT-02)."""
    numbers = [fact["orderSeq"] for fact in document.get("facts", ())]
    last = document.get("seq", 0)
    return numbers == list(range(last - len(numbers) + 1, last + 1))
