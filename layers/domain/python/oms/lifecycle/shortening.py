"""What follows from the rest of an order's stored form, left out of it and spelled out again.

A line's item stands in its reservations and in every FO that works on it, and the id of a
reservation follows from its line: told once, an order of 5,000 lines fits into one item of the
store (ORD-09). A form that spells it all out is read as it is.
"""

from __future__ import annotations

from typing import Any

from oms.orders.units import reservation_id

Json = dict[str, Any]
OF_LINE = ("itemId", "sku")
"""What the row of an FO repeats of its line."""


def shorten(document: Json) -> None:
    """Leave out of a document, in place, what `spell` can put back."""
    order, held = document["order"], _reservations(document)
    lines = {line["lineNo"]: line for line in order.get("lines", ())}
    for row in _work(document):
        _shorten_row(row, lines[row["lineNo"]], held.get(row["lineNo"], ()))
    for line in lines.values():
        for place, reservation in enumerate(line.get("reservations", ()), start=1):
            if reservation["itemId"] == line.get("itemId"):
                del reservation["itemId"]
            if reservation["id"] == reservation_id(order["id"], line["lineNo"], place):
                del reservation["id"]


def spell(document: Json) -> None:
    """Put back, in place, what `shorten` left out."""
    order = document["order"]
    lines = {line["lineNo"]: line for line in order.get("lines", ())}
    for line in lines.values():
        for place, reservation in enumerate(line.get("reservations", ()), start=1):
            if "itemId" not in reservation:
                reservation["itemId"] = line["itemId"]
            if "id" not in reservation:
                reservation["id"] = reservation_id(order["id"], line["lineNo"], place)
    held = _reservations(document)
    for row in _work(document):
        for name in OF_LINE:
            row.setdefault(name, lines[row["lineNo"]].get(name))
        told = row.get("reservationId")
        if isinstance(told, int):
            reservation = held[row["lineNo"]][told - 1]
            row |= {"reservationId": reservation["id"], "group": reservation["group"]}


def _work(document: Json) -> list[Json]:
    orders = document.get("fulfillment", {}).get("orders", ())
    return [row for fo in orders for row in fo.get("lines", ())]


def _reservations(document: Json) -> dict[int, list[Json]]:
    lines = document["order"].get("lines", ())
    return {line["lineNo"]: line.get("reservations", []) for line in lines}


def _shorten_row(row: Json, line: Json, held: Any) -> None:
    for name in OF_LINE:
        if name in row and row[name] == line.get(name):
            del row[name]
    for place, reservation in enumerate(held, start=1):
        known = (reservation["id"], reservation["group"])
        if known == (row.get("reservationId"), row.get("group")):
            row["reservationId"] = place
            del row["group"]
