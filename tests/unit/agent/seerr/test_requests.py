from __future__ import annotations

import httpcore
import httpx
import pytest

from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import RequestBody, RequestResponse, ResponseKind
from listsync.errors import (
    ListsyncError,
    Refusal,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
)
from tests.builders import film_body
from tests.unit.agent.seerr.playback import (
    GUARD,
    Playback,
    Reply,
    created,
    html_reply,
    json_reply,
    message,
)

FILM = film_body()
SERIES = RequestBody(key=TitleKey(MediaType.TV, 1396), four_k=True, seasons=(1, 2), tvdb_id=81189)
CREATED = created(77)
ME = json_reply({"id": 1})
KEY_REFUSED = json_reply(GUARD, 403)
POST = "POST /api/v1/request"
LOOK = "GET /api/v1/movie/603?language=en"


def server(*replies: Reply) -> Playback:
    return (
        Playback()
        .on("POST /request", *replies)
        .on("GET /auth/me", ME)
        .on("GET /user/7", json_reply({"id": 7, "displayName": "Kids"}))
    )


def answered(*replies: Reply, body: RequestBody = FILM) -> RequestResponse:
    return server(*replies).seerr().request(body)


def test_a_film_is_asked_for_with_its_edition() -> None:
    playback = server(CREATED)
    answer = playback.seerr().request(FILM)
    assert answer == RequestResponse(kind=ResponseKind.REQUESTED, request_id=77)
    assert playback.posted == [{"mediaType": "movie", "mediaId": 603, "is4k": False}]
    assert playback.asked[0].headers["content-type"] == "application/json"
    assert "x-api-user" not in playback.asked[0].headers


def test_a_series_is_asked_for_by_seasons() -> None:
    playback = server(CREATED)
    playback.seerr().request(SERIES)
    assert playback.posted == [
        {"mediaType": "tv", "mediaId": 1396, "is4k": True, "seasons": [1, 2], "tvdbId": 81189}
    ]


def test_a_series_without_seasons_is_never_sent() -> None:
    playback = server(CREATED)
    body = RequestBody(key=SERIES.key, four_k=False)
    assert playback.seerr().request(body).kind is ResponseKind.COVERED
    assert playback.asked == []


def test_without_approval_the_user_itself_asks() -> None:
    playback = server(CREATED)
    playback.seerr(act_as=7).request(FILM)
    lookup, post = playback.asked
    assert post.headers["x-api-user"] == "7"
    assert "userId" not in playback.posted[0]
    assert "x-api-user" not in lookup.headers


def test_with_approval_the_owner_asks_for_the_user() -> None:
    playback = server(CREATED)
    playback.seerr(act_as=7, approve=True).request(FILM)
    assert playback.posted[0]["userId"] == 7
    assert "x-api-user" not in playback.asked[-1].headers


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ([{"seasonNumber": 2, "status": 2}, {"seasonNumber": 1}], (1, 2)),
        ([{"seasonNumber": "x"}, {}, {"seasonNumber": 2}], (2,)),
        ([], ()),
        (None, ()),
        ("2, 3", ()),
    ],
    ids=["some", "odd ones", "none", "null", "no list"],
)
def test_the_seasons_that_the_server_took_are_read(said: object, taken: tuple[int, ...]) -> None:
    assert answered(created(seasons=said), body=SERIES).seasons == taken


OTHER: list[dict[str, object]] = [
    {"media": {"tmdbId": 999, "mediaType": "movie"}},
    {"media": {"tmdbId": 603, "mediaType": "tv"}},
    {"media": {"mediaType": "movie"}},
    {"media": None},
    {"is4k": True},
    {"seasons": [{"seasonNumber": 3}]},
]


@pytest.mark.parametrize("other", OTHER)
def test_an_answer_about_something_else_is_not_believed_and_nothing_repeated(
    other: dict[str, object],
) -> None:
    playback = server(created(77, **other)).on("GET /movie/603", NOTHING)
    answer = playback.seerr().request(FILM)
    assert (answer.kind, answer.request_id) == (ResponseKind.UNSURE, None)
    assert answer.detail.startswith("the answer to the request")
    assert "the server does not show the request" in answer.detail
    assert playback.targets == [POST, LOOK]


def test_a_request_that_is_there_counts_whatever_its_answer_names() -> None:
    playback = server(created(77, **OTHER[0])).on("GET /movie/603", found())
    answer = playback.seerr().request(FILM)
    assert (answer.kind, answer.request_id) == (ResponseKind.REQUESTED, 78)
    assert "another title (movie/999), but the server has the request" in answer.detail
    assert playback.targets == [POST, LOOK]


