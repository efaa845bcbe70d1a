"""The laptop cloud delivers stream batches as Lambda documents it.

What it delivers wrongly, the projector and the relay would be tested against wrongly: a poison
record must neither block the ones behind it nor vanish (SAG-03), and nothing may be skipped
(EVT-01).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from infra.local.aws_streams import StreamDelivery, pause_seconds

ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/1"


class Reader:
    """A function that fails on some records, by answering or by crashing, `times` times each."""

    def __init__(self, poison: set[int], crash: bool, times: int = 10**6) -> None:
        self.done: list[int] = []
        self.batches: list[list[int]] = []
        self.parked: list[int] = []
        self._crash = crash
        self._left = dict.fromkeys(poison, times)

    def execute(self, _func: dict[str, Any], event: Any) -> dict[str, Any]:
        numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in event["Records"]]
        self.batches.append(numbers)
        failing = [number for number in numbers if self._left.get(number, 0) > 0]
        for number in failing:
            self._left[number] -= 1
        if failing and self._crash:
            return {"error": True, "body": {"errorType": "Bug"}}
        self.done += [number for number in numbers if number not in failing]
        failures = [{"itemIdentifier": str(number)} for number in failing]
        return {"body": {"batchItemFailures": failures}}

    def park(self, _source: Any, _func: Any, records: Sequence[dict[str, Any]]) -> None:
        self.parked += [int(record["dynamodb"]["SequenceNumber"]) for record in records]


def _records(numbers: Sequence[int]) -> list[dict[str, Any]]:
    return [
        {"eventSourceARN": ARN, "dynamodb": {"SequenceNumber": str(number)}} for number in numbers
    ]


def _deliver_until_done(reader: Reader, numbers: Sequence[int], retries: int) -> int:
    """Poll like the poller does; how many polls it took."""
    source = {
        "UUID": "u",
        "EventSourceArn": ARN,
        "BisectBatchOnFunctionError": True,
        "MaximumRetryAttempts": retries,
    }
    hours = count(step=3600.0)
    delivery = StreamDelivery(reader.execute, lambda *_: source, reader.park, lambda: next(hours))
    for poll in range(1, 1000):
        if not delivery.deliver({}, _records(numbers)).get("error"):
            return poll
    raise AssertionError("the stream is blocked for ever")


def test_a_good_batch_is_delivered_once() -> None:
    reader = Reader(set(), crash=False)
    assert _deliver_until_done(reader, range(1, 6), retries=3) == 1
    assert reader.batches == [[1, 2, 3, 4, 5]]


def test_a_partial_answer_moves_the_start_to_the_first_failed_record() -> None:
    reader = Reader({3}, crash=False, times=1)
    assert _deliver_until_done(reader, range(1, 6), retries=3) == 2
    assert reader.batches == [[1, 2, 3, 4, 5], [3, 4, 5]]
    assert not reader.parked


def test_a_poison_record_is_parked_after_the_retries_and_the_rest_goes_on() -> None:
    reader = Reader({3}, crash=False)
    _deliver_until_done(reader, range(1, 6), retries=2)
    assert reader.parked == [3]
    assert set(reader.done) == {1, 2, 4, 5}
    assert sum(3 in batch for batch in reader.batches) == 3, "once, and two retries"


def test_a_crash_is_halved_until_the_record_stands_alone() -> None:
    reader = Reader({3}, crash=True)
    _deliver_until_done(reader, range(1, 6), retries=0)
    assert reader.parked == [3]
    assert [3] in reader.batches
    assert sorted(reader.done) == [1, 2, 4, 5]


def test_without_a_known_source_the_function_is_simply_called() -> None:
    reader = Reader(set(), crash=False)
    delivery = StreamDelivery(reader.execute, lambda *_: None, reader.park)
    delivery.deliver({}, _records([1, 2]))
    assert reader.batches == [[1, 2]]


@given(
    size=st.integers(1, 12),
    poison=st.sets(st.integers(1, 12)),
    crash=st.booleans(),
    retries=st.integers(0, 3),
)
def test_nothing_is_skipped_and_only_poison_is_parked(
    size: int, poison: set[int], crash: bool, retries: int
) -> None:
    """EVT-01: whatever fails, each record is either done or parked, and good ones are done."""
    numbers = range(1, size + 1)
    reader = Reader(poison, crash)
    _deliver_until_done(reader, numbers, retries)
    assert sorted(reader.parked) == sorted(poison & set(numbers))
    assert set(reader.done) == set(numbers) - poison


def test_sequence_numbers_are_compared_as_numbers() -> None:
    reader = Reader(set(), crash=False)
    source = {"UUID": "u", "EventSourceArn": ARN, "MaximumRetryAttempts": 1}
    delivery = StreamDelivery(reader.execute, lambda *_: source, reader.park)
    delivery.deliver({}, _records([9]))
    delivery.deliver({}, _records([9, 10]))
    assert reader.batches == [[9], [10]]


def test_retries_wait_longer_and_longer() -> None:
    """A target that is down for minutes must not use up the retries in seconds."""
    assert [pause_seconds(failures) for failures in (1, 2, 3, 6, 60)] == [0.5, 1, 2, 15, 15]
    now = [0.0]
    reader = Reader({1}, crash=False, times=2)
    source = {"UUID": "u", "EventSourceArn": ARN, "MaximumRetryAttempts": 9}
    delivery = StreamDelivery(reader.execute, lambda *_: source, reader.park, lambda: now[0])
    for now[0], calls in ((0.0, 1), (0.4, 1), (0.5, 2), (1.4, 2), (1.5, 3)):
        delivery.deliver({}, _records([1]))
        assert len(reader.batches) == calls
    assert reader.done == [1]


def test_a_batch_is_gathered_until_its_window_is_over() -> None:
    """SEA-06: commits that come within the window are one invocation; a full batch does not wait,
    and the next window begins with the next record.
    """
    now, reader = [0.0], Reader(set(), crash=False)
    source = {"UUID": "u", "BatchSize": 3, "MaximumBatchingWindowInSeconds": 1}
    delivery = StreamDelivery(
        reader.execute, lambda *_: {**source, "EventSourceArn": ARN}, reader.park, lambda: now[0]
    )
    assert delivery.deliver({}, _records([1])).get("error")
    now[0] = 0.9
    assert delivery.deliver({}, _records([1, 2])).get("error")
    now[0] = 1.1
    assert not delivery.deliver({}, _records([1, 2])).get("error")
    assert delivery.deliver({}, _records([3])).get("error")
    assert not delivery.deliver({}, _records([3, 4, 5])).get("error")
    assert reader.batches == [[1, 2], [3, 4, 5]]
