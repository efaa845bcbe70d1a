"""Record ids: a type prefix and 26 characters of Crockford base 32, shaped like a ULID.

Where a natural key exists the id is derived from it, so that writing the record twice is writing it
once. A fulfillment order is named after its order, `fo_<26 characters of the order>-<place>`, so
that its id alone leads to the record that holds it.
"""

from __future__ import annotations

import hashlib
import re

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PREFIXES = (
    "ord", "oln", "fo", "shp", "pkg", "pay", "int", "inv", "cm", "ret", "exc", "apc", "po", "to",
    "rsv", "hld", "act", "job", "itm", "chg", "apr", "dec", "fct", "led", "grp", "rel", "req",
    "cus",
)  # fmt: skip
PATTERN = re.compile(rf"(?:{'|'.join(PREFIXES)})_[0-9A-HJKMNP-TV-Z]{{26}}(?:-[1-9][0-9]*)?")


def derive(prefix: str, *parts: str | int) -> str:
    """The id of the record that `parts` name; equal parts give the equal id, for ever."""
    if prefix not in PREFIXES:
        raise ValueError(f"unknown id prefix {prefix!r}")
    text = "\x1f".join(str(part) for part in parts)
    return f"{prefix}_{_encode(int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], 'big'))}"


def timed(prefix: str, milliseconds: int, entropy: int) -> str:
    """A time-ordered id from a clock reading and 80 random bits, both supplied by an adapter."""
    if prefix not in PREFIXES:
        raise ValueError(f"unknown id prefix {prefix!r}")
    return f"{prefix}_{_encode((milliseconds << 80) | (entropy & ((1 << 80) - 1)))}"


def part_of(prefix: str, whole: str, place: int) -> str:
    """The id of the part at `place` (from 1) of the record `whole`."""
    return f"{prefix}_{whole.partition('_')[2]}-{place}"


def whole_of(part: str, prefix: str) -> str:
    """The id of the record that a part belongs to, of type `prefix`; the inverse of `part_of`."""
    return f"{prefix}_{part.partition('_')[2].rpartition('-')[0]}"


def is_id(text: str, prefix: str) -> bool:
    """Whether `text` has the form of an id of that type."""
    return text.startswith(f"{prefix}_") and PATTERN.fullmatch(text) is not None


def _encode(value: int) -> str:
    digits = []
    for _ in range(26):
        value, digit = divmod(value, 32)
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))
