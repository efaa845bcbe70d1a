"""Packages of an FO: closing and opening them, and taking units out again (PCK-05, PCK-09)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from oms.fulfillment import commands, facts
from oms.fulfillment.model import FulfillmentLine, FulfillmentOrder, Package, PackedUnits
from oms.fulfillment.rows import (
    Room,
    each,
    gone,
    packed_more,
    picked_more,
    take,
    unpacked,
    unpicked,
    unshipped,
)
from oms.kernel.context import Context
from oms.kernel.errors import Malformed, Problem, Refused
from oms.kernel.facts import Fact, Units
from oms.kernel.ids import derive


def fill(
    fo: FulfillmentOrder, new: commands.NewPackage
) -> tuple[FulfillmentOrder, facts.UnitsPacked]:
    """Close a package over picked units of the FO."""
    if not new.contents:
        raise Malformed("EMPTY_PACKAGE", "a package holds at least one unit",
                        [Problem("packages", "REQUIRED", "contents")])  # fmt: skip
    fo, units = each(fo, new.contents, unpacked, packed_more)
    package = Package(
        derive("pkg", fo.id, fo.packages_made + 1), new.contents, new.box, new.weight_grams,
        new.tracking_number, dimensions=new.dimensions, tracking_url=new.tracking_url,
    )  # fmt: skip
    fo = replace(fo, packages=(*fo.packages, package), packages_made=fo.packages_made + 1)
    return fo, facts.UnitsPacked(fo.id, package.id, units)


def waiting(fo: FulfillmentOrder) -> tuple[Package, ...]:
    """Packages that have not left."""
    return tuple(package for package in fo.packages if package.shipment_id is None)


def open_package(fo: FulfillmentOrder, package_id: str) -> Package:
    """The package with that id that has not left; refused where there is none."""
    for package in waiting(fo):
        if package.id == package_id:
            return package
    raise Refused.because("STATE", f"no open package {package_id}", fo.id)


def emptied(fo: FulfillmentOrder, package_id: str) -> tuple[FulfillmentOrder, tuple[Units, ...]]:
    """Open a package that has not left: its units are picked again, and no longer ready."""
    package = next(package for package in fo.packages if package.id == package_id)
    rest = tuple(other for other in fo.packages if other.id != package_id)
    pickup = fo.pickup and replace(fo.pickup, ready_at=None)
    fo = replace(fo, packages=rest, packed_at=None, pickup=pickup)
    return each(fo, package.contents, unshipped, lambda row, n: packed_more(row, -n))


def freed(
    fo: FulfillmentOrder, wanted: Sequence[PackedUnits]
) -> tuple[FulfillmentOrder, list[Fact]]:
    """Put units back on the shelf, out of their packages where need be (LIN-106)."""
    told: list[Fact] = []
    back_units: list[Units] = []
    for row in wanted:
        while _count(fo, row.line_no, _loose) < row.quantity:
            package = _holding(fo, row.line_no)
            fo, units = emptied(fo, package.id)
            told.append(facts.UnitsUnpacked(fo.id, package.id, units))
        back = row.quantity - _count(fo, row.line_no, unpicked)
        if back > 0:
            fo, units = take(fo, row.line_no, back, unpacked, lambda row, n: picked_more(row, -n))
            back_units += units
    if back_units:
        told.append(facts.UnitsUnpicked(fo.id, tuple(back_units)))
    return fo, told


def dropped(
    fo: FulfillmentOrder, wanted: Sequence[PackedUnits], reason: str, ctx: Context
) -> tuple[FulfillmentOrder, list[Fact]]:
    """Cancel units wherever they are, short of shipped; the FO ends with its last one (FUL-111)."""
    fo, told = freed(fo, wanted)
    fo, units = each(fo, wanted, unpicked, gone)
    if not fo.lines:
        fo = replace(fo, canceled_at=ctx.now, end_reason=reason)
    partial = fo.canceled_at is None
    told.append(facts.FulfillmentOrderCanceled(fo.id, fo.site, reason, units, False, partial))
    return fo, told


def _loose(row: FulfillmentLine) -> int:
    return unpicked(row) + unpacked(row)


def _count(fo: FulfillmentOrder, line_no: int, room: Room) -> int:
    return sum(room(row) for row in fo.lines if row.line_no == line_no)


def _holding(fo: FulfillmentOrder, line_no: int) -> Package:
    """The newest open package with units of the line; refused where no unit is left."""
    for package in reversed(waiting(fo)):
        if any(content.line_no == line_no for content in package.contents):
            return package
    raise Refused.because("QUANTITY_EXCEEDED", f"line {line_no} has fewer open units", fo.id)
