"""Answers that several functions give."""

from __future__ import annotations

from typing import Any

from oms_aws.pages import Paged
from oms_aws.shapes import Answer


class Money(Answer):
    """Money of the order before and after, in minor units; what differs by component and tender,
    and the documents that are new or changed.
    """

    before: dict[str, int]
    after: dict[str, int]
    delta: dict[str, int]
    per_component: dict[str, int]
    per_tender: list[dict[str, Any]]
    documents: list[dict[str, Any]]


class Outcome(Answer):
    """What a command comes to, the same in preview and submit (PVW-02); `$cm1`, `$int1` ... are
    records that it creates.
    """

    messages: list[dict[str, Any]]
    money: Money
    stock: list[dict[str, Any]]
    tax: dict[str, int]
    next_statuses: dict[str, Any]
    allocation_plan: list[dict[str, Any]]
    notifications: list[str]
    approvals: list[dict[str, Any]]
    allowed_after: list[str]


class Foreseen(Answer):
    """The answer to any command: `outcomeHash` is what `Expected-Outcome` may demand."""

    outcome: Outcome
    outcome_hash: str


class OrderSummary(Foreseen):
    """Identity, version and where the order stands."""

    id: str
    number: str
    version: int
    state: str
    fulfillment_status: str
    payment_status: str


class DecisionList(Paged):
    """A page of the sourcing decisions of an order."""

    decisions: list[dict[str, Any]]
