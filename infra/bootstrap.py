"""The first step after a deployment: say which company its clients act for.

    python -m infra.bootstrap --stack throughline --company acme [--admin ana]

A deployment knows no company: until its OAuth clients and the staff client are registered, every
call is refused with UNKNOWN_CLIENT. `--admin` creates a first member of staff with all rights;
Cognito sends the first password. Everything else is configured over the API. Repeating it changes
nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError
from oms.settings.model import Client
from oms_aws.settings import DynamoSettings

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp.client import CognitoIdentityProviderClient

CHANNELS = frozenset({"web", "mobile", "marketplace", "store"})
"""OAuth clients of the template that sell; each is bound to the channel of its name."""

_ENDING = "ClientId"


def register(settings: DynamoSettings, outputs: Mapping[str, str], company: str) -> list[str]:
    """Let every client of a stack act for `company`; returns their names."""
    names = []
    for output, client_id in sorted(outputs.items()):
        if output.endswith(_ENDING):
            name = output.removesuffix(_ENDING).lower()
            settings.put_client(Client(client_id, company, name if name in CHANNELS else None))
            names.append(name)
    return names


def create_admin(cognito: CognitoIdentityProviderClient, pool: str, name: str) -> None:
    """Create a member of staff with all rights, or give them to one who is there."""
    try:
        cognito.admin_create_user(UserPoolId=pool, Username=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "UsernameExistsException":
            raise
    cognito.admin_add_user_to_group(UserPoolId=pool, Username=name, GroupName="admin")


def main(arguments: list[str] | None = None) -> None:
    """Register the clients of a stack in the account that the environment names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--stack", required=True)
    parser.add_argument("--company", required=True)
    parser.add_argument("--admin")
    given = parser.parse_args(arguments)
    (stack,) = boto3.client("cloudformation").describe_stacks(StackName=given.stack)["Stacks"]
    outputs = {row["OutputKey"]: row["OutputValue"] for row in stack.get("Outputs", [])}
    settings = DynamoSettings(boto3.client("dynamodb"), outputs["SettingsTableName"])
    print(f"{given.company}: {', '.join(register(settings, outputs, given.company))}")
    if given.admin:
        create_admin(boto3.client("cognito-idp"), outputs["UserPoolId"], given.admin)


if __name__ == "__main__":
    main()
