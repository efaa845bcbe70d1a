"""What each operation on customers does with a checked call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from oms.customers import commands, decisions
from oms.customers.model import Customer, Profile, email_handle, phone_handle
from oms.customers.use_cases import Customers
from oms.kernel.codec import encode
from oms.kernel.context import Context
from oms.kernel.errors import PreconditionRequired
from oms_aws import wiring
from oms_aws.http import Call, Key, Operation, Reply
from oms_aws.http_actor import ORDERS_READ, ORDERS_WRITE
from oms_aws.shapes import Bare, Shape, to_command

from functions.customers import schemas

ALL = "/v1/customers"
ONE = f"{ALL}/{{code}}"


def create(call: Call) -> Reply:
    """Open a customer record."""
    shape: schemas.NewCustomer = call.body
    given = shape.model_copy()
    given.__pydantic_fields_set__.discard("code")
    command = commands.CreateCustomer(to_command(Profile, _profile(given)), shape.code)
    made = _customers().create(command, str(call.key), call.body_hash, _context(call))
    headers = {"Location": f"{ALL}/{made.customer.code}"}
    reply = _shown(made.customer, call)
    return Reply(reply, 201, made.customer.version, made.replayed, headers)


def listed(call: Call) -> Reply:
    """Customers by code, or those with an e-mail or a phone."""
    query: schemas.CustomersQuery = call.query
    store, company = wiring.customers(), call.actor.company
    found: tuple[Customer, ...]
    cursor = None
    if query.code is not None:
        one = store.get(company, query.code)
        found = () if one is None else (one,)
    elif query.email is not None:
        found = store.find(company, email_handle(query.email))
    elif query.phone is not None:
        found = store.find(company, phone_handle(query.phone))
    else:
        found, cursor = store.page(company, query.limit, query.cursor)
    return Reply({"customers": [_shown(c, call) for c in found], "cursor": cursor})


def read(call: Call) -> Reply:
    """One customer."""
    return _answer(_customers().read(call.path["code"], _context(call)), call)


def update(call: Call) -> Reply:
    """Replace what is known of a customer."""
    if call.expected_version is None:
        raise PreconditionRequired("IF_MATCH_REQUIRED", "send If-Match with the customer's ETag")
    return _execute(call, commands.ChangeProfile(to_command(Profile, _profile(call.body))))


def act(kind: type) -> Callable[[Call], Reply]:
    """What one verb does."""

    def run(call: Call) -> Reply:
        return _execute(call, to_command(kind, call.body))

    return run


def _execute(call: Call, command: object) -> Reply:
    ctx = _context(call)
    changed = _customers().execute(call.path["code"], command, call.expected_version, ctx)
    return _answer(changed, call)


def _profile(shape: schemas.ProfileShape) -> schemas.ProfileShape:
    """A payment without a token is one that keeps it."""
    for payment in shape.payments:
        if payment.token is None:
            payment.__pydantic_fields_set__.discard("token")
    return shape


def _answer(customer: Customer, call: Call) -> Reply:
    return Reply(_shown(customer, call), version=customer.version)


def _shown(customer: Customer, call: Call) -> dict[str, Any]:
    ctx = _context(call)
    seen: dict[str, Any] = encode(customer)
    seen.pop("createdWith", None)
    for payment in seen["profile"].get("payments", ()):
        payment.pop("token", None)
    allowed = []
    for name in decisions.ACTIONS:
        reasons = decisions.refusals(customer, name, ctx)
        rows = [encode(reason) for reason in reasons]
        allowed.append({"action": name, "allowed": not reasons, "reasons": rows})
    return {
        **seen, "version": customer.version, "state": decisions.state(customer, ctx),
        "blocked": customer.blocked is not None, "allowedActions": allowed,
    }  # fmt: skip


def _customers() -> Customers:
    return Customers(wiring.customers())


def _context(call: Call) -> Context:
    policy = wiring.settings().policy(call.actor.company)
    return Context(wiring.clock(), call.actor, call.correlation_id, policy)


def _verb(verb: str, words: str, kind: type, body: type[Shape]) -> Operation:
    return Operation(
        f"{verb}Customer", "POST", f"{ONE}/{verb}", ORDERS_WRITE, words, act(kind),
        {200: schemas.CustomerAnswer}, body=body, if_match=True,
    )  # fmt: skip


OPERATIONS = (
    Operation(
        "createCustomer", "POST", ALL, ORDERS_WRITE, "Create a customer", create,
        {201: schemas.CustomerAnswer}, body=schemas.NewCustomer, key=Key.REQUIRED,
    ),
    Operation(
        "listCustomers", "GET", ALL, ORDERS_READ, "List or find customers", listed,
        {200: schemas.CustomerList}, query=schemas.CustomersQuery,
    ),
    Operation(
        "getCustomer", "GET", ONE, ORDERS_READ, "Read a customer", read,
        {200: schemas.CustomerAnswer},
    ),
    Operation(
        "putCustomer", "PUT", ONE, ORDERS_WRITE, "Replace what is known of a customer", update,
        {200: schemas.CustomerAnswer}, body=schemas.ProfileShape, if_match=True,
    ),
    _verb("approve", "Approve a new customer", commands.ApproveCustomer, Bare),
    _verb("file", "File a customer", commands.FileCustomer, Bare),
    _verb("suspend", "Suspend a customer", commands.SuspendCustomer, schemas.WithReason),
    _verb("resume", "Let a customer go on", commands.ResumeCustomer, schemas.WithReason),
    _verb("block", "Block a customer", commands.BlockCustomer, schemas.WithReason),
    _verb("unblock", "End the block", commands.UnblockCustomer, schemas.WithReason),
)  # fmt: skip
