"""Stream reader: publish the facts of each commit and start the order's next workflow segment."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from oms_aws import wiring_stream
from oms_aws.relay import relay


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """Relay a batch; the answer names the first record to be tried again."""
    return relay(event["Records"], lambda order: wiring_stream.failures().park(order))
