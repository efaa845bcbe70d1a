"""Small doubles of adapters that only functions use."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from oms.kernel.errors import NotFound
from oms_aws.queues import DeadLetter


class Inbox:
    """The webhook table in memory."""

    def __init__(self) -> None:
        self.bodies: dict[tuple[str, str], bytes] = {}
        self.outcomes: dict[tuple[str, str], str] = {}

    def store(self, company: str, event_id: str, body: bytes) -> bool:
        if (company, event_id) in self.outcomes:
            return False
        self.bodies[company, event_id] = body
        return True

    def handled(self, company: str, event_id: str, outcome: str) -> None:
        self.outcomes[company, event_id] = outcome


@dataclass
class Letters:
    """The dead letters in memory."""

    letters: list[DeadLetter]
    sent: list[tuple[str, str | None]] = field(default_factory=list)

    def look(self) -> list[DeadLetter]:
        return self.letters

    def depth(self) -> int:
        return len(self.letters)

    def retry(self, letter_id: str, handle: str, body: str, client_id: str | None) -> None:
        self.discard(letter_id, handle)
        self.sent.append((body, client_id))

    def discard(self, letter_id: str, handle: str) -> None:
        kept = [letter for letter in self.letters if letter.handle != handle]
        if len(kept) == len(self.letters):
            raise NotFound("DEAD_LETTER_NOT_FOUND", letter_id)
        self.letters = kept


class NoDecisions:
    """No order has a decision record."""

    def of_order(self, company: str, order_id: str) -> list[dict[str, Any]]:
        return []
