"""Failures of the two stream readers over HTTP: how many wait, and do them again (MON-03)."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from oms_aws import wiring
from oms_aws.http import Api

from functions.stream_replay.routes import OPERATIONS

api = Api(OPERATIONS, lambda client_id: wiring.settings().client(client_id))


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request of the HTTP API."""
    return api.answer(event, context)
