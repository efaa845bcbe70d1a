"""Intake validation and completion (INT-05, ORD-104 to ORD-106)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from oms.action_items.facts import ActionItemResolved
from oms.kernel.context import Context
from oms.kernel.errors import Malformed
from oms.kernel.facts import Step
from oms.orders.commands import Cancel, ChangeAddress, Complete, NewLine
from oms.orders.decisions import cancel, change_address, complete
from oms.orders.facts import (
    FindingsResolved,
    OrderAttention,
    OrderCompleted,
    OrderIncomplete,
)
from oms.orders.mapping import Codes
from oms.orders.model import Address, DeliveryType, Finding, Order, TaxLine
from oms.orders.postal import state_of
from oms.orders.status import order_state
from oms.orders.totals import totals
from oms.orders.validation import Screened, validate

from tests.domain.orders.scene import (
    HOME,
    Goods,
    Shop,
    accept,
    after,
    buckets,
    ctx,
    goods,
    group,
    kinds,
    offered,
)

CARD = ("CARD",)


def received(*lines: NewLine, **fields: object) -> Order:
    return accept(offered(*(lines or (NewLine("A", 1, 1000),)), **fields)).part


def checked(
    made: Order, methods: tuple[str, ...] = CARD, codes: Codes | None = None,
    items: dict[str, Goods] | None = None, context: Context | None = None,
) -> Step[Order]:  # fmt: skip
    return validate(
        made, methods, context or ctx(), codes or Codes(), items or {}
    )  # fmt: skip


def codes_of(step: Step[Order]) -> list[tuple[str, str]]:
    return [(finding.code, finding.level) for finding in step.part.findings]


def at(**fields: str | None) -> Address:
    return replace(HOME, **fields)  # type: ignore[arg-type]


def state(made: Order) -> str:
    return order_state(made, settled=False, filing=False)


def test_good_order_has_no_findings() -> None:
    """INT-05: nothing to say, nothing told."""
    step = checked(received())
    assert (step.part.findings, step.part.validated, step.facts) == ((), True, ())


def test_missing_address_makes_the_order_incomplete() -> None:
    """ACC-002, ORD-104, INT-05: it is INCOMPLETE, keeps its promise, and says which field."""
    step = checked(received(groups=(group(address=None),)))
    assert step.facts == (OrderIncomplete("ord_1", ("MISSING_ADDRESS",)),)
    assert state(step.part) == "INCOMPLETE"
    assert step.part.findings[0].path == "groups[0].address"
    assert buckets(step.part.lines[0]) == {"reserved": 1}


def test_supplied_address_completes_the_order() -> None:
    """ACC-002, ORD-105: *Complete* asks for another check, which lets it go on."""
    stopped = checked(received(groups=(group(address=None, shipping=500),))).part
    given = Complete(groups=(group(method="EXPRESS"),))
    supplied = complete(stopped, given, ctx()).part
    assert not supplied.validated
    again = checked(supplied)
    assert again.facts == (OrderCompleted("ord_1"),)
    assert (state(again.part), again.part.groups[0].address) == ("RECEIVED", HOME)
    assert (again.part.groups[0].method, again.part.groups[0].shipping) == ("EXPRESS", 500)


def test_completing_an_unknown_group_is_refused() -> None:
    """ORD-105: data for a part that is not there."""
    with pytest.raises(Malformed) as refusal:
        complete(received(), Complete(groups=(group(id="nope"),)), ctx())
    assert refusal.value.problems[0].path == "group"


@pytest.mark.parametrize(
    ("kind", "type_", "found"),
    [
        ("DIGITAL", DeliveryType.SHIP, []),
        ("SIMPLE", DeliveryType.DIGITAL, []),
        ("SIMPLE", DeliveryType.PICKUP, [("MISSING_PICKUP_SITE", "ERROR")]),
        ("SIMPLE", DeliveryType.SHIP, [("MISSING_ADDRESS", "ERROR")]),
    ],
)
def test_what_a_delivery_needs(
    kind: str, type_: DeliveryType, found: list[tuple[str, str]]
) -> None:
    """INT-05: an address for physical lines that are shipped, a site for pickup."""
    there = group(address=None, type=type_)
    command = offered(NewLine("A", 1, 1000), groups=(there,))
    made = accept(command, items={"A": Goods("itm_A", "A", kind=kind)}).part
    assert codes_of(checked(made)) == found


def test_unknown_item_is_an_error_until_it_exists() -> None:
    """INT-05, INT-06: the line is identified as soon as its SKU is known."""
    made = accept(offered(NewLine("A", 1, 1000), NewLine("?", 1, 5)), items=goods("A")).part
    stopped = checked(made)
    assert codes_of(stopped) == [("UNKNOWN_ITEM", "ERROR")]
    assert stopped.part.findings[0].path == "lines[1].sku"
    fixed = complete(stopped.part, Complete(skus={"?": "B"}), ctx()).part
    again = checked(fixed, items=goods("B"))
    assert again.facts == (OrderCompleted("ord_1"),)
    assert (again.part.lines[1].item_id, again.part.lines[1].name) == ("itm_B", "B")


def test_unmapped_codes_stop_until_the_table_knows_them() -> None:
    """INT-05, INT-06: methods and countries; a corrected table lets the same order go on."""
    there = group(method="DRONE", address=at(country="UZA", region=None))
    made = accept(offered(NewLine("A", 1, 1000), groups=(there,)), shop=Shop()).part
    stopped = checked(made, codes=Codes({"GROUND": "STANDARD"}, {}))
    paths = [finding.path for finding in stopped.part.findings]
    assert paths == ["groups[0].method", "groups[0].address.country"]
    assert stopped.facts == (OrderIncomplete("ord_1", ("UNMAPPED_CODE",)),)
    again = checked(stopped.part, codes=Codes({"DRONE": "EXPRESS"}, {"UZA": "US"}))
    assert again.facts == (OrderCompleted("ord_1"),)
    assert again.part.groups[0].method == "EXPRESS"


def test_bill_to_country_is_checked() -> None:
    """INT-06: the billing address has a country, too."""
    made = received(bill_to=at(country="Texas"))
    assert [f.path for f in checked(made).part.findings] == ["billTo.country"]


@pytest.mark.parametrize(
    ("methods", "found"),
    [
        ((), [("MISSING_TENDER", "ERROR")]),
        (("SEASHELLS",), [("UNMAPPED_CODE", "ERROR")]),
        (("GIFT_CARD", "CARD"), []),
    ],
)
def test_tenders(methods: tuple[str, ...], found: list[tuple[str, str]]) -> None:
    """INT-05, INT-06: an order with a value needs tenders of known methods."""
    assert codes_of(checked(received(), methods)) == found


def test_free_order_needs_no_tender() -> None:
    """INT-05: nothing to pay."""
    assert codes_of(checked(received(NewLine("A", 1, 0)), ())) == []


def test_total_mismatch() -> None:
    """ACC-006, TOT-04: 99.00 for parts of 100.03 is INCOMPLETE until the total is corrected."""
    stopped = checked(received(NewLine("A", 1, 10_003), stated_total=9_900))
    assert codes_of(stopped) == [("TOTAL_MISMATCH", "ERROR")]
    fixed = complete(stopped.part, Complete(stated_total=10_000), ctx()).part
    assert totals(fixed).ordered == 10_000
    assert checked(fixed).facts == (OrderCompleted("ord_1"),)


def test_address_mismatch_blocks_and_names_both_values() -> None:
    """ACC-001, INT-05, ORD-106: region NY with a postal code of Texas; the promise stays."""
    step = checked(received(groups=(group(address=at(region="NY")),)))
    (told,) = step.facts
    assert isinstance(told, OrderAttention)
    assert told.codes == ("ADDRESS_MISMATCH",)
    assert "NY" in told.messages[0]
    assert "TX" in told.messages[0]
    assert "78701" not in told.messages[0]
    assert state(step.part) == "RECEIVED"
    assert buckets(step.part.lines[0]) == {"reserved": 1}


def test_corrected_address_resolves_the_finding() -> None:
    """ACC-001, AIT-02, ORD-106: the corrected address is checked and the finding ends."""
    stopped = checked(received(groups=(group(address=at(region="NY")),))).part
    moved = change_address(stopped, ChangeAddress("g1", HOME), ctx())
    assert kinds(moved.facts) == ["OrderChanged"]
    assert not moved.part.validated
    again = checked(moved.part)
    assert again.facts == (FindingsResolved("ord_1", ("ADDRESS_MISMATCH",)),)
    assert again.part.findings == ()


def test_accepted_finding_blocks_no_more() -> None:
    """ORD-106, FLG-04: clearing the item lets intake go on with the address as it is."""
    stopped = checked(received(groups=(group(address=at(region="NY")),))).part
    other = ActionItemResolved("act_1", "CUSTOMER_BLOCKED", True, "x")
    cleared = ActionItemResolved("act_2", "ADDRESS_MISMATCH", True, "customer confirmed")
    assert after(stopped, other).findings == stopped.findings
    assert after(stopped, cleared).findings == ()


def test_clearing_does_not_supply_missing_data() -> None:
    """ORD-104: an ERROR ends by data only."""
    stopped = checked(received(groups=(group(address=None),))).part
    cleared = ActionItemResolved("act_1", "MISSING_ADDRESS", True, "x")
    assert after(stopped, cleared).findings == stopped.findings


@pytest.mark.parametrize(
    ("country", "region", "code", "mismatch"),
    [
        ("US", "TX", "78701", False),
        ("US", "tx", " 78701-1234", False),
        ("US", "NY", "78701", True),
        ("US", "NY", "06390", False),
        ("US", "CT", "06390", False),
        ("US", "New York", "78701", False),
        ("US", "NY", "7870", False),
        ("US", "NY", "ABCDE", False),
        ("US", "NY", None, False),
        ("US", None, "78701", False),
        ("CA", "NY", "78701", False),
    ],
)
def test_state_and_postal_code(
    country: str, region: str | None, code: str | None, mismatch: bool
) -> None:
    """INT-05: only a known United States code that lies in another known state is a mismatch."""
    there = group(address=at(country=country, region=region, postal_code=code))
    assert bool(checked(received(groups=(there,))).part.findings) is mismatch


@pytest.mark.parametrize(
    ("code", "states"),
    [
        ("00501", ("NY",)), ("02139", ("MA",)), ("10001", ("NY",)), ("33101", ("FL",)),
        ("60601", ("IL",)), ("73301", ("TX",)), ("88510", ("TX",)), ("90210", ("CA",)),
        ("99501", ("AK",)), ("96701", ("HI", "AS")), ("00000", None), ("99999", ("AK",)),
    ],
)  # fmt: skip
def test_where_postal_codes_lie(code: str, states: tuple[str, ...] | None) -> None:
    """INT-05: the first three digits tell the state, where they tell one."""
    assert state_of(code) == states


def test_blocked_customer_and_duplicate_are_reviewed() -> None:
    """INT-05: both alert and neither makes the order incomplete."""
    step = validate(received(), CARD, ctx(), screened=Screened(blocked=True, like="T26-000007"))
    assert codes_of(step) == [("CUSTOMER_BLOCKED", "BLOCKING"), ("DUPLICATE_SUSPECTED", "BLOCKING")]
    assert "T26-000007" in step.part.findings[1].message
    assert kinds(step.facts) == ["OrderAttention"]


def test_tax_that_its_rate_does_not_explain_is_noted() -> None:
    """TAX-02, TAX-03, INT-05: a WARNING is a note; the sent amount stands."""
    odd = NewLine("A", 1, 2900, taxes=(TaxLine("PRODUCT", 300, 82_500),))
    near = NewLine("B", 1, 2900, taxes=(TaxLine("PRODUCT", 240, 82_500),))
    step = checked(received(odd, near))
    assert [(f.code, f.level, f.path) for f in step.part.findings] == [
        ("TAX_DIFFERS", "WARNING", "lines[0].taxes[0]")
    ]
    assert step.facts == ()
    assert step.part.lines[0].amounts.goods_tax == 300


def test_canceled_order_lacks_nothing() -> None:
    """ORD-07: when every unit is canceled, what was missing is missing no more."""
    stopped = checked(received(groups=(group(address=None),))).part
    gone = cancel(stopped, Cancel("CUSTOMER"), ctx()).part
    assert not gone.validated
    assert checked(gone, ()).part.findings == ()


def test_finding_is_told_anew_only_with_its_level() -> None:
    """ORD-104, ORD-105: errors that are replaced by other errors do not complete the order."""
    stopped = replace(
        received(groups=(group(address=None),)),
        findings=(Finding("UNKNOWN_ITEM", "ERROR", "lines[0].sku", "?"),),
    )
    assert kinds(checked(stopped).facts) == ["OrderIncomplete"]


def test_finding_that_stays_is_not_resolved() -> None:
    """AIT-02: of two blocking findings one went; only that one is told to be over."""
    mismatch = group(address=at(region="NY"))
    both = validate(received(groups=(mismatch,)), CARD, ctx(), screened=Screened(blocked=True)).part
    step = checked(both)
    assert kinds(step.facts) == ["FindingsResolved", "OrderAttention"]
    assert step.facts[0] == FindingsResolved("ord_1", ("CUSTOMER_BLOCKED",))
