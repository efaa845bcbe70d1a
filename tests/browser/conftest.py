"""A browser at the front door of a deployed system that is seeded and has a few orders.

A machine without Chromium skips these tests, or fails them under THROUGHLINE_BROWSER=required.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, sync_playwright

from infra.local.cloud import Endpoints, LocalCloud
from infra.local.job.client import Caller
from infra.local.job.feeds import Offer, offers
from infra.local.job.seed import seed
from infra.local.job.world import invented

PATIENCE_SECONDS = 90.0
_QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
)  # fmt: skip


@dataclass(frozen=True)
class Deployed:
    """Where the console is, and two orders: one on its way, one whose card was declined."""

    endpoints: Endpoints
    good: str
    declined: str

    @property
    def url(self) -> str:
        """The console's own address."""
        return self.endpoints.console_url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        if os.environ.get("THROUGHLINE_BROWSER") == "required":
            pytest.fail("Chromium is not installed")
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(_QUIET))
        yield running
        running.close()


@pytest.fixture(scope="module")
def deployed(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """A system of its own: other tests count every order there is."""
    with LocalCloud.start(tmp_path_factory.mktemp("console")) as endpoints:
        sold = offers(invented(6))
        seed(endpoints, sold)
        shop = Caller(endpoints, "web")
        ids = [_place(shop, sold[0], number, token) for number, token in enumerate(_TOKENS)]
        _wait(shop, ids[0], "AWAITING_FULFILLMENT")
        _alerted(shop, ids[1])
        _indexed(shop, len(ids))
        yield Deployed(endpoints, ids[0], ids[1])


_TOKENS = ("tok_ok", "tok_decline_hard", "tok_ok")


def _place(shop: Caller, offer: Offer, number: int, token: str) -> str:
    """One unit more of the first, so that one can be canceled."""
    line = offer.body["lines"][0] | {"quantity": 1 if number else 2}
    address = offer.body["groups"][0]["address"] | {"name": "Ann Lee"}
    body = offer.body | {
        "externalNumber": f"DESK-{number}", "lines": [line],
        "customer": {"name": "Ann Lee", "email": "ann@example.com"},
        "groups": [{"id": "1", "method": "STANDARD", "address": address}],
        "tenders": [{"method": "CARD", "token": token, "brand": "VISA", "lastFour": "4242"}],
    }  # fmt: skip
    reply = shop.call("POST", "/v1/orders", body, f"k-desk-{number}")
    assert reply.status == 201, reply
    return str(reply.body["id"])


def _wait(shop: Caller, order_id: str, state: str) -> None:
    _until(lambda: shop.call("GET", f"/v1/orders/{order_id}").body["state"] == state)


def _alerted(shop: Caller, order_id: str) -> None:
    _until(lambda: shop.call("GET", f"/v1/orders/{order_id}").body["attention"].get("items"))


def _indexed(shop: Caller, orders: int) -> None:
    _until(lambda: len(shop.call("GET", "/v1/orders").body["orders"]) == orders)


def _until(reached: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.3)
