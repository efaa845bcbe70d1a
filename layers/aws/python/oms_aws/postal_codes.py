"""Where a postal code is, from a packed table beside this module.

`data/postal_codes_US.bin` holds rows of 9 bytes, sorted by code: the digits of the code,
latitude and longitude in ten-thousandths of a degree, three bytes each, big-endian, the latter two
signed. One file per country; a country without one is unknown here, and its center has to do
(SRC-27). `infra/local/postal_codes.py` writes the files.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from oms.orders.model import Address
from oms.sourcing.model import Coordinates

FIELD = 3
ROW = 3 * FIELD
PRECISION = 100
"""Millionths of a degree in one unit of the table: about 11 meters."""

FOLDER = Path(__file__).parent / "data"


class PostalTable:
    """`PostalCodes` over the packed tables in a folder."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder

    def locate(self, country: str, postal_code: str) -> Coordinates | None:
        """Centroid of a code in millionths of a degree, or None; what follows a hyphen is finer
        than the table.
        """
        digits = postal_code.split("-")[0].strip()
        if not (country.isascii() and country.isalpha() and len(country) == 2):
            return None
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 6):
            return None
        return _search(_table(self._folder / f"postal_codes_{country.upper()}.bin"), int(digits))


class PostalAddresses:
    """`AddressCheck` by postal code, for countries with a table; of others nobody can tell."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._places = PostalTable(folder)

    def verify(self, address: Address) -> bool | None:
        """Whether the code is one; None without a code or a table."""
        table = self._folder / f"postal_codes_{address.country}.bin"
        if address.postal_code is None or not _table(table):
            return None
        return self._places.locate(address.country, address.postal_code) is not None


def pack(places: Mapping[int, Coordinates]) -> bytes:
    """The table of codes with their centroids."""
    return b"".join(
        _field(code) + _field(latitude // PRECISION) + _field(longitude // PRECISION)
        for code, (latitude, longitude) in sorted(places.items())
    )


def _search(table: bytes, wanted: int) -> Coordinates | None:
    low, high = 0, len(table) // ROW
    while low < high:
        middle = (low + high) // 2
        code = _value(table, middle * ROW)
        if code == wanted:
            start = middle * ROW + FIELD
            return _value(table, start) * PRECISION, _value(table, start + FIELD) * PRECISION
        low, high = (middle + 1, high) if code < wanted else (low, middle)
    return None


def _field(value: int) -> bytes:
    return value.to_bytes(FIELD, "big", signed=True)


def _value(table: bytes, start: int) -> int:
    return int.from_bytes(table[start : start + FIELD], "big", signed=True)


@cache
def _table(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""
