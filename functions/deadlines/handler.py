"""Every minute: lets time pass for orders and action items that are due, and measures what waits
(SAG-05, AIT-04).
"""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from oms_aws import telemetry
from oms_aws.clockwork import escalate_overdue, measure, pass_time

MARGIN_MILLISECONDS = 10_000
"""What is left of the invocation when it stops taking on orders; the next minute goes on."""


def handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001
    """Work off due orders, oldest first, as long as there is time."""
    telemetry.correlation_id(None)

    def time_left() -> bool:
        return context.get_remaining_time_in_millis() > MARGIN_MILLISECONDS

    pass_time(time_left)
    escalate_overdue(time_left)
    measure()
    telemetry.flush()
