"""The gateway port (GTW-01 to GTW-06): one suite for the fake and for the service over HTTP."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from oms.payments.gateway import (
    DeclineClass,
    GatewayRequest,
    GatewayResult,
    Outcome,
    RequestKind,
    may_serve,
    perform,
)

from infra.local.gateway_service.behaviors import UNKNOWN_LOOKUPS
from tests.contracts.gateway_harness import (
    METADATA,
    Harness,
    authorize,
    authorized,
    captured,
    event_of,
    follow,
    moved,
    new_id,
)
from tests.fakes.gateway_process import eventually


@pytest.fixture
def harness(gateway_harness: Harness) -> Harness:
    return gateway_harness


def at_once(harness: Harness, requests: list[GatewayRequest]) -> list[GatewayResult]:
    """All requests sent in parallel, results in their order."""
    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(lambda request: perform(harness.gateway, request), requests))


class TestExactlyOnce:
    """GTW-01."""

    @pytest.mark.parametrize("kind", [RequestKind.AUTHORIZE, RequestKind.CAPTURE])
    def test_a_key_sent_a_hundred_times_in_parallel_moves_money_once(
        self, harness: Harness, kind: RequestKind
    ) -> None:
        """GTW-01: one movement, one answer for everybody."""
        request = authorize("tok_ok", 4_000)
        if kind is RequestKind.CAPTURE:
            request = follow(kind, authorized(harness).reference, 4_000)
        results = at_once(harness, [request] * 100)
        assert set(results) == {results[0]}
        assert (results[0].outcome, results[0].approved_amount) == (Outcome.SUCCEEDED, 4_000)
        movement = moved(harness, request.intent_id)
        assert movement == {"kind": kind, "currency": "EUR", "amount": 4_000, "times": 1}

    def test_a_key_cannot_be_used_for_another_amount(self, harness: Harness) -> None:
        """GTW-01: a reused key never moves other money than the first time."""
        first = authorize("tok_ok", 500)
        harness.gateway.authorize(first)
        second = harness.gateway.authorize(authorize("tok_ok", 900, first.intent_id))
        assert second == GatewayResult(
            Outcome.DECLINED, decline_class=DeclineClass.HARD, code="idempotency_mismatch"
        )
        assert (moved(harness, first.intent_id) or {})["amount"] == 500

    def test_racing_captures_never_take_more_than_authorized(self, harness: Harness) -> None:
        """GTW-01 with PAY-30: the gateway is the second guard behind the record's own."""
        reference = authorized(harness, amount=1_000).reference
        results = at_once(harness, [follow(RequestKind.CAPTURE, reference, 300) for _ in range(20)])
        outcomes = [result.outcome for result in results]
        assert (outcomes.count(Outcome.SUCCEEDED), outcomes.count(Outcome.DECLINED)) == (3, 17)


