"""Scopes with versions of their own, and writes that commute because of them.

Cites VER-03, VER-04, VER-05, VER-06, VER-07, INV-A2.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from oms.fulfillment.commands import Pick
from oms.holds.commands import ReleaseHold, SetHold
from oms.kernel.errors import VersionConflict
from oms.lifecycle.ports import Commit
from oms.lifecycle.scopes import compact, moved, version_of
from oms.orders.commands import AddNote, Cancel, CancelLine, ChangeAddress, SetFlag, SetTags
from oms.orders.model import Address
from oms.payments.commands import VoidPayment
from oms_aws import wiring

from tests.simulation.merchant import Merchant

ELSEWHERE = Address("US", "10001", "New York", "NY", "2 Main Street")


@pytest.fixture
def merchant() -> Merchant:
    found = Merchant()
    found.shelve("A", DC=20)
    found.shelve("B", DC=20)
    return found


def submit(merchant: Merchant, order_id: str, version: int, *commands: object) -> int:
    """Apply commands decided on `version`; the version they made."""
    answer = merchant.lifecycle.execute(
        merchant.agent, order_id, commands, expected_version=version
    )
    return answer.version


def drop(line_no: int, quantity: int = 1) -> Cancel:
    return Cancel("CUSTOMER", (CancelLine(line_no, quantity),))


def test_edits_of_different_lines_both_succeed(merchant: Merchant) -> None:
    """INV-A2, VER-04: two users read version 1 and each drops a unit of a line of their own."""
    order_id = merchant.place(("A", 2, 1000), ("B", 2, 500)).body["id"]
    assert submit(merchant, order_id, 1, drop(1)) == 2
    assert submit(merchant, order_id, 1, drop(2)) == 3
    lines = merchant.read(order_id).order.lines
    assert [line.buckets.canceled for line in lines] == [1, 1]


def test_edits_of_one_line_do_not(merchant: Merchant) -> None:
    """VER-05: the second user must look at the line again, and nothing is canceled twice."""
    order_id = merchant.place(("A", 2, 1000), ("B", 2, 500)).body["id"]
    submit(merchant, order_id, 1, drop(1))
    with pytest.raises(VersionConflict) as stale:
        submit(merchant, order_id, 1, drop(1), SetFlag("RED"))
    assert [row["scope"] for row in stale.value.more["changedScopes"]] == ["line:1"]
    with pytest.raises(VersionConflict):
        submit(merchant, order_id, 1, Cancel("ALL"))
    order = merchant.read(order_id).order
    assert (order.line(1).buckets.canceled, order.flag) == (1, None)


def test_every_part_has_a_scope_of_its_own(merchant: Merchant) -> None:
    """VER-03: header, lines, groups, payments, FOs, holds and notes move apart from each other."""
    order_id = merchant.place(("A", 2, 1000), ("B", 2, 500)).body["id"]
    record = merchant.run(order_id)
    fo, payment = record.fulfillment.orders[0].id, record.payments.tenders[0].id
    before = dict(record.scopes)

    def fresh(*commands: object) -> set[str]:
        old = merchant.read(order_id)
        merchant.act(order_id, *commands)
        new = merchant.read(order_id)
        known = {"header", "notes", "holds", "line:1", "line:2", "group:1"}
        known |= {f"fo:{fo}", f"payment:{payment}"}
        return {
            name for name in known
            if version_of(new.scopes, name) == new.version > version_of(old.scopes, name)
        }  # fmt: skip

    assert version_of(before, "line:1") == version_of(before, "line:2") > 1
    assert fresh(AddNote("hello")) == {"notes"}
    assert fresh(SetFlag("RED")) == {"header"}
    assert fresh(SetHold("MANUAL", "look", blocks=("EDIT",), handle="h")) == {"holds"}
    hold = merchant.read(order_id).holds.holds[0].id
    assert fresh(ReleaseHold(hold, "seen")) == {"holds"}
    assert fresh(Pick(fo)) == {f"fo:{fo}"}
    assert fresh(VoidPayment(payment, "other card")) == {f"payment:{payment}"}
    other = merchant.place(("A", 1, 1000)).body["id"]
    merchant.act(other, ChangeAddress("1", ELSEWHERE))
    assert merchant.read(other).scopes == {"group": 2}


def test_what_follows_from_a_command_is_no_conflict(merchant: Merchant) -> None:
    """VER-04: both cancellations move the payment, but neither was about it."""
    order_id = merchant.place(("A", 2, 1000), ("B", 2, 500)).body["id"]
    version = merchant.run(order_id).version
    submit(merchant, order_id, version, drop(1, 2))
    submit(merchant, order_id, version, drop(2, 1))
    record = merchant.read(order_id)
    assert [line.buckets.canceled for line in record.order.lines] == [2, 1]


@pytest.mark.parametrize(
    "command",
    [
        AddNote("hello"),
        SetTags(("vip",)),
        SetHold("MANUAL", "look", blocks=("EDIT",)),
    ],
)
def test_commutative_commands_need_no_version(merchant: Merchant, command: object) -> None:
    """VER-06: they commit whatever happened meanwhile; notes and holds even with an old version."""
    order_id = merchant.place(("A", 2, 1000)).body["id"]
    merchant.act(order_id, AddNote("first"), SetHold("MANUAL", "mine", blocks=("EDIT",)))
    assert merchant.act(order_id, command).version == 3
    if not isinstance(command, SetTags):
        assert submit(merchant, order_id, 1, command) == 4


def test_a_lost_race_is_decided_again(merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    """VER-04, VER-07: a rival commits between read and write; the loser retries by itself."""
    order_id = merchant.place(("A", 2, 1000), ("B", 2, 500)).body["id"]
    commit: Callable[[Commit], None] = merchant.orders.commit
    rivals = [drop(2)]

    def raced(change: Commit) -> None:
        if rivals:
            rival = rivals.pop()
            merchant.act(order_id, rival)
        commit(change)

    monkeypatch.setattr(merchant.orders, "commit", raced)
    assert submit(merchant, order_id, 1, drop(1)) == 3
    assert [line.buckets.canceled for line in merchant.read(order_id).order.lines] == [1, 1]


def test_the_waits_between_tries_end_within_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """VER-04: seven waits at most, each at its longest."""
    waits: list[float] = []
    monkeypatch.setattr("random.uniform", lambda _, longest: longest)
    monkeypatch.setattr("time.sleep", waits.append)
    for attempt in range(7):
        wiring.jitter(attempt)
    assert 1 < sum(waits) <= 2


def test_scopes_are_stored_as_differences(merchant: Merchant) -> None:
    """VER-03: a new order stores none, and many lines of one version are one entry."""
    order_id = merchant.place(*(("A", 1, 1000) for _ in range(9))).body["id"]
    assert merchant.read(order_id).scopes == {}
    merchant.act(order_id, drop(3))
    assert merchant.read(order_id).scopes["line:3"] == 2
    many = {f"line:{no}": 7 for no in range(1, 5001)} | {"line:9": 8, "header": 1}
    assert compact(many) == {"line": 7, "line:9": 8}
    assert {name: version_of(compact(many), name) for name in many} == many
    record = merchant.read(order_id)
    assert moved(record, record, record.version + 1) == record.scopes
