"""Stream records of the stock table: which rows call for something, and what is done about it.

A batch is tried again from its first failure on. That is harmless: whoever was served has left the
queue of the item, and a position that was relieved is no longer short.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from oms.kernel.errors import OmsError

from oms_aws import telemetry, wiring
from oms_aws.stock_rows import SHORT, SUPPLIED


@dataclass(frozen=True, slots=True)
class Call:
    """An item for which something landed, or, with `site`, that a site has too little of."""

    company: str
    item_id: str
    site: str | None = None


def called(record: Mapping[str, Any]) -> Call | None:
    """What a stream record calls for.

    A counter calls when units become free, not as long as they are: those who wait were tried
    when they did, and would not be helped by every later write.
    """
    new = record["dynamodb"].get("NewImage", {})
    old = record["dynamodb"].get("OldImage", {})
    what = new.get("call", {}).get("S")
    if what not in (SUPPLIED, SHORT):
        return None
    company, _, item_id = new["pk"]["S"].partition("#ITEM#")
    if what == SHORT:
        return Call(company, item_id, new["site"]["S"])
    grown = _free(new) > _free(old) or "call" not in old
    return Call(company, item_id) if grown else None


def answer(records: Sequence[Mapping[str, Any]], time_left: Callable[[], bool]) -> dict[str, Any]:
    """Do what the records call for, each thing once; answers with the partial batch failure."""
    done: dict[Call, bool] = {}
    for record in records:
        call = called(record)
        if call is None:
            continue
        sequence = str(record["dynamodb"]["SequenceNumber"])
        if call not in done:
            done[call] = time_left() and _done(call, sequence, time_left)
        if not done[call]:
            telemetry.flush()
            return {"batchItemFailures": [{"itemIdentifier": sequence}]}
    telemetry.count("StockCallsAnswered", len(done))
    telemetry.flush()
    return {"batchItemFailures": []}


def _done(call: Call, sequence: str, time_left: Callable[[], bool]) -> bool:
    cause = f"stock:{sequence}"
    try:
        if call.site is None:
            return wiring.steps().serve(call.company, call.item_id, cause, time_left)
        wiring.relief().relieve(call.company, call.item_id, call.site, cause)
    except (OmsError, BotoCoreError, ClientError) as error:
        telemetry.log_defect(error)
        return False
    return True


def _free(row: Mapping[str, Any]) -> int:
    return _number(row, "supply") - _number(row, "promised")


def _number(row: Mapping[str, Any], name: str) -> int:
    return int(row.get(name, {}).get("N", "0"))
