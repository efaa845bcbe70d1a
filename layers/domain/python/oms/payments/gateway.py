"""The payment gateway port (GTW-02): what the product asks of any gateway and what it may hear
back.

A request is sent under the id of its payment intent, which is the gateway's idempotency key, so
sending it again is always safe (GTW-01). An answer, a webhook and a lookup all carry the same
`GatewayResult`; whoever comes first settles the intent with it.

    outcome      meaning                                            what the intent does next
    SUCCEEDED    the gateway did it                                 final
    DECLINED     the gateway refused it; nothing moved              final; SOFT may be tried anew
    PENDING      the gateway will tell later                        polls (GTW-06)
    UNKNOWN      sent, and nobody can tell whether it happened      looks the key up (GTW-04)
    UNREACHABLE  certainly not carried out, not a decline either    resends the same key (GTW-03)
    NEVER_SEEN   lookup only: the gateway does not know the key     resends the same key (GTW-04)
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class RequestKind(StrEnum):
    """What a gateway is asked to do."""

    AUTHORIZE = "AUTHORIZE"
    CAPTURE = "CAPTURE"
    REFUND = "REFUND"
    VOID = "VOID"
    VERIFY = "VERIFY"


class Outcome(StrEnum):
    """How a request ended, as far as can be known now (see the table above)."""

    SUCCEEDED = "SUCCEEDED"
    DECLINED = "DECLINED"
    PENDING = "PENDING"
    UNKNOWN = "UNKNOWN"
    UNREACHABLE = "UNREACHABLE"
    NEVER_SEEN = "NEVER_SEEN"


class DeclineClass(StrEnum):
    """SOFT may succeed later (funds, issuer busy); HARD never will with this card (GTW-05)."""

    SOFT = "SOFT"
    HARD = "HARD"


class WebhookRefusalReason(StrEnum):
    """Why a webhook was not accepted. Only UNSUPPORTED comes from an authentic sender."""

    SIGNATURE_MISSING = "SIGNATURE_MISSING"
    SIGNATURE_INVALID = "SIGNATURE_INVALID"
    TIMESTAMP_REJECTED = "TIMESTAMP_REJECTED"
    MALFORMED = "MALFORMED"
    UNSUPPORTED = "UNSUPPORTED"


@dataclass(frozen=True, slots=True)
class GatewayMetadata:
    """The ids that travel with a request and come back in its webhook; never personal data.

    `order_id` is absent for a payment that belongs to no order (PAY-04).
    """

    company: str
    payment_id: str
    order_id: str | None = None


_NEEDS_TOKEN = frozenset({RequestKind.AUTHORIZE, RequestKind.VERIFY})
_NEEDS_PARENT = frozenset({RequestKind.CAPTURE, RequestKind.REFUND, RequestKind.VOID})
_MOVES_MONEY = frozenset({RequestKind.AUTHORIZE, RequestKind.CAPTURE, RequestKind.REFUND})


@dataclass(frozen=True, slots=True)
class GatewayRequest:
    """One request to a gateway.

    `amount` is in minor units of `currency`: positive for AUTHORIZE, CAPTURE and REFUND, zero for
    VERIFY and VOID. `parent_reference` is the authorization for a capture or a void and the capture
    for a refund. `final_capture` releases what is left of the authorization (PAY-15).
    Raises ValueError when these rules are broken or the token resembles a card number (PAY-05).
    """

    kind: RequestKind
    intent_id: str
    amount: int
    currency: str
    metadata: GatewayMetadata
    payment_token: str | None = field(default=None, repr=False)
    parent_reference: str | None = None
    final_capture: bool = False

    def __post_init__(self) -> None:
        if self.kind in _NEEDS_TOKEN and not self.payment_token:
            raise ValueError(f"{self.kind} needs a payment token")
        if self.kind in _NEEDS_PARENT and not self.parent_reference:
            raise ValueError(f"{self.kind} needs a parent reference")
        if (self.amount > 0) != (self.kind in _MOVES_MONEY) or self.amount < 0:
            raise ValueError(f"{self.kind} cannot have amount {self.amount}")
        if self.payment_token and resembles_card_number(self.payment_token):
            raise ValueError("the payment token resembles a card number")


@dataclass(frozen=True, slots=True)
class GatewayResult:
    """What is known about a request.

    `approved_amount` (minor units) may be less than asked for (GTW-08) and is zero unless
    SUCCEEDED;
    for a void it is the amount released. `expires_at` is the end of an authorization, absent if the
    gateway names none. `code` is the gateway's or the adapter's reason, for people and filters.
    """

    outcome: Outcome
    reference: str | None = None
    approved_amount: int = 0
    expires_at: datetime | None = None
    decline_class: DeclineClass | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """A verified notification. `event_id` is the key to ignore duplicates by (GTW-07).

    `intent_id` and `metadata` are absent if the gateway moved money that nobody here asked for:
    an orphan payment. `amount` is what was asked for, in minor units of `currency`.
    """

    event_id: str
    kind: RequestKind
    result: GatewayResult
    amount: int
    currency: str
    occurred_at: datetime
    intent_id: str | None = None
    parent_reference: str | None = None
    metadata: GatewayMetadata | None = None


@dataclass(frozen=True, slots=True)
class WebhookRefusal:
    """A notification that must not be acted on."""

    reason: WebhookRefusalReason


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a gateway can do; the product plans around a False instead of trying."""

    multi_capture: bool = False
    overcapture: bool = False
    partial_authorization: bool = False
    refund_without_capture: bool = False
    asynchronous: bool = False
    lookup: bool = False


