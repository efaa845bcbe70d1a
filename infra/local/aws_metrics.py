"""CloudWatch as documented: metrics in the embedded format, and alarm evaluation.

Pure functions of what MiniStack keeps; `aws_server` puts them in place.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

_COMPARE = {
    "GreaterThanThreshold": lambda value, limit: value > limit,
    "GreaterThanOrEqualToThreshold": lambda value, limit: value >= limit,
    "LessThanThreshold": lambda value, limit: value < limit,
    "LessThanOrEqualToThreshold": lambda value, limit: value <= limit,
}

Metric = tuple[str, str, float, str, dict[str, str]]
Points = Sequence[Mapping[str, Any]]


def embedded_metrics(log: str) -> Iterator[Metric]:
    """Namespace, name, value, unit and dimensions of each metric in a function's log output.

    A metric published under several dimension sets, or with several values, counts once for each.
    """
    for line in log.splitlines():
        if '"_aws"' not in line:
            continue
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            continue
        for directive in entry.get("_aws", {}).get("CloudWatchMetrics", ()):
            yield from _of_directive(entry, directive)


def _of_directive(entry: Mapping[str, Any], directive: Mapping[str, Any]) -> Iterator[Metric]:
    for metric in directive["Metrics"]:
        values = entry[metric["Name"]]
        for names in directive["Dimensions"]:
            dimensions = {name: str(entry[name]) for name in names}
            for value in values if isinstance(values, list) else [values]:
                unit = metric.get("Unit", "None")
                yield directive["Namespace"], metric["Name"], float(value), unit, dimensions


def evaluate(
    alarm: Mapping[str, Any], metrics: Iterable[tuple[tuple[Any, ...], Points]], now: float
) -> tuple[str | None, str]:
    """The state of an alarm at `now` (epoch seconds), and why; None leaves it as it is."""
    windows = int(alarm.get("EvaluationPeriods", 1))
    needed = int(alarm.get("DatapointsToAlarm") or windows)
    values = _windows(alarm, _points(alarm, metrics), now)
    missing = alarm.get("TreatMissingData", "missing")
    breaching = sum(
        missing == "breaching" if value is None else _breaches(alarm, value) for value in values
    )
    if breaching >= needed:
        return "ALARM", f"{breaching} of {windows} datapoints crossed {alarm['Threshold']}"
    if all(value is None for value in values) and missing in ("missing", "ignore"):
        return (None if missing == "ignore" else "INSUFFICIENT_DATA"), "no datapoints"
    return "OK", f"{breaching} of {windows} datapoints crossed {alarm['Threshold']}"


def _points(
    alarm: Mapping[str, Any], metrics: Iterable[tuple[tuple[Any, ...], Points]]
) -> list[tuple[float, float]]:
    wanted = {item["Name"]: item["Value"] for item in alarm.get("Dimensions") or ()}
    return [
        (point["Timestamp"], point["Value"])
        for (namespace, name, *_), points in list(metrics)
        if namespace == alarm.get("Namespace") and name == alarm.get("MetricName")
        # All datapoints of one metric have the same dimensions.
        if points and (points[0].get("Dimensions") or {}) == wanted
        for point in list(points)
        if "Value" in point
    ]


def _windows(
    alarm: Mapping[str, Any], points: Sequence[tuple[float, float]], now: float
) -> list[float | None]:
    period = float(alarm.get("Period", 60))
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average"
    windows: list[float | None] = []
    for index in range(int(alarm.get("EvaluationPeriods", 1))):
        end = now - index * period
        values = [value for at, value in points if end - period < at <= end]
        windows.append(_statistic(statistic, values) if values else None)
    return windows


def _statistic(name: str, values: Sequence[float]) -> float:
    if name == "Sum":
        return math.fsum(values)
    if name == "SampleCount":
        return float(len(values))
    if name == "Maximum":
        return max(values)
    if name == "Minimum":
        return min(values)
    if name.startswith("p"):
        rank = math.ceil(float(name[1:]) / 100 * len(values))
        return sorted(values)[max(rank, 1) - 1]
    return math.fsum(values) / len(values)


def _breaches(alarm: Mapping[str, Any], value: float) -> bool:
    return bool(_COMPARE[alarm["ComparisonOperator"]](value, float(alarm["Threshold"])))
