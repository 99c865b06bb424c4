"""The pages, each of one command."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from starlette.responses import Response

from listsync.lean_dataclasses import dataclass
from listsync.protocol import Reason
from listsync.terminal.output import duration, time_of
from listsync.web.dashboard.agent_view import LatestOverview, status_of
from listsync.web.dashboard.forms import OUTCOMES
from listsync.web.dashboard.render import Viewer
from listsync.web.dashboard.response import STEPS, Responder, page_route
from listsync.web.dashboard.words import SAID
from listsync.web.routes import HttpError, HttpRoute, WebRequest

if TYPE_CHECKING:
    from listsync.protocol.shapes import RunShape

_ROWS, _FEW = 50, 20


@dataclass(frozen=True, slots=True)
class Pages:
    """Answers what a browser asks for with GET."""

    answers: Responder
    latest: LatestOverview

    def routes(self) -> tuple[HttpRoute, ...]:
        return (
            page_route("/", self.overview, "Show how everything is."),
            page_route("/ui/lists", self.lists, "Show all lists."),
            page_route("/ui/list", self.one_list, "Show one list, by its name."),
            page_route("/ui/items", self.items, "Search what is on the lists."),
            page_route("/ui/item", self.item, "Explain one title."),
            page_route("/ui/review", self.review, "Show the titles that wait for a person."),
            page_route("/ui/runs", self.runs, "Show the runs."),
            page_route("/ui/runs/{run_id}", self.run, "Show one run."),
            page_route("/ui/notices", self.notices, "Show the notices."),
            page_route("/ui/settings", self.settings, "Show what is in force."),
            page_route("/ui/{rest:path}", self.nothing, "Say that there is no such page."),
        )

    async def overview(self, request: WebRequest) -> Response:
        view = await self.latest.get()
        facts = {"view": view, "outcomes": OUTCOMES, "steps": STEPS}
        return self._page("overview.html", request, "/", **facts)

    async def lists(self, request: WebRequest) -> Response:
        return await self._rows(request, "lists", {})

    async def one_list(self, request: WebRequest) -> Response:
        name = request.query.get("name", "")
        reply = await self.answers.backend.ask("lists", {"name": name})
        return self._page("list.html", request, "/ui/lists", reply=reply, name=name)

    async def items(self, request: WebRequest) -> Response:
        params = {"query": "q", "list": "list"}
        return await self._rows(request, "items", params)

    async def item(self, request: WebRequest) -> Response:
        """Explain a title; on one page stand few, as each is looked at closely."""
        fields = _fields(request, "q", "cursor")
        params = {"query": fields["q"], **_cursor(fields)}
        reply = await self.answers.backend.ask("explain", params)
        return self._page("item.html", request, "/ui/items", reply=reply, fields=fields)

    async def review(self, request: WebRequest) -> Response:
        fields = _fields(request, "decided", "cursor")
        params = {"decided": bool(fields["decided"]), "limit": _FEW, **_cursor(fields)}
        reply = await self.answers.backend.ask("review", params)
        return self._page("review.html", request, "/ui/review", reply=reply, fields=fields)

    async def runs(self, request: WebRequest) -> Response:
        return await self._rows(request, "runs", {}, took=_took)

    async def run(self, request: WebRequest) -> Response:
        fields = _fields(request, "cursor")
        run_id = request.request.path_params["run_id"]
        params = {"run_id": run_id, "limit": _ROWS, **_cursor(fields)}
        reply = await self.answers.backend.ask("runs", params)
        facts = {"reply": reply, "fields": fields, "took": _took}
        return self._page("run.html", request, "/ui/runs", **facts)

    async def notices(self, request: WebRequest) -> Response:
        fields = _fields(request, "open", "cursor")
        params = {"open": bool(fields["open"]), "limit": _ROWS, **_cursor(fields)}
        reply = await self.answers.backend.ask("notices", params)
        return self._page("notices.html", request, "/ui/notices", reply=reply, fields=fields)

    async def settings(self, request: WebRequest) -> Response:
        backend = self.answers.backend
        fields = _fields(request, "defaults", "cursor")
        params = {"defaults": bool(fields["defaults"]), **_cursor(fields)}
        reply = await backend.ask("config", params)
        status = await status_of(backend)
        facts = {"status": status, "http": backend.settings, "reply": reply, "fields": fields}
        return self._page("settings.html", request, "/ui/settings", **facts)

    async def nothing(self, _: WebRequest) -> Response:
        raise HttpError(404, Reason.NOT_FOUND, "there is no such page")

    async def _rows(
        self, request: WebRequest, command: str, asked: Mapping[str, str], **facts: object
    ) -> Response:
        """Show one page of the rows of *command*; *asked*: by which field each parameter goes."""
        fields = _fields(request, *asked.values(), "cursor")
        said = {name: fields[field] for name, field in asked.items() if fields[field]}
        params = {**said, "limit": _ROWS, **_cursor(fields)}
        reply = await self.answers.backend.ask(command, params)
        facts = {"reply": reply, "fields": fields, **facts}
        return self._page(f"{command}.html", request, f"/ui/{command}", **facts)

    def _page(self, template: str, request: WebRequest, current: str, **facts: object) -> Response:
        base_path = self.answers.backend.settings.base_path
        viewer = Viewer(base_path=base_path, identity=request.identity)
        said = SAID.get(request.query.get("said", ""))
        facts = {"current": current, "said": said, **facts}
        return self.answers.page(template, viewer, facts)


def _fields(request: WebRequest, *names: str) -> dict[str, str]:
    return {name: request.query.get(name, "").strip() for name in names}


def _cursor(fields: Mapping[str, str]) -> dict[str, str]:
    return {"cursor": fields["cursor"]} if fields["cursor"] else {}


def _took(run: RunShape) -> str:
    begin, end = time_of(run["started_at"]), time_of(run["ended_at"])
    return duration((end - begin).total_seconds()) if begin and end else ""
