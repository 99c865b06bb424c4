from __future__ import annotations

import httpcore
import httpx
import pytest

from listsync.domain.server import Product
from listsync.errors import Refusal, RefusedError, ResponseChangedError, UnavailableError
from listsync.seerr import address
from tests.builders import film_body
from tests.unit.agent.seerr.playback import (
    GUARD,
    URL,
    Playback,
    created,
    html_reply,
    json_reply,
    message,
)

PUBLIC = {"initialized": True, "movie4kEnabled": True, "series4kEnabled": False}
ME = {
    "id": 1,
    "displayName": "Ann",
    "email": "ann@example.com",
    "createdAt": "2024-05-06T07:08:09.000Z",
}


def server(
    api: str = "Seerr API",
    version: str = "3.1.0",
    public: dict[str, object] | None = None,
    me: dict[str, object] | None = None,
) -> Playback:
    return (
        Playback()
        .on("GET /settings/public", json_reply({**PUBLIC, **(public or {})}))
        .on("GET /status", json_reply({"version": version, "commitTag": "x"}))
        .on("GET /", json_reply({"api": api, "version": "1.0"}))
        .on("GET /auth/me", json_reply({**ME, **(me or {})}))
    )


JELLYFIN: dict[str, object] = {"mediaServerType": 2}
SEERR: dict[str, object] = {"mediaServerType": 1, "enableSpecialEpisodes": False}


@pytest.mark.parametrize(
    ("api", "version", "public", "product"),
    [
        pytest.param("Overseerr API", "1.34.0", {}, Product.OVERSEERR, id="overseerr"),
        pytest.param("Overseerr API", "1.9.2", JELLYFIN, Product.JELLYSEERR, id="jellyseerr-1"),
        pytest.param("Jellyseerr API", "2.5.2", JELLYFIN, Product.JELLYSEERR, id="jellyseerr-2.5"),
        pytest.param("Jellyseerr API", "2.7.3", JELLYFIN, Product.JELLYSEERR, id="jellyseerr-2.7"),
        pytest.param("Seerr API", "3.1.0", SEERR, Product.SEERR, id="seerr"),
        pytest.param("Seerr API", "develop-f74306ed", SEERR, Product.SEERR, id="develop"),
        pytest.param("Jellyseerr API", "develop-ab", JELLYFIN, Product.JELLYSEERR, id="dev-jelly"),
        pytest.param("Renamed", "4.0.0", SEERR, Product.SEERR, id="renamed"),
        pytest.param("", "3.0.0", JELLYFIN, Product.SEERR, id="by-version"),
        pytest.param("", "2.7.0", JELLYFIN, Product.JELLYSEERR, id="by-media-server"),
        pytest.param("", "1.33.2", {}, Product.OVERSEERR, id="nothing-said"),
    ],
)
def test_the_product_is_told(
    api: str, version: str, public: dict[str, object], product: Product
) -> None:
    playback = server(api, version, public)
    info = playback.seerr().identify()
    assert (info.product, info.version) == (product, version)
    assert (info.user, info.movie_4k, info.series_4k) == ("Ann", True, False)
    assert len(playback.asked) == 4


@pytest.mark.parametrize("hidden", [message(404, "not found"), html_reply(403)])
def test_a_hidden_root_is_no_reason_to_stop(hidden: object) -> None:
    playback = server(public=SEERR).on("GET /", hidden)  # type: ignore[arg-type]  # one of Reply
    assert playback.seerr().identify().product is Product.SEERR


def test_the_identity_outlives_address_key_and_version() -> None:
    one = server().seerr().identify()
    other = server("Overseerr API", "1.34.0", me={"createdAt": "2024-05-06 07:08:09"})
    moved = other.seerr("https://elsewhere.test", "another=").identify()
    assert one.identity == moved.identity


def test_another_owner_is_another_server() -> None:
    other = server(me={"createdAt": "2024-05-06T07:08:10.000Z"})
    assert server().seerr().identify().identity != other.seerr().identify().identity


