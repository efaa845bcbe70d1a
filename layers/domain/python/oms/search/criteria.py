"""The criteria of the order search, by name: what each means, and which values it takes (SEA-10).

Nothing is ignored: a name or value that is not known here, or to the company's own `Vocabulary`, is
refused with what would be allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from oms.kernel.errors import Problem
from oms.search.query import AnyOf, Clause, Digits, Prefix, SortKind, Terms, Words
from oms.search.text import PHONE_LONGEST, PHONE_PART, digits, fold, postal_key, words

MAX_VALUES = 500
"""How many values one criterion takes, and how many ids one pasted list (SEA-02)."""


class Unusable(ValueError):
    """A criterion that cannot be applied; `problem` names it and says what would be allowed."""

    def __init__(self, path: str, code: str, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(path, code, message)


class AttributeKind(StrEnum):
    """How the values of an attribute compare (ATT-01)."""

    TEXT = "TEXT"
    NUMBER = "NUMBER"
    TIME = "TIME"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What this company has configured; a missing entry leaves the values of a criterion open.

    `values` maps criterion names (channel, site, tag, holdType ...) to their codes; `attributes`
    are those marked searchable, None if any may be asked for.
    """

    values: Mapping[str, frozenset[str]] = field(default_factory=dict)
    attributes: Mapping[str, AttributeKind] | None = None


STATES = (
    "DRAFT", "INCOMPLETE", "RECEIVED", "AWAITING_APPROVAL", "AWAITING_ALLOCATION",
    "AWAITING_FULFILLMENT", "AWAITING_SETTLEMENT", "AWAITING_FILING", "CLOSED", "VOID",
)  # fmt: skip
STAGES = (
    "UNSOURCED", "BACKORDERED", "RESERVED", "ALLOCATED", "PICKED", "PACKED", "SHIPPED", "DELIVERED",
)  # fmt: skip

ENUMS: Mapping[str, tuple[str, ...]] = {
    "state": STATES,
    "fulfillmentStatus": (
        "NOT_STARTED", "RESERVED", "PARTIALLY_BACKORDERED", "BACKORDERED", "PARTIALLY_ALLOCATED",
        "ALLOCATED", "IN_PROGRESS", "PARTIALLY_SHIPPED", "SHIPPED", "PARTIALLY_DELIVERED",
        "DELIVERED", "CANCELED",
    ),
    "paymentStatus": (
        "NOT_REQUIRED", "UNPAID", "PARTIALLY_AUTHORIZED", "AUTHORIZED", "ON_TERMS",
        "PARTIALLY_PAID", "PAID", "PARTIALLY_REFUNDED", "REFUNDED", "OVERPAID",
    ),
    "returnStatus": ("NONE", "RETURN_EXPECTED", "PARTIALLY_RETURNED", "RETURNED"),
    "holdStatus": ("NONE", "HELD"),
    "type": ("WEB", "MOBILE", "PHONE", "STORE", "MARKETPLACE", "B2B", "IMPORT"),
    "lane": ("LIVE", "BACKLOG", "IMPORT"),
    "flag": ("RED", "ORANGE", "YELLOW", "GREEN", "BLUE", "PURPLE", "CHK"),
    "origin": ("ADDED", "EXCHANGE", "RESHIP", "CLAIM", "RETURN"),
    "lineStatus": ("CANCELED", *STAGES, *(f"PARTIALLY_{stage}" for stage in STAGES[1:])),
    "fulfillmentOrderState": (
        "AWAITING_APPROVAL", "AWAITING_AUTHORIZATION", "AWAITING_ASSIGNMENT", "AWAITING_PICK",
        "PICKING", "AWAITING_SHIPMENT", "READY_FOR_PICKUP", "FULFILLED", "AWAITING_FILING",
        "CLOSED", "REJECTED", "CANCELED",
    ),
}  # fmt: skip

ENUM_FIELDS: Mapping[str, str] = {
    "origin": "origins",
    "lineStatus": "lines.status",
    "fulfillmentOrderState": "fulfillmentOrders.state",
}

CODES: Mapping[str, str] = {
    "channel": "channel",
    "agent": "agent",
    "site": "sites",
    "method": "destinations.method",
    "tag": "tags",
    "paymentMethod": "paymentMethods",
    "holdType": "holdTypes",
    "actionItem": "actionItemTypes",
    "number": "number",
    "externalNumber": "externalNumber",
    "customerCode": "customer.code",
    "email": "customer.email",
    "sku": "lines.sku",
    "tracking": "tracking",
}

EXACT: Mapping[str, tuple[str, str]] = {
    "country": ("destinations.country", "two letters, as in US"),
    "currency": ("currency", "three letters, as in USD"),
    "lastFour": ("lastFour", "four digits"),
    "waitReason": ("lines.waitReason", "a reason code"),
}
_LENGTHS = {"country": 2, "currency": 3, "lastFour": 4}

RANGES: Mapping[str, tuple[str, SortKind]] = {
    "total": ("totalMinor", SortKind.NUMBER),
    "open": ("openMinor", SortKind.NUMBER),
    "placed": ("placedAt", SortKind.TIME),
    "created": ("receivedAt", SortKind.TIME),
    "updated": ("updatedAt", SortKind.TIME),
    "requested": ("requestedAt", SortKind.TIME),
    "promised": ("promisedAt", SortKind.TIME),
}

