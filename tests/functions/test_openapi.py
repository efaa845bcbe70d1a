"""The OpenAPI document is valid, complete, current, and true of every answer.

Cites API-01 (the document is the source), API-05, API-10, SEC-03. Random calls made from the
document, valid and broken ones, go through the functions in process: none may answer 5xx, and none
anything that the document does not say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, settings
from oms_aws import wiring, wiring_stream
from oms_aws.http import ANONYMOUS, Operation
from openapi_spec_validator import validate
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks as found

from functions import openapi
from functions.administration.routes import DOCUMENT
from tests.functions.doubles import (
    Inbox,
    Letters,
    MemoryFailures,
    MemoryRebuilds,
    MemoryRecords,
    NoDecisions,
)
from tests.functions.world import COMPANY, World, invocation, open_item, user

ROOT = Path(__file__).parents[2]
EVERY = [operation for group in openapi.OPERATIONS.values() for operation in group]
FUNCTIONS = {"gateway": "gateway_webhook", "stream": "stream_replay"}
ALL_GROUPS = user("eva", "[admin]")


def test_the_stored_document_is_current_and_valid() -> None:
    """API-01: generated from the operations; `python -m functions.openapi` writes it."""
    assert DOCUMENT.read_text(encoding="utf-8") == openapi.render()
    validate(json.loads(openapi.render()))


def test_it_is_served_to_anybody(world: World) -> None:
    """API-01."""
    got = world.answer(world.call("administration", invocation("administration", "openapi")))
    assert (got.status, got.body) == (200, json.loads(openapi.render()))


def test_every_operation_is_told_apart() -> None:
    """API-01: one name and one route each; what changes anything but by key needs a scope."""
    assert len({o.name for o in EVERY}) == len(EVERY)
    assert len({(o.method, o.path) for o in EVERY}) == len(EVERY)
    open_ones = {o.name for o in EVERY if o.scope == ANONYMOUS}
    assert open_ones == {"getOpenApi", "receiveGatewayWebhook", "readPaymentLink", "payByLink"}
    assert {o.scope for o in EVERY} - {ANONYMOUS} == set(openapi.SCOPES)


class _Template(yaml.SafeLoader):
    """CloudFormation, its functions read as their arguments."""


_Template.add_multi_constructor("!", lambda loader, _, node: _plain(loader, node))


def _plain(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.MappingNode)
    return loader.construct_mapping(node, deep=True)


@cache
def _routes() -> list[tuple[str, str, str]]:
    """(route key, integration, authorization) of the template's routes."""
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    resources = yaml.load(text, Loader=_Template)["Resources"].values()
    found = [r["Properties"] for r in resources if r.get("Type") == "AWS::ApiGatewayV2::Route"]
    return [(r["RouteKey"], r["Target"], r["AuthorizationType"]) for r in found]


def _serving(operation: Operation) -> tuple[str, str]:
    """Integration and authorization of the most specific route that takes the operation."""
    matching = []
    for key, target, authorization in _routes():
        method, path = key.split(" ")
        pattern = re.sub(r"\{\w+\}", "[^/]+", path.replace("{proxy+}", ".+"))
        if method in ("ANY", operation.method) and re.fullmatch(pattern, operation.path):
            exact = (method != "ANY", "+" not in key, path.count("/"))
            matching.append((exact, target, authorization))
    return max(matching)[1:]


@pytest.mark.parametrize("tag", openapi.OPERATIONS)
def test_the_template_routes_each_operation_to_its_function(tag: str) -> None:
    """API-01, SEC-03: behind the authorizer unless it is one of the open ones."""
    folder = FUNCTIONS.get(tag, tag)
    integration = "".join(part.capitalize() for part in folder.split("_")) + "Integration"
    for operation in openapi.OPERATIONS[tag]:
        target, authorization = _serving(operation)
        assert integration in target, operation.path
        assert (authorization == "NONE") == (operation.scope == ANONYMOUS)


