"""The query language, as far as the product speaks it, translated into SQL.

Every clause becomes a SELECT of (doc, element) pairs; `element` is 0 for the document itself and
the place in the list inside `nested`. Anything else is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from infra.local.search_service.errors import Rejected, expect_keys, unsupported
from infra.local.search_service.schema import Field
from infra.local.search_service.store import Catalog

_LAST_CHARACTER = "\U0010ffff"
MOST_TERMS = 65_536


@dataclass(frozen=True, slots=True)
class Sql:
    """A SELECT and its parameters."""

    text: str
    values: tuple[Any, ...] = ()


def compile_query(catalog: Catalog, query: Any, level: str = "") -> Sql:
    """The SQL of one query; `level` is the nested list it is asked within."""
    if not isinstance(query, dict) or len(query) != 1:
        raise Rejected(400, "parsing_exception", "a query is an object with one key")
    [(kind, body)] = query.items()
    if kind not in _KINDS:
        raise unsupported(f"query [{kind}]")
    return _KINDS[kind](catalog, body, level)


def intersect(parts: Sequence[Sql]) -> Sql:
    """What all parts find."""
    return _combine("INTERSECT", parts)


def _combine(operator: str, parts: Sequence[Sql]) -> Sql:
    if len(parts) == 1:
        return parts[0]
    text = f" {operator} ".join(f"SELECT * FROM ({part.text})" for part in parts)  # noqa: S608
    return Sql(text, tuple(value for part in parts for value in part.values))


def _match_all(catalog: Catalog, body: Any, level: str) -> Sql:
    expect_keys("match_all", body, ())
    if level:
        raise unsupported("match_all in nested")
    text = "SELECT ord AS doc, 0 AS element FROM doc WHERE catalog = ? AND source IS NOT NULL"
    return Sql(text, (catalog.id,))


def _bool(catalog: Catalog, body: Any, level: str) -> Sql:
    expect_keys("bool", body, ("filter", "should", "minimum_should_match"))
    parts = [compile_query(catalog, part, level) for part in body.get("filter", [])]
    if "should" in body:
        if body.get("minimum_should_match") != 1:
            raise unsupported("should without minimum_should_match 1")
        choices = [compile_query(catalog, part, level) for part in body["should"]]
        parts.append(_combine("UNION", choices))
    return intersect(parts) if parts else _match_all(catalog, {}, level)


def _nested(catalog: Catalog, body: Any, level: str) -> Sql:
    expect_keys("nested", body, ("path", "query"))
    if level or body["path"] not in catalog.schema.lists:
        raise unsupported(f"nested path [{body['path']}] here")
    inner = compile_query(catalog, body["query"], body["path"])
    return Sql(f"SELECT DISTINCT doc, 0 AS element FROM ({inner.text})", inner.values)  # noqa: S608


def _term(catalog: Catalog, body: Any, level: str) -> Sql:
    path, value = _only(body)
    return _any_term(_field(catalog, path, level), [value])


def _terms(catalog: Catalog, body: Any, level: str) -> Sql:
    path, values = _only(body)
    if len(values) > MOST_TERMS:
        raise Rejected(400, "illegal_argument_exception", f"more than {MOST_TERMS} terms")
    return _any_term(_field(catalog, path, level), values)


def _any_term(field: Field, values: list[Any]) -> Sql:
    if field.kind == "text":
        parts = [_starting(field, value) for value in values]
        return _combine("UNION", parts)
    kept = [field.comparable(value) for value in values]
    marks = ", ".join("?" * len(kept))
    if field.kind == "keyword":
        return Sql(f"{_POSTINGS} AND term IN ({marks})", (field.number, *kept))
    return Sql(f"{_CELLS} AND value IN ({marks})", (field.number, *kept))


def _range(catalog: Catalog, body: Any, level: str) -> Sql:
    path, bounds = _only(body)
    expect_keys("range", bounds, ("gte", "lte"))
    field = _field(catalog, path, level)
    if field.kind in ("text", "keyword", "boolean"):
        raise unsupported(f"range on a field of type [{field.kind}]")
    signs = {"gte": ">=", "lte": "<="}
    tests = "".join(f" AND value {signs[bound]} ?" for bound in bounds)
    values = (field.comparable(value) for value in bounds.values())
    return Sql(_CELLS + tests, (field.number, *values))


def _prefix(catalog: Catalog, body: Any, level: str) -> Sql:
    path, start = _only(body)
    field = _field(catalog, path, level)
    if field.kind != "keyword":
        raise unsupported(f"prefix on a field of type [{field.kind}]")
    return Sql(f"{_POSTINGS} AND term >= ? AND term < ?", _starts(field, start))


def _match(catalog: Catalog, body: Any, level: str) -> Sql:
    path, rule = _only(body)
    expect_keys("match", rule, ("query", "operator"))
    if rule.get("operator") != "and":
        raise unsupported("match without operator and")
    field = _field(catalog, path, level)
    terms = field.search_analyzer.terms(rule["query"])
    return intersect([_starting(field, term) for term in terms]) if terms else _NOTHING


def _match_phrase(catalog: Catalog, body: Any, level: str) -> Sql:
    path, text = _only(body)
    field = _field(catalog, path, level)
    if field.analyzer.grams is not None:
        raise unsupported("match_phrase on grams")
    terms = field.search_analyzer.terms(text)
    if not terms:
        return _NOTHING
    places = range(1, len(terms))
    joins = "".join(
        f" JOIN posting p{at} ON p{at}.field = p0.field AND p{at}.term = ? AND p{at}.doc = p0.doc"
        f" AND p{at}.element = p0.element AND p{at}.position = p0.position + {at}"
        for at in places
    )
    select = f"SELECT p0.doc, p0.element FROM posting p0{joins} WHERE p0.field = ? AND p0.term = ?"  # noqa: S608
    return Sql(select, (*terms[1:], field.number, terms[0]))


def _starting(field: Field, term: str) -> Sql:
    """Documents with a term that equals, or whose grams contain, `term`."""
    grams = field.analyzer.grams
    exact = Sql(f"{_POSTINGS} AND term = ?", (field.number, term))
    if grams is None:
        return exact
    if grams.shortest <= len(term) <= grams.longest:
        return Sql(f"{_POSTINGS} AND term >= ? AND term < ?", _starts(field, term))
    return exact if grams.keeps_whole else _NOTHING


def _starts(field: Field, start: str) -> tuple[int, str, str]:
    return (field.number, start, start + _LAST_CHARACTER)


def _field(catalog: Catalog, path: str, level: str) -> Field:
    field = catalog.schema.field(path)
    if field.level != level:
        raise unsupported(f"field [{path}] outside its nested list")
    if not field.indexed:
        raise unsupported(f"a query on [{path}], which is not indexed")
    return field


def _only(body: Any) -> tuple[str, Any]:
    if not isinstance(body, dict) or len(body) != 1:
        raise unsupported("more than one field in a query")
    [(path, rule)] = body.items()
    return path, rule


_POSTINGS = "SELECT doc, element FROM posting WHERE field = ?"
_CELLS = "SELECT doc, element FROM cell WHERE field = ?"
_NOTHING = Sql("SELECT doc, element FROM cell WHERE 0")

_KINDS: dict[str, Callable[[Catalog, Any, str], Sql]] = {
    "match_all": _match_all,
    "bool": _bool,
    "nested": _nested,
    "term": _term,
    "terms": _terms,
    "range": _range,
    "prefix": _prefix,
    "match": _match,
    "match_phrase": _match_phrase,
}
