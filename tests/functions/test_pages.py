"""Lists that are short by nature come in pages as well (API-07)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.functions.world import World, client

LISTS = {"sites": "/v1/sites", "channels": "/v1/channels"}


def read(world: World, path: str, **query: str) -> Any:
    return world.http("administration", "GET", path, claims=client(), query=query)


@pytest.mark.parametrize("name", sorted(LISTS))
def test_pages_make_up_the_list(world: World, name: str) -> None:
    """API-07: the cursor leads from page to page; the last page has none."""
    every = read(world, LISTS[name]).body
    assert every["cursor"] is None
    assert len(every[name]) > 1
    found, cursor = [], None
    while True:
        more: dict[str, str] = {} if cursor is None else {"cursor": cursor}
        page = read(world, LISTS[name], limit="1", **more).body
        found += page[name]
        cursor = page["cursor"]
        if cursor is None:
            break
        assert len(page[name]) == 1
    assert found == every[name]


def test_a_page_has_its_limits(world: World) -> None:
    """API-10, API-05: at most 200 a page; a cursor that was never given is malformed."""
    assert read(world, "/v1/sites", limit="201").status == 400
    answer = read(world, "/v1/sites", cursor="nowhere")
    assert (answer.status, answer.body["code"]) == (400, "INVALID_CURSOR")
