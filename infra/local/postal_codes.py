"""Write the table of US postal-code centroids that the deployed functions read.

    python -m infra.local.postal_codes

The places come from the `zipcodes` package, a development dependency; only the packed table is
deployed. Codes without a place, such as those of the armed forces abroad, are left out: for them
the center of the country is a better answer than zero degrees north, zero degrees east.
"""

from __future__ import annotations

from decimal import Decimal

import zipcodes
from oms.sourcing.model import Coordinates
from oms_aws.postal_codes import FOLDER, pack

TARGET = FOLDER / "postal_codes_US.bin"


def places() -> dict[int, Coordinates]:
    """Every US postal code that has a place, by its digits, in millionths of a degree."""
    found = {
        int(row["zip_code"]): (_millionths(row["lat"]), _millionths(row["long"]))
        for row in zipcodes.list_all()  # type: ignore[no-untyped-call]
    }
    return {code: place for code, place in found.items() if place != (0, 0)}


def main() -> None:
    """Write the table."""
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_bytes(pack(places()))
    print(f"{TARGET}: {TARGET.stat().st_size} bytes")


def _millionths(degrees: str) -> int:
    return int(Decimal(degrees) * 1_000_000)


if __name__ == "__main__":
    main()
