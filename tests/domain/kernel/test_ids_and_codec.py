"""Ids are derived and typed (ENT-01); documents survive the way to storage and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from oms.kernel.codec import decode, encode, instant, stamp
from oms.kernel.ids import derive, is_id, timed
from oms.kernel.money import Amounts
from oms.lifecycle.record import OrderRecord
from oms.orders.model import Address, Bucket, Buckets, DeliveryGroup, Line, Order, Reservation

NOW = datetime(2026, 3, 1, 10, 0, 0, 123000, tzinfo=UTC)


def record() -> OrderRecord:
    reservation = Reservation("rsv", "itm", "main", 3, 2, {"BOS": 1})
    line = Line(1, "SKU", "Näme", 3, 100, Amounts(300), Buckets(reserved=3), "1",
                reservations=(reservation,))  # fmt: skip
    group = DeliveryGroup("1", "STANDARD", address=Address("US", "02108"))
    return OrderRecord(
        Order("ord", "acme", "T1", "web", "USD", NOW, lines=(line,), groups=(group,))
    )


def test_a_natural_key_has_one_id_for_ever() -> None:
    """ENT-01, API-04: equal parts give the equal id; parts do not run together."""
    assert derive("ord", "acme", "web", "1") == derive("ord", "acme", "web", "1")
    assert derive("ord", "acme", "web", "1") != derive("ord", "acme", "we", "b1")
    assert is_id(derive("ord", "acme", "web", "1"), "ord")
    assert not is_id(derive("ord", "acme", "web", "1"), "fo")


def test_only_known_prefixes_make_ids() -> None:
    """ENT-01: the prefix says what record it is."""
    with pytest.raises(ValueError, match="prefix"):
        derive("zzz", "1")
    with pytest.raises(ValueError, match="prefix"):
        timed("zzz", 1, 1)


def test_timed_ids_sort_by_time() -> None:
    """ENT-01: text order is time order, whatever the random part."""
    assert timed("act", 1000, 2**80 - 1) < timed("act", 1001, 0)


def test_a_record_survives_storage() -> None:
    """What is stored is what is read, nested values, enums and times included."""
    assert decode(OrderRecord, encode(record())) == record()


def test_defaults_take_no_space() -> None:
    """Fields at their default are left out, so old documents read under new models."""
    line = encode(record())["order"]["lines"][0]
    assert "attributes" not in line
    assert line["buckets"] == {"reserved": 3}


def test_unknown_keys_and_wrong_types_are_refused() -> None:
    """A document never loses silently what it holds."""
    data = encode(record())
    with pytest.raises(KeyError):
        decode(OrderRecord, data | {"surprise": 1})
    with pytest.raises(TypeError, match="int expected"):
        decode(OrderRecord, data | {"version": "7"})
    with pytest.raises(TypeError, match="int expected"):
        decode(OrderRecord, data | {"version": True})


def test_times_are_utc_and_fixed_width() -> None:
    """Text order is time order; a time without offset is refused (README section 2)."""
    local = NOW.astimezone(timezone(timedelta(hours=2)))
    assert stamp(local) == "2026-03-01T10:00:00.123Z"
    assert instant("2026-03-01T12:00:00.123+02:00") == NOW
    with pytest.raises(ValueError, match="offset"):
        instant("2026-03-01T12:00:00")


def test_moving_units_guards_the_bucket() -> None:
    """LIN-01, LIN-06: a move keeps the sum and never takes more than the bucket holds."""
    moved = Buckets(reserved=3).move(Bucket.RESERVED, Bucket.ALLOCATED, 2)
    assert (moved.reserved, moved.allocated, moved.ordered) == (1, 2, 3)
    with pytest.raises(ValueError, match="1 units reserved"):
        moved.move(Bucket.RESERVED, Bucket.ALLOCATED, 2)
    with pytest.raises(ValueError, match="wanted"):
        moved.move(Bucket.RESERVED, Bucket.ALLOCATED, -1)
