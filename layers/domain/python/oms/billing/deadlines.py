"""What time alone does to documents: a credit that nobody uses is told about once (BIL-07)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from oms.billing.facts import CreditLeftOpen
from oms.billing.model import Billing, CreditMemo
from oms.kernel.context import Context
from oms.kernel.facts import Fact, Step

PATIENCE = timedelta(hours=24)


def tick(billing: Billing, payment_id: str | None, ctx: Context) -> Step[Billing]:
    """Tell of each credit that has been open for longer than a day.

    `payment_id` is where it could be refunded to, None where no payment has funds.
    """
    facts: list[Fact] = []
    memos: list[CreditMemo] = []
    for memo in billing.credit_memos:
        due = _due(memo)
        if due is not None and due <= ctx.now:
            facts.append(CreditLeftOpen(memo.id, memo.total - memo.applied, payment_id))
            memo = replace(memo, reported=True)
        memos.append(memo)
    return Step(replace(billing, credit_memos=tuple(memos)), tuple(facts))


def next_due(billing: Billing) -> datetime | None:
    """When the next credit has been open for too long."""
    moments = (_due(memo) for memo in billing.credit_memos)
    return min((moment for moment in moments if moment is not None), default=None)


def _due(memo: CreditMemo) -> datetime | None:
    left = memo.total - memo.applied
    return memo.posted_at + PATIENCE if left > 0 and not memo.reported else None
