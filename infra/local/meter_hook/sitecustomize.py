"""Counts the AWS calls of a Lambda worker where botocore makes them.

Python imports a module of this name at start. The laptop cloud puts this folder, and nothing
else of the project, on the workers' path; deployed functions never see it. Each call becomes one
line of JSON in OMS_METER_FILE, appended in one write, so that workers need no lock.
"""

import json
import os
import sys
from typing import Any

_TABLE_OPERATIONS = frozenset(
    {
        *("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"),
        *("GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems"),
    }
)


def _ask_for_capacity(params: dict[str, Any], model: Any, context: Any, **_: Any) -> None:
    if model.service_model.service_name == "dynamodb" and model.name in _TABLE_OPERATIONS:
        params.setdefault("ReturnConsumedCapacity", "INDEXES")
    if isinstance(context, dict):
        context["throughline_entries"] = len(params.get("Entries", ()))


def _record(http_response: Any, parsed: Any, model: Any, context: Any, **_: Any) -> None:
    service = model.service_model.service_name
    line: dict[str, Any] = {
        "kind": "call",
        "function": os.environ.get("AWS_LAMBDA_FUNCTION_NAME", ""),
        "trace": os.environ.get("_X_AMZN_TRACE_ID", ""),
        "call": f"{service}.{model.name}",
        "ok": http_response.status_code < 300,
    }
    if "ConsumedCapacity" in parsed:
        line["capacity"] = parsed["ConsumedCapacity"]
    if service == "events" and model.name == "PutEvents":
        line["entries"] = context.get("throughline_entries", 0)
    _append(line)


def _append(line: dict[str, Any]) -> None:
    handle = os.open(os.environ["OMS_METER_FILE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.write(handle, (json.dumps(line) + "\n").encode())
    os.close(handle)


def _install() -> None:
    # Imported here: only a metered worker pays for it, and every worker imports botocore anyway.
    import botocore.handlers

    botocore.handlers.BUILTIN_HANDLERS.extend(
        [("provide-client-params", _ask_for_capacity), ("after-call", _record)]
    )


if "OMS_METER_FILE" in os.environ and "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    sys.dont_write_bytecode = True
    _install()
