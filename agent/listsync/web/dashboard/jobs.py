"""Copies: the page of all, kept true while somebody looks on, and the page of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from starlette.responses import Response, StreamingResponse

from listsync.lean_dataclasses import dataclass
from listsync.protocol import Reason
from listsync.terminal.output import plural
from listsync.web.dashboard.agent_view import status_of
from listsync.web.dashboard.live import HEADERS, Broadcaster
from listsync.web.dashboard.render import Viewer
from listsync.web.dashboard.response import Responder, page_route
from listsync.web.dashboard.words import SAID, StateMark, Tone
from listsync.web.routes import HttpError, HttpRoute, WebRequest

if TYPE_CHECKING:
    from listsync.protocol.job_shapes import (
        CopyProgressShape,
        JobShape,
        RootShape,
        ScanShape,
        TransfersShape,
    )
    from listsync.protocol.transfers import JobsReply, ScansReply

PATH = "/ui/jobs"
_LIVE = f"{PATH}/live"
_ROWS, _SCANS, _RUNNING = 50, 6, 100
_LONGEST = 18
"""So many digits has no number of a copy."""
SHOWN: Mapping[str, Sequence[str]] = {
    "": (),
    "active": ("queued", "running", "blocked", "retry_wait"),
    "failed": ("retry_wait", "needs_attention"),
}
"""Which states each tab shows; none: all."""
CAN_RETRY = frozenset({"retry_wait", "blocked", "needs_attention", "cancelled"})
CAN_CANCEL = frozenset({"queued", "running", "retry_wait", "blocked", "needs_attention"})


@dataclass(frozen=True, slots=True)
class BatchView:
    """Copies that run together."""

    jobs: Sequence[JobShape]
    progress: CopyProgressShape | None

    @property
    def name(self) -> str:
        more = len(self.jobs) - 1
        return f"{self.jobs[0]['title']} and {more:,} more" if more else self.jobs[0]["title"]

    @property
    def number(self) -> int:
        return self.jobs[0]["id"]


@dataclass(frozen=True, slots=True)
class CopiesView:
    """All that the page of copies shows above its rows."""

    transfers: TransfersShape | None
    running: Sequence[JobShape]
    scans: Sequence[ScanShape]

    @property
    def headline(self) -> StateMark:
        """Say in one sentence how copies are, the worst first."""
        now = self.transfers
        if now is None:
            return StateMark("Nothing is copied yet.", Tone.QUIET)
        if needs := now["needs_attention"]:
            verb = "needs" if needs == 1 else "need"
            return StateMark(f"{plural(needs, 'copy', 'copies')} {verb} you.", Tone.BAD)
        if any(not one["is_healthy"] for one in now["roots"]):
            return StateMark("A folder is not well: its copies wait for it.", Tone.WARN)
        if running := now["running"]:
            verb = "is" if running == 1 else "are"
            words = f"{plural(running, 'file')} {verb} being copied."
            return StateMark(words, Tone.BUSY)
        if waits := now["waiting"] + now["blocked"]:
            verb = "waits" if waits == 1 else "wait"
            return StateMark(f"{plural(waits, 'copy', 'copies')} {verb}.", Tone.WAITS)
        return StateMark("Nothing is left to copy.", Tone.GOOD)

    @property
    def roots(self) -> Sequence[RootShape]:
        return self.transfers["roots"] if self.transfers else ()

    @property
    def batches(self) -> Sequence[BatchView]:
        """What runs, together as it is copied."""
        return [*_batches(self.running)]


def _batches(running: Sequence[JobShape]) -> Iterator[BatchView]:
    found: dict[tuple[int, ...], list[JobShape]] = {}
    for job in running:
        now = job.get("progress")
        found.setdefault(tuple(now["jobs"]) if now else (job["id"],), []).append(job)
    for jobs in found.values():
        yield BatchView(jobs, jobs[0].get("progress"))


class JobPages:
    """Answers below `/ui/jobs`."""

    def __init__(self, answers: Responder) -> None:
        self._answers = answers
        self._backend = answers.backend
        self.broadcaster = Broadcaster(self._look)
        self._backend.at_end(self.broadcaster.end)
        self._backend.at_change(self.broadcaster.look_who_may)

    def pages(self) -> tuple[HttpRoute, ...]:
        return (
            page_route(PATH, self.jobs, "Show all copies."),
            page_route(f"{PATH}/{{job_id}}", self.job, "Show one copy."),
        )

    def events(self) -> HttpRoute:
        return page_route(_LIVE, self.live, "Tell what changes of the copies, as events.")

    async def jobs(self, request: WebRequest) -> Response:
        """Show how copies are, and a page of them."""
        fields = {name: request.query.get(name, "").strip() for name in ("show", "cursor")}
        fields["show"] = fields["show"] if fields["show"] in SHOWN else ""
        view, reply = await self._view(), await self._rows(fields)
        is_live = not any(fields.values())
        facts = {"view": view, "reply": reply, "fields": fields, "is_live": is_live}
        return self._page("jobs.html", request, facts)

    async def job(self, request: WebRequest) -> Response:
        """Show one copy."""
        text = request.request.path_params["job_id"]
        if not text.isdecimal() or len(text) > _LONGEST or not int(text):
            raise HttpError(404, Reason.NOT_FOUND, "there is no such copy")
        reply = await self._backend.ask("jobs", {"id": int(text)})
        return self._page("job.html", request, {"reply": reply})

    async def live(self, _: WebRequest) -> Response:
        """Send parts of the page as they change, while the tokens are the same."""
        tokens = self._backend.tokens
        events = self.broadcaster.events(lambda: self._backend.tokens is tokens)
        return StreamingResponse(events, headers=HEADERS, media_type="text/event-stream")

    async def _look(self) -> Mapping[str, str]:
        """Render what may have changed, once for all; forms of it have no session's word."""
        view, reply = await self._view(), await self._rows({"show": "", "cursor": ""})
        viewer = Viewer(base_path=self._backend.settings.base_path)
        render = self._answers.renderer.render
        return {
            "copies": render("copies.html", viewer, view=view, **_MARKS),
            "job-rows": render("job_rows.html", viewer, reply=reply, **_MARKS),
        }

    async def _view(self) -> CopiesView:
        ask = self._backend.ask
        status = await status_of(self._backend)
        running = await ask("jobs", {"state": ["running"], "limit": _RUNNING})
        scans = await ask("scans", {"limit": _SCANS})
        return CopiesView(
            status.get("transfers"),
            cast("JobsReply", running)["jobs"],
            cast("ScansReply", scans)["scans"],
        )

    async def _rows(self, fields: Mapping[str, str]) -> JobsReply:
        states = [*SHOWN[fields["show"]]]
        asked: dict[str, object] = {"limit": _ROWS, **({"state": states} if states else {})}
        if fields["cursor"]:
            asked["cursor"] = fields["cursor"]
        return cast("JobsReply", await self._backend.ask("jobs", asked))

    def _page(self, template: str, request: WebRequest, facts: Mapping[str, object]) -> Response:
        base_path = self._backend.settings.base_path
        viewer = Viewer(base_path=base_path, identity=request.identity)
        said = SAID.get(request.query.get("said", ""))
        return self._answers.page(
            template, viewer, {"current": PATH, "said": said, **_MARKS, **facts}
        )


_MARKS: Mapping[str, object] = {"can_retry": CAN_RETRY, "can_cancel": CAN_CANCEL}
