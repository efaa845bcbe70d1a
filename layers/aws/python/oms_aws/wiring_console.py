"""What only the console talks to: sessions and the user pool."""

from __future__ import annotations

import os
from functools import cache

import boto3
from botocore import UNSIGNED
from botocore.config import Config

from oms_aws.sessions import Sessions
from oms_aws.sign_in import SignIn
from oms_aws.wiring import clock, dynamodb

_PUBLIC = Config(
    signature_version=UNSIGNED, connect_timeout=2, read_timeout=5,
    retries={"mode": "standard", "max_attempts": 3},
)  # fmt: skip


@cache
def sessions() -> Sessions:
    """Sessions of people at the console."""
    return Sessions(dynamodb(), os.environ["SESSIONS_TABLE"], clock)


@cache
def sign_in() -> SignIn:
    """The user pool; its public calls are not signed."""
    return SignIn(boto3.client("cognito-idp", config=_PUBLIC), os.environ["STAFF_CLIENT_ID"])