def test_a_pending_request_says_so() -> None:
    assert answered(created(status=1)).detail == "waits for approval"


@pytest.mark.parametrize(
    ("reply", "answer", "words"),
    [
        pytest.param(
            json_reply({"status": 2}, 201), ResponseKind.IMPOSSIBLE, "no TVDB id", id="no-id"
        ),
        pytest.param(
            message(202, "No seasons available to request"),
            ResponseKind.COVERED,
            "No seasons",
            id="no-seasons-left",
        ),
        pytest.param(
            message(409, "Request for this media already exists."),
            ResponseKind.COVERED,
            "already exists",
            id="duplicate",
        ),
        pytest.param(
            message(403, "Movie Quota exceeded."), ResponseKind.QUOTA, "Movie Quota", id="quota"
        ),
        pytest.param(
            message(403, "This media is blocklisted."),
            ResponseKind.BLOCKLISTED,
            "blocklisted",
            id="blocklisted",
        ),
        pytest.param(
            message(403, "This media is blacklisted."),
            ResponseKind.BLOCKLISTED,
            "blacklisted",
            id="blacklisted",
        ),
        pytest.param(
            message(403, "You do not have permission to make 4K movie requests."),
            ResponseKind.PERMISSION,
            "4K movie",
            id="right",
        ),
        pytest.param(
            message(403, "You do not have permission to modify the request user."),
            ResponseKind.PERMISSION,
            "modify",
            id="user-id",
        ),
        pytest.param(KEY_REFUSED, ResponseKind.PERMISSION, "access", id="guard"),
        pytest.param(
            message(403, "New words in a new version"),
            ResponseKind.PERMISSION,
            "New words",
            id="new-words",
        ),
        pytest.param(
            message(
                500,
                "[TMDB] Failed to fetch movie details: Request failed with status code 404",
            ),
            ResponseKind.IMPOSSIBLE,
            "TMDB knows no movie/603",
            id="unknown-title",
        ),
        pytest.param(
            message(500, "SQLITE_CONSTRAINT: UNIQUE constraint failed: media.tvdbId"),
            ResponseKind.IMPOSSIBLE,
            "another series",
            id="tvdb-id-taken",
        ),
        pytest.param(
            message(500, 'Could not find any entity of type "Media" matching: {}'),
            ResponseKind.IMPOSSIBLE,
            "no TVDB id",
            id="no-tvdb-id",
        ),
        pytest.param(
            message(500, 'Could not find any entity of type "User" matching: {}'),
            ResponseKind.PERMISSION,
            "no such user",
            id="user-gone",
        ),
    ],
)
def test_an_answer_is_understood(reply: Reply, answer: ResponseKind, words: str) -> None:
    got = answered(reply)
    assert got.kind is answer
    assert words in got.detail
    assert got.request_id is None


def test_postgres_words_for_a_taken_tvdb_id_are_understood() -> None:
    words = 'duplicate key value violates unique constraint "UQ_41a289eb1fa489c1bc6f38d9c3c"'
    assert answered(message(500, words), body=SERIES).kind is ResponseKind.IMPOSSIBLE


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        pytest.param(
            message(
                500, "[TMDB] Failed to fetch movie details: Request failed with status code 429"
            ),
            UnavailableError,
            "429",
            id="tmdb-busy",
        ),
        pytest.param(message(500, "SQLITE_BUSY: locked"), UnavailableError, "SQLITE", id="sqlite"),
        pytest.param(
            message(500, "SQLITE_CONSTRAINT: FOREIGN KEY constraint failed"),
            UnavailableError,
            "FOREIGN KEY",
            id="foreign-key",
        ),
        pytest.param(json_reply({}, 500), UnavailableError, "no reason", id="silent"),
        pytest.param(
            message(400, "request.body.mediaId should be number"),
            ResponseChangedError,
            "should be number",
            id="bad-request",
        ),
        pytest.param(json_reply([], 201), ResponseChangedError, "answer to a request", id="list"),
        pytest.param(message(418, "teapot"), ResponseChangedError, "418: teapot", id="odd-status"),
        pytest.param(html_reply(403), RefusedError, "in front of the server", id="firewall"),
        pytest.param(
            message(401, "cookie 'connect.sid' required"), RefusedError, "no API key", id="no-key"
        ),
        pytest.param(
            httpx.Response(301, headers={"Location": "https://seerr.test/api/v1/request"}),
            UnavailableError,
            "redirects to https://seerr.test: set server.url",
            id="redirect",
        ),
        pytest.param(html_reply(409), UnavailableError, "web page", id="html"),
    ],
)
def test_trouble_is_named_and_nothing_repeated(
    reply: Reply, error: type[ListsyncError], words: str
) -> None:
    playback = server(reply)
    with pytest.raises(error, match=words):
        playback.seerr().request(FILM)
    assert len(playback.posted) == 1


