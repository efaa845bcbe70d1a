"""Structured logs and embedded metrics of the functions; ids only, never personal data (SEC-04)."""

from __future__ import annotations

import re
import traceback
import uuid
from collections.abc import Mapping

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit, single_metric

SERVICE = "throughline"
NAMESPACE = "Throughline"
logger = Logger(service=SERVICE)
metrics = Metrics(namespace=NAMESPACE, service=SERVICE)

_CORRELATION_ID = re.compile(r"[A-Za-z0-9._:\-]{8,64}")


def correlation_id(given: str | None) -> str:
    """The caller's correlation id if it can be kept, else a new one; every log line carries it."""
    known = given if given and _CORRELATION_ID.fullmatch(given) else uuid.uuid4().hex
    logger.append_keys(correlation_id=known)
    return known


def count(name: str, value: float = 1) -> None:
    """Count something once it happened; `flush` sends it."""
    metrics.add_metric(name, MetricUnit.Count, value)


def gauge(name: str, value: float, unit: MetricUnit = MetricUnit.Count) -> None:
    """Report a level as it is now; `flush` sends it."""
    metrics.add_metric(name, unit, value)


def count_by(
    name: str, dimension: str, key: str, value: float = 1, unit: MetricUnit = MetricUnit.Count
) -> None:
    """Count something by one further dimension: a code or state, never an id."""
    with single_metric(
        name, unit, value, namespace=NAMESPACE, default_dimensions={"service": SERVICE}
    ) as metric:
        metric.add_dimension(dimension, key)


def lane_age(lane: str, seconds: float) -> None:
    """Report how long an order waited in its lane until its segment started."""
    count_by("LaneAgeSeconds", "lane", lane, max(0.0, seconds), MetricUnit.Seconds)


def oversold(units: int) -> None:
    """Report units that a stock write left promised beyond supply."""
    if units:
        count("OversoldUnits", units)


def flush() -> None:
    """Write what was counted in this invocation; without it nothing is published."""
    if metrics.metric_set:
        metrics.flush_metrics()


def tell(event: str, ids: Mapping[str, object]) -> None:
    """Log that something happened to the records named by `ids`."""
    logger.info(event, extra=dict(ids))


def log_defect(error: BaseException | None) -> None:
    """Log where an unexpected error came from, but not its text, which may quote personal data."""
    frames = traceback.extract_tb(error.__traceback__ if error else None)
    places = [f"{frame.name}:{frame.lineno}" for frame in frames[-6:]]
    logger.error(
        "defect",
        extra={
            "error": type(error).__name__,
            "code": getattr(error, "code", None),
            "places": places,
        },
    )
