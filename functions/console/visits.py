"""One look of one signed-in person at one page."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from functions.console.backend import ApiProblem, Backend
from functions.console.exchange import Answer, Request
from functions.console.i18n import message
from functions.console.rendering import View, page, part


@dataclass(frozen=True, slots=True)
class Visit:
    """The request, who sent it and what they may reach; `names` are the parts of the path."""

    request: Request
    view: View
    backend: Backend
    names: Mapping[str, str]

    def page(self, template: str, status: int = 200, **values: object) -> Answer:
        """Answer with a page."""
        return page(self.view, template, status, **values)

    def part(self, template: str, status: int = 200, **values: object) -> Answer:
        """Answer with a part of a page."""
        return part(self.view, template, status, **values)


def nowhere() -> ApiProblem:
    """What asking for a page that does not exist comes to."""
    detail = message("There is no such page.")
    return ApiProblem(404, {"code": "NOT_FOUND", "detail": detail})


Run = Callable[[Visit], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """A page or an action of the console; `{name}` in the path is handed to `run`."""

    method: str
    path: str
    run: Run

    def match(self, method: str, path: str) -> Mapping[str, str] | None:
        """The named parts of `path`, or None where this is another route."""
        if method != self.method:
            return None
        found = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path), path)
        return None if found is None else found.groupdict()


def shown(visit: Visit, problem: ApiProblem) -> Answer:
    """A refusal of the API as people read it; the status is that of the API."""
    if not visit.request.fragment:
        return visit.page("problem.html", problem.status, problem=problem.body)
    answer = visit.part("problem_part.html", problem.status, problem=problem.body)
    if visit.request.headers.get("hx-target") in ("outcome", "dialog"):
        return answer
    return replace(answer, headers={"HX-Retarget": "#notice", "HX-Reswap": "innerHTML"})
