"""What the customers API takes and answers (ENT-12)."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from oms_aws.shapes import (
    MAX_PAGE,
    Answer,
    Code,
    Name,
    Query,
    RecordId,
    Shape,
    Short,
    Tags,
    broken_rule,
)
from oms_aws.shapes_orders import Expiry, LastFour, Locale
from pydantic import Field, StringConstraints, model_validator

Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class CustomerAddressShape(Shape):
    """A postal address of a customer."""

    id: Code
    country: Country
    postal_code: Short | None = None
    city: Short | None = None
    region: Short | None = None
    line1: Name | None = None
    line2: Name | None = None
    name: Name | None = None
    company: Name | None = None
    phone: Short | None = None
    billing: bool = False
    shipping: bool = False


class SavedPaymentShape(Shape):
    """A means of payment to keep; one that came back from here needs no token."""

    method: Code
    token: Name | None = None
    brand: Short | None = None
    last_four: LastFour | None = None
    expiry: Expiry | None = None


class ProfileShape(Shape):
    """What is known of a customer."""

    name: Name | None = None
    company_name: Name | None = None
    email: Name | None = None
    phones: Annotated[tuple[Short, ...], Field(max_length=10)] = ()
    addresses: Annotated[tuple[CustomerAddressShape, ...], Field(max_length=50)] = ()
    tax_id: Short | None = None
    locale: Locale | None = None
    type: Literal["PERSON", "COMPANY"] = "PERSON"
    tags: Tags = ()
    price_group: Code | None = None
    payments: Annotated[tuple[SavedPaymentShape, ...], Field(max_length=20)] = ()

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if len({address.id for address in self.addresses}) != len(self.addresses):
            raise broken_rule("duplicate_address", "two addresses have the same id")
        return self


class NewCustomer(ProfileShape):
    """A new customer; without a code it gets one."""

    code: RecordId | None = None


class WithReason(Shape):
    """A verb that needs a reason."""

    reason: Name


class CustomersQuery(Query):
    """By code, e-mail or phone; without them all, by code."""

    code: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    email: Annotated[str, Field(min_length=1, max_length=250)] | None = None
    phone: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 50
    cursor: Annotated[str, Field(min_length=1, max_length=200)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(value is not None for value in (self.code, self.email, self.phone)) > 1:
            raise broken_rule("one_criterion", "code, email or phone: one of them")
        return self


class CustomerAnswer(Answer):
    """A customer with its state, history and allowed actions; tokens are left out."""

    id: str
    code: str
    state: str
    version: int


class CustomerList(Answer):
    """A page of customers by code; `cursor` asks for the next one, null on the last."""

    customers: list[dict[str, Any]]
    cursor: str | None
