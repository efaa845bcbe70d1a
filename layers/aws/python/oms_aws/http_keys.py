"""Repeats of calls that no order record remembers: carts, stock, settings, action items (API-03).

The answer is kept under company, client and key for seven days. Every one of these commands takes
effect at most once by itself, by its cause or by the version it replaces, so no mark says that one
is running: of two equal calls at once, the one that comes second finds the effect done and waits
for the answer of the first.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from oms.kernel.errors import Conflict, NotFound
from oms.kernel.outcome import sealed, shape
from oms.lifecycle.ports import Marker

from oms_aws.http_calls import Call, Reply

KEPT = timedelta(days=7)
WAITS = (0.1, 0.2, 0.4, 0.6, 0.7)
"""Seconds between looks for the answer of a call that is running: two in all."""

LOST = ("VERSION_CONFLICT", "STOCK_CONFLICT", "DEAD_LETTER_NOT_FOUND")
"""Refusals that an equal call causes which was faster."""


class Markers(Protocol):
    """Where answers are kept."""

    def marker(self, company: str, key: str) -> Marker | None:
        """The answer a key already got, or None."""

    def remember(self, company: str, marker: Marker) -> None:
        """Keep an answer; the first one of a key stays until it expires."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Answers by key, and the time that ends them."""

    markers: Markers
    clock: Callable[[], datetime]

    def once(self, call: Call, run: Callable[[Call], Reply]) -> Reply:
        """Run a keyed call, or give the answer it got before.

        Raises `Conflict` IDEMPOTENCY_MISMATCH for a key that came with another body.
        """
        if call.key is None or call.dry_run:
            return foreseen(call, run)
        known = self._known(call)
        if known is not None:
            return known
        try:
            reply = foreseen(call, run)
        except (Conflict, NotFound) as refusal:
            return self._of_the_other(call, refusal)
        answer = {"body": reply.body, "version": reply.version}
        expires = self.clock() + KEPT
        marker = Marker(_scoped(call), call.body_hash, reply.status, answer, expires)
        self.markers.remember(call.actor.company, marker)
        return reply

    def _of_the_other(self, call: Call, refusal: Conflict | NotFound) -> Reply:
        """What the equal call answered that came first; else this one is refused by itself."""
        for wait in WAITS if refusal.code in LOST else ():
            known = self._known(call)
            if known is not None:
                return known
            time.sleep(wait)
        raise refusal

    def _known(self, call: Call) -> Reply | None:
        marker = self.markers.marker(call.actor.company, _scoped(call))
        if marker is None or marker.expires_at <= self.clock():
            return None
        if marker.body_hash != call.body_hash:
            raise Conflict("IDEMPOTENCY_MISMATCH", "this key was used with another body")
        kept: dict[str, Any] = marker.answer
        return Reply(kept["body"], marker.status, kept["version"], replayed=True)


def foreseen(call: Call, run: Callable[[Call], Reply]) -> Reply:
    """The reply with its outcome, the same in preview and submit (PVW-02).

    Raises `Conflict` OUTCOME_CHANGED where a preview of this moment comes to something else than
    the caller expects (PVW-03).
    """
    if call.expected_outcome is not None and not call.dry_run:
        foreseen(replace(call, dry_run=True), run)
    reply = run(call)
    told = sealed(shape(**reply.outcome), None, call.expected_outcome if call.dry_run else None)
    return replace(reply, body=reply.body | told)


def _scoped(call: Call) -> str:
    return f"{call.actor.id}#{call.key}"
