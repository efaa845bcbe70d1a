"""MiniStack, with the gaps closed that this system would feel.

    GATEWAY_PORT=4566 OMS_METER_FILE=meter.jsonl python -m infra.local.aws_server

Closed here, each as AWS documents it: errors of functions by their class; partial failures,
bisecting and bounded retries of stream batches; rights on streams; metrics in the embedded format;
alarms that look at their own dimensions; AWS/Lambda, AWS/SQS and AWS/States metrics. Everything
else is MiniStack as released. Lambda invocations and state transitions are metered here, because
this is where they happen; calls to AWS are metered in the workers.
"""

import json
import os
import threading
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ministack import app
from ministack.core import lambda_runtime
from ministack.services import cloudwatch, lambda_svc, sqs, stepfunctions

from infra.local.aws_errors import as_error, with_typed_errors
from infra.local.aws_metrics import embedded_metrics, evaluate
from infra.local.aws_rights import authorize_streams_as_documented
from infra.local.aws_streams import StreamDelivery

_SAMPLE_SECONDS = 5.0
_ENVIRONMENTS_PER_FUNCTION = max(2, os.cpu_count() or 1)
_HOOK = Path(__file__).with_name("meter_hook")

Execute = Callable[..., Any]


def main() -> None:
    """Serve until told to end."""
    # Workers inherit this: they get the meter hook and nothing of the project's own tree.
    os.environ["PYTHONPATH"] = str(_HOOK)
    _run_functions_as_documented()
    _meter_and_publish_invocations()
    _deliver_streams_as_documented()
    authorize_streams_as_documented()
    _meter_transitions()
    cloudwatch._evaluate_alarm = _evaluate_alarm
    threading.Thread(target=_sample_forever, daemon=True, name="throughline-sampler").start()
    app.main()


def _append(line: dict[str, Any]) -> None:
    handle = os.open(os.environ["OMS_METER_FILE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.write(handle, (json.dumps(line) + "\n").encode())
    os.close(handle)


def _run_functions_as_documented() -> None:
    execute = lambda_svc._execute_function_warm
    lambda_runtime._PYTHON_WORKER_SCRIPT = with_typed_errors(lambda_runtime._PYTHON_WORKER_SCRIPT)
    # A start costs a laptop far more than the wait for a free environment. No function calls
    # itself, so waiting cannot block for ever.
    free: defaultdict[str, threading.Semaphore] = defaultdict(
        lambda: threading.Semaphore(_ENVIRONMENTS_PER_FUNCTION)
    )

    def one_of_few(func: dict[str, Any], event: Any, request_id: str) -> Any:
        with free[(func.get("config") or func).get("FunctionName", "")]:
            return as_error(execute(func, event, request_id))

    lambda_svc._execute_function_warm = one_of_few


def _meter_and_publish_invocations() -> None:
    dispatch = lambda_svc._execute_function_dispatch
    publish = lambda_svc._emit_lambda_metrics

    def measured(
        func: dict[str, Any], config: dict[str, Any], event: Any, request_id: str, started: float
    ) -> Any:
        result = dispatch(func, config, event, request_id, started)
        name = config.get("FunctionName", "")
        _append({"kind": "invocation", "function": name})
        failed = bool(result.get("error"))
        publish(name, (lambda_svc.time.time() - started) * 1000, error=failed, throttle=False)
        for metric in embedded_metrics(result.get("log") or ""):
            cloudwatch.record_metric(*metric)
        return result

    def throttles_only(name: str, duration_ms: float, error: bool, throttle: bool) -> None:
        if throttle:
            publish(name, duration_ms, error=error, throttle=throttle)

    lambda_svc._execute_function_dispatch = measured
    lambda_svc._emit_lambda_metrics = throttles_only


def _deliver_streams_as_documented() -> None:
    execute = lambda_svc._execute_function
    delivery = StreamDelivery(
        execute=execute,
        source_of=_stream_source,
        give_up=lambda source, func, records: lambda_svc._send_ddb_stream_failure_record(
            source, func, records, source["EventSourceArn"], {}, "RetryAttemptsExhausted"
        ),
    )

    def delivered(func: dict[str, Any], event: Any) -> Any:
        records = event.get("Records") if isinstance(event, dict) else None
        if records and records[0].get("eventSource") == "aws:dynamodb":
            return delivery.deliver(func, records)
        return execute(func, event)

    lambda_svc._execute_function = delivered


def _stream_source(func: dict[str, Any], stream_arn: str) -> dict[str, Any] | None:
    arn = (func.get("config") or func).get("FunctionArn", "")
    for _account, _region, source in lambda_svc._iter_all_esms():
        reads = f"{source['FunctionArn']}:".startswith(f"{arn}:")
        if reads and source["EventSourceArn"] == stream_arn:
            found: dict[str, Any] = source
            return found
    return None


def _meter_transitions() -> None:
    add_event = stepfunctions._add_event

    def metered(execution: dict[str, Any], event_type: str, *args: Any, **kwargs: Any) -> Any:
        if event_type.endswith("StateEntered"):
            machine = stepfunctions._state_machines.get(execution.get("stateMachineArn", ""), {})
            _append({"kind": "transition", "type": machine.get("type", "STANDARD")})
        elif event_type in ("ExecutionFailed", "ExecutionTimedOut"):
            metric = "ExecutionsFailed" if event_type == "ExecutionFailed" else "ExecutionsTimedOut"
            dimensions = {"StateMachineArn": execution.get("stateMachineArn", "")}
            cloudwatch.record_metric("AWS/States", metric, 1, "Count", dimensions)
        return add_event(execution, event_type, *args, **kwargs)

    stepfunctions._add_event = metered


def _evaluate_alarm(alarm: dict[str, Any]) -> None:
    now = cloudwatch.time.time()
    state, reason = evaluate(alarm, cloudwatch._metrics.items(), now)
    before = alarm["StateValue"]
    if state is None or state == before:
        return
    alarm.update(StateValue=state, StateReason=reason, StateUpdatedTimestamp=int(now))
    cloudwatch._record_history(alarm["AlarmName"], before, state, reason)
    cloudwatch._dispatch_alarm_actions(alarm, before, state, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def _sample_forever() -> None:
    pause = threading.Event()
    while not pause.wait(_SAMPLE_SECONDS):
        now = sqs.time.time()
        for queue in list(sqs._queues._data.values()):
            _sample_queue(queue, now)
        cloudwatch._evaluate_all_alarms()


def _sample_queue(queue: dict[str, Any], now: float) -> None:
    waiting = [message for message in list(queue["messages"]) if message["visible_at"] <= now]
    age = max((now - message["sent_at"] for message in list(queue["messages"])), default=0.0)
    dimensions = {"QueueName": queue["name"]}
    record = cloudwatch.record_metric
    record("AWS/SQS", "ApproximateNumberOfMessagesVisible", len(waiting), "Count", dimensions)
    record("AWS/SQS", "ApproximateAgeOfOldestMessage", age, "Seconds", dimensions)


if __name__ == "__main__":
    main()