QUICK_FLAGS: Mapping[str, str] = {
    "ALERTED": "alerted",
    "SUSPENDED": "suspended",
    "HELD": "held",
    "LOCKED": "locked",
    "VOID": "void",
}
OVERDUE = "OVERDUE"
QUICK = (*QUICK_FLAGS, OVERDUE, *(state for state in STATES if state not in QUICK_FLAGS))

NESTED: Mapping[str, str] = {
    **dict.fromkeys(("sku", "item", "lineStatus", "waitReason"), "lines"),
    "fulfillmentOrderState": "fulfillmentOrders",
}
"""Criteria on elements of a list: those of one list are met by one and the same element."""


def clause_of(name: str, values: tuple[str, ...], vocabulary: Vocabulary) -> Clause:
    """The clause of a criterion that takes values; raises Unusable."""
    if name in ENUMS:
        allowed = ENUMS[name]
        chosen = tuple(_choose(name, value.upper(), allowed) for value in values)
        return Terms(ENUM_FIELDS.get(name, name), chosen)
    if name in CODES:
        _check_known(name, values, vocabulary)
        return Terms(CODES[name], tuple(fold(value) for value in values), folded=True)
    if name in EXACT:
        return Terms(EXACT[name][0], tuple(_exact(name, value) for value in values))
    return _any_of(_FREE[name](value) for value in values)


def takes_values(name: str) -> bool:
    """Whether there is a criterion of this name."""
    return name in ENUMS or name in CODES or name in EXACT or name in _FREE


def criterion_names() -> tuple[str, ...]:
    """All criteria but ranges, quick search and attributes."""
    return (*ENUMS, *CODES, *EXACT, *_FREE)


def splits_at_commas(name: str) -> bool:
    """Whether a comma separates values; in free text it does not."""
    return name not in _WORDY


def word_clause(word: str) -> Clause | None:
    """What one word of the free-text box finds: words by prefix, ids exact, parts of phones.

    None for a word without letters and digits.
    """
    if not words(word):
        return None
    finds: list[Clause] = [Words("text", word), Terms("identifiers", (fold(word),))]
    number = digits(word)
    if PHONE_PART <= len(number) <= PHONE_LONGEST and not word.strip("+()-./0123456789"):
        finds.append(Digits("customer.phoneDigits", number))
    return AnyOf(tuple(finds))


def choice_problem(name: str, value: str, allowed: Iterable[str]) -> Unusable:
    """The refusal of a value that is none of the allowed ones."""
    return Unusable(name, "UNKNOWN_VALUE", f"{value!r} is none of {', '.join(sorted(allowed))}")


def _choose(name: str, value: str, allowed: Iterable[str]) -> str:
    if value not in allowed:
        raise choice_problem(name, value, allowed)
    return value


def _check_known(name: str, values: Iterable[str], vocabulary: Vocabulary) -> None:
    known = vocabulary.values.get(name)
    if known is None:
        return
    folded = {fold(code) for code in known}
    for value in values:
        if fold(value) not in folded:
            raise choice_problem(name, value, known)


def _exact(name: str, value: str) -> str:
    code = value.upper()
    length = _LENGTHS.get(name, len(code))
    if len(code) != length or not code.replace("_", "").isalnum() or not code.isascii():
        raise Unusable(name, "UNKNOWN_VALUE", f"{value!r} is not {EXACT[name][1]}")
    return code


def _any_of(clauses: Iterable[Clause]) -> Clause:
    every = tuple(clauses)
    return every[0] if len(every) == 1 else AnyOf(every)


def _phone(value: str) -> Clause:
    number = digits(value)
    if not PHONE_PART <= len(number) <= PHONE_LONGEST:
        message = f"a part of a phone has {PHONE_PART} to {PHONE_LONGEST} digits"
        raise Unusable("phone", "UNKNOWN_VALUE", message)
    return Digits("customer.phoneDigits", number)


def _postal_code(value: str) -> Clause:
    key = postal_key(value)
    if not key:
        raise Unusable("postalCode", "UNKNOWN_VALUE", f"{value!r} holds no letter or digit")
    return Prefix("destinations.postalKey", key)


def _by_words(name: str, path: str) -> Callable[[str], Clause]:
    def clause(value: str) -> Clause:
        if not words(value):
            raise Unusable(name, "UNKNOWN_VALUE", f"{value!r} holds no letter or digit")
        return Words(path, value)

    return clause


def _item(value: str) -> Clause:
    by_name = _by_words("item", "lines.name")(value)
    return AnyOf((by_name, Terms("lines.sku", (fold(value),), folded=True)))


def _customer(value: str) -> Clause:
    exact = (fold(value),)
    finds: list[Clause] = [
        _by_words("customer", "customer.name")(value),
        Terms("customer.code", exact, folded=True),
        Terms("customer.email", exact, folded=True),
    ]
    if PHONE_PART <= len(digits(value)) <= PHONE_LONGEST and not value.strip("+()-./ 0123456789"):
        finds.append(_phone(value))
    return AnyOf(tuple(finds))


_FREE: Mapping[str, Callable[[str], Clause]] = {
    "id": lambda value: Terms("identifiers", (fold(value),)),
    "customer": _customer,
    "customerName": _by_words("customerName", "customer.name"),
    "city": _by_words("city", "destinations.city"),
    "item": _item,
    "phone": _phone,
    "postalCode": _postal_code,
}
_WORDY = ("customer", "customerName", "city", "item")
