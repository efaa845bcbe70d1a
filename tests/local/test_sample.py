"""A part of a feed keeps what belongs together: cancellations with the orders they take back."""

from __future__ import annotations

from datetime import UTC, datetime

from infra.local.job.feeds import Cancellation, Entry, Feed, Offer, Remainder
from infra.local.job.sample import claims, first


def offer(number: str, day: int, customer: str | None = "C1", sku: str = "A") -> Offer:
    body = {
        "customer": {"code": customer} if customer else {},
        "placedAt": datetime(2011, 1, day, tzinfo=UTC).isoformat(),
        "lines": [{"sku": sku, "quantity": 3}],
    }
    return Offer(number, body, size=2)


def canceled(reference: str, day: int, customer: str | None = "C1") -> Cancellation:
    return Cancellation(reference, customer, (("A", 1),), datetime(2011, 1, day, tzinfo=UTC))


def originals(entries: list[Entry]) -> list[str | None]:
    return [claim.original for claim in claims(entries)]


def test_a_cancellation_takes_back_the_customers_latest_earlier_order_of_the_item() -> None:
    entries: list[Entry] = [
        offer("1", 1), offer("2", 3), offer("3", 4, customer="C2"), offer("4", 4, sku="B"),
        offer("5", 9), canceled("X", 5),
    ]  # fmt: skip
    assert originals(entries) == ["2"]


def test_without_customer_or_earlier_order_nothing_is_taken_back() -> None:
    entries: list[Entry] = [offer("1", 7), canceled("X", 5), canceled("Y", 9, customer=None)]
    assert originals(entries) == [None, None]


def test_a_sample_holds_as_many_orders_as_asked_and_counts_its_rows() -> None:
    entries: list[Entry] = [
        offer(str(n), 1 + n % 20, customer=f"K{n}", sku=f"S{n}") for n in range(30)
    ]
    entries.insert(3, Remainder("R", "WHY", ({}, {}, {})))
    taken = first(Feed("f", 63, entries), 10)
    assert sum(isinstance(entry, Offer) for entry in taken.entries) == 10
    assert taken.rows == 10 * 2 + 3


def test_a_sample_prefers_a_few_orders_that_are_canceled_later() -> None:
    entries: list[Entry] = [
        offer(str(n), 1 + n % 20, customer=f"K{n}", sku=f"S{n}") for n in range(30)
    ]
    entries += [offer("late", 2), canceled("X", 20), canceled("Y", 20, customer="unknown")]
    taken = first(Feed("f", 0, entries), 10)
    assert sum(isinstance(entry, Offer) for entry in taken.entries) == 10
    assert originals(taken.entries) == ["late"]
