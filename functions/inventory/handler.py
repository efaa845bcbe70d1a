"""Stock over HTTP: availability, carts, movements, feeds and levels."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from oms_aws import wiring
from oms_aws.http import Api
from oms_aws.http_keys import Keys

from functions.inventory.routes import OPERATIONS

api = Api(
    OPERATIONS, lambda client_id: wiring.settings().client(client_id),
    lambda: Keys(wiring.orders(), wiring.clock),
)  # fmt: skip


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request of the HTTP API."""
    return api.answer(event, context)
