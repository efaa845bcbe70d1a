"""Takes inventory feeds from the queue; every row counts once (FED-03)."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from oms.inventory.feed_use_cases import load_feed
from oms_aws import stock_calls, telemetry, wiring
from oms_aws.batch import handle_batch
from oms_aws.http_body import canonical, read_json
from oms_aws.http_problems import malformed
from oms_aws.queue_actor import actor_of
from oms_aws.shapes_inventory import FeedShape
from pydantic import ValidationError


def take(record: SQSRecord) -> None:
    """Load one feed message; what it raises keeps the message in the queue."""
    telemetry.correlation_id(record.message_id)
    try:
        feed = FeedShape.model_validate_json(canonical(read_json(record.body.encode())))
    except ValidationError as error:
        raise malformed(error) from None
    ctx = stock_calls.context(actor_of(record), f"feed:{feed.feed_id}")
    groups = stock_calls.site_groups(ctx.actor.company)
    report = load_feed(wiring.stock(), feed.feed_id, feed.commands(), groups, ctx)
    telemetry.count("FeedRowsChanged", report.changed)
    telemetry.count("FeedRowsRefused", len(report.refused))


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Load a batch of messages."""
    return handle_batch(event, context, take)
