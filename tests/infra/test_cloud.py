"""The template as deployed: tokens and roles are enforced, and alarms see what happens.

Cites API-02, SEC-03, MON-02, MON-03, INT-01.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import boto3
import pytest
import requests

from infra.local.cloud import Endpoints, LocalCloud, client_settings
from infra.local.identities import ROLES
from infra.local.template import load

_PATIENCE_SECONDS = 30.0


@pytest.fixture(scope="module")
def deployed(cloud: LocalCloud) -> Endpoints:
    assert cloud.endpoints
    return cloud.endpoints


def _client(deployed: Endpoints, service: Any) -> Any:
    return boto3.client(service, **client_settings(deployed.aws_endpoint, deployed.region))


def _token(deployed: Endpoints, name: str) -> str:
    client = deployed.clients[name]
    basic = base64.b64encode(f"{client.id}:{client.secret}".encode()).decode()
    answer = requests.post(
        deployed.token_url,
        data={"grant_type": "client_credentials"},
        headers={"Authorization": f"Basic {basic}"},
        timeout=10,
    )
    token: str = answer.json()["access_token"]
    return token


def _get(deployed: Endpoints, path: str, token: str | None) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.get(f"{deployed.api_url}{path}", headers=headers, timeout=30)


def _until(answer: Callable[[], Any], wanted: Any) -> Any:
    """Ask until the answer is the wanted one; the last answer."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (given := answer()) != wanted and time.monotonic() < deadline:
        time.sleep(0.2)
    return given


@pytest.mark.parametrize("token", [None, "forged", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."])
def test_without_a_good_token_nothing_answers(deployed: Endpoints, token: str | None) -> None:
    """API-02."""
    assert _get(deployed, "/v1/orders/ord_1", token).status_code == 401


@pytest.mark.parametrize("name", ["web", "mobile", "marketplace", "store", "wms", "admin"])
def test_each_client_gets_a_token_with_its_scopes(deployed: Endpoints, name: str) -> None:
    """API-02: the API knows every client; which company it acts for is the settings' matter."""
    token = _token(deployed, name)
    body = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    clients = [
        resource["Properties"]
        for resource in load()["Resources"].values()
        if resource["Type"] == "AWS::Cognito::UserPoolClient"
    ]
    declared = next(c["AllowedOAuthScopes"] for c in clients if c["ClientName"] == name)
    assert set(claims["scope"].split()) == set(declared)
    assert _get(deployed, "/v1/orders/ord_1", token).status_code not in (401, 500, 502)


@pytest.mark.parametrize("role", ROLES)
def test_staff_sign_in_with_their_role(deployed: Endpoints, role: str) -> None:
    """SEC-01."""
    user = deployed.users[role]
    signed = _client(deployed, "cognito-idp").initiate_auth(
        AuthFlow="USER_PASSWORD_AUTH",
        ClientId=deployed.staff_client_id,
        AuthParameters={"USERNAME": user.username, "PASSWORD": user.password},
    )["AuthenticationResult"]
    body = signed["AccessToken"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    assert claims["cognito:groups"] == [role]


def test_the_api_document_is_public(deployed: Endpoints) -> None:
    """API-01."""
    assert _get(deployed, "/v1/openapi.json", None).status_code == 200


def test_a_role_without_its_policy_is_denied(deployed: Endpoints) -> None:
    """SEC-03: permissions are enforced here, so a missing one is found here."""
    iam = _client(deployed, "iam")
    role = next(
        found["RoleName"]
        for found in iam.list_roles()["Roles"]
        if "AdministrationRole" in found["RoleName"]
    )
    policy = iam.get_role_policy(RoleName=role, PolicyName="administration")["PolicyDocument"]
    token = _token(deployed, "admin")
    allowed = _get(deployed, "/v1/sites", token).status_code
    assert allowed < 500
    iam.delete_role_policy(RoleName=role, PolicyName="administration")
    try:
        # Another client: what is known of the first one may be kept for a moment.
        assert _get(deployed, "/v1/sites", _token(deployed, "store")).status_code >= 500
    finally:
        iam.put_role_policy(
            RoleName=role, PolicyName="administration", PolicyDocument=json.dumps(policy)
        )


def test_a_dead_letter_raises_the_alarm_of_its_queue_and_no_other(deployed: Endpoints) -> None:
    """MON-03, INT-01."""
    sqs, cloudwatch = _client(deployed, "sqs"), _client(deployed, "cloudwatch")

    def alarms() -> set[str]:
        pages = cloudwatch.get_paginator("describe_alarms").paginate(StateValue="ALARM")
        names = {alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]}
        return {name for name in names if name.endswith("dead-letters")}

    dead = deployed.queues["InventoryDeadLetters"]
    assert alarms() == set()
    sqs.send_message(QueueUrl=dead, MessageBody="{}")
    wanted = {"throughline-local-inventory-dead-letters"}
    assert _until(alarms, wanted) == wanted
    sqs.purge_queue(QueueUrl=dead)


def test_metrics_of_the_functions_arrive(deployed: Endpoints) -> None:
    """MON-02: a minute tick reports what waits, in the dimensions the alarms look at."""
    _client(deployed, "lambda").invoke(FunctionName="throughline-local-deadlines", Payload=b"{}")
    found = _client(deployed, "cloudwatch").list_metrics(
        Namespace="Throughline", Dimensions=[{"Name": "service", "Value": "throughline"}]
    )["Metrics"]
    assert {"StuckOrders", "ActionItemsOpen"} <= {metric["MetricName"] for metric in found}


def test_dashboards_and_alarms_are_deployed(deployed: Endpoints) -> None:
    """MON-01."""
    cloudwatch = _client(deployed, "cloudwatch")
    assert deployed.dashboards == ["throughline-local-business", "throughline-local-machinery"]
    for name in deployed.dashboards:
        body = cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"]
        assert "${" not in body
    pages = cloudwatch.get_paginator("describe_alarms").paginate()
    deployed_alarms = sum(len(page["MetricAlarms"]) for page in pages)
    declared = [r for r in load()["Resources"].values() if r["Type"] == "AWS::CloudWatch::Alarm"]
    assert deployed_alarms == len(declared)


def test_endpoints_survive_the_way_through_their_file(cloud: LocalCloud, tmp_path: Any) -> None:
    assert cloud.endpoints
    written = tmp_path / "endpoints.json"
    cloud.endpoints.write(written)
    assert Endpoints.read(written) == cloud.endpoints
    assert written.stat().st_mode & 0o077 == 0, "it holds secrets"
