"""Which service is read by what, with a browser where one needs it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from dataclasses import field
from functools import cached_property, partial
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from listsync.cancellation import CancelToken
from listsync.config.configuration import ListConfig
from listsync.config.original_lists import UnusableSource
from listsync.config.paths import browser_folder, browser_records
from listsync.config.schema import ChromiumOptions, ProvidersOptions
from listsync.config_types import ClientOptions, PageOptions, SecretStr
from listsync.domain.lists import Fetched, Validators
from listsync.errors import Refusal, RefusedError, UnavailableError
from listsync.http.browser_fallback import BrowserFallback
from listsync.lean_dataclasses import dataclass
from listsync.ports.lists import ListProvider
from listsync.ports.server import ServerWatchlists
from listsync.store.database import Database
from listsync.store.match_cache import SqliteFilmIds
from listsync.sync.fetch_lists import Followed

if TYPE_CHECKING:
    from listsync.domain.server import WatchlistPage
    from listsync.http.browser_fallback import PageLoader
    from listsync.http.device_login import LoginService
    from listsync.http.login_store import FileTokens
    from listsync.http.service_client import ServiceClient
    from listsync.parsing.anime_ids import AnimeIds, AnimeService, AnimeTitle
    from listsync.providers.anilist.source import AniListSource
    from listsync.providers.custom.source import CustomSource
    from listsync.providers.file.source import FileSource
    from listsync.providers.imdb.queries import MissingFields
    from listsync.providers.imdb.source import ImdbSource
    from listsync.providers.letterboxd.source import LetterboxdSource
    from listsync.providers.mdblist.source import MdbListSource
    from listsync.providers.myanimelist.source import MyAnimeListSource
    from listsync.providers.plex.source import PlexSource
    from listsync.providers.seerr.source import SeerrSource
    from listsync.providers.simkl.source import SimklSource
    from listsync.providers.stevenlu.source import StevenLuSource
    from listsync.providers.tmdb.source import TmdbSource
    from listsync.providers.trakt.api import ClientIdCheck
    from listsync.providers.trakt.source import TraktSource
    from listsync.providers.tvdb.source import TvdbSource


# What one service alone needs is imported for its lists: nobody follows lists of all of them.
# ruff: noqa: PLC0415


class KnownServices:
    """What is learnt of services for as long as the program runs, from sync to sync."""

    @cached_property
    def imdb_fields(self) -> MissingFields:
        """The fields that IMDb does not know any more."""
        from listsync.providers.imdb.queries import MissingFields

        return MissingFields()


@dataclass(frozen=True)
class ProviderContext:
    """What a provider may need besides its source, for one run; `stack` closes it at the end.

    `folder` holds what must be real also in a dry run: a login that is renewed is spent. `token`
    ends what is waited for. `server` is the request server, for lists that it has itself.
    """

    options: ProvidersOptions
    chromium: ChromiumOptions
    database: Database
    folder: Path
    stack: ExitStack
    token: CancelToken
    known: KnownServices = field(default_factory=KnownServices)
    server: ServerWatchlists | None = None
    _browsers: dict[str, BrowserFallback] = field(default_factory=dict)
    _login_clients: dict[str, ServiceClient] = field(default_factory=dict)
    _making: threading.Lock = field(default_factory=threading.Lock)

    @cached_property
    def anime_ids(self) -> AnimeIds:
        """The one map of anime ids, which is made ready by whoever asks it first."""
        from listsync.http.anime_ids import AnimeIdMap
        from listsync.http.service_client import build_client

        options = self.options.anime_ids
        return AnimeIdMap(options, self.folder, lambda: build_client(options, token=self.token))

    def find_anime(self, service: AnimeService, ids: Collection[int]) -> Mapping[int, AnimeTitle]:
        """Look anime up; it brings httpx, and few files have any."""
        return self.anime_ids.find(service, ids)

    @cached_property
    def client_id_check(self) -> ClientIdCheck:
        """The one check of the client id that all lists of Trakt share."""
        from listsync.providers.trakt.api import ClientIdCheck

        return ClientIdCheck()

    def login_client(self, service: str) -> ServiceClient:
        """Give the one client that renews the login at *service*.

        A renewal that was broken off would cost the login: it is not cut off with the run, which
        then leaves the client to the last thread that uses it.
        """
        with self._making:
            if service not in self._login_clients:
                self._login_clients[service] = self._made_login_client(service)
            return self._login_clients[service]

    def _made_login_client(self, service: str) -> ServiceClient:
        from listsync.http.service_client import build_client

        client = build_client(getattr(self.options, service))
        self.stack.callback(lambda: None if self.token.is_set() else client.close())
        return client

    def client(self, options: ClientOptions) -> ServiceClient:
        from listsync.http.service_client import build_client

        return self.stack.enter_context(build_client(options, token=self.token))

    def page_client(self, service: str, options: PageOptions) -> ServiceClient:
        """Build a client that may use a browser, one for all lists of the service."""
        from listsync.http.service_client import build_client

        browser = self._browsers.get(service)
        if browser is None and options.browser == "auto":
            browser = browser_fallback_for(service, options, self.chromium, self.folder)
            self._browsers[service] = self.stack.enter_context(browser)
        return self.stack.enter_context(build_client(options, browser=browser, token=self.token))


def browser_fallback_for(
    service: str, options: PageOptions, chromium: ChromiumOptions, state_dir: Path
) -> BrowserFallback:
    """Build the way past a service's bot protection; the browser starts when it is needed."""

    def start() -> PageLoader:
        from listsync.browser.client import Browser, BrowserSettings

        proxy = options.proxy.get_secret_value() if options.proxy else None
        if proxy and "@" in proxy:  # a command line, which everybody here may read, shows it
            why = f"Chromium cannot log in at a proxy (providers.{service}.proxy)"
            raise UnavailableError(service, why)
        return Browser(
            service,
            BrowserSettings(
                cache=browser_folder(state_dir) / "driver",
                records=browser_records(state_dir),
                limit_mb=chromium.memory_mb,
                no_sandbox=chromium.no_sandbox,
                user_agent=options.user_agent,
                proxy=proxy,
            ),
        )

    return BrowserFallback(service, start)