class TestPort:
    """GTW-02."""

    def test_the_whole_life_of_a_payment(self, harness: Harness) -> None:
        """GTW-02: each operation succeeds and names a reference of its own."""
        verified = harness.gateway.verify(
            GatewayRequest(RequestKind.VERIFY, new_id(), 0, "EUR", METADATA, "tok_ok")
        )
        parent = authorized(harness)
        capture = harness.gateway.capture(follow(RequestKind.CAPTURE, parent.reference, 6_000))
        refund = harness.gateway.refund(follow(RequestKind.REFUND, capture.reference, 1_000))
        void = harness.gateway.void(follow(RequestKind.VOID, parent.reference))
        results = [verified, parent, capture, refund, void]
        assert [result.outcome for result in results] == [Outcome.SUCCEEDED] * 5
        assert [result.approved_amount for result in results] == [0, 10_000, 6_000, 1_000, 4_000]
        assert len({result.reference for result in results}) == 5

    def test_a_lookup_tells_what_the_answer_told(self, harness: Harness) -> None:
        """GTW-02: lookup by the key of the intent."""
        request = authorize("tok_partial_auth")
        assert harness.gateway.authorize(request) == harness.gateway.lookup(request.intent_id)
        assert harness.gateway.lookup(new_id()).outcome is Outcome.NEVER_SEEN

    def test_an_authorization_lasts_a_week_unless_the_gateway_says_otherwise(
        self, harness: Harness
    ) -> None:
        """GTW-02: the gateway names the expiry, in UTC."""
        before = datetime.now(UTC)
        expires_at = authorized(harness).expires_at
        assert expires_at is not None
        assert expires_at.utcoffset() == timedelta(0)
        week = timedelta(days=7)
        assert before + week <= expires_at <= datetime.now(UTC) + week

    def test_several_captures_until_the_authorization_is_used_up(self, harness: Harness) -> None:
        """GTW-02 multiCapture without overcapture."""
        reference = authorized(harness, amount=1_000).reference
        captures = [follow(RequestKind.CAPTURE, reference, amount) for amount in (600, 400, 1)]
        results = [harness.gateway.capture(capture) for capture in captures]
        assert [result.outcome for result in results] == [
            Outcome.SUCCEEDED,
            Outcome.SUCCEEDED,
            Outcome.DECLINED,
        ]
        assert results[2].code == "amount_exceeds_authorization"
        assert harness.gateway.capabilities.multi_capture
        assert not harness.gateway.capabilities.overcapture

    def test_refunds_stop_at_the_captured_amount(self, harness: Harness) -> None:
        """GTW-02, REF-01: refunded <= captured at the gateway too."""
        reference = captured(harness, amount=1_000).reference
        refunds = [follow(RequestKind.REFUND, reference, amount) for amount in (700, 301, 300)]
        results = [harness.gateway.refund(refund) for refund in refunds]
        assert [result.code for result in results] == [None, "amount_exceeds_capture", None]

    def test_a_final_capture_gives_the_rest_back(self, harness: Harness) -> None:
        """PAY-15: nothing can be captured or voided after the final capture."""
        reference = authorized(harness, amount=1_000).reference
        final = follow(RequestKind.CAPTURE, reference, 600, final=True)
        assert harness.gateway.capture(final).outcome is Outcome.SUCCEEDED
        capture = harness.gateway.capture(follow(RequestKind.CAPTURE, reference, 1))
        void = harness.gateway.void(follow(RequestKind.VOID, reference))
        assert (capture.code, void.code) == ("amount_exceeds_authorization", "nothing_to_void")

    def test_a_voided_authorization_cannot_be_captured(self, harness: Harness) -> None:
        """GTW-02: a void releases all that is left."""
        reference = authorized(harness).reference
        harness.gateway.void(follow(RequestKind.VOID, reference))
        capture = harness.gateway.capture(follow(RequestKind.CAPTURE, reference, 1))
        assert (capture.outcome, capture.decline_class) == (Outcome.DECLINED, DeclineClass.HARD)

    def test_an_unknown_reference_is_a_final_refusal(self, harness: Harness) -> None:
        """GTW-02: nothing to retry about a capture of nothing; odd characters stay data."""
        capture = harness.gateway.capture(follow(RequestKind.CAPTURE, "auth_x/../y?z=1", 1))
        assert (capture.outcome, capture.code) == (Outcome.DECLINED, "unknown_reference")

    def test_a_live_order_refuses_a_test_gateway(self, harness: Harness) -> None:
        """GTW-02: the flag of the gateway decides."""
        assert harness.gateway.test_mode
        assert not may_serve(harness.gateway, live_order=True)
        assert may_serve(harness.gateway, live_order=False)


class TestUnreachable:
    """GTW-03."""

    def test_refused_connections_move_nothing_and_the_same_key_works_later(
        self, harness: Harness
    ) -> None:
        """GTW-03: UNREACHABLE is safe to resend; once the gateway is back it happens once."""
        request, parent = authorize("tok_ok"), authorized(harness).reference
        kinds = (RequestKind.CAPTURE, RequestKind.VOID)
        with harness.down():
            refused = [
                perform(harness.gateway, follow(kind, parent, int(kind is RequestKind.CAPTURE)))
                for kind in kinds
            ]
            refused += [harness.gateway.authorize(request) for _ in range(3)]
            refused.append(harness.gateway.lookup(request.intent_id))
        assert {result.outcome for result in refused} == {Outcome.UNREACHABLE}
        assert harness.gateway.lookup(request.intent_id).outcome is Outcome.NEVER_SEEN
        assert harness.gateway.authorize(request).outcome is Outcome.SUCCEEDED
        assert (moved(harness, request.intent_id) or {})["times"] == 1


