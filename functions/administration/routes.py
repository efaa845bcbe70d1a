"""All operations of administration, and the description of the whole API."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from oms_aws.http import ANONYMOUS, Call, Operation, Reply

from functions.administration import (
    attention,
    companies,
    configuration,
    rebuilds,
    reruns,
    schemas,
    vocabulary,
)

DOCUMENT = Path(__file__).with_name("openapi.json")


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    return document


def describe(_: Call) -> Reply:
    """The OpenAPI document; it is generated from the operations of all functions."""
    return Reply(_document(), headers={"Cache-Control": "public, max-age=300"})


OPERATIONS = (
    *configuration.OPERATIONS,
    *vocabulary.OPERATIONS,
    *rebuilds.OPERATIONS,
    *companies.OPERATIONS,
    *attention.OPERATIONS,
    *reruns.OPERATIONS,
    Operation(
        "getOpenApi", "GET", "/v1/openapi.json", ANONYMOUS, "Read this description", describe,
        {200: schemas.OpenApi},
    ),
)  # fmt: skip
