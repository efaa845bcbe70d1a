"""Forms of the actions on an order; which of them may be used the API says, never this table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.console.exchange import Request
from functions.console.i18n import message

REASONS = ("CUSTOMER", "FRAUD", "WAREHOUSE", "ADMIN", "UNKNOWN")
FLAGS = ("RED", "ORANGE", "YELLOW", "GREEN", "BLUE", "PURPLE", "CHK", "")


@dataclass(frozen=True, slots=True)
class Field:
    """One input. `kind` is text, long, number, choice, or lines: open units of every line."""

    name: str
    label: str
    kind: str = "text"
    choices: tuple[str, ...] = ()
    value: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """What a person fills in for an action."""

    action: str
    title: str
    fields: tuple[Field, ...] = ()

    def body(self, request: Request) -> dict[str, Any]:
        """The action as the API takes it."""
        found: dict[str, Any] = {"action": self.action}
        for field in self.fields:
            if field.kind == "lines":
                found["lines"] = _lines(request)
            elif field.kind == "number":
                found[field.name] = request.whole(field.name)
            else:
                found[field.name] = request.field(field.name) or None
        return found


_WHY = Field("reason", message("Reason"))
_KIND_OF_REASON = Field("reason", message("Reason"), "choice", REASONS)
_PRIORITY = Field("priority", message("Priority, 0 to 100"), "number", (), "50")
_FORMS = (
    Form("approve", message("Approve")),
    Form(
        "cancel",
        message("Cancel units"),
        (Field("lines", message("Units"), "lines"), _KIND_OF_REASON),
    ),
    Form("suspend", message("Suspend"), (_WHY,)),
    Form("resume", message("Resume"), (_WHY,)),
    Form("lock", message("Lock"), (_WHY,)),
    Form("unlock", message("Unlock"), (_WHY,)),
    Form("setFlag", message("Flag"), (Field("flag", message("Color"), "choice", FLAGS),)),
    Form(
        "setPriority",
        message("Priority"),
        (Field("priority", message("Priority, 0 to 100"), "number", (), "50"),),
    ),
    Form("addNote", message("Note"), (Field("text", message("Text"), "long"),)),
    Form("file", message("File")),
    Form("void", message("Void"), (_KIND_OF_REASON,)),
)
FORMS: Mapping[str, Form] = {form.action: form for form in _FORMS}


def _lines(request: Request) -> list[dict[str, int]]:
    found = []
    for name in request.form:
        number, units = re.fullmatch(r"line-([0-9]{1,9})", name), request.whole(name)
        if number and units:
            found.append({"lineNo": int(number[1]), "quantity": units})
    return found
