"""However a feed is spoiled, it is read: what is no order comes out with its rows and a reason."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from infra.local.job.feeds import INVOICE_HEADER, STORE_HEADER, Feed, Offer, read

CELLS = st.one_of(
    st.sampled_from(
        [
            "", "NA", "C1", "POST", "D", "A1", "0", "-1", "1.5", "1e999999", "NaN", "Infinity",
            "99999999999999999999", "2011-01-04 10:00:00", "13/13/2011", "1/12/2010 8:26", "1",
            "2.55", "United Kingdom", "Boston", "\0", "\ufeff",
        ]
    ),
    st.text(max_size=8),
)  # fmt: skip


def written(header: list[str], rows: list[list[str]]) -> Feed:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "feed.csv")
        with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
            csv.writer(file).writerows([header, *rows])
        return read(path)


def check(header: list[str], rows: list[list[str]]) -> None:
    feed = written(header, rows)
    assert sum(entry.size for entry in feed.entries) == feed.rows
    for entry in feed.entries:
        if isinstance(entry, Offer):
            assert all(isinstance(line["unitPrice"], int) for line in entry.body["lines"])


@given(st.lists(st.lists(CELLS, min_size=1, max_size=9), max_size=6))
def test_invoice_lines(rows: list[list[str]]) -> None:
    check([*sorted(INVOICE_HEADER), "CustomerID"], rows)


@given(st.lists(st.lists(CELLS, min_size=1, max_size=12), max_size=6))
def test_store_orders(rows: list[list[str]]) -> None:
    check([*sorted(STORE_HEADER), "Quantity", "Discount"], rows)


def test_more_and_fewer_cells_than_columns() -> None:
    header = [*sorted(INVOICE_HEADER), "CustomerID"]
    check(header, [["x"], [*(["1"] * len(header)), "beyond"]])
