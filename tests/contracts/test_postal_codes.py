"""The table of postal codes: its format, its content, and how it is asked (SRC-27)."""

from __future__ import annotations

from pathlib import Path

import pytest
from oms.sourcing.geography import distance, locate
from oms.sourcing.ports import PostalCodes
from oms_aws.postal_codes import ROW, PostalTable, pack

from infra.local.postal_codes import TARGET, places


@pytest.fixture(scope="module")
def table() -> PostalCodes:
    """The table that is deployed."""
    return PostalTable()


@pytest.mark.parametrize(
    ("code", "place"),
    [
        ("10001", (40_750_000, -73_997_000)),
        ("94105", (37_789_000, -122_394_000)),
        ("00501", (40_815_000, -73_045_000)),
        ("99950", (55_342_000, -131_648_000)),
        ("96799", (-14_273_000, -170_700_000)),
    ],
)
def test_known_places(table: PostalCodes, code: str, place: tuple[int, int]) -> None:
    """SRC-27: from the first code to the last, leading zeros and the southern hemisphere too."""
    found = table.locate("US", code)
    assert found is not None
    assert distance(found, place) < 60_000


@pytest.mark.parametrize("code", ["10001-1234", " 10001 ", "10001"])
def test_the_finer_part_of_a_code_does_not_matter(table: PostalCodes, code: str) -> None:
    """SRC-27: ZIP+4 is the same place here."""
    assert table.locate("us", code) == table.locate("US", "10001")


@pytest.mark.parametrize(
    ("country", "code"),
    [
        ("US", "00000"), ("US", ""), ("US", "ABCDE"), ("US", "1234567"), ("US", "١٠٠٠١"),
        ("DE", "10115"), ("../US", "10001"), ("", "10001"),
    ],
)  # fmt: skip
def test_what_the_table_does_not_know(table: PostalCodes, country: str, code: str) -> None:
    """SRC-27: None, never a wrong place, whatever is asked."""
    assert table.locate(country, code) is None


def test_military_codes_are_not_at_zero_degrees(table: PostalCodes) -> None:
    """SRC-27: a code without a place falls back to the center of the country."""
    assert table.locate("US", "09001") is None
    assert locate("US", "09001", table) == (39_800_000, -98_600_000)


def test_the_table_is_small_sorted_and_up_to_date() -> None:
    """SRC-27: rows of 9 bytes in order of code, as the script writes them."""
    stored = TARGET.read_bytes()
    assert len(stored) < 500_000
    codes = [stored[start : start + 3] for start in range(0, len(stored), ROW)]
    assert codes == sorted(set(codes))
    assert stored == pack(places())


def test_every_place_comes_back_within_the_precision(tmp_path: Path) -> None:
    """SRC-27: nothing is off by more than a ten-thousandth of a degree."""
    known = {1: (0, 0), 99_999: (-89_999_999, -179_999_999), 5: (89_999_999, 179_999_999)}
    (tmp_path / "postal_codes_XX.bin").write_bytes(pack(known))
    table = PostalTable(tmp_path)
    for code, place in known.items():
        found = table.locate("XX", f"{code:05}")
        assert found is not None
        assert max(abs(a - b) for a, b in zip(found, place, strict=True)) < 100
