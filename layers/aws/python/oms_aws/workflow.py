"""Starting segments of the `order_lifecycle` workflow, at once or through a lane (INT-03)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from oms_aws.stream import LIVE, Committed

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_stepfunctions.client import SFNClient


@dataclass(frozen=True, slots=True)
class Segment:
    """Where to start the automation of an order; ids only (SEC-04)."""

    company: str
    order_id: str
    correlation_id: str
    step: str
    version: int

    @classmethod
    def of(cls, commit: Committed, step: str) -> Segment:
        """The segment that a commit asks for."""
        return cls(commit.company, commit.order_id, commit.correlation_id, step, commit.version)

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Segment:
        """The segment in a lane's message."""
        return cls(
            data["company"], data["orderId"], data["correlationId"], data["step"], data["version"]
        )

    @property
    def name(self) -> str:
        """Execution name: found from the order's id, and equal for an equal start (MON-05)."""
        return f"{self.order_id}-{self.version}-{self.step}"

    def body(self) -> str:
        """Execution input and lane message."""
        return json.dumps(
            {
                "company": self.company, "orderId": self.order_id,
                "correlationId": self.correlation_id, "step": self.step, "version": self.version,
            }
        )  # fmt: skip


class Workflow:
    """The state machine."""

    def __init__(self, client: SFNClient, arn: str) -> None:
        self._client = client
        self._arn = arn

    def start(self, segment: Segment) -> None:
        """Start a segment; starting it again is no error, since segments are re-entrant."""
        try:
            self._client.start_execution(
                stateMachineArn=self._arn, name=segment.name, input=segment.body()
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise


class Rebuilds:
    """Rebuilds of the search index, each an execution of its state machine (SEA-06)."""

    def __init__(self, client: SFNClient, arn: str) -> None:
        self._client = client
        self._arn = arn

    def start(self, now: datetime) -> str:
        """Start a rebuild, at most one a minute; returns its id."""
        name = f"rebuild-{now:%Y%m%dT%H%M}"
        try:
            self._client.start_execution(stateMachineArn=self._arn, name=name, input="{}")
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise
        return name

    def state(self, name: str) -> str | None:
        """RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED; None for one nobody started."""
        machine = self._arn.replace(":stateMachine:", ":execution:")
        try:
            answer = self._client.describe_execution(executionArn=f"{machine}:{name}")
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
                raise
            return None
        return answer["status"]


class Lanes:
    """LIVE starts at once; the other lanes wait in queues that are drained slowly."""

    def __init__(self, workflow: Workflow, client: SQSClient, queues: Mapping[str, str]) -> None:
        self._workflow = workflow
        self._client = client
        self._queues = dict(queues)

    def start(self, segment: Segment, lane: str) -> None:
        """Start a segment in its lane."""
        if lane == LIVE:
            self._workflow.start(segment)
        else:
            self._client.send_message(QueueUrl=self._queues[lane], MessageBody=segment.body())
