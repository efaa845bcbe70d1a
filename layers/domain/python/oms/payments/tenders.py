"""Means of payment as they are attached to an order: at acceptance and later."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from oms.kernel.context import Context
from oms.kernel.errors import Malformed, Problem
from oms.kernel.facts import Step
from oms.kernel.ids import derive
from oms.kernel.policy import CaptureTiming
from oms.payments.balances import ON_CREDIT, MoneyView, shortfall
from oms.payments.commands import AddTender
from oms.payments.gateway import resembles_card_number
from oms.payments.model import IntentKind, Method, Payments, Tender
from oms.payments.results import book
from oms.payments.working import Working, exceeded

DRAW_ORDER: dict[str, int] = {
    Method.GIFT_CARD: 10, Method.STORE_CREDIT: 20, Method.EXTERNAL: 30, Method.BANK_TRANSFER: 30,
    Method.CARD: 40, Method.WALLET: 40, Method.COD: 50, Method.TERMS: 60,
}  # fmt: skip
DEFAULT_DRAW = 40
"""Custom methods draw like cards."""
TAKEN = (Method.CASH.value, Method.CHECK.value, Method.EXTERNAL.value)
"""Without a gateway the money of these is in hand when the order arrives (PAY-01)."""


class TenderSpec(Protocol):
    """A tender as the channel sends it; `limit` None means the whole rest."""

    @property
    def method(self) -> str: ...
    @property
    def token(self) -> str | None: ...
    @property
    def limit(self) -> int | None: ...
    @property
    def brand(self) -> str | None: ...
    @property
    def last_four(self) -> str | None: ...
    @property
    def expiry(self) -> str | None: ...
    @property
    def reference(self) -> str | None: ...
    @property
    def draw_order(self) -> int | None: ...
    @property
    def refund_order(self) -> int | None: ...


def open_tenders(
    tenders: Sequence[TenderSpec], total: int, order_id: str, currency: str,
    gateways: Mapping[str, str], ctx: Context, *, ask: bool = True,
) -> Step[Payments]:  # fmt: skip
    """Attach the tenders of a new order and, where we are to `ask`, the authorizations due at
    acceptance.

    Each tender, in draw order, covers what those before it leave of `total` up to its limit
    (PAY-10, PAY-11); a zero total asks nothing (PAY-06). Raises `Malformed` for a card number in
    place of a token (PAY-05).
    """
    work = Working(Payments(order_id=order_id, currency=currency, gateways=dict(gateways)), ctx)
    shares: dict[str, int] = {}
    ranked = sorted(range(len(tenders)), key=lambda n: (_draw_order(tenders[n]), n))
    rest = total
    for place in ranked:
        limit = tenders[place].limit
        share = rest if limit is None else min(rest, limit)
        shares[derive("pay", order_id, place)] = share
        rest -= share
    for place, spec in enumerate(tenders):
        payment_id = derive("pay", order_id, place)
        limit = shares[payment_id] if spec.limit is None else spec.limit
        tender = Tender(
            payment_id, spec.method, gateways.get(spec.method), limit, _draw_order(spec),
            _refund_order(spec), safe_token(spec.token, f"tenders[{place}].token"), spec.brand,
            spec.last_four, full_expiry(spec.expiry), spec.reference,
        )  # fmt: skip
        work.put_tender(tender)
        if ask:
            _start(work, tender, limit if spec.method in TAKEN else shares[payment_id])
    return work.step()


def remap(
    payments: Payments, codes: Mapping[str, str], gateways: Mapping[str, str], total: int,
    ctx: Context,
) -> Step[Payments]:  # fmt: skip
    """Translate methods that a corrected table knows now, and ask for each what acceptance would
    have asked (INT-06); `total` is the order's, in minor units.
    """
    work = Working(replace(payments, gateways=dict(gateways)), ctx)
    rest = total
    for tender in sorted(payments.tenders, key=lambda tender: tender.draw_order):
        share = min(rest, tender.limit)
        rest -= share
        method = codes.get(tender.method)
        if method is None or tender.method in codes.values():
            continue
        draw = DRAW_ORDER.get(method, DEFAULT_DRAW)
        known = replace(
            tender, method=method, gateway=gateways.get(method), draw_order=draw,
            refund_order=100 - draw,
        )  # fmt: skip
        work.put_tender(known)
        _start(work, known, share)
    return work.step()


def value(payments: Payments, currency: str, total: int, ctx: Context) -> Step[Payments]:
    """Ask of each tender what acceptance could not, now that the order is worth `total` (INT-05).

    A tender without limit covers the whole rest, as at acceptance (PAY-11).
    """
    work = Working(replace(payments, currency=currency), ctx)
    asked = {intent.payment_id for intent in payments.intents}
    rest = total
    for tender in sorted(payments.tenders, key=lambda tender: tender.draw_order):
        share = min(rest, tender.limit) if tender.limit else rest
        rest -= share
        if tender.id not in asked:
            known = replace(tender, limit=tender.limit or share)
            work.put_tender(known)
            _start(work, known, share)
    return work.step()


def add_tender(
    payments: Payments, command: AddTender, ctx: Context, money: MoneyView
) -> Step[Payments]:
    """Attach another means of payment for what is not covered (PAY-07).

    Raises `Refused` BALANCE_EXCEEDED once everything is covered, `Malformed` UNMAPPED_CODE for a
    method that no gateway serves.
    """
    work = Working(payments, ctx)
    missing = shortfall(payments, money, ctx)
    amount = missing if command.limit is None else min(command.limit, missing)
    payment_id = derive("pay", payments.order_id, len(payments.tenders))
    if amount <= 0:
        raise exceeded(command.limit or 0, missing, payment_id)
    gateway = _serving(payments, command)
    draw = DRAW_ORDER.get(command.method, DEFAULT_DRAW)
    tender = Tender(
        payment_id, command.method, gateway, amount, draw, 100 - draw,
        safe_token(command.token, "token"), command.brand, command.last_four,
        full_expiry(command.expiry), command.reference, customer=command.customer,
    )  # fmt: skip
    work.put_tender(tender)
    work.supersede(IntentKind.AUTHORIZE, IntentKind.CAPTURE)
    if gateway:
        wish = work.wish(IntentKind.AUTHORIZE, tender, amount)
        work.claim(replace(wish, then_capture=command.capture))
    elif command.method in TAKEN:
        book(work, work.claim(work.wish(IntentKind.CAPTURE, tender, amount)))
    return work.step()


def _serving(payments: Payments, command: AddTender) -> str | None:
    """The gateway of a new payment: it must exist first (PAY-01)."""
    if command.gateway and command.gateway not in payments.gateways.values():
        problem = Problem("gateway", "UNMAPPED_CODE", "no method of the channel uses it")
        raise Malformed("UNMAPPED_CODE", f"there is no gateway {command.gateway!r}", [problem])
    gateway = command.gateway or payments.gateways.get(command.method)
    if gateway is None and command.method not in (*TAKEN, *ON_CREDIT):
        problem = Problem("method", "UNMAPPED_CODE", "no gateway serves this method")
        raise Malformed("UNMAPPED_CODE", f"method {command.method!r} has no gateway", [problem])
    return gateway


def full_expiry(text: str | None) -> str | None:
    """`12/27` as `12/2027`: two-digit years are 20xx (PAY-05)."""
    match = re.fullmatch(r"(\d{2})/(\d{2})", text or "")
    return f"{match[1]}/20{match[2]}" if match else text


def _start(work: Working, tender: Tender, amount: int) -> None:
    if amount <= 0:
        return
    on_order = work.ctx.policy.capture_timing is CaptureTiming.ON_ORDER
    if tender.gateway and (on_order or work.ctx.policy.order_authorization):
        wish = work.wish(IntentKind.AUTHORIZE, tender, amount)
        work.claim(replace(wish, then_capture=on_order))
    elif tender.gateway is None and tender.method in TAKEN:
        book(work, work.claim(work.wish(IntentKind.CAPTURE, tender, amount)))


def _draw_order(spec: TenderSpec) -> int:
    if spec.draw_order is not None:
        return spec.draw_order
    return DRAW_ORDER.get(spec.method, DEFAULT_DRAW)


def _refund_order(spec: TenderSpec) -> int:
    return 100 - _draw_order(spec) if spec.refund_order is None else spec.refund_order


def safe_token(token: str | None, path: str) -> str | None:
    """The token; raises `Malformed` for a card number in its place (PAY-05)."""
    if token and resembles_card_number(token):
        problem = Problem(path, "CARD_NUMBER", "a gateway token is expected")
        raise Malformed("CARD_NUMBER", "card numbers are not accepted", [problem])
    return token
