"""The working copy of the payments while one decision is made; every claim is guarded here."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from oms.kernel.context import Context
from oms.kernel.errors import Refused
from oms.kernel.facts import Fact, Step
from oms.kernel.ids import derive
from oms.payments.balances import capturable, refundable
from oms.payments.facts import IntentCanceled, IntentCreated
from oms.payments.model import (
    Authorization,
    Capture,
    Intent,
    IntentKind,
    IntentState,
    Payments,
    Tender,
)


@dataclass(slots=True)
class Working:
    """`payments` as changed so far and the facts that say how."""

    payments: Payments
    ctx: Context
    facts: list[Fact] = field(default_factory=list)

    def step(self) -> Step[Payments]:
        """What the decision comes to."""
        return Step(self.payments, tuple(self.facts))

    def put(self, intent: Intent) -> None:
        """Replace the intent with that id."""
        intents = tuple(intent if i.id == intent.id else i for i in self.payments.intents)
        self.payments = replace(self.payments, intents=intents)

    def put_tender(self, tender: Tender) -> None:
        """Replace the tender with that id, or add it."""
        tenders = self.payments.tenders
        if all(known.id != tender.id for known in tenders):
            self.payments = replace(self.payments, tenders=(*tenders, tender))
            return
        changed = tuple(tender if known.id == tender.id else known for known in tenders)
        self.payments = replace(self.payments, tenders=changed)

    def put_authorization(self, tender_id: str, authorization: Authorization) -> None:
        """Replace or add an authorization of a tender."""
        tender = self.payments.tender(tender_id)
        others = [a for a in tender.authorizations if a.id != authorization.id]
        place = next(
            (n for n, a in enumerate(tender.authorizations) if a.id == authorization.id),
            len(others),
        )
        others.insert(place, authorization)
        self.put_tender(replace(tender, authorizations=tuple(others)))

    def put_capture(self, tender_id: str, capture: Capture) -> None:
        """Replace or add a capture of a tender."""
        tender = self.payments.tender(tender_id)
        others = [c for c in tender.captures if c.id != capture.id]
        place = next((n for n, c in enumerate(tender.captures) if c.id == capture.id), len(others))
        others.insert(place, capture)
        self.put_tender(replace(tender, captures=tuple(others)))

    def claim(self, template: Intent) -> Intent:
        """Create an intent like `template` under its guard (PAY-100); its id is given here.

        The id counts the intents of the order, so one decision repeated on the same record makes
        the same intent. Raises `Refused` BALANCE_EXCEEDED (PAY-30, REF-01).
        """
        self._guard(template)
        intent_id = derive("int", template.payment_id, len(self.payments.intents))
        intent = replace(template, id=intent_id)
        self.payments = replace(self.payments, intents=(*self.payments.intents, intent))
        self.facts.append(
            IntentCreated(
                intent.payment_id, intent.id, intent.amount, intent.kind.value, intent.credit_id,
                intent.source,
            )
        )  # fmt: skip
        return intent

    def wish(self, kind: IntentKind, tender: Tender, amount: int) -> Intent:
        """An intent to send now, not claimed yet."""
        return Intent("", tender.id, kind, amount, self.ctx.now, next_at=self.ctx.now)

    def cancel(self, intent: Intent) -> None:
        """Give an unsent claim up (PAY-107)."""
        self.put(replace(intent, state=IntentState.CANCELED, next_at=None))
        self.facts.append(
            IntentCanceled(intent.payment_id, intent.id, intent.amount, intent.kind.value)
        )

    def supersede(self, *kinds: IntentKind) -> None:
        """Somebody acts: declined intents of these kinds are not tried again by themselves."""
        for intent in self.payments.intents:
            if intent.kind in kinds and intent.state.final and intent.next_at:
                self.put(replace(intent, next_at=None))

    def _guard(self, wanted: Intent) -> None:
        tender = self.payments.tender(wanted.payment_id)
        if wanted.kind is IntentKind.CAPTURE and tender.gateway:
            percent = self.ctx.policy.overcapture_percent
            left = sum(
                capturable(self.payments, tender, a, percent)
                for a in tender.authorizations
                if a.reference == wanted.parent_reference
            )
        elif wanted.kind is IntentKind.REFUND:
            left = sum(
                refundable(self.payments, tender, c)
                for c in tender.captures
                if c.reference == wanted.parent_reference
            )
        else:
            return
        if wanted.amount > left or wanted.amount <= 0:
            raise exceeded(wanted.amount, left, tender.id)


def exceeded(amount: int, left: int, payment_id: str) -> Refused:
    """The refusal of an amount above what is left."""
    return Refused.because(
        "BALANCE_EXCEEDED", f"{amount} minor units wanted, {left} left", payment_id
    )
