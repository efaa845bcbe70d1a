"""The orders table as the template declares it, in a simulated account."""

from __future__ import annotations

from typing import Any

import boto3

from infra.local.template import load

NAME = "orders"


def orders_table() -> Any:
    """A client of an account that has the orders table, its indexes and its stream."""
    declared = load()["Resources"]["OrdersTable"]["Properties"]
    stream: Any = {"StreamEnabled": True, **declared["StreamSpecification"]}
    client = boto3.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName=NAME, BillingMode="PAY_PER_REQUEST", KeySchema=declared["KeySchema"],
        AttributeDefinitions=declared["AttributeDefinitions"],
        GlobalSecondaryIndexes=declared["GlobalSecondaryIndexes"],
        StreamSpecification=stream,
    )  # fmt: skip
    return client
