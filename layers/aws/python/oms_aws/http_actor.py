"""Who calls: an actor from the claims of a verified token, never from the body (API-02).

A channel or partner calls with an OAuth client's token: its scopes stand in the token, its company
and channel in the client's record. A person calls with a user's token: the groups are the roles,
and roles give scopes. The authorizer in front has checked signature, issuer, audience and expiry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from oms.kernel.context import Actor, ActorKind
from oms.kernel.errors import Forbidden
from oms.settings.model import Client

ORDERS_READ = "oms/orders.read"
ORDERS_WRITE = "oms/orders.write"
PAYMENTS_WRITE = "oms/payments.write"
FULFILLMENT_READ = "oms/fulfillment.read"
FULFILLMENT_WRITE = "oms/fulfillment.write"
INVENTORY_READ = "oms/inventory.read"
INVENTORY_WRITE = "oms/inventory.write"
ADMIN = "oms/admin"

_READ = frozenset({ORDERS_READ, FULFILLMENT_READ, INVENTORY_READ})
ROLE_SCOPES: Mapping[str, frozenset[str]] = {
    "admin": _READ | {ORDERS_WRITE, PAYMENTS_WRITE, FULFILLMENT_WRITE, INVENTORY_WRITE, ADMIN},
    "service_manager": _READ | {ORDERS_WRITE, PAYMENTS_WRITE},
    "service_agent": _READ | {ORDERS_WRITE},
    "warehouse": _READ | {FULFILLMENT_WRITE, INVENTORY_WRITE},
    "finance": _READ | {PAYMENTS_WRITE},
    "viewer": _READ,
}


class Unauthenticated(Exception):
    """The request carries no claims of a verified token."""


def actor_of(claims: Mapping[str, Any], client_of: Callable[[str], Client | None]) -> Actor:
    """The actor that verified claims name; raises `Unauthenticated` or `Forbidden`."""
    client_id = claims.get("client_id") or claims.get("aud")
    if not isinstance(client_id, str) or not client_id:
        raise Unauthenticated
    client = client_of(client_id)
    user = claims.get("username") or claims.get("cognito:username")
    company = claims.get("custom:company") or (client.company if client else None)
    if company is None:
        raise Forbidden("UNKNOWN_CLIENT", "this client is not registered with any company")
    if user is None:
        return _client(client_id, str(company), client, claims)
    roles = frozenset(_names(claims.get("cognito:groups")))
    return Actor(
        ActorKind.USER, str(claims.get("sub") or user), str(company), roles, _scopes(roles),
        sites=frozenset(_names(claims.get("custom:sites"))),
    )  # fmt: skip


def require(actor: Actor, scope: str) -> None:
    """Raise `Forbidden` unless the actor has the scope."""
    if scope not in actor.scopes:
        raise Forbidden("NO_PERMISSION", f"this needs the scope {scope}")


def _client(
    client_id: str, company: str, client: Client | None, claims: Mapping[str, Any]
) -> Actor:
    return Actor(
        ActorKind.CLIENT, client_id, company, frozenset(client.roles if client else ()),
        frozenset(_names(claims.get("scope"))), client.channel if client else None,
        frozenset(client.sites if client else ()),
    )  # fmt: skip


def _scopes(roles: frozenset[str]) -> frozenset[str]:
    return frozenset().union(*(ROLE_SCOPES.get(role, frozenset()) for role in roles))


def _names(claim: Any) -> list[str]:
    """A list claim: HTTP APIs hand lists over as `[a b]`, scopes are separated by spaces."""
    if isinstance(claim, (list, tuple)):
        return [str(name) for name in claim]
    return str(claim or "").strip("[]").replace(",", " ").split()
