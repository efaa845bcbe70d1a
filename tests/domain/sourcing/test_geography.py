"""Distances, zones and the best known place of an address: SRC-27."""

from __future__ import annotations

import pytest
from oms.sourcing.countries import CENTROIDS
from oms.sourcing.geography import centroid, distance, locate, miles, zone
from oms.sourcing.model import Coordinates

NEW_YORK = (40_712_800, -74_006_000)
LONDON = (51_507_400, -127_800)
SYDNEY = (-33_868_800, 151_209_300)


class Codes:
    """Knows one postal code."""

    def locate(self, country: str, postal_code: str) -> Coordinates | None:
        """New York for 10007."""
        return NEW_YORK if (country, postal_code) == ("US", "10007") else None


@pytest.mark.parametrize(
    ("start", "end", "kilometers"),
    [
        (NEW_YORK, LONDON, 5570),
        (LONDON, SYDNEY, 16994),
        ((0, 0), (0, 180_000_000), 20015),
        ((0, 179_500_000), (0, -179_500_000), 111),
        ((90_000_000, 0), (-90_000_000, 0), 20015),
    ],
)
def test_known_distances(start: Coordinates, end: Coordinates, kilometers: int) -> None:
    """SRC-27: great circle, whole meters, over the date line and the poles as well."""
    meters = distance(start, end)
    assert abs(meters - kilometers * 1000) < kilometers * 2 + 1000
    assert distance(end, start) == meters
    assert distance(start, start) == 0


def test_zones_are_rings() -> None:
    """SRC-27: zone = floor(distance / width)."""
    width = miles(100)
    assert width == 160_934
    assert [zone(m, width) for m in (0, width - 1, width, 2 * width + 5)] == [0, 0, 1, 2]


def test_an_address_is_located_by_postal_code_then_country() -> None:
    """SRC-27: postal-code centroid, else country centroid, else nowhere."""
    assert locate("US", "10007", Codes()) == NEW_YORK
    assert locate("US", "00000", Codes()) == (39_800_000, -98_600_000)
    assert locate("us", None, Codes()) == (39_800_000, -98_600_000)
    assert locate("ZZ", "1", Codes()) is None


def test_country_centroids_are_on_the_globe() -> None:
    """SRC-27: every entry is a place, and neighbors are near each other."""
    for code in CENTROIDS:
        latitude, longitude = centroid(code) or (99_000_000, 0)
        assert abs(latitude) <= 90_000_000
        assert abs(longitude) <= 180_000_000
    near = [("BE", "NL"), ("CZ", "AT"), ("PT", "ES"), ("UY", "AR"), ("KE", "UG"), ("JP", "KR")]
    for one, other in near:
        start, end = centroid(one), centroid(other)
        assert start is not None
        assert end is not None
        assert distance(start, end) < 1_500_000
