from __future__ import annotations

import httpcore
import pytest

from listsync.domain.arr_services import ArrChoice, ArrFailure, ArrOffer, ArrService
from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import Destination, RequestBody, ResponseKind
from listsync.errors import NotTakenError, ResponseChangedError, UnavailableError
from tests.unit.agent.seerr.playback import (
    GUARD,
    Playback,
    Reply,
    created,
    html_reply,
    json_reply,
    message,
)

MOVIE, TV = MediaType.MOVIE, MediaType.TV
FILM = TitleKey(MOVIE, 603)
SETTINGS: list[object] = [
    {
        "id": 0,
        "name": "Main\n",
        "hostname": "radarr.test",
        "apiKey": "a-radarrs-own-key",
        "is4k": False,
        "isDefault": True,
        "activeProfileId": 4,
        "activeProfileName": "HD-1080p",
        "activeDirectory": "/films",
        "tags": [1],
    },
    {"id": 4, "name": "Ultra", "is4k": True, "activeDirectory": "/odd\nfolder"},
    {"name": "without a number"},
]
OFFER = {
    "server": SETTINGS[0],
    "profiles": [{"id": 4, "name": "HD"}, {"id": 7, "name": "Any\n"}],
    "rootFolders": [
        {"id": 1, "path": "/films/", "freeSpace": 5},
        {"id": 2, "path": "/x" * 200},
        {"id": 3, "path": "/odd\nfolder"},
    ],
    "tags": [{"id": 1, "label": "lists"}, {"id": "odd"}],
    "languageProfiles": None,
}


def server(offer: Reply) -> Playback:
    return Playback().on("GET /service/radarr/0", offer)


def test_the_settings_tell_the_services_and_what_they_use() -> None:
    playback = Playback().on("GET /settings/radarr", json_reply(SETTINGS))
    assert playback.seerr().arr_services.list_services(MOVIE) == (
        ArrService(
            id=0, name="Main", is_default=True, profile=ArrChoice(4, "HD-1080p"), folder="/films"
        ),
        ArrService(id=4, name="Ultra", four_k=True),
    )
    assert playback.targets == ["GET /api/v1/settings/radarr"]


def test_series_are_for_sonarr() -> None:
    playback = Playback().on("GET /settings/sonarr", json_reply([]))
    assert playback.seerr().arr_services.list_services(TV) == ()


@pytest.mark.parametrize("status", [401, 403, 404])
def test_where_settings_are_closed_the_open_list_is_read(status: int) -> None:
    open_list = [{"id": 0, "name": "Main", "isDefault": True, "activeProfileId": 4}]
    playback = (
        Playback()
        .on("GET /settings/radarr", message(status, "no"))
        .on("GET /service/radarr", json_reply(open_list))
    )
    found = playback.seerr().arr_services.list_services(MOVIE)
    assert found == (ArrService(id=0, name="Main", is_default=True),)


def test_settings_of_another_shape_are_told_without_what_they_hold() -> None:
    playback = Playback().on("GET /settings/radarr", json_reply({"apiKey": "a-radarrs-own-key"}))
    with pytest.raises(ResponseChangedError, match="/settings/radarr") as caught:
        playback.seerr().arr_services.list_services(MOVIE)
    assert caught.value.sample == ""


def test_an_offer_is_read() -> None:
    assert server(json_reply(OFFER)).seerr().arr_services.read_offer(MOVIE, 0) == ArrOffer(
        profiles=(ArrChoice(4, "HD"), ArrChoice(7, "Any")),
        root_folders=(ArrChoice(1, "/films/"), ArrChoice(2, "/x" * 200)),
        tags=(ArrChoice(1, "lists"),),
    )


@pytest.mark.parametrize(
    ("reply", "why", "went_away"),
    [
        pytest.param(
            message(500, "[Sonarr] Failed to retrieve profiles"),
            "[Sonarr] Failed to retrieve profiles",
            False,
            id="told",
        ),
        pytest.param(message(404, "does not exist"), "does not exist", False, id="gone"),
        pytest.param(json_reply({}, 500), "the server answered 500", False, id="silent"),
        pytest.param(json_reply(GUARD, 403), "the API key is refused", False, id="key"),
        pytest.param(json_reply([]), "not of the known shape", False, id="shape"),
        pytest.param(httpcore.ReadError("reset"), "the connection broke", True, id="broken"),
        pytest.param(httpcore.ReadTimeout("slow"), "no answer within 30 s", True, id="slow"),
        pytest.param(html_reply(502), "a proxy answered 502 in its place", True, id="proxy"),
        pytest.param(json_reply({}, 503), "a proxy answered 503 in its place", True, id="json"),
        pytest.param(html_reply(500), "a proxy answered 500 in its place", True, id="web-page"),
    ],
)
def test_a_failure_is_told_and_nothing_tried_twice(
    reply: Reply, why: str, went_away: bool
) -> None:
    playback = server(reply)
    failure = playback.seerr().arr_services.read_offer(MOVIE, 0)
    assert isinstance(failure, ArrFailure)
    assert (why in failure.why, failure.went_away) == (True, went_away)
    assert len(playback.asked) == 1


def test_a_server_that_is_not_there_was_not_asked() -> None:
    with pytest.raises(UnavailableError):
        server(httpcore.ConnectError("refused")).seerr().arr_services.read_offer(MOVIE, 0)


def test_a_server_that_comes_back_is_waited_for() -> None:
    refused = httpcore.ConnectError("refused")
    replies = [refused] * 7
    playback = Playback().on("GET /settings/public", *replies, json_reply({"initialized": True}))
    playback.seerr().arr_services.wait_until_back()
    assert len(playback.asked) == 8
    assert sum(playback.stop.pauses) == pytest.approx(2 * (0.5 + 1.5 + 2) + 0.5)


def test_a_server_that_does_not_come_back_is_given_up_after_a_minute() -> None:
    playback = Playback().on("GET /settings/public", httpcore.ConnectError("refused"))
    with pytest.raises(UnavailableError, match="has not come back: start it again"):
        playback.seerr().arr_services.wait_until_back()
    assert 60 <= sum(playback.stop.pauses) <= 70


def test_a_stop_ends_the_wait() -> None:
    playback = Playback().on("GET /settings/public", httpcore.ConnectError("refused"))
    playback.stop.set()
    with pytest.raises(UnavailableError):
        playback.seerr().arr_services.wait_until_back()
    assert len(playback.asked) == 1


# What a request carries


def test_a_destination_is_sent_as_far_as_it_says_something() -> None:
    playback = Playback().on("POST /request", created())
    body = RequestBody(
        key=FILM, four_k=False, destination=Destination(server_id=0, root_folder="/f", tags=(2, 1))
    )
    playback.seerr().request(body)
    assert playback.posted == [
        {
            "mediaType": "movie",
            "mediaId": 603,
            "is4k": False,
            "serverId": 0,
            "rootFolder": "/f",
            "tags": [2, 1],
        }
    ]


def test_a_request_that_fails_at_once_at_radarr_says_so() -> None:
    playback = Playback().on("POST /request", created(status=4))
    answered = playback.seerr().request(RequestBody(key=FILM, four_k=False))
    assert answered.kind is ResponseKind.REQUESTED
    assert answered.not_handed_on
    assert "refused it" in answered.detail


def test_a_request_that_the_server_cannot_take_names_no_reason_of_ours() -> None:
    playback = Playback().on("POST /request", message(500, "SQLITE_CONSTRAINT: FOREIGN KEY"))
    with pytest.raises(NotTakenError, match="could not take the request"):
        playback.seerr().request(RequestBody(key=FILM, four_k=False))
