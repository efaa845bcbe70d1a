"""Takes orders from the intake queue and answers to the reply queue (INT-01)."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.typing import LambdaContext
from oms_aws import telemetry

from functions.order_intake.intake import take

processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Handle a batch; messages that cannot be handled now stay in the queue."""
    answer = process_partial_response(event, take, processor, context)
    telemetry.flush()
    return dict(answer)
