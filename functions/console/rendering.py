"""Templates of the console; every value is escaped unless a template says that it is markup."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import ChainableUndefined, Environment, FileSystemLoader

from functions.console.exchange import Answer, Request
from functions.console.i18n import LANGUAGES, Speech, message
from functions.console.tones import tone

HERE = Path(__file__).parent
ASSETS = HERE / "assets"
KINDS: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}  # fmt: skip
EFFECTS: Mapping[str, str] = {
    "RESERVE": message("reserved from stock"), "RELEASE": message("given back to stock"),
    "LEAVE": message("taken from the site"), "ALLOCATE": message("given to the site"),
    "QUEUE": message("put in line for stock"), "BACKORDER": message("promised from what comes in"),
    "RELEASECART": message("given back by the cart"), "PICK": message("picked"),
    "SHIP": message("shipped"),
}  # fmt: skip
"""What happens to units, in the words of people who are on the phone."""
FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class View:
    """What every page is told: who looks, in which language, when; `person` is their id."""

    request: Request
    speech: Speech
    now: datetime
    theme: str = ""
    user: str = ""
    person: str = ""
    csrf: str = ""


def page(view: View, template: str, status: int = 200, **values: Any) -> Answer:
    """A page, or for htmx only its `content` block where the template has one."""
    found = _environment().get_template(template)
    names = _names(view) | values
    if view.request.fragment and "content" in found.blocks:
        context = found.new_context(names)
        return Answer("".join(found.blocks["content"](context)), status)
    return Answer(found.render(names), status)


def part(view: View, template: str, status: int = 200, **values: Any) -> Answer:
    """A part of a page."""
    return Answer(_environment().get_template(template).render(_names(view) | values), status)


def asset(name: str) -> Answer:
    """A file that browsers keep for ever under its hashed name; 404 for anything else."""
    plain = {hashed: real for real, hashed in _hashed().items()}.get(name)
    if plain is None:
        return Answer("", 404)
    path = ASSETS / plain
    headers = {"Content-Type": KINDS[path.suffix], "Cache-Control": FOREVER}
    return Answer(path.read_bytes(), headers=headers)


def _names(view: View) -> dict[str, Any]:
    speech = view.speech
    return {
        "view": view, "_": speech.text, "words": speech.words, "money": speech.money,
        "number": speech.number, "moment": speech.moment, "tone": tone,
        "languages": LANGUAGES, "effects": EFFECTS,
        "ago": lambda text: speech.ago(text, view.now), "asset": _asset_url,
    }  # fmt: skip


def _asset_url(name: str) -> str:
    return f"/console/assets/{_hashed()[name]}"


@cache
def _hashed() -> dict[str, str]:
    found = {}
    for path in ASSETS.iterdir():
        if path.suffix in KINDS:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()[:10]
            found[path.name] = f"{path.stem}.{digest}{path.suffix}"
    return found


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=ChainableUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
