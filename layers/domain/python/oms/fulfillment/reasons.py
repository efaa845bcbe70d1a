"""Why a site does not ship units; what each reason does to stock, site and attempts (SRC-44)."""

from __future__ import annotations

from oms.fulfillment.model import ReasonRule
from oms.kernel.errors import Malformed, Problem

CLAIM_TIMEOUT = ReasonRule("CLAIM_TIMEOUT", frees_capacity=False, follow_up="REPORT")
LATE = ReasonRule("FULFILLMENT_LATE")
"""Given by the clock only (FUL-112): no effect on stock, counts as an attempt."""

_TABLE = (
    ReasonRule("NOT_FOUND", "ZERO_UNPICKED", 7 * 24, follow_up="COUNT", keeps_reservation=False),
    ReasonRule("QUANTITY_MISMATCH", "MINUS_UNITS", 24, follow_up="COUNT", keeps_reservation=False),
    ReasonRule("DAMAGED", "DAMAGED", follow_up="DISPOSITION", keeps_reservation=False),
    ReasonRule("DISPLAY_OR_WORN", "DISPLAY", keeps_reservation=False),
    ReasonRule("SOLD_IN_STORE", cooldown_hours=24),
    ReasonRule("TOO_BUSY", frees_capacity=False, fills_day=True),
    ReasonRule("CANNOT_PACK", cooldown_hours=30 * 24),
    ReasonRule("SITE_OUTAGE", counts_attempt=False, follow_up="OUTAGE"),
    CLAIM_TIMEOUT,
    ReasonRule("OTHER", cooldown_hours=24, follow_up="NOTE", note_required=True),
)
REASONS: dict[str, ReasonRule] = {rule.code: rule for rule in _TABLE}


def reason(code: str, note: str | None, path: str) -> ReasonRule:
    """The rule of a reason code; raises `Malformed` for an unknown one or a missing note."""
    rule = REASONS.get(code)
    if not code.strip():
        raise Malformed("REASON_REQUIRED", "say why", [Problem(path, "REQUIRED", "a reason code")])
    if rule is None:
        known = ", ".join(sorted(REASONS))
        raise Malformed("UNKNOWN_REASON", f"reasons are {known}",
                        [Problem(path, "UNKNOWN_REASON", code)])  # fmt: skip
    if rule.note_required and not (note or "").strip():
        raise Malformed("NOTE_REQUIRED", f"reason {code} needs a note",
                        [Problem("note", "REQUIRED", f"reason {code} needs a note")])  # fmt: skip
    return rule
