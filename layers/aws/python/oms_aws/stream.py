"""Stream records of the orders table: which order was committed, with which facts.

The image is the outbox (EVT-01): what it holds is durable, and nothing else is published.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from oms.lifecycle.document import stored
from oms.lifecycle.invariants import breaches, imbalance

LIVE = "LIVE"


@dataclass(frozen=True, slots=True)
class Committed:
    """One commit of an order record. `facts` are the envelopes it stored (EVT-02); `step` is the
    automatic step to start, None when nothing is to be started; `committed_at` is in seconds;
    `breaches` and `imbalance` are what
    the continuous check found (RCN-01).
    """

    company: str
    order_id: str
    number: str
    version: int
    correlation_id: str
    lane: str
    facts: tuple[dict[str, Any], ...]
    step: str | None
    committed_at: float = 0
    breaches: tuple[str, ...] = ()
    imbalance: int = 0


def committed(record: Mapping[str, Any]) -> Committed | None:
    """The commit that a stream record shows; None where it is about something else."""
    image = record["dynamodb"].get("NewImage")
    if image is None or image["sk"]["S"] != "ORDER":
        return None
    version = int(image["version"]["N"])
    document = stored(base64.b64decode(image["doc"]["B"]))
    order = document["order"]
    company, order_id = order["company"], order["id"]
    fresh = [fact for fact in document.get("facts", ()) if fact["version"] == version]
    return Committed(
        company, order_id, order["number"], version, document.get("correlationId", ""),
        order.get("lane", LIVE),
        tuple(envelope(fact, company, order_id) for fact in fresh),
        image["next"]["S"] if image["wake"]["BOOL"] and "next" in image else None,
        record["dynamodb"]["ApproximateCreationDateTime"], breaches(document),
        imbalance(document),
    )  # fmt: skip


def envelope(fact: Mapping[str, Any], company: str, order_id: str) -> dict[str, Any]:
    """A stored fact as consumers get it, whatever way they get it (EVT-02)."""
    return {"schemaVersion": 1, "company": company, "orderId": order_id, **fact}
