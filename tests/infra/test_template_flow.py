"""Promises of template.yaml on what happens after a commit: the workflow and the bus."""

from __future__ import annotations

from typing import Any

from infra.local.template import load

RESOURCES: dict[str, Any] = load()["Resources"]


def test_the_workflow_logs_without_data() -> None:
    """SEC-04: names of states, never their input."""
    machine = RESOURCES["OrderLifecycle"]["Properties"]
    assert machine["Type"] == {"Ref": "WorkflowType"}
    assert machine["Logging"]["IncludeExecutionData"] is False
    assert machine["Logging"]["Level"] == "ALL"
    assert load()["Parameters"]["WorkflowType"]["Default"] == "EXPRESS"


def test_the_bus_hands_fulfillment_orders_to_the_wms() -> None:
    """INT-08, FUL-11: whatever the commit's first fact is, all of its types are matched."""
    rule = RESOURCES["FulfillmentOrderReleasedRule"]["Properties"]
    events = ("released", "changed", "canceled", "cancel_requested")
    types = [f"fulfillment_order.{name}" for name in events]
    assert rule["EventPattern"] == {"source": ["throughline"], "detail": {"types": types}}
    assert rule["Targets"][0]["Arn"] == {"Fn::GetAtt": ["FulfillmentQueue", "Arn"]}
    assert rule["Targets"][0]["DeadLetterConfig"]["Arn"] == {
        "Fn::GetAtt": ["FulfillmentDeadLetters", "Arn"]
    }
