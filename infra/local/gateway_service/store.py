"""The durable state of the test gateway: one SQLite file, one writer at a time.

`movements` has no key on purpose: it is written wherever money moves, so counting it finds a double
effect instead of hiding it.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.local.gateway_service.model import Balance, Instruction, Operation, Verdict

_SCHEMA = """
CREATE TABLE IF NOT EXISTS operations (
  key TEXT PRIMARY KEY, kind TEXT NOT NULL, token TEXT NOT NULL, sent_token TEXT, parent TEXT,
  amount INTEGER NOT NULL, currency TEXT NOT NULL, final INTEGER NOT NULL, metadata TEXT NOT NULL,
  reference TEXT NOT NULL UNIQUE, status TEXT NOT NULL, approved INTEGER NOT NULL,
  released INTEGER NOT NULL, expires_at REAL, decline_class TEXT, code TEXT, settle_at REAL,
  created_at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS children ON operations (parent) WHERE parent IS NOT NULL;
CREATE INDEX IF NOT EXISTS unsettled ON operations (settle_at) WHERE settle_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS lost (key TEXT PRIMARY KEY, lookups INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS movements (
  key TEXT NOT NULL, kind TEXT NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS calls (kind TEXT PRIMARY KEY, total INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, key TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (
  id INTEGER PRIMARY KEY, event_id TEXT NOT NULL, due_at REAL, attempts INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS due ON deliveries (due_at) WHERE due_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Store:
    """Statements over the state; callers group them with `transaction`."""

    def __init__(self, path: Path | None) -> None:
        self._lock = threading.RLock()
        self._database = sqlite3.connect(
            path or ":memory:", check_same_thread=False, isolation_level=None
        )
        self._database.row_factory = sqlite3.Row
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.executescript(_SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements inside happen together, or none if one raises."""
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            self._database.close()

    def rows(self, statement: str, *values: object) -> list[sqlite3.Row]:
        """The result of one statement; the lock makes single reads safe without a transaction."""
        with self._lock:
            return self._database.execute(statement, values).fetchall()

    def operation(self, key: str) -> Operation | None:
        """The operation sent under this key."""
        found = self.rows("SELECT * FROM operations WHERE key = ?", key)
        return _operation(found[0]) if found else None

    def referred(self, reference: str) -> Operation | None:
        """The operation that the gateway gave this reference."""
        found = self.rows("SELECT * FROM operations WHERE reference = ?", reference)
        return _operation(found[0]) if found else None

    def unsettled(self, until: float) -> list[Operation]:
        """Pending operations whose second verdict is due."""
        found = self.rows("SELECT * FROM operations WHERE settle_at <= ?", until)
        return [_operation(row) for row in found]

    def balance(self, reference: str, kind: str, except_key: str) -> Balance:
        """What the children of an operation claim, not counting one of them."""
        (row,) = self.rows(
            "SELECT total(CASE WHEN kind = 'VOID' THEN 0 WHEN status = 'PENDING' THEN amount"
            " ELSE approved END) AS claimed, total(released) AS released,"
            " total(kind = ? AND code = 'processing_error') AS declined"
            " FROM operations WHERE parent = ? AND key <> ?",
            kind, reference, except_key,
        )  # fmt: skip
        return Balance(int(row["claimed"]), int(row["released"]), row["declined"] > 0)

    def save(self, operation: Operation) -> None:
        """Insert an operation, or replace the verdict of the one with its key."""
        told, verdict = operation.instruction, operation.verdict
        self.rows(
            "INSERT INTO operations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (key) DO UPDATE SET status = excluded.status,"
            " approved = excluded.approved, released = excluded.released,"
            " expires_at = excluded.expires_at, decline_class = excluded.decline_class,"
            " code = excluded.code, settle_at = excluded.settle_at",
            told.key, told.kind, operation.token, told.token, told.parent, told.amount,
            told.currency, told.final, json.dumps(told.metadata), operation.reference,
            verdict.status, verdict.approved, verdict.released, verdict.expires_at,
            verdict.decline_class, verdict.code, verdict.settle_at, operation.created_at,
        )  # fmt: skip

    def record_movement(self, operation: Operation) -> None:
        """Money moved, or was reserved or released."""
        told = operation.instruction
        self.rows(
            "INSERT INTO movements VALUES (?, ?, ?, ?)",
            told.key, told.kind, operation.verdict.approved, told.currency,
        )  # fmt: skip

    def count_call(self, kind: str) -> None:
        """One more request of this kind arrived."""
        self.rows(
            "INSERT INTO calls VALUES (?, 1) ON CONFLICT (kind) DO UPDATE SET total = total + 1",
            kind,
        )

    def lookups_of_lost(self, key: str) -> int | None:
        """How often a lost request was looked up; None if no request with the key was lost."""
        found = self.rows("SELECT lookups FROM lost WHERE key = ?", key)
        return int(found[0]["lookups"]) if found else None

    def lose(self, key: str, lookups: int) -> None:
        """Remember that a request was lost and looked up so many times."""
        self.rows("INSERT OR REPLACE INTO lost VALUES (?, ?)", key, lookups)

    def setting(self, name: str) -> str | None:
        """A stored setting."""
        found = self.rows("SELECT value FROM settings WHERE name = ?", name)
        return str(found[0]["value"]) if found else None

    def set(self, name: str, value: str) -> None:
        """Store a setting."""
        self.rows("INSERT OR REPLACE INTO settings VALUES (?, ?)", name, value)


def _operation(row: sqlite3.Row) -> Operation:
    metadata: dict[str, Any] = json.loads(row["metadata"])
    told = Instruction(
        row["key"], row["kind"], row["amount"], row["currency"], row["sent_token"], row["parent"],
        bool(row["final"]), metadata,
    )  # fmt: skip
    verdict = Verdict(
        row["status"], row["approved"], row["released"], row["expires_at"], row["decline_class"],
        row["code"], row["settle_at"],
    )  # fmt: skip
    return Operation(told, row["token"], row["reference"], verdict, row["created_at"])
