"""Attributes and tags that a company defines for its records, and searches by (SEA-05)."""

from __future__ import annotations

from oms.kernel.errors import Malformed, Problem
from oms.settings.model import Attribute, Tag
from oms_aws import wiring
from oms_aws.http import Call, Operation, Reply
from oms_aws.http_actor import ADMIN, ORDERS_READ
from oms_aws.shapes import to_command

from functions.administration import schemas
from functions.administration.records import new_code, next_version, record, shown

MOST_SEARCHABLE = 100
"""Searchable attributes of one type of record (ATT-03)."""


def list_attributes(call: Call) -> Reply:
    """All attribute definitions."""
    found = wiring.settings().attributes(call.actor.company)
    return Reply({"attributes": [shown(attribute) for attribute in found]})


def put_attribute(call: Call) -> Reply:
    """Define an attribute; orders that carry it already are searchable by it at once."""
    code, kind = new_code(call), call.path["recordType"]
    if kind != "ORDER":
        problem = Problem("recordType", "UNKNOWN_VALUE", "ORDER is expected")
        raise Malformed("INVALID_REQUEST", "no such type of record has attributes", [problem])
    known = {a.id: a for a in wiring.settings().attributes(call.actor.company)}
    version = next_version(call, known.get(code))
    attribute = to_command(Attribute, call.body, id=code, record_type=kind, version=version)
    searchable = sum(a.searchable for a in known.values() if a.id != code)
    if attribute.searchable and searchable >= MOST_SEARCHABLE:
        problem = Problem("searchable", "TOO_MANY", f"at most {MOST_SEARCHABLE} of {kind}")
        raise Malformed("INVALID_REQUEST", "too many searchable attributes", [problem])
    wiring.settings().put_attribute(call.actor.company, attribute)
    return record(attribute)


def list_tags(call: Call) -> Reply:
    """All tags."""
    return Reply({"tags": [shown(tag) for tag in wiring.settings().tags(call.actor.company)]})


def put_tag(call: Call) -> Reply:
    """Define a tag."""
    code = new_code(call)
    known = {tag.code: tag for tag in wiring.settings().tags(call.actor.company)}
    version = next_version(call, known.get(code))
    tag = to_command(Tag, call.body, code=code, version=version)
    wiring.settings().put_tag(call.actor.company, tag)
    return record(tag)


OPERATIONS = (
    Operation(
        "listAttributes", "GET", "/v1/settings/attributes", ORDERS_READ,
        "List attribute definitions", list_attributes, {200: schemas.AttributeList},
    ),
    Operation(
        "putAttribute", "PUT", "/v1/settings/attributes/{recordType}/{code}", ADMIN,
        "Define or change an attribute", put_attribute, {200: schemas.Record},
        body=schemas.AttributeShape, if_match=True,
    ),
    Operation(
        "listTags", "GET", "/v1/settings/tags", ORDERS_READ, "List tags", list_tags,
        {200: schemas.TagList},
    ),
    Operation(
        "putTag", "PUT", "/v1/settings/tags/{code}", ADMIN, "Define or change a tag", put_tag,
        {200: schemas.Record}, body=schemas.TagShape, if_match=True,
    ),
)  # fmt: skip