Build = Callable[[Any, ProviderContext], ListProvider]
"""From a list's source to what reads it."""


def _anilist(source: AniListSource, context: ProviderContext) -> ListProvider:
    from listsync.providers.anilist.reader import AniList

    options = context.options.anilist
    return AniList(source, options, context.client(options), context.anime_ids)


def _custom(source: CustomSource, context: ProviderContext) -> ListProvider:
    from listsync.providers.custom.reader import Custom, form_of, reads_file

    options = context.options
    if source.file is None:
        return Custom(source, context.client(options.custom), context.find_anime)
    from listsync.providers.file.reader import ListFile
    from listsync.providers.file.source import FileSource

    file, read = FileSource(source.file), reads_file(source, context.find_anime)
    return ListFile(file, options.file, context.token, read, form_of(source))


def _file(source: FileSource, context: ProviderContext) -> ListProvider:
    from listsync.parsing.list_documents import read_list
    from listsync.providers.file.reader import ListFile

    read = partial(read_list, "file", find_anime=context.find_anime)
    return ListFile(source, context.options.file, context.token, read)


def _imdb(source: ImdbSource, context: ProviderContext) -> ListProvider:
    from listsync.providers.imdb.reader import Imdb

    options, missing = context.options.imdb, context.known.imdb_fields
    return Imdb(source, options, context.page_client("imdb", options), missing=missing)


def _letterboxd(source: LetterboxdSource, context: ProviderContext) -> ListProvider:
    from listsync.providers.letterboxd.reader import Letterboxd

    options, films = context.options.letterboxd, SqliteFilmIds(context.database, "letterboxd")
    return Letterboxd(source, options, context.page_client("letterboxd", options), films)


def _access(context: ProviderContext, service: str) -> Callable[[], SecretStr | None]:
    """Make what gives the login at *service*, renewed where it must be."""

    def access() -> SecretStr | None:
        from listsync.http.device_login import access_token

        store, client = login_store(context.folder, service), context.login_client(service)
        return access_token(client, lambda: LOGINS[service].service(context.options), store)

    return access


def _mdblist(source: MdbListSource, context: ProviderContext) -> ListProvider:
    from listsync.providers.mdblist.reader import MdbList

    options, has_login = context.options.mdblist, login_path(context.folder, "mdblist").exists()
    access = [_access(context, "mdblist")] if has_login else []
    return MdbList(source, options, context.client(options), *access)


def _plex(source: PlexSource, context: ProviderContext) -> ListProvider:
    from listsync.providers.plex.reader import Plex

    options, titles = context.options.plex, SqliteFilmIds(context.database, "plex")
    return Plex(source, options, context.client(options), titles)


def _seerr(source: SeerrSource, context: ProviderContext) -> ListProvider:
    from listsync.providers.seerr.reader import ServerWatchlist

    return ServerWatchlist(source, context.server)


def _myanimelist(source: MyAnimeListSource, context: ProviderContext) -> ListProvider:
    from listsync.providers.myanimelist.reader import MyAnimeList

    options = context.options.myanimelist
    return MyAnimeList(source, options, context.client(options), context.anime_ids)


