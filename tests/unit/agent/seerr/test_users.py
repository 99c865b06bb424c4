from __future__ import annotations

import pytest

from listsync.errors import Refusal, RefusedError
from tests.builders import film_body
from tests.unit.agent.seerr.playback import Playback, created, json_reply, message

USERS: list[dict[str, object]] = [
    {"id": 1, "displayName": "Ann", "email": "ann@example.com"},
    {"id": 2, "displayName": "Family", "username": "fam", "plexUsername": "FamPlex"},
    {"id": 3, "displayName": "Straße", "jellyfinUsername": "jelly", "email": None},
    {"id": 4, "displayName": "twin"},
    {"id": 5, "displayName": "TWIN"},
    {"id": 6, "displayName": "mail@example.com", "email": "mail@example.com"},
    {"id": "odd"},
]
FILM = film_body()


def users_page(users: list[dict[str, object]], total: int) -> dict[str, object]:
    return {"pageInfo": {"results": total}, "results": users}


def server() -> Playback:
    return (
        Playback()
        .on("GET /user", json_reply(users_page(USERS, len(USERS))))
        .on("POST /request", created())
        .on("GET /user/2", json_reply(USERS[1]))
    )


def acted_as(act_as: str | int) -> str:
    playback = server()
    playback.seerr(act_as=act_as).request(FILM)
    return str(playback.asked[-1].headers["x-api-user"])


@pytest.mark.parametrize(
    ("act_as", "user_id"),
    [
        ("family", "2"),
        (" FAM ", "2"),
        ("famplex", "2"),
        ("JELLY", "3"),
        ("STRASSE", "3"),
        ("Ann@Example.com", "1"),
        (2, "2"),
        ("2", "2"),
    ],
)
def test_a_user_is_found_by_any_name(act_as: str | int, user_id: str) -> None:
    assert acted_as(act_as) == user_id


@pytest.mark.parametrize(
    ("act_as", "words"),
    [
        pytest.param("famly", "no user 'famly'; the nearest are: Family", id="near"),
        pytest.param("zzz", "the nearest are: Ann", id="far"),
        pytest.param("mail@example.co", "user 6", id="mail-is-not-shown"),
        pytest.param("twin", "several users.*twin .id 4., TWIN .id 5.; use the id", id="two"),
        pytest.param("", "no user ''", id="empty"),
    ],
)
def test_no_single_user_is_refused_with_names(act_as: str, words: str) -> None:
    with pytest.raises(RefusedError, match=words) as caught:
        server().seerr(act_as=act_as).request(FILM)
    assert caught.value.kind is Refusal.NOT_FOUND
    assert "example.com" not in str(caught.value).replace(act_as, "")


@pytest.mark.parametrize("act_as", [0, -1, "999999999999999999999", 99, "0"])
def test_an_id_is_proved_before_it_is_sent(act_as: str | int) -> None:
    playback = server().on("GET /user/99", message(404, "User not found."))
    with pytest.raises(RefusedError, match="no user"):
        playback.seerr(act_as=act_as).request(FILM)
    assert not [one for one in playback.asked if "x-api-user" in one.headers]


@pytest.mark.parametrize("act_as", ["abc", "NaN", "1e3", "٣", "2; drop", "-2"])
def test_what_is_no_number_is_never_sent_as_one(act_as: str) -> None:
    playback = server()
    with pytest.raises(RefusedError):
        playback.seerr(act_as=act_as).request(FILM)
    assert not [one for one in playback.asked if "x-api-user" in one.headers]


def test_all_pages_of_users_are_read() -> None:
    first = [{"id": n, "displayName": f"u{n}"} for n in range(1, 1001)]
    playback = server()
    playback.on("GET /user?take=1000&skip=0", json_reply(users_page(first, 1001)))
    last: list[dict[str, object]] = [{"id": 1001, "displayName": "last"}]
    playback.on("GET /user?take=1000&skip=1000", json_reply(users_page(last, 1001)))
    playback.seerr(act_as="last").request(FILM)
    assert playback.asked[-1].headers["x-api-user"] == "1001"


def test_the_user_is_looked_up_once() -> None:
    playback = server()
    seerr = playback.seerr(act_as="fam")
    seerr.request(FILM)
    seerr.request(FILM)
    assert [target.partition("?")[0] for target in playback.targets] == [
        "GET /api/v1/user",
        "POST /api/v1/request",
        "POST /api/v1/request",
    ]


def test_two_users_cost_one_page() -> None:
    playback = server()
    seerr = playback.seerr()
    for name, trouble in (("fam", False), ("jelly", False), ("zzz", True), ("FAM", False)):
        told = seerr.problem_with_user(name)
        assert (told is not None) is trouble
    assert len(playback.asked) == 1
