"""Building the order index anew beside the live one, from the table, and switching over (SEA-06).

    begin     make the next index under the present template; what a failed attempt left goes
    copy      the orders of one segment of the table, as far as time allows; repeated until done
    switch    if the new index holds as many orders as were copied, the alias moves at once
    catch_up  what the old index got meanwhile goes to the new one

All four are safe to repeat. External versions make every copy harmless to newer documents, so an
order that changes while it is copied ends at its newest version. Writers follow the alias;
`catch_up` runs when no writer that still saw the old index can be under way. The old index stays
until the next rebuild begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from oms.kernel.codec import stamp
from oms.kernel.errors import Unavailable
from oms.lifecycle.projection import search_document

from oms_aws.order_rows import OrderRows
from oms_aws.search.index import ALIAS, NOBODY, OpenSearchIndex, unavailable
from oms_aws.search.projection import documents_of, newest_images
from oms_aws.search.setup import create, ensure_index, live_index, put_template

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

Json: TypeAlias = dict[str, Any]
SEGMENTS = 4
SLICE = 500
"""Items of the table read, and orders written, in one go."""

MARGIN = timedelta(minutes=5)
"""More than clocks differ, and than a change takes from its time to the stream."""


def begin(client: OpenSearch, now: datetime) -> Json:
    """Make the new index; the answer is what the other steps take."""
    old = ensure_index(client)
    put_template(client)
    number = int(old.rpartition("-v")[2])
    for unused in (f"orders-v{number - 1}", f"orders-v{number + 1}"):
        if client.indices.exists(index=unused):
            client.indices.delete(index=unused)
    new = f"orders-v{number + 1}"
    create(client, new)
    work = {"index": new, "of": SEGMENTS, "start": None, "copied": 0, "done": False}
    segments = [{**work, "segment": segment} for segment in range(SEGMENTS)]
    return {"old": old, "new": new, "since": stamp(now - MARGIN), "segments": segments}


def copy(
    client: OpenSearch, rows: OrderRows, work: Mapping[str, Any], time_left: Callable[[], bool]
) -> Json:
    """Copy orders of a segment while there is time; the answer says where to go on.

    Raises Unavailable when the engine is busy, and when an order does not fit the new index.
    """
    target = OpenSearchIndex(client, str(work["index"]))
    start, copied = work["start"], int(work["copied"])
    while True:
        orders, start = rows.segment(int(work["segment"]), int(work["of"]), start, SLICE)
        documents, misfits = documents_of(newest_images(orders), search_document)
        failures = target.index(list(documents.values()))
        reasons = [*misfits.values(), *(failure.reason for failure in failures)]
        if reasons:
            raise Unavailable("REBUILD_REFUSED", f"{len(reasons)} orders, first: {reasons[0]}")
        copied += len(orders)
        if start is None or not time_left():
            return {**work, "start": start, "copied": copied, "done": start is None}


def switch(client: OpenSearch, old: str, new: str, copied: int) -> None:
    """Move the alias from `old` to `new`; raises Unavailable if orders are missing there."""
    if live_index(client) == new:
        return
    client.indices.refresh(index=new)
    held = orders_in(client, new)
    if held != copied:
        raise Unavailable("REBUILD_INCOMPLETE", f"{held} of {copied} orders are in {new}")
    client.indices.update_aliases(
        body={
            "actions": [
                {"remove": {"index": old, "alias": ALIAS}},
                {"add": {"index": new, "alias": ALIAS}},
            ]
        }
    )


def catch_up(client: OpenSearch, old: str, new: str, since: str) -> Json:
    """Copy what `old` holds of changes after `since`; answers how many orders each index holds.

    Raises Unavailable if `new` then holds fewer than `old`.
    """
    target = OpenSearchIndex(client, new)
    client.indices.refresh(index=old)
    late = 0
    for documents in _changed(client, old, since):
        failures = target.index(documents)
        if failures:
            raise Unavailable("REBUILD_REFUSED", f"{len(failures)} first: {failures[0].reason}")
        late += len(documents)
    client.indices.refresh(index=new)
    counts = {"old": orders_in(client, old), "new": orders_in(client, new), "late": late}
    if counts["new"] < counts["old"]:
        raise Unavailable("REBUILD_INCOMPLETE", f"{counts['new']} of {counts['old']} orders")
    return counts


def orders_in(client: OpenSearch, index: str) -> int:
    """How many orders an index holds, without its mark."""
    from opensearchpy import OpenSearchException

    everything: Json = {"query": {"match_all": {}}}
    mark: Json = {"query": {"term": {"company": NOBODY}}}
    try:
        every, marks = (client.count(index=index, body=b)["count"] for b in (everything, mark))
    except OpenSearchException as error:
        raise unavailable(error) from error
    return int(every) - int(marks)


def _changed(client: OpenSearch, index: str, since: str) -> Iterator[Sequence[Mapping[str, Any]]]:
    body: Json = {
        "query": {"bool": {"filter": [{"range": {"updatedAt": {"gte": since}}}]}},
        "sort": [{"company": {"order": "asc"}}, {"orderId": {"order": "asc"}}],
        "size": SLICE,
        "track_total_hits": False,
    }
    while hits := client.search(index=index, body=body)["hits"]["hits"]:
        yield [hit["_source"] for hit in hits]
        body["search_after"] = hits[-1]["sort"]
