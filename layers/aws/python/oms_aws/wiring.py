"""What a function talks to, built once per process from its environment.

A function imports and builds only what it asks for here; the rest costs it no start-up time.
"""

from __future__ import annotations

import json
import os
import random
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from oms_aws import counters, telemetry
from oms_aws.settings import DynamoSettings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_sqs.client import SQSClient
    from oms.kernel.context import Actor
    from oms.lifecycle.lists import Lists
    from oms.lifecycle.record import OrderRecord
    from oms.lifecycle.relief import Relief
    from oms.lifecycle.screening import Screening
    from oms.lifecycle.steps import Steps
    from oms.lifecycle.use_cases import Lifecycle, Ports
    from oms.payments.gateway import Gateway

    from oms_aws.action_items import DynamoActionItems
    from oms_aws.bus import Bus
    from oms_aws.customers import DynamoCustomers
    from oms_aws.decisions import DynamoDecisions
    from oms_aws.gateway_inbox import GatewayInbox
    from oms_aws.orders import DynamoOrders
    from oms_aws.postal_codes import PostalTable
    from oms_aws.queues import DeadLetters, Replies
    from oms_aws.search.index import OpenSearchIndex
    from oms_aws.stock import DynamoStock
    from oms_aws.workflow import Lanes, Rebuilds, Workflow

# A table answers in milliseconds or not at all; the default minute would outlive every caller.
_QUICK = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "max_attempts": 4})
SECRET_SECONDS = 300
GATEWAY = "test"
"""Name under which channels map tenders to the gateway behind GATEWAY_URL."""
PARTS = ("payments", "billing", "fulfillment", "holds", "attention", "approvals")
"""Parts of an order that are there for readers even while they are empty."""


def clock() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def jitter(attempt: int) -> None:
    """Wait a random moment before attempt `attempt` + 1, so that rivals do not meet again."""
    telemetry.count("CommandConflicts")
    time.sleep(random.uniform(0, min(0.02 * 2**attempt, 0.5)))  # noqa: S311 - spreads load, hides nothing


