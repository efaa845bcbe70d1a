"""Webhooks and tokens of the test gateway (GTW-07, GTW-11), fake and service alike."""

from datetime import UTC, datetime, timedelta

import pytest
from oms.payments.gateway import DeclineClass, Outcome, RequestKind

from infra.local.gateway_service.behaviors import Behavior
from tests.contracts.gateway_harness import (
    METADATA,
    Harness,
    authorize,
    authorized,
    captured,
    event_of,
    follow,
    moved,
)

SPECIFIED_TOKENS = (
    "ok", "decline_soft", "decline_hard", "timeout_then_ok", "timeout_then_unknown",
    "pending_then_ok", "pending_then_fail", "partial_auth", "auth_expires_in_1m",
    "capture_fails_once", "capture_expired_card", "refund_fails", "dup_webhook",
    "late_webhook_first",
)  # fmt: skip


@pytest.fixture
def harness(gateway_harness: Harness) -> Harness:
    return gateway_harness


class TestWebhooks:
    """GTW-07: authentic events carry the same result as the answer."""

    def test_an_event_names_its_intent_and_the_ids_it_was_sent_with(self, harness: Harness) -> None:
        """GTW-07: enough to find the order, the same result as the answer, no personal data."""
        parent = authorized(harness)
        request = follow(RequestKind.CAPTURE, parent.reference, 800)
        before = datetime.now(UTC)
        result = harness.gateway.capture(request)
        event = event_of(harness, harness.received(request.intent_id, 1)[0])
        assert (event.intent_id, event.kind) == (request.intent_id, RequestKind.CAPTURE)
        assert (event.result, event.metadata) == (result, METADATA)
        assert (event.amount, event.currency) == (800, "EUR")
        assert event.parent_reference == parent.reference
        assert before <= event.occurred_at <= datetime.now(UTC)

    def test_a_replayed_event_keeps_its_id(self, harness: Harness) -> None:
        """GTW-07, ACC-043: ten copies are ten times the same event, so nine can be ignored."""
        request = authorize("tok_ok")
        harness.gateway.authorize(request)
        harness.received(request.intent_id, 1)
        harness.replay(request.intent_id, 10)
        events = [event_of(harness, hook) for hook in harness.received(request.intent_id, 11)]
        assert len({event.event_id for event in events}) == 1
        assert set(events) == {events[0]}
        assert (moved(harness, request.intent_id) or {})["times"] == 1

    def test_events_of_different_results_have_different_ids(self, harness: Harness) -> None:
        """GTW-07: pending and final differ, whichever arrives first."""
        request = authorize("tok_pending_then_ok")
        harness.gateway.authorize(request)
        harness.settle()
        events = [event_of(harness, hook) for hook in harness.received(request.intent_id, 2)]
        assert len({event.event_id for event in events}) == 2

    def test_tampering_is_refused(self, harness: Harness) -> None:
        """GTW-07: one changed byte and it is nobody's event."""
        request = authorize("tok_ok", 1_234)
        harness.gateway.authorize(request)
        headers, body = harness.received(request.intent_id, 1)[0]
        forged = harness.gateway.parse_webhook(
            headers, body.replace(b"1234", b"9234"), ["harness-secret"]
        )
        assert getattr(forged, "reason", None) == "SIGNATURE_INVALID"


class TestTokens:
    """GTW-11: each token of the test gateway; those not here have their own class above."""

    def test_every_specified_token_exists(self) -> None:
        """GTW-11: the list of the specification."""
        assert set(SPECIFIED_TOKENS) <= {behavior.value for behavior in Behavior}

    def test_anything_may_follow_a_token_but_not_replace_it(self, harness: Harness) -> None:
        """GTW-11: `tok_<behavior>_<anything>`; an invented behavior is refused."""
        soft = harness.gateway.authorize(authorize("tok_decline_soft_customer-7"))
        assert soft.decline_class is DeclineClass.SOFT
        invented = harness.gateway.authorize(authorize("tok_okay"))
        assert (invented.outcome, invented.code) == (Outcome.DECLINED, "unknown_token")

    def test_partial_authorization(self, harness: Harness) -> None:
        """GTW-08, GTW-11: half is approved, and only that can be captured."""
        parent = authorized(harness, "tok_partial_auth", 1_001)
        assert parent.approved_amount == 500
        capture = harness.gateway.capture(follow(RequestKind.CAPTURE, parent.reference, 501))
        assert capture.code == "amount_exceeds_authorization"

    def test_short_authorization(self, harness: Harness) -> None:
        """GTW-11: lapses after one minute."""
        before = datetime.now(UTC)
        expires_at = authorized(harness, "tok_auth_expires_in_1m").expires_at
        minute = timedelta(minutes=1)
        assert expires_at is not None
        assert before + minute <= expires_at <= datetime.now(UTC) + minute

    def test_capture_fails_once(self, harness: Harness) -> None:
        """GTW-11: the first intent is declined for good, the next one succeeds."""
        reference = authorized(harness, "tok_capture_fails_once").reference
        first, second = (follow(RequestKind.CAPTURE, reference, 10_000) for _ in range(2))
        declined = harness.gateway.capture(first)
        assert (declined.outcome, declined.decline_class) == (Outcome.DECLINED, DeclineClass.SOFT)
        assert harness.gateway.capture(first) == declined
        assert harness.gateway.capture(second).outcome is Outcome.SUCCEEDED

    def test_capture_of_an_expired_card(self, harness: Harness) -> None:
        """GTW-11: every capture is declined hard."""
        reference = authorized(harness, "tok_capture_expired_card").reference
        for _ in range(2):
            capture = harness.gateway.capture(follow(RequestKind.CAPTURE, reference, 1))
            assert (capture.decline_class, capture.code) == (DeclineClass.HARD, "expired_card")

    def test_refund_fails(self, harness: Harness) -> None:
        """GTW-11, REF-04: the account is closed."""
        reference = captured(harness, "tok_refund_fails").reference
        refund = harness.gateway.refund(follow(RequestKind.REFUND, reference, 1))
        assert (refund.decline_class, refund.code) == (DeclineClass.HARD, "account_closed")

    def test_duplicate_webhook(self, harness: Harness) -> None:
        """GTW-11: three copies of one event."""
        request = authorize("tok_dup_webhook")
        harness.gateway.authorize(request)
        events = [event_of(harness, hook) for hook in harness.received(request.intent_id, 3)]
        assert len({event.event_id for event in events}) == 1

    def test_webhook_before_the_answer(self, harness: Harness) -> None:
        """GTW-11: when the answer is there, the webhook has been delivered already."""
        request = authorize("tok_late_webhook_first")
        result = harness.gateway.authorize(request)
        (webhook,) = harness.received(request.intent_id, 0)
        assert event_of(harness, webhook).result == result
