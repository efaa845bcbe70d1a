"""The console: signing in, what browsers are told, and pages in every role and language.

Cites UIX-01, UIX-07, LOC-01, SEC-01, SEC-04.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from oms_aws.http_actor import ROLE_SCOPES
from oms_aws.sessions import LIFETIME

from tests.functions.console import PASSWORD, Browser, Page, declined, placed
from tests.functions.world import World

ROLES = (*ROLE_SCOPES, "nobody")

# --- Signing in --------------------------------------------------------------------------------


def test_the_cookie_of_a_session_is_for_this_host_and_out_of_reach_of_scripts(
    browser: Browser,
) -> None:
    page = browser.sign_in()
    assert (page.status, page.headers["location"]) == (303, "/console")
    (cookie,) = browser.set_cookies
    parts = cookie.split("; ")
    assert parts[0].startswith("__Host-session=")
    assert {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"} <= set(parts)
    assert f"Max-Age={int(LIFETIME.total_seconds())}" in parts
    assert browser.get("/console").status == 200


def test_a_wrong_password_is_refused_without_saying_which_part_is_wrong(browser: Browser) -> None:
    page = browser.sign_in(password="guess")
    assert (page.status, browser.set_cookies) == (403, [])
    assert "User name, password or code is wrong." in page.text
    assert "guess" not in page.text


def test_a_user_pool_that_does_not_answer_is_told(browser: Browser) -> None:
    browser.pool.down = True
    assert browser.sign_in().status == 503


def test_a_second_factor_is_asked_for(browser: Browser) -> None:
    browser.pool.challenge = "SOFTWARE_TOKEN_MFA"
    page = browser.sign_in()
    assert (page.status, browser.cookies) == (200, {})
    form = {name: page.hidden(name) for name in ("username", "challenge", "session")}
    refused = browser.post("/console/sign-in", form | {"password": "000000"}, fragment=False)
    assert refused.status == 403
    taken = browser.post("/console/sign-in", form | {"password": "123456"}, fragment=False)
    assert taken.status == 303
    assert browser.get("/console").status == 200


@pytest.mark.parametrize("path", ["/console", "/console/orders", "/console/sign-out"])
def test_without_a_session_every_page_leads_to_signing_in(browser: Browser, path: str) -> None:
    browser.cookies["__Host-session"] = "made-up"
    page = browser.get(path)
    assert (page.status, page.headers["location"]) == (303, "/console/sign-in")
    part = browser.get(path, fragment=True)
    assert (part.status, part.headers["hx-redirect"]) == (200, "/console/sign-in")


def test_a_session_ends(manager: Browser) -> None:
    """`security.sessionMinutes`."""
    manager.world.now += LIFETIME
    assert manager.get("/console").headers["location"] == "/console/sign-in"


def test_signing_out_ends_the_session_and_takes_a_form_of_ours(manager: Browser) -> None:
    known = dict(manager.cookies)
    assert manager.get("/console/sign-out").status == 404
    assert manager.post("/console/sign-out", csrf="", fragment=False).status == 403
    page = manager.post("/console/sign-out", fragment=False)
    assert page.headers["location"] == "/console/sign-in"
    manager.cookies = known
    assert manager.get("/console").status == 303


# --- What browsers are told --------------------------------------------------------------------


def test_every_answer_forbids_foreign_and_inline_code(manager: Browser) -> None:
    for page in (manager.get("/console"), manager.get("/console/nowhere")):
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["cache-control"] == "no-store"


class _Inline(HTMLParser):
    """Finds what the policy would block."""

    found = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        foreign = str(names.get("src") or names.get("href") or "").startswith(("http", "//"))
        if foreign or any(n.startswith("on") or n == "style" for n in names):
            self.found = f"{tag} {names}"
        if tag == "style" or (tag == "script" and "src" not in names):
            self.found = tag


def pages(world: World, browser: Browser) -> dict[str, Page]:
    """Every page with something on it."""
    order_id, item_id = declined(world)
    action = f"/console/orders/{order_id}/actions/cancel"
    return {
        "home": browser.get("/console"),
        "orders": browser.get("/console/orders?q=Ana&state=RECEIVED"),
        "nothing": browser.get("/console/orders?q=nobody-at-all"),
        "refused": browser.get("/console/orders?state=WRONG"),
        "order": browser.get(f"/console/orders/{order_id}"),
        "form": browser.get(action, fragment=True),
        "preview": browser.post(f"{action}/preview", {"line-1": "1", "reason": "CUSTOMER"}),
        "items": browser.get("/console/action-items"),
        "fix": browser.get(f"/console/action-items/{item_id}/fixes/0", fragment=True),
        "missing": browser.get("/console/orders/ord_unknown"),
    }  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
def test_every_page_renders_for_every_role(world: World, browser: Browser, role: str) -> None:
    """UIX-01: a page or a refusal in words, never a failure; nothing that the policy blocks."""
    browser.sign_in(role)
    for name, page in pages(world, browser).items():
        assert page.status < 500, (name, page.text)
        inline = _Inline()
        inline.feed(page.text)
        assert not inline.found, (name, inline.found)
        assert page.text.strip(), name


@pytest.mark.parametrize("language", ["de", "fr", "xx", "en-GB"])
def test_pages_speak_the_language_that_was_chosen(
    world: World, manager: Browser, language: str
) -> None:
    """LOC-01: words, numbers and dates; what is unknown is English."""
    manager.post("/console/preferences", {"language": language, "theme": "dark"}, fragment=False)
    found = pages(world, manager)
    title = {"de": "Aufträge", "fr": "Commandes"}.get(language, "Orders")
    amount = {"de": "49,15\xa0$", "fr": "49,15\xa0$US"}.get(language, "$49.15")
    assert f"<h1>{title}</h1>" in found["orders"].text
    assert amount in found["order"].text.replace("\u202f", "\xa0")
    assert 'data-theme="dark"' in found["home"].text


def test_preferences_lead_back_to_pages_of_the_console_only(browser: Browser) -> None:
    for back in ("https://example.com", "//example.com", "/console//example.com"):
        page = browser.post("/console/preferences", {"back": back}, fragment=False)
        assert page.headers["location"] == "/console"


def test_an_unknown_page_is_not_found(manager: Browser) -> None:
    for path in ("/console/nowhere", "/console/orders/x/y/z", "/console/assets/../app.py"):
        assert manager.get(path).status == 404


def test_assets_are_kept_for_ever_under_the_hash_of_their_content(manager: Browser) -> None:
    (url,) = re.findall(
        r'href="(/console/assets/console\.[0-9a-f]+\.css)"', manager.get("/console").text
    )
    page = manager.get(url)
    assert page.status == 200
    assert "immutable" in page.headers["cache-control"]
    assert manager.get("/console/assets/console.css").status == 404


def test_what_people_typed_is_never_markup(world: World, manager: Browser) -> None:
    """SEC-01: cross-site scripting."""
    evil = "<script>alert(1)</script>"
    order_id = placed(world, customer={"name": evil, "email": "a@example.com"})
    for path in (
        f"/console/orders/{order_id}", "/console/orders", "/console/orders?q=%3Cscript%3Ealert(1)",
    ):  # fmt: skip
        text = manager.get(path).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;" in text


def test_the_password_is_in_no_log(browser: Browser, capsys: pytest.CaptureFixture[str]) -> None:
    """SEC-04."""
    browser.sign_in()
    browser.sign_in(password="another-guess")
    told = "".join(capsys.readouterr())
    assert PASSWORD not in told
    assert "another-guess" not in told
