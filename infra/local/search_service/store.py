"""Documents and their rows in SQLite: what was acknowledged survives a kill.

`posting` finds documents by term, `cell` compares, sorts and counts values. One writer at a time;
readers see a consistent snapshot (WAL).
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.local.search_service.errors import Rejected, no_index, unsupported
from infra.local.search_service.schema import Rows, Schema

_FIELDS_PER_INDEX = 10_000
_TABLES = """
CREATE TABLE IF NOT EXISTS template (name TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS catalog (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS alias (name TEXT PRIMARY KEY, catalog INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS doc (
    ord INTEGER PRIMARY KEY, catalog INTEGER NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,
    source TEXT, UNIQUE (catalog, id));
CREATE TABLE IF NOT EXISTS posting (
    field INTEGER, term TEXT, doc INTEGER, element INTEGER, position INTEGER,
    PRIMARY KEY (field, term, doc, element, position)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cell (
    field INTEGER, doc INTEGER, element INTEGER, value,
    PRIMARY KEY (field, doc, element, value)) WITHOUT ROWID;
"""


class Catalog:
    """One index: its id, real name and schema."""

    def __init__(self, identity: int, name: str, template: Mapping[str, Any]) -> None:
        self.id = identity
        self.name = name
        self.schema = Schema(template, identity * _FIELDS_PER_INDEX)


class Store:
    """The database file in `directory`; safe to use from many threads."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._path = directory / "search.sqlite3"
        self._local = threading.local()
        self._writing = threading.Lock()
        self._catalogs: dict[str, Catalog] = {}
        with self.writing() as database:
            database.executescript(_TABLES)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection on one snapshot; temporary tables are the reader's own."""
        database = self._connection()
        database.execute("BEGIN")
        try:
            yield database
        finally:
            database.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection in a write transaction, committed unless an error leaves the block."""
        with self._writing:
            database = self._connection()
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
            except BaseException:
                database.rollback()
                raise
            database.commit()

    def put_template(self, name: str, body: Mapping[str, Any]) -> None:
        """Keep an index template; refuses one that cannot be applied."""
        Schema(body["template"], 0)
        with self.writing() as database:
            database.execute("REPLACE INTO template VALUES (?, ?)", (name, json.dumps(body)))

    def create(self, name: str) -> None:
        """Make an index from the template whose pattern fits its name."""
        with self.writing() as database:
            if self._find(database, name):
                reason = f"index [{name}] already exists"
                raise Rejected(400, "resource_already_exists_exception", reason)
            template = self._template_for(database, name)
            entry = (name, json.dumps(template))
            database.execute("INSERT INTO catalog (name, body) VALUES (?, ?)", entry)

    def delete(self, name: str) -> None:
        """Drop an index with its documents and aliases."""
        catalog = self.catalog(name)
        low = catalog.id * _FIELDS_PER_INDEX
        with self.writing() as database:
            for table in ("posting", "cell"):
                bounds = (low, low + _FIELDS_PER_INDEX - 1)
                database.execute(f"DELETE FROM {table} WHERE field BETWEEN ? AND ?", bounds)  # noqa: S608
            for table, column in (("doc", "catalog"), ("alias", "catalog"), ("catalog", "id")):
                database.execute(f"DELETE FROM {table} WHERE {column} = ?", (catalog.id,))  # noqa: S608
        self._catalogs.pop(catalog.name, None)

    def catalog(self, name: str) -> Catalog:
        """The index of that name or behind that alias; refuses unknown ones."""
        found = self._find(self._connection(), name)
        if found is None:
            raise no_index(name)
        identity, real, body = found
        known = self._catalogs.get(real)
        if known is None or known.id != identity:
            known = self._catalogs[real] = Catalog(identity, real, json.loads(body))
        return known

    def aliases(self, alias: str) -> dict[str, list[str]]:
        """The aliases called `alias`, by index name."""
        rows = self._connection().execute(
            "SELECT catalog.name, alias.name FROM alias JOIN catalog ON catalog.id = alias.catalog "
            "WHERE alias.name = ?",
            (alias,),
        )
        return {index: [name] for index, name in rows}

    def change_aliases(self, actions: list[tuple[str, str, str]]) -> None:
        """Apply (add or remove, index, alias) at once: no reader finds the alias missing."""
        changes = [(verb, self.catalog(index), alias) for verb, index, alias in actions]
        with self.writing() as database:
            for verb, catalog, alias in changes:
                if verb == "add":
                    database.execute("REPLACE INTO alias VALUES (?, ?)", (alias, catalog.id))
                    continue
                entry = (alias, catalog.id)
                database.execute("DELETE FROM alias WHERE name = ? AND catalog = ?", entry)

    def write(
        self, database: sqlite3.Connection, catalog: Catalog, identity: str, version: int,
        source: Mapping[str, Any] | None,
    ) -> bool:  # fmt: skip
        """Store a document, or its deletion, if `version` is newer; True where it is the first.

        Raises Rejected 409 where it is not newer.
        """
        key = (catalog.id, identity)
        query = "SELECT ord, version, source FROM doc WHERE catalog = ? AND id = ?"
        stored = database.execute(query, key).fetchone()
        if stored is not None and stored[1] >= version:
            reason = f"current version [{stored[1]}] is not older than [{version}]"
            raise Rejected(409, "version_conflict_engine_exception", reason)
        none = Rows(frozenset(), frozenset())
        new = none if source is None else catalog.schema.rows(source)
        old = none if stored is None or stored[2] is None else _rows(catalog, stored[2])
        text = None if source is None else json.dumps(source, ensure_ascii=False)
        order = database.execute(
            "INSERT INTO doc (catalog, id, version, source) VALUES (?, ?, ?, ?) ON CONFLICT DO "
            "UPDATE SET version = excluded.version, source = excluded.source RETURNING ord",
            (*key, version, text),
        ).fetchone()[0]
        _replace(database, order, old, new)
        return stored is None or stored[2] is None

    def _connection(self) -> sqlite3.Connection:
        known: sqlite3.Connection | None = getattr(self._local, "database", None)
        if known is None:
            known = sqlite3.connect(self._path, isolation_level=None, timeout=30)
            for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "temp_store=MEMORY"):
                known.execute(f"PRAGMA {pragma}")
            self._local.database = known
        return known

    def _find(self, database: sqlite3.Connection, name: str) -> tuple[int, str, str] | None:
        found: tuple[int, str, str] | None = database.execute(
            "SELECT id, name, body FROM catalog WHERE name = ?1 "
            "OR id = (SELECT catalog FROM alias WHERE name = ?1)",
            (name,),
        ).fetchone()
        return found

    def _template_for(self, database: sqlite3.Connection, name: str) -> Mapping[str, Any]:
        for (text,) in database.execute("SELECT body FROM template"):
            body: dict[str, Any] = json.loads(text)
            for pattern in body["index_patterns"]:
                if name.startswith(pattern.removesuffix("*")):
                    template: dict[str, Any] = body["template"]
                    return template
        raise unsupported(f"an index without a template, as [{name}]")


def _rows(catalog: Catalog, source: str) -> Rows:
    return catalog.schema.rows(json.loads(source))


def _replace(database: sqlite3.Connection, order: int, old: Rows, new: Rows) -> None:
    """Write only what differs: most of a document stays as it was from version to version."""
    database.executemany(
        "DELETE FROM posting WHERE field = ? AND term = ? AND doc = ? AND element = ? "
        "AND position = ?",
        [(field, term, order, *place) for field, term, *place in old.postings - new.postings],
    )
    database.executemany(
        "DELETE FROM cell WHERE field = ? AND doc = ? AND element = ? AND value = ?",
        [(field, order, element, value) for field, element, value in old.cells - new.cells],
    )
    database.executemany(
        "INSERT INTO posting VALUES (?, ?, ?, ?, ?)",
        [(field, term, order, *place) for field, term, *place in new.postings - old.postings],
    )
    database.executemany(
        "INSERT INTO cell VALUES (?, ?, ?, ?)",
        [(field, order, element, value) for field, element, value in new.cells - old.cells],
    )
