"""Alarms, dashboards, stored queries and their documents agree with each other (MON-02, MON-03)."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from infra.local.build import ROOT
from infra.local.template import load

MONITORING = ROOT / "infra" / "monitoring"
RESOURCES: dict[str, Any] = load()["Resources"]
ALARMS = {
    resource["Properties"]["AlarmName"]["Fn::Sub"].removeprefix("throughline-${Stage}-"): resource[
        "Properties"
    ]
    for resource in RESOURCES.values()
    if resource["Type"] == "AWS::CloudWatch::Alarm"
}
DASHBOARDS = {
    name: json.loads(RESOURCES[name]["Properties"]["DashboardBody"]["Fn::Sub"])
    for name in ("BusinessDashboard", "MachineryDashboard")
}


def _documented_metrics() -> dict[str, str | None]:
    """Metric name to its extra dimension, from the table in the README."""
    rows = re.findall(
        r"^\| (\w+)(?: \[(\w+)\])? \| \w+ \|", (MONITORING / "README.md").read_text(), re.M
    )
    return {name: dimension or None for name, dimension in rows if name != "Metric"}


def _sections() -> set[str]:
    return set(re.findall(r"^## (.+)$", (MONITORING / "runbook.md").read_text(), re.M))


def _dashboard_text() -> str:
    return json.dumps(list(DASHBOARDS.values()))


@pytest.mark.parametrize("name", ALARMS)
def test_each_alarm_says_what_it_means_and_names_its_section_of_the_runbook(name: str) -> None:
    """MON-03: alarms with runbook link."""
    description = ALARMS[name]["AlarmDescription"]
    assert re.search(r"^.{20,}\. Runbook: ", description)
    assert description.endswith(f"infra/monitoring/runbook.md#{name}")
    assert name in _sections()


def test_the_runbook_has_no_section_without_an_alarm() -> None:
    assert _sections() == set(ALARMS)


@pytest.mark.parametrize("name", ALARMS)
def test_each_alarm_notifies_and_decides_what_silence_means(name: str) -> None:
    alarm = ALARMS[name]
    assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlarmTopic"}]
    assert alarm["TreatMissingData"] in ("notBreaching", "breaching")


@pytest.mark.parametrize(
    ("name", "metric", "comparison", "threshold", "seconds"),
    [
        ("api-error-rate", "5xx", "GreaterThanThreshold", 0.01, 300),
        ("api-latency", "Latency", "GreaterThanThreshold", 1000, 300),
        ("invariant-breaches", "InvariantBreaches", "GreaterThanThreshold", 0, 60),
        ("oversell", "OversoldUnits", "GreaterThanThreshold", 0, 60),
        ("ledger-imbalance", "LedgerImbalance", "GreaterThanThreshold", 0, 60),
        ("live-lane-age", "LaneAgeSeconds", "GreaterThanThreshold", 300, 180),
        ("index-lag", "IndexLagMs", "GreaterThanThreshold", 30_000, 180),
        ("payments-unknown", "PaymentsUnknown", "GreaterThanThreshold", 0, 3600),
    ],
)
def test_alarms_hold_the_limits_of_the_specification(
    name: str, metric: str, comparison: str, threshold: float, seconds: int
) -> None:
    """MON-03."""
    alarm = ALARMS[name]
    assert alarm["MetricName"] == metric
    assert alarm["ComparisonOperator"] == comparison
    assert alarm["Threshold"] == threshold
    assert alarm["Period"] * alarm["EvaluationPeriods"] == seconds


def test_unknown_payments_alarm_only_if_they_stay_unknown_for_the_whole_hour() -> None:
    """MON-03: the minimum, because a payment may be unknown for a moment."""
    assert ALARMS["payments-unknown"]["Statistic"] == "Minimum"


def test_every_function_that_crashes_alarms() -> None:
    watched = {
        alarm["Dimensions"][0]["Value"]["Ref"]
        for alarm in ALARMS.values()
        if alarm["MetricName"] == "Errors"
    }
    functions = {n for n, r in RESOURCES.items() if r["Type"] == "AWS::Serverless::Function"}
    assert watched == functions


def test_alarms_and_dashboards_use_documented_metrics_with_their_dimensions() -> None:
    documented = _documented_metrics()
    assert len(documented) >= 17
    for alarm in ALARMS.values():
        if alarm["Namespace"] == "Throughline":
            extra = documented[alarm["MetricName"]]
            names = {dimension["Name"] for dimension in alarm["Dimensions"]}
            assert names == {"service"} | ({extra} if extra else set())
    shown = set(re.findall(r'"Throughline", "(\w+)"', _dashboard_text()))
    shown |= set(re.findall(r"MetricName=\\+\"(\w+)", _dashboard_text())) - {"Latency"}
    assert shown == set(documented), "what is measured is shown, and nothing else is"


def test_every_documented_metric_is_published_by_the_code() -> None:
    """An alarm on a metric nobody writes is worse than none."""
    sources = [*ROOT.glob("layers/aws/**/*.py"), *ROOT.glob("functions/**/*.py")]
    code = "\n".join(path.read_text() for path in sources)
    assert not [name for name in _documented_metrics() if f'"{name}"' not in code]


def test_every_queue_and_function_is_on_the_machinery_dashboard() -> None:
    """MON-02: errors, throttles, queue age, dead letters."""
    text = json.dumps(DASHBOARDS["MachineryDashboard"])
    for resource in RESOURCES.values():
        properties = resource.get("Properties", {})
        for key in ("FunctionName", "QueueName"):
            name = properties.get(key)
            if isinstance(name, dict) and "Fn::Sub" in name:
                assert f'"{name["Fn::Sub"]}"' in text, name


def test_search_expressions_name_dimensions_as_they_are_published() -> None:
    documented = _documented_metrics()
    pattern = r"SEARCH\('\{Throughline,([\w,]+)\} MetricName=\\+\"(\w+)"
    found = re.findall(pattern, _dashboard_text())
    assert found
    for dimensions, metric in found:
        assert set(dimensions.split(",")) == {"service", documented[metric]}


@pytest.mark.parametrize("dashboard", DASHBOARDS)
def test_widgets_do_not_overlap_and_fit(dashboard: str) -> None:
    taken: set[tuple[int, int]] = set()
    for widget in DASHBOARDS[dashboard]["widgets"]:
        cells = {
            (x, y)
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        }
        assert not cells & taken, widget["properties"]["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells


def test_what_must_never_be_is_on_the_business_dashboard() -> None:
    """MON-02: oversell = 0, imbalance = 0."""
    titles = [w["properties"]["title"] for w in DASHBOARDS["BusinessDashboard"]["widgets"]]
    assert {"Oversold units (always 0)", "Ledger imbalance (always 0)"} <= set(titles)


def test_the_runbook_names_stored_queries_that_exist() -> None:
    stored = {
        resource["Properties"]["Name"]["Fn::Sub"].removeprefix("throughline-${Stage}/")
        for resource in RESOURCES.values()
        if resource["Type"] == "AWS::Logs::QueryDefinition"
    }
    named = re.findall(r"stored query `([^`]+)`", (MONITORING / "runbook.md").read_text())
    assert named
    assert set(named) <= stored
