"""The laptop cloud counts what DynamoDB would bill, names errors, and leaves nothing running.

The budgets of an order's life are measured with this meter; a meter that undercounts would prove
them wrongly.
"""

from __future__ import annotations

import fcntl
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.local import processes
from infra.local.aws import start_aws
from infra.local.aws_errors import as_error, with_typed_errors
from infra.local.build import ROOT, stage
from infra.local.cloud import LocalCloud, client_settings
from infra.local.meter import Meter

_CODE = """
import boto3

dynamodb = boto3.client("dynamodb")
events = boto3.client("events")


class VersionConflict(Exception):
    pass


def handler(event, context):
    if event["do"] == "raise":
        raise VersionConflict("moved")
    if event["do"] == "publish":
        entry = {"Source": "throughline", "DetailType": "t", "Detail": "{}"}
        return events.put_events(Entries=[entry] * event["entries"])["FailedEntryCount"]
    getattr(dynamodb, event["do"])(**event["with"])
    return "done"
"""


class Account:
    """A metered account with one function that calls DynamoDB as told."""

    def __init__(self, url: str, meter: Meter) -> None:
        self.meter = meter
        settings = client_settings(url)
        self._lambda = boto3.client("lambda", **settings)
        tables = boto3.client("dynamodb", **settings)
        tables.create_table(
            TableName="plain",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        )
        tables.create_table(
            TableName="indexed",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "due", "AttributeType": "S"},
            ],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "due",
                    "KeySchema": [{"AttributeName": "due", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ],
        )
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as code:
            code.writestr("handler.py", _CODE)
        self._lambda.create_function(
            FunctionName="probe",
            Runtime="python3.13",
            Role="arn:aws:iam::000000000000:role/test",
            Handler="handler.handler",
            Code={"ZipFile": archive.getvalue()},
        )

    def used(self, **event: Any) -> dict[str, Any]:
        """What one invocation with `event` was counted as."""
        mark = self.meter.mark()
        self.invoke(**event)
        return self.meter.snapshot(mark)

    def invoke(self, **event: Any) -> dict[str, Any]:
        answer = self._lambda.invoke(FunctionName="probe", Payload=json.dumps(event).encode())
        return {"error": answer.get("FunctionError"), "body": json.load(answer["Payload"])}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    state = tmp_path_factory.mktemp("metered")
    meter = Meter(state / "meter.jsonl")
    program, url = start_aws(state, meter.path, enforce_iam=False)
    yield Account(url, meter)
    processes.stop(program)


def _item(key: str, size: int = 0, **more: str) -> dict[str, Any]:
    """An item of `size` bytes: "pk" and its value, "v" and the rest."""
    used = len("pk") + len(key) + sum(len(name) + len(value) for name, value in more.items())
    filler = {"v": {"S": "x" * (size - used - 1)}} if size else {}
    return {"pk": {"S": key}, **{name: {"S": value} for name, value in more.items()}, **filler}


@pytest.mark.parametrize(
    ("size", "units"), [(1024, 1), (1025, 2), (3 * 1024, 3), (3 * 1024 + 1, 4)]
)
def test_a_write_costs_its_item_rounded_up_to_a_kilobyte(
    account: Account, size: int, units: int
) -> None:
    item = _item(f"size-{size}", size)
    used = account.used(do="put_item", **{"with": {"TableName": "plain", "Item": item}})
    assert used["writeUnits"] == units


def test_an_update_costs_the_whole_item(account: Account) -> None:
    """Not what changed: that is why the order's document is compressed."""
    item = _item("whole", 5000)
    account.invoke(do="put_item", **{"with": {"TableName": "plain", "Item": item}})
    change = {
        "TableName": "plain",
        "Key": {"pk": {"S": "whole"}},
        "UpdateExpression": "SET n = :n",
        "ExpressionAttributeValues": {":n": {"N": "1"}},
    }
    assert account.used(do="update_item", **{"with": change})["writeUnits"] == 5


def test_shrinking_an_item_costs_what_it_was(account: Account) -> None:
    for size, units in ((4096, 4), (100, 4), (100, 1)):
        put = {"TableName": "plain", "Item": _item("shrinks", size)}
        assert account.used(do="put_item", **{"with": put})["writeUnits"] == units


