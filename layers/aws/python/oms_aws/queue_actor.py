"""Whom a queue message acts for: its `client` attribute, an OAuth client id, says it.

Who may send to a queue at all is the queue's own permission. Without the attribute the one company
of this deployment is meant.
"""

from __future__ import annotations

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from oms.kernel.context import Actor, ActorKind
from oms.kernel.errors import Malformed

from oms_aws import wiring


def actor_of(record: SQSRecord) -> Actor:
    """The actor of a message; raises `Malformed` where nobody can be told."""
    client_id = attribute(record, "client")
    if client_id is None:
        companies = wiring.settings().companies()
        if len(companies) != 1:
            raise Malformed("CLIENT_REQUIRED", "the message attribute `client` is required")
        return Actor(ActorKind.CLIENT, "queue", companies[0])
    client = wiring.settings().client(client_id)
    if client is None:
        raise Malformed("UNKNOWN_CLIENT", "the message attribute `client` names no client")
    return Actor(ActorKind.CLIENT, client.id, client.company, channel=client.channel)


def attribute(record: SQSRecord, name: str) -> str | None:
    """A text attribute of a message."""
    found = record.message_attributes[name]
    return None if found is None else found.string_value
