"""Languages of the console: texts from message catalogs, formats from CLDR (LOC-01, LOC-04)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime, format_timedelta
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal
from oms.kernel.money import exponent

FOLDER = Path(__file__).parent / "locales"
Form = Literal["short", "medium"]
LANGUAGES: Mapping[str, str] = {"en": "English", "de": "Deutsch", "fr": "Français"}


def message(text: str) -> str:
    """Mark a text of a table as one for the catalogs; it is translated where it is shown."""
    return text


@dataclass(frozen=True, slots=True)
class Speech:
    """How one person reads: language, formats, time zone."""

    locale: Locale
    zone: tzinfo

    @property
    def language(self) -> str:
        """Code for the page's `lang`."""
        return str(self.locale.language)

    def text(self, message: str, **values: object) -> str:
        """The message in the person's language, `%(name)s` filled in; English where none is."""
        found = _messages(self.language).get(message, message)
        return found % values if values else found

    def words(self, code: object) -> str:
        """A code such as AWAITING_PICK, or a fact such as order.received, as words."""
        return self.text(as_words(str(code or "")))

    def money(self, minor: object, currency: object) -> str:
        """An amount of minor units in the person's format; "" for what is no amount."""
        if not isinstance(minor, int) or not isinstance(currency, str):
            return ""
        amount = Decimal(minor).scaleb(-exponent(currency))
        return str(format_currency(amount, currency, locale=self.locale))

    def number(self, value: object) -> str:
        """A number in the person's format; "" for what is none."""
        if not isinstance(value, int | float):
            return ""
        return str(format_decimal(value, locale=self.locale))

    def moment(self, text: object, form: Form = "medium") -> str:
        """An ISO time in the person's zone; "" for what is none."""
        at = _time(text)
        if at is None:
            return ""
        at = at.astimezone(self.zone)
        return str(format_datetime(at, form, tzinfo=self.zone, locale=self.locale))

    def ago(self, text: object, now: datetime) -> str:
        """How long since, or until, an ISO time; "" for what is none."""
        at = _time(text)
        if at is None:
            return ""
        return str(format_timedelta(at - now, add_direction=True, locale=self.locale))


def as_words(code: str) -> str:
    """A code as English words."""
    return code.replace("_", " ").replace(".", " ").capitalize()


def _time(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo else None


def speech(language: str | None, zone: str | None, accepted: str = "") -> Speech:
    """What a person has chosen, else what the browser asks for, else English and UTC."""
    wanted = [language or "", *(part.split(";")[0].strip() for part in accepted.split(","))]
    chosen = next((tag for tag in wanted if tag.split("-")[0] in LANGUAGES), "en")
    try:
        locale = Locale.parse(chosen, sep="-")
    except (UnknownLocaleError, ValueError):
        locale = Locale.parse(chosen.split("-")[0])
    try:
        return Speech(locale, ZoneInfo(zone or "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        return Speech(locale, ZoneInfo("UTC"))


@cache
def _messages(language: str) -> Mapping[str, str]:
    path = FOLDER / f"{language}.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        catalog: Catalog = read_po(file)
    return {
        str(message.id): str(message.string) for message in catalog if message.id and message.string
    }
