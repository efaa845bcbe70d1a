"""Making and rebuilding the order index: `orders-v<n>` behind the alias `orders`.

A rebuild fills a new index beside the live one and switches the alias over at once (SEA-06). It
must not lose what is written meanwhile, so it copies twice: before the switch, and after it what
the old index got in between. External versions make both copies harmless to newer documents.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from oms.kernel.errors import Unavailable

from oms_aws.search.index import ALIAS, OpenSearchIndex, unavailable

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

TEMPLATE_NAME = "orders"
FIRST_INDEX = "orders-v1"
COPY_PAGE = 500

Pages: TypeAlias = Iterable[Sequence[Mapping[str, Any]]]


def index_template() -> dict[str, Any]:
    """The template of the order index: mapping, analyzers, settings."""
    path = Path(__file__).with_name("orders-template.json")
    template: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return template


def ensure_index(client: OpenSearch) -> str:
    """Where there is no order index yet, make it from the template; answers its name.

    Several may try at once; one of them makes it. Raises Unavailable when the engine fails.
    """
    from opensearchpy import OpenSearchException

    try:
        if not client.indices.exists_alias(name=ALIAS):
            client.indices.put_index_template(name=TEMPLATE_NAME, body=index_template())
            _create(client, FIRST_INDEX)
            client.indices.put_alias(index=FIRST_INDEX, name=ALIAS)
        return live_index(client)
    except OpenSearchException as error:
        raise unavailable(error) from error


def live_index(client: OpenSearch) -> str:
    """The index behind the alias."""
    return str(next(iter(client.indices.get_alias(name=ALIAS))))


def rebuild(client: OpenSearch, source: Callable[[], Pages] | None = None) -> str:
    """Fill the next index under the present template and switch over to it; answers its name.

    `source` gives pages of documents and is read twice; without it the live index is copied, which
    fits when only the template changed. The old index stays, out of use, until somebody deletes
    it. Raises Unavailable, with the alias unchanged, when a document is refused.
    """
    client.indices.put_index_template(name=TEMPLATE_NAME, body=index_template())
    old = live_index(client)
    new = f"orders-v{int(old.rpartition('-v')[2]) + 1}"
    _create(client, new)
    read = source or (lambda: _pages(client, old))
    _fill(client, new, read())
    client.indices.update_aliases(
        body={
            "actions": [
                {"remove": {"index": old, "alias": ALIAS}},
                {"add": {"index": new, "alias": ALIAS}},
            ]
        }
    )
    _fill(client, new, read())
    return new


def _create(client: OpenSearch, name: str) -> None:
    from opensearchpy import RequestError

    try:
        client.indices.create(index=name)
    except RequestError as error:
        if error.error != "resource_already_exists_exception":
            raise


def _fill(client: OpenSearch, new: str, pages: Pages) -> None:
    target = OpenSearchIndex(client, new)
    for documents in pages:
        failures = target.index(documents)
        if failures:
            detail = f"{len(failures)} documents refused, the first with {failures[0].reason}"
            raise Unavailable("REBUILD_FAILED", detail)
    client.indices.refresh(index=new)


def _pages(client: OpenSearch, index: str) -> Iterator[Sequence[Mapping[str, Any]]]:
    client.indices.refresh(index=index)
    body: dict[str, Any] = {
        "query": {"match_all": {}},
        "sort": [{"company": {"order": "asc"}}, {"orderId": {"order": "asc"}}],
        "size": COPY_PAGE,
        "track_total_hits": False,
    }
    while hits := client.search(index=index, body=body)["hits"]["hits"]:
        yield [hit["_source"] for hit in hits]
        body["search_after"] = hits[-1]["sort"]
