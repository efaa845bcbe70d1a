"""The world of a function test."""

from __future__ import annotations

import pytest

from tests.functions.world import World


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A company with two channels, two sites and stock."""
    return World(monkeypatch)
