"""From order images of the table to the search index: one bulk call per batch.

Of several images of one order the newest is indexed. An order that the engine could not take now
fails its record, which comes again with all that follow it; the versions make repeating harmless.
An order that will never fit is parked for a person, so that it does not keep the others waiting.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeAlias

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from oms.kernel.codec import instant
from oms.lifecycle.document import stored
from oms.search.freshness import Mark
from oms.search.ports import SearchIndex

from oms_aws import telemetry
from oms_aws.failures import Parked
from oms_aws.orders import HEARTBEAT

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
    doc: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch: why the orders under these keys must come again, and how many are
    parked.
    """

    failures: Mapping[str, str] = field(default_factory=dict)
    parked: int = 0

    def check(self, record: DynamoDBRecord) -> None:
        """Raise NotProjected for a record whose order failed; the batch processor reports it."""
        raw = record.raw_event
        if _sort_key(raw) == "ORDER" and _key(raw) in self.failures:
            raise NotProjected(self.failures[_key(raw)])


class Projector:
    """Writes order images into `index`; what never fits goes to `park`."""

    def __init__(
        self,
        index: SearchIndex,
        build: Build,
        park: Callable[[Parked], None],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._index = index
        self._build = build
        self._park = park
        self._clock = clock

    def project(self, records: Iterable[Mapping[str, Any]]) -> Outcome:
        """Index the newest image of each order in raw stream records, and how far they reach.

        Raises Unavailable when the engine does not answer: then the whole batch comes again.
        """
        every = list(records)
        return self.take(newest_images(every), heartbeats(every))

    def take(self, images: Sequence[Image], beats: Sequence[datetime] = ()) -> Outcome:
        """Index images; `beats` are times up to which the stream has been read beside them."""
        documents, misfits = documents_of(images, self._build)
        moments = [*beats, *(image.updated_at for image in images)]
        mark = Mark(max(moments), self._clock()) if moments else None
        failures: dict[str, str] = {}
        for failure in self._index.index(list(documents.values()), mark):
            reasons = failures if failure.retryable else misfits
            reasons[f"{failure.company}#{failure.order_id}"] = failure.reason
        for image in images:
            if image.key in misfits:
                self._park(Parked(image.key, image.version, misfits[image.key]))
        self._report(images, beats, {**failures, **misfits})
        return Outcome(failures, len(misfits))

    def _report(
        self, images: Sequence[Image], beats: Sequence[datetime], failures: Mapping[str, str]
    ) -> None:
        now = self._clock()
        projected = [image for image in images if image.key not in failures]
        for moment in (*beats, *(image.updated_at for image in projected)):
            lag = (now - moment).total_seconds() * 1000
            telemetry.gauge("IndexLagMs", lag, MetricUnit.Milliseconds)
        telemetry.count("Projected", len(projected))
        telemetry.count("ProjectionFailures", len(failures))
        for key, reason in failures.items():
            telemetry.tell("order not projected", {"order": key, "reason": reason})
        telemetry.flush()


def documents_of(images: Iterable[Image], build: Build) -> tuple[dict[str, Json], dict[str, str]]:
    """The search document of each image by its key, and why the others have none."""
    documents: dict[str, Json] = {}
    failures: dict[str, str] = {}
    for image in images:
        try:
            documents[image.key] = build(stored(image.doc), image.state)
        except (KeyError, TypeError, ValueError, zlib.error) as error:
            # Only the kind: the text of such an error quotes what it could not read.
            failures[image.key] = f"unreadable {type(error).__name__}"
    return documents, failures


def newest_images(records: Iterable[Mapping[str, Any]]) -> list[Image]:
    """The newest image of each order; other items of the table, and removals, are none."""
    newest: dict[str, Image] = {}
    for record in records:
        item = record["dynamodb"].get("NewImage")
        if item is None or _sort_key(record) != "ORDER":
            continue
        image = Image(
            _key(record),
            int(item["version"]["N"]),
            item["state"]["S"],
            instant(item["updatedAt"]["S"]),
            _bytes(item["doc"]["B"]),
        )
        known = newest.get(image.key)
        if known is None or known.version < image.version:
            newest[image.key] = image
    return list(newest.values())


def heartbeats(records: Iterable[Mapping[str, Any]]) -> list[datetime]:
    """The times of the heartbeats among the records."""
    images = (r["dynamodb"].get("NewImage") for r in records if _sort_key(r) == HEARTBEAT)
    return [instant(image["at"]["S"]) for image in images if image is not None]


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except binascii.Error:
        return b""


def _sort_key(record: Mapping[str, Any]) -> str:
    key: str = record["dynamodb"]["Keys"]["sk"]["S"]
    return key


def _key(record: Mapping[str, Any]) -> str:
    key: str = record["dynamodb"]["Keys"]["pk"]["S"]
    return key
