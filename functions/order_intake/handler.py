"""Takes orders from the intake queue and answers to the reply queue (INT-01)."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from oms_aws.batch import handle_batch

from functions.order_intake.intake import take


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Handle a batch; messages that cannot be handled now stay in the queue."""
    return handle_batch(event, context, take)
