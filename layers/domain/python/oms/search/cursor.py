"""Opaque page cursors: the sort values of the last hit, bound to the query they came from.

Paging by sort values has no depth limit (SEA-04). A cursor presented with other criteria, sort,
company or scope is refused, because its place means nothing there.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence

from oms.kernel.errors import Malformed, Problem
from oms.search.query import SortValue

_KEYED = "~"
"""Marks cursors of lists by keys; base64 has no such character."""


def write_cursor(fingerprint: str, values: Sequence[SortValue]) -> str:
    """The cursor that continues after the hit with these sort values."""
    body = json.dumps([fingerprint, *values], separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(body.encode()).decode().rstrip("=")


def read_cursor(cursor: str, fingerprint: str, length: int) -> tuple[SortValue, ...]:
    """The sort values in `cursor`; raises Malformed if it is damaged or of another query."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        body = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as error:
        raise _refused("is damaged") from error
    if not isinstance(body, list) or len(body) != length + 1:
        raise _refused("is damaged")
    if body[0] != fingerprint:
        raise _refused("belongs to another query: start again at the first page")
    values = tuple(body[1:])
    if not all(value is None or type(value) in (str, int, float) for value in values):
        raise _refused("is damaged")
    return values


def write_keyed_cursor(fingerprint: str, key: str) -> str:
    """The cursor that continues a list by keys after `key`."""
    return _KEYED + write_cursor(fingerprint, (key,))


def read_keyed_cursor(cursor: str, fingerprint: str) -> str | None:
    """The key in a cursor of a list by keys, None for one of the index; raises Malformed."""
    if not cursor.startswith(_KEYED):
        return None
    (key,) = read_cursor(cursor.removeprefix(_KEYED), fingerprint, 1)
    return str(key)


def _refused(why: str) -> Malformed:
    problem = Problem("cursor", "CURSOR_INVALID", f"the cursor {why}")
    return Malformed("SEARCH_INVALID", problem.message, [problem])
