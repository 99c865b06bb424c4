from __future__ import annotations

import httpcore
import pytest

from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import Asking, RequestBody
from listsync.errors import AnswerChangedError, RefusedError, UnavailableError
from tests.unit.agent.seerr.playback import (
    GUARD,
    Playback,
    Reply,
    html_reply,
    json_reply,
    message,
)

FILM = TitleKey(MediaType.MOVIE, 603)
SERVICES: list[object] = [
    {"id": 0, "name": "Main", "is4k": False, "isDefault": True},
    {"id": 1, "name": "Twin", "is4k": False, "isDefault": False},
    {"id": 2, "name": "twin", "is4k": False, "isDefault": False},
    {"id": 3, "name": "TWIN", "is4k": False, "isDefault": False},
    {"id": 4, "name": "Ultra", "is4k": True, "isDefault": False},
    {"name": "without a number"},
]
OFFER = {
    "server": SERVICES[0],
    "profiles": [
        {"id": 4, "name": "HD"},
        {"id": 5, "name": "4"},
        {"id": 6, "name": "hd"},
        {"id": 7, "name": "Any\n"},
    ],
    "rootFolders": [{"id": 1, "path": "/films/"}, {"id": 2, "path": "/", "freeSpace": 5}],
    "tags": [{"id": 1, "label": "lists"}, {"id": "odd"}],
}


def server(services: object = SERVICES, offer: Reply | None = None) -> Playback:
    return (
        Playback()
        .on("GET /service/radarr", json_reply(services))
        .on("GET /service/radarr/0", offer or json_reply(OFFER))
        .on("POST /request", json_reply({"id": 1, "status": 2}, 201))
    )


def trouble(playback: Playback, *, four_k: bool = False, **asking: str) -> str | None:
    wanted = Asking(**asking)  # type: ignore[arg-type]  # all texts
    return playback.seerr().trouble_with(wanted, MediaType.MOVIE, four_k=four_k)


def posted(**asking: str) -> dict[str, object]:
    playback = server()
    body = RequestBody(key=FILM, four_k=False, asking=Asking(**asking))  # type: ignore[arg-type]  # all texts
    playback.seerr().request(body)
    return playback.posted[0]


@pytest.mark.parametrize(
    ("asking", "field", "sent"),
    [
        pytest.param({"profile": " HD "}, "profileId", 4, id="to-the-letter"),
        pytest.param({"profile": "4"}, "profileId", 5, id="a-name-before-a-number"),
        pytest.param({"profile": "7"}, "profileId", 7, id="number"),
        pytest.param({"profile": "any"}, "profileId", 7, id="folded"),
        pytest.param({"root_folder": "/Films"}, "rootFolder", "/films/", id="path"),
        pytest.param({"root_folder": "/"}, "rootFolder", "/", id="top"),
        pytest.param({"root_folder": "1"}, "rootFolder", "/films/", id="path-by-number"),
        pytest.param({"service": "TWIN"}, "serverId", 3, id="service-to-the-letter"),
        pytest.param({"service": "0"}, "serverId", 0, id="service-0"),
    ],
)
def test_a_name_is_found(asking: dict[str, str], field: str, sent: object) -> None:
    assert posted(**asking)[field] == sent


def test_what_nobody_named_is_not_sent() -> None:
    body = {"mediaType": "movie", "mediaId": 603, "is4k": False}
    assert posted(service="Main") == {**body, "serverId": 0}


@pytest.mark.parametrize(
    ("asking", "why"),
    [
        pytest.param(
            {"service": "tWin"},
            "more than one Radarr is called 'tWin': use the id, one of 1, 2, 3",
            id="services",
        ),
        pytest.param(
            {"profile": "Hd"},
            "more than one profile is called 'Hd' at Radarr 'Main': use the id, one of 4, 6",
            id="profiles",
        ),
        pytest.param(
            {"profile": "x"},
            "no profile called 'x' at Radarr 'Main'; there are: HD, 4, hd, Any",
            id="none",
        ),
        pytest.param({"profile": ""}, "no profile called ''", id="empty"),
    ],
)
def test_what_is_not_one_is_told(asking: dict[str, str], why: str) -> None:
    wanted = Asking(**asking)  # type: ignore[arg-type]  # all texts
    told = server().seerr().trouble_with(wanted, MediaType.MOVIE, four_k=False)
    assert told is not None
    assert told.startswith(why)
    assert "\n" not in told


def test_without_a_default_one_must_be_named() -> None:
    told = trouble(server(), four_k=True, profile="HD")
    assert told == "no Radarr for 4K is the default: name one as service; there are: Ultra"


@pytest.mark.parametrize(
    ("services", "four_k", "why"),
    [
        pytest.param([], False, "the server has no Radarr", id="none"),
        pytest.param([], True, "the server has no Radarr for 4K", id="none-4k"),
        pytest.param(
            [SERVICES[4]], False, "the server has no Radarr that is not for 4K", id="4k-only"
        ),
    ],
)
def test_no_service_is_told(services: object, four_k: bool, why: str) -> None:
    assert trouble(server(services), four_k=four_k, service="Main") == why


def test_many_names_are_cut() -> None:
    profiles = [{"id": number, "name": f"p{number}"} for number in range(50)]
    told = trouble(server(offer=json_reply({"profiles": profiles})), profile="x")
    assert told is not None
    assert told.endswith("p10, p11, …")


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        pytest.param(
            message(500, "[Radarr] Failed to retrieve profiles"),
            "Radarr 'Main' cannot be asked what it offers: [Radarr] Failed",
            id="down",
        ),
        pytest.param(message(404, "does not exist"), "does not exist", id="gone"),
        pytest.param(json_reply({}, 500), "no reason given", id="silent"),
        pytest.param(json_reply({"profiles": None}), "there is none at all", id="null"),
    ],
)
def test_what_the_server_cannot_tell_is_told_and_asked_once(reply: Reply, why: str) -> None:
    playback = server(offer=reply)
    seerr = playback.seerr()
    for _ in range(2):
        told = seerr.trouble_with(Asking(profile="HD"), MediaType.MOVIE, four_k=False)
        assert told is not None
        assert why in told
    assert len(playback.asked) == 2


@pytest.mark.parametrize(
    ("reply", "error", "calls"),
    [
        pytest.param(httpcore.ReadError("reset"), UnavailableError, 2, id="broken"),
        pytest.param(httpcore.ReadTimeout("slow"), UnavailableError, 2, id="slow"),
        pytest.param(httpcore.ConnectError("refused"), UnavailableError, 4, id="down"),
        pytest.param(html_reply(502), UnavailableError, 2, id="proxy"),
        pytest.param(html_reply(500), UnavailableError, 2, id="web-page"),
        pytest.param(json_reply(GUARD, 403), RefusedError, 2, id="key"),
        pytest.param(json_reply([]), AnswerChangedError, 2, id="shape"),
    ],
)
def test_trouble_on_the_way_is_raised(reply: Reply, error: type[Exception], calls: int) -> None:
    playback = server(offer=reply)
    with pytest.raises(error):
        trouble(playback, profile="HD")
    assert len(playback.asked) == calls


def test_a_list_of_another_shape_is_told() -> None:
    with pytest.raises(AnswerChangedError, match="/service/radarr"):
        trouble(server({"results": []}), service="Main")
