"""From order images of the table's stream to the search index: one bulk call per batch.

Of several images of one order the newest is indexed. A record whose order could not be indexed is
reported as failed and comes again, with all that follow it; the versions make repeating harmless.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeAlias

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from oms.kernel.codec import instant
from oms.lifecycle.document import stored
from oms.search.ports import SearchIndex

from oms_aws import telemetry

Json: TypeAlias = dict[str, Any]
Build: TypeAlias = Callable[[Json, str], Json]
"""The search document of a stored record and the state its item states."""


class NotProjected(Exception):
    """The record's order is not in the index at this version or a newer one."""


@dataclass(frozen=True, slots=True)
class Image:
    """The newest version of one order in a batch, as its item holds it."""

    key: str
    version: int
    state: str
    updated_at: datetime
    doc: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch: why the orders under these keys were not indexed."""

    failures: Mapping[str, str] = field(default_factory=dict)

    def check(self, record: DynamoDBRecord) -> None:
        """Raise NotProjected for a record whose order failed; the batch processor reports it."""
        raw = record.raw_event
        if _is_order(raw) and _key(raw) in self.failures:
            raise NotProjected(self.failures[_key(raw)])


class Projector:
    """Writes order images into `index`."""

    def __init__(
        self,
        index: SearchIndex,
        build: Build,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._index = index
        self._build = build
        self._clock = clock

    def project(self, records: Iterable[Mapping[str, Any]]) -> Outcome:
        """Index the newest image of each order in raw stream records.

        Raises Unavailable when the engine does not answer: then the whole batch comes again.
        """
        images = newest_images(records)
        documents, failures = self._documents(images)
        for failure in self._index.index(list(documents.values())):
            failures[f"{failure.company}#{failure.order_id}"] = failure.reason
        self._report(images, failures)
        return Outcome(failures)

    def _documents(self, images: Iterable[Image]) -> tuple[dict[str, Json], dict[str, str]]:
        documents: dict[str, Json] = {}
        failures: dict[str, str] = {}
        for image in images:
            try:
                record = stored(base64.b64decode(image.doc))
                documents[image.key] = self._build(record, image.state)
            except (KeyError, TypeError, ValueError, zlib.error) as error:
                # Only the kind: the text of such an error quotes what it could not read.
                failures[image.key] = f"unreadable {type(error).__name__}"
        return documents, failures

    def _report(self, images: Iterable[Image], failures: Mapping[str, str]) -> None:
        now = self._clock()
        projected = [image for image in images if image.key not in failures]
        for image in projected:
            lag = (now - image.updated_at).total_seconds() * 1000
            telemetry.gauge("IndexLagMs", lag, MetricUnit.Milliseconds)
        telemetry.count("Projected", len(projected))
        telemetry.count("ProjectionFailures", len(failures))
        for key, reason in failures.items():
            telemetry.tell("order not projected", {"order": key, "reason": reason})
        telemetry.flush()


def newest_images(records: Iterable[Mapping[str, Any]]) -> list[Image]:
    """The newest image of each order; other items of the table, and removals, are none."""
    newest: dict[str, Image] = {}
    for record in records:
        item = record["dynamodb"].get("NewImage")
        if item is None or not _is_order(record):
            continue
        image = Image(
            _key(record),
            int(item["version"]["N"]),
            item["state"]["S"],
            instant(item["updatedAt"]["S"]),
            item["doc"]["B"],
        )
        known = newest.get(image.key)
        if known is None or known.version < image.version:
            newest[image.key] = image
    return list(newest.values())


def _is_order(record: Mapping[str, Any]) -> bool:
    return bool(record["dynamodb"]["Keys"]["sk"]["S"] == "ORDER")


def _key(record: Mapping[str, Any]) -> str:
    key: str = record["dynamodb"]["Keys"]["pk"]["S"]
    return key
