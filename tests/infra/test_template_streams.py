"""What the template promises of the readers of the orders stream, and of who may read all of it.

Cites SAG-03 (poison), ACC-151 (an hour without search), AIT-05 (no scans), SEC-03, SEA-06.
"""

from __future__ import annotations

import json

import pytest

from tests.infra.test_template import (
    FUNCTIONS,
    ROLES,
    STREAMS,
    TABLES,
    granted,
    referred,
    statements,
)


@pytest.mark.parametrize("name", STREAMS)
def test_stream_readers_isolate_a_poison_record(name: str) -> None:
    """SAG-03, ACC-151: a batch is halved, and tried again until it is too old, never a number of
    times, so that an hour without search or bus needs nobody; what is too old is parked.
    """
    source = STREAMS[name]
    assert source["BisectBatchOnFunctionError"] is True
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    orders = source["EventSourceArn"]["Fn::GetAtt"][0] == "OrdersTable"
    # What waits for stock is swept every quarter of an hour: no reason to block a shard for it.
    assert source["MaximumRetryAttempts"] == (-1 if orders else 20)
    assert 6 * 3600 <= source["MaximumRecordAgeInSeconds"] < 24 * 3600, "before it is forgotten"
    assert source["MaximumBatchingWindowInSeconds"] <= 1
    failures = source["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0]
    function = FUNCTIONS[source["FunctionName"]["Ref"]]
    assert failures in set(granted(ROLES[referred(function)]))


@pytest.mark.parametrize("name", ["FactRelaySource", "SearchProjectorSource"])
def test_readers_of_orders_are_woken_for_orders_only(name: str) -> None:
    """Keys, pages of facts and sequences lie in the same table, and their records cost nothing."""
    (wanted,) = STREAMS[name]["FilterCriteria"]["Filters"]
    assert json.loads(wanted["Pattern"]) == {"dynamodb": {"Keys": {"sk": {"S": ["ORDER"]}}}}


def test_only_the_rebuild_may_scan() -> None:
    """AIT-05, SEC-03, SEA-06: no other function can read a table from end to end."""
    scanning = [
        name
        for name, role in ROLES.items()
        for actions, _ in statements(role)
        if "dynamodb:Scan" in actions
    ]
    assert scanning == ["SearchRebuildRole"]


def test_the_orders_stream_has_exactly_two_readers() -> None:
    """More than two readers of a shard throttle each other."""
    tables = [source["EventSourceArn"]["Fn::GetAtt"][0] for source in STREAMS.values()]
    assert sorted(tables) == ["OrdersTable", "OrdersTable", "StockTable"]
    for table in set(tables):
        view = TABLES[table]["StreamSpecification"]["StreamViewType"]
        assert view == "NEW_AND_OLD_IMAGES"
