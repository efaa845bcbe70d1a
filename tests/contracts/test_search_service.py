"""The local search service by itself: what it refuses, and that it keeps what it acknowledged."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from oms.search.parse import parse
from oms_aws.search.index import OpenSearchIndex, connect
from oms_aws.search.setup import ensure_index, index_template

from tests.contracts.search_engines import service_url
from tests.contracts.search_samples import START, document, names

ROOT = Path(__file__).parents[2]


@pytest.fixture
def url() -> Iterator[str]:
    with service_url() as url:
        ensure_index(connect(url))
        yield url


def call(url: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
    text = body if isinstance(body, str) else json.dumps(body)
    connection.request(method, path, None if body is None else text)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, json.loads(content) if content else None


@pytest.mark.parametrize(
    ("method", "path", "body", "named"),
    [
        ("GET", "/_cat/indices", None, "GET /_cat/indices"),
        ("POST", "/orders/_update/1", {}, "POST /orders/_update/1"),
        ("POST", "/orders/_search", {"query": {"fuzzy": {"number": "x"}}}, "[fuzzy]"),
        ("POST", "/orders/_search", {"query": {"bool": {"must_not": []}}}, "[must_not]"),
        ("POST", "/orders/_search", {"from": 10}, "[from]"),
        ("POST", "/orders/_search?scroll=1m", {}, "[scroll]"),
        ("POST", "/orders/_search", {"query": {"term": {"nosuch": "x"}}}, "[nosuch]"),
        ("POST", "/orders/_search", {"query": {"term": {"lines.sku": "x"}}}, "[lines.sku]"),
        ("POST", "/orders/_search", {"query": {"range": {"placedAt": {"gt": 1}}}}, "[gt]"),
        ("POST", "/orders/_search", {"sort": [{"text": {"order": "asc"}}]}, "[text]"),
        ("POST", "/orders/_search", {"aggs": {"a": {"sum": {}}}}, "[sum]"),
        ("POST", "/orders/_search", {"_source": "x"}, "_source"),
        ("POST", "/orders/_search", "{", "JSONDecodeError"),
        ("PUT", "/other-v1", None, "other-v1"),
        ("PUT", "/orders-v1", None, "already exists"),
        ("POST", "/_bulk", '{"delete":{"_index":"orders","_id":"1"}}\n{}\n', "delete"),
    ],
)
def test_what_the_product_does_not_use_is_refused_by_name(
    url: str, method: str, path: str, body: Any, named: str
) -> None:
    status, answer = call(url, method, path, body)
    assert status == 400
    assert named in answer["error"]["reason"]


def test_unknown_mapping_and_analysis_are_refused(url: str) -> None:
    template = index_template()
    template["template"]["mappings"]["properties"]["place"] = {"type": "geo_point"}
    status, answer = call(url, "PUT", "/_index_template/orders", template)
    assert (status, "geo_point" in answer["error"]["reason"]) == (400, True)


def test_documents_are_read_and_deleted_by_id_under_external_versions(url: str) -> None:
    OpenSearchIndex(connect(url)).index([document("acme", "a", version=2)])
    path = "/orders/_doc/acme%23ord_a"
    assert call(url, "GET", path)[1]["_version"] == 2
    assert call(url, "GET", "/orders/_count")[1]["count"] == 1
    stale = call(url, "DELETE", f"{path}?routing=acme&version=1&version_type=external")
    assert stale[0] == 409
    assert call(url, "DELETE", f"{path}?routing=acme&version=3&version_type=external")[0] == 200
    assert call(url, "GET", path)[0] == 404
    assert OpenSearchIndex(connect(url)).index([document("acme", "a", version=3)]) == ()
    assert call(url, "GET", "/orders/_count")[1]["count"] == 0
    found = OpenSearchIndex(connect(url)).search(parse({"facets": "state"}, "acme", START))
    assert (found.hits, found.facets["state"]) == ((), ())


def test_acknowledged_documents_survive_a_kill(tmp_path: Path) -> None:
    """GEN-07 on the laptop: nothing acknowledged is lost, and the engine starts again by itself."""
    first, url = _start(tmp_path)
    index = OpenSearchIndex(connect(url), set_up=ensure_index)
    for at in range(20):
        index.index([document("acme", f"n{at:02}", at=at)])
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    second, url = _start(tmp_path)
    try:
        page = OpenSearchIndex(connect(url)).search(parse({"limit": "3"}, "acme", START))
        assert names(page.hits) == ["n19", "n18", "n17"]
        assert page.total.value == 20
    finally:
        second.terminate()
        second.wait()


def _start(directory: Path) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "infra.local.search_service", "--data", str(directory)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'layers/domain/python'}{os.pathsep}{ROOT}"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    process.stdout.close()
    return process, url