class TestTimeOut:
    """GTW-04."""

    @pytest.mark.parametrize("kind", [RequestKind.AUTHORIZE, RequestKind.CAPTURE])
    def test_the_effect_may_have_happened_and_the_lookup_finds_it(
        self, harness: Harness, kind: RequestKind
    ) -> None:
        """GTW-04, ACC-042: UNKNOWN, then success by lookup and by resending, money moved once."""
        token = f"tok_timeout_then_ok_on_{kind.lower()}"
        request = authorize(token, 900)
        if kind is RequestKind.CAPTURE:
            request = follow(kind, authorized(harness, token).reference, 900)
        assert perform(harness.hasty, request).outcome is Outcome.UNKNOWN
        eventually(lambda: moved(harness, request.intent_id) is not None)
        found = harness.gateway.lookup(request.intent_id)
        assert (found.outcome, found.approved_amount) == (Outcome.SUCCEEDED, 900)
        assert perform(harness.gateway, request) == found
        assert (moved(harness, request.intent_id) or {})["times"] == 1

    def test_a_request_never_seen_is_resent_under_the_same_key(self, harness: Harness) -> None:
        """GTW-04: NEVER_SEEN, nothing moved, and the resent request succeeds."""
        request = authorize("tok_timeout_never_seen")
        calls = harness.stats()["calls"].get("AUTHORIZE", 0)
        assert harness.hasty.authorize(request).outcome is Outcome.UNKNOWN
        eventually(lambda: bool(harness.stats()["calls"].get("AUTHORIZE", 0) > calls))
        assert harness.gateway.lookup(request.intent_id).outcome is Outcome.NEVER_SEEN
        assert moved(harness, request.intent_id) is None
        assert harness.gateway.authorize(request).outcome is Outcome.SUCCEEDED

    def test_a_gateway_that_cannot_tell_stays_unknown(self, harness: Harness) -> None:
        """GTW-04: as many lookups as the schedule has find nothing out, and nothing moves."""
        request = authorize("tok_timeout_then_unknown")
        calls = harness.stats()["calls"].get("AUTHORIZE", 0)
        assert harness.hasty.authorize(request).outcome is Outcome.UNKNOWN
        eventually(lambda: bool(harness.stats()["calls"].get("AUTHORIZE", 0) > calls))
        assert harness.gateway.authorize(request).outcome is Outcome.UNKNOWN
        lookups = [harness.gateway.lookup(request.intent_id) for _ in range(UNKNOWN_LOOKUPS)]
        assert [lookup.outcome for lookup in lookups] == [Outcome.UNKNOWN] * 6
        assert harness.gateway.lookup(request.intent_id).outcome is Outcome.NEVER_SEEN
        assert moved(harness, request.intent_id) is None


class TestDecline:
    """GTW-05."""

    @pytest.mark.parametrize(
        ("token", "decline_class", "code"),
        [
            ("tok_decline_soft", DeclineClass.SOFT, "insufficient_funds"),
            ("tok_decline_hard", DeclineClass.HARD, "do_not_honor"),
        ],
    )
    @pytest.mark.parametrize("kind", [RequestKind.AUTHORIZE, RequestKind.VERIFY])
    def test_the_class_says_whether_a_retry_can_help(
        self,
        harness: Harness,
        kind: RequestKind,
        token: str,
        decline_class: DeclineClass,
        code: str,
    ) -> None:
        """GTW-05: SOFT or HARD, the same again for the same key, nothing moved."""
        amount = 700 if kind is RequestKind.AUTHORIZE else 0
        request = GatewayRequest(kind, new_id(), amount, "EUR", METADATA, token)
        result = perform(harness.gateway, request)
        assert (result.outcome, result.decline_class) == (Outcome.DECLINED, decline_class)
        assert (result.code, result.approved_amount) == (code, 0)
        assert perform(harness.gateway, request) == result
        assert moved(harness, request.intent_id) is None


class TestPending:
    """GTW-06."""

    @pytest.mark.parametrize(
        ("token", "outcome"),
        [
            ("tok_pending_then_ok", Outcome.SUCCEEDED),
            ("tok_pending_then_fail", Outcome.DECLINED),
        ],
    )
    def test_a_poll_and_a_webhook_bring_the_same_end(
        self, harness: Harness, token: str, outcome: Outcome
    ) -> None:
        """GTW-06, ACC-044: pending until settled; nothing can be captured meanwhile."""
        request = authorize(token)
        pending = harness.gateway.authorize(request)
        assert pending.outcome is Outcome.PENDING
        assert harness.gateway.lookup(request.intent_id) == pending
        early = harness.gateway.capture(follow(RequestKind.CAPTURE, pending.reference, 1))
        assert (early.outcome, early.code) == (Outcome.DECLINED, "not_authorized")
        harness.settle()
        settled = harness.gateway.lookup(request.intent_id)
        assert (settled.outcome, settled.reference) == (outcome, pending.reference)
        events = [event_of(harness, hook) for hook in harness.received(request.intent_id, 2)]
        assert {event.result for event in events} == {pending, settled}
        assert (moved(harness, request.intent_id) is None) == (outcome is Outcome.DECLINED)
