"""Steps of rebuilding the search index, as its state machine calls them (SEA-06)."""

from __future__ import annotations

import os
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from oms_aws import wiring, wiring_stream
from oms_aws.search import rebuild
from oms_aws.search.index import connect

MARGIN_MILLISECONDS = 60_000
"""What is left of the invocation when it stops copying; the next one goes on."""

client = connect(os.environ["SEARCH_URL"])


def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Take the step that the event names."""
    match event["action"]:
        case "begin":
            return rebuild.begin(client, wiring.clock())
        case "copy":

            def time_left() -> bool:
                return context.get_remaining_time_in_millis() > MARGIN_MILLISECONDS

            return rebuild.copy(client, wiring_stream.order_rows(), event["work"], time_left)
        case "switch":
            copied = sum(work["copied"] for work in event["segments"])
            rebuild.switch(client, event["old"], event["new"], copied)
            return event
        case _:
            return rebuild.catch_up(client, event["old"], event["new"], event["since"])
