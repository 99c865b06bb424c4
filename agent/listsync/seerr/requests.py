"""Asking for a title, once, whatever happens on the way."""

from __future__ import annotations

import json
from collections.abc import Collection

from msgspec import Raw, field

from listsync.domain.media import Edition, MediaType
from listsync.domain.server import (
    Cancelled,
    Destination,
    FoundRequests,
    RequestBody,
    RequestResponse,
    ResponseKind,
    ServerRequest,
)
from listsync.errors import ListsyncError, Refusal, RefusedError
from listsync.http.response import Response
from listsync.lean_dataclasses import dataclass
from listsync.parsing.decoding import ResponseShape
from listsync.seerr import details
from listsync.seerr.errors import ConnectionLostError, TimedOutError, complaint
from listsync.seerr.transport import SerialWrites, ServerTransport
from listsync.seerr.users import OWNER, Actor
from listsync.text_cleaning import one_line

_LOST = "the answer was lost on the way"
_PENDING, _FAILED = 1, 4
_DETAILS: dict[int | None, str] = {
    _PENDING: "waits for approval",
    _FAILED: "Radarr or Sonarr refused it: look at the request at the server",
}
_COVERED = {202: "no seasons available", 409: "already exists"}
"""The words with which a server says that there is nothing more to request."""
_GATEWAY_LOST = frozenset({502, 503})
_GATEWAY_TIMED_OUT = 504


class _Named(ResponseShape, frozen=True):
    """The title that a request is said to be for."""

    tmdb_id: int | None = field(name="tmdbId", default=None)
    kind: str | None = field(name="mediaType", default=None)


class _Created(ResponseShape, frozen=True):
    id: int | None = None
    status: int | None = None
    is_4k: bool | None = field(name="is4k", default=None)
    media: _Named | None = None
    seasons: Raw = Raw(b"null")

    def objection(self, body: RequestBody) -> str:
        """Say why this is no answer to a request for *body*; empty if it is one."""
        if self.media is None or self.media.tmdb_id is None:
            return "the answer to the request names no title"
        if (self.media.kind, self.media.tmdb_id) != (body.key.kind.value, body.key.tmdb_id):
            named = one_line(f"{self.media.kind}/{self.media.tmdb_id}", 40)
            return f"the answer to the request is about another title ({named})"
        if self.is_4k not in {None, body.four_k}:
            return "the answer to the request is about the other edition"
        if not set(self.season_numbers) <= set(body.seasons):
            return "the answer to the request is about other seasons"
        return ""

    @property
    def season_numbers(self) -> tuple[int, ...]:
        """The seasons that were really taken; none for films, or where that is not told."""
        return tuple(sorted(details.season_numbers(self.seasons)))


class _FoundRequest(ResponseShape, frozen=True):
    """One request at the server: whose it is, and whether it waits still."""

    class User(ResponseShape, frozen=True):
        id: int

    status: int
    user: User | None = field(name="requestedBy", default=None)


class _LostError(Exception):
    """The request was sent, its answer is lost, or none to it.

    `may_run`: the server may still be at it, or has done what nobody knows. `detail` says it where
    the request is found after all, which is then `found`.
    """

    def __init__(
        self,
        why: str,
        *,
        may_run: bool,
        detail: str = _LOST,
        found: ResponseKind = ResponseKind.REQUESTED,
    ) -> None:
        super().__init__(why)
        self.found = found
        self.why = why
        self.may_run = may_run
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRequest:
    """One request with the user whom its `asking` names looked up.

    `actor` None: the owner asks. With `approve` the owner asks for `actor`, whose request is
    approved at once by the owner's right; without, `actor` asks with own rights. Either way
    right and quota of `actor` count. Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live.
    """

    body: RequestBody
    actor: Actor | None = None
    approve: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """Write the headers that say who asks."""
        if self.actor is None or self.approve:
            return {}
        return {"X-API-User": str(self.actor.id)}

    @property
    def payload(self) -> dict[str, object]:
        """Write the body; without `is4k` the server would not look for duplicates."""
        body = self.body
        payload: dict[str, object] = {
            "mediaType": body.key.kind.value,
            "mediaId": body.key.tmdb_id,
            "is4k": body.four_k,
            **_fields_of(body.destination),
        }
        if body.key.kind is MediaType.TV:
            payload["seasons"] = list(body.seasons)
        if body.tvdb_id is not None:
            payload["tvdbId"] = body.tvdb_id
        if self.actor is not None and self.approve:
            payload["userId"] = self.actor.id
        return payload


