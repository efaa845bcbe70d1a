"""Configuration in DynamoDB.

    access pattern                       key
    everything of one company            pk={company}
      the company itself                   sk=PROFILE
      a legal entity                       sk=ENTITY#{code}
      a channel                            sk=CHANNEL#{code}
      a site                               sk=SITE#{code}
      an attribute definition              sk=ATTRIBUTE#{record type}#{id}
      a tag                                sk=TAG#{code}
      values of a level                    sk=SETTINGS#COMPANY, SETTINGS#CHANNEL#{code},
                                              SETTINGS#SITE#{code}
    whom an OAuth client acts for        pk=CLIENT#{id} sk=CLIENT
    companies                            pk=COMPANIES sk={company}

A company is read in one query and kept for a few seconds (SET-02); writing forgets it here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from oms.kernel.codec import decode, encode
from oms.kernel.errors import VersionConflict
from oms.kernel.policy import Policy
from oms.settings import register
from oms.settings.model import Attribute, Channel, Client, Company, LegalEntity, Site, Tag

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

SECONDS_KEPT = 4.0
AT_SITE = f"SETTINGS#{register.SITE}#"
Row = dict[str, Any]


class DynamoSettings:
    """`SettingsStore` on the settings table; `ticks` is a monotonic clock in seconds."""

    def __init__(
        self, client: DynamoDBClient, table: str, ticks: Callable[[], float] = monotonic
    ) -> None:
        self._client = client
        self._table = table
        self._ticks = ticks
        self._kept: dict[str, tuple[float, dict[str, Any]]] = {}

    def channel(self, company: str, code: str) -> Channel | None:
        """The channel, or None."""
        doc = self._company(company).get(f"CHANNEL#{code}")
        return None if doc is None else decode(Channel, doc)

    def channels(self, company: str) -> tuple[Channel, ...]:
        """All channels by code."""
        return tuple(decode(Channel, doc) for doc in self._named(company, "CHANNEL#"))

    def put_channel(self, company: str, channel: Channel) -> None:
        """Store a channel as its version; raises `VersionConflict` unless that is the next."""
        self._put_versioned(company, f"CHANNEL#{channel.code}", encode(channel), channel.version)

    def profile(self, company: str) -> Company | None:
        """The company itself, or None before it is described."""
        doc = self._company(company).get("PROFILE")
        return None if doc is None else decode(Company, doc)

    def put_profile(self, company: str, profile: Company) -> None:
        """Store the company as its version; raises `VersionConflict` unless that is the next."""
        self._put_versioned(company, "PROFILE", encode(profile), profile.version)

    def entities(self, company: str) -> tuple[LegalEntity, ...]:
        """All legal entities by code."""
        return tuple(decode(LegalEntity, doc) for doc in self._named(company, "ENTITY#"))

    def put_entity(self, company: str, entity: LegalEntity) -> None:
        """Store an entity as its version; raises `VersionConflict` unless that is the next."""
        self._put_versioned(company, f"ENTITY#{entity.code}", encode(entity), entity.version)

    def sites(self, company: str) -> tuple[Site, ...]:
        """All sites by code."""
        return tuple(decode(Site, doc) for doc in self._named(company, "SITE#"))

    def put_site(self, company: str, site: Site) -> None:
        """Store a site as its version; raises `VersionConflict` unless that is the next."""
        self._put_versioned(company, f"SITE#{site.code}", encode(site), site.version)

    def attributes(self, company: str) -> tuple[Attribute, ...]:
        """All attribute definitions by type of record and id."""
        return tuple(decode(Attribute, doc) for doc in self._named(company, "ATTRIBUTE#"))

    def put_attribute(self, company: str, attribute: Attribute) -> None:
        """Store a definition as its version; raises `VersionConflict` unless that is the next."""
        sk = f"ATTRIBUTE#{attribute.record_type}#{attribute.id}"
        self._put_versioned(company, sk, encode(attribute), attribute.version)

    def tags(self, company: str) -> tuple[Tag, ...]:
        """All tags by code."""
        return tuple(decode(Tag, doc) for doc in self._named(company, "TAG#"))

    def put_tag(self, company: str, tag: Tag) -> None:
        """Store a tag as its version; raises `VersionConflict` unless that is the next."""
        self._put_versioned(company, f"TAG#{tag.code}", encode(tag), tag.version)

    def client(self, client_id: str) -> Client | None:
        """Whom an OAuth client acts for, or None."""
        doc = self._partition(f"CLIENT#{client_id}").get("CLIENT")
        return None if doc is None else decode(Client, doc)

    def put_client(self, client: Client) -> None:
        """Register an OAuth client."""
        self._put(_key(f"CLIENT#{client.id}", "CLIENT") | _doc(encode(client)))

    def policy(self, company: str, channel: str | None = None) -> Policy:
        """Effective settings of a channel, or of the company, with those of its sites."""
        own = {} if channel is None else self.settings(company, f"CHANNEL#{channel}")
        known = self._company(company).items()
        sites = {name.removeprefix(AT_SITE): doc for name, doc in known if name.startswith(AT_SITE)}
        return register.policy(self.settings(company, register.COMPANY), own, sites)

    def settings(self, company: str, level: str) -> dict[str, Any]:
        """Values set at one level, by setting name."""
        values: dict[str, Any] = self._company(company).get(f"SETTINGS#{level}", {})
        return dict(values)

    def put_settings(self, company: str, level: str, values: dict[str, Any]) -> None:
        """Replace the values set at one level; raises `Malformed` for what cannot be stored."""
        register.check(level, values)
        self._put(_key(company, f"SETTINGS#{level}") | _doc(values))
        self._enroll(company)

    def companies(self) -> tuple[str, ...]:
        """All companies of this deployment."""
        return tuple(sorted(self._partition("COMPANIES")))

    def _company(self, company: str) -> dict[str, Any]:
        return self._partition(company)

    def _named(self, company: str, prefix: str) -> list[Any]:
        rows = sorted(self._company(company).items())
        return [doc for name, doc in rows if name.startswith(prefix)]

    def _partition(self, pk: str) -> dict[str, Any]:
        read_at, rows = self._kept.get(pk, (0.0, {}))
        if pk in self._kept and self._ticks() - read_at < SECONDS_KEPT:
            return rows
        read_at, rows = self._ticks(), {}
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table, ConsistentRead=True, KeyConditionExpression="#pk = :pk",
            ExpressionAttributeNames={"#pk": "pk"}, ExpressionAttributeValues={":pk": {"S": pk}},
        )  # fmt: skip
        for page in pages:
            rows |= {row["sk"]["S"]: json.loads(row["doc"]["S"]) for row in page["Items"]}
        self._kept[pk] = (read_at, rows)
        return rows

    def _put_versioned(self, company: str, sk: str, doc: Any, version: int) -> None:
        row = _key(company, sk) | _doc(doc) | {"version": {"N": str(version)}}
        try:
            self._put(row, version - 1)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            raise VersionConflict(f"{sk} changed meanwhile") from error
        self._enroll(company)

    def _put(self, row: Row, expected: int | None = None) -> None:
        guard: Row = {}
        if expected == 0:
            guard = {
                "ConditionExpression": "attribute_not_exists(#pk)",
                "ExpressionAttributeNames": {"#pk": "pk"},
            }
        elif expected is not None:
            guard = {
                "ConditionExpression": "#version = :version",
                "ExpressionAttributeNames": {"#version": "version"},
                "ExpressionAttributeValues": {":version": {"N": str(expected)}},
            }
        try:
            self._client.put_item(TableName=self._table, Item=row, **guard)
        finally:
            self._kept.pop(row["pk"]["S"], None)

    def _enroll(self, company: str) -> None:
        if company not in self.companies():
            self._put(_key("COMPANIES", company) | _doc({}))


def _key(pk: str, sk: str) -> Row:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _doc(value: Mapping[str, Any]) -> Row:
    return {"doc": {"S": json.dumps(value, separators=(",", ":"), ensure_ascii=False)}}
