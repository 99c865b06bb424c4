"""Who logs in shows the token once; from then on the browser has a sealed cookie."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection

from starlette.requests import Request
from starlette.responses import Response

from listsync.protocol import Reason
from listsync.web.authorization import COOKIE, Authorizer, form_of
from listsync.web.dashboard.render import Viewer
from listsync.web.dashboard.response import LOGIN, Responder, page_route, see_other
from listsync.web.routes import HttpError, HttpRoute, WebRequest
from listsync.web.settings import TokenScope
from listsync.web.tokens import SESSION_S

logger = logging.getLogger(__name__)

_LOGOUT = "/ui/logout"


class LoginPages:
    """Opens and ends sessions; *pages* are where a login may lead to."""

    def __init__(self, answers: Responder, pages: Collection[str]) -> None:
        backend = answers.backend
        self._answers = answers
        self._backend = backend
        self._pages = frozenset(pages)
        self._authorizer = Authorizer(lambda: backend.tokens, backend.limit)

    def routes(self) -> tuple[HttpRoute, ...]:
        return (
            page_route(LOGIN, self.form, "Ask for the token.", scope=None),
            page_route(LOGIN, self.open, "Open a session.", scope=None, method="POST"),
            page_route(_LOGOUT, self.close, "End the session.", method="POST"),
        )

    async def form(self, request: WebRequest) -> Response:
        """Show the form, but not to who is known."""
        if TokenScope.READ in request.identity.scopes:
            return see_other(self._backend.settings.base_path, "/")
        return self._form(request.query.get("then", ""))

    async def open(self, request: WebRequest) -> Response:
        """Check the token, and give the cookie for it."""
        fields = form_of(request.body)
        then = fields.get("then", "")
        try:
            secret = fields.get("token", "").strip()
            name = self._authorizer.owner_of(request.request, secret).name
            return self._opened(request.request, secret, name, then)
        except HttpError as error:
            return self._form(then, error)

    def _opened(self, request: Request, secret: str, name: str, then: str) -> Response:
        token = self._backend.tokens.find(secret)
        if token is None or TokenScope.READ not in token.scopes:
            words = f"the token {name!r} is not good for reading, so there is nothing to show"
            raise HttpError(403, Reason.FORBIDDEN, words)
        base_path = self._backend.settings.base_path
        answer = see_other(base_path, then if then in self._pages else "/")
        answer.set_cookie(
            COOKIE,
            self._backend.tokens.open_session(token, time.time()),
            max_age=SESSION_S,
            path=base_path or "/",
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="strict",
        )
        logger.info("a browser logged in with the token %s", name, extra={"action": "http_login"})
        return answer

    async def close(self, request: WebRequest) -> Response:
        """Let the browser forget the cookie."""
        base_path = self._backend.settings.base_path
        answer = see_other(base_path, LOGIN)
        answer.delete_cookie(COOKIE, path=base_path or "/", httponly=True, samesite="strict")
        name = request.identity.name
        logger.info("a browser logged out of the token %s", name, extra={"action": "http_logout"})
        return answer

    def _form(self, then: str, error: HttpError | None = None) -> Response:
        viewer = Viewer(base_path=self._backend.settings.base_path)
        wrong = error and f"{error.message[:1].upper()}{error.message[1:]}."
        facts = {"then": then if then in self._pages else "", "wrong": wrong}
        status = error.status if error else 200
        answer = self._answers.page("login.html", viewer, facts, status)
        if error and "Retry-After" in error.headers:
            answer.headers["Retry-After"] = error.headers["Retry-After"]
        return answer
