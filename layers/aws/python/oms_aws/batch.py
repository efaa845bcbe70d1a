"""Batches of queue messages, each handled on its own: one that fails stays, the others are done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    ExceptionInfo,
    FailureResponse,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from oms_aws import telemetry


class LoggingProcessor(BatchProcessor):
    """Says of each message that stays why it stays, without quoting it."""

    def failure_handler(self, record: Any, exception: ExceptionInfo) -> FailureResponse:
        """Log the failure, then have the message delivered again."""
        telemetry.log_defect(exception[1])
        return super().failure_handler(record, exception)


def handle_batch(
    event: dict[str, Any], context: LambdaContext, take: Callable[[SQSRecord], None]
) -> dict[str, Any]:
    """Hand each message to `take`; answers with those that must come again."""
    processor = LoggingProcessor(EventType.SQS, raise_on_entire_batch_failure=False)

    def handle(record: SQSRecord) -> None:
        take(record)

    answer = process_partial_response(event, handle, processor, context)
    telemetry.flush()
    return dict(answer)
