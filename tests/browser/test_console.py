"""The console as deployed, in a real browser: its work by hand and by keyboard, in both themes.

Cites UIX-01, UIX-04, UIX-06, UIX-07 (accessible, keyboard, phone, dark), UIX-10, AIT-01, DSH-01.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from infra.local.build import ROOT
from tests.browser.conftest import Deployed

SHOTS = ROOT / ".throughline" / "shots"
Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
# One system at a time on a machine: with those of tests/infra.
pytestmark = pytest.mark.xdist_group("cloud")


@dataclass
class Desk:
    """Somebody at a screen; notes what a browser complains about and whom it calls."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def watch(self) -> None:
        """Begin to take notes."""
        self.page.on("console", lambda told: self.complaints.append(f"{told.type}: {told.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))

    def sign_in(self, role: str = "service_manager", password: str = "") -> None:
        """Through the form."""
        self.page.goto(self.url)
        self.page.get_by_label("User name").fill(role)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()

    def shoot(self, name: str) -> None:
        """Keep a picture for people."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


def _desk(browser: Browser, deployed: Deployed, theme: Theme, width: int) -> Desk:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=theme, locale="en-US",
        timezone_id="UTC",
    )  # fmt: skip
    context.set_default_timeout(30_000)
    desk = Desk(context.new_page(), deployed.url)
    desk.watch()
    return desk


@pytest.fixture
def desk(browser: Browser, deployed: Deployed) -> Iterator[Desk]:
    found = _desk(browser, deployed, "light", 1360)
    found.sign_in(password=deployed.endpoints.users["service_manager"].password)
    expect(found.page.get_by_role("heading", name="What needs attention")).to_be_visible()
    yield found
    found.page.context.close()
    assert found.hosts == {urlsplit(deployed.url).netloc}


def test_somebody_signs_in_finds_an_order_and_signs_out(desk: Desk, deployed: Deployed) -> None:
    """UIX-01, UIX-04, DSH-01: home, the list behind a number, the box, an order, out."""
    page = desk.page
    page.get_by_role("link", name=re.compile("^Alerted")).click()
    expect(page.locator(f'[data-row] a[href$="{deployed.declined}"]')).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("Quick search: Alerted"))).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("ann@example.com")
    page.keyboard.press("Enter")
    expect(page.locator("[data-row]")).to_have_count(3)
    expect(page.get_by_text(re.compile("as of"))).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator("[data-row] a[data-open]").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("User name")).to_be_visible()
    page.goto(f"{deployed.url}/orders")
    expect(page.get_by_label("User name")).to_be_visible()
    assert desk.complaints == []


def test_a_unit_is_canceled_as_it_was_calculated(desk: Desk, deployed: Deployed) -> None:
    """UIX-06: form, preview, submit; focus goes into the dialog and comes back."""
    page = desk.page
    page.goto(f"{deployed.url}/orders/{deployed.good}")
    opener = page.get_by_role("button", name="Cancel units")
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    opener.click()
    expect(dialog).to_be_visible()
    dialog.get_by_role("spinbutton").first.fill("1")
    dialog.get_by_role("button", name="Calculate").click()
    expect(dialog.get_by_text("What will happen")).to_be_visible()
    expect(dialog.get_by_text("given back to stock")).to_be_visible()
    desk.shoot("cancel")
    dialog.get_by_role("button", name="Submit").click()
    expect(page.get_by_text(re.compile("1 canceled"))).to_be_visible()
    expect(page.get_by_text("Line canceled")).to_be_visible()
    assert desk.complaints == []


def test_an_action_item_is_taken_and_fixed(desk: Desk, deployed: Deployed) -> None:
    """AIT-01 to AIT-03, ORD-07: one click with preview, and the item is over by itself."""
    page = desk.page
    page.goto(f"{deployed.url}/action-items")
    row = page.locator("[data-row]").filter(has_text="Payment declined")
    row.get_by_role("button", name="Take").click()
    expect(row.get_by_text("You", exact=True)).to_be_visible()
    row.get_by_role("button", name="Cancel order").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("What will happen")).to_be_visible()
    desk.shoot("fix")
    dialog.get_by_role("button", name="Submit").click()
    expect(dialog).to_be_hidden()
    page.goto(f"{deployed.url}/action-items")
    expect(row).to_have_count(0)
    page.goto(f"{deployed.url}/orders/{deployed.declined}")
    expect(page.get_by_text("Line canceled")).to_be_visible()
    assert desk.complaints == []


def _pages(deployed: Deployed) -> dict[str, str]:
    return {
        "home": "", "orders": "/orders", "nothing": "/orders?q=nobody-at-all",
        "order": f"/orders/{deployed.good}", "items": "/action-items", "missing": "/nowhere",
    }  # fmt: skip


@pytest.mark.parametrize("theme", THEMES)
def test_pages_are_accessible_in_both_themes(
    browser: Browser, deployed: Deployed, theme: Theme
) -> None:
    """UIX-07, UIX-10: axe finds nothing serious on any page, nor in an open dialog."""
    desk = _desk(browser, deployed, theme, 1360)
    desk.page.goto(deployed.url)
    desk.shoot(f"sign-in-{theme}")
    found = _serious(desk.page, "sign-in")
    desk.sign_in(password=deployed.endpoints.users["service_manager"].password)
    expect(desk.page.get_by_role("heading", name="What needs attention")).to_be_visible()
    for name, path in _pages(deployed).items():
        desk.page.goto(deployed.url + path)
        desk.shoot(f"{name}-{theme}")
        found += _serious(desk.page, name)
    desk.page.goto(f"{deployed.url}/orders/{deployed.good}")
    desk.page.get_by_role("button", name="Cancel units").click()
    desk.page.get_by_role("spinbutton").first.fill("1")
    desk.page.get_by_role("button", name="Calculate").click()
    expect(desk.page.get_by_text("What will happen")).to_be_visible()
    desk.shoot(f"dialog-{theme}")
    found += _serious(desk.page, "dialog")
    desk.page.context.close()
    assert found == []
    assert desk.hosts == {urlsplit(deployed.url).netloc}


def _serious(page: Page, name: str) -> list[Any]:
    violations = Axe().run(page).response["violations"]
    return [
        (name, one["id"], [node["html"][:160] for node in one["nodes"]])
        for one in violations
        if one["impact"] in ("serious", "critical")
    ]


def test_a_phone_shows_every_page_without_scrolling_sideways(
    browser: Browser, deployed: Deployed
) -> None:
    """UIX-07: 320 CSS pixels wide."""
    desk = _desk(browser, deployed, "light", 320)
    desk.sign_in(password=deployed.endpoints.users["service_manager"].password)
    expect(desk.page.get_by_role("heading", name="What needs attention")).to_be_visible()
    wide = []
    for name, path in _pages(deployed).items():
        desk.page.goto(deployed.url + path)
        desk.shoot(f"{name}-phone")
        if desk.page.evaluate("document.documentElement.scrollWidth") > 320:
            wide.append(name)
    menu = desk.page.get_by_role("button", name="Menu")
    menu.click()
    expect(menu).to_have_attribute("aria-expanded", "true")
    desk.page.get_by_role("link", name="Orders").click()
    expect(desk.page.get_by_role("heading", name="Orders")).to_be_visible()
    desk.page.context.close()
    assert wide == []


def test_a_wrong_password_is_refused_in_words(browser: Browser, deployed: Deployed) -> None:
    desk = _desk(browser, deployed, "light", 1360)
    desk.sign_in(password="Not-the-password-1")
    expect(desk.page.get_by_role("alert")).to_have_text("User name, password or code is wrong.")
    desk.page.context.close()
