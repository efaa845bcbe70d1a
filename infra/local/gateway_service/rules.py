"""How the test gateway answers: a pure function of instruction, behavior, parent and time."""

from infra.local.gateway_service.behaviors import PENDING, Behavior
from infra.local.gateway_service.model import Balance, Instruction, Operation, Verdict

VALIDITY_SECONDS = 7 * 24 * 3600
SHORT_VALIDITY_SECONDS = 60

_DECLINES: dict[Behavior, tuple[str, str]] = {
    Behavior.DECLINE_SOFT: ("SOFT", "insufficient_funds"),
    Behavior.DECLINE_HARD: ("HARD", "do_not_honor"),
    Behavior.PENDING_THEN_FAIL: ("HARD", "not_paid"),
    Behavior.CAPTURE_EXPIRED_CARD: ("HARD", "expired_card"),
    Behavior.REFUND_FAILS: ("HARD", "account_closed"),
}


def decide(
    told: Instruction,
    behavior: Behavior,
    parent: Operation | None,
    balance: Balance,
    now: float,
    settle_seconds: float,
) -> Verdict:
    """The first verdict on an instruction; PENDING names the time of the second one."""
    if parent is not None and (refusal := _parent_refusal(told, parent, balance, now)) is not None:
        return _declined("HARD", refusal)
    if behavior in PENDING:
        return Verdict("PENDING", settle_at=now + settle_seconds)
    return conclude(told, behavior, parent, balance, now)


def conclude(
    told: Instruction, behavior: Behavior, parent: Operation | None, balance: Balance, now: float
) -> Verdict:
    """The final verdict on an instruction that its parent allows."""
    if behavior is Behavior.CAPTURE_FAILS_ONCE and not balance.declined_once:
        return _declined("SOFT", "processing_error")
    if behavior in _DECLINES:
        return _declined(*_DECLINES[behavior])
    if told.kind == "AUTHORIZE":
        return _authorized(told, behavior, now)
    remaining = _remaining(parent, balance)
    if told.kind == "VOID":
        return Verdict("SUCCEEDED", approved=remaining, released=remaining)
    released = remaining - told.amount if told.final else 0
    return Verdict("SUCCEEDED", approved=told.amount, released=released)


def _authorized(told: Instruction, behavior: Behavior, now: float) -> Verdict:
    short = behavior is Behavior.AUTH_EXPIRES_IN_1M
    approved = max(1, told.amount // 2) if behavior is Behavior.PARTIAL_AUTH else told.amount
    validity = SHORT_VALIDITY_SECONDS if short else VALIDITY_SECONDS
    return Verdict("SUCCEEDED", approved=approved, expires_at=now + validity)


def _parent_refusal(
    told: Instruction, parent: Operation, balance: Balance, now: float
) -> str | None:
    refund = told.kind == "REFUND"
    if parent.verdict.status != "SUCCEEDED":
        return "not_captured" if refund else "not_authorized"
    if told.kind != "VOID" and told.currency != parent.instruction.currency:
        return "currency_mismatch"
    if parent.verdict.expires_at is not None and parent.verdict.expires_at <= now:
        return "authorization_expired"
    remaining = _remaining(parent, balance)
    if told.kind == "VOID":
        return None if remaining > 0 else "nothing_to_void"
    if told.amount > remaining:
        return "amount_exceeds_capture" if refund else "amount_exceeds_authorization"
    return None


def _remaining(parent: Operation | None, balance: Balance) -> int:
    return 0 if parent is None else parent.verdict.approved - balance.claimed - balance.released


def _declined(decline_class: str, code: str) -> Verdict:
    return Verdict("DECLINED", decline_class=decline_class, code=code)
