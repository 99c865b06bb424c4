"""One list of each service, read from an address on loopback by the client that the agent has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from listsync.config_types import ClientOptions, SecretStr
from listsync.http.service_client import ServiceClient, build_client
from listsync.ports.lists import ListProvider
from listsync.providers.anilist.reader import AniList
from listsync.providers.anilist.source import AniListOptions
from listsync.providers.anilist.source import parse as parse_anilist
from listsync.providers.custom.reader import Custom
from listsync.providers.custom.source import CustomOptions, CustomSource
from listsync.providers.imdb.reader import Imdb
from listsync.providers.imdb.source import ImdbOptions
from listsync.providers.imdb.source import parse as parse_imdb
from listsync.providers.letterboxd.reader import Letterboxd
from listsync.providers.letterboxd.source import LetterboxdOptions
from listsync.providers.letterboxd.source import parse as parse_letterboxd
from listsync.providers.mdblist.reader import MdbList
from listsync.providers.mdblist.source import MdbListOptions
from listsync.providers.mdblist.source import parse as parse_mdblist
from listsync.providers.myanimelist.reader import MyAnimeList
from listsync.providers.myanimelist.source import MyAnimeListOptions
from listsync.providers.myanimelist.source import parse as parse_myanimelist
from listsync.providers.plex.reader import Plex
from listsync.providers.plex.source import PlexListOptions
from listsync.providers.plex.source import parse as parse_plex
from listsync.providers.simkl.reader import Simkl
from listsync.providers.simkl.source import SimklOptions
from listsync.providers.simkl.source import parse as parse_simkl
from listsync.providers.stevenlu.reader import StevenLu
from listsync.providers.stevenlu.source import StevenLuOptions
from listsync.providers.stevenlu.source import parse as parse_stevenlu
from listsync.providers.tmdb.reader import Tmdb
from listsync.providers.tmdb.source import TmdbOptions
from listsync.providers.tmdb.source import parse as parse_tmdb
from listsync.providers.trakt.reader import Trakt
from listsync.providers.trakt.source import TraktOptions
from listsync.providers.trakt.source import parse as parse_trakt
from listsync.providers.tvdb.reader import Tvdb
from listsync.providers.tvdb.source import TvdbOptions
from listsync.providers.tvdb.source import parse as parse_tvdb
from tests.fakes import AnimeIdsInMemory, FilmIdsInMemory, KeptTokens

KEY = "not-a-real-key-0123456789"
LETTERBOXD = "sample_user/list/synthetic-list"
MDBLIST = "sample_user/synthetic-list"
TRAKT = "sample_user/lists/synthetic-list"
_TVDB_LOGINS = KeptTokens()


@dataclass(frozen=True)
class _Service:
    options: type[ClientOptions]
    read: Callable[[Any, ServiceClient], ListProvider]
    more: Mapping[str, object] = field(default_factory=dict)


class _OwnOptions(CustomOptions, frozen=True, kw_only=True):
    """Where the list is, too, which for other services their options say."""

    base_url: str


_SERVICES = {
    "anilist": _Service(
        AniListOptions,
        lambda options, http: AniList(
            parse_anilist("sample_user"), options, http, AnimeIdsInMemory()
        ),
        {"pace_s": 0},
    ),
    "custom": _Service(
        _OwnOptions,
        lambda options, http: Custom(
            CustomSource(url=f"{options.base_url}/mine.json", allow_private=True), http
        ),
    ),
    "imdb": _Service(
        ImdbOptions, lambda options, http: Imdb(parse_imdb("ls990000001"), options, http)
    ),
    "letterboxd": _Service(
        LetterboxdOptions,
        lambda options, http: Letterboxd(
            parse_letterboxd(LETTERBOXD), options, http, FilmIdsInMemory()
        ),
        {"film_pages": 0, "pace_s": 0},
    ),
    "mdblist": _Service(
        MdbListOptions, lambda options, http: MdbList(parse_mdblist(MDBLIST), options, http)
    ),
    "mdblist-with-key": _Service(
        MdbListOptions,
        lambda options, http: MdbList(parse_mdblist(MDBLIST), options, http),
        {"api_key": SecretStr(KEY)},
    ),
    "plex": _Service(
        PlexListOptions,
        lambda options, http: Plex(parse_plex("watchlist"), options, http, FilmIdsInMemory()),
        {"token": SecretStr(KEY)},
    ),
    "myanimelist": _Service(
        MyAnimeListOptions,
        lambda options, http: MyAnimeList(
            parse_myanimelist("sample_user"), options, http, AnimeIdsInMemory()
        ),
        {"client_id": SecretStr(KEY), "pace_s": 0},
    ),
    "simkl": _Service(
        SimklOptions,
        lambda options, http: Simkl(
            parse_simkl("movies"), options, http, lambda: SecretStr(KEY), AnimeIdsInMemory
        ),
        {"client_id": SecretStr("an-id-of-an-app")},
    ),
    "stevenlu": _Service(
        StevenLuOptions, lambda options, http: StevenLu(parse_stevenlu("popular"), options, http)
    ),
    "tmdb": _Service(
        TmdbOptions,
        lambda options, http: Tmdb(parse_tmdb("8990001"), options, http),
        {"token": SecretStr(KEY)},
    ),
    "trakt": _Service(
        TraktOptions,
        lambda options, http: Trakt(parse_trakt(TRAKT), options, http),
        {"client_id": SecretStr(KEY)},
    ),
    "tvdb": _Service(
        TvdbOptions,
        lambda options, http: Tvdb(
            parse_tvdb("990001"), options, http, FilmIdsInMemory(), _TVDB_LOGINS
        ),
        {"api_key": SecretStr(KEY), "id_calls": 1000, "at_once": 16},
    ),
}
SERVICES = tuple(_SERVICES)


def _of_mdblist(value: str) -> _Service:
    return _Service(
        MdbListOptions,
        lambda options, http: MdbList(parse_mdblist(value), options, http),
        {"api_key": SecretStr(KEY)},
    )


_MORE = {
    "mdblist-official": _of_mdblist("official/movies/trending"),
    "mdblist-watchlist": _of_mdblist("watchlist"),
}
"""Lists of other kinds, which are read by other calls."""


@contextmanager
def provider(name: str, url: str, **limits: float) -> Iterator[ListProvider]:
    """Open what reads the list of service *name* at *url*; *limits* are options of any service."""
    service = {**_SERVICES, **_MORE}[name]
    known = service.options.__struct_fields__
    given: dict[str, Any] = {key: url for key in ("base_url", "web_url") if key in known}
    options = service.options(**{**given, **service.more, **limits})
    with build_client(options) as http:
        yield service.read(options, http)