@pytest.fixture(scope="module")
def shared() -> Iterator[World]:
    """One world for all random calls: what one leaves behind is what the next one meets."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        world = World(monkeypatch)
        secret = {"webhookSecret": "s"}
        doubles: dict[str, Any] = {
            "gateway_inbox": Inbox(), "dead_letters": Letters([]), "decisions": NoDecisions(),
            "gateway_secret": secret, "rebuilds": MemoryRebuilds(),
        }  # fmt: skip
        for name, found in doubles.items():
            monkeypatch.setattr(wiring, name, lambda found=found: found)
        monkeypatch.setattr(wiring_stream, "reader_failures", lambda _: MemoryFailures())
        monkeypatch.setattr(wiring_stream, "order_rows", MemoryRecords)
        monkeypatch.setattr(wiring_stream, "stream_records", MemoryRecords)
        world.some_order = world.place()
        world.run(world.some_order)
        _, world.some_item = open_item(world, world.place("W-2"))
        yield world


def _application(world: Callable[[], World]) -> Callable[..., list[bytes]]:
    """The functions as one WSGI application, called with an administrator's token."""

    def serve(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        event = invocation("orders", "place_order")
        event["headers"] = {
            name[5:].lower().replace("_", "-"): text
            for name, text in environ.items() if name.startswith("HTTP_")
        } | {"content-type": environ.get("CONTENT_TYPE") or "application/json"}  # fmt: skip
        event["rawPath"], event["rawQueryString"] = path, environ.get("QUERY_STRING", "")
        event["requestContext"]["http"] |= {"method": environ["REQUEST_METHOD"], "path": path}
        event["requestContext"]["authorizer"] = {"jwt": {"claims": ALL_GROUPS}}
        body = environ["wsgi.input"].read()
        event["body"] = body.decode("utf-8", "replace")
        answer = world().call(_function(path), event)
        start(f"{answer['statusCode']} -", list(answer["headers"].items()))
        return [answer["body"].encode()]

    return serve


def _function(path: str) -> str:
    for tag, group in openapi.OPERATIONS.items():
        if any(operation.pattern.fullmatch(path) for operation in group):
            return FUNCTIONS.get(tag, tag)
    return "orders"


_WORLD: list[World] = []


def _calls(*modes: GenerationMode) -> Any:
    """Random calls of the document, against the world of the test that makes them."""
    schema = schemathesis.openapi.from_dict(openapi.document())
    schema.app = _application(lambda: _WORLD[0])
    schema.config.generation.update(modes=list(modes))
    return schema


TRUE = (
    schemathesis.checks.not_a_server_error, found.status_code_conformance,
    found.content_type_conformance, found.response_headers_conformance,
    found.response_schema_conformance,
)  # fmt: skip
SETTINGS = settings(
    max_examples=10, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
anything = _calls(GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
known = _calls(GenerationMode.POSITIVE).include(path_regex=r"\{(orderId|foId|paymentId|itemId)\}")


def test_random_calls_reach_every_operation() -> None:
    """API-01: none is left out of the two tests below by a filter or a typing error."""
    reached = {found.ok().label for found in anything.get_all_operations()}
    assert reached == {f"{operation.method} {operation.path}" for operation in EVERY}


@anything.parametrize()  # type: ignore[untyped-decorator]
@SETTINGS
def test_no_call_gets_an_undocumented_answer(case: schemathesis.Case[Any], shared: World) -> None:
    """API-01, API-05: as documented, never 5xx, and what breaks the schema is refused."""
    _WORLD[:] = [shared]
    case.call_and_validate(checks=[*TRUE, found.negative_data_rejection])


@known.parametrize()  # type: ignore[untyped-decorator]
@SETTINGS
def test_nor_does_one_on_a_record_that_exists(case: schemathesis.Case[Any], shared: World) -> None:
    """API-01, API-05: the same beyond the 404."""
    _WORLD[:] = [shared]
    record = shared.orders.load(COMPANY, shared.some_order)
    assert record is not None
    real = {
        "orderId": record.order.id, "foId": record.fulfillment.orders[0].id,
        "paymentId": record.payments.tenders[0].id, "itemId": shared.some_item,
    }  # fmt: skip
    case.path_parameters |= {name: real[name] for name in case.path_parameters if name in real}
    if "order" in case.query:
        case.query["order"] = record.order.id
    case.call_and_validate(checks=list(TRUE))
