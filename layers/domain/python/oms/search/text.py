"""How search compares text: case, accents and punctuation do not count (SEA-02).

The index template states the same rules as analyzers; the contract suite holds the two together.
"""

from __future__ import annotations

import re
import unicodedata

PHONE_PART = 3
"""A part of a phone number is searchable from this many digits on."""

PHONE_LONGEST = 15
"""E.164 knows no longer numbers."""

WORD_PREFIX = 20
"""A word is found by its first letters, up to this many; longer words only whole."""

_ASCII_WORDS = re.compile(r"[0-9A-Za-z]+")
_APOSTROPHES = str.maketrans("", "", "'’")
# Latin letters without a canonical decomposition.
_LETTERS = str.maketrans(
    {
        "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l",
        "ı": "i", "ħ": "h", "ŋ": "n", "ĸ": "q", "ŧ": "t", "ĳ": "ij", "ŀ": "l", "ſ": "s",
    }
)  # fmt: skip


def fold(text: str) -> str:
    """Lower case without accents: `"Müller"` and `"MULLER"` become the same text."""
    if text.isascii():
        return text.lower()
    folded = "".join(_base(char) for char in unicodedata.normalize("NFC", text))
    return folded.lower().translate(_LETTERS)


def words(text: str) -> list[str]:
    """The folded words of a text; apostrophes are dropped, so `O'Brien` is one word."""
    plain = text.translate(_APOSTROPHES)
    if plain.isascii():
        return [word.lower() for word in _ASCII_WORDS.findall(plain)]
    plain = unicodedata.normalize("NFC", plain)
    spaced = "".join(char if unicodedata.category(char)[0] in "LMN" else " " for char in plain)
    return [fold(word) for word in spaced.split()]


def digits(text: str) -> str:
    """Only the decimal digits of a phone number."""
    return "".join(char for char in text if char.isdecimal() and char.isascii())


def postal_key(code: str) -> str:
    """A postal code as it is compared: without case, spaces and hyphens."""
    return "".join(words(code))


def word_matches(wanted: str, word: str) -> bool:
    """Whether the folded `wanted` finds the folded `word`, by prefix or whole."""
    return word == wanted or (len(wanted) <= WORD_PREFIX and word.startswith(wanted))


def _base(char: str) -> str:
    if char.isascii():
        return char
    decomposed = unicodedata.normalize("NFKD", char)
    base = "".join(part for part in decomposed if not unicodedata.combining(part))
    # Marks of other scripts distinguish letters: Cyrillic short i is not i.
    return base if base.isascii() and base else char
