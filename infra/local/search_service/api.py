"""The routes: exactly those of the OpenSearch API that the product calls."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from infra.local.search_service.bulk import bulk
from infra.local.search_service.errors import Rejected, expect_keys, no_index, unsupported
from infra.local.search_service.searching import Search
from infra.local.search_service.store import Store

Answer = tuple[int, dict[str, Any]]
Handler = Callable[["Api", tuple[str, ...], Mapping[str, str], str], Answer]

_DONE = {"acknowledged": True}
_ROOT = {
    "name": "local",
    "cluster_name": "throughline-local",
    "version": {"distribution": "opensearch", "number": "2.19.3"},
    "tagline": "The part of the OpenSearch API that Throughline uses",
}


class Api:
    """Answers requests on one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def answer(self, method: str, path: str, query: Mapping[str, str], text: str) -> Answer:
        """Status and body of a request; a refusal is an answer too."""
        try:
            for route_method, pattern, parameters, handler in _ROUTES:
                found = pattern.fullmatch(path)
                if found and method == route_method:
                    expect_keys("the query string", dict(query), parameters)
                    return handler(self, found.groups(), query, text)
            raise unsupported(f"{method} {path}")
        except Rejected as refusal:
            return refusal.status, refusal.body
        except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            reason = f"the body is not understood: {type(error).__name__} {error}"
            return 400, Rejected(400, "parsing_exception", reason).body

    def root(self, _: tuple[str, ...], __: Mapping[str, str], ___: str) -> Answer:
        return 200, _ROOT

    def health(self, _: tuple[str, ...], __: Mapping[str, str], ___: str) -> Answer:
        return 200, {"cluster_name": "throughline-local", "status": "green", "number_of_nodes": 1}

    def put_template(self, names: tuple[str, ...], _: Mapping[str, str], text: str) -> Answer:
        self._store.put_template(names[0], json.loads(text))
        return 200, _DONE

    def create(self, names: tuple[str, ...], _: Mapping[str, str], text: str) -> Answer:
        if text.strip() not in ("", "{}"):
            raise unsupported("settings of an index beside its template")
        self._store.create(names[0])
        return 200, {**_DONE, "index": names[0]}

    def exists(self, names: tuple[str, ...], _: Mapping[str, str], __: str) -> Answer:
        self._store.catalog(names[0])
        return 200, {}

    def delete(self, names: tuple[str, ...], _: Mapping[str, str], __: str) -> Answer:
        self._store.delete(names[0])
        return 200, _DONE

    def put_alias(self, names: tuple[str, ...], _: Mapping[str, str], __: str) -> Answer:
        self._store.change_aliases([("add", names[0], names[1])])
        return 200, _DONE

    def get_alias(self, names: tuple[str, ...], _: Mapping[str, str], __: str) -> Answer:
        found = self._store.aliases(names[0])
        if not found:
            raise no_index(names[0])
        return 200, {index: {"aliases": {a: {} for a in names}} for index, names in found.items()}

    def change_aliases(self, _: tuple[str, ...], __: Mapping[str, str], text: str) -> Answer:
        actions = []
        for entry in json.loads(text)["actions"]:
            expect_keys("an alias action", entry, ("add", "remove"))
            actions += [(verb, rule["index"], rule["alias"]) for verb, rule in entry.items()]
        self._store.change_aliases(actions)
        return 200, _DONE

    def bulk(self, _: tuple[str, ...], query: Mapping[str, str], text: str) -> Answer:
        return 200, bulk(self._store, text, query.get("require_alias") == "true")

    def search(self, names: tuple[str, ...], _: Mapping[str, str], text: str) -> Answer:
        catalog = self._store.catalog(names[0])
        with self._store.reading() as database:
            return 200, Search(database, catalog).answer(json.loads(text or "{}"))

    def count(self, names: tuple[str, ...], _: Mapping[str, str], text: str) -> Answer:
        catalog = self._store.catalog(names[0])
        with self._store.reading() as database:
            return 200, {"count": Search(database, catalog).count(json.loads(text or "{}"))}

    def refresh(self, names: tuple[str, ...], _: Mapping[str, str], __: str) -> Answer:
        self._store.catalog(names[0])
        return 200, {"_shards": {"total": 1, "successful": 1, "failed": 0}}

    def get(self, names: tuple[str, ...], _: Mapping[str, str], __: str) -> Answer:
        catalog = self._store.catalog(names[0])
        with self._store.reading() as database:
            row = database.execute(
                "SELECT version, source FROM doc WHERE catalog = ? AND id = ?",
                (catalog.id, names[1]),
            ).fetchone()
        named = {"_index": catalog.name, "_id": names[1]}
        if row is None or row[1] is None:
            return 404, {**named, "found": False}
        return 200, {**named, "_version": row[0], "found": True, "_source": json.loads(row[1])}

    def remove(self, names: tuple[str, ...], query: Mapping[str, str], _: str) -> Answer:
        if query.get("version_type") != "external":
            raise unsupported("deleting without an external version")
        catalog = self._store.catalog(names[0])
        version = int(query["version"])
        with self._store.writing() as database:
            missed = self._store.write(database, catalog, names[1], version, None)
        named = {"_index": catalog.name, "_id": names[1], "_version": version}
        return (404 if missed else 200), {**named, "result": "not_found" if missed else "deleted"}


def _route(method: str, path: str, handler: Handler, *parameters: str) -> Any:
    pattern = re.compile(path.replace("<index>", "([a-z][^/]*)").replace("<name>", "([^/]+)"))
    return method, pattern, parameters, handler


_ROUTES: list[tuple[str, re.Pattern[str], tuple[str, ...], Handler]] = [
    _route("GET", "/", Api.root),
    _route("HEAD", "/", Api.root),
    _route("GET", "/_cluster/health", Api.health),
    _route("PUT", "/_index_template/<name>", Api.put_template),
    _route("GET", "/_alias/<name>", Api.get_alias),
    _route("HEAD", "/_alias/<name>", Api.get_alias),
    _route("POST", "/_aliases", Api.change_aliases),
    _route("POST", "/_bulk", Api.bulk, "require_alias", "refresh"),
    _route("PUT", "/<index>", Api.create),
    _route("HEAD", "/<index>", Api.exists),
    _route("DELETE", "/<index>", Api.delete),
    _route("PUT", "/<index>/_alias/<name>", Api.put_alias),
    _route("POST", "/<index>/_search", Api.search, "routing"),
    _route("POST", "/<index>/_count", Api.count, "routing"),
    _route("GET", "/<index>/_count", Api.count, "routing"),
    _route("POST", "/<index>/_refresh", Api.refresh),
    _route("GET", "/<index>/_doc/<name>", Api.get, "routing"),
    _route(
        "DELETE", "/<index>/_doc/<name>", Api.remove,
        "routing", "version", "version_type", "refresh",
    ),
]  # fmt: skip
