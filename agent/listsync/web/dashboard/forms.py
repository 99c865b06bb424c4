"""What a person can do with the forms of the pages. A right and the session's word are checked."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from starlette.responses import Response

from listsync.lean_dataclasses import dataclass
from listsync.protocol import Reason
from listsync.web.authorization import form_of
from listsync.web.dashboard.render import Viewer
from listsync.web.dashboard.response import HTML, Responder, is_htmx, page_route, see_other
from listsync.web.dashboard.words import SAID, StateMark, Tone
from listsync.web.routes import HttpError, HttpRoute, WebRequest
from listsync.web.settings import TokenScope

if TYPE_CHECKING:
    from listsync.protocol.messages import OrderReply, ReviewDecideReply

logger = logging.getLogger(__name__)

_ORIGIN = "the dashboard"
_JOBS = "/ui/jobs"
_LONGEST = 18
"""So many digits has no number of a copy."""
REFUSED = StateMark("That was not done.", Tone.BAD)
OUTCOMES: Mapping[str, StateMark] = {
    **{state: SAID[state] for state in ("started", "queued", "coalesced", "passed_on")},
    "": REFUSED,
}
"""What a script says when it has triggered a sync; the last one if that is refused."""


@dataclass(frozen=True, slots=True)
class Forms:
    """Carries out what is posted, and answers 303 to browsers and a part of a page to htmx."""

    answers: Responder

    def routes(self) -> tuple[HttpRoute, ...]:
        table = (
            ("/ui/sync", self.sync, "Sync all lists, or one, now."),
            ("/ui/cancel", self.cancel, "Cancel the running sync."),
            ("/ui/pause", self.pause, "Pause syncing."),
            ("/ui/resume", self.resume, "Resume syncing."),
            ("/ui/reload", self.reload, "Read the configuration again."),
            ("/ui/exclude", self.exclude, "Never request a title."),
            ("/ui/forget", self.forget, "Forget what was done for a title."),
            ("/ui/review", self.decide, "Say what a title is."),
            (f"{_JOBS}/retry", self.retry_copy, "Try a copy again."),
            (f"{_JOBS}/cancel", self.cancel_copy, "Cancel a copy, or dismiss one."),
            (f"{_JOBS}/retry-failed", self.retry_copies, "Try all copies again that failed."),
            (f"{_JOBS}/scan", self.scan, "Have a folder scanned again."),
        )
        control = TokenScope.CONTROL
        return tuple(
            page_route(path, handler, summary, scope=control, method="POST")
            for path, handler, summary in table
        )

    async def sync(self, request: WebRequest) -> Response:
        """Sync; with `force` also in a pause, with `list` that list only."""
        fields = form_of(request.body)
        params: dict[str, object] = {"origin": _ORIGIN}
        if fields.get("force"):
            params["force"] = True
        name = fields.get("list")
        if name:
            params["lists"] = [name]
        reply = cast("OrderReply", await self._ask(request, "trigger", params))
        back = ("/ui/list", {"name": name}) if name else ("/", {})
        return self._done(request, reply["state"], back)

    async def cancel(self, request: WebRequest) -> Response:
        reply = await self._ask(request, "cancel", {})
        return self._done(request, "cancelled" if reply.get("run_id") else "not_running")

    async def pause(self, request: WebRequest) -> Response:
        await self._ask(request, "pause", {})
        return self._done(request, "paused")

    async def resume(self, request: WebRequest) -> Response:
        await self._ask(request, "resume", {})
        return self._done(request, "resumed")

    async def reload(self, request: WebRequest) -> Response:
        await self._ask(request, "reload", {})
        return self._done(request, "reloaded", ("/ui/settings", {}))

    async def exclude(self, request: WebRequest) -> Response:
        item = form_of(request.body).get("item", "")
        await self._ask(request, "exclude", {"item": item})
        return self._done(request, "excluded", ("/ui/item", {"q": item}))

    async def forget(self, request: WebRequest) -> Response:
        item = form_of(request.body).get("item", "")
        reply = await self._ask(request, "forget", {"item": item})
        said = "forgotten" if reply.get("count") else "not_known"
        return self._done(request, said, ("/ui/item", {"q": item}))

    async def decide(self, request: WebRequest) -> Response:
        """Take a title for what waits, or none; htmx gets the card as it is now."""
        fields = form_of(request.body)
        params = {"id": fields.get("id", ""), "choice": fields.get("choice", "")}
        reply = cast("ReviewDecideReply", await self._ask(request, "review_decide", params))
        if not is_htmx(request.request):
            said = "undecided" if _is_undone(fields) else "decided"
            return see_other(self._base_path, "/ui/review", said=said)
        facts = {"id": reply["id"], "message": reply["message"], "is_open": _is_undone(fields)}
        return self._part(request, "decided.html", **facts)

    async def retry_copy(self, request: WebRequest) -> Response:
        await self._ask(request, "job_retry", {"id": _number(request)})
        return self._done(request, "copy_queued", _back_to_copies(request))

    async def cancel_copy(self, request: WebRequest) -> Response:
        await self._ask(request, "job_cancel", {"id": _number(request)})
        return self._done(request, "copy_cancelled", _back_to_copies(request))

    async def retry_copies(self, request: WebRequest) -> Response:
        reply = await self._ask(request, "jobs_retry_failed", {})
        said = "copies_queued" if reply.get("jobs") else "no_copy_failed"
        return self._done(request, said, (_JOBS, {}))

    async def scan(self, request: WebRequest) -> Response:
        await self._ask(request, "scan_retry", {"id": _number(request)})
        return self._done(request, "scan_queued", (_JOBS, {}))

    async def _ask(
        self, request: WebRequest, command: str, params: Mapping[str, object]
    ) -> Mapping[str, object]:
        who, facts = request.identity.name, {"action": "http", "command": command}
        logger.info("%s, asked in the dashboard with the token %s", command, who, extra=facts)
        return await self.answers.backend.ask(command, params, request.identity)

    @property
    def _base_path(self) -> str:
        return self.answers.backend.settings.base_path

    def _done(
        self,
        request: WebRequest,
        said: str,
        back: tuple[str, Mapping[str, str]] = ("/", {}),
    ) -> Response:
        if is_htmx(request.request):
            return self._part(request, "said.html", said=SAID.get(said, SAID["started"]))
        path, fields = back
        return see_other(self._base_path, path, **fields, said=said)

    def _part(self, request: WebRequest, template: str, **facts: object) -> Response:
        viewer = Viewer(base_path=self._base_path, identity=request.identity)
        content = self.answers.renderer.render(template, viewer, **facts)
        return Response(content, media_type=HTML)


def _number(request: WebRequest) -> int:
    """Read which copy or scan a form names; raises HttpError."""
    if not (text := form_of(request.body).get("id", "")).isdecimal() or len(text) > _LONGEST:
        raise HttpError(400, Reason.INVALID, "the form names none")
    return int(text)


def _back_to_copies(request: WebRequest) -> tuple[str, Mapping[str, str]]:
    """Lead back to the page of the copy, if the form stands there."""
    back = form_of(request.body).get("back", "")
    return (f"{_JOBS}/{back}" if back.isascii() and back.isdecimal() else _JOBS), {}


def _is_undone(fields: Mapping[str, str]) -> bool:
    return fields.get("choice", "").strip().lower() == "undo"