class Gateway(Protocol):
    """A payment gateway. Methods make one attempt and never raise for what a gateway can do."""

    @property
    def test_mode(self) -> bool:
        """True if no real money moves; see `may_serve`."""

    @property
    def capabilities(self) -> Capabilities:
        """What this gateway supports."""

    def authorize(self, request: GatewayRequest) -> GatewayResult:
        """Reserve an amount on the token; the reference is what captures and voids name."""

    def capture(self, request: GatewayRequest) -> GatewayResult:
        """Take money from an authorization; the reference is what refunds name."""

    def refund(self, request: GatewayRequest) -> GatewayResult:
        """Give captured money back."""

    def void(self, request: GatewayRequest) -> GatewayResult:
        """Release what is left of an authorization."""

    def verify(self, request: GatewayRequest) -> GatewayResult:
        """Check a token with a zero amount (PAY-24)."""

    def lookup(self, intent_id: str) -> GatewayResult:
        """Ask what became of a request; NEVER_SEEN if the gateway does not know it."""

    def parse_webhook(
        self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]
    ) -> WebhookEvent | WebhookRefusal:
        """Verify a raw notification against any of the active secrets and read it."""


def perform(gateway: Gateway, request: GatewayRequest) -> GatewayResult:
    """Send a request by the method its kind names."""
    match request.kind:
        case RequestKind.AUTHORIZE:
            return gateway.authorize(request)
        case RequestKind.CAPTURE:
            return gateway.capture(request)
        case RequestKind.REFUND:
            return gateway.refund(request)
        case RequestKind.VOID:
            return gateway.void(request)
        case RequestKind.VERIFY:
            return gateway.verify(request)


def may_serve(gateway: Gateway, *, live_order: bool) -> bool:
    """Whether an order may be paid through this gateway: a live one refuses a test gateway."""
    return not (live_order and gateway.test_mode)


_CARD_NUMBER = re.compile(r"(?<!\d)(?:\d[ -]?){12,18}\d(?!\d)")


def resembles_card_number(text: str) -> bool:
    """Whether the text holds 13 to 19 digits in a row, spaces and dashes between them allowed."""
    return _CARD_NUMBER.search(text) is not None
