"""Where things are: great-circle distances in whole meters, zones, and the best known place of an
address.

Angles need floating point; their only result is a distance rounded to a meter, so that equal
places give the equal distance and no money is touched.
"""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

from oms.sourcing.countries import CENTROIDS
from oms.sourcing.model import Coordinates
from oms.sourcing.ports import PostalCodes

EARTH_RADIUS = 6_371_009
"""Mean radius of the earth in meters."""

MICRODEGREES = 1_000_000


def distance(start: Coordinates, end: Coordinates) -> int:
    """Great-circle distance in meters by the haversine formula (SRC-27)."""
    (lat1, lon1), (lat2, lon2) = _radians(start), _radians(end)
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return round(2 * EARTH_RADIUS * asin(sqrt(min(1.0, half))))


def miles(count: int) -> int:
    """Miles as whole meters."""
    return count * 1_609_344 // 1_000


def zone(meters: int, width: int) -> int:
    """Number of the ring of `width` meters that a distance falls in, from 0."""
    return meters // width


def locate(country: str, postal_code: str | None, codes: PostalCodes) -> Coordinates | None:
    """Centroid of the postal code, else of the country, else None (SRC-27)."""
    found = codes.locate(country, postal_code) if postal_code else None
    return found or centroid(country)


def centroid(country: str) -> Coordinates | None:
    """Centroid of a country by its ISO 3166-1 alpha-2 code."""
    found = CENTROIDS.get(country.upper())
    if found is None:
        return None
    latitude, longitude = found
    return latitude * MICRODEGREES // 10, longitude * MICRODEGREES // 10


def _radians(place: Coordinates) -> tuple[float, float]:
    latitude, longitude = place
    return radians(latitude / MICRODEGREES), radians(longitude / MICRODEGREES)
