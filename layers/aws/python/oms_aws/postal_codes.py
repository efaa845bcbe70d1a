"""Where a postal code is, from a packed table that the build puts beside this module.

The table is rows of 12 bytes, big-endian and sorted: the code's digits as a number, latitude and
longitude in millionths of a degree. One file per country, `postal_codes_US.bin`; a country without
one is unknown here, and its center has to do (SRC-27).
"""

from __future__ import annotations

import struct
from functools import cache
from pathlib import Path

_ROW = struct.Struct(">Iii")


class PostalTable:
    """`PostalCodes` over the packed tables in a folder."""

    def __init__(self, folder: Path = Path(__file__).parent) -> None:
        self._folder = folder

    def locate(self, country: str, postal_code: str) -> tuple[int, int] | None:
        """Centroid of a code in millionths of a degree, or None."""
        digits = postal_code.split("-")[0].strip()
        if not (country.isascii() and country.isalpha() and len(country) == 2):
            return None
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):
            return None
        table = _table(self._folder / f"postal_codes_{country.upper()}.bin")
        low, high, wanted = 0, len(table) // _ROW.size, int(digits)
        while low < high:
            middle = (low + high) // 2
            code, latitude, longitude = _ROW.unpack_from(table, middle * _ROW.size)
            if code == wanted:
                return latitude, longitude
            low, high = (middle + 1, high) if code < wanted else (low, middle)
        return None


def pack(rows: dict[int, tuple[int, int]]) -> bytes:
    """The table of codes with their centroids."""
    return b"".join(_ROW.pack(code, *place) for code, place in sorted(rows.items()))


@cache
def _table(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""
