"""Stream reader of the stock table: serve who waits for what landed, relieve sites that are short.

The stream filter lets through only rows that call for it (BKO-06, STK-15).
"""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from oms_aws.stock_stream import answer

MARGIN_MILLISECONDS = 10_000
"""What is left of the invocation when it stops; the stream brings the rest again."""


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a batch of calls; names the first record to be tried again."""
    return answer(
        event["Records"], lambda: context.get_remaining_time_in_millis() > MARGIN_MILLISECONDS
    )
