"""What the contract suites run against, each started once for all their modules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws
from oms.inventory.ports import StockStore
from oms.search.ports import SearchIndex
from oms_aws.stock import DynamoStock

from tests.contracts.gateway_harness import FakeHarness, Harness, ServiceHarness
from tests.contracts.search_company import Orders
from tests.contracts.search_engines import ENGINES, engine
from tests.domain.inventory.scene import Scene
from tests.fakes.stock import MemoryStock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


@pytest.fixture(scope="session", params=ENGINES)
def search_index(request: pytest.FixtureRequest) -> Iterator[SearchIndex]:
    """Each engine in turn, set up as in production."""
    with engine(request.param) as index:
        yield index


@pytest.fixture
def orders(search_index: SearchIndex) -> Orders:
    """An empty company on the engine."""
    return Orders(search_index)


@pytest.fixture(scope="session", params=["fake", "service"])
def gateway_harness(request: pytest.FixtureRequest) -> Iterator[Harness]:
    """Each gateway in turn: the fake, and the service in its own process behind the adapter."""
    if request.param == "fake":
        yield FakeHarness()
        return
    with ServiceHarness.running() as running:
        yield running


TABLE = "stock"


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[DynamoDBClient]:
    """The stock table, empty."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        dynamo = boto3.client("dynamodb", region_name="us-east-1")
        dynamo.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
                {"AttributeName": "siteKey", "AttributeType": "S"},
            ],
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "site",
                    "KeySchema": [
                        {"AttributeName": "siteKey", "KeyType": "HASH"},
                        {"AttributeName": "pk", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ],
        )
        yield dynamo


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> StockStore:
    """Each implementation in turn."""
    if request.param == "memory":
        return MemoryStock()
    return DynamoStock(request.getfixturevalue("client"), TABLE)


@pytest.fixture
def scene(store: StockStore) -> Scene:
    """Five shirts at A."""
    scene = Scene(store)
    scene.stocked(5)
    return scene
