"""The header by which a caller says what it has just changed, so that its list shows it (SEA-06).

A command answers id and version of the order it changed. For some seconds afterwards the caller
sends them along with its searches, `X-Last-Change: ord_...@4, ord_...@2`: the list then has these
orders at that version or a newer one, whether the index has caught up or not.
"""

from __future__ import annotations

import re

from oms.kernel.errors import Malformed, Problem
from oms.lifecycle.lists import Changed

LAST_CHANGE = "x-last-change"
MOST = 20
PATTERN = r"[A-Za-z0-9_]{1,64}@[0-9]{1,9}"
_ENTRY = re.compile(PATTERN)


def last_changes(header: str | None) -> tuple[Changed, ...]:
    """The changed orders that the header names; raises Malformed."""
    if header is None:
        return ()
    entries = [entry.strip() for entry in header.split(",")]
    if len(entries) > MOST or not all(_ENTRY.fullmatch(entry) for entry in entries):
        message = f"up to {MOST} times id@version, separated by commas"
        problem = Problem("X-Last-Change", "INVALID_FORMAT", message)
        raise Malformed("INVALID_FORMAT", f"X-Last-Change: {message}", [problem])
    parts = (entry.partition("@") for entry in entries)
    return tuple(Changed(order_id, int(version)) for order_id, _, version in parts)
