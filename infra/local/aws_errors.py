"""Exceptions of functions as Lambda reports them: by class, and without losing the environment.

MiniStack reports every Python exception as Runtime.HandlerError, so that no workflow could tell
a conflict from a bug, and starts the function anew. Here the worker answers with the exception,
and the executor turns the answer into the error it stands for.
"""

from typing import Any

_FIELD = "__function_error"
_KILLS = (
    '_real_stdout.write(json.dumps({"status": "error", "error": str(e), '
    '"trace": traceback.format_exc()}) + "\\n")'
)
_ANSWERS = (
    "traceback.print_exc(); "
    '_real_stdout.write(json.dumps({"status": "ok", "result": {"__function_error": {'
    '"errorMessage": str(e), "errorType": type(e).__name__, '
    '"stackTrace": traceback.format_exc().splitlines()}}}) + "\\n")'
)


def with_typed_errors(worker_script: str) -> str:
    """MiniStack's worker, answering with exceptions.

    Raises ValueError if this release of MiniStack words it otherwise.
    """
    if worker_script.count(_KILLS) != 1:
        raise ValueError("MiniStack's Python worker has changed; adapt infra/local/aws_errors.py")
    return worker_script.replace(_KILLS, _ANSWERS)


def as_error(result: dict[str, Any]) -> dict[str, Any]:
    """The executor's result, an error if the function raised one."""
    body = result.get("body")
    if not isinstance(body, dict) or _FIELD not in body:
        return result
    return {**result, "body": body[_FIELD], "error": True, "function_error": "Unhandled"}
