"""Operational promises of template.yaml, read from the template as it is deployed.

Cites SEC-03 (least privilege, encryption, secrets), MON-01 (one stack, alarms included), MON-06
(point-in-time recovery), INT-01 (five receives, then dead letters), INT-03 (LIVE is never starved).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.build import ROOT
from infra.local.template import load

RESOURCES: dict[str, Any] = load()["Resources"]
FOURTEEN_DAYS = 1_209_600
# These actions know no resource-level permissions.
_WITHOUT_RESOURCE = {
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
}


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    """Properties of all resources of a type, by logical id."""
    return {
        name: resource["Properties"]
        for name, resource in RESOURCES.items()
        if resource["Type"] == kind
    }


FUNCTIONS = of_type("AWS::Serverless::Function")
ROLES = of_type("AWS::IAM::Role")
QUEUES = of_type("AWS::SQS::Queue")
SOURCES = of_type("AWS::Lambda::EventSourceMapping")
TABLES = of_type("AWS::DynamoDB::Table")
ALARMS = of_type("AWS::CloudWatch::Alarm")
ROUTES = of_type("AWS::ApiGatewayV2::Route")
DEAD_LETTERS = {
    queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
    for queue in QUEUES.values()
    if "RedrivePolicy" in queue
} | {
    source["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0]
    for source in SOURCES.values()
    if "DestinationConfig" in source
}


def statements(role: dict[str, Any]) -> Iterator[tuple[list[str], list[Any]]]:
    """Actions and resources of each statement of a role."""
    for policy in role["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            yield _listed(statement["Action"]), _listed(statement["Resource"])


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def referred(function: dict[str, Any]) -> str:
    """The logical id of a function's role."""
    name: str = function["Role"]["Fn::GetAtt"][0]
    return name


def _is_stream(source: dict[str, Any]) -> bool:
    return bool(source["EventSourceArn"]["Fn::GetAtt"][1] == "StreamArn")