def _simkl(source: SimklSource, context: ProviderContext) -> ListProvider:
    from listsync.providers.simkl.reader import Simkl

    options, access = context.options.simkl, _access(context, "simkl")
    return Simkl(source, options, context.client(options), access, lambda: context.anime_ids)


def _stevenlu(source: StevenLuSource, context: ProviderContext) -> ListProvider:
    from listsync.providers.stevenlu.reader import StevenLu

    options = context.options.stevenlu
    return StevenLu(source, options, context.client(options))


def _tmdb(source: TmdbSource, context: ProviderContext) -> ListProvider:
    from listsync.providers.tmdb.reader import Tmdb

    options = context.options.tmdb
    return Tmdb(source, options, context.client(options))


def _trakt(source: TraktSource, context: ProviderContext) -> ListProvider:
    from listsync.providers.trakt.reader import Trakt

    options, logins = context.options.trakt, login_store(context.folder, "trakt")
    http, renewing = context.client(options), context.login_client("trakt")
    return Trakt(source, options, http, logins, context.client_id_check, login_http=renewing)


def _tvdb(source: TvdbSource, context: ProviderContext) -> ListProvider:
    from listsync.providers.tvdb.reader import Tvdb

    options = context.options.tvdb
    known, logins = SqliteFilmIds(context.database, "tvdb"), login_store(context.folder, "tvdb")
    return Tvdb(source, options, context.client(options), known, logins)


PROVIDERS: dict[str, Build] = {
    "anilist": _anilist,
    "custom": _custom,
    "file": _file,
    "imdb": _imdb,
    "letterboxd": _letterboxd,
    "mdblist": _mdblist,
    "myanimelist": _myanimelist,
    "plex": _plex,
    "seerr": _seerr,
    "simkl": _simkl,
    "stevenlu": _stevenlu,
    "tmdb": _tmdb,
    "trakt": _trakt,
    "tvdb": _tvdb,
}


def _login_at(service: str, module: str) -> Callable[[ProvidersOptions], LoginService]:
    """Make what says where one logs in at *service*: its *module* has the `login_service`."""

    def find(providers: ProvidersOptions) -> LoginService:
        known = import_module(f"listsync.providers.{service}.{module}")
        found: LoginService = known.login_service(getattr(providers, service))
        return found

    return find


def _mdblist_owner(http: ServiceClient, providers: ProvidersOptions, key: SecretStr) -> str:
    from listsync.providers.mdblist.account import owner_of

    return owner_of(http, providers.mdblist, key)


@dataclass(frozen=True, slots=True)
class ApiKeyRow:
    """The key that does without a login: its variable, where it is had, and whose one is."""

    variable: str
    place: str
    owner_of: Callable[[ServiceClient, ProvidersOptions, SecretStr], str]


@dataclass(frozen=True, slots=True)
class LoginRow:
    """How people log in at a service; `key`: instead of that, where they have no app."""

    service: Callable[[ProvidersOptions], LoginService]
    key: ApiKeyRow | None = None


LOGINS: Mapping[str, LoginRow] = MappingProxyType(
    {
        "mdblist": LoginRow(
            _login_at("mdblist", "account"),
            ApiKeyRow("MDBLIST_API_KEY", "mdblist.com/preferences", _mdblist_owner),
        ),
        "simkl": LoginRow(_login_at("simkl", "api")),
        "trakt": LoginRow(_login_at("trakt", "api")),
    }
)


def login_path(state_dir: Path, service: str) -> Path:
    return state_dir / f"{service}.json"


def login_store(state_dir: Path, service: str) -> FileTokens:
    """Find where the login at *service* is kept."""
    from listsync.http.login_store import FileTokens

    return FileTokens(login_path(state_dir, service))


@dataclass(frozen=True, slots=True)
class ClosedServer:
    """Stands for a request server whose lists cannot be read, for *why*."""

    why: RefusedError | UnavailableError

    def watchlist_page(
        self,
        user: str | None,  # noqa: ARG002 - of the port
        number: int,  # noqa: ARG002 - of the port
        known: str | None = None,  # noqa: ARG002 - of the port
    ) -> WatchlistPage:
        raise self.why


@dataclass(frozen=True, slots=True)
class _Unusable:
    """Stands for a list that a variable names and nobody can read."""

    service: str
    source: UnusableSource

    def fetch(self, previous: Validators | None) -> Fetched:  # noqa: ARG002 - of the port
        raise RefusedError(self.service, Refusal.NOT_FOUND, self.source.why)


def followed(one: ListConfig, context: ProviderContext) -> Followed:
    """Give a list what reads it."""
    if isinstance(one.source, UnusableSource):
        return Followed(one.rules, _Unusable(one.service, one.source))
    return Followed(one.rules, PROVIDERS[one.service](one.source, context))
