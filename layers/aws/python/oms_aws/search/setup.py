"""Making the order index: `orders-v<n>` behind the alias `orders`; see also `rebuild`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oms_aws.search.index import ALIAS, unavailable

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

TEMPLATE_NAME = "orders"
FIRST_INDEX = "orders-v1"


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
            put_template(client)
            create(client, FIRST_INDEX)
            client.indices.put_alias(index=FIRST_INDEX, name=ALIAS)
        return live_index(client)
    except OpenSearchException as error:
        raise unavailable(error) from error


def live_index(client: OpenSearch) -> str:
    """The index behind the alias."""
    return str(next(iter(client.indices.get_alias(name=ALIAS))))


def put_template(client: OpenSearch) -> None:
    """Put the present template, under which the next index is made."""
    client.indices.put_index_template(name=TEMPLATE_NAME, body=index_template())


def create(client: OpenSearch, name: str) -> None:
    """Make an index from the template, unless somebody just did."""
    from opensearchpy import RequestError

    try:
        client.indices.create(index=name)
    except RequestError as error:
        if error.error != "resource_already_exists_exception":
            raise
