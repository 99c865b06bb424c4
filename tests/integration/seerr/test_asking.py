"""As whom and of which service the client asks, against a server process."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import AS_USUAL, Asking, RequestAnswer, RequestBody
from listsync.errors import UnavailableError
from listsync.sandbox.process import SandboxProcess
from listsync.seerr.client import Seerr
from tests.integration.seerr.conftest import Connect

_numbers = count(985_000_001)
MOVIE, TV = MediaType.MOVIE, MediaType.TV
Body = Callable[..., RequestBody]


@pytest.fixture
def body(sandbox: SandboxProcess) -> Body:
    """Give a request for a title that nobody has asked for yet."""

    def new(kind: MediaType = MOVIE, *, four_k: bool = False, **asking: Any) -> RequestBody:
        number = next(_numbers)
        row = {"media_type": kind.value, "tmdb_id": number, "title": "New", "date": "2024-01-01"}
        more = {"tvdb_id": number, "seasons": 2} if kind is TV else {}
        sandbox.admin("titles", {**row, **more})
        return RequestBody(
            key=TitleKey(kind, number),
            four_k=four_k,
            seasons=(1,) if kind is TV else (),
            asking=Asking(**asking),
        )

    return new


def only(sandbox: SandboxProcess) -> dict[str, Any]:
    """Give the one request that arrived."""
    (row,) = sandbox.admin("log")["requests"]
    assert row["status"] == 201
    return dict(row)


@pytest.mark.parametrize(
    ("act_as", "client_approves", "asking", "user", "acting", "waits"),
    [
        pytest.param(None, False, {"user": "Kids"}, 7, 7, True, id="user"),
        pytest.param(None, True, {"user": "Kids"}, 7, 1, False, id="user-approved-as-usual"),
        pytest.param(None, False, {"user": "7", "approve": True}, 7, 1, False, id="approved"),
        pytest.param(None, True, {"user": "kids", "approve": False}, 7, 7, True, id="unapproved"),
        pytest.param("quota", False, {"user": "kids"}, 7, 7, True, id="another-than-usual"),
        pytest.param("kids", False, {"approve": True}, 7, 1, False, id="usual-user-approved"),
        pytest.param("kids", True, {"approve": False}, 7, 7, True, id="usual-user-unapproved"),
        pytest.param("kids", True, {}, 7, 1, False, id="as-usual"),
    ],
)
def test_the_asking_says_as_whom(
    *,
    connect: Connect,
    sandbox: SandboxProcess,
    body: Body,
    act_as: str | None,
    client_approves: bool,
    asking: dict[str, object],
    user: int,
    acting: int,
    waits: bool,
) -> None:
    client = connect(act_as=act_as, approve=client_approves)
    wanted = body(**asking)
    assert client.trouble_with(wanted.asking, MOVIE, four_k=False) is None
    answer = client.request(wanted)
    assert answer.answer is RequestAnswer.REQUESTED
    assert answer.detail == ("waits for approval" if waits else "")
    row = only(sandbox)
    assert (row["userId"], row["actingId"]) == (user, acting)


@pytest.mark.parametrize(
    ("kind", "four_k", "asking", "options"),
    [
        pytest.param(MOVIE, False, {}, {}, id="as-usual"),
        pytest.param(MOVIE, False, {"language_profile": "English"}, {}, id="sonarr-only"),
        pytest.param(MOVIE, False, {"service": "kids"}, {"serverId": 3}, id="service"),
        pytest.param(MOVIE, False, {"service": "3"}, {"serverId": 3}, id="service-id"),
        pytest.param(
            MOVIE, False, {"profile": "ultra-hd"}, {"serverId": 0, "profileId": 5}, id="default"
        ),
        pytest.param(
            MOVIE, True, {"profile": "ULTRA"}, {"serverId": 4, "profileId": 9}, id="default-4k"
        ),
        pytest.param(
            MOVIE,
            False,
            {"service": "Kids", "root_folder": "/Kids/", "tags": ("cartoons", "1", "LISTS")},
            {"serverId": 3, "rootFolder": "/kids", "tags": [2, 1]},
            id="folder-and-tags",
        ),
        pytest.param(
            TV,
            False,
            {"language_profile": "english", "tags": ("lists",), "profile": "4"},
            {"serverId": 0, "languageProfileId": 1, "tags": [1], "profileId": 4},
            id="series",
        ),
    ],
)
def test_names_become_the_servers_numbers(
    *,
    seerr: Seerr,
    sandbox: SandboxProcess,
    body: Body,
    kind: MediaType,
    four_k: bool,
    asking: dict[str, object],
    options: dict[str, object],
) -> None:
    wanted = body(kind, four_k=four_k, **asking)
    assert seerr.trouble_with(wanted.asking, kind, four_k=four_k) is None
    answer = seerr.request(wanted)
    assert answer.answer is RequestAnswer.REQUESTED
    assert only(sandbox)["options"] == options


@pytest.mark.parametrize(
    ("kind", "four_k", "asking", "why"),
    [
        pytest.param(
            MOVIE,
            False,
            {"user": "kidz"},
            "there is no user 'kidz'; the nearest are: Kids",
            id="user",
        ),
        pytest.param(MOVIE, False, {"user": "4711"}, "there is no user 4711", id="user-id"),
        pytest.param(
            MOVIE,
            False,
            {"service": "Big"},
            "no Radarr called 'Big'; there are: Radarr, Kids",
            id="service-of-4k",
        ),
        pytest.param(
            MOVIE,
            True,
            {"service": "Kids"},
            "no Radarr for 4K called 'Kids'; there are: Big",
            id="service-not-of-4k",
        ),
        pytest.param(TV, True, {"profile": "x"}, "the server has no Sonarr for 4K", id="no-4k"),
        pytest.param(
            MOVIE,
            False,
            {"service": "Kids", "profile": "Ultra-HD"},
            "no profile called 'Ultra-HD' at Radarr 'Kids'; there are: Any, HD",
            id="profile",
        ),
        pytest.param(
            MOVIE,
            False,
            {"root_folder": "/kids"},
            "no root folder called '/kids' at Radarr 'Radarr'; there are: /movies",
            id="folder",
        ),
        pytest.param(
            TV,
            False,
            {"service": "four", "language_profile": "English"},
            "no language profile called 'English' at Sonarr 'Four'; there is none at all",
            id="sonarr-4",
        ),
        pytest.param(
            MOVIE,
            False,
            {"tags": ("lists", "cartoons")},
            "no tag called 'cartoons' at Radarr 'Radarr'; there are: lists",
            id="tag",
        ),
    ],
)
def test_what_is_not_there_is_told_with_what_is(
    seerr: Seerr, kind: MediaType, four_k: bool, asking: dict[str, Any], why: str
) -> None:
    wanted = Asking(**asking)
    assert seerr.trouble_with(wanted, kind, four_k=four_k) == why
    calls = seerr.calls
    assert seerr.trouble_with(wanted, kind, four_k=four_k) == why
    assert seerr.calls == calls


def test_a_title_asked_for_so_is_impossible_and_never_sent(
    seerr: Seerr, sandbox: SandboxProcess, body: Body
) -> None:
    answer = seerr.request(body(profile="x"))
    assert answer.answer is RequestAnswer.IMPOSSIBLE
    assert "no profile called 'x'" in answer.detail
    assert sandbox.admin("log")["requests"] == []


def test_tags_that_the_service_lacks_are_left_out_of_a_request(
    seerr: Seerr, sandbox: SandboxProcess, body: Body, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        seerr.request(body(tags=("cartoons", "lists")))
    assert [row["options"]["tags"] for row in sandbox.admin("log")["requests"]] == [[1], [1]]
    assert caplog.messages == ["tag 'cartoons' is left out: Radarr 'Radarr' has no such tag"]


def test_asking_as_usual_costs_nothing(seerr: Seerr) -> None:
    assert seerr.trouble_with(AS_USUAL, MOVIE, four_k=True) is None
    assert seerr.trouble_with(Asking(approve=True), TV, four_k=False) is None
    assert seerr.calls == 0


def test_everything_is_looked_up_once(seerr: Seerr, sandbox: SandboxProcess, body: Body) -> None:
    asking = {"user": "kids", "service": "kids", "profile": "any", "tags": ("lists",)}
    for _ in range(2):
        assert seerr.trouble_with(Asking(**asking), MOVIE, four_k=False) is None  # type: ignore[arg-type]  # as in `body`
        seerr.request(body(**asking))
    assert sandbox.admin("log")["calls"] == {
        "GET /user": 1,
        "GET /service/radarr": 1,
        "GET /service/radarr/{radarrId}": 1,
        "POST /request": 2,
    }


def test_a_service_that_does_not_answer_the_server_is_told_and_not_asked_again(
    seerr: Seerr, sandbox: SandboxProcess
) -> None:
    said = "[Sonarr] Failed to retrieve profiles: connect ECONNREFUSED"
    sandbox.admin(
        "faults",
        {
            "kind": "status",
            "status": 500,
            "path": "/service/sonarr/0",
            "body": said,
            "times": None,
        },
    )
    for _ in range(2):
        why = seerr.trouble_with(Asking(profile="4"), TV, four_k=False)
        assert why == f"Sonarr 'Sonarr' cannot be asked what it offers: {said}"
    assert seerr.calls == 2


@pytest.mark.parametrize("fault", ["drop_before", "hang"])
def test_a_server_that_goes_silent_over_a_service_is_not_asked_twice(
    connect: Connect, sandbox: SandboxProcess, fault: str
) -> None:
    sandbox.admin("faults", {"kind": fault, "path": "/service/radarr/0", "times": None})
    client = connect(timeout_s=0.5)
    for _ in range(2):
        with pytest.raises(UnavailableError, match=r"asked what Radarr 'Radarr' offers"):
            client.trouble_with(Asking(profile="4"), MOVIE, four_k=False)
    assert client.calls == 2


def test_a_server_that_is_down_is_no_trouble_of_the_asking(connect: Connect) -> None:
    client = connect(url="http://127.0.0.1:1")
    for asking in (Asking(user="kids"), Asking(service="kids")):
        with pytest.raises(UnavailableError, match="connection refused"):
            client.trouble_with(asking, MOVIE, four_k=False)
