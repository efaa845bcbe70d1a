"""Failures of stream readers as administrators see them."""

from __future__ import annotations

from oms_aws.shapes import Answer, Shape


class ReplayShape(Shape):
    """What to do with failures whose records the stream forgot after a day: keep or drop them."""

    drop_forgotten: bool = False


class Waiting(Answer):
    """About how many failures wait, by reader."""

    projector: int
    relay: int


class ReplayAnswer(Answer):
    """What became of the failures that were taken, ten at most, and about how many still wait."""

    done: int
    failed: int
    forgotten: int
    waiting: int
