"""What counters and floors may know: codes only the customer has, and work of their own sites."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from oms.kernel.context import Actor


def pickup_code() -> str:
    """A code of six digits that nobody can guess from the order (PKP-02)."""
    return f"{secrets.randbelow(10**6):06}"


def narrow(actor: Actor, fulfillment: dict[str, Any]) -> None:
    """Leave an actor who is bound to sites only their work, without the codes (ROL-02)."""
    if not actor.sites:
        return
    mine = [row for row in fulfillment.get("orders", ()) if row["site"] in actor.sites]
    for row in mine:
        row.get("pickup", {}).pop("code", None)
    fulfillment["orders"] = mine
