"""The laptop cloud: the production template, deployed with IAM enforced, and its partners.

    with LocalCloud.start(Path(".throughline")) as endpoints:
        ...

Everything listens on loopback, on ports that were free, and ends with the `with` block. What
callers need to know stands in `Endpoints` and in `<state_dir>/endpoints.json`. Nothing is
seeded.
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Literal, TypedDict

import boto3

from infra.local import deploy, identities, processes
from infra.local.aws import start_aws
from infra.local.build import ROOT, stage
from infra.local.identities import DemoUser, OAuthClient
from infra.local.meter import Meter

Search = Literal["local", "opensearch"]


# The search service folds text with the same function as the product.
_LAYERS = {"PYTHONPATH": str(ROOT / "layers/domain/python")}


@dataclass(frozen=True)
class Endpoints:
    """Where everything is. URLs carry no trailing slash; `tables` and `queues` go by their noun."""

    api_url: str
    console_url: str
    token_url: str
    aws_endpoint: str
    region: str
    user_pool_id: str
    staff_client_id: str
    clients: dict[str, OAuthClient]
    users: dict[str, DemoUser]
    tables: dict[str, str]
    queues: dict[str, str]
    bus_name: str
    workflow_arn: str
    gateway_url: str
    search_url: str
    dashboards: list[str]
    meter_file: str

    def write(self, path: Path) -> None:
        """Write as JSON, readable by the owner only: it holds demo secrets."""
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def read(cls, path: Path) -> "Endpoints":
        """What `write` wrote."""
        entries = json.loads(path.read_text())
        entries["clients"] = {k: OAuthClient(**v) for k, v in entries["clients"].items()}
        entries["users"] = {k: DemoUser(**v) for k, v in entries["users"].items()}
        return cls(**entries)


class LocalCloud:
    """A running laptop cloud; `stop` ends every program it started, whatever happened before."""

    def __init__(self, state_dir: Path, root: Path = ROOT) -> None:
        self._state = state_dir.resolve()
        self._root = root
        self._running = ExitStack()
        self.endpoints: Endpoints | None = None
        self.meter = Meter(self._state / "meter.jsonl")
        self._search: processes.Program | None = None
        self._search_port = 0
        self._gateway: processes.Program | None = None
        self._gateway_url = ""
        self._gateway_command: list[str] = []

    @classmethod
    def start(cls, state_dir: Path, search: Search = "local", root: Path = ROOT) -> "LocalCloud":
        """Start and deploy everything into the empty `state_dir`.

        Raises LocalCloudError if a program or the stack fails; nothing is left running then.
        """
        cloud = cls(state_dir, root)
        try:
            cloud.endpoints = cloud._start(search)
        except BaseException:
            cloud.stop()
            raise
        return cloud

    def __enter__(self) -> Endpoints:
        if self.endpoints is None:
            raise processes.LocalCloudError("the laptop cloud is not running")
        return self.endpoints

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End every program, the newest first."""
        self._running.close()
        self.endpoints = None

    def _start(self, search: Search) -> Endpoints:
        self._prepare()
        template = stage(self._root, self._state / "staged")
        aws, aws_url = start_aws(self._state, self.meter.path)
        self._running.callback(processes.stop, aws)
        search_url = self._start_search(search)
        gateway_port = processes.free_port()
        gateway_url = f"http://{processes.LOOPBACK}:{gateway_port}"
        parameters = {"Stage": "local", "GatewayUrl": gateway_url, "SearchUrl": search_url}
        outputs = deploy.deploy(
            template,
            self._state / "packaged.yaml",
            parameters,
            processes.environment(deploy.cli_environment(aws_url)),
        )
        endpoints = _endpoints(aws_url, gateway_url, search_url, outputs, self.meter.path)
        endpoints = replace(endpoints, console_url=self._start_front(endpoints.api_url))
        self._prepare_gateway(gateway_port, endpoints, outputs["GatewaySecretId"])
        self.start_gateway()
        endpoints.write(self._state / "endpoints.json")
        return endpoints

    def _prepare(self) -> None:
        self._state.mkdir(parents=True, exist_ok=True)
        mine = self._running.enter_context((self._state / "lock").open("w"))
        try:
            fcntl.flock(mine, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise processes.LocalCloudError(f"a laptop cloud runs in {self._state}") from None
        self._running.callback(self._tidy)
        for name in ("tmp", "logs"):
            shutil.rmtree(self._state / name, ignore_errors=True)
            (self._state / name).mkdir(parents=True)
        self.meter.path.unlink(missing_ok=True)

    def _tidy(self) -> None:
        shutil.rmtree(self._state / "tmp", ignore_errors=True)
        (self._state / "endpoints.json").unlink(missing_ok=True)

    def _run(self, name: str, command: list[str], env: dict[str, str]) -> processes.Program:
        program = processes.start(
            name,
            [sys.executable, "-m", "infra.local.leash", *command],
            self._state / "logs" / f"{name}.log",
            processes.environment(env),
            ROOT,
        )
        self._running.callback(processes.stop, program)
        return program

    def _start_search(self, search: Search) -> str:
        given = os.environ.get("OPENSEARCH_URL", "")
        if given:
            return given.rstrip("/")
        if search == "opensearch":
            # A node takes a download and a JVM; only those who ask for it pay for the import.
            from infra.local.opensearch_node import start_node

            node_url, stop_node = start_node(self._state / "opensearch")
            self._running.callback(stop_node)
            return node_url
        self._search_port = processes.free_port()
        return self.start_search()

    def start_search(self) -> str:
        """Start the local search service, with the index it had when it was stopped; its URL."""
        data = self._state / "tmp" / "search"
        data.mkdir(exist_ok=True)
        command = ["infra.local.search_service", "--port", str(self._search_port)]
        self._search = self._run("search", [*command, "--data", str(data)], _LAYERS)
        url = f"http://{processes.LOOPBACK}:{self._search_port}"
        processes.wait_until_answers(self._search, url)
        return url

    def stop_search(self) -> None:
        """Stop the local search service, as an outage would."""
        if self._search is not None:
            processes.stop(self._search)

    def start_gateway(self) -> None:
        """Start the test gateway, with the money it had moved when it was stopped."""
        self._gateway = self._run("gateway", self._gateway_command, {})
        processes.wait_until_answers(self._gateway, self._gateway_url)

    def stop_gateway(self) -> None:
        """Stop the test gateway, as an outage would."""
        if self._gateway is not None:
            processes.stop(self._gateway)

    def workers(self) -> dict[int, str]:
        """Warm environments of functions: process ids and what runs in them."""
        home = str(self._state / "tmp")
        listing = subprocess.run(
            ["ps", "-ww", "-eo", "pid=,args="], capture_output=True, text=True, check=True
        ).stdout
        rows = (line.split(None, 1) for line in listing.splitlines())
        return {int(row[0]): row[1] for row in rows if home in row[1] and "_worker" in row[1]}

    def _start_front(self, api_url: str) -> str:
        port = processes.free_port()
        url = f"http://{processes.LOOPBACK}:{port}"
        command = ["infra.local.front", "--port", str(port), "--target", api_url]
        program = self._run("front", command, {})
        processes.wait_until_answers(program, url)
        return f"{url}/console"

    def _prepare_gateway(self, port: int, endpoints: Endpoints, secret_id: str) -> None:
        secrets = boto3.client(
            "secretsmanager", **client_settings(endpoints.aws_endpoint, endpoints.region)
        )
        secret = json.loads(secrets.get_secret_value(SecretId=secret_id)["SecretString"])
        self._gateway_url = endpoints.gateway_url
        self._gateway_command = [
            "infra.local.gateway_service", "--port", str(port),
            "--webhook-url", f"{endpoints.api_url}/v1/webhooks/gateway",
            "--secret", secret["webhookSecret"], "--api-key", secret["apiKey"],
            "--data", str(self._state / "tmp" / "gateway"),
        ]  # fmt: skip


class ClientSettings(TypedDict):
    """Keyword arguments of `boto3.client`."""

    endpoint_url: str
    region_name: str
    aws_access_key_id: str
    aws_secret_access_key: str


def client_settings(aws_endpoint: str, region: str = "us-east-1") -> ClientSettings:
    """How the administrator of the laptop cloud reaches its services."""
    return {
        "endpoint_url": aws_endpoint,
        "region_name": region,
        "aws_access_key_id": "test",
        "aws_secret_access_key": "test",
    }


def _endpoints(
    aws_url: str, gateway_url: str, search_url: str, outputs: dict[str, str], meter: Path
) -> Endpoints:
    cognito = boto3.client("cognito-idp", **client_settings(aws_url))
    pool = outputs["UserPoolId"]
    return Endpoints(
        api_url=f"{aws_url}/_aws/execute-api/{outputs['ApiId']}",
        console_url="",
        token_url=f"{aws_url}/oauth2/token",
        aws_endpoint=aws_url,
        region="us-east-1",
        user_pool_id=pool,
        staff_client_id=outputs["StaffClientId"],
        clients=identities.read_clients(cognito, pool, outputs),
        users=identities.create_users(cognito, pool),
        tables=_named(outputs, "TableName"),
        queues=_named(outputs, "QueueUrl") | _named(outputs, "Url", "DeadLettersUrl"),
        bus_name=outputs["BusName"],
        workflow_arn=outputs["WorkflowArn"],
        gateway_url=gateway_url,
        search_url=search_url,
        dashboards=[outputs[name] for name in sorted(outputs) if name.endswith("Dashboard")],
        meter_file=str(meter),
    )


def _named(outputs: dict[str, str], drop: str, ending: str = "") -> dict[str, str]:
    return {
        name.removesuffix(drop): value
        for name, value in outputs.items()
        if name.endswith(ending or drop)
    }
