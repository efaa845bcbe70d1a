"""Starts workflow segments of the backlog and import lanes, a few at a time (INT-03)."""

from __future__ import annotations

import json
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from oms_aws import telemetry, wiring
from oms_aws.batch import handle_batch
from oms_aws.workflow import Segment


def start(record: SQSRecord) -> None:
    """Start the segment that one message describes."""
    segment = Segment.read(json.loads(record.body))
    telemetry.correlation_id(segment.correlation_id)
    wiring.workflow().start(segment)
    lane = record.queue_url.rpartition("-")[2].upper()
    sent = int(record.attributes.sent_timestamp) / 1000
    telemetry.lane_age(lane, wiring.clock().timestamp() - sent)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Start a batch; messages that fail stay in the queue."""
    return handle_batch(event, context, start)
