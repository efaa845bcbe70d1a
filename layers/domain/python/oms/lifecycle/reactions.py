"""Who reacts to a fact: every capability, in this order, each with what it needs of the others.

Orders comes first, since it moves the units; documents follow, then money, then holds and action
items, which
watch all of them.
"""

from __future__ import annotations

from oms.action_items import decisions as action_items
from oms.approvals import decisions as approvals
from oms.approvals.model import Approvals
from oms.fulfillment import decisions as fulfillment
from oms.holds import decisions as holds
from oms.kernel.facts import Fact, Step
from oms.lifecycle.documents import documents
from oms.lifecycle.moves import Draft
from oms.orders import decisions as orders
from oms.payments import decisions as payments


def react(draft: Draft, fact: Fact) -> None:
    """Let every capability react to one fact."""
    ctx = draft.ctx
    draft.take("order", orders.react(draft.order, fact, ctx))
    draft.take("fulfillment", fulfillment.react(draft.record.fulfillment, fact, ctx))
    documents(draft, fact)
    draft.take("payments", payments.react(draft.record.payments, fact, draft.money(), ctx))
    draft.take("holds", holds.react(draft.record.holds, fact, draft.order.id, ctx))
    draft.take("approvals", _approvals(draft, fact))
    draft.take("attention", action_items.react(draft.record.attention, fact, draft.order.id, ctx))


def _approvals(draft: Draft, fact: Fact) -> Step[Approvals]:
    record = draft.record
    asked_by = record.order.placed_by or draft.ctx.actor.label
    total = draft.money().total
    return approvals.react(record.approvals, fact, asked_by, total, draft.ctx)
