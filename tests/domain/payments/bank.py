"""A gateway that tells the truth: it carries each key out once and keeps to its limits.

What it does and what it answers are two things: the test says which answer gets lost.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from oms.payments.gateway import (
    DeclineClass,
    GatewayRequest,
    GatewayResult,
    Outcome,
    RequestKind,
)

UNKNOWN = GatewayResult(Outcome.UNKNOWN)
UNREACHABLE = GatewayResult(Outcome.UNREACHABLE)
SOFT = GatewayResult(Outcome.DECLINED, decline_class=DeclineClass.SOFT, code="insufficient_funds")
HARD = GatewayResult(Outcome.DECLINED, decline_class=DeclineClass.HARD, code="lost_card")
PENDING = GatewayResult(Outcome.PENDING, reference="later")


@dataclass
class Bank:
    """`results` per key; `held`, `taken` and `given` are amounts per reference."""

    results: dict[str, GatewayResult] = field(default_factory=dict)
    held: Counter[str] = field(default_factory=Counter)
    used: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)
    given: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)

    def perform(self, request: GatewayRequest, plan: GatewayResult | None = None) -> GatewayResult:
        """Carry a key out once; `plan` is a decline or PENDING that this key gets instead."""
        key = request.intent_id
        self.calls[key] += 1
        if key not in self.results:
            self.results[key] = plan or self._move(request)
        return self.results[key]

    def finish(self, request: GatewayRequest) -> GatewayResult:
        """Let a pending key succeed after all."""
        if self.results[request.intent_id].outcome is not Outcome.SUCCEEDED:
            self.results[request.intent_id] = self._move(request)
        return self.results[request.intent_id]

    def lookup(self, key: str) -> GatewayResult:
        """What became of a key."""
        return self.results.get(key, GatewayResult(Outcome.NEVER_SEEN))

    def _move(self, request: GatewayRequest) -> GatewayResult:
        reference, parent = f"ref-{request.intent_id}", request.parent_reference or ""
        if request.kind is RequestKind.AUTHORIZE:
            self.held[reference] = request.amount
        elif request.kind is RequestKind.CAPTURE:
            if self.used[parent] + request.amount > self.held[parent]:
                return HARD
            self.used[parent] += request.amount
            self.taken[reference] = request.amount
            if request.final_capture:
                self.held[parent] = self.used[parent]
        elif request.kind is RequestKind.REFUND:
            if self.given[parent] + request.amount > self.taken[parent]:
                return HARD
            self.given[parent] += request.amount
        else:
            self.held[parent] = self.used[parent]
        return GatewayResult(Outcome.SUCCEEDED, reference, request.amount)
