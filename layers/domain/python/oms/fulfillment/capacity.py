"""What a fulfillment order holds of its site's daily capacity (CPT-02, SRC-44)."""

from __future__ import annotations

from oms.fulfillment.model import FulfillmentOrder
from oms.fulfillment.reasons import REASONS


def holds(fo: FulfillmentOrder) -> str | None:
    """The day of whose capacity the FO takes one; None where it never did or has given it back.

    A shipped FO keeps what it used up; so does one that was rejected for a reason that frees none.
    """
    rule = REASONS.get(fo.end_reason or "") if fo.rejected_at else None
    freed = fo.canceled_at or (fo.rejected_at and (rule is None or rule.frees_capacity))
    return None if freed else fo.capacity_day


def fills(fo: FulfillmentOrder) -> bool:
    """Whether its rejection says that the site can take no more on that day."""
    rule = REASONS.get(fo.end_reason or "")
    return fo.rejected_at is not None and rule is not None and rule.fills_day