STREAMS = {name: source for name, source in SOURCES.items() if _is_stream(source)}
QUEUE_SOURCES = {name: source for name, source in SOURCES.items() if not _is_stream(source)}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_logs_to_a_group_of_its_own_with_retention(name: str) -> None:
    group = FUNCTIONS[name]["LoggingConfig"]["LogGroup"]["Ref"]
    assert group == f"{name.removesuffix('Function')}Logs"
    declared = RESOURCES[group]["Properties"]
    assert declared["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert declared["LogGroupName"]["Fn::Sub"] == "/aws/lambda/" + _name(FUNCTIONS[name])


def _name(function: dict[str, Any]) -> str:
    name: str = function["FunctionName"]["Fn::Sub"]
    return name


def test_every_log_group_has_retention() -> None:
    groups = of_type("AWS::Logs::LogGroup")
    assert all(group["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups.values())
    assert len(groups) == len(FUNCTIONS) + 2, "the functions, the API and the order workflow"


def test_each_function_has_a_role_of_its_own() -> None:
    """SEC-03: what one function may do tells nothing about another."""
    used = [referred(function) for function in FUNCTIONS.values()]
    assert len(set(used)) == len(FUNCTIONS)
    assert set(used) <= set(ROLES)


@pytest.mark.parametrize("name", ROLES)
def test_roles_name_exact_actions_on_exact_resources(name: str) -> None:
    """SEC-03."""
    assert "ManagedPolicyArns" not in ROLES[name]
    for actions, resources in statements(ROLES[name]):
        assert not [action for action in actions if "*" in action]
        if "*" in resources:
            assert set(actions) <= _WITHOUT_RESOURCE


def test_only_index_and_search_paths_end_with_a_wildcard() -> None:
    """SEC-03: the paths below the search domain are its documents, not other resources; the
    executions of a workflow are its runs.
    """
    for name, role in ROLES.items():
        for actions, resources in statements(role):
            wild = [r for r in resources if r != "*" and "*" in str(r)]
            below = all(
                a.startswith("es:ESHttp") or a == "states:DescribeExecution" for a in actions
            )
            assert not wild or below, name


def test_every_environment_variable_is_backed_by_a_permission() -> None:
    """A table or queue that a function is told about is one it may use, and the reverse."""
    for name, function in FUNCTIONS.items():
        told = {
            value["Ref"]
            for value in function["Environment"]["Variables"].values()
            if "Ref" in value and value["Ref"] in {*TABLES, *QUEUES, "Bus", "OrderLifecycle"}
        }
        allowed = set(granted(ROLES[referred(function)]))
        sources = {
            source["EventSourceArn"]["Fn::GetAtt"][0]
            for source in SOURCES.values()
            if source["FunctionName"]["Ref"] == name
        }
        also = told & (DEAD_LETTERS | sources)
        assert told == allowed - sources - DEAD_LETTERS | also, name


def granted(role: dict[str, Any]) -> Iterator[str]:
    for _actions, resources in statements(role):
        for resource in resources:
            if isinstance(resource, dict):
                named = resource.get("Ref") or resource.get("Fn::GetAtt", [""])[0]
                if named in {*TABLES, *QUEUES, "Bus", "OrderLifecycle"}:
                    yield named


@pytest.mark.parametrize("name", QUEUE_SOURCES)
def test_queue_readers_answer_per_message_and_have_time(name: str) -> None:
    """INT-01: one bad message does not repeat the good ones of its batch."""
    source = QUEUE_SOURCES[name]
    queue = QUEUES[source["EventSourceArn"]["Fn::GetAtt"][0]]
    function = FUNCTIONS[source["FunctionName"]["Ref"]]
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert queue["VisibilityTimeout"] >= 6 * function.get("Timeout", 15)


def test_the_slow_lanes_cannot_take_all_capacity() -> None:
    """INT-03."""
    lanes = [s for s in QUEUE_SOURCES.values() if s["FunctionName"]["Ref"] == "LaneStarterFunction"]
    assert [lane["ScalingConfig"]["MaximumConcurrency"] for lane in lanes] == [2, 2]


@pytest.mark.parametrize("name", sorted(set(QUEUES) - DEAD_LETTERS))
def test_each_queue_gives_up_after_five_receives(name: str) -> None:
    """INT-01."""
    assert QUEUES[name]["RedrivePolicy"]["maxReceiveCount"] == 5


@pytest.mark.parametrize("name", QUEUES)
def test_queues_are_encrypted_and_keep_messages_for_two_weeks(name: str) -> None:
    assert QUEUES[name]["SqsManagedSseEnabled"] is True
    assert QUEUES[name]["MessageRetentionPeriod"] == FOURTEEN_DAYS


@pytest.mark.parametrize("name", sorted(DEAD_LETTERS))
def test_a_dead_letter_wakes_somebody_up(name: str) -> None:
    """MON-03: dead letter > 0."""
    watching = [
        alarm
        for alarm in ALARMS.values()
        if alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
        and alarm["Dimensions"][0]["Value"] == {"Fn::GetAtt": [name, "QueueName"]}
    ]
    assert len(watching) == 1
    assert (watching[0]["Threshold"], watching[0]["Period"]) == (0, 60)


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_protected(name: str) -> None:
    """MON-06, SEC-03."""
    table = TABLES[name]
    assert table["DeletionProtectionEnabled"] is True
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert RESOURCES[name]["DeletionPolicy"] == "Retain"
    assert RESOURCES[name]["UpdateReplacePolicy"] == "Retain"


def test_one_runtime_on_arm() -> None:
    common = load()["Globals"]["Function"]
    assert (common["Runtime"], common["Architectures"]) == ("python3.13", ["arm64"])
    for function in FUNCTIONS.values():
        assert not {"Runtime", "Architectures", "Layers"} & set(function)
    for layer in of_type("AWS::Serverless::LayerVersion").values():
        assert layer["CompatibleRuntimes"] == ["python3.13"]


def test_functions_are_the_folders() -> None:
    """One noun, one name: logical id, deployed name, code and folder agree."""
    folders = {path.parent.name for path in ROOT.glob("functions/*/handler.py")}
    for name, function in FUNCTIONS.items():
        folder = re.sub(r"(?<!^)(?=[A-Z])", "_", name.removesuffix("Function")).lower()
        assert _name(function) == "throughline-${Stage}-" + folder.replace("_", "-")
        assert function["CodeUri"] == f".throughline/build/functions/{folder}"
        assert function["Handler"] == f"functions.{folder}.handler.handler"
        assert folder in folders
        folders.discard(folder)
    assert not folders, "these are not deployed"


def test_http_functions_start_from_a_snapshot() -> None:
    """Cold starts: a snapshot needs a published version, so the API calls the alias."""
    integrations = of_type("AWS::ApiGatewayV2::Integration").values()
    called = {integration["IntegrationUri"]["Ref"] for integration in integrations}
    with_snapshot = {
        f"{name}.Alias"
        for name, function in FUNCTIONS.items()
        if function.get("SnapStart") == {"ApplyOn": "PublishedVersions"}
        and function.get("AutoPublishAlias")
    }
    assert called == with_snapshot


def test_every_route_but_a_few_wants_a_token() -> None:
    """API-02: the gateway signs its webhooks instead, the token of a payment link is its own
    permission (PAY-41), the console checks its sessions itself, and the API document is public.
    """
    assert all(route["AuthorizationType"] in ("JWT", "NONE") for route in ROUTES.values())
    public = {r["RouteKey"] for r in ROUTES.values() if r["AuthorizationType"] == "NONE"}
    assert public == {
        "POST /v1/webhooks/gateway", "POST /v1/payment-links/{proxy+}", "GET /v1/openapi.json",
        "ANY /console", "ANY /console/{proxy+}",
    }  # fmt: skip
    for route in ROUTES.values():
        if route["AuthorizationType"] == "JWT":
            assert route["AuthorizerId"] == {"Ref": "Authorizer"}


def test_every_oauth_client_is_in_the_audience() -> None:
    """API-02: a client that the authorizer does not know would always get 401."""
    authorizer = of_type("AWS::ApiGatewayV2::Authorizer")["Authorizer"]
    audience = {entry["Ref"] for entry in authorizer["JwtConfiguration"]["Audience"]}
    assert audience == set(of_type("AWS::Cognito::UserPoolClient"))


def test_clients_have_the_scopes_of_their_kind_and_no_more() -> None:
    """API-02, SEC-03."""
    server = of_type("AWS::Cognito::UserPoolResourceServer")["Scopes"]
    known = {f"oms/{scope['ScopeName']}" for scope in server["Scopes"]}
    scopes = {
        client["ClientName"]: set(client.get("AllowedOAuthScopes", ()))
        for client in of_type("AWS::Cognito::UserPoolClient").values()
    }
    assert scopes["admin"] == known
    assert all(granted <= known for granted in scopes.values())
    assert [name for name, granted in scopes.items() if "oms/admin" in granted] == ["admin"]
    assert [n for n, granted in scopes.items() if "oms/inventory.write" in granted] == [
        "wms",
        "admin",
    ]


def test_tracing_is_on_without_a_tracing_library() -> None:
    assert load()["Globals"]["Function"]["Tracing"] == "Active"


def test_no_secret_stands_in_the_template() -> None:
    """SEC-03: secrets are generated or set in the secret store."""
    for name, function in FUNCTIONS.items():
        for variable, value in function["Environment"]["Variables"].items():
            assert isinstance(value, dict), f"{name} {variable} is a literal"
    assert list(of_type("AWS::SecretsManager::Secret")) == ["GatewaySecret"]


def test_only_three_kinds_of_resources_differ_between_laptop_and_account() -> None:
    conditional = {
        resource["Type"]: resource["Condition"]
        for resource in RESOURCES.values()
        if "Condition" in resource
    }
    assert conditional == {
        "AWS::OpenSearchService::Domain": "OwnSearch",
        "AWS::Events::Archive": "OnAws",
        "AWS::Logs::QueryDefinition": "OnAws",
    }