def _fields_of(destination: Destination) -> dict[str, object]:
    """Write where a request is to be sent; `tags` are missing in the OpenAPI files.

    Nobody needs the right to choose (REQUEST_ADVANCED). Tags take the place of the service's own.
    Override rules, if Seerr has some, change folder, profile and tags of users who may not manage
    requests. Source: Seerr 3.1.0, live, and its code.
    """
    fields: dict[str, object] = {
        "serverId": destination.server_id,
        "profileId": destination.profile_id,
        "rootFolder": destination.root_folder,
        "languageProfileId": destination.language_profile_id,
        "tags": list(destination.tags) or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


class RequestSender:
    """Sends requests, one at a time."""

    def __init__(self, transport: ServerTransport, writes: SerialWrites) -> None:
        self._transport = transport
        self._writes = writes

    def request(self, order: UserRequest) -> RequestResponse:
        """Ask for one title; waits until other writes are done.

        Raises:
            UnavailableError: nothing was done, or the server cannot even be asked what was.
            RefusedError: no request will get through: the key, the user, a firewall.
            ResponseChangedError: the server does not understand us.
        """
        with self._writes.one_at_a_time():
            return self._ask(order)

    def find(self, body: RequestBody) -> FoundRequests:
        """Look what requests there are for the title, in the edition that *body* means."""
        response = self._transport.get(details.path_of(body.key))
        media = details.read_details(response, self._transport.errors).media
        standing = media.standing(four_k=body.four_k)
        is_covered = standing and _needed(body) <= media.covered(four_k=body.four_k)
        if not is_covered and not media.are_all_read:  # one that covers it may be among the others
            raise self._transport.errors.changed("a request for the title", response.body)
        return FoundRequests(
            covering=max(request.id for request in standing) if is_covered else None,
            requests=tuple(
                ServerRequest(
                    edition=Edition(body.key, body.four_k),
                    status=one.status,
                    request_id=one.id,
                    seasons=frozenset(one.season_numbers),
                )
                for one in media.all_requests
                if one.four_k == body.four_k
            ),
        )

    def cancel(self, request_id: int, ours: Collection[int]) -> Cancelled:
        """Take the request back if it is pending still and one of the users *ours* made it.

        It is deleted in the name of that user, who may delete own requests as long as they are
        pending: so one that is approved between our look and our deletion stays. The owner may
        delete any. Source: the OpenAPI files; Seerr's code.

        Raises:
            UnavailableError: also when the answer is lost: the next try shows what became of it.
        """
        path = f"/request/{request_id:d}"
        with self._writes.one_at_a_time():
            found = self._transport.get(path, also={404})
            if self._is_gone(found):
                return Cancelled.GONE
            request = self._transport.errors.read(found, _FoundRequest, "a request")
            if request.user is None or request.user.id not in ours or request.status != _PENDING:
                return Cancelled.KEPT
            user_id = request.user.id
            headers = {} if user_id == OWNER else {"X-API-User": str(user_id)}
            return self._cancelled(self._writes.write("DELETE", path, headers))

    def _ask(self, order: UserRequest) -> RequestResponse:
        """Send; after a lost answer look, and repeat once if nothing can be on its way."""
        try:
            return self._send(order)
        except _LostError as lost:
            found = self._look(order.body, lost)
            if found is not None:
                return found
            if lost.may_run:
                return _unsure(lost)
        try:
            return self._send(order)
        except _LostError as lost:
            return self._look(order.body, lost) or _unsure(lost)

    def _send(self, order: UserRequest) -> RequestResponse:
        content = json.dumps(order.payload).encode()
        try:
            response = self._writes.write("POST", "/request", order.headers, content)
        except ConnectionLostError as error:
            raise _LostError(error.why, may_run=False) from error
        except TimedOutError as error:
            raise _LostError(error.why, may_run=True) from error
        return self._judge(response, order.body, order.headers)

    def _look(self, body: RequestBody, lost: _LostError) -> RequestResponse | None:
        """Find out whether a request whose answer was lost has arrived."""
        try:
            number = self.find(body).covering
        except ListsyncError as error:
            why = f"the answer to a request was lost ({lost.why}), and a look failed: {error}"
            raise self._transport.errors.unavailable(why) from error
        if number is None:
            return None
        detail = f"{lost.detail}, but the server has the request"
        return RequestResponse(kind=lost.found, detail=detail, request_id=number)

    def _judge(
        self, response: Response, body: RequestBody, headers: dict[str, str]
    ) -> RequestResponse:
        status = response.status
        errors = self._transport.errors
        if status in {200, 201}:
            return self._created(response, body)
        if status in _COVERED and response.is_json:
            return _covered(status, complaint(response))
        if status == 403:
            return self._forbidden(response, headers)
        if status == 500 and response.is_json:
            return self._failed(complaint(response), body)
        if status in _GATEWAY_LOST:
            raise _LostError(f"a proxy answered {status}", may_run=False)
        if status == _GATEWAY_TIMED_OUT:
            raise _LostError("a proxy gave up waiting for the answer (504)", may_run=True)
        raise errors.of_answer(response)

    def _created(self, response: Response, body: RequestBody) -> RequestResponse:
        """Read a success; without an id the server has dropped the request again.

        What does not name the title asked for is no success: what is there has to be looked at.
        """
        if not response.is_json:
            why = "a web page came where the answer to a request should be"
            raise _LostError(why, may_run=False)
        created = self._transport.errors.read(response, _Created, "the answer to a request")
        if created.id is None:
            detail = "the server took the request and dropped it: TMDB knows no TVDB id for it"
            return RequestResponse(kind=ResponseKind.IMPOSSIBLE, detail=detail)
        if objection := created.objection(body):
            raise _LostError(objection, may_run=True, detail=objection)
        return RequestResponse(
            kind=ResponseKind.REQUESTED,
            detail=_DETAILS.get(created.status, ""),
            request_id=created.id,
            seasons=created.season_numbers,
            not_handed_on=created.status == _FAILED,
        )

    def _forbidden(self, response: Response, headers: dict[str, str]) -> RequestResponse:
        """Split a 403 by its words; the words of a guard can also mean the key or the user."""
        reason = complaint(response)
        answer = _answer_to(reason.lower())
        if answer is not None:
            return RequestResponse(kind=answer, detail=reason)
        errors = self._transport.errors
        if not response.is_json:
            raise errors.of_answer(response)
        self._check_credentials(headers)
        return RequestResponse(kind=ResponseKind.PERMISSION, detail=reason)

    def _check_credentials(self, headers: dict[str, str]) -> None:
        """Raise if the key, or the user that we act as, is why the server says no."""
        self._transport.get("/auth/me")
        if not headers:
            return
        try:
            self._transport.get("/auth/me", headers=headers)
        except RefusedError as error:
            why = f"the server knows no user {headers['X-API-User']} any more, as whom we ask"
            raise self._transport.errors.refused(Refusal.NOT_FOUND, why) from error

    def _failed(self, reason: str, body: RequestBody) -> RequestResponse:
        """Tell a request that can never work from a server that has trouble now."""
        words = reason.lower()
        if "[tmdb]" in words and words.endswith("404"):
            return _impossible(f"TMDB knows no {body.key}", reason)
        if 'any entity of type "media"' in words:
            return _impossible("TMDB knows no TVDB id for it, and the server needs one", reason)
        if _is_tvdb_id_taken(words, body):
            return _impossible("another series at the server has its TVDB id", reason)
        if 'any entity of type "user"' in words:
            return RequestResponse(kind=ResponseKind.PERMISSION, detail=f"no such user ({reason})")
        raise self._transport.errors.not_taken(
            f"could not take the request: {reason or 'no reason'}"
        )

    def _cancelled(self, response: Response) -> Cancelled:
        if response.status == 204:
            return Cancelled.DONE
        if self._is_gone(response):
            return Cancelled.GONE
        if response.status in {401, 403} and response.is_json:
            # The key was accepted a moment ago: it is the request that is not.
            return Cancelled.KEPT
        raise self._transport.errors.of_answer(response)

    def _is_gone(self, response: Response) -> bool:
        """Tell a request that is gone from a web page that stands where the server should be."""
        if response.status != 404:
            return False
        if not response.is_json:
            raise self._transport.errors.of_answer(response)
        return True


def _needed(body: RequestBody) -> set[int]:
    """Give the seasons that a request for *body* must have: specials may be left out of others.

    Source: Seerr 3.1.0 with specials off, observed live: [0, 1] is taken as [1].
    """
    return set(body.seasons) - {0} or set(body.seasons)


def _covered(status: int, reason: str) -> RequestResponse:
    """Believe that it is there already where the server says so, and not something before it."""
    if _COVERED[status] in reason.lower():
        return RequestResponse(kind=ResponseKind.COVERED, detail=reason)
    why = f"the answer to the request was {status}: {reason or 'no reason'}"
    raise _LostError(why, may_run=True, detail=why, found=ResponseKind.COVERED)


def _unsure(lost: _LostError) -> RequestResponse:
    detail = f"{lost.why}, and the server does not show the request"
    return RequestResponse(kind=ResponseKind.UNSURE, detail=detail)


def _answer_to(words: str) -> ResponseKind | None:
    if "quota" in words:
        return ResponseKind.QUOTA
    if "blocklisted" in words or "blacklisted" in words:
        return ResponseKind.BLOCKLISTED
    if "permission" in words and "access this endpoint" not in words:
        return ResponseKind.PERMISSION
    return None


def _is_tvdb_id_taken(words: str, body: RequestBody) -> bool:
    """Recognise SQLite's words, which name the column, and PostgreSQL's, which do not."""
    unique = "unique constraint" in words
    return unique and (
        "tvdbid" in words or (body.key.kind is MediaType.TV and "duplicate" in words)
    )


def _impossible(why: str, reason: str) -> RequestResponse:
    return RequestResponse(kind=ResponseKind.IMPOSSIBLE, detail=one_line(f"{why} ({reason})"))
