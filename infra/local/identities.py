"""Demo users, one for each staff role, and the credentials of the channels' OAuth clients."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

ROLES = ("admin", "service_agent", "service_manager", "warehouse", "finance", "viewer")
CLIENTS = ("web", "mobile", "marketplace", "store", "wms", "admin")
DEMO_PASSWORD = "Throughline-demo-1"  # noqa: S105 - a demo password of the laptop cloud


@dataclass(frozen=True)
class DemoUser:
    """A member of staff with one role."""

    username: str
    password: str


@dataclass(frozen=True)
class OAuthClient:
    """What a channel or partner system signs in with."""

    id: str
    secret: str


def create_users(cognito: "CognitoIdentityProviderClient", pool: str) -> dict[str, DemoUser]:
    """Create a confirmed user for each role, named like the role."""
    for role in ROLES:
        cognito.admin_create_user(UserPoolId=pool, Username=role, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(
            UserPoolId=pool, Username=role, Password=DEMO_PASSWORD, Permanent=True
        )
        cognito.admin_add_user_to_group(UserPoolId=pool, Username=role, GroupName=role)
    return {role: DemoUser(role, DEMO_PASSWORD) for role in ROLES}


def read_clients(
    cognito: "CognitoIdentityProviderClient", pool: str, outputs: dict[str, str]
) -> dict[str, OAuthClient]:
    """Ids and secrets of the OAuth clients the template declares."""
    clients = {}
    for name in CLIENTS:
        client_id = outputs[f"{name.capitalize()}ClientId"]
        found = cognito.describe_user_pool_client(UserPoolId=pool, ClientId=client_id)
        clients[name] = OAuthClient(client_id, found["UserPoolClient"]["ClientSecret"])
    return clients