def test_an_odd_date_still_names_the_server() -> None:
    one = server(me={"createdAt": "once"}).seerr("http://a").identify()
    assert one.identity == server(me={"createdAt": "once"}).seerr("http://b").identify().identity


def test_without_a_date_the_address_names_the_server() -> None:
    one, two = (
        server(me={"createdAt": None}).seerr(url).identify().identity
        for url in ("http://a", "http://b")
    )
    assert one != two


def test_a_server_that_was_never_set_up_is_told() -> None:
    playback = server(public={"initialized": False})
    with pytest.raises(UnavailableError, match=f"has not been set up yet: open {URL}"):
        playback.seerr().identify()


def test_a_wrong_key_is_told_with_the_usual_cause() -> None:
    playback = server().on("GET /auth/me", json_reply(GUARD, 403))
    with pytest.raises(RefusedError, match="often ends in '='") as caught:
        playback.seerr().identify()
    assert caught.value.kind is Refusal.CREDENTIAL
    assert len(playback.asked) == 4


def test_another_json_service_is_told_apart() -> None:
    playback = server().on("GET /settings/public", json_reply({"hello": "world"}))
    with pytest.raises(
        ResponseChangedError, match="is this Overseerr, Jellyseerr or Seerr"
    ) as caught:
        playback.seerr().identify()
    assert "hello" in caught.value.sample


def test_a_base_path_is_used() -> None:
    playback = server()
    with pytest.raises(UnavailableError, match="and with its base path"):
        playback.seerr("http://seerr.test/wrong").identify()
    assert playback.targets == ["GET /wrong/api/v1/settings/public"]


def test_the_acting_user_is_named() -> None:
    playback = server().on("GET /user/7", json_reply({"id": 7, "displayName": "Kids"}))
    assert playback.seerr(act_as=7).identify().user == "Kids"
    assert len(playback.asked) == 5


ANOTHER = {**ME, "createdAt": "2026-01-01T00:00:00.000Z"}


def test_nothing_is_requested_at_a_server_that_came_while_nothing_was_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(address, "_SOONEST_S", -1.0)
    playback = server().on("GET /auth/me", json_reply(ME), json_reply(ANOTHER))
    seerr = playback.seerr()
    seerr.identify()
    for _ in range(2):
        with pytest.raises(UnavailableError, match="another server answers by now"):
            seerr.request(film_body())
    assert playback.posted == []


@pytest.mark.parametrize(
    "fault", [httpcore.ConnectError("gone"), httpcore.ReadError("cut"), html_reply(502)]
)
def test_a_request_is_not_repeated_at_a_server_that_came_after_a_fault(
    fault: httpx.Response | Exception,
) -> None:
    playback = server().on("GET /auth/me", json_reply(ME), json_reply(ANOTHER))
    playback.on("POST /request", fault, created())
    playback.on("GET /movie/603", json_reply({"id": 603, "title": "The Matrix"}))
    seerr = playback.seerr()
    seerr.identify()
    with pytest.raises(UnavailableError, match="another server answers by now"):
        seerr.request(film_body())
    assert len(playback.posted) == 1


def test_the_same_server_is_asked_once_more_after_silence_and_not_before_each_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    playback = server().on("POST /request", created())
    seerr = playback.seerr()
    seerr.identify()
    monkeypatch.setattr(address, "_SOONEST_S", -1.0)
    seerr.name_of_product()
    monkeypatch.setattr(address, "_SOONEST_S", 60.0)
    for _ in range(3):
        seerr.request(film_body())
    assert playback.targets.count("GET /api/v1/auth/me") == 2
    assert len(playback.posted) == 3


def test_a_server_may_be_another_one_after_silence_and_not_while_it_takes_its_time() -> None:
    now_s = 0.0
    presence = address.Presence(lambda: now_s)
    now_s = 5.0
    presence.note(0.5, 200)
    assert not presence.may_be_another, "it was slow"
    now_s = 6.5
    assert presence.may_be_another, "nothing was asked of it"
    presence.note(6.4, 200)
    assert presence.may_be_another, "it has answered behind the silence"
    presence.trust()
    presence.note(now_s, 200)
    assert not presence.may_be_another
