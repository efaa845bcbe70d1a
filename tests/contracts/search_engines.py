"""The engines under the search contract: the fake, the local service, a real OpenSearch node."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from oms.search.ports import SearchIndex
from oms_aws.search.index import OpenSearchIndex, connect
from oms_aws.search.setup import ensure_index

from infra.local.opensearch_node import NotFetched, start_node
from infra.local.search_service.api import Api
from infra.local.search_service.server import SearchServer
from infra.local.search_service.store import Store
from tests.fakes.search_index import FakeSearchIndex

ENGINES = ("fake", "service", "node")


@contextmanager
def engine_url(name: str) -> Iterator[str]:
    """A running `service` or `node`.

    A node that cannot be fetched skips the test, or fails it under THROUGHLINE_OPENSEARCH=required;
    one that was fetched and does not start always fails it.
    """
    if name == "service":
        with service_url() as url:
            yield url
        return
    # Not in pytest's own folder: that one is closed to the user the node runs as.
    directory = Path(tempfile.mkdtemp(prefix="throughline-search-"))
    try:
        url, stop = start_node(directory)
        try:
            yield url
        finally:
            stop()
    except NotFetched as error:
        if os.environ.get("THROUGHLINE_OPENSEARCH") == "required":
            raise
        pytest.skip(str(error))
    finally:
        shutil.rmtree(directory)


@contextmanager
def service_url(directory: Path | None = None) -> Iterator[str]:
    """The local search service in a thread of this process."""
    with tempfile.TemporaryDirectory() as temporary:
        server = SearchServer(Api(Store(directory or Path(temporary))))
        thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02))
        thread.start()
        try:
            yield server.url
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


@contextmanager
def engine(name: str) -> Iterator[SearchIndex]:
    """An index, set up as in production."""
    if name == "fake":
        yield FakeSearchIndex()
        return
    with engine_url(name) as url:
        client = connect(url)
        ensure_index(client)
        yield OpenSearchIndex(client)
        client.close()
