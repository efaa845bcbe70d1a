"""Sessions of people at the console: the fake and DynamoDB must behave alike.

Cites `security.sessionMinutes` (sessions end).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws
from oms_aws.sessions import LIFETIME, Sessions

from tests.fakes.sessions import MemorySessions

START = datetime(2026, 3, 1, 10, tzinfo=UTC)
CLAIMS = {"sub": "id-ana", "cognito:groups": ["viewer"], "exp": 1_772_362_800}


@dataclass
class Desk:
    """Sessions and the clock they read."""

    sessions: Any = None
    client: Any = None
    now: datetime = START

    def clock(self) -> datetime:
        return self.now


@pytest.fixture(params=["fake", "dynamodb"])
def desk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    found = Desk()
    if request.param == "fake":
        found.sessions = MemorySessions(found.clock)
        yield found
        return
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        found.client = boto3.client("dynamodb", region_name="us-east-1")
        found.client.create_table(
            TableName="sessions", BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        )  # fmt: skip
        found.sessions = Sessions(found.client, "sessions", found.clock)
        yield found


def test_a_session_is_found_by_its_name_with_its_claims(desk: Desk) -> None:
    name = desk.sessions.open(CLAIMS)
    found = desk.sessions.find(name)
    assert (found.claims, found.expires_at) == (CLAIMS, START + LIFETIME)
    assert len(found.csrf) >= 32
    assert desk.sessions.find("another") is None


def test_names_and_secrets_are_never_the_same(desk: Desk) -> None:
    names = [desk.sessions.open(CLAIMS) for _ in range(3)]
    assert len({*names, *(desk.sessions.find(name).csrf for name in names)}) == 6


def test_a_session_ends_at_its_time_even_while_its_row_is_there(desk: Desk) -> None:
    name = desk.sessions.open(CLAIMS)
    desk.now = START + LIFETIME - timedelta(seconds=1)
    assert desk.sessions.find(name) is not None
    desk.now = START + LIFETIME
    assert desk.sessions.find(name) is None


def test_a_closed_session_is_gone_and_closing_again_is_harmless(desk: Desk) -> None:
    kept, closed = desk.sessions.open(CLAIMS), desk.sessions.open(CLAIMS)
    desk.sessions.close(closed)
    desk.sessions.close(closed)
    assert desk.sessions.find(closed) is None
    assert desk.sessions.find(kept) is not None


def test_the_table_does_not_hold_what_the_browser_holds(desk: Desk) -> None:
    name = desk.sessions.open(CLAIMS)
    if desk.client is not None:
        (row,) = desk.client.scan(TableName="sessions")["Items"]
        assert row["pk"]["S"] == hashlib.sha256(name.encode()).hexdigest()
        assert name not in json.dumps(row)
        assert int(row["expiresAt"]["N"]) == int((START + LIFETIME).timestamp())
