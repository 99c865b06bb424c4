"""Every request that the client can send, against the OpenAPI files of all three servers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import product as combinations

import httpcore
import httpx
import pytest

from listsync.config_types import SecretStr
from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import Asking, Destination, IndexPage, RequestBody
from listsync.seerr.client import Seerr
from tests.contract.openapi.specification import PRODUCTS, specification
from tests.network import Network

TITLES = (
    "The Matrix",
    "Schindler's List",
    "Airplane!",
    "Face/Off",
    "M*A*S*H",
    "Mission: Impossible",
    "What's Up, Doc?",
    "(500) Days of Summer",
    "[REC]",
    "Se7en #1",
    "Love & Mercy",
    "1+1=2",
    "100% Wolf",
    "100%41",
    "$9.99",
    "user@host; tmdb:550",
    "8½",
    "Amélie",
    "千と千尋の神隠し",
    "🎬",
    "year:2020",
    "a\nb\x00",
    "x" * 999,
)
_ACCEPTED: set[tuple[object, ...]] = set()
FILM = TitleKey(MediaType.MOVIE, 603)
SERIES = TitleKey(MediaType.TV, 1396)

ASKINGS = (
    Asking(user="kids"),
    Asking(user="7", approve=True),
    Asking(approve=True),
    Asking(approve=False),
)
DESTINATIONS = (
    Destination(server_id=0),
    Destination(server_id=0, profile_id=4, root_folder="/all", tags=(1, 2)),
    Destination(language_profile_id=1, tags=(1,)),
)

Act = Callable[[Seerr], object]


def bodies() -> Iterator[RequestBody]:
    for four_k, seasons, tvdb_id in combinations((False, True), ((1,), (0, 1, 2)), (None, 81189)):
        yield RequestBody(key=SERIES, four_k=four_k, seasons=seasons, tvdb_id=tvdb_id)
    yield RequestBody(key=FILM, four_k=False)
    yield RequestBody(key=FILM, four_k=True)
    yield RequestBody(key=FILM, four_k=False, seasons=(1,))
    for asking, four_k in combinations(ASKINGS, (False, True)):
        yield RequestBody(key=FILM, four_k=four_k, asking=asking)
        yield RequestBody(key=SERIES, four_k=four_k, seasons=(1,), asking=asking)
    for there, asking in combinations(DESTINATIONS, ASKINGS[:2]):
        yield RequestBody(key=FILM, four_k=False, asking=asking, destination=there)
        yield RequestBody(key=SERIES, four_k=True, seasons=(1,), asking=asking, destination=there)


def search(title: str, year: int | None = None) -> Act:
    return lambda seerr: seerr.search(title, year=year)


def settings(kind: MediaType) -> Act:
    return lambda seerr: seerr.arr_services.list_services(kind)


def offer(kind: MediaType) -> Act:
    return lambda seerr: seerr.arr_services.read_offer(kind, 0)


def genres(kind: MediaType) -> Act:
    return lambda seerr: seerr.genres(kind)


def ask(body: RequestBody) -> Act:
    return lambda seerr: seerr.request(body)


KNOWN = tuple(IndexPage(etag=f'W/"{n}"', total=2001, titles=()) for n in range(3))
ACTS: dict[str, Act] = {
    "identify": lambda seerr: seerr.identify(),
    "index": lambda seerr: seerr.read_index(()),
    "index-again": lambda seerr: seerr.read_index(KNOWN),
    "imdb": lambda seerr: seerr.find_by_imdb("tt1160419"),
    "person": lambda seerr: seerr.find_by_imdb("nm0000206"),
    "tvdb": lambda seerr: seerr.find_by_tvdb(81189),
    "tmdb": lambda seerr: seerr.find_by_tmdb(1396),
    "series": lambda seerr: seerr.series(1396),
    "film's facts": lambda seerr: seerr.facts(FILM),
    "series' facts": lambda seerr: seerr.facts(SERIES),
    "parts": lambda seerr: seerr.parts(2344),
    "watchlist": lambda seerr: seerr.watchlist_page("kids", 2),
    "owner's watchlist": lambda seerr: seerr.watchlist_page(None, 1, 'W/"1"'),
    "cancel": lambda seerr: seerr.cancel(6),
    **{f"settings of {kind}": settings(kind) for kind in MediaType},
    **{f"offer of {kind}": offer(kind) for kind in MediaType},
    **{f"genres of {kind}": genres(kind) for kind in MediaType},
    "languages": lambda seerr: seerr.languages(),
    "wait": lambda seerr: seerr.arr_services.wait_until_back(),
    "page": lambda seerr: seerr.search("Dune", page=7),
    **{f"search {n}": search(title) for n, title in enumerate(TITLES)},
    **{f"search {n} with year": search(title, 1984) for n, title in enumerate(TITLES)},
    **{f"request {n}": ask(body) for n, body in enumerate(bodies())},
}
ACTORS: dict[str, tuple[str | int | None, bool]] = {
    "owner": (None, False),
    "owner-approving": (None, True),
    "by-name": ("kids", False),
    "by-id": (7, False),
    "for-user": ("kids", True),
}


class Recorder(Network):
    """Answers everything well enough for the client to go on, and keeps the requests.

    The first write is refused for want of a CSRF token, the second loses its answer if it is a
    POST.
    """

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.method == "POST":
            return self._created()
        if request.method == "DELETE":
            is_first = sum(one.method == "DELETE" for one in self.asked) == 1
            csrf = httpx.Response(403, json={"message": "invalid csrf token"})
            return csrf if is_first else httpx.Response(204)
        path = request.url.path.removeprefix("/api/v1")
        headers = [("Set-Cookie", "_csrf=a; Secure"), ("Set-Cookie", "XSRF-TOKEN=b%3D; Secure")]
        if path == "/user/7":
            return httpx.Response(200, json={"id": 7, "displayName": "Kids"})
        return httpx.Response(200, json=ANSWERS.get(path, {"id": 5}), headers=headers)

    def _created(self) -> httpx.Response:
        match sum(one.method == "POST" for one in self.asked):
            case 1:
                return httpx.Response(403, json={"message": "invalid csrf token"})
            case 2:
                raise httpcore.ReadError("reset")
            case _:
                asked = json.loads(self.asked[-1].content)
                media = {"tmdbId": asked["mediaId"], "mediaType": asked["mediaType"]}
                return httpx.Response(201, json={"id": 1, "status": 2, "media": media})


SERVICES = [
    {"id": int(is4k), "name": "arr", "is4k": is4k, "isDefault": True} for is4k in (False, True)
]
OFFER = {
    "profiles": [{"id": 4, "name": "HD"}],
    "rootFolders": [{"id": 1, "path": "/all"}],
    "tags": [{"id": 1, "label": "lists"}, {"id": 2, "label": "more"}],
    "languageProfiles": [{"id": 1, "name": "English"}],
}
ROWS = [{"mediaType": "movie", "tmdbId": n, "status": 5} for n in range(1000)]
WATCHLIST = {"page": 1, "totalPages": 1, "totalResults": 0, "results": []}
ANSWERS: dict[str, object] = {
    "/status": {"version": "3.1.0"},
    "/settings/public": {"initialized": True},
    "/": {"api": "Seerr API"},
    "/auth/me": {"id": 1, "displayName": "Ann", "createdAt": "2024-01-01T00:00:00.000Z"},
    "/user": {"pageInfo": {"results": 1}, "results": [{"id": 7, "displayName": "Kids"}]},
    "/media": {"pageInfo": {"results": 2001}, "results": ROWS},
    "/search": {"page": 1, "results": []},
    "/genres/movie": [{"id": 1, "name": "Drama"}],
    "/genres/tv": [{"id": 1, "name": "Drama"}],
    "/languages": [{"iso_639_1": "en"}],
    "/settings/radarr": SERVICES,
    "/settings/sonarr": SERVICES,
    "/service/radarr/0": OFFER,
    "/service/sonarr/0": OFFER,
    "/user/1/watchlist": WATCHLIST,
    "/user/7/watchlist": WATCHLIST,
    "/request/6": {"status": 1, "requestedBy": {"id": 1}},
}


@pytest.mark.parametrize("actor", ACTORS.values(), ids=ACTORS.keys())
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
def test_every_server_would_accept_it(act: Act, actor: tuple[str | int | None, bool]) -> None:
    recorder = Recorder()
    act_as, approve = actor
    seerr = Seerr(
        "http://seerr.test:5055",
        SecretStr("key="),
        act_as=act_as,
        approve=approve,
        pool=recorder,
    )
    act(seerr)
    for request in recorder.asked:
        check(request)


def check(request: httpx.Request) -> None:
    """Judge a request by the files of all products; most are sent again and again."""
    form = (request.method, request.url.raw_path, *request.headers.raw, request.content)
    if form in _ACCEPTED:
        return
    for product in PRODUCTS:
        specification(product).check(request)
    _ACCEPTED.add(form)


def test_the_recorder_provokes_every_kind_of_call() -> None:
    asked: list[httpx.Request] = []
    for act_as in ("kids", "7"):
        for act in ACTS.values():
            recorder = Recorder()
            act(Seerr("http://s.test", SecretStr("k"), act_as=act_as, pool=recorder))
            asked += recorder.asked
    calls = {f"{one.method} {one.url.path.removeprefix('/api/v1')}" for one in asked}
    assert calls == {
        "GET /",
        "DELETE /request/6",
        "GET /auth/me",
        "GET /collection/2344",
        "GET /genres/movie",
        "GET /genres/tv",
        "GET /languages",
        "GET /media",
        "GET /movie/603",
        "GET /request/6",
        "GET /search",
        "GET /service/radarr/0",
        "GET /service/sonarr/0",
        "GET /settings/public",
        "GET /settings/radarr",
        "GET /settings/sonarr",
        "GET /status",
        "GET /tv/1396",
        "GET /user",
        "GET /user/1/watchlist",
        "GET /user/7",
        "GET /user/7/watchlist",
        "POST /request",
    }
    fields = {name for one in asked if one.method == "POST" for name in json.loads(one.content)}
    assert fields == {
        "is4k",
        "languageProfileId",
        "mediaId",
        "mediaType",
        "profileId",
        "rootFolder",
        "seasons",
        "serverId",
        "tags",
        "tvdbId",
        "userId",
    }
    sent = {name for one in asked for name in one.headers}
    assert {"x-api-user", "if-none-match", "cookie", "x-xsrf-token"} <= sent
