"""The order record: everything about one order that changes together, stored as one item.

A record is read whole, decided on by pure functions and written whole under its version, so no
reader ever
sees a part of a change (GEN-02, VER-07).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from oms.action_items.model import Attention
from oms.approvals.model import Approvals
from oms.billing.model import Billing
from oms.fulfillment.model import Fulfillment
from oms.holds.model import Holds
from oms.kernel.context import Actor
from oms.kernel.facts import StoredFact
from oms.orders.drafts import DraftWork
from oms.orders.model import Order
from oms.payments.model import Payments


@dataclass(frozen=True, slots=True)
class Handled:
    """A command that took effect under a caller's idempotency key, with the answer it got
    (API-03).
    """

    key: str
    body_hash: str
    at: datetime
    status: int
    answer: dict[str, Any]


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """The aggregate. `version` counts commits, `seq` facts; `scopes` holds the version of each
    scope; `due_at` is the moment under which it stands in the due-index.
    """

    order: Order
    payments: Payments = field(default_factory=Payments)
    billing: Billing = field(default_factory=Billing)
    fulfillment: Fulfillment = field(default_factory=Fulfillment)
    holds: Holds = field(default_factory=Holds)
    attention: Attention = field(default_factory=Attention)
    approvals: Approvals = field(default_factory=Approvals)
    draft: DraftWork | None = None
    facts: tuple[StoredFact, ...] = ()
    handled: tuple[Handled, ...] = ()
    scopes: dict[str, int] = field(default_factory=dict)
    version: int = 0
    seq: int = 0
    updated_at: datetime | None = None
    updated_by: str | None = None
    correlation_id: str | None = None
    due_at: datetime | None = None


def in_scope(record: OrderRecord, actor: Actor) -> bool:
    """Whether the order is there for the actor: of its channel, and linked to one of its sites
    where it is bound to any (ROL-02, STR-07).
    """
    if actor.channel and record.order.channel != actor.channel:
        return False
    works = {fo.site for fo in record.fulfillment.orders}
    counters = {group.pickup_site for group in record.order.groups}
    return not actor.sites or not actor.sites.isdisjoint(works | counters)
