"""The settings register: each setting by its public name and what it means to decisions.

A channel inherits from its company what it does not set itself, a site from both (SET-01).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from oms.kernel.codec import camel, decode
from oms.kernel.errors import Malformed, Problem
from oms.kernel.policy import Policy

COMPANY = "COMPANY"
CHANNEL = "CHANNEL"
SITE = "SITE"

NAMES: Mapping[str, str] = {
    "workflow.orderAuthorization": "order_authorization",
    "workflow.orderApproval": "order_approval",
    "workflow.orderApprovalAbove": "order_approval_above",
    "workflow.orderFiling": "order_filing",
    "workflow.fulfillmentOrderApproval": "fulfillment_order_approval",
    "workflow.fulfillmentOrderFiling": "fulfillment_order_filing",
    "workflow.invoiceFiling": "invoice_filing",
    "workflow.creditMemoFiling": "credit_memo_filing",
    "workflow.approvalJob": "approval_job",
    "workflow.approvalJobIntervalMinutes": "approval_job_interval_minutes",
    "workflow.approvalJobDelayMinutes": "approval_job_delay_minutes",
    "workflow.customerApproval": "customer_approval",
    "workflow.customerFiling": "customer_filing",
    "orders.requireCoverageToApprove": "require_coverage_to_approve",
    "orders.allowSplit": "allow_split",
    "orders.allowCombine": "allow_combine",
    "orders.draftExpiryDays": "draft_expiry_days",
    "orders.remorseMinutes": "remorse_minutes",
    "orders.selfServiceCancel": "self_service_cancel",
    "intake.stockPolicy": "stock_policy",
    "intake.addressCheck.phone": "address_check_phone",
    "intake.addressCheck.web": "address_check_web",
    "intake.totalTolerance": "total_tolerance",
    "payments.captureTiming": "capture_timing",
    "payments.authorizationValidity": "authorization_validity_days",
    "payments.overcapturePercent": "overcapture_percent",
    "payments.excessFunds": "excess_funds",
    "payments.declineGraceHours": "decline_grace_hours",
    "billing.invoiceTiming": "invoice_timing",
    "billing.chargeTiming": "charge_timing",
    "allocation.trigger": "allocation_trigger",
    "inventory.backorderQueue": "backorder_queue",
    "allocation.maxSplits": "max_splits",
    "allocation.maxAttempts": "max_attempts",
    "allocation.maxAgeDays": "max_age_days",
    "allocation.unfillableAfterHours": "unfillable_after_hours",
    "store.claimTimeoutHours": "claim_timeout_hours",
    "store.fulfillTimeoutHours": "fulfill_timeout_hours",
    "workflow.fulfillmentOrderApprovalAbove": "fulfillment_order_approval_above",
    "fulfillment.execution": "execution",
    "fulfillment.assignment": "assignment",
    "fulfillment.requestDeadlineHours": "request_deadline_hours",
    "fulfillment.cancelAnswerMinutes": "cancel_answer_minutes",
    "fulfillment.cancelAnswerDefault": "cancel_answer_default",
    "fulfillment.releaseLeadDays": "release_lead_days",
    "fulfillment.assumeDeliveredDays": "assume_delivered_days",
    "fulfillment.shortNoSplit": "short_no_split",
    "fulfillment.sla.releaseMinutes": "sla_release_minutes",
    "fulfillment.sla.claimMinutes": "sla_claim_minutes",
    "fulfillment.sla.shipMinutes": "sla_ship_minutes",
    "pickup.holdDays": "pickup_hold_days",
    "service.agentsClearAlerts": "agents_clear_alerts",
    "service.draftLockMinutes": "draft_lock_minutes",
    "numbering.prefix": "number_prefix",
}
COMPANY_ONLY = frozenset(
    {
        "service.agentsClearAlerts", "service.draftLockMinutes", "workflow.customerApproval",
        "workflow.customerFiling", "workflow.approvalJob", "workflow.approvalJobIntervalMinutes",
        "inventory.backorderQueue",
    }
)  # fmt: skip
AT_SITES = frozenset(
    name for name in NAMES if name.partition(".")[0] in ("fulfillment", "pickup", "store")
)
"""Settings that a site may set for itself."""


def policy(
    company: Mapping[str, Any],
    channel: Mapping[str, Any],
    sites: Mapping[str, Mapping[str, Any]] | None = None,
) -> Policy:
    """The effective settings of a channel from the values set at its level, above and at sites."""
    chosen = _decoded({**company, **channel})
    return replace(chosen, sites={code: _own(values) for code, values in (sites or {}).items()})


def _decoded(values: Mapping[str, Any]) -> Policy:
    return decode(Policy, {camel(NAMES[name]): value for name, value in values.items()})


def _own(values: Mapping[str, Any]) -> dict[str, Any]:
    made = _decoded(values)
    return {NAMES[name]: getattr(made, NAMES[name]) for name in values}


def check(level: str, values: Mapping[str, Any]) -> None:
    """Raise `Malformed` naming each value that is unknown, ill-typed or not for this level."""
    problems = [found for name in sorted(values) if (found := _problem(level, name, values[name]))]
    if problems:
        raise Malformed("SETTINGS_INVALID", "some settings cannot be stored", problems)


def defaults() -> dict[str, Any]:
    """Every setting with its shipped default."""
    shipped = Policy()
    return {name: getattr(shipped, attribute) for name, attribute in NAMES.items()}


def _problem(level: str, name: str, value: Any) -> Problem | None:
    if name not in NAMES:
        return Problem(name, "UNKNOWN_SETTING", "there is no such setting")
    if level != COMPANY and name in COMPANY_ONLY:
        return Problem(name, "WRONG_LEVEL", "this is set for the whole company")
    if level.startswith(SITE) and name not in AT_SITES:
        return Problem(name, "WRONG_LEVEL", "this is not set for a site")
    try:
        checked = policy({name: value}, {})
    except (TypeError, ValueError) as error:
        return Problem(name, "INVALID_VALUE", str(error))
    kept = getattr(checked, NAMES[name])
    if value is None and kept is None and getattr(Policy(), NAMES[name]) is not None:
        return Problem(name, "INVALID_VALUE", "a value is expected; leave it out to inherit")
    if isinstance(kept, int) and not isinstance(kept, bool) and kept < 0:
        return Problem(name, "INVALID_VALUE", "no negative numbers")
    return None