def secret_token() -> str:
    """256 random bits for use in a token, as 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


@cache
def dynamodb() -> DynamoDBClient:
    """The DynamoDB client."""
    return boto3.client("dynamodb", config=_QUICK)


@cache
def sqs() -> SQSClient:
    """The SQS client."""
    return boto3.client("sqs", config=_QUICK)


@cache
def settings() -> DynamoSettings:
    """Channels, sites, clients and settings."""
    return DynamoSettings(dynamodb(), os.environ["SETTINGS_TABLE"])


@cache
def orders() -> DynamoOrders:
    """Order records."""
    from oms_aws.orders import DynamoOrders

    tables = {
        "orders": os.environ["ORDERS_TABLE"],
        "stock": os.environ["STOCK_TABLE"],
        "action_items": os.environ["ACTION_ITEMS_TABLE"],
        "decisions": os.environ.get("DECISIONS_TABLE", ""),
    }
    return DynamoOrders(dynamodb(), tables)


@cache
def stock() -> DynamoStock:
    """Items, counters and levels."""
    from oms_aws.stock import DynamoStock

    return DynamoStock(dynamodb(), os.environ["STOCK_TABLE"])


@cache
def action_items() -> DynamoActionItems:
    """Action items."""
    from oms_aws.action_items import DynamoActionItems

    return DynamoActionItems(dynamodb(), os.environ["ACTION_ITEMS_TABLE"])


@cache
def decisions() -> DynamoDecisions:
    """Sourcing decisions."""
    from oms_aws.decisions import DynamoDecisions

    return DynamoDecisions(dynamodb(), os.environ["DECISIONS_TABLE"])


@cache
def ports() -> Ports:
    """Everything outside that the lifecycle talks to."""
    from oms.lifecycle.use_cases import Ports

    from oms_aws.orders import DynamoNumbers

    numbers = DynamoNumbers(dynamodb(), os.environ["ORDERS_TABLE"])
    return Ports(orders(), stock(), settings(), numbers, action_items(), clock, jitter)


@cache
def lifecycle() -> Lifecycle:
    """Use cases on orders."""
    from oms.lifecycle.use_cases import Lifecycle

    return Lifecycle(ports())


@cache
def postal_codes() -> PostalTable:
    """Where postal codes are."""
    from oms_aws.postal_codes import PostalTable

    return PostalTable()


@cache
def steps() -> Steps:
    """The steps that workflow, webhooks and clock drive."""
    from oms.lifecycle.sourcing import Sourcing
    from oms.lifecycle.steps import Steps

    sourcing = Sourcing(stock(), settings(), postal_codes())
    return Steps(lifecycle(), ports(), gateways(), sourcing, screening())


def screening() -> Screening:
    """What validation may ask; only the function that validates has the customers to ask."""
    from oms.lifecycle.screening import Screening

    from oms_aws.customers import DynamoRecentOrders
    from oms_aws.postal_codes import PostalAddresses

    table = os.environ.get("CUSTOMERS_TABLE")
    if table is None:
        return Screening()
    recent = DynamoRecentOrders(dynamodb(), table)
    return Screening(customers(), recent, PostalAddresses())


@cache
def customers() -> DynamoCustomers:
    """Customers."""
    from oms_aws.customers import DynamoCustomers

    return DynamoCustomers(dynamodb(), os.environ["CUSTOMERS_TABLE"])


@cache
def relief() -> Relief:
    """What makes the reservations of a site fit what it has."""
    from oms.lifecycle.relief import Relief

    from oms_aws.search.holders import IndexedHolders

    return Relief(lifecycle(), ports(), IndexedHolders(search_index(), clock))


def view(actor: Actor, record: OrderRecord, actions: bool = False) -> dict[str, Any]:
    """An order as this actor gets to see it; what could be charged again stays inside (PAY-05).

    `actions` adds the allowed actions of every part (ACT-01).
    """
    from oms.lifecycle.view import view as see
    from oms.lifecycle.view import with_actions

    ctx = lifecycle().context(record, actor, "read")
    seen = see(record, ctx)
    if actions:
        with_actions(seen, record, ctx)
    for part in PARTS:
        seen.setdefault(part, {})
    counters.narrow(actor, seen["fulfillment"])
    for tender in seen["payments"].get("tenders", ()):
        tender.pop("token", None)
    for link in seen["payments"].get("links", ()):
        link.pop("tokenHash", None)
    return seen


def following(record: OrderRecord) -> str | None:
    """The step that automation can take now, or None."""
    from oms.kernel.context import Actor, ActorKind

    clockwork = Actor(ActorKind.SYSTEM, "clock", record.order.company)
    return steps().next(record, lifecycle().context(record, clockwork, "following"))


@cache
def gateways() -> Mapping[str, Gateway]:
    """Payment gateways by name; without a URL only the one that records what people did."""
    from oms_aws.gateway import TEST_GATEWAY_CAPABILITIES, GatewaySettings, HttpGateway
    from oms_aws.gateway_record_only import RecordOnlyGateway

    found: dict[str, Gateway] = {"record-only": RecordOnlyGateway()}
    if url := os.environ.get("GATEWAY_URL"):
        key = gateway_secret()["apiKey"]
        known = GatewaySettings(url, key, True, TEST_GATEWAY_CAPABILITIES)
        found[GATEWAY] = HttpGateway(known, clock)
    return found


def gateway_secret() -> dict[str, str]:
    """Keys of the gateway: `apiKey`, `webhookSecret` and, while it rotates, the one before."""
    from aws_lambda_powertools.utilities import parameters

    text = parameters.get_secret(os.environ["GATEWAY_SECRET_ID"], max_age=SECRET_SECONDS)
    secret: dict[str, str] = json.loads(text)
    return secret


@cache
def gateway_inbox() -> GatewayInbox:
    """Webhooks as they came."""
    from oms_aws.gateway_inbox import GatewayInbox

    return GatewayInbox(dynamodb(), os.environ["GATEWAY_TABLE"], clock)


@cache
def search_index() -> OpenSearchIndex:
    """The order index."""
    from oms_aws.search.index import OpenSearchIndex, connect

    return OpenSearchIndex(connect(os.environ["SEARCH_URL"], os.environ.get("AWS_REGION")))


@cache
def lists() -> Lists:
    """Lists of orders."""
    from oms.lifecycle.lists import Lists

    from oms_aws.order_keys import DynamoOrderKeys

    keys = DynamoOrderKeys(dynamodb(), os.environ["ORDERS_TABLE"])
    return Lists(search_index(), keys, settings(), lifecycle(), clock)


@cache
def bus() -> Bus:
    """The event bus."""
    from oms_aws.bus import Bus

    return Bus(boto3.client("events", config=_QUICK), os.environ["BUS_NAME"])


@cache
def workflow() -> Workflow:
    """The order workflow."""
    from oms_aws.workflow import Workflow

    return Workflow(boto3.client("stepfunctions", config=_QUICK), os.environ["WORKFLOW_ARN"])


@cache
def lanes() -> Lanes:
    """The workflow behind its lanes."""
    from oms_aws.workflow import Lanes

    queues = {
        "BACKLOG": os.environ["BACKLOG_QUEUE_URL"],
        "IMPORT": os.environ["IMPORT_QUEUE_URL"],
    }
    return Lanes(workflow(), sqs(), queues)


@cache
def rebuilds() -> Rebuilds:
    """Rebuilds of the search index."""
    from oms_aws.workflow import Rebuilds

    return Rebuilds(boto3.client("stepfunctions", config=_QUICK), os.environ["REBUILD_ARN"])


@cache
def replies() -> Replies:
    """Answers to queued orders."""
    from oms_aws.queues import Replies

    return Replies(sqs(), os.environ["REPLY_QUEUE_URL"])


@cache
def dead_letters() -> DeadLetters:
    """Queued orders that could not be read."""
    from oms_aws.queues import DeadLetters

    return DeadLetters(sqs(), os.environ["INTAKE_DLQ_URL"], os.environ["INTAKE_QUEUE_URL"])


if "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ:
    # In Lambda the first client is paid for in INIT, which has a whole core and SnapStart keeps.
    dynamodb()
