"""As whom and of which service the client asks, against a server process."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from listsync.domain.arr_services import ArrSelection
from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import (
    AS_SERVER_DECIDES,
    Asking,
    Destination,
    RequestBody,
    ResponseKind,
)
from listsync.errors import UnavailableError
from listsync.sandbox.process import SandboxProcess
from listsync.seerr.client import Seerr
from listsync.sync.arr_lookup import ArrDirectory, ArrLookup
from tests.fakes import FakeArrNames
from tests.integration.seerr.conftest import Connect

_numbers = count(985_000_001)
MOVIE, TV = MediaType.MOVIE, MediaType.TV
Body = Callable[..., RequestBody]


@pytest.fixture
def body(sandbox: SandboxProcess) -> Body:
    """Give a request for a title that nobody has asked for yet."""

    def new(
        kind: MediaType = MOVIE,
        *,
        four_k: bool = False,
        destination: Destination = AS_SERVER_DECIDES,
        **asking: Any,
    ) -> RequestBody:
        number = next(_numbers)
        row = {"media_type": kind.value, "tmdb_id": number, "title": "New", "date": "2024-01-01"}
        more = {"tvdb_id": number, "seasons": 2} if kind is TV else {}
        sandbox.admin("titles", {**row, **more})
        return RequestBody(
            key=TitleKey(kind, number),
            four_k=four_k,
            seasons=(1,) if kind is TV else (),
            asking=Asking(**asking),
            destination=destination,
        )

    return new


def look_up(
    seerr: Seerr, asking: dict[str, Any], kind: MediaType, *, four_k: bool = False
) -> ArrDirectory:
    lookup = ArrLookup(
        server=seerr.arr_services, store=FakeArrNames(), identity="", now=datetime.now(UTC)
    )
    return lookup.look_up([ArrSelection.of(Asking(**asking), kind, four_k=four_k)])


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
    answer = client.request(wanted)
    assert answer.kind is ResponseKind.REQUESTED
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
        pytest.param(MOVIE, False, {"profile": "5"}, {"profileId": 5}, id="profile-id"),
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
    names = look_up(seerr, asking, kind, four_k=four_k)
    wanted = Asking(**asking)  # type: ignore[arg-type]  # a test knows them
    assert names.hold_reason(wanted, kind, four_k=four_k) is None
    destination = names.destination(wanted, kind, four_k=four_k)
    answer = seerr.request(body(kind, four_k=four_k, destination=destination))
    assert answer.kind is ResponseKind.REQUESTED
    assert only(sandbox)["options"] == options


@pytest.mark.parametrize(
    ("kind", "four_k", "asking", "why"),
    [
        pytest.param(
            MOVIE,
            False,
            {"service": "Big"},
            "Radarr 'Big' is for 4K: set four_k: true for the list, or name one that is not: "
            "Radarr, Kids",
            id="service-of-4k",
        ),
        pytest.param(TV, True, {"profile": "x"}, "the server has no Sonarr for 4K", id="no-4k"),
        pytest.param(
            MOVIE,
            False,
            {"service": "Kids", "profile": "Ultra-HD"},
            "Radarr 'Kids' has no profile 'Ultra-HD'; there are: Any, HD",
            id="profile",
        ),
        pytest.param(
            MOVIE,
            False,
            {"root_folder": "/kids"},
            "Radarr has no root folder '/kids'; there are: /movies",
            id="folder",
        ),
        pytest.param(
            TV,
            False,
            {"service": "four", "language_profile": "English"},
            "Sonarr 'Four' has no language profile 'English'; there is none at all",
            id="sonarr-4",
        ),
    ],
)
def test_what_is_not_there_is_told_with_what_is(
    seerr: Seerr, kind: MediaType, four_k: bool, asking: dict[str, Any], why: str
) -> None:
    names = look_up(seerr, asking, kind, four_k=four_k)
    assert names.hold_reason(Asking(**asking), kind, four_k=four_k) == why


@pytest.mark.parametrize(
    ("user", "why"),
    [
        ("kidz", "there is no user 'kidz'; the nearest are: Kids"),
        ("4711", "there is no user 4711"),
    ],
)
def test_a_user_who_is_not_there_is_told_and_looked_up_once(
    seerr: Seerr, sandbox: SandboxProcess, body: Body, user: str, why: str
) -> None:
    assert seerr.problem_with_user(user) == why
    calls = seerr.calls
    assert seerr.problem_with_user(user) == why
    answer = seerr.request(body(user=user))
    assert (answer.kind, answer.detail) == (ResponseKind.IMPOSSIBLE, why)
    assert seerr.calls == calls
    assert sandbox.admin("log")["requests"] == []


def test_names_of_services_cost_the_settings_and_one_call_a_service(
    seerr: Seerr, sandbox: SandboxProcess
) -> None:
    asking = {"service": "kids", "profile": "any", "tags": ("lists",)}
    look_up(seerr, asking, MOVIE)
    assert sandbox.admin("log")["calls"] == {
        "GET /settings/radarr": 1,
        "GET /service/radarr/{radarrId}": 1,
    }


def test_a_service_that_does_not_answer_the_server_is_told(
    seerr: Seerr, sandbox: SandboxProcess
) -> None:
    sandbox.admin("settings", {"sonarr": "errors"})
    names = look_up(seerr, {"profile": "Any"}, TV)
    why = names.hold_reason(Asking(profile="Any"), TV, four_k=False)
    assert why is not None
    assert why.startswith("Sonarr could not be asked for profile 'Any': ")


@pytest.mark.parametrize("fault", ["drop_before", "hang"])
def test_a_server_that_goes_silent_over_a_service_is_asked_once_and_waited_for(
    connect: Connect, sandbox: SandboxProcess, fault: str
) -> None:
    sandbox.admin("faults", {"kind": fault, "path": "/service/radarr/0", "times": None})
    client = connect(timeout_s=0.5)
    names = look_up(client, {"profile": "Any"}, MOVIE)
    why = names.hold_reason(Asking(profile="Any"), MOVIE, four_k=False)
    assert why is not None
    assert "the server went away when it was queried" in why
    assert sandbox.admin("log")["calls"] == {
        "GET /settings/radarr": 1,
        "GET /service/radarr/{radarrId}": 1,
        "GET /settings/public": 1,
    }


def test_a_server_that_is_down_is_no_trouble_of_the_asking(connect: Connect) -> None:
    client = connect(url="http://127.0.0.1:1")
    with pytest.raises(UnavailableError, match="connection refused"):
        client.problem_with_user("kids")
    with pytest.raises(UnavailableError, match="connection refused"):
        look_up(client, {"service": "kids"}, MOVIE)
