"""Workflow task: ask the gateway for the authorizations that are due."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from oms_aws.tasks import run_step


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """Take the step; the answer names the next one."""
    return run_step("AUTHORIZE", event)
