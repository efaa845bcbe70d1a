"""What a command comes to, in one shape for every command of every record (PVW-02).

A preview and the command itself give the same outcome, byte for byte, while nothing changes between
them (PVW-03): it holds no times, and records that would be new are `$cm1`, `$int1` ... by type and
place. Only ids are replaced; item ids name what exists before any command.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from oms.kernel.errors import Conflict
from oms.kernel.ids import PATTERN, PREFIXES

Json = dict[str, Any]
_LASTING = ("itm_",)
MAX_ROWS = 200
"""Rows of one part that are told one by one; the hash of an outcome covers the others, too."""


def shape(
    *, messages: Sequence[Json] = (), money: Mapping[str, Any] | None = None,
    stock: Sequence[Json] = (), tax: Mapping[str, int] | None = None,
    next_statuses: Mapping[str, Any] | None = None, allocation_plan: Sequence[Json] = (),
    notifications: Sequence[str] = (), approvals: Sequence[Json] = (),
    allowed_after: Sequence[str] = (),
) -> Json:  # fmt: skip
    """An outcome; parts that a command does not have are there and empty."""
    nothing: Json = {
        "before": {}, "after": {}, "delta": {}, "perComponent": {}, "perTender": [],
        "documents": [],
    }  # fmt: skip
    return {
        "messages": list(messages),
        "money": nothing | dict(money or {}),
        "stock": _limited(stock),
        "tax": {"before": 0, "after": 0, "delta": 0} | dict(tax or {}),
        "nextStatuses": dict(next_statuses or {}),
        "allocationPlan": _limited(allocation_plan),
        "notifications": list(notifications),
        "approvals": list(approvals),
        "allowedAfter": list(allowed_after),
    }


def sealed(outcome: Json, known: frozenset[str] | None, expected: str | None = None) -> Json:
    """`outcome` with symbolic ids for all but the `known` records (None: it has them), and its
    hash.

    Raises `Conflict` OUTCOME_CHANGED where the caller `expected` another hash; the answer then
    tells what the outcome would be now.
    """
    text = json.dumps(outcome, separators=(",", ":"), ensure_ascii=False)
    text = text if known is None else _symbolic(text, known)
    digest = hashlib.sha256(text.encode()).hexdigest()
    answer = {"outcome": json.loads(text), "outcomeHash": digest}
    if expected not in (None, digest):
        error = Conflict("OUTCOME_CHANGED", "the command would not come to what was expected")
        error.more = answer
        raise error
    return answer


def ids_in(value: Any) -> frozenset[str]:
    """Every record id in a JSON value."""
    return frozenset(PATTERN.findall(json.dumps(value)))


def _limited(rows: Sequence[Json]) -> list[Json]:
    if len(rows) <= MAX_ROWS:
        return list(rows)
    shown, rest = rows[: MAX_ROWS - 1], rows[MAX_ROWS - 1 :]
    digest = hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
    return [*shown, {"more": len(rest), "digest": digest}]


def _symbolic(text: str, known: frozenset[str]) -> str:
    names: dict[str, str] = {}
    counts = Counter[str](dict.fromkeys(PREFIXES, 0))

    def name(found: re.Match[str]) -> str:
        record_id = found.group()
        if record_id in known or record_id.startswith(_LASTING):
            return record_id
        if record_id not in names:
            prefix = record_id.partition("_")[0]
            counts[prefix] += 1
            names[record_id] = f"${prefix}{counts[prefix]}"
        return names[record_id]

    return PATTERN.sub(name, text)
