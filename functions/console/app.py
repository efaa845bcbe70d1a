"""Requests of browsers: assets, signing in, and the pages of those who are signed in."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from oms.kernel.errors import Forbidden, OmsError
from oms_aws import telemetry, wiring, wiring_console
from oms_aws.http import Api
from oms_aws.sessions import LIFETIME, Session
from oms_aws.sign_in import Challenge

from functions.console.backend import ApiProblem, Backend, make_api
from functions.console.exchange import Answer, Request, redirect
from functions.console.i18n import LANGUAGES, message, speech
from functions.console.pages import action_items, dashboard, order, orders
from functions.console.rendering import View, asset, page
from functions.console.visits import Route, Visit, nowhere, shown

HOME = "/console"
COOKIE, LANGUAGE, THEME = "__Host-session", "language", "theme"
ROUTES: tuple[Route, ...] = (
    *dashboard.ROUTES, *orders.ROUTES, *order.ROUTES, *action_items.ROUTES,
)  # fmt: skip


class Console:
    """The web application behind /console."""

    @cached_property
    def _api(self) -> Api:
        return make_api()

    def answer(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        """The integration response to an API Gateway event."""
        request = Request.of(event)
        answer = self._respond(request, context)
        telemetry.flush()
        return answer.event(request)

    def _respond(self, request: Request, context: LambdaContext) -> Answer:
        if request.path.startswith(f"{HOME}/assets/"):
            return asset(request.path.removeprefix(f"{HOME}/assets/"))
        if request.path == f"{HOME}/sign-in":
            return self._sign_in(request)
        if request.path == f"{HOME}/preferences" and request.method == "POST":
            return _prefer(request)
        session = self._session(request)
        if session is None:
            return redirect(request, f"{HOME}/sign-in")
        view = _view(request, session)
        if request.method == "POST" and not _genuine(request, session):
            return page(view, "problem.html", 403, problem=_FORGED)
        if request.path == f"{HOME}/sign-out" and request.method == "POST":
            return self._sign_out(request)
        return self._visit(request, view, session, context)

    def _visit(
        self, request: Request, view: View, session: Session, context: LambdaContext
    ) -> Answer:
        for route in ROUTES:
            names = route.match(request.method, request.path.rstrip("/"))
            if names is not None:
                backend = Backend(self._api, session.claims, context)
                visit = Visit(request, view, backend, names)
                try:
                    return route.run(visit)
                except ApiProblem as problem:
                    return shown(visit, problem)
        return page(view, "problem.html", 404, problem=nowhere().body)

    def _session(self, request: Request) -> Session | None:
        name = request.cookies.get(COOKIE)
        return wiring_console.sessions().find(name) if name else None

    def _sign_in(self, request: Request) -> Answer:
        view = _view(request, None)
        if request.method != "POST":
            return page(view, "sign_in.html", challenge=None, username="", problem=None)
        username, password = request.field("username"), request.form.get("password", [""])[-1]
        known = Challenge(request.field("challenge"), request.field("session"))
        try:
            found = (
                wiring_console.sign_in().answer(username, known, password)
                if known.name
                else wiring_console.sign_in().begin(username, password)
            )
        except OmsError as refusal:
            status = 403 if isinstance(refusal, Forbidden) else 503
            return page(
                view, "sign_in.html", status, challenge=None, username=username,
                problem={"code": refusal.code, "detail": _REFUSALS[status]},
            )  # fmt: skip
        if isinstance(found, Challenge):
            return page(view, "sign_in.html", challenge=found, username=username, problem=None)
        return redirect(request, HOME, (_cookie(COOKIE, wiring_console.sessions().open(found)),))

    def _sign_out(self, request: Request) -> Answer:
        wiring_console.sessions().close(request.cookies[COOKIE])
        return redirect(request, f"{HOME}/sign-in", (_cookie(COOKIE, "", 0),))


_REFUSALS = {
    403: message("User name, password or code is wrong."),
    503: message("Signing in is not possible at the moment."),
}
_FORGED = {
    "code": "FORGED",
    "detail": message("This form is not from the page you have open; load it again."),
}


def _genuine(request: Request, session: Session) -> bool:
    """Whether the page that sent this was ours: it carries the session's secret."""
    given = request.headers.get("x-csrf-token") or request.field("csrf")
    return hmac.compare_digest(given.encode(), session.csrf.encode())


def _view(request: Request, session: Session | None) -> View:
    claims = session.claims if session else {}
    said = speech(
        request.cookies.get(LANGUAGE), claims.get("zoneinfo"),
        request.headers.get("accept-language", ""),
    )  # fmt: skip
    view = View(request, said, wiring.clock(), theme=request.cookies.get(THEME, ""))
    if session is None:
        return view
    name = str(claims.get("cognito:username") or claims.get("username") or "")
    person = str(claims.get("sub") or name)
    return replace(view, user=name, person=person, csrf=session.csrf)


def _prefer(request: Request) -> Answer:
    """Language and colors are no secret and no right: they live in plain cookies."""
    year = 365 * 24 * 3600
    cookies = []
    if request.field("language") in LANGUAGES:
        cookies.append(_cookie(LANGUAGE, request.field("language"), year))
    if request.field("theme") in ("light", "dark", "system"):
        cookies.append(_cookie(THEME, request.field("theme"), year))
    return redirect(request, _local(request.field("back")), tuple(cookies))


def _local(target: str) -> str:
    return target if target.startswith(HOME) and "//" not in target else HOME


def _cookie(name: str, value: str, seconds: int | None = None) -> str:
    age = int(LIFETIME.total_seconds()) if seconds is None else seconds
    return f"{name}={value}; Path=/; Max-Age={age}; Secure; HttpOnly; SameSite=Lax"
