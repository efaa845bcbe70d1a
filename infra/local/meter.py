"""Counts what the system used, at the client seam: nothing is estimated from a model of the code.

* AWS calls: one line per request a Lambda worker's botocore made (see meter_hook).
* Write and read units: the ConsumedCapacity of those requests, asked for with
  ReturnConsumedCapacity=INDEXES. The laptop cloud computes it from the stored items by the rules
  of DynamoDB: a write costs the larger of the item before and after, rounded up to 1 KB; twice
  that inside a transaction; each secondary index whose view changes costs its own write (two
  when its key moves). Refused conditional writes are counted apart.
* Lambda invocations and workflow state transitions: counted by the laptop cloud where they happen.
* Bus events: entries of PutEvents.

An invocation's calls carry its trace id, which tells how many round trips one request took.
"""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_WRITES = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems")


@dataclass(frozen=True)
class Meter:
    """Reads what was counted into `path`."""

    path: Path

    def mark(self) -> int:
        """A point in time to give to `snapshot`."""
        return self.path.stat().st_size if self.path.exists() else 0

    def snapshot(self, since: int = 0) -> dict[str, Any]:
        """Everything counted after the mark `since`, ready for JSON.

        `calls` by operation, `invocations` by function, `transitions` by workflow type,
        `writeUnits`, `writeUnitsByTable` and `writeUnitsByCall` (function, operation, table),
        `refusedWrites`, `readUnits`, `busEvents`, and `roundTrips`: AWS calls of one invocation,
        mean and greatest by function.
        """
        counts = _Counts()
        if self.path.exists():
            with self.path.open("rb") as lines:
                lines.seek(since)
                for line in lines:
                    counts.add(json.loads(line))
        return counts.as_dict()


@dataclass
class _Counts:
    calls: Counter[str] = field(default_factory=Counter)
    invocations: Counter[str] = field(default_factory=Counter)
    transitions: Counter[str] = field(default_factory=Counter)
    write_units: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    by_call: Counter[str] = field(default_factory=Counter)
    read_units: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    round_trips: Counter[tuple[str, str]] = field(default_factory=Counter)
    bus_events: int = 0
    refused_writes: int = 0

    def add(self, line: dict[str, Any]) -> None:
        if line["kind"] == "invocation":
            self.invocations[line["function"]] += 1
        elif line["kind"] == "transition":
            self.transitions[line["type"]] += 1
        else:
            self._add_call(line)

    def _add_call(self, line: dict[str, Any]) -> None:
        self.calls[line["call"]] += 1
        self.round_trips[line["function"], line["trace"]] += 1
        self.bus_events += line.get("entries", 0) if line["ok"] else 0
        write = line["call"].removeprefix("dynamodb.") in _WRITES
        self.refused_writes += write and not line["ok"]
        units = self.write_units if write else self.read_units
        capacity = line.get("capacity", [])
        for table in capacity if isinstance(capacity, list) else [capacity]:
            units[table["TableName"]] += table["CapacityUnits"]
            if write:
                name = f"{line['function']} {line['call']} {table['TableName']}"
                self.by_call[name] += table["CapacityUnits"]

    def as_dict(self) -> dict[str, Any]:
        return {
            "calls": dict(sorted(self.calls.items())),
            "writeUnits": sum(self.write_units.values()),
            "writeUnitsByTable": dict(sorted(self.write_units.items())),
            "writeUnitsByCall": dict(sorted(self.by_call.items())),
            "refusedWrites": self.refused_writes,
            "readUnits": sum(self.read_units.values()),
            "invocations": dict(sorted(self.invocations.items())),
            "busEvents": self.bus_events,
            "transitions": {kind: self.transitions[kind] for kind in ("EXPRESS", "STANDARD")},
            "roundTrips": self._round_trips(),
        }

    def _round_trips(self) -> dict[str, dict[str, float]]:
        by_function: defaultdict[str, list[int]] = defaultdict(list)
        for (function, _trace), count in self.round_trips.items():
            by_function[function].append(count)
        return {
            function: {"mean": sum(counts) / len(counts), "max": max(counts)}
            for function, counts in sorted(by_function.items())
        }
