"""One suite for the settings store: the fake and DynamoDB must behave alike.

Cites SET-01 (inheritance), SET-02 (typed, in effect within 5 s), ENT-11, GEN-12 (companies).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Protocol

import boto3
import pytest
from moto import mock_aws
from oms.kernel.errors import Malformed, VersionConflict
from oms.kernel.policy import ApprovalMode, Policy, StockPolicy
from oms.settings import register
from oms.settings.model import (
    Attribute,
    AttributeType,
    Channel,
    Client,
    Company,
    LegalEntity,
    Site,
    Tag,
)
from oms.settings.ports import SettingsStore
from oms_aws.settings import SECONDS_KEPT, DynamoSettings

from tests.fakes.settings import MemorySettings

CHANNEL = Channel("web", "Web shop", currency="USD", methods={"std": "STANDARD"})
SITE = Site("DC", "Distribution center", latitude=41_500_000, longitude=-88_100_000)


class Store(SettingsStore, Protocol):
    """The port, and what runs over all companies."""

    def companies(self) -> tuple[str, ...]: ...


def dynamo_table() -> Any:
    client = boto3.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="settings", BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk")],
    )  # fmt: skip
    return client


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        yield dynamo_table()


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "fake":
        return MemorySettings()
    return DynamoSettings(request.getfixturevalue("aws"), "settings")


def test_what_is_stored_is_read(store: Store) -> None:
    """ENT-11: channels, sites and clients come back as they were given."""
    store.put_channel("acme", CHANNEL)
    store.put_site("acme", SITE)
    store.put_client(Client("c1", "acme", "web", ("shop",), ("DC",)))
    assert store.channel("acme", "web") == CHANNEL
    assert store.channels("acme") == (CHANNEL,)
    assert store.sites("acme") == (SITE,)
    assert store.client("c1") == Client("c1", "acme", "web", ("shop",), ("DC",))
    assert store.client("c2") is None
    assert store.channel("acme", "pos") is None


def test_what_records_are_described_by_is_stored_and_guarded(store: Store) -> None:
    """ATT-01, ATT-02: definitions come back as they were given, and change by version."""
    color = Attribute("color", "ORDER", "Color", type=AttributeType.CHOICE, choices=("red",))
    vip = Tag("VIP", "Very important", color="#a00")
    store.put_attribute("acme", color)
    store.put_tag("acme", vip)
    assert (store.attributes("acme"), store.tags("acme")) == ((color,), (vip,))
    assert (store.attributes("other"), store.tags("other")) == ((), ())
    with pytest.raises(VersionConflict):
        store.put_attribute("acme", color)
    with pytest.raises(VersionConflict):
        store.put_tag("acme", replace(vip, version=3))
    store.put_attribute("acme", replace(color, searchable=True, version=2))
    assert store.attributes("acme")[0].searchable


def test_a_company_and_its_legal_entities(store: Store) -> None:
    """ENT-10: each under its version, none of another company."""
    profile = Company("Acme", "EUR")
    entity = LegalEntity("de", "Acme GmbH", "EUR", tax_ids={"DE": "DE1"})
    store.put_profile("acme", profile)
    store.put_entity("acme", entity)
    assert (store.profile("acme"), store.entities("acme")) == (profile, (entity,))
    assert (store.profile("zeta"), store.entities("zeta")) == (None, ())
    with pytest.raises(VersionConflict):
        store.put_profile("acme", profile)
    with pytest.raises(VersionConflict):
        store.put_entity("acme", entity)


def test_no_company_sees_another(store: Store) -> None:
    """GEN-12."""
    store.put_channel("acme", CHANNEL)
    store.put_site("acme", SITE)
    store.put_settings("acme", register.COMPANY, {"numbering.prefix": "A"})
    assert store.channels("zeta") == ()
    assert store.sites("zeta") == ()
    assert store.policy("zeta") == Policy()
    assert store.companies() == ("acme",)


def test_a_change_needs_the_version_before(store: Store) -> None:
    """VER-05 for configuration: the second writer of one version is told."""
    store.put_channel("acme", CHANNEL)
    newer = replace(CHANNEL, name="Shop", version=2)
    store.put_channel("acme", newer)
    for stale in (newer, CHANNEL, replace(newer, version=4)):
        with pytest.raises(VersionConflict):
            store.put_channel("acme", stale)
    assert store.channel("acme", "web") == newer
    store.put_site("acme", SITE)
    with pytest.raises(VersionConflict):
        store.put_site("acme", SITE)


def test_a_channel_inherits_what_it_does_not_set(store: Store) -> None:
    """SET-01: the lower level wins, the rest is inherited, and leaving a value out restores it."""
    store.put_settings(
        "acme", register.COMPANY, {"workflow.orderApproval": "MANUAL", "intake.totalTolerance": 5}
    )
    store.put_settings(
        "acme", "CHANNEL#web", {"intake.stockPolicy": "ACCEPT", "intake.totalTolerance": 0}
    )
    web, pos = store.policy("acme", "web"), store.policy("acme", "pos")
    assert (web.order_approval, web.stock_policy, web.total_tolerance) == (
        ApprovalMode.MANUAL, StockPolicy.ACCEPT, 0,
    )  # fmt: skip
    assert (pos.order_approval, pos.stock_policy, pos.total_tolerance) == (
        ApprovalMode.MANUAL, None, 5,
    )  # fmt: skip
    store.put_settings("acme", "CHANNEL#web", {})
    assert store.policy("acme", "web") == store.policy("acme")


@pytest.mark.parametrize(
    ("level", "values", "code"),
    [
        ("COMPANY", {"intake.colour": 1}, "UNKNOWN_SETTING"),
        ("COMPANY", {"intake.totalTolerance": "5"}, "INVALID_VALUE"),
        ("COMPANY", {"intake.totalTolerance": -1}, "INVALID_VALUE"),
        ("COMPANY", {"intake.totalTolerance": True}, "INVALID_VALUE"),
        ("COMPANY", {"intake.totalTolerance": None}, "INVALID_VALUE"),
        ("COMPANY", {"workflow.orderApproval": "SOMETIMES"}, "INVALID_VALUE"),
        ("CHANNEL#web", {"service.agentsClearAlerts": True}, "WRONG_LEVEL"),
    ],
)
def test_what_does_not_fit_is_refused(
    store: Store, level: str, values: dict[str, Any], code: str
) -> None:
    """SET-02: typed and validated; nothing of a refused change is stored."""
    store.put_settings("acme", level, {"numbering.prefix": "A"})
    with pytest.raises(Malformed) as caught:
        store.put_settings("acme", level, {"numbering.prefix": "B", **values})
    assert [problem.code for problem in caught.value.problems] == [code]
    assert store.settings("acme", level) == {"numbering.prefix": "A"}


def test_every_setting_of_the_register_names_a_policy_field() -> None:
    """SET-02: a setting that decides nothing would be a lie."""
    assert register.policy(register.defaults(), {}) == Policy()
    assert len(set(register.NAMES.values())) == len(register.NAMES)


def test_others_see_a_change_within_seconds(aws: Any) -> None:
    """SET-02: kept for less than five seconds, forgotten at once by the writer itself."""
    assert SECONDS_KEPT < 5
    ticks = [0.0]
    reader = DynamoSettings(aws, "settings", lambda: ticks[0])
    writer = DynamoSettings(aws, "settings")
    writer.put_settings("acme", "COMPANY", {"numbering.prefix": "A"})
    assert reader.policy("acme").number_prefix == "A"
    writer.put_settings("acme", "COMPANY", {"numbering.prefix": "B"})
    assert writer.policy("acme").number_prefix == "B"
    ticks[0] = SECONDS_KEPT - 0.01
    assert reader.policy("acme").number_prefix == "A"
    ticks[0] = SECONDS_KEPT
    assert reader.policy("acme").number_prefix == "B"
