"""Structured logs and embedded metrics of the functions; ids only, never personal data (SEC-04)."""

from __future__ import annotations

import re
import traceback
import uuid
from collections.abc import Mapping

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

logger = Logger(service="throughline")
metrics = Metrics(namespace="Throughline", service="throughline")

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
    """Report a level as it is now."""
    metrics.add_metric(name, unit, value)


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
