"""Making and losing the order index, on the local service and a real node.

Cites UIX-09 and ACC-151 (search down), GEN-12.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from oms.kernel.errors import Unavailable
from oms.search.parse import parse
from oms_aws.search.index import ALIAS, OpenSearchIndex, connect
from oms_aws.search.setup import ensure_index, index_template, live_index
from opensearchpy import OpenSearch

from tests.contracts.search_engines import engine_url
from tests.contracts.search_samples import START, document, names, person

pytestmark = pytest.mark.xdist_group("search")


@pytest.fixture(scope="module", params=["service", "node"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with engine_url(request.param) as url:
        yield url


@pytest.fixture
def client(url: str) -> Iterator[OpenSearch]:
    """An engine without any index."""
    client = connect(url)
    yield client
    for number in (1, 2):
        if client.indices.exists(index=f"orders-v{number}"):
            client.indices.delete(index=f"orders-v{number}")
    client.close()


def _found(index: OpenSearchIndex, **params: str) -> list[str]:
    return sorted(names(index.search(parse(params, "acme", START)).hits))


def test_the_index_is_made_with_the_first_document(client: OpenSearch) -> None:
    """Nobody has to prepare a new deployment; an empty one answers empty pages."""
    index = OpenSearchIndex(client, set_up=ensure_index)
    assert _found(index, facets="state") == []
    assert index.index([document("acme", "a", customer=person("José"))]) == ()
    index.refresh()
    assert live_index(client) == "orders-v1"
    assert _found(index, q="jose") == ["a"]


def test_without_its_index_nothing_is_stored_under_guessed_types(client: OpenSearch) -> None:
    failures = OpenSearchIndex(client).index([document("acme", "a")])
    assert [(failure.order_id, failure.retryable) for failure in failures] == [("ord_a", True)]
    assert not client.indices.exists(index=ALIAS)


def test_ensuring_an_index_twice_keeps_it(client: OpenSearch) -> None:
    ensure_index(client)
    index = OpenSearchIndex(client)
    index.index([document("acme", "a")])
    assert ensure_index(client) == "orders-v1"
    index.refresh()
    assert _found(index) == ["a"]


def test_a_document_that_does_not_fit_fails_alone_and_for_good(client: OpenSearch) -> None:
    """Per-item errors: the others of the call are stored; the reason quotes no value."""
    ensure_index(client)
    index = OpenSearchIndex(client)
    misfit = {**document("acme", "b"), "totalMinor": "much@example.org"}
    unknown = {**document("acme", "c"), "surprise": 1}
    failures = index.index([document("acme", "a"), misfit, unknown, document("acme", "d")])
    assert [(failure.order_id, failure.retryable) for failure in failures] == [
        ("ord_b", False),
        ("ord_c", False),
    ]
    assert "much@example.org" not in failures[0].reason
    index.refresh()
    assert _found(index) == ["a", "d"]


def test_an_engine_that_is_down_is_reported_as_unavailable() -> None:
    """UIX-09, ACC-151: callers can tell it from an empty result."""
    index = OpenSearchIndex(connect("http://127.0.0.1:9"), set_up=ensure_index)
    with pytest.raises(Unavailable):
        index.search(parse({}, "acme", START))
    with pytest.raises(Unavailable):
        index.index([document("acme", "a")])


def test_the_layer_ships_the_template_of_the_project() -> None:
    path = Path(__file__).parents[2] / "infra" / "search" / "orders-template.json"
    assert index_template() == json.loads(path.read_text("utf-8"))


@pytest.mark.parametrize(
    ("url", "service"),
    [
        ("https://search-x.us-east-1.es.amazonaws.com", "es"),
        ("https://x.us-east-1.aoss.amazonaws.com", "aoss"),
    ],
)
def test_requests_to_a_domain_in_aws_are_signed(
    url: str, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    connection = connect(url, "us-east-1").transport.get_connection()
    headers = connection.http_auth("GET", f"{url}/", None)
    assert f"/us-east-1/{service}/aws4_request" in headers["Authorization"]


def test_a_loopback_engine_gets_no_credentials() -> None:
    assert connect("http://127.0.0.1:9").transport.get_connection().http_auth is None