def test_a_transaction_doubles_each_write(account: Account) -> None:
    items = [
        {"Put": {"TableName": "plain", "Item": _item("t1", 1000)}},
        {"Put": {"TableName": "plain", "Item": _item("t2", 2000)}},
    ]
    used = account.used(do="transact_write_items", **{"with": {"TransactItems": items}})
    assert used["writeUnits"] == 2 * (1 + 2)
    assert used["writeUnitsByTable"] == {"plain": 6.0}


def test_an_index_costs_its_own_writes_and_two_when_its_key_moves(account: Account) -> None:
    steps = [(_item("i"), 1), (_item("i", due="a"), 2), (_item("i", due="b"), 3), (_item("i"), 2)]
    for item, units in steps:
        put = {"TableName": "indexed", "Item": item}
        assert account.used(do="put_item", **{"with": put})["writeUnits"] == units


def test_reads_are_counted_apart(account: Account) -> None:
    get = {"TableName": "plain", "Key": {"pk": {"S": "whole"}}, "ConsistentRead": True}
    used = account.used(do="get_item", **{"with": get})
    assert used["readUnits"] > 0
    assert used["writeUnits"] == 0
    assert used["calls"] == {"dynamodb.GetItem": 1}


def test_refused_writes_are_counted(account: Account) -> None:
    first = {"TableName": "plain", "Item": _item("taken")}
    account.invoke(do="put_item", **{"with": first})
    guarded = {
        "TableName": "plain",
        "Item": _item("taken"),
        "ConditionExpression": "attribute_not_exists(pk)",
    }
    used = account.used(do="put_item", **{"with": guarded})
    assert (used["refusedWrites"], used["writeUnits"]) == (1, 0)


def test_invocations_round_trips_and_bus_events_are_counted(account: Account) -> None:
    used = account.used(do="publish", entries=3)
    assert used["busEvents"] == 3
    assert used["invocations"] == {"probe": 1}
    assert used["transitions"] == {"EXPRESS": 0, "STANDARD": 0}
    assert used["roundTrips"] == {"probe": {"mean": 1.0, "max": 1}}


def test_a_function_fails_with_the_class_of_its_exception(account: Account) -> None:
    """VER-07: a workflow must be able to tell a conflict from a bug."""
    answer = account.invoke(do="raise")
    assert answer["error"]
    assert answer["body"]["errorType"] == "VersionConflict"
    assert answer["body"]["errorMessage"] == "moved"


def test_a_changed_worker_is_noticed() -> None:
    with pytest.raises(ValueError, match="has changed"):
        with_typed_errors("another worker")


def test_a_result_that_is_no_error_stays_as_it_is() -> None:
    assert as_error({"body": {"statusCode": 200}}) == {"body": {"statusCode": 200}}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_program_outlives_its_starter(tmp_path: Path, number: signal.Signals) -> None:
    """Also when the starter is killed and cannot clean up."""
    code = (
        "import pathlib, sys, time\n"
        "from infra.local.aws import start_aws\n"
        f"program, url = start_aws(pathlib.Path({str(tmp_path)!r}), "
        f"pathlib.Path({str(tmp_path / 'meter.jsonl')!r}))\n"
        "print(program.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "."},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with starter:
        assert starter.stdout
        pid = int(starter.stdout.readline())
        assert processes.alive(pid)
        starter.send_signal(number)
    assert _ends(pid)


def _ends(pid: int) -> bool:
    for _ in range(200):
        if not processes.alive(pid):
            return True
        time.sleep(0.05)
    return False


def test_two_clouds_never_share_a_folder(tmp_path: Path) -> None:
    """The second is refused, and what the first wrote stays."""
    (tmp_path / "endpoints.json").write_text("{}")
    with (tmp_path / "lock").open("w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        with pytest.raises(processes.LocalCloudError, match="runs in"):
            LocalCloud.start(tmp_path)
    assert (tmp_path / "endpoints.json").exists()


def test_what_is_deployed_is_a_copy(tmp_path: Path) -> None:
    """An edit, or another run's build, in the middle of a deployment does not reach it."""
    template = stage(ROOT, tmp_path / "staged")
    built = template.parent / ".throughline" / "build"
    assert template.read_text() == (ROOT / "template.yaml").read_text()
    assert (built / "functions/orders/functions/orders/handler.py").exists()
    assert (built / "layers/domain/python/oms/kernel/errors.py").exists()
    assert all("cpython" in path.name for path in built.rglob("*.pyc"))
