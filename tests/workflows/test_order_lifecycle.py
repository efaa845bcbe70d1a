"""Every path of order_lifecycle, on a Step Functions interpreter.

Cites SAG-01 (segments may be started at any step, any number of times), SAG-03 (what fails for good
reaches a person), INT-03 (validation, authorization and allocation are steps of their own), MON-05.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.workflows.lifecycle_harness import DEFINITION, TASKS, Lifecycle

STEPS = {step: task for task, step in TASKS.items() if step != "REPORT"}


@pytest.fixture(scope="module")
def lifecycle(account_url: str, tmp_path_factory: pytest.TempPathFactory) -> Lifecycle:
    return Lifecycle(account_url, tmp_path_factory.mktemp("calls"))


def test_an_order_runs_through_all_steps_in_one_segment(lifecycle: Lifecycle) -> None:
    script = {
        "VALIDATE": ["AUTHORIZE"],
        "AUTHORIZE": ["ALLOCATE"],
        "ALLOCATE": ["SETTLE"],
        "SETTLE": ["DONE"],
    }
    run = lifecycle.run("VALIDATE", script)
    assert run.status == "SUCCEEDED"
    assert run.states == [
        *("NextStep", "ValidateOrder", "NextStep", "AuthorizeOrder", "NextStep", "AllocateOrder"),
        *("NextStep", "SettleOrder", "NextStep", "Done"),
    ]


@pytest.mark.parametrize("step", STEPS)
def test_a_segment_starts_at_any_step_and_ends_where_the_order_waits(
    lifecycle: Lifecycle, step: str
) -> None:
    """SAG-01: the order, not the workflow, knows where it stands."""
    run = lifecycle.run(step, {step: ["WAIT"]})
    assert run.status == "SUCCEEDED"
    assert run.states == ["NextStep", STEPS[step], "NextStep", "Waiting"]
    assert run.tasks() == [step]


@pytest.mark.parametrize(("step", "state"), [("WAIT", "Waiting"), ("DONE", "Done")])
def test_a_segment_that_is_not_needed_touches_nothing(
    lifecycle: Lifecycle, step: str, state: str
) -> None:
    """SAG-01: a second start of the same segment finds nothing to do."""
    run = lifecycle.run(step, {})
    assert (run.status, run.states, run.calls) == ("SUCCEEDED", ["NextStep", state], [])


def test_a_step_may_send_the_order_back(lifecycle: Lifecycle) -> None:
    """Allocation that breaks its authorization goes through AUTHORIZE again."""
    script = {"ALLOCATE": ["AUTHORIZE", "DONE"], "AUTHORIZE": ["ALLOCATE"]}
    assert lifecycle.run("ALLOCATE", script).tasks() == ["ALLOCATE", "AUTHORIZE", "ALLOCATE"]


def test_tasks_get_ids_and_nothing_else(lifecycle: Lifecycle) -> None:
    """SEC-04: what travels through the workflow names records and carries no data of theirs."""
    event = lifecycle.run("SETTLE", {}).calls[0]["event"]
    assert set(event) - {"script"} == {"company", "orderId", "correlationId", "step"}


@pytest.mark.parametrize("error", ["VersionConflict", "StockConflict", "Unavailable"])
@pytest.mark.parametrize("step", STEPS)
def test_what_passes_is_tried_again(lifecycle: Lifecycle, step: str, error: str) -> None:
    """VER-07: a concurrent change, and a partner that is down for a moment, are no failures."""
    run = lifecycle.run(step, {step: [f"!{error}", f"!{error}", "DONE"]})
    assert run.status == "SUCCEEDED"
    assert run.tasks() == [step] * 3
    assert "ReportFailure" not in run.states


@pytest.mark.parametrize(
    ("step", "error", "attempts"),
    [
        *[(step, "Unavailable", 5) for step in STEPS],
        *[(step, "VersionConflict", 9 if step == "ALLOCATE" else 6) for step in STEPS],
    ],
)
def test_retries_are_bounded(lifecycle: Lifecycle, step: str, error: str, attempts: int) -> None:
    """SAG-03: after that a person decides."""
    run = lifecycle.run(step, {step: [f"!{error}"]})
    assert run.tasks() == [step] * attempts + ["REPORT"]
    assert (run.status, run.error) == ("FAILED", error)


@pytest.mark.parametrize("step", STEPS)
def test_a_task_that_fails_for_good_is_reported(lifecycle: Lifecycle, step: str) -> None:
    """SAG-03, MON-05: an action item is opened and the execution shows the error."""
    run = lifecycle.run(step, {step: ["!KeyError"]})
    assert run.states == ["NextStep", STEPS[step], "ReportFailure", "Failed"]
    assert (run.status, run.error) == ("FAILED", "KeyError")
    report = run.calls[-1]["event"]
    assert report["step"] == step
    assert report["failure"]["Error"] == "KeyError"
    assert "scripted" in report["failure"]["Cause"]


def test_an_unknown_step_is_reported(lifecycle: Lifecycle) -> None:
    """A newer function that answers a step this definition lacks must not lose the order."""
    run = lifecycle.run("SETTLE", {"SETTLE": ["TELEPORT"]})
    assert run.states == [
        *("NextStep", "SettleOrder", "NextStep", "UnknownStep", "ReportFailure", "Failed"),
    ]
    assert run.calls[-1]["event"]["failure"]["Error"] == "UnknownStep"


def test_a_report_is_tried_again(lifecycle: Lifecycle) -> None:
    run = lifecycle.run("VALIDATE", {"VALIDATE": ["!KeyError"], "REPORT": ["!Any", "!Any", "DONE"]})
    assert run.tasks() == ["VALIDATE", "REPORT", "REPORT", "REPORT"]
    assert (run.status, run.error) == ("FAILED", "KeyError")


def test_a_report_that_fails_still_shows_as_a_failed_execution(lifecycle: Lifecycle) -> None:
    """The alarm on failed executions is the last line when no action item could be opened."""
    run = lifecycle.run("VALIDATE", {"VALIDATE": ["!KeyError"], "REPORT": ["!Broken"]})
    assert run.tasks() == ["VALIDATE", *["REPORT"] * 7]
    assert (run.status, run.error) == ("FAILED", "Broken")
    assert run.states[-1] == "ReportFailure"


@pytest.mark.parametrize("step", STEPS)
def test_a_task_that_hangs_is_reported(account_url: str, tmp_path: Path, step: str) -> None:
    hasty = Lifecycle(account_url, tmp_path, timeout_seconds=1)
    run = hasty.run(step, {step: ["!Sleep"]})
    assert run.states == ["NextStep", STEPS[step], "ReportFailure", "Failed"]
    assert run.error == "States.Timeout"


def test_the_express_type_runs_the_same_definition(lifecycle: Lifecycle) -> None:
    output = lifecycle.run_express("ALLOCATE", {"ALLOCATE": ["SETTLE"], "SETTLE": ["DONE"]})
    assert output["step"] == "DONE"


def test_every_state_can_be_left_and_every_task_is_guarded() -> None:
    """Static: no task without time limit, retry and a way to a person."""
    machine = json.loads(DEFINITION.read_text())
    tasks = {n: s for n, s in machine["States"].items() if s["Type"] == "Task"}
    assert set(tasks) == set(TASKS)
    for name, state in tasks.items():
        assert state["TimeoutSeconds"] <= 60, name
        assert all(retry["MaxAttempts"] <= 8 for retry in state["Retry"]), name
        if name != "ReportFailure":
            assert state["Catch"] == [
                {"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "ReportFailure"}
            ]
    assert machine["TimeoutSeconds"] < 300, "an EXPRESS execution ends after five minutes"
