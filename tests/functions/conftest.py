"""The world of a function test, and what records its calls."""

from __future__ import annotations

from typing import Any

import pytest
from oms_aws import wiring
from oms_aws.bus import Bus
from oms_aws.workflow import Lanes, Workflow

from tests.functions.console import Browser
from tests.functions.doubles import FakeClient, Inbox, Stream
from tests.functions.world import World


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A company with two channels, two sites and stock."""
    return World(monkeypatch)


@pytest.fixture
def aws(world: World, monkeypatch: pytest.MonkeyPatch) -> FakeClient:
    """Bus, workflow and queues that record what they are told."""
    client: Any = FakeClient()
    workflow = Workflow(client, "arn:workflow")
    lanes = Lanes(workflow, client, {"BACKLOG": "backlog-url", "IMPORT": "import-url"})
    for name, found in {
        "bus": Bus(client, "bus"), "workflow": workflow, "lanes": lanes, "sqs": client,
    }.items():  # fmt: skip
        monkeypatch.setattr(wiring, name, lambda found=found: found)
    return client  # type: ignore[no-any-return]


@pytest.fixture
def stream(world: World, monkeypatch: pytest.MonkeyPatch) -> Stream:
    return Stream(world, monkeypatch)


@pytest.fixture
def inbox(world: World, monkeypatch: pytest.MonkeyPatch) -> Inbox:
    found = Inbox()
    monkeypatch.setattr(wiring, "gateway_inbox", lambda: found)
    secret = {"apiKey": "k", "webhookSecret": "new", "previousSecret": "old"}
    monkeypatch.setattr(wiring, "gateway_secret", lambda: secret)
    return found


@pytest.fixture
def browser(world: World, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """At the console, not signed in."""
    return Browser.open(world, monkeypatch)


@pytest.fixture
def manager(browser: Browser) -> Browser:
    """Signed in as a service manager."""
    assert browser.sign_in().status == 303
    return browser
