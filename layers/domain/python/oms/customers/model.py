"""Customers of a company (ENT-12). The state is computed, never set; all of it is personal data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from oms.kernel.facts import StoredFact


@dataclass(frozen=True, slots=True)
class CustomerAddress:
    """A postal address of a customer; `country` is ISO 3166-1 alpha-2."""

    id: str
    country: str
    postal_code: str | None = None
    city: str | None = None
    region: str | None = None
    line1: str | None = None
    line2: str | None = None
    name: str | None = None
    company: str | None = None
    phone: str | None = None
    billing: bool = False
    shipping: bool = False


@dataclass(frozen=True, slots=True)
class SavedPayment:
    """A means of payment kept for the next order: gateway token, never a card number (PAY-05).

    A caller who was never shown the token sends none, and the record keeps it.
    """

    method: str
    token: str = ""
    brand: str | None = None
    last_four: str | None = None
    expiry: str | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """What the master of the customer's data says of it (INT-11)."""

    name: str | None = None
    company_name: str | None = None
    email: str | None = None
    phones: tuple[str, ...] = ()
    addresses: tuple[CustomerAddress, ...] = ()
    tax_id: str | None = None
    locale: str | None = None
    type: str = "PERSON"
    tags: tuple[str, ...] = ()
    price_group: str | None = None
    payments: tuple[SavedPayment, ...] = ()


@dataclass(frozen=True, slots=True)
class CustomerMark:
    """Who suspended or blocked the customer, when and why."""

    by: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer record. `approved_at` and `filed_at` are set at once where the step is off."""

    id: str
    company: str
    code: str
    profile: Profile
    created_at: datetime
    created_by: str
    approved_at: datetime | None = None
    filed_at: datetime | None = None
    suspended: CustomerMark | None = None
    blocked: CustomerMark | None = None
    history: tuple[StoredFact, ...] = ()
    created_with: str | None = None
    version: int = 0
    updated_at: datetime | None = None
    updated_by: str | None = None


def handles_of(profile: Profile) -> tuple[str, ...]:
    """What a customer may be found by: the e-mail, and each phone by its digits."""
    found = [] if profile.email is None else [email_handle(profile.email)]
    numbers = (*profile.phones, *(a.phone for a in profile.addresses if a.phone))
    found += [phone_handle(number) for number in numbers]
    return tuple(dict.fromkeys(handle for handle in found if not handle.endswith(":")))


def email_handle(email: str) -> str:
    """E-mails differ neither by case nor by blanks around them."""
    return f"email:{email.strip().casefold()}"


def phone_handle(phone: str) -> str:
    """Phones are compared by their digits."""
    return f"phone:{''.join(sign for sign in phone if sign.isdigit())}"
