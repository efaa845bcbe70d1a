"""Answers that several functions give."""

from __future__ import annotations

from oms_aws.shapes import Answer


class OrderSummary(Answer):
    """Identity, version and where the order stands."""

    id: str
    number: str
    version: int
    state: str
    fulfillment_status: str
    payment_status: str
