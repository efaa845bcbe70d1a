"""Sessions of people at the console in memory, held to the contract of the real table."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from oms_aws.sessions import LIFETIME, Session


class MemorySessions:
    """A `Sessions` without a table."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._sessions: dict[str, Session] = {}

    def open(self, claims: Mapping[str, Any]) -> str:
        """Begin a session."""
        name = secrets.token_urlsafe(32)
        csrf, expires = secrets.token_urlsafe(24), self._clock() + LIFETIME
        self._sessions[name] = Session(dict(claims), csrf, expires.replace(microsecond=0))
        return name

    def find(self, name: str) -> Session | None:
        """The session, unless it has ended."""
        found = self._sessions.get(name)
        return None if found is None or found.expires_at <= self._clock() else found

    def close(self, name: str) -> None:
        """End a session."""
        self._sessions.pop(name, None)
