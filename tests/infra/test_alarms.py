"""Each alarm of the template goes to ALARM when its metric says so, and only then (MON-03).

The alarms are put as the template declares them and driven with datapoints. CloudWatch's rules of
evaluation are the laptop cloud's own (`aws_metrics`), so these are tested first, by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from infra.local.aws_metrics import embedded_metrics, evaluate
from infra.local.cloud import client_settings
from tests.infra.test_monitoring import ALARMS

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

NOW = 1_000_000.0


def _alarm(**given: Any) -> dict[str, Any]:
    return {
        "Namespace": "N",
        "MetricName": "M",
        "Statistic": "Maximum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 5,
        "TreatMissingData": "notBreaching",
        **given,
    }


def _state(alarm: dict[str, Any], values: Sequence[tuple[float, float]], **dimensions: str) -> Any:
    """The state with one datapoint per (age in seconds, value)."""
    points = [
        {"Timestamp": NOW - age, "Value": value, "Dimensions": dimensions} for age, value in values
    ]
    return evaluate(alarm, [(("N", "M", ""), points)], NOW)[0]


@pytest.mark.parametrize(
    ("given", "values", "state"),
    [
        ({}, [(10, 6.0)], "ALARM"),
        ({}, [(10, 5.0)], "OK"),
        ({"ComparisonOperator": "GreaterThanOrEqualToThreshold"}, [(10, 5.0)], "ALARM"),
        ({"ComparisonOperator": "LessThanThreshold"}, [(10, 4.0)], "ALARM"),
        ({"ComparisonOperator": "LessThanOrEqualToThreshold"}, [(10, 5.0)], "ALARM"),
        ({}, [(70, 6.0)], "OK"),
        ({"EvaluationPeriods": 2}, [(10, 6.0)], "OK"),
        ({"EvaluationPeriods": 2}, [(10, 6.0), (70, 6.0)], "ALARM"),
        ({"EvaluationPeriods": 3, "DatapointsToAlarm": 2}, [(10, 6.0), (130, 6.0)], "ALARM"),
        ({"Statistic": "Sum"}, [(10, 3.0), (20, 3.0)], "ALARM"),
        ({"Statistic": "Average"}, [(10, 3.0), (20, 3.0)], "OK"),
        ({"Statistic": "Minimum"}, [(10, 9.0), (20, 3.0)], "OK"),
        ({"Statistic": "SampleCount"}, [(i, 0.0) for i in range(6)], "ALARM"),
        ({"ExtendedStatistic": "p99"}, [(1, 9.0)] + [(2, 1.0)] * 99, "OK"),
        ({"ExtendedStatistic": "p99"}, [(1, 9.0)] * 2 + [(2, 1.0)] * 98, "ALARM"),
        ({"TreatMissingData": "breaching"}, [], "ALARM"),
        ({"TreatMissingData": "missing"}, [], "INSUFFICIENT_DATA"),
        ({"TreatMissingData": "ignore"}, [], None),
    ],
)
def test_evaluation_follows_cloudwatch(
    given: dict[str, Any], values: list[tuple[float, float]], state: str | None
) -> None:
    assert _state(_alarm(**given), values) == state


def test_an_alarm_looks_at_its_own_dimensions_only() -> None:
    """Otherwise one dead letter would raise the alarms of all queues."""
    alarm = _alarm(Dimensions=[{"Name": "QueueName", "Value": "a"}])
    assert _state(alarm, [(1, 6.0)], QueueName="a") == "ALARM"
    assert _state(alarm, [(1, 6.0)], QueueName="b") == "OK"
    assert _state(alarm, [(1, 6.0)]) == "OK"


def test_embedded_metrics_are_read_from_logs() -> None:
    log = (
        'START\n{"_aws":{"CloudWatchMetrics":[{"Namespace":"Throughline","Dimensions":'
        '[["service","lane"]],"Metrics":[{"Name":"LaneAgeSeconds","Unit":"Seconds"}]}]},'
        '"service":"throughline","lane":"LIVE","LaneAgeSeconds":[7.0, 9.0]}\nnot json "_aws"'
    )
    dimensions = {"service": "throughline", "lane": "LIVE"}
    assert list(embedded_metrics(log)) == [
        ("Throughline", "LaneAgeSeconds", 7.0, "Seconds", dimensions),
        ("Throughline", "LaneAgeSeconds", 9.0, "Seconds", dimensions),
    ]


@pytest.fixture(scope="module")
def cloudwatch(account_url: str) -> CloudWatchClient:
    client = boto3.client("cloudwatch", **client_settings(account_url))
    for name, alarm in ALARMS.items():
        client.put_metric_alarm(AlarmName=name, **_deployed(name, alarm))
    return client


def _deployed(name: str, alarm: dict[str, Any]) -> dict[str, Any]:
    """The alarm's properties with a literal for whatever the template refers to."""
    dimensions = [
        {"Name": d["Name"], "Value": d["Value"] if isinstance(d["Value"], str) else name}
        for d in alarm["Dimensions"]
    ]
    left_out = ("AlarmName", "AlarmActions", "OKActions", "Dimensions")
    kept = {key: value for key, value in alarm.items() if key not in left_out}
    # In an account of their own the metrics of AWS cannot be mixed with the laptop cloud's.
    kept["Namespace"] = kept["Namespace"].replace("AWS/", "Driven/")
    return {**kept, "Dimensions": dimensions}


def _drive(client: CloudWatchClient, name: str, value: float) -> str:
    """Put `value` into each period the alarm looks at; its state then."""
    alarm = _deployed(name, ALARMS[name])
    now = datetime.now(UTC)
    at = [
        now - timedelta(seconds=index * alarm["Period"] + 1)
        for index in range(alarm["EvaluationPeriods"])
    ]
    client.put_metric_data(
        Namespace=alarm["Namespace"],
        MetricData=[
            {
                "MetricName": alarm["MetricName"],
                "Dimensions": alarm["Dimensions"],
                "Timestamp": moment,
                "Value": value,
            }
            for moment in at
        ],
    )
    found = client.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return found[0]["StateValue"]


@pytest.mark.parametrize("name", ALARMS)
def test_each_alarm_goes_off_and_clears(cloudwatch: CloudWatchClient, name: str) -> None:
    """MON-03. A worse value never hides a good one: good ones come first, then bad ones."""
    alarm = ALARMS[name]
    threshold = float(alarm["Threshold"])
    if alarm["ComparisonOperator"] == "LessThanThreshold":
        assert alarm["TreatMissingData"] == "breaching"
        silent = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"]
        assert (silent, _drive(cloudwatch, name, threshold)) == ("ALARM", "OK")
        return
    calm = 0.0 if threshold == 0 else threshold / 2
    if alarm.get("Statistic") == "Minimum":
        assert _drive(cloudwatch, name, threshold + 1) == "ALARM"
        assert _drive(cloudwatch, name, calm) == "OK"
    else:
        assert _drive(cloudwatch, name, calm) == "OK"
        assert _drive(cloudwatch, name, max(threshold * 200, 1.0)) == "ALARM"
