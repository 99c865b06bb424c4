"""What may be said of a list: for each by itself, and for all of them in `defaults`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from listsync.config.filters import FIRST_YEAR, LAST_YEAR, Genres, Languages, SeasonsForm
from listsync.config.values import (
    ByKind,
    CronFields,
    Interval,
    NameByKind,
    NamesByKind,
    User,
    find_source,
)
from listsync.config_types import (
    AlsoCalled,
    Check,
    InShort,
    Options,
    SecretStr,
    ValueForm,
    parse_one_line,
)
from listsync.domain.list_rules import ALL_SEASONS, NO_FILTERS, Filters, Span
from listsync.domain.media import MediaType
from listsync.domain.server import Asking
from listsync.notify.options import HeaderName, HeaderValue
from listsync.parsing.anime_ids import PLANNED, AnimeStatus
from listsync.providers.custom import source as custom
from listsync.providers.file import source as file

TEXT = {"type": "string", "minLength": 1}
_TEXTS = {"anyOf": [TEXT, {"type": "array", "items": TEXT, "minItems": 1}]}
_ITEM = {"anyOf": [TEXT, {"type": "object", "minProperties": 1, "maxProperties": 1}]}
SOURCE = {
    "title": "Address",
    "description": "The address of a list, or several, with nothing else said of them.",
    "anyOf": [TEXT, {"type": "array", "items": _ITEM, "minItems": 1}],
}
"""What an entry may be in short."""
ADDRESSES = "addresses"
FILTER_KEYS = (
    *("kind", "min_year", "max_year", "min_rating", "max_rating", "min_votes", "max_votes"),
    *("genres", "exclude_genres", "languages", "exclude_languages"),
)
"""What narrows a list by what its titles are like; in `filters`, too."""
BY_KIND = ("service", "quality_profile", "root_folder", "tags")
"""What may be said of films and of series apart."""
OF_EXCLUSIONS = ("enabled", "every", "cron")
"""What a list of what is excluded takes from the defaults: nothing that narrows it."""


def _source(service: str) -> ValueForm:
    def read(value: object, folder: Path) -> object:
        if not isinstance(value, str) or not value.strip():
            raise ValueError("expected the list as text")
        return find_source(service, value.strip(), folder)

    return ValueForm(read, _TEXTS)


Name = Annotated[str, Meta(min_length=1, max_length=300), Check(parse_one_line)]
_Year = Annotated[int, Meta(ge=FIRST_YEAR, le=LAST_YEAR)]
_Votes = Annotated[int, Meta(ge=0)]


class ListDefaults(Options, frozen=True, kw_only=True):
    """What holds for each list that does not say otherwise itself."""

    enabled: Annotated[
        bool, "false: the list is kept, with all that is known of it, and not read."
    ] = True
    limit: Annotated[int | None, Meta(ge=1), "Only the first titles of the list, this many."] = (
        None
    )
    kind: Annotated[MediaType | None, "Only films (movie) or only series (tv); empty = both."] = (
        None
    )
    min_year: Annotated[_Year | None, "Only titles released in this year or later."] = None
    max_year: Annotated[_Year | None, "Only titles released in this year or earlier."] = None
    min_rating: Annotated[
        float | None, Meta(ge=0, le=10), "Only titles that TMDB rates so or better, 0 to 10."
    ] = None
    max_rating: Annotated[
        float | None, Meta(gt=0, le=10), "Only titles that TMDB rates so or worse."
    ] = None
    min_votes: Annotated[_Votes | None, "Only titles whose rating has at least so many votes."] = (
        None
    )
    max_votes: Annotated[_Votes | None, "Only titles whose rating has at most so many votes."] = (
        None
    )
    genres: Annotated[
        Genres,
        AlsoCalled(("genre",)),
        "Only titles of one of these, by TMDB's English names; series have some of their own.",
    ] = ()
    exclude_genres: Annotated[
        Genres,
        AlsoCalled(("genres_not", "exclude_genre", "excluded_genres")),
        "No titles of one of these.",
    ] = ()
    languages: Annotated[
        Languages,
        AlsoCalled(("language",)),
        "Only titles whose original language is one of these (ISO 639-1: en, de).",
    ] = ()
    exclude_languages: Annotated[
        Languages,
        AlsoCalled(("languages_not", "exclude_language", "excluded_languages")),
        "No titles whose original language is one of these.",
    ] = ()
    seasons: Annotated[
        SeasonsForm,
        Meta(extra_json_schema={"default": "all"}),
        "Which seasons of a series: all, first, latest, {latest: 2} or [1, 2]; "
        "specials (0) only by number.",
    ] = ALL_SEASONS
    new_seasons: Annotated[
        bool,
        "true: seasons that air after a series was requested or found there are requested, too.",
    ] = False
    four_k: Annotated[
        bool | None, AlsoCalled(("4k", "is_4k")), "Request in 4K; empty = as sync.four_k says."
    ] = None
    max_per_run: Annotated[
        int | None,
        Meta(ge=0),
        "At most so many titles requested for this list a sync.",
    ] = None
    max_per_day: Annotated[
        int | None, Meta(ge=0), "At most so many requested for this list in 24 hours."
    ] = None
    request_as: Annotated[
        User,
        AlsoCalled(("user", "act_as")),
        "User (name or id) in whose name titles are requested; empty = as server.request_as says.",
    ] = None
    approve: Annotated[
        bool | None,
        "true: approved at once; false: the user's rights decide; empty = as server.approve says.",
    ] = None
    service: Annotated[
        NameByKind,
        "Radarr or Sonarr of the server's settings (name or id), one for 4K with four_k; "
        "{movies: ..., series: ...} for each; empty = its default.",
    ] = None
    quality_profile: Annotated[
        NameByKind,
        AlsoCalled(("profile",)),
        "Quality profile there, by name or id; {movies: ..., series: ...} for each; "
        "empty = its default.",
    ] = None
    root_folder: Annotated[
        NameByKind,
        "Root folder there, by path; {movies: /films, series: /tv} for each; empty = its default.",
    ] = None
    language_profile: Annotated[
        Name | None, "Language profile of an old Sonarr, by name or id."
    ] = None
    tags: Annotated[
        NamesByKind,
        AlsoCalled(("tag",)),
        "Tags that the title gets there, by name or id; {movies: [...], series: [...]} for each.",
    ] = None
    cancel_removed: Annotated[
        bool,
        "true: when a title leaves the list, our request for it is cancelled while "
        "it waits for approval, once a sync has said so and the next one misses it still.",
    ] = False
    every: Annotated[
        Interval | None,
        "Time between syncs of this list; 0 = only on command or change; empty = as sync says.",
    ] = None
    cron: Annotated[CronFields | None, "In place of every; empty = as sync says."] = None

    def asking(self, kind: MediaType) -> Asking:
        """Say how titles of *kind* are requested."""

        def of_kind(value: Any) -> Any:
            return value.of(kind) if isinstance(value, ByKind) else value

        return Asking(
            user=None if self.request_as is None else str(self.request_as),
            approve=self.approve,
            service=of_kind(self.service),
            profile=of_kind(self.quality_profile),
            root_folder=of_kind(self.root_folder),
            language_profile=self.language_profile,
            tags=of_kind(self.tags) or (),
        )

    @property
    def is_apart(self) -> bool:
        """Tell whether films and series of a list are requested in ways of their own."""
        return any(isinstance(getattr(self, key), ByKind) for key in BY_KIND)

    @property
    def filters(self) -> Filters:
        filters = Filters(
            year=_span(self.min_year, self.max_year),
            rating=_span(self.min_rating, self.max_rating),
            votes=_span(self.min_votes, self.max_votes),
            genres=frozenset(self.genres),
            genres_not=frozenset(self.exclude_genres),
            languages=frozenset(self.languages),
            languages_not=frozenset(self.exclude_languages),
        )
        return filters or NO_FILTERS


def _span(low: float | None, high: float | None) -> Span | None:
    return None if low is None and high is None else Span(low, high)


_Field = Annotated[str | None, Check(parse_one_line), Meta(min_length=1, max_length=200)]


class CustomFieldsForm(Options, frozen=True, kw_only=True):
    """Under which name (of a column, or in JSON; dots lead inside) a row has what."""

    title: Annotated[_Field, "The title."] = None
    original_title: Annotated[_Field, "The title in its own language."] = None
    year: Annotated[_Field, "The year, or a date that begins with it."] = None
    kind: Annotated[_Field, "Film or series, in any usual word."] = None
    imdb_id: Annotated[_Field, "Its id at IMDb, such as tt0133093."] = None
    tmdb_id: Annotated[_Field, "Its number at TMDB."] = None
    tvdb_id: Annotated[_Field, "Its number at TheTVDB; of series only."] = None
    seasons: Annotated[_Field, "The seasons that are meant."] = None
    url: Annotated[_Field, "Its address at IMDb, TMDB or TheTVDB."] = None


def _list_file(value: object, folder: Path) -> Path:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("expected a path as text")
    return file.parse(value).under(folder).path


class CustomForm(Options, frozen=True, kw_only=True):
    """A list at an address of your own, or in a file, in any form that tells its titles."""

    url: Annotated[
        str | None,
        InShort(),
        Check(custom.checked_address),
        "Where it is: JSON, a table (CSV), text, or a feed (RSS, Atom).",
    ] = None
    file: Annotated[
        Path | None,
        ValueForm(_list_file, TEXT),
        "In place of url: a file; relative to the folder of this configuration.",
    ] = None
    rows: Annotated[
        str | None,
        Check(parse_one_line),
        Meta(min_length=1, max_length=200),
        "Where in JSON the rows are, such as data.items; empty = where lists usually have them.",
    ] = None
    fields: Annotated[
        CustomFieldsForm, "Only what is not called as usual; the rest is found by itself."
    ] = CustomFieldsForm()
    token: Annotated[SecretStr | None, "Sent as Authorization: Bearer TOKEN."] = None
    headers: Annotated[
        Mapping[HeaderName, HeaderValue],
        "Headers beside ours, such as X-Api-Key; their values are secrets.",
    ] = {}
    parameters: Annotated[
        Mapping[str, SecretStr],
        "Parameters of the address whose values are secrets: {apikey: {env: NAME}}.",
    ] = {}
    allow_private: Annotated[
        bool, "true: the address may be that of this machine, or in a private network."
    ] = False
    complete: Annotated[
        bool | None,
        "true: what is not there has left the list, and an empty answer is an empty list; "
        "false: nothing ever leaves it; empty = false of a feed, which shows its newest only.",
    ] = None
    statuses: Annotated[
        tuple[AnimeStatus, ...],
        "Of an export of AniList or MyAnimeList: planned, watching, completed, paused.",
    ] = PLANNED


def _custom(form: CustomForm) -> custom.CustomSource:
    if (form.url is None) == (form.file is None):
        raise ValueError("expected one of url and file")
    token = form.token and SecretStr(f"Bearer {form.token.get_secret_value()}")
    login = {"Authorization": token} if token else {}
    named = {name: getattr(form.fields, name) for name in form.fields.__struct_fields__}
    return custom.CustomSource(
        url=form.url or "",
        file=form.file,
        rows=form.rows or "",
        fields=tuple((name, path) for name, path in named.items() if path),
        headers=tuple({**login, **form.headers}.items()),
        parameters=tuple(form.parameters.items()),
        allow_private=form.allow_private,
        is_complete=form.complete,
        statuses=form.statuses or PLANNED,
    )


class ListForm(ListDefaults, frozen=True, kw_only=True):
    """One list to follow, or several with the same options: one key says which."""

    anilist: Annotated[
        object,
        _source("anilist"),
        "An AniList user's list, or a chart: user, user/Planning or its address.",
    ] = None
    custom: Annotated[
        CustomForm | None,
        Check(_custom),
        "A list at an address of your own: JSON, CSV, text or a feed; or such a file.",
    ] = None
    file: Annotated[
        object,
        _source("file"),
        "A file on this machine; relative to the folder of this configuration.",
    ] = None
    imdb: Annotated[
        object,
        _source("imdb"),
        "An IMDb list, watchlist, ratings, chart or search: its id, name or address.",
    ] = None
    letterboxd: Annotated[
        object,
        _source("letterboxd"),
        "A Letterboxd list, watchlist, diary or chart: as after letterboxd.com/.",
    ] = None
    tmdb: Annotated[
        object,
        _source("tmdb"),
        "A TMDB list, collection, keyword, company, filter or chart.",
    ] = None
    trakt: Annotated[
        object,
        _source("trakt"),
        "A Trakt chart, list, watchlist or collection; me/... are your own.",
    ] = None
    tvdb: Annotated[
        object,
        _source("tvdb"),
        "A list of TheTVDB: its name, its number or its address.",
    ] = None
    stevenlu: Annotated[
        object,
        _source("stevenlu"),
        "A StevenLu popular-movies list: its name or address.",
    ] = None
    mdblist: Annotated[
        object, _source("mdblist"), "An MDBList list: user/list or its address."
    ] = None
    plex: Annotated[
        object,
        _source("plex"),
        "A Plex watchlist: your own (watchlist), or the RSS address of one.",
    ] = None
    seerr: Annotated[
        object,
        _source("seerr"),
        "A watchlist of the request server: watchlist (of whom its titles are requested as) or "
        "watchlist/user.",
    ] = None
    myanimelist: Annotated[
        object,
        _source("myanimelist"),
        "A MyAnimeList user's list: user, user/watching or its address.",
    ] = None
    simkl: Annotated[
        object,
        _source("simkl"),
        "A status at Simkl: plantowatch, movies/plantowatch, tv/watching; your own.",
    ] = None
    addresses: Annotated[
        object,
        ValueForm(lambda value, _: value, {"anyOf": SOURCE["anyOf"]}),
        AlsoCalled(("address", "url", "urls", "source", "sources", "list", "lists")),
        "Addresses of lists, of any service, in place of one service's key.",
    ] = None
    name: Annotated[
        str | None,
        Check(parse_one_line),
        Meta(min_length=1, max_length=100),
        'How the list is called, once only; empty = "service: list".',
    ] = None
    exclude: Annotated[bool, 'true: "not these". Nothing on this list is ever requested.'] = False
