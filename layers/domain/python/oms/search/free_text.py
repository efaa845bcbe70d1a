"""The free-text box: words, "quoted phrases", `field:value`, or a pasted list of ids (SEA-02)."""

from __future__ import annotations

import re

from oms.search import criteria
from oms.search.criteria import Unusable
from oms.search.filters import Terrain, read_filter
from oms.search.query import Filter, Phrase, Terms
from oms.search.text import fold, words

MAX_WORDS = 50

_FIELD = r'([A-Za-z]+(?:\.[\w-]+)*):(?=[^\s/])((?:"[^"]*"|[^\s"])+)'
_TOKEN = re.compile(rf'{_FIELD}|"([^"]*)"|(\S+)')
_LINES = re.compile(r"[\n\r\t;]+")
_IDENTIFIER = re.compile(r"[A-Za-z0-9][\w.@+/-]{4,}")


def read_free_text(text: str, terrain: Terrain) -> list[Filter]:
    """The filters that `text` asks for, all to be met; raises Unusable."""
    pasted = _pasted_list(text)
    if pasted:
        return [_any_identifier(pasted)]
    tokens = _TOKEN.findall(text)
    if len(tokens) > MAX_WORDS:
        raise Unusable("q", "TOO_MANY_VALUES", f"more than {MAX_WORDS} words")
    found = [_token(token, terrain) for token in tokens]
    kept = [entry for entry in found if entry is not None]
    if tokens and not kept:
        raise Unusable("q", "UNKNOWN_VALUE", "there is no letter or digit to search for")
    return kept


def _pasted_list(text: str) -> list[str]:
    """The ids of a pasted list; empty where the text is not one.

    Lines, tabs and semicolons always separate a list. Commas and blanks also stand in names and
    addresses, so there every entry must look like a number or id.
    """
    if '"' in text:
        return []
    lines = _entries(_LINES.split(text))
    if len(lines) > 1 and not any(":" in line or " " in line for line in lines):
        return lines
    for separator in (",", None):
        entries = _entries(text.split(separator))
        if len(entries) > 1 and all(_is_identifier(entry) for entry in entries):
            return entries
    return []


def _entries(parts: list[str]) -> list[str]:
    return [part.strip() for part in parts if part.strip()]


def _is_identifier(entry: str) -> bool:
    has_digit = any(char.isdigit() for char in entry)
    return has_digit and _IDENTIFIER.fullmatch(entry) is not None


def _any_identifier(entries: list[str]) -> Filter:
    distinct = tuple(dict.fromkeys(fold(entry) for entry in entries))
    if len(distinct) > criteria.MAX_VALUES:
        message = f"{len(distinct)} ids pasted, at most {criteria.MAX_VALUES} are taken"
        raise Unusable("q", "TOO_MANY_VALUES", message)
    return Filter("q", Terms("identifiers", distinct))


def _token(token: tuple[str, str, str, str], terrain: Terrain) -> Filter | None:
    name, value, phrase, word = token
    if name:
        return read_filter(name, value, terrain)
    if phrase:
        return Filter("q", Phrase("text.words", phrase)) if words(phrase) else None
    clause = criteria.word_clause(word)
    return Filter("q", clause) if clause else None
