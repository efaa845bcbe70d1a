"""Decisions on customers. Each gives the next version of the record with its fact in the history;
what changes nothing gives the record as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from oms.customers import commands
from oms.customers.facts import CustomerChanged, CustomerCreated
from oms.customers.model import Customer, CustomerMark, Profile, SavedPayment
from oms.kernel.codec import encode
from oms.kernel.context import Context
from oms.kernel.errors import Malformed, Problem, Reason, Refused
from oms.kernel.facts import Fact, StoredFact
from oms.kernel.ids import derive

ACTIONS = ("update", "approve", "file", "suspend", "resume", "block", "unblock")
DIGITS_OF_A_CARD = range(13, 20)


def state(customer: Customer, ctx: Context) -> str:
    """ENT-12, first match; a step that was switched off holds nobody (WFL-13, WFL-14)."""
    if customer.suspended is not None:
        return "SUSPENDED"
    if ctx.policy.customer_approval and customer.approved_at is None:
        return "AWAITING_APPROVAL"
    if ctx.policy.customer_filing and customer.filed_at is None:
        return "AWAITING_FILING"
    return "ACTIVE"


def create(command: commands.CreateCustomer, code: str, key: str, ctx: Context) -> Customer:
    """A new customer; `key` names the request that asked for it."""
    _check(command.profile)
    customer = Customer(
        derive("cus", ctx.actor.company, code), ctx.actor.company, code, command.profile, ctx.now,
        ctx.actor.label, None if ctx.policy.customer_approval else ctx.now,
        None if ctx.policy.customer_filing else ctx.now, created_with=key,
    )  # fmt: skip
    return _next(customer, CustomerCreated(customer.id, state(customer, ctx)), ctx)


def change_profile(customer: Customer, command: commands.ChangeProfile, ctx: Context) -> Customer:
    """Replace the profile."""
    _check(command.profile)
    payments = _with_tokens(command.profile.payments, customer.profile.payments)
    profile = replace(command.profile, payments=payments)
    if profile == customer.profile:
        return customer
    return _changed(replace(customer, profile=profile), "profile", None, ctx)


def approve(customer: Customer, command: commands.ApproveCustomer, ctx: Context) -> Customer:
    """Approve (WFL-13); nobody approves a customer whom one has entered (APV-02)."""
    if customer.approved_at is not None:
        return customer
    return _changed(replace(customer, approved_at=ctx.now), "approved", None, ctx)


def file(customer: Customer, command: commands.FileCustomer, ctx: Context) -> Customer:
    """File (WFL-13)."""
    return _changed(replace(customer, filed_at=ctx.now), "filed", None, ctx)


def suspend(customer: Customer, command: commands.SuspendCustomer, ctx: Context) -> Customer:
    """Suspend, with a reason."""
    mark = CustomerMark(ctx.actor.label, ctx.now, command.reason)
    return _changed(replace(customer, suspended=mark), "suspended", command.reason, ctx)


def resume(customer: Customer, command: commands.ResumeCustomer, ctx: Context) -> Customer:
    """End the suspension."""
    return _changed(replace(customer, suspended=None), "suspended", command.reason, ctx)


def block(customer: Customer, command: commands.BlockCustomer, ctx: Context) -> Customer:
    """Block, with a reason."""
    mark = CustomerMark(ctx.actor.label, ctx.now, command.reason)
    return _changed(replace(customer, blocked=mark), "blocked", command.reason, ctx)


def unblock(customer: Customer, command: commands.UnblockCustomer, ctx: Context) -> Customer:
    """End the block."""
    return _changed(replace(customer, blocked=None), "blocked", command.reason, ctx)


def refusals(customer: Customer, action: str, ctx: Context) -> tuple[Reason, ...]:
    """Every reason that forbids `action` now: the same table lists what is allowed (ACT-02)."""
    now, found = state(customer, ctx), list[tuple[bool, str, str]]()
    match action:
        case "approve":
            own = customer.created_by == ctx.actor.label
            waits = customer.approved_at is not None or now == "AWAITING_APPROVAL"
            found.append((not waits, "STATE", "the customer does not wait for approval"))
            found.append((own, "NO_PERMISSION", "whoever entered a customer does not approve it"))
        case "file":
            found.append((now != "AWAITING_FILING", "STATE", "it does not wait for filing"))
        case "suspend":
            found.append((customer.suspended is not None, "STATE", "it is suspended"))
        case "resume":
            found.append((customer.suspended is None, "STATE", "it is not suspended"))
        case "block":
            found.append((customer.blocked is not None, "STATE", "it is blocked"))
        case "unblock":
            found.append((customer.blocked is None, "STATE", "it is not blocked"))
        case _:
            return ()
    return tuple(Reason(code, text, customer.id) for holds, code, text in found if holds)


def permit(customer: Customer, action: str, ctx: Context) -> None:
    """Raise `Refused` where the table does not allow `action` now."""
    reasons = refusals(customer, action, ctx)
    if reasons:
        raise Refused(reasons[0].code, f"{action}: {reasons[0].message}", reasons=reasons)


def _check(profile: Profile) -> None:
    if not any((profile.name, profile.company_name, profile.email, profile.phones)):
        problem = Problem("name", "REQUIRED", "a name, company name, e-mail or phone is expected")
        raise Malformed("CUSTOMER_UNNAMED", "nobody can tell who this is", [problem])
    for place, payment in enumerate(profile.payments):
        if payment.token.isdigit() and len(payment.token) in DIGITS_OF_A_CARD:
            problem = Problem(f"payments[{place}].token", "CARD_NUMBER", "a token is expected")
            raise Malformed("CARD_NUMBER", "card numbers are not accepted", [problem])


def _with_tokens(
    given: Sequence[SavedPayment], known: Sequence[SavedPayment]
) -> tuple[SavedPayment, ...]:
    """Readers never see a token, so a payment that came back without it keeps it (PAY-05)."""
    tokens = {(p.method, p.brand, p.last_four, p.expiry): p.token for p in known}
    found = []
    for place, payment in enumerate(given):
        same = (payment.method, payment.brand, payment.last_four, payment.expiry)
        token = payment.token or tokens.get(same)
        if not token:
            problem = Problem(f"payments[{place}].token", "REQUIRED", "a token is expected")
            raise Malformed("INVALID_REQUEST", "a saved payment needs its token", [problem])
        found.append(replace(payment, token=token))
    return tuple(found)


def _changed(customer: Customer, what: str, reason: str | None, ctx: Context) -> Customer:
    return _next(customer, CustomerChanged(customer.id, what, state(customer, ctx), reason), ctx)


def _next(customer: Customer, fact: Fact, ctx: Context) -> Customer:
    seq, version = len(customer.history) + 1, customer.version + 1
    data = encode(fact)
    del data["recordId"]
    stored = StoredFact(
        derive("fct", customer.id, seq), fact.TYPE, fact.RECORD, customer.id, seq, version,
        ctx.now, ctx.actor.label, ctx.cause_id, data,
    )  # fmt: skip
    return replace(
        customer, history=(*customer.history, stored), version=version, updated_at=ctx.now,
        updated_by=ctx.actor.label,
    )  # fmt: skip
