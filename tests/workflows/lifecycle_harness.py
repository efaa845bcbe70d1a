"""Runs order_lifecycle on a real interpreter, with a tiny function behind each task.

The execution's input scripts the functions: `script` maps a task's step to the answers of its
successive calls. An answer is the next step, or `!Name` to raise an error of that name. The last
one repeats.
"""

from __future__ import annotations

import io
import json
import time
import uuid
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from infra.local.build import ROOT
from infra.local.cloud import client_settings

DEFINITION = ROOT / "infra" / "workflows" / "order_lifecycle.asl.json"
TASKS = {
    "ValidateOrder": "VALIDATE",
    "AuthorizeOrder": "AUTHORIZE",
    "AllocateOrder": "ALLOCATE",
    "SettleOrder": "SETTLE",
    "ReportFailure": "REPORT",
}
_ROLE = "arn:aws:iam::000000000000:role/test"
_CODE = """
import json
import os
import pathlib
import time


def handler(event, context):
    step = os.environ["STEP"]
    calls = pathlib.Path(os.environ["CALLS"]) / event["orderId"]
    earlier = calls.read_text().splitlines() if calls.exists() else []
    made = sum(json.loads(line)["task"] == step for line in earlier)
    with calls.open("a") as log:
        log.write(json.dumps({"task": step, "event": event}) + "\\n")
    answers = event["script"].get(step, ["DONE"])
    answer = answers[min(made, len(answers) - 1)]
    if answer == "!Sleep":
        time.sleep(3)
    if answer.startswith("!"):
        raise type(answer[1:], (Exception,), {})("scripted")
    return {**event, "step": answer}
"""


@dataclass(frozen=True)
class Run:
    """How an execution went: status, error name, states in order, and the functions' calls."""

    status: str
    error: str | None
    states: list[str]
    calls: list[dict[str, Any]]

    def tasks(self) -> list[str]:
        """The steps whose functions were called, in order."""
        return [call["task"] for call in self.calls]


class Lifecycle:
    """The workflow with scripted functions, in the account at `url`."""

    def __init__(self, url: str, calls: Path, timeout_seconds: int | None = None) -> None:
        settings = client_settings(url)
        self._lambda = boto3.client("lambda", **settings)
        self._states = boto3.client("stepfunctions", **settings)
        self._calls = calls
        name = f"lifecycle-{uuid.uuid4().hex[:8]}"
        arns = {task: self._function(f"{name}-{task}", step) for task, step in TASKS.items()}
        definition = _definition(arns, timeout_seconds)
        self.standard = self._machine(name, definition, "STANDARD")
        self.express = self._machine(f"{name}-express", definition, "EXPRESS")

    def run(self, step: str, script: Mapping[str, Sequence[str]]) -> Run:
        """Execute from `step` to the end."""
        order_id = uuid.uuid4().hex
        started = self._states.start_execution(
            stateMachineArn=self.standard, input=json.dumps(_input(order_id, step, script))
        )
        arn = started["executionArn"]
        while (found := self._states.describe_execution(executionArn=arn))["status"] == "RUNNING":
            time.sleep(0.02)
        events = self._states.get_execution_history(executionArn=arn, maxResults=1000)["events"]
        entered = [e["stateEnteredEventDetails"]["name"] for e in events if _entered(e)]
        return Run(found["status"], found.get("error"), entered, self._called(order_id))

    def run_express(self, step: str, script: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """Execute as the deployed type does; the output."""
        order_id = uuid.uuid4().hex
        arn = self._states.start_execution(
            stateMachineArn=self.express, input=json.dumps(_input(order_id, step, script))
        )["executionArn"]
        while (found := self._states.describe_execution(executionArn=arn))["status"] == "RUNNING":
            time.sleep(0.02)
        output: dict[str, Any] = json.loads(found["output"])
        return output

    def _called(self, order_id: str) -> list[dict[str, Any]]:
        log = self._calls / order_id
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def _function(self, name: str, step: str) -> str:
        made = self._lambda.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=_ROLE,
            Handler="handler.handler",
            Timeout=10,
            Code={"ZipFile": _zip(_CODE)},
            Environment={"Variables": {"STEP": step, "CALLS": str(self._calls)}},
        )
        return made["FunctionArn"]

    def _machine(self, name: str, definition: str, kind: Any) -> str:
        made = self._states.create_state_machine(
            name=name, definition=definition, roleArn=_ROLE, type=kind
        )
        return made["stateMachineArn"]


def _definition(arns: Mapping[str, str], timeout_seconds: int | None) -> str:
    text = DEFINITION.read_text()
    for task, arn in arns.items():
        text = text.replace(f"${{{task}}}", arn)
    if timeout_seconds is None:
        return text
    machine = json.loads(text)
    for task in TASKS:
        machine["States"][task]["TimeoutSeconds"] = timeout_seconds
    return json.dumps(machine)


def _input(order_id: str, step: str, script: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    return {
        "company": "ACME",
        "orderId": order_id,
        "correlationId": "c-1",
        "step": step,
        "script": dict(script),
    }


def _entered(event: Any) -> bool:
    return str(event["type"]).endswith("StateEntered")


def _zip(code: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("handler.py", code)
    return buffer.getvalue()