def test_a_refused_key_is_told_from_a_missing_right() -> None:
    playback = server(KEY_REFUSED).on("GET /auth/me", KEY_REFUSED)
    with pytest.raises(RefusedError, match="API key is refused") as caught:
        playback.seerr().request(FILM)
    assert caught.value.kind is Refusal.CREDENTIAL


@pytest.mark.parametrize("status", [202, 409])
def test_what_is_said_to_be_there_in_words_of_others_is_looked_for(status: int) -> None:
    """Neither is a word of the server's own: a proxy may have said it."""
    missing = server(message(status, "Conflict")).on("GET /movie/603", NOTHING)
    answer = missing.seerr().request(FILM)
    assert (answer.kind, missing.targets) == (ResponseKind.UNSURE, [POST, LOOK])
    there = server(message(status, "Conflict")).on("GET /movie/603", found())
    assert there.seerr().request(FILM).kind is ResponseKind.COVERED


def test_a_user_that_is_gone_is_told_from_a_missing_right() -> None:
    def me(request: httpx.Request) -> httpx.Response:
        return KEY_REFUSED if "x-api-user" in request.headers else ME

    playback = server(KEY_REFUSED).on("GET /auth/me", me)
    with pytest.raises(RefusedError, match="knows no user 7 any more") as caught:
        playback.seerr(act_as=7).request(FILM)
    assert caught.value.kind is Refusal.NOT_FOUND


def found(status: int = 2, *, four_k: bool = False, **media: object) -> httpx.Response:
    requests = [
        {"id": 70, "status": 3, "is4k": four_k},
        {"id": 78, "status": status, "is4k": four_k, "seasons": [{"seasonNumber": 1}]},
    ]
    return json_reply({"id": 603, "mediaInfo": {"status": 2, "requests": requests, **media}})


NOTHING = json_reply({"id": 603})
CLOSED: list[Reply] = [
    httpcore.ReadError("reset"),
    httpcore.WriteError("broken pipe"),
    httpcore.RemoteProtocolError("Server disconnected without sending a response."),
    html_reply(502),
    html_reply(503),
    html_reply(200),
]
TIMED_OUT: list[Reply] = [
    httpcore.ReadTimeout("slow"),
    httpcore.WriteTimeout("slow"),
    html_reply(504),
]


@pytest.mark.parametrize("lost", CLOSED + TIMED_OUT)
def test_after_a_lost_answer_a_request_that_arrived_is_found(lost: Reply) -> None:
    playback = server(lost).on("GET /movie/603", found())
    answer = playback.seerr().request(FILM)
    assert (answer.kind, answer.request_id) == (ResponseKind.REQUESTED, 78)
    assert "lost" in answer.detail
    assert playback.targets == [POST, LOOK]


@pytest.mark.parametrize("lost", CLOSED)
def test_after_a_closed_connection_what_is_not_there_is_sent_once_more(lost: Reply) -> None:
    playback = server(lost, CREATED).on("GET /movie/603", NOTHING)
    assert playback.seerr().request(FILM).request_id == 77
    assert playback.targets == [POST, LOOK, POST]


@pytest.mark.parametrize("lost", TIMED_OUT)
def test_after_a_timeout_nothing_is_sent_again(lost: Reply) -> None:
    playback = server(lost, CREATED).on("GET /movie/603", NOTHING)
    answer = playback.seerr().request(FILM)
    assert answer.kind is ResponseKind.UNSURE
    assert "does not show the request" in answer.detail
    assert playback.targets == [POST, LOOK]


def test_a_second_lost_answer_is_looked_after_and_not_repeated() -> None:
    playback = server(httpcore.ReadError("x")).on("GET /movie/603", NOTHING)
    assert playback.seerr().request(FILM).kind is ResponseKind.UNSURE
    assert playback.targets == [POST, LOOK, POST, LOOK]


def test_a_second_lost_answer_may_have_arrived() -> None:
    playback = server(httpcore.ReadError("x")).on("GET /movie/603", NOTHING, found())
    assert playback.seerr().request(FILM).kind is ResponseKind.REQUESTED


@pytest.mark.parametrize(
    "media",
    [
        pytest.param(found(3), id="declined"),
        pytest.param(found(5), id="completed-before"),
        pytest.param(found(four_k=True), id="other-edition"),
    ],
)
def test_another_request_is_not_taken_for_ours(media: httpx.Response) -> None:
    playback = server(httpcore.ReadTimeout("slow")).on("GET /movie/603", media)
    assert playback.seerr().request(FILM).kind is ResponseKind.UNSURE


