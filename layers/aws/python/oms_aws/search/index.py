"""The order index on OpenSearch, spoken to through its own client (imported only when used).

One document per order under `company#orderId`, routed by company so that a company's searches stay
on one shard, and versioned by the order's own version: whatever arrives late or twice is refused by
OpenSearch itself and counts as done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from oms.kernel.codec import instant, stamp
from oms.kernel.errors import Unavailable
from oms.search.freshness import Mark
from oms.search.ports import IndexFailure
from oms.search.query import SearchPage, SearchQuery, Total

from oms_aws.search.dsl import read_page, request_body

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

ALIAS = "orders"
NOBODY = "-"
"""The company of the mark: no token names it, so no search finds the mark among orders."""

MARK = "mark"
TIMEOUT_SECONDS = 10
_CONFLICT = 409
_MISSING = 404
_RETRYABLE = frozenset({_MISSING, 429, 500, 502, 503, 504})


def connect(url: str, region: str | None = None) -> OpenSearch:
    """A client for the domain at `url`, which signs its requests where the domain is in AWS."""
    import opensearchpy

    host = urlsplit(url).hostname or ""
    return opensearchpy.OpenSearch(
        hosts=[url],
        http_auth=_signer(host, region) if host.endswith(".amazonaws.com") else None,
        connection_class=opensearchpy.Urllib3HttpConnection,
        timeout=TIMEOUT_SECONDS,
        max_retries=2,
        retry_on_status=(429, 502, 503, 504),
        retry_on_timeout=True,
    )


def _signer(host: str, region: str | None) -> Any:
    import boto3
    from opensearchpy import Urllib3AWSV4SignerAuth

    session = boto3.Session(region_name=region)
    service = "aoss" if ".aoss." in host else "es"
    return Urllib3AWSV4SignerAuth(session.get_credentials(), session.region_name, service)


class OpenSearchIndex:
    """`SearchIndex` on a client of `connect`.

    `name` is the index or alias to read and write. Where it is missing when something is to be
    stored, `set_up` is called to make it.
    """

    def __init__(
        self,
        client: OpenSearch,
        name: str = ALIAS,
        set_up: Callable[[OpenSearch], object] | None = None,
    ) -> None:
        self._client = client
        self._name = name
        self._set_up = set_up
        # Without it, writing before the index is set up would make one with guessed field types.
        self._bulk_params = {"require_alias": "true"} if name == ALIAS else {}

    def index(
        self, documents: Sequence[Mapping[str, Any]], mark: Mark | None = None
    ) -> tuple[IndexFailure, ...]:
        """One `_bulk` call; an older version than the stored one is no failure."""
        written = [*documents, *([] if mark is None else [_document(mark)])]
        if not written:
            return ()
        results = self._bulk(written)
        if self._set_up and any(result["status"] == _MISSING for result in results):
            self._set_up(self._client)
            results = self._bulk(written)
        pairs = zip(documents, results, strict=False)  # what became of the mark does not matter
        failures = (_failure(document, result) for document, result in pairs)
        return tuple(failure for failure in failures if failure is not None)

    def search(self, query: SearchQuery) -> SearchPage:
        """One `_search` call on the company's shard; before the first order it finds nothing."""
        from opensearchpy import NotFoundError, OpenSearchException

        try:
            answer = self._client.search(
                body=request_body(query), index=self._name, params={"routing": query.company}
            )
        except NotFoundError:
            return SearchPage((), Total(0, exact=True), {facet.name: () for facet in query.facets})
        except OpenSearchException as error:
            raise unavailable(error) from error
        return read_page(query, answer)

    def mark(self) -> Mark | None:
        """One read by id, which sees what was written before the index refreshed itself."""
        from opensearchpy import NotFoundError, OpenSearchException

        try:
            found = self._client.get(
                index=self._name, id=f"{NOBODY}#{MARK}", params={"routing": NOBODY}
            )
        except NotFoundError:
            return None
        except OpenSearchException as error:
            raise unavailable(error) from error
        source = found["_source"]
        return Mark(instant(source["updatedAt"]), instant(source["indexedAt"]))

    def refresh(self) -> None:
        """For tests and tools; the index refreshes itself every second."""
        self._client.indices.refresh(index=self._name)

    def _bulk(self, documents: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        from opensearchpy import OpenSearchException

        lines: list[Mapping[str, Any]] = []
        for document in documents:
            lines += [{"index": self._action(document)}, document]
        try:
            answer = self._client.bulk(body=lines, params=self._bulk_params)
        except OpenSearchException as error:
            raise unavailable(error) from error
        return [item["index"] for item in answer["items"]]

    def _action(self, document: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "_index": self._name,
            "_id": f"{document['company']}#{document['orderId']}",
            "routing": document["company"],
            "version": document["version"],
            "version_type": "external",
        }


def _document(mark: Mark) -> dict[str, Any]:
    return {
        "company": NOBODY,
        "orderId": MARK,
        "version": round(mark.changed_at.timestamp() * 1000),
        "updatedAt": stamp(mark.changed_at),
        "indexedAt": stamp(mark.indexed_at),
    }


def _failure(document: Mapping[str, Any], result: Mapping[str, Any]) -> IndexFailure | None:
    status = result["status"]
    if status < 300 or status == _CONFLICT:
        return None
    # The reason quotes the offending value, which may be personal data; its type does not.
    reason = str(result.get("error", {}).get("type", "unknown"))
    named = (document["company"], document["orderId"])
    return IndexFailure(*named, status in _RETRYABLE, f"{status} {reason}")


def unavailable(error: Exception) -> Unavailable:
    """What callers are told of an engine that failed."""
    return Unavailable("SEARCH_UNAVAILABLE", f"the search engine failed: {type(error).__name__}")
