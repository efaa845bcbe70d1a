"""Catalogs of the console: every text of its templates and tables, and every status (LOC-01).

Words for the codes of facts, holds and action items may lag behind: such a code shows in English.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract
from oms.action_items.model import ItemState
from oms.action_items.types import TYPES
from oms.holds.model import Transaction
from oms.holds.types import HOLD_TYPES
from oms.kernel.context import ActorKind
from oms.payments.model import IntentKind, Method
from oms.search.criteria import ENUMS, QUICK

from functions.console.forms import FLAGS, REASONS
from functions.console.i18n import LANGUAGES, as_words, speech
from functions.console.tones import tone

CONSOLE = Path(__file__).parents[2] / "functions" / "console"
FACTS = Path(__file__).parents[2] / "events" / "facts"
TRANSLATED = [language for language in LANGUAGES if language != "en"]


def _of_templates() -> Iterator[str]:
    for path in sorted((CONSOLE / "templates").glob("*.html")):
        with path.open("rb") as file:
            for _, _, text, _ in babel_extract(file, ("_",), (), {"trim_blocks": "true"}):
                first = text[0] if isinstance(text, tuple) else text
                if first is not None:  # what a table names is found in the code
                    yield first


def _of_code() -> Iterator[str]:
    for path in sorted(CONSOLE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            text = node.args[0]
            if name == "message" and isinstance(text, ast.Constant):
                yield str(text.value)


def _of_codes() -> Iterator[str]:
    codes = {
        *QUICK, *TYPES, *HOLD_TYPES, *ItemState, *IntentKind, *Method, *Transaction, *ActorKind,
        *REASONS,
        *(flag for flag in FLAGS if flag),
        *(value for name in ("state", "fulfillmentStatus", "paymentStatus", "fulfillmentOrderState")
          for value in ENUMS[name]),
        *(path.name.removesuffix(".schema.json") for path in FACTS.glob("*/*.schema.json")),
    }  # fmt: skip
    for row in TYPES.values():
        yield row.team.capitalize()
        yield from (fix.label for fix in row.fixes)
    yield from (as_words(code) for code in codes)


STATUSES = {as_words(status) for values in ENUMS.values() for status in values}
NEEDED = sorted({*_of_templates(), *_of_code()} | (STATUSES & {*_of_codes()}))
KNOWN = {*NEEDED, *_of_codes()}


def _catalog(language: str) -> dict[str, str]:
    with (CONSOLE / "locales" / f"{language}.po").open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file) if m.id}


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_message_lacks_its_translation_and_none_is_left_over(language: str) -> None:
    found = _catalog(language)
    missing = [text for text in NEEDED if not found.get(text)]
    assert not missing, json.dumps(missing, ensure_ascii=False)
    assert found.keys() <= KNOWN
    assert all(found.values())


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_keep_the_places_of_values(language: str) -> None:
    for text, translated in _catalog(language).items():
        assert sorted(re.findall(r"%\(\w+\)s", text)) == sorted(
            re.findall(r"%\(\w+\)s", translated)
        )


@pytest.mark.parametrize(
    ("language", "money", "number", "moment"),
    [
        ("en", "$1,234.50", "1,234", "3/1/26, 10:00\u202fAM"),
        ("de", "1.234,50\xa0$", "1.234", "01.03.26, 10:00"),
        ("fr", "1\u202f234,50\xa0$US", "1\u202f234", "01/03/2026 10:00"),
    ],
)
def test_amounts_numbers_and_times_are_written_as_people_read_them(
    language: str, money: str, number: str, moment: str
) -> None:
    """LOC-01: by CLDR."""
    said = speech(language, None)
    assert said.money(123450, "USD") == money
    assert said.number(1234) == number
    assert said.moment("2026-03-01T10:00:00.000Z", "short") == moment


def test_currencies_have_their_own_digits() -> None:
    said = speech("en", None)
    assert [said.money(1250, code) for code in ("USD", "JPY", "KWD")] == [
        "$12.50", "¥1,250", "KWD1.250",
    ]  # fmt: skip


def test_times_are_those_of_the_zone_of_the_person() -> None:
    said = speech("de", "Europe/Berlin")
    assert said.moment("2026-07-01T10:00:00.000Z", "short") == "01.07.26, 12:00"
    now = datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert said.ago((now - timedelta(hours=2)).isoformat(), now) == "vor 2 Stunden"


@pytest.mark.parametrize("unknown", [None, "", "soon", "2026-13-01", "2026-03-01T10:00:00", 7, {}])
def test_what_is_unknown_is_left_out_and_never_a_failure(unknown: object) -> None:
    said = speech("tlh", "Nowhere/Land", "%%%")
    assert said.language == "en"
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert (said.moment(unknown), said.ago(unknown, now), said.money("1", "USD")) == ("", "", "")
    assert said.words("BRAND_NEW_STATUS") == "Brand new status"
    assert tone("BRAND_NEW_STATUS") == "wait"


def test_the_browsers_language_is_taken_where_none_is_chosen() -> None:
    assert speech(None, None, "fr-CA,fr;q=0.9,en;q=0.8").language == "fr"
    assert speech("de", None, "fr").language == "de"
    assert speech(None, None, "ja,zh;q=0.9").language == "en"
