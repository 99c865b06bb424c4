"""The dashboard as the application gets it: its routes, and its way to say what is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from listsync.web.application import Backend
from listsync.web.dashboard.agent_view import LatestOverview
from listsync.web.dashboard.forms import Forms
from listsync.web.dashboard.jobs import JobPages
from listsync.web.dashboard.live import HEADERS, Broadcaster
from listsync.web.dashboard.login import LoginPages
from listsync.web.dashboard.pages import Pages
from listsync.web.dashboard.render import Renderer, Viewer
from listsync.web.dashboard.response import Responder, page_route
from listsync.web.dashboard.statistics import StatisticsPage
from listsync.web.routes import HttpError, HttpRoute, WebRequest

if TYPE_CHECKING:
    from listsync.protocol.shapes import ListShape

_LIVE = "/ui/live"


class Dashboard:
    """All that a browser shows; made once for a server."""

    def __init__(self, backend: Backend, renderer: Renderer | None = None) -> None:
        self._answers = Responder(backend, renderer or Renderer())
        self._backend = backend
        self.latest = LatestOverview(backend)
        self._pages = Pages(self._answers, self.latest)
        self.jobs = JobPages(self._answers)
        self.broadcaster = Broadcaster(self._look)
        self._lists: tuple[Sequence[ListShape], Viewer, str] | None = None
        backend.at_end(self.broadcaster.end)
        backend.at_change(self.broadcaster.look_who_may)

    def routes(self) -> tuple[HttpRoute, ...]:
        statistics = StatisticsPage(self._answers).route()
        pages = (statistics, *self.jobs.pages(), *self._pages.routes())
        targets = [one.path for one in pages if "{" not in one.path]
        return (
            page_route(_LIVE, self.live, "Tell what changes of the overview, as events."),
            self.jobs.events(),
            *LoginPages(self._answers, targets).routes(),
            *Forms(self._answers).routes(),
            *self._answers.renderer.assets.routes(),
            *pages,  # the last of them is for what is none of all these
        )

    def error_page(self, request: Request, error: HttpError) -> Response:
        """Say to a person what is refused."""
        return self._answers.error(request, error)

    async def live(self, _: WebRequest) -> Response:
        """Send parts of the overview as they change, while the tokens are the same."""
        tokens = self._backend.tokens
        events = self.broadcaster.events(lambda: self._backend.tokens is tokens)
        return StreamingResponse(events, headers=HEADERS, media_type="text/event-stream")

    async def _look(self) -> Mapping[str, str]:
        """Render what may have changed, once for all; forms of it have no session's word."""
        view = await self.latest.get()
        viewer = Viewer(base_path=self._backend.settings.base_path)
        render = self._answers.renderer.render
        if self._lists is None or self._lists[:2] != (view.lists, viewer):
            self._lists = (view.lists, viewer, render("few_lists.html", viewer, view=view))
        return {
            "spoken": render("spoken.html", viewer, view=view),
            "live": render("live.html", viewer, view=view),
            "lists": self._lists[2],
        }
