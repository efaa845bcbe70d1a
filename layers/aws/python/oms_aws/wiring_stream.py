"""What those talk to who read the orders stream, or do again what its readers could not do."""

from __future__ import annotations

import os
from functools import cache

import boto3

from oms_aws import wiring
from oms_aws.failures import Failures
from oms_aws.order_rows import OrderRows, StreamRecords


@cache
def failures() -> Failures:
    """What this reader of the stream could not do."""
    return reader_failures("FAILURES_URL")


def reader_failures(variable: str) -> Failures:
    """The failures of the stream reader whose queue that variable names."""
    return Failures(wiring.sqs(), os.environ[variable])


@cache
def order_rows() -> OrderRows:
    """Items of the orders table."""
    return OrderRows(wiring.dynamodb(), os.environ["ORDERS_TABLE"])


@cache
def stream_records() -> StreamRecords:
    """Records of the orders stream."""
    return StreamRecords(boto3.client("dynamodbstreams"), os.environ["ORDERS_STREAM"])
