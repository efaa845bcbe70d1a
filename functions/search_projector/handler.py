"""Orders table stream -> search index."""

from __future__ import annotations

import os
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext
from oms.lifecycle.projection import search_document
from oms_aws import wiring_stream
from oms_aws.search.index import OpenSearchIndex, connect
from oms_aws.search.projection import Projector
from oms_aws.search.setup import ensure_index

index = OpenSearchIndex(connect(os.environ["SEARCH_URL"]), set_up=ensure_index)
projector = Projector(index, search_document, lambda order: wiring_stream.failures().park(order))
processor = BatchProcessor(EventType.DynamoDBStreams, raise_on_entire_batch_failure=False)


def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Index the batch's orders at once; answers the records that must come again."""
    outcome = projector.project(event["Records"])
    return process_partial_response(event, outcome.check, processor, context)
