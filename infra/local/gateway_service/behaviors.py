"""What a payment token makes the test gateway do (GTW-11).

A token is `tok_<behavior>`, optionally narrowed to one operation and followed by anything:

    tok_ok   tok_decline_soft_customer-7   tok_timeout_then_ok_on_capture   tok_ok_on_refund_x1

    behavior              operations         what happens
    ok                    all                succeeds
    decline_soft          authorize, verify  declined: insufficient funds
    decline_hard          authorize, verify  declined: do not honor
    timeout_then_ok       all                takes effect; the answer hangs, a lookup finds it
    timeout_then_unknown  all                hangs; six lookups cannot tell, later ones: never seen
    timeout_never_seen    all                hangs without effect; lookups: never seen
    pending_then_ok       authorize          pending, then succeeds by webhook
    pending_then_fail     authorize          pending, then declined by webhook
    partial_auth          authorize          approves half, rounded down, at least one minor unit
    auth_expires_in_1m    authorize          succeeds and lapses after one minute
    capture_fails_once    capture            the first of an authorization is declined softly
    capture_expired_card  capture            declined: expired card
    refund_fails          refund             declined: account closed
    dup_webhook           all                succeeds; each webhook is sent three times
    late_webhook_first    all                succeeds; the webhook is sent before the answer

Other operations on such a token succeed. After a time-out, the same key sent again is answered at
once. A time-out loses the webhook too, so that only a lookup can tell.
"""

import re
from enum import StrEnum

KINDS = ("AUTHORIZE", "CAPTURE", "REFUND", "VOID", "VERIFY")

UNKNOWN_LOOKUPS = 6
"""How often `timeout_then_unknown` cannot tell: once per lookup of the product's schedule."""


class Behavior(StrEnum):
    """One row of the table above."""

    OK = "ok"
    DECLINE_SOFT = "decline_soft"
    DECLINE_HARD = "decline_hard"
    TIMEOUT_THEN_OK = "timeout_then_ok"
    TIMEOUT_THEN_UNKNOWN = "timeout_then_unknown"
    TIMEOUT_NEVER_SEEN = "timeout_never_seen"
    PENDING_THEN_OK = "pending_then_ok"
    PENDING_THEN_FAIL = "pending_then_fail"
    PARTIAL_AUTH = "partial_auth"
    AUTH_EXPIRES_IN_1M = "auth_expires_in_1m"
    CAPTURE_FAILS_ONCE = "capture_fails_once"
    CAPTURE_EXPIRED_CARD = "capture_expired_card"
    REFUND_FAILS = "refund_fails"
    DUP_WEBHOOK = "dup_webhook"
    LATE_WEBHOOK_FIRST = "late_webhook_first"


LOST = frozenset({Behavior.TIMEOUT_THEN_UNKNOWN, Behavior.TIMEOUT_NEVER_SEEN})
HANGING = LOST | {Behavior.TIMEOUT_THEN_OK}
PENDING = frozenset({Behavior.PENDING_THEN_OK, Behavior.PENDING_THEN_FAIL})

_SCOPES: dict[Behavior, frozenset[str]] = {
    Behavior.DECLINE_SOFT: frozenset({"AUTHORIZE", "VERIFY"}),
    Behavior.DECLINE_HARD: frozenset({"AUTHORIZE", "VERIFY"}),
    Behavior.PENDING_THEN_OK: frozenset({"AUTHORIZE"}),
    Behavior.PENDING_THEN_FAIL: frozenset({"AUTHORIZE"}),
    Behavior.PARTIAL_AUTH: frozenset({"AUTHORIZE"}),
    Behavior.AUTH_EXPIRES_IN_1M: frozenset({"AUTHORIZE"}),
    Behavior.CAPTURE_FAILS_ONCE: frozenset({"CAPTURE"}),
    Behavior.CAPTURE_EXPIRED_CARD: frozenset({"CAPTURE"}),
    Behavior.REFUND_FAILS: frozenset({"REFUND"}),
}
_TOKEN = re.compile(
    rf"tok_(?P<behavior>{'|'.join(sorted(Behavior, key=len, reverse=True))})"
    rf"(?:_on_(?P<kind>{'|'.join(kind.lower() for kind in KINDS)}))?(?:_.*)?"
)


def behavior_of(token: str, kind: str) -> Behavior | None:
    """What the token does to an operation of this kind; None if there is no such token."""
    match = _TOKEN.fullmatch(token)
    if match is None:
        return None
    behavior = Behavior(match["behavior"])
    scope = {match["kind"].upper()} if match["kind"] else _SCOPES.get(behavior, set(KINDS))
    return behavior if kind in scope else Behavior.OK
