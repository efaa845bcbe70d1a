"""The company itself and its legal entities (ENT-10)."""

from __future__ import annotations

from oms.kernel.errors import NotFound
from oms.kernel.money import exponent
from oms.settings.model import Company, LegalEntity
from oms_aws import wiring
from oms_aws.http import Call, Operation, Reply
from oms_aws.http_actor import ADMIN
from oms_aws.shapes import to_command

from functions.administration import schemas
from functions.administration.records import new_code, next_version, record, shown

OWN = "/v1/company"
ENTITIES = "/v1/legal-entities"


def get_company(call: Call) -> Reply:
    """The company."""
    profile = wiring.settings().profile(call.actor.company)
    if profile is None:
        raise NotFound("NOT_FOUND", "the company is not described yet")
    return record(profile)


def put_company(call: Call) -> Reply:
    """Describe the company, or replace its description."""
    exponent(call.body.currency)
    known = wiring.settings().profile(call.actor.company)
    profile = to_command(Company, call.body, version=next_version(call, known))
    wiring.settings().put_profile(call.actor.company, profile)
    return record(profile)


def list_entities(call: Call) -> Reply:
    """All legal entities."""
    every = wiring.settings().entities(call.actor.company)
    return Reply({"legalEntities": [shown(entity) for entity in every]})


def get_entity(call: Call) -> Reply:
    """One legal entity."""
    entity = _entities(call).get(call.path["code"])
    if entity is None:
        raise NotFound("NOT_FOUND", f"there is no {call.path['code']}")
    return record(entity)


def put_entity(call: Call) -> Reply:
    """Create or replace a legal entity."""
    code = new_code(call)
    exponent(call.body.currency)
    version = next_version(call, _entities(call).get(code))
    entity = to_command(LegalEntity, call.body, code=code, version=version)
    wiring.settings().put_entity(call.actor.company, entity)
    return record(entity)


def _entities(call: Call) -> dict[str, LegalEntity]:
    return {entity.code: entity for entity in wiring.settings().entities(call.actor.company)}


OPERATIONS = (
    Operation(
        "getCompany", "GET", OWN, ADMIN, "Read the company", get_company, {200: schemas.Record}
    ),
    Operation(
        "putCompany", "PUT", OWN, ADMIN, "Describe the company", put_company,
        {200: schemas.Record}, body=schemas.CompanyShape, if_match=True,
    ),
    Operation(
        "listLegalEntities", "GET", ENTITIES, ADMIN, "List legal entities", list_entities,
        {200: schemas.LegalEntityList},
    ),
    Operation(
        "getLegalEntity", "GET", f"{ENTITIES}/{{code}}", ADMIN, "Read a legal entity", get_entity,
        {200: schemas.Record},
    ),
    Operation(
        "putLegalEntity", "PUT", f"{ENTITIES}/{{code}}", ADMIN,
        "Create or replace a legal entity", put_entity, {200: schemas.Record},
        body=schemas.LegalEntityShape, if_match=True,
    ),
)  # fmt: skip
