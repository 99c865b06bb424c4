"""The one write: asking for a title, once, whatever happens on the way."""

from __future__ import annotations

import json
import threading
from http.cookies import CookieError, SimpleCookie
from urllib.parse import unquote

import httpx
from pydantic import ValidationError

from listsync.domain.media import MediaType
from listsync.domain.server import Answered, RequestAnswer, RequestBody
from listsync.errors import ListsyncError, Refusal, RefusedError
from listsync.options import Answer
from listsync.seerr import details
from listsync.seerr.trouble import ClosedError, TimedOutError
from listsync.seerr.users import Actor
from listsync.seerr.wire import Wire
from listsync.seerr.words import clean, complaint, is_json

_LOST = "the answer was lost on the way, but the server has the request"
_PENDING = 1
_GATEWAY_LOST = frozenset({502, 503})
_GATEWAY_TIMED_OUT = 504


class _Created(Answer):
    id: int | None = None
    status: int | None = None


class _LostError(Exception):
    """The request was sent, its answer is lost; `may_run`: the server may still be at it."""

    def __init__(self, why: str, *, may_run: bool) -> None:
        super().__init__(why)
        self.why = why
        self.may_run = may_run


class Writer:
    """Sends requests, one at a time.

    Two requests in flight share one database transaction at the server: a failing one undoes
    others that were answered with success. Source: Overseerr 1.34.0 and Seerr 3.1.0 on SQLite,
    measured.
    """

    def __init__(self, wire: Wire, *, approve: bool) -> None:
        self._wire = wire
        self._approve = approve
        self._one_at_a_time = threading.Lock()
        self._csrf: dict[str, str] = {}

    def request(self, body: RequestBody, actor: Actor | None) -> Answered:
        """Ask for one title as *actor* (None: the owner); waits until other requests are done.

        Raises:
            UnavailableError: nothing was done, or the server cannot even be asked what was.
            RefusedError: no request will get through: the key, the user, a firewall.
            AnswerChangedError: the server does not understand us.
        """
        if body.key.kind is MediaType.TV and not body.seasons:
            return Answered(answer=RequestAnswer.COVERED, detail="no seasons to ask for")
        with self._one_at_a_time:
            return self._ask(body, actor)

    def _ask(self, body: RequestBody, actor: Actor | None) -> Answered:
        """Send; after a lost answer look, and repeat once if nothing can be on its way."""
        try:
            return self._send(body, actor)
        except _LostError as lost:
            found = self._look(body, lost)
            if found is not None:
                return found
            if lost.may_run:
                return _unsure(lost)
        try:
            return self._send(body, actor)
        except _LostError as lost:
            return self._look(body, lost) or _unsure(lost)

    def _send(self, body: RequestBody, actor: Actor | None) -> Answered:
        headers = {}
        if actor is not None and not self._approve:
            headers["X-API-User"] = str(actor.id)
        content = json.dumps(self._payload(body, actor)).encode()
        response = self._post(content, headers)
        if _wants_csrf_token(response):
            self._csrf = self._fetch_csrf()
            response = self._post(content, headers)
        return self._judge(response, body, headers)

    def _post(self, content: bytes, headers: dict[str, str]) -> httpx.Response:
        try:
            return self._wire.post("/request", content, {**headers, **self._csrf})
        except ClosedError as error:
            raise _LostError(error.why, may_run=False) from error
        except TimedOutError as error:
            raise _LostError(error.why, may_run=True) from error

    def _payload(self, body: RequestBody, actor: Actor | None) -> dict[str, object]:
        """Write the body; without `is4k` the server would not look for duplicates."""
        payload: dict[str, object] = {
            "mediaType": body.key.kind.value,
            "mediaId": body.key.tmdb_id,
            "is4k": body.four_k,
        }
        if body.key.kind is MediaType.TV:
            payload["seasons"] = list(body.seasons)
        if body.tvdb_id is not None:
            payload["tvdbId"] = body.tvdb_id
        if actor is not None and self._approve:
            payload["userId"] = actor.id
        return payload

    def _look(self, body: RequestBody, lost: _LostError) -> Answered | None:
        """Find out whether a request whose answer was lost has arrived."""
        trouble = self._wire.trouble
        try:
            response = self._wire.get(details.path_of(body.key))
            media = details.read_details(response, trouble).media
        except ListsyncError as error:
            why = f"the answer to a request was lost ({lost.why}), and a look failed: {error}"
            raise trouble.unavailable(why) from error
        standing = media.standing(four_k=body.four_k)
        if not standing or not set(body.seasons) <= media.covered(four_k=body.four_k):
            return None
        newest = max(request.id for request in standing)
        return Answered(answer=RequestAnswer.REQUESTED, detail=_LOST, request_id=newest)

    def _judge(
        self, response: httpx.Response, body: RequestBody, headers: dict[str, str]
    ) -> Answered:
        status = response.status_code
        trouble = self._wire.trouble
        if status in {200, 201}:
            return self._created(response)
        if status in {202, 409} and is_json(response):
            return Answered(answer=RequestAnswer.COVERED, detail=complaint(response))
        if status == 403:
            return self._forbidden(response, headers)
        if status == 500 and is_json(response):
            return self._failed(complaint(response), body)
        if status in _GATEWAY_LOST:
            raise _LostError(f"a proxy answered {status}", may_run=False)
        if status == _GATEWAY_TIMED_OUT:
            raise _LostError("a proxy gave up waiting for the answer (504)", may_run=True)
        raise trouble.of_answer(response)

    def _created(self, response: httpx.Response) -> Answered:
        """Read a success; without an id the server has dropped the request again."""
        if not is_json(response):
            why = "a web page came where the answer to a request should be"
            raise _LostError(why, may_run=False)
        try:
            created = _Created.model_validate_json(response.content)
        except ValidationError as error:
            what = "the answer to a request"
            raise self._wire.trouble.changed(what, response.content) from error
        if created.id is None:
            detail = "the server took the request and dropped it: TMDB knows no TVDB id for it"
            return Answered(answer=RequestAnswer.IMPOSSIBLE, detail=detail)
        detail = "waits for approval" if created.status == _PENDING else ""
        return Answered(answer=RequestAnswer.REQUESTED, detail=detail, request_id=created.id)

    def _forbidden(self, response: httpx.Response, headers: dict[str, str]) -> Answered:
        """Split a 403 by its words; the words of a guard can also mean the key or the user."""
        said = complaint(response)
        answer = _answer_to(said.lower())
        if answer is not None:
            return Answered(answer=answer, detail=said)
        trouble = self._wire.trouble
        if "csrf" in said.lower():
            why = "its CSRF protection refuses our requests: switch it off in its settings"
            raise trouble.refused(Refusal.PERMISSION, why)
        if not is_json(response):
            raise trouble.of_answer(response)
        self._check_credentials(headers)
        return Answered(answer=RequestAnswer.PERMISSION, detail=said)

    def _check_credentials(self, headers: dict[str, str]) -> None:
        """Raise if the key, or the user that we act as, is why the server says no."""
        self._wire.get("/auth/me")
        if not headers:
            return
        try:
            self._wire.get("/auth/me", headers=headers)
        except RefusedError as error:
            why = f"server.act_as: the server knows no user {headers['X-API-User']} any more"
            raise self._wire.trouble.refused(Refusal.NOT_FOUND, why) from error

    def _failed(self, said: str, body: RequestBody) -> Answered:
        """Tell a request that can never work from a server that has trouble now."""
        words = said.lower()
        if "[tmdb]" in words and words.endswith("404"):
            return _impossible(f"TMDB knows no {body.key}", said)
        if 'any entity of type "media"' in words:
            return _impossible("TMDB knows no TVDB id for it, and the server needs one", said)
        if _is_tvdb_id_taken(words, body):
            return _impossible("another series at the server has its TVDB id", said)
        if 'any entity of type "user"' in words:
            return Answered(answer=RequestAnswer.PERMISSION, detail=f"no such user ({said})")
        raise self._wire.trouble.unavailable(f"could not take the request: {said or 'no reason'}")

    def _fetch_csrf(self) -> dict[str, str]:
        """Fetch the token that every write must carry where CSRF protection is on.

        Its cookies are marked Secure, so they are sent back by hand, also over plain http.
        """
        response = self._wire.get("/settings/public")
        cookies: dict[str, str] = {}
        for header in response.headers.get_list("set-cookie"):
            try:
                cookies |= {
                    name: morsel.coded_value for name, morsel in SimpleCookie(header).items()
                }
            except CookieError:
                continue
        token = cookies.get("XSRF-TOKEN", "")
        cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
        return {"Cookie": cookie, "X-XSRF-TOKEN": unquote(token)} if token else {}


def _unsure(lost: _LostError) -> Answered:
    detail = f"{lost.why}, and the server does not show the request"
    return Answered(answer=RequestAnswer.UNSURE, detail=detail)


def _wants_csrf_token(response: httpx.Response) -> bool:
    return response.status_code == 403 and "csrf" in complaint(response).lower()


def _answer_to(words: str) -> RequestAnswer | None:
    if "quota" in words:
        return RequestAnswer.QUOTA
    if "blocklisted" in words or "blacklisted" in words:
        return RequestAnswer.BLOCKLISTED
    if "permission" in words and "access this endpoint" not in words:
        return RequestAnswer.PERMISSION
    return None


def _is_tvdb_id_taken(words: str, body: RequestBody) -> bool:
    """Recognise SQLite's words, which name the column, and PostgreSQL's, which do not."""
    unique = "unique constraint" in words
    return unique and (
        "tvdbid" in words or (body.key.kind is MediaType.TV and "duplicate" in words)
    )


def _impossible(why: str, said: str) -> Answered:
    return Answered(answer=RequestAnswer.IMPOSSIBLE, detail=clean(f"{why} ({said})"))
