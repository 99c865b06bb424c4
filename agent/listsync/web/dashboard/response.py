"""How pages answer: as a whole, as a part of one for htmx, or with the way to another."""

from __future__ import annotations

import time
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from listsync.lean_dataclasses import dataclass
from listsync.protocol import Reason
from listsync.web.application import Backend
from listsync.web.authorization import COOKIE, EVERYBODY
from listsync.web.dashboard.render import Renderer, Viewer, query
from listsync.web.dashboard.words import StateMark, Tone
from listsync.web.routes import Audience, Handler, HttpError, HttpRoute, ResponseSpec
from listsync.web.settings import TokenScope

HTML = "text/html; charset=utf-8"
LOGIN = "/ui/login"
STEPS: Mapping[Reason, str] = {
    Reason.PAUSED: "Resume first, or sync once anyway.",
    Reason.BUSY: "Try again when that is over.",
    Reason.UNAVAILABLE: "Try again in a moment.",
    Reason.CONFIG_INVALID: "The settings show every mistake with its line.",
}
"""What a person can do about a refusal."""


MOST_FORM_BYTES = 8 * 1024


def page_route(
    path: str,
    handler: Handler,
    summary: str,
    *,
    scope: TokenScope | None = TokenScope.READ,
    method: str = "GET",
) -> HttpRoute:
    """Build the route of a page, or with POST of its form."""
    status, what = (200, "The page.") if method == "GET" else (303, "It is done: back to a page.")
    return HttpRoute(
        most_bytes=MOST_FORM_BYTES,
        method=method,
        path=path,
        scope=scope,
        handler=handler,
        summary=summary,
        answers=(ResponseSpec(status=status, what=what, media_type="text/html"),),
        audience=Audience.PEOPLE,
        tags=("dashboard",),
    )


def is_htmx(request: Request) -> bool:
    return "hx-request" in request.headers


def see_other(base_path: str, path: str, **fields: str) -> Response:
    """Send a browser on to a page, with GET."""
    asked = query(fields)
    where = f"{base_path}{path}?{asked}" if asked else f"{base_path}{path}"
    return Response(status_code=303, headers={"Location": where})


@dataclass(frozen=True, slots=True)
class Responder:
    """Makes responses of templates, for who asks."""

    backend: Backend
    renderer: Renderer

    def page(
        self, template: str, viewer: Viewer, facts: Mapping[str, object], status: int = 200
    ) -> Response:
        """Answer with a whole page; *current* of the *facts* is where it is in the menu."""
        content = self.renderer.render(template, viewer, **{"said": None, "current": "", **facts})
        return Response(content, status, media_type=HTML)

    def error(self, request: Request, error: HttpError) -> Response:
        """Say to a person what is refused; who is not known is sent to the login."""
        base_path = self.backend.settings.base_path
        if error.status == 401:
            return _to_login(request, base_path)
        step = STEPS.get(error.reason, "")
        viewer = self.viewer_of(request)
        if is_htmx(request):
            said = StateMark(_sentence(error.message), Tone.BAD)
            content = self.renderer.render("said.html", viewer, said=said, step=step)
            headers = {"HX-Retarget": "#said", "HX-Reswap": "innerHTML", **error.headers}
            return Response(content, error.status, headers, media_type=HTML)
        head = "Not found" if error.status == 404 else "That was not done"
        facts = {"head": head, "sentence": _sentence(error.message), "step": step}
        answer = self.page("error.html", viewer, facts, error.status)
        answer.headers.update(error.headers)
        return answer

    def viewer_of(self, request: Request) -> Viewer:
        """Find out for whom a page is that needs no right."""
        cookie = request.cookies.get(COOKIE, "")
        identity = self.backend.tokens.session(cookie, time.time()) or EVERYBODY
        return Viewer(base_path=self.backend.settings.base_path, identity=identity)


def _to_login(request: Request, base_path: str) -> Response:
    path = request.url.path.removeprefix(base_path)
    if is_htmx(request):
        return Response(status_code=401, headers={"HX-Redirect": f"{base_path}{LOGIN}"})
    return see_other(
        base_path, LOGIN, then=path if request.method == "GET" and path != "/" else ""
    )


def _sentence(text: str) -> str:
    """Write what a command says as a sentence of its own."""
    return f"{text[:1].upper()}{text[1:].removesuffix('.')}."
