"""The mapping of an index: its fields, and the rows under which a document's values are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from infra.local.search_service.analysis import KEYWORD, Analyzer, read_analysis
from infra.local.search_service.errors import Rejected, expect_keys, unsupported

WHOLE = ("long", "integer")
NUMBERS = (*WHOLE, "double")
_KNOWN = (
    "type", "index", "doc_values", "normalizer", "analyzer", "search_analyzer", "norms",
    "index_options", "ignore_above", "format", "fields",
)  # fmt: skip
POSITION_GAP = 100
"""Between two values of one field, so that no phrase spans them."""

Posting: TypeAlias = tuple[int, str, int, int]
"""Field, term, element of the nested list (0 outside), position."""
Cell: TypeAlias = tuple[int, int, Any]
"""Field, element, value to compare, sort or count."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `level` is the nested list it belongs to, empty for the document itself."""

    number: int
    path: str
    kind: str
    level: str
    indexed: bool = True
    has_values: bool = True
    analyzer: Analyzer = KEYWORD
    search_analyzer: Analyzer = KEYWORD
    ignore_above: int = 32766

    def comparable(self, value: Any) -> Any:
        """`value` as it is kept: times in milliseconds; refuses what does not fit the type."""
        if self.kind == "date" and isinstance(value, str):
            try:
                return round(datetime.fromisoformat(value).timestamp() * 1000)
            except ValueError as error:
                raise _misfit(self.path, self.kind) from error
        if self.kind in WHOLE and type(value) is int:
            return value
        if self.kind == "double" and type(value) in (int, float):
            return float(value)
        if self.kind == "boolean" and isinstance(value, bool):
            return int(value)
        if self.kind == "keyword" and isinstance(value, str):
            return self.analyzer.terms(value)[0]
        raise _misfit(self.path, self.kind)


@dataclass(frozen=True, slots=True)
class Rows:
    """All rows of one document."""

    postings: frozenset[Posting]
    cells: frozenset[Cell]


class Schema:
    """The fields of an index made from a template; `base` keeps field numbers of indices apart."""

    def __init__(self, template: Mapping[str, Any], base: int) -> None:
        settings = dict(template.get("settings", {}))
        expect_keys("settings", settings, ("index", "analysis"))
        self._analyzers = read_analysis(settings.get("analysis", {}))
        self._next = base
        self.fields: dict[str, Field] = {}
        self.lists: dict[str, int] = {}
        mappings = dict(template.get("mappings", {}))
        expect_keys("mappings", mappings, ("dynamic", "_routing", "properties"))
        if mappings.get("dynamic") != "strict":
            raise unsupported("a mapping that is not strict")
        self._properties: Mapping[str, Any] = mappings["properties"]
        self._objects: dict[str, dict[str, tuple[Field, ...]]] = {}
        self._read("", "", self._properties)

    def field(self, path: str) -> Field:
        """The field at `path`; refuses unknown ones, which OpenSearch would match with nothing."""
        if path not in self.fields:
            raise unsupported(f"unmapped field [{path}]")
        return self.fields[path]

    def rows(self, document: Mapping[str, Any]) -> Rows:
        """The rows of a document; refuses fields that are not mapped and values that do not fit."""
        postings: set[Posting] = set()
        cells: set[Cell] = set()
        gaps: dict[int, int] = {}
        counts: dict[str, int] = {}
        for field, element, value in self._values("", 0, document, counts):
            if field.kind == "text":
                start = gaps.get(field.number, 0)
                stored = field.analyzer.stored(_text(field, value))
                postings |= {(field.number, term, element, start + at) for term, at in stored}
                gaps[field.number] = start + len(stored) + POSITION_GAP
                continue
            kept = field.comparable(value)
            if field.kind == "keyword" and len(value) <= field.ignore_above and field.indexed:
                postings.add((field.number, kept, element, 0))
            if field.has_values and (field.kind != "keyword" or len(value) <= field.ignore_above):
                cells.add((field.number, element, kept))
        for path, count in counts.items():
            cells |= {(self.lists[path], element, 1) for element in range(1, count + 1)}
        return Rows(frozenset(postings), frozenset(cells))

    def _values(
        self, path: str, element: int, node: Mapping[str, Any], counts: dict[str, int]
    ) -> Iterator[tuple[Field, int, Any]]:
        known = self._objects[path]
        for key, value in node.items():
            below = f"{path}.{key}" if path else key
            entries = value if isinstance(value, list) else [value]
            if below in self._objects:
                for entry in entries:
                    inside = element
                    if below in self.lists:
                        counts[below] = inside = counts.get(below, 0) + 1
                    yield from self._values(below, inside, _object(below, entry), counts)
            elif key in known:
                for entry in entries:
                    if entry is not None:
                        yield from ((field, element, entry) for field in known[key])
            else:
                reason = f"mapping set to strict, dynamic introduction of [{below}] is not allowed"
                raise Rejected(400, "strict_dynamic_mapping_exception", reason)

    def _read(self, path: str, level: str, properties: Mapping[str, Any]) -> None:
        known = self._objects.setdefault(path, {})
        for key, body in properties.items():
            below = f"{path}.{key}" if path else key
            if "properties" not in body:
                known[key] = tuple(self._leaf(below, level, body))
                continue
            nested = body.get("type") == "nested"
            if nested and level:
                raise unsupported("a nested list in a nested list")
            if nested:
                self.lists[below] = self._number()
            self._read(below, below if nested else level, body["properties"])

    def _leaf(self, path: str, level: str, body: Mapping[str, Any]) -> Iterator[Field]:
        expect_keys(f"the mapping of [{path}]", dict(body), _KNOWN)
        kind = body["type"]
        if kind not in ("text", "keyword", "date", "boolean", *NUMBERS):
            raise unsupported(f"field type [{kind}]")
        name = body.get("analyzer") or body.get("normalizer") or "keyword"
        field = Field(
            self._number(),
            path,
            kind,
            level,
            body.get("index", True),
            kind != "text" and body.get("doc_values", True),
            self._analyzers[name],
            self._analyzers[body.get("search_analyzer", name)],
            body.get("ignore_above", 32766),
        )
        self.fields[path] = field
        yield field
        for key, inner in body.get("fields", {}).items():
            yield from self._leaf(f"{path}.{key}", level, inner)

    def _number(self) -> int:
        self._next += 1
        return self._next


def _text(field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise _misfit(field.path, "text")
    return value


def _object(path: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _misfit(path, "object")
    return value


def _misfit(path: str, kind: str) -> Rejected:
    reason = f"failed to parse field [{path}] of type [{kind}]"
    return Rejected(400, "mapper_parsing_exception", reason)
