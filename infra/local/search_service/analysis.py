"""Analyzers of the index template: how a text becomes terms when it is stored and when asked for.

Word starts and number parts are not multiplied into grams as OpenSearch does it. A term is kept
once (a part: each of its tails) and found by a range over ordered terms, with the same outcome.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from oms.search.text import fold

from infra.local.search_service.errors import Rejected, expect_keys, unsupported

LETTERS_AND_DIGITS = r"[^\p{L}\p{M}\p{N}]+"


@dataclass(frozen=True, slots=True)
class Grams:
    """Which starts (or, with `anywhere`, parts) of a term are found, by their length."""

    shortest: int
    longest: int
    anywhere: bool
    keeps_whole: bool


@dataclass(frozen=True, slots=True)
class Analyzer:
    """One analyzer; without `splits` the text is a single term."""

    removed: tuple[str, ...] = ()
    splits: bool = False
    folds: bool = False
    grams: Grams | None = None

    def terms(self, text: str) -> list[str]:
        """The terms of a text in order, grams not applied."""
        for char in self.removed:
            text = text.replace(char, "")
        if self.splits:
            text = unicodedata.normalize("NFC", text)
            spaced = (char if unicodedata.category(char)[0] in "LMN" else " " for char in text)
            parts = "".join(spaced).split()
        else:
            parts = [text]
        return [fold(part) for part in parts] if self.folds else parts

    def stored(self, text: str) -> list[tuple[str, int]]:
        """The (term, position) pairs to keep for a text."""
        grams = self.grams
        terms = self.terms(text)
        if grams is None or not grams.anywhere:
            return list(zip(terms, range(len(terms)), strict=True))
        return [
            (term[start:], position)
            for position, term in enumerate(terms)
            for start in range(len(term) - grams.shortest + 1)
        ]


KEYWORD = Analyzer()


def read_analysis(analysis: Mapping[str, Any]) -> dict[str, Analyzer]:
    """All analyzers and normalizers of the settings, by name; refuses what is not understood."""
    expect_keys(
        "analysis",
        dict(analysis),
        ("char_filter", "tokenizer", "filter", "normalizer", "analyzer"),
    )
    found = {"keyword": KEYWORD}
    for name, body in analysis.get("normalizer", {}).items():
        found[name] = _analyzer(body, analysis, splits=False)
    for name, body in analysis.get("analyzer", {}).items():
        found[name] = _analyzer(body, analysis, splits=_splits(body["tokenizer"], analysis))
    return found


def _analyzer(body: Mapping[str, Any], analysis: Mapping[str, Any], splits: bool) -> Analyzer:
    expect_keys("an analyzer", dict(body), ("type", "char_filter", "tokenizer", "filter"))
    filters = body.get("filter", [])
    folding = [name for name in filters if name in ("lowercase", "asciifolding")]
    if len(folding) == 1:
        raise unsupported("lowercase and asciifolding without each other")
    grams = [_grams(name, analysis) for name in filters if name not in folding]
    if len(grams) > 1:
        raise unsupported("two gram filters in one analyzer")
    removed = tuple(
        char for name in body.get("char_filter", []) for char in _removed(name, analysis)
    )
    return Analyzer(removed, splits, bool(folding), grams[0] if grams else None)


def _splits(name: str, analysis: Mapping[str, Any]) -> bool:
    if name == "keyword":
        return False
    body = analysis.get("tokenizer", {}).get(name)
    if body != {"type": "pattern", "pattern": LETTERS_AND_DIGITS}:
        raise unsupported(f"tokenizer [{name}]")
    return True


def _removed(name: str, analysis: Mapping[str, Any]) -> list[str]:
    body = analysis.get("char_filter", {}).get(name, {})
    mappings = body.get("mappings", [])
    if body.get("type") != "mapping" or not all(entry.endswith("=>") for entry in mappings):
        raise unsupported(f"char filter [{name}]")
    return [entry.removesuffix("=>") for entry in mappings]


def _grams(name: str, analysis: Mapping[str, Any]) -> Grams:
    body = dict(analysis.get("filter", {}).get(name, {}))
    expect_keys("a filter", body, ("type", "min_gram", "max_gram", "preserve_original"))
    if body.get("type") not in ("ngram", "edge_ngram"):
        raise unsupported(f"filter [{name}]")
    try:
        shortest, longest = int(body["min_gram"]), int(body["max_gram"])
    except KeyError as error:
        raise Rejected(400, "illegal_argument_exception", f"[{name}] lacks {error}") from error
    anywhere = body["type"] == "ngram"
    return Grams(shortest, longest, anywhere, bool(body.get("preserve_original", False)))
