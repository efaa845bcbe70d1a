"""What callers ask of customers. A lost race decides again on what is stored now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from oms.customers import commands, decisions
from oms.customers.model import Customer
from oms.customers.ports import CustomerStore
from oms.kernel.context import Context
from oms.kernel.errors import Conflict, NotFound, VersionConflict
from oms.kernel.ids import derive

ATTEMPTS = 5

DECISIONS: dict[type, tuple[str, Callable[..., Customer]]] = {
    commands.ChangeProfile: ("update", decisions.change_profile),
    commands.ApproveCustomer: ("approve", decisions.approve),
    commands.FileCustomer: ("file", decisions.file),
    commands.SuspendCustomer: ("suspend", decisions.suspend),
    commands.ResumeCustomer: ("resume", decisions.resume),
    commands.BlockCustomer: ("block", decisions.block),
    commands.UnblockCustomer: ("unblock", decisions.unblock),
}


@dataclass(frozen=True, slots=True)
class Created:
    """A customer, and whether the same request had created it before."""

    customer: Customer
    replayed: bool = False


class Customers:
    """Use cases on customers of the actor's company."""

    def __init__(self, store: CustomerStore) -> None:
        self._store = store

    def create(
        self, command: commands.CreateCustomer, key: str, body_hash: str, ctx: Context
    ) -> Created:
        """Open a customer record; the same key and body give the same one (API-03).

        Raises `Conflict` DUPLICATE_CUSTOMER where the code is taken.
        """
        company = ctx.actor.company
        code = command.code or derive("cus", company, ctx.actor.id, key)[-10:]
        request = f"{ctx.actor.id}#{key}#{body_hash}"
        customer = decisions.create(command, code, request, ctx)
        try:
            self._store.put(customer, None)
        except VersionConflict:
            return Created(self._known(company, code, request), replayed=True)
        return Created(customer)

    def read(self, code: str, ctx: Context) -> Customer:
        """The customer; raises `NotFound`."""
        found = self._store.get(ctx.actor.company, code)
        if found is None:
            raise NotFound("CUSTOMER_NOT_FOUND", f"no customer {code}")
        return found

    def execute(
        self, code: str, command: object, expected_version: int | None, ctx: Context
    ) -> Customer:
        """Apply one command; raises what the decision refuses with, `VersionConflict` where the
        caller's version is not the current one.
        """
        action, decide = DECISIONS[type(command)]
        for _ in range(ATTEMPTS):
            before = self.read(code, ctx)
            if expected_version not in (None, before.version):
                raise VersionConflict(f"the customer is at version {before.version}")
            decisions.permit(before, action, ctx)
            after = decide(before, command, ctx)
            if after is before:
                return before
            try:
                self._store.put(after, before)
            except VersionConflict:
                continue
            return after
        raise VersionConflict("the customer keeps changing; read it again")

    def _known(self, company: str, code: str, request: str) -> Customer:
        known = self._store.get(company, code)
        asked = "" if known is None else known.created_with or ""
        if known is not None and asked == request:
            return known
        if asked.rpartition("#")[0] == request.rpartition("#")[0]:
            raise Conflict("IDEMPOTENCY_MISMATCH", "this key was used with another body")
        raise Conflict("DUPLICATE_CUSTOMER", f"code {code} is taken", existing_id=code)
