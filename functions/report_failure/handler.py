"""Workflow task: tell people that a step failed for good."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from oms_aws.tasks import report_failure


def handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001
    """Open the action item."""
    report_failure(event)
