"""Feed rows that are no order, put where a person sees them with their reason (GEN-06, IMP-01)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from oms.action_items.model import ActionItem, Fix
from oms.kernel.ids import derive
from oms_aws.action_items import DynamoActionItems

from infra.local.cloud import Endpoints
from infra.local.job.client import aws
from infra.local.job.feeds import Remainder
from infra.local.job.seed import COMPANY


def park(endpoints: Endpoints, remainders: Iterable[Remainder]) -> Counter[str]:
    """Open one action item per record that could not be taken; returns the reasons."""
    store = DynamoActionItems(aws(endpoints, "dynamodb"), endpoints.tables["ActionItems"])
    reasons: Counter[str] = Counter()
    now = datetime.now(UTC)
    for remainder in remainders:
        code, _, text = remainder.reason.partition(":")
        reasons[code] += 1
        store.put(
            ActionItem(
                derive("act", COMPANY, "feed", remainder.reference, remainder.reason), COMPANY,
                "IMPORT_ROWS_FAILED", "MEDIUM", False, "feed", remainder.reference, code,
                f"{len(remainder.rows)} rows of {remainder.reference}:{text}", now,
                now + timedelta(hours=4), team="integration",
                data={"rows": str(len(remainder.rows)), "reason": code},
                fixes=(Fix("Open rows", "openRows"),),
            )
        )  # fmt: skip
    return reasons
