"""What all versioned records of configuration have in common."""

from __future__ import annotations

import re
from typing import Any

from oms.inventory.model import Item
from oms.kernel.codec import encode
from oms.kernel.errors import (
    Malformed,
    NotFound,
    PreconditionRequired,
    Problem,
    VersionConflict,
)
from oms.settings.model import Attribute, Channel, Company, LegalEntity, Site, Tag
from oms_aws.http import Call, Reply

Record = Site | Channel | Item | Attribute | Tag | Company | LegalEntity


def new_code(call: Call) -> str:
    """The code in the path, which other records must be able to name."""
    code = call.path["code"]
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._:/+-]{0,63}", code):
        problem = Problem("code", "INVALID_FORMAT", "letters, digits and ._:+- up to 64")
        raise Malformed("INVALID_REQUEST", "this cannot be a code", [problem])
    return code


def next_version(call: Call, known: Record | None) -> int:
    """The version a record gets; raises where the caller did not see the present one."""
    if known is None:
        if call.expected_version is not None:
            raise NotFound("NOT_FOUND", "there is no such record to change")
        return 1
    if call.expected_version is None:
        raise PreconditionRequired("IF_MATCH_REQUIRED", "send If-Match with the record's ETag")
    if call.expected_version != known.version:
        raise VersionConflict(f"the record is at version {known.version}")
    return known.version + 1


def record(found: Record) -> Reply:
    """The answer that shows one record."""
    status = {"version": found.version}
    return Reply(shown(found), version=found.version, outcome={"next_statuses": status})


def shown(found: Record) -> dict[str, Any]:
    """A record with its version, also where that is the first."""
    return {**encode(found), "version": found.version}
