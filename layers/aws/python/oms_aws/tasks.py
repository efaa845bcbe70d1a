"""Tasks of the order workflow: ids in, the same ids and the next step out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oms.action_items.commands import RaiseFailure
from oms.kernel.context import Actor, ActorKind

from oms_aws import telemetry, wiring


def run_step(step: str, task: Mapping[str, Any]) -> dict[str, Any]:
    """Take `step` of the order that a task names.

    Refusals leave as they are: by their names the workflow retries lost races and ports that fail.
    """
    company, order_id, trace = _ids(task)
    following = wiring.steps().run(company, order_id, step, f"{trace}:{step}")
    telemetry.tell("step taken", {"order_id": order_id, "step": step, "next": following})
    telemetry.flush()
    return {**task, "step": following}


def report_failure(task: Mapping[str, Any]) -> None:
    """Open an action item for a step that failed for good (GEN-06).

    Only the error's name goes there: its text may quote what must not be copied.
    """
    company, order_id, trace = _ids(task)
    command = RaiseFailure(str(task["step"]), str(task.get("failure", {}).get("Error", "Unknown")))
    actor = Actor(ActorKind.SYSTEM, "workflow", company)
    wiring.lifecycle().execute(actor, order_id, [command], correlation_id=trace)
    telemetry.count("WorkflowFailures")
    telemetry.flush()


def _ids(task: Mapping[str, Any]) -> tuple[str, str, str]:
    trace = telemetry.correlation_id(task.get("correlationId"))
    return str(task["company"]), str(task["orderId"]), trace