@pytest.mark.parametrize(
    ("seasons", "answer"),
    [
        pytest.param([], ResponseKind.UNSURE, id="one-of-two"),
        pytest.param(
            [{"seasonNumber": 2, "status4k": 5}], ResponseKind.REQUESTED, id="other-is-there"
        ),
    ],
)
def test_a_series_is_there_when_all_seasons_are(seasons: object, answer: ResponseKind) -> None:
    look = found(four_k=True, seasons=seasons)
    playback = server(httpcore.ReadTimeout("slow")).on("GET /tv/1396", look)
    assert playback.seerr().request(SERIES).kind is answer


def test_a_look_that_fails_says_that_the_answer_was_lost() -> None:
    playback = server(httpcore.ReadError("x")).on("GET /movie/603", httpcore.ConnectError("x"))
    with pytest.raises(UnavailableError, match=r"was lost .*and a look failed"):
        playback.seerr().request(FILM)
    assert len(playback.posted) == 1


@pytest.mark.parametrize(
    "unsent",
    [
        pytest.param(httpcore.ConnectError("refused"), id="refused"),
        pytest.param(httpcore.ConnectTimeout("slow"), id="no-connection"),
        pytest.param(httpcore.PoolTimeout("busy"), id="busy"),
        pytest.param(message(429, "slow down"), id="not-let-in"),
    ],
)
def test_what_never_arrived_is_sent_again(unsent: Reply) -> None:
    playback = server(unsent, unsent, CREATED)
    assert playback.seerr().request(FILM).request_id == 77
    assert playback.targets == [POST, POST, POST]
    assert playback.stop.pauses == [0.5, 1.5]


def csrf_server(*replies: Reply) -> Playback:
    public = httpx.Response(
        200,
        json={"initialized": True},
        headers=[
            ("Set-Cookie", "_csrf=se-cret; Path=/; HttpOnly; Secure; SameSite=Strict"),
            ("Set-Cookie", "XSRF-TOKEN=ab%2Fc%3D; Path=/; Secure; SameSite=Strict"),
        ],
    )
    return server(*replies).on("GET /settings/public", public)


def test_csrf_protection_is_passed_and_remembered() -> None:
    playback = csrf_server(message(403, "invalid csrf token"), CREATED)
    seerr = playback.seerr()
    assert seerr.request(FILM).request_id == 77
    assert seerr.request(FILM).request_id == 77
    assert playback.targets == [POST, "GET /api/v1/settings/public", POST, POST]
    for again in playback.asked[2:]:
        assert again.headers["cookie"] == "_csrf=se-cret; XSRF-TOKEN=ab%2Fc%3D"
        assert again.headers["x-xsrf-token"] == "ab/c="


def test_csrf_protection_that_cannot_be_passed_is_told() -> None:
    playback = csrf_server(message(403, "invalid csrf token"))
    with pytest.raises(RefusedError, match="CSRF protection"):
        playback.seerr().request(FILM)
    assert len(playback.posted) == 2


@pytest.mark.parametrize("error", [httpcore.ReadError("reset"), httpcore.ReadTimeout("slow")])
def test_a_token_that_cannot_be_fetched_is_no_lost_answer(error: Exception) -> None:
    playback = server(message(403, "invalid csrf token")).on("GET /settings/public", error)
    playback.on("GET /movie/603", found())
    with pytest.raises(UnavailableError):
        playback.seerr().request(FILM)
    assert LOOK not in playback.targets
    assert len(playback.posted) == 1


def test_a_request_for_a_title_that_cannot_be_read_is_not_taken_for_none() -> None:
    odd = {"id": 4, "status": "new", "is4k": False}
    media = {"status": 2, "requests": [odd]}
    playback = Playback().on(
        "GET /movie/603?language=en", json_reply({"id": 603, "mediaInfo": media})
    )
    with pytest.raises(ResponseChangedError):
        playback.seerr().find_requests(FILM)


def test_a_request_that_covers_a_title_is_found_beside_one_that_cannot_be_read() -> None:
    rows = [{"id": 4, "status": "new", "is4k": False}, {"id": 5, "status": 2, "is4k": False}]
    media = {"status": 2, "requests": rows}
    playback = Playback().on(
        "GET /movie/603?language=en", json_reply({"id": 603, "mediaInfo": media})
    )
    assert playback.seerr().find_requests(FILM).covering == 5
