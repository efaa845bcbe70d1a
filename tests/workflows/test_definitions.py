"""Every state, choice, retry and catch of an order's workflow is reached by some execution.

Cites SAG-01, SAG-02, SAG-03, VER-07. The definition runs on a Step Functions interpreter with
scripted functions; a state that no path enters fails. Every other definition is walked as it is
written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.build import ROOT
from tests.workflows.lifecycle_harness import TASKS, Lifecycle

FOLDER = ROOT / "infra" / "workflows"
STEPS = {step: task for task, step in TASKS.items() if step != "REPORT"}
ORDER = "order_lifecycle"


def states(machine: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every state with its name, those inside maps as well."""
    for name, state in machine["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from states(state["ItemProcessor"])


def definition(name: str) -> dict[str, Any]:
    machine: dict[str, Any] = json.loads((FOLDER / f"{name}.asl.json").read_text())
    return machine


PATHS: list[tuple[str, dict[str, list[str]]]] = [
    ("VALIDATE", {"VALIDATE": ["AUTHORIZE"], "AUTHORIZE": ["ALLOCATE"], "ALLOCATE": ["SETTLE"],
                  "SETTLE": ["DONE"]}),
    *((step, {step: ["!KeyError"]}) for step in STEPS),
    *((step, {step: ["!VersionConflict", "WAIT"]}) for step in STEPS),
    *((step, {step: ["!Unavailable", "DONE"]}) for step in STEPS),
    ("SETTLE", {"SETTLE": ["TELEPORT"]}),
    ("VALIDATE", {"VALIDATE": ["!KeyError"], "REPORT": ["!Any", "DONE"]}),
]  # fmt: skip


def test_every_state_of_the_lifecycle_is_visited(account_url: str, tmp_path: Path) -> None:
    """SAG-01, SAG-03: and every way out of a choice, every retry and every catch is taken."""
    lifecycle = Lifecycle(account_url, tmp_path)
    visited: set[str] = set()
    ways: set[tuple[str, str]] = set()
    retried: set[str] = set()
    for step, script in PATHS:
        run = lifecycle.run(step, script)
        visited.update(run.states)
        ways.update(zip(run.states, run.states[1:], strict=False))
        calls = run.tasks()
        retried |= {task for task, name in TASKS.items() if calls.count(name) > 1}
    machine = definition(ORDER)
    assert visited == {name for name, _ in states(machine)}
    wanted = {(name, way) for name, state in states(machine) for way in _ways(state)}
    assert ways == wanted
    assert retried == {name for name, state in states(machine) if "Retry" in state}


def _ways(state: dict[str, Any]) -> set[str]:
    found = [state.get("Next"), state.get("Default")]
    found += [row["Next"] for row in (*state.get("Choices", ()), *state.get("Catch", ()))]
    return {way for way in found if way}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.asl.json")), ids=lambda path: path.name)
def test_every_state_leads_somewhere_and_is_led_to(path: Path) -> None:
    """Static, for every definition: no name without a state, no state without a way to it."""
    machine = json.loads(path.read_text())
    for part in (
        machine,
        *(s["ItemProcessor"] for _, s in states(machine) if "ItemProcessor" in s),
    ):
        reached, fresh = set[str](), {part["StartAt"]}
        while fresh:
            reached |= fresh
            fresh = {w for name in fresh for w in _ways(part["States"][name])} - reached
        assert reached == set(part["States"])


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.asl.json")), ids=lambda path: path.name)
def test_every_task_tries_again(path: Path) -> None:
    """SAG-02, VER-07: forward recovery first, within bounds."""
    for name, state in states(json.loads(path.read_text())):
        if state["Type"] == "Task":
            assert state["Retry"], name
            assert all(0 < retry["MaxAttempts"] <= 8 for retry in state["Retry"]), name
