"""What sourcing needs from outside: where a postal code is."""

from __future__ import annotations

from typing import Protocol

from oms.sourcing.model import Coordinates


class PostalCodes(Protocol):
    """A table of postal-code centroids."""

    def locate(self, country: str, postal_code: str) -> Coordinates | None:
        """Centroid in millionths of a degree, or None where the table does not know the code."""
