"""Rebuilding the search index without interruption (SEA-06)."""

from __future__ import annotations

from oms.kernel.errors import NotFound
from oms_aws import wiring
from oms_aws.http import Call, Operation, Reply
from oms_aws.http_actor import ADMIN
from oms_aws.shapes import Bare

from functions.administration import schemas


def start(_: Call) -> Reply:
    """Start a rebuild; two within a minute are one."""
    name = wiring.rebuilds().start(wiring.clock())
    return Reply({"id": name, "state": "RUNNING"}, 202)


def read(call: Call) -> Reply:
    """How far a rebuild is."""
    name = call.path["rebuildId"]
    state = wiring.rebuilds().state(name)
    if state is None:
        raise NotFound("NOT_FOUND", f"there is no rebuild {name}")
    return Reply({"id": name, "state": state})


OPERATIONS = (
    Operation(
        "startSearchRebuild", "POST", "/v1/search/rebuilds", ADMIN,
        "Build the search index anew beside the live one", start, {202: schemas.RebuildAnswer},
        body=Bare,
    ),
    Operation(
        "getSearchRebuild", "GET", "/v1/search/rebuilds/{rebuildId}", ADMIN,
        "Read how a rebuild went", read, {200: schemas.RebuildAnswer},
    ),
)  # fmt: skip
