"""Reading a request body: JSON without the corners in which two readers would differ.

Refused are bytes that are not UTF-8, names given twice, NaN and infinities, numbers nothing here
can hold, nesting nobody needs, and anything that looks like a card number (PAY-05): that one is
neither stored nor repeated in the answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from oms.kernel.errors import Malformed, Problem, Refused
from oms.kernel.money import MAX_AMOUNT

MAX_BYTES = 5 * 1024 * 1024
"""Largest body (API-10)."""

MAX_DEPTH = 16

# Lengths and first digits by which issuers are told apart. A sound check digit alone would also
# refuse one barcode or parcel number in ten.
_ISSUED = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|3(?:0|6|8|9)\d{12,17}"
    r"|35\d{14,17}|6\d{15,18}|5[0678]\d{11,17}"
)
_DIGITS = re.compile(r"(?<!\d)\d(?:[ .\-]?\d){12,18}(?!\d)")


class TooLarge(Exception):
    """The body has more than `MAX_BYTES` bytes."""


def read_json(raw: bytes) -> Any:
    """The JSON value in `raw`.

    Raises `TooLarge`, `Malformed` or, for a card number, `Refused`.
    """
    if len(raw) > MAX_BYTES:
        raise TooLarge
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_constant,
            parse_int=_integer,
        )
    except UnicodeDecodeError:
        raise Malformed("INVALID_ENCODING", "the body is not UTF-8") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        raise Malformed("INVALID_JSON", "the body is not JSON") from None
    _inspect(value)
    return value


def looks_like_card_number(text: str) -> bool:
    """Whether `text` holds 13 to 19 digits, single separators allowed, that are a card number."""
    for found in _DIGITS.finditer(text):
        number = re.sub(r"\D", "", found.group())
        if _ISSUED.fullmatch(number) and _luhn(number):
            return True
    return False


def canonical(value: Any) -> bytes:
    """One spelling of a JSON value, so that equal bodies have equal hashes (API-03)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _inspect(value: Any) -> None:
    for path, item, depth in _walk(value):
        if depth > MAX_DEPTH:
            raise _too_deep()
        if isinstance(item, str):
            _check_text(path, item)
        elif isinstance(item, (int, float)) and not abs(item) <= MAX_AMOUNT:
            raise _out_of_range(path)


def _check_text(path: str, text: str) -> None:
    if looks_like_card_number(text):
        message = "a card number must never be sent; send the gateway's token"
        raise Refused("CARD_NUMBER", message, [Problem(path, "CARD_NUMBER", message)])
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        problem = Problem(path, "INVALID_TEXT", "the text holds a character that cannot be stored")
        raise Malformed("INVALID_TEXT", "a text cannot be stored", [problem])


def _walk(value: Any) -> Iterator[tuple[str, Any, int]]:
    """Path, value and depth of everything in a JSON value, names of objects included."""
    stack: list[tuple[str, Any, int]] = [("", value, 0)]
    while stack:
        path, item, depth = stack.pop()
        yield path, item, depth
        if isinstance(item, dict):
            for name, part in item.items():
                yield path, name, depth
                stack.append((f"{path}.{name}" if path else name, part, depth + 1))
        elif isinstance(item, list):
            stack.extend((f"{path}[{place}]", part, depth + 1) for place, part in enumerate(item))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise Malformed("DUPLICATE_NAME", "an object of the body gives a name twice")
    return names


def _constant(_: str) -> Any:
    raise Malformed("INVALID_JSON", "NaN and infinities are no JSON")


def _integer(text: str) -> int:
    if len(text) > len(str(MAX_AMOUNT)) + 1:
        raise _out_of_range("")
    return int(text)


def _out_of_range(path: str) -> Malformed:
    message = f"numbers go up to {MAX_AMOUNT}"
    return Malformed(
        "NUMBER_OUT_OF_RANGE", message, [Problem(path, "NUMBER_OUT_OF_RANGE", message)]
    )


def _too_deep() -> Malformed:
    return Malformed("NESTED_TOO_DEEP", f"the body nests deeper than {MAX_DEPTH} levels")


def _luhn(number: str) -> bool:
    total = 0
    for place, char in enumerate(reversed(number)):
        digit = int(char) * (1 + place % 2)
        total += digit - 9 if digit > 9 else digit
    return total % 10 == 0
