"""Which service and what kind of list a piece of text means, by the address forms of each.

The patterns are anchored and check the host: `imdb.com.example`, or a path that contains another
host, matches nothing. What matches nothing is refused, never fetched. Bare numbers are ambiguous
(four services number their lists), so they match nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TypeVar

from listsync.lean_dataclasses import dataclass

Source = TypeVar("Source")

SERVICES = {
    "imdb": "IMDb",
    "trakt": "Trakt",
    "letterboxd": "Letterboxd",
    "mdblist": "MDBList",
    "stevenlu": "StevenLu",
    "tmdb": "TMDB",
    "tvdb": "TheTVDB",
    "simkl": "Simkl",
    "anilist": "AniList",
    "myanimelist": "MyAnimeList",
    "plex": "Plex",
    "seerr": "Seerr",
}


_LONGEST = 2000
"""Characters; the patterns take a time that grows with the square of this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressForm:
    """A recognised address: service, kind of thing, and the named parts that are there."""

    provider: str
    kind: str
    groups: Mapping[str, str]

    @property
    def service(self) -> str:
        """The service as people write it."""
        return SERVICES[self.provider]


_HTTP = r"(?:https?://)?"
_REST = r"(?:[/?#].*)?"
_END = r"/?(?:[?#].*)?"
_NAME = r"(?:-[^/?#]*)?"
_IMDB = _HTTP + r"(?:www\.|m\.)?imdb\.com(?:/[a-z]{2}(?:-[a-z]{2,3})?)?"
_IMDB_USER = r"(?P<id>ur\d+|p\.[A-Za-z0-9_-]+)"
_TRAKT_SITE = _HTTP + r"(?:www\.|app\.|classic\.)?trakt\.tv"
_TRAKT = _HTTP + r"(?:www\.|app\.|classic\.|api\.)?trakt\.tv"
_OF_TRAKT = r"(?:movie|show|season|episode|person)s?"
_TYPES = rf"(?:/(?P<media>{_OF_TRAKT}(?:,{_OF_TRAKT})*)(?=[/?#]|$))?"
_OWN_LIST = r"(?P<id>(?!(?:liked|collaborations)(?:[/?#]|$))[^/?#]+?)(?:\.(?:rss|atom))?"
_LETTERBOXD = _HTTP + r"(?:www\.)?letterboxd\.com"
_LETTERBOXD_USER = _LETTERBOXD + r"/(?P<user>[A-Za-z0-9_]+)"
_MDBLIST = _HTTP + r"(?:www\.|api\.)?mdblist\.com"
_TMDB = _HTTP + r"(?:www\.)?themoviedb\.org"
_TVDB = _HTTP + r"(?:www\.)?thetvdb\.com"
_SIMKL = _HTTP + r"(?:www\.)?simkl\.com"
_ANILIST = _HTTP + r"(?:www\.)?anilist\.co"
_PLEX = _HTTP + r"watch\.plex\.tv(?:/[a-z]{2}(?:-[a-z]{2})?)?"
_MAL = _HTTP + r"(?:www\.)?myanimelist\.net"
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_TRAKT_CHARTS = (
    "trending|popular|anticipated|streaming|favorited|watched|played|collected|boxoffice"
)

Pattern = tuple[str, str, str]
"""Service, kind of thing, what its text looks like."""

NAMES: tuple[Pattern, ...] = (
    ("imdb", "list", r"(?P<id>ls\d{5,})"),
    ("imdb", "watchlist", r"(?P<id>ur\d{4,}|p\.[A-Za-z0-9_-]{10,})"),
    (
        "imdb",
        "chart",
        r"(?P<id>top|toptv|boxoffice|moviemeter|tvmeter|bottom|top-english-movies)",
    ),
    ("trakt", "special", rf"(?P<id>{_TRAKT_CHARTS}):(?P<media>movies|shows)"),
)
# Of one service in this order; the first that matches wins.
ADDRESSES: tuple[Pattern, ...] = (
    ("imdb", "title", rf"{_IMDB}/title/(?P<id>tt\d{{7,}}){_REST}"),
    ("imdb", "list", rf"{_IMDB}/list/(?P<id>ls\d{{5,}}){_REST}"),
    ("imdb", "ratings", rf"{_IMDB}/user/{_IMDB_USER}/ratings{_REST}"),
    ("imdb", "watchlist", rf"{_IMDB}/user/{_IMDB_USER}(?:/watchlist)?{_END}"),
    ("imdb", "chart", rf"{_IMDB}/chart/(?P<id>[a-z-]+){_END}"),
    ("imdb", "search", rf"{_IMDB}/search/(?:title|keyword)/?\?(?P<query>.+)"),
    ("imdb", "company", rf"{_IMDB}/company/(?P<id>co\d{{5,}}){_END}"),
    (
        "trakt",
        "special",
        (
            rf"{_TRAKT_SITE}/(?P<media>movies|shows)/(?P<id>{_TRAKT_CHARTS}|recommended|hot)"
            rf"(?:/(?P<period>daily|weekly|monthly|yearly|all))?{_END}"
        ),
    ),
    ("trakt", "discover", rf"{_TRAKT_SITE}/discover/(?P<id>{_TRAKT_CHARTS}|hot){_END}"),
    ("trakt", "official_list", rf"{_TRAKT_SITE}/lists/official/(?P<id>[^/?#]+){_END}"),
    ("trakt", "list_by_id", rf"{_TRAKT}/lists/(?P<id>\d+)(?:/items{_TYPES})?{_REST}"),
    (
        "trakt",
        "user_list",
        rf"{_TRAKT}/users/(?P<user>[^/?#]+)/lists/{_OWN_LIST}(?:/items{_TYPES})?{_REST}",
    ),
    (
        "trakt",
        "user_special",
        (
            rf"{_TRAKT}/users/(?P<user>[^/?#]+)/(?P<id>watchlist|collection|favorites|recommendations)"
            rf"{_TYPES}{_REST}"
        ),
    ),
    ("letterboxd", "short", rf"{_HTTP}boxd\.it/(?P<id>[A-Za-z0-9]+){_END}"),
    ("letterboxd", "film", rf"{_LETTERBOXD}/(?:[A-Za-z0-9_]+/)?film/(?P<id>[a-z0-9-]+){_REST}"),
    (
        "letterboxd",
        "popular",
        rf"{_LETTERBOXD}/films/popular(?:/this/(?P<period>week|month|year))?(?:/.*)?",
    ),
    ("letterboxd", "collection", rf"{_LETTERBOXD}/films/in/(?P<id>[a-z0-9-]+){_REST}"),
    (
        "letterboxd",
        "person",
        (
            rf"{_LETTERBOXD}/(?P<role>actor|director|writer|studio|producer|composer|cinematography)"
            rf"/(?P<id>[a-z0-9-]+){_REST}"
        ),
    ),
    (
        "letterboxd",
        "list",
        rf"{_LETTERBOXD_USER}/list/(?P<id>[a-z0-9-]+)(?:/share/(?P<share>[A-Za-z0-9]+))?{_REST}",
    ),
    ("letterboxd", "likes", rf"{_LETTERBOXD_USER}/likes/films{_REST}"),
    ("letterboxd", "diary", rf"{_LETTERBOXD_USER}/(?:films/)?diary{_REST}"),
    ("letterboxd", "watchlist", rf"{_LETTERBOXD_USER}/watchlist{_REST}"),
    ("letterboxd", "films", rf"{_LETTERBOXD}/(?P<user>(?!films/)[A-Za-z0-9_]+)/films{_REST}"),
    (
        "mdblist",
        "official",
        rf"{_MDBLIST}/lists/official/(?P<media>movies|shows)/(?P<id>[^/?#]+){_REST}",
    ),
    (
        "mdblist",
        "external",
        (
            rf"{_MDBLIST}/(?:external/lists|lists(?:/(?P<user>[^/?#]+))?/external)/(?P<id>\d+)"
            rf"(?:/items|/json)?{_END}"
        ),
    ),
    ("mdblist", "list_by_id", rf"{_MDBLIST}/lists/(?P<id>\d{{1,12}})(?:/items|/json)?{_END}"),
    (
        "mdblist",
        "user_list",
        rf"{_MDBLIST}/lists/(?P<user>[^/?#]+)/(?P<id>[^/?#]+)(?:/json|/items)?{_END}",
    ),
    ("mdblist", "list_by_id", rf"{_MDBLIST}/\?list=(?P<id>\d+)(?:[&#].*)?"),
    ("mdblist", "watchlist", rf"{_MDBLIST}/watchlist(?:/(?P<user>[^/?#]+))?(?:/items)?{_END}"),
    (
        "stevenlu",
        "json",
        r"https?://popular-movies-data\.stevenlu\.com/(?P<id>[a-z0-9-]+)\.json",
    ),
    ("stevenlu", "json", r"https?://s3\.amazonaws\.com/popular-movies/(?P<id>[a-z0-9-]+)\.json"),
    ("stevenlu", "site", rf"{_HTTP}movies\.stevenlu\.com{_END}"),
    (
        "tmdb",
        "list",
        rf"{_TMDB}/(?:[a-z]{{2}}(?:-[A-Z]{{2}})?/)?list/(?P<id>\d+){_NAME}{_REST}",
    ),
    ("tmdb", "collection", rf"{_TMDB}/collection/(?P<id>\d+){_NAME}{_REST}"),
    ("tmdb", "keyword", rf"{_TMDB}/keyword/(?P<id>\d+){_NAME}(?:/(?P<media>movie|tv))?{_END}"),
    ("tmdb", "company", rf"{_TMDB}/company/(?P<id>\d+){_NAME}(?:/(?P<media>movie|tv))?{_END}"),
    ("tmdb", "network", rf"{_TMDB}/network/(?P<id>\d+){_NAME}{_REST}"),
    ("tmdb", "person", rf"{_TMDB}/person/(?P<id>\d+){_NAME}(?:/(?P<role>[a-z]+))?{_END}"),
    ("tmdb", "discover", rf"{_TMDB}/discover/(?P<media>movie|tv)/?\?(?P<query>.+)"),
    ("tmdb", "trending", rf"{_TMDB}/trending/(?P<media>all|movie|tv)(?:/(?P<id>day|week))?{_END}"),
    (
        "tmdb",
        "user",
        (
            rf"{_TMDB}/u/(?P<user>[^/?#]+)/(?P<id>watchlist|favorites|ratings|recommendations)"
            rf"(?:/(?P<media>movie|tv))?{_REST}"
        ),
    ),
    (
        "tmdb",
        "chart",
        (
            rf"{_TMDB}/(?P<media>movie|tv)"
            r"(?:/(?P<id>popular|top-rated|upcoming|now-playing|airing-today|on-the-air))?"
            rf"{_END}"
        ),
    ),
    ("tmdb", "title", rf"{_TMDB}/(?P<media>movie|tv)/(?P<id>\d+){_NAME}{_REST}"),
    ("tvdb", "list", rf"{_TVDB}/lists/(?P<id>[^/?#]+){_END}"),
    ("tvdb", "title", rf"{_TVDB}/(?P<media>series|movies)/(?P<id>[^/?#]+){_REST}"),
    ("simkl", "custom_list", rf"{_SIMKL}/(?:\d+/)?lists?/(?P<id>\d+)(?:/[^?#]*)?{_REST}"),
    (
        "simkl",
        "status",
        (
            rf"{_SIMKL}/(?P<user>\d+)/(?P<media>tv|movies|anime)"
            rf"/(?P<id>plan-to-watch|plantowatch|watching|completed|hold|dropped|all){_REST}"
        ),
    ),
    (
        "anilist",
        "user_list",
        rf"{_ANILIST}/user/(?P<user>[^/?#]+)(?:/animelist(?:/(?P<id>[^/?#]+))?)?{_END}",
    ),
    (
        "anilist",
        "search",
        rf"{_ANILIST}/search/anime/(?P<id>trending|this-season|next-season|popular|top-100){_END}",
    ),
    ("myanimelist", "user_list", rf"{_MAL}/(?:animelist|profile)/(?P<user>[^/?#]+){_END}"),
    (
        "plex",
        "rss",
        rf"{_HTTP}(?:rss|discover\.provider)\.plex\.tv(?:/rss)?/(?P<id>{_UUID}){_END}",
    ),
    ("plex", "watchlist", rf"{_PLEX}/watchlist{_END}"),
    ("plex", "profile", rf"{_PLEX}/(?:u|user|profile)/(?P<user>[^/?#]+){_REST}"),
    ("plex", "page", rf"{_PLEX}/(?P<media>movie|show)/(?P<id>[^/?#]+){_REST}"),
)


_HOSTS = {
    "imdb.com": "imdb",
    "trakt.tv": "trakt",
    "letterboxd.com": "letterboxd",
    "boxd.it": "letterboxd",
    "mdblist.com": "mdblist",
    "stevenlu.com": "stevenlu",
    "s3.amazonaws.com": "stevenlu",
    "themoviedb.org": "tmdb",
    "thetvdb.com": "tvdb",
    "simkl.com": "simkl",
    "anilist.co": "anilist",
    "myanimelist.net": "myanimelist",
    "plex.tv": "plex",
}


_SITES = {
    "anilist": "anilist.co",
    "imdb": "imdb.com",
    "mdblist": "mdblist.com",
    "myanimelist": "myanimelist.net",
    "trakt": "trakt.tv",
    "tvdb": "thetvdb.com",
}


@cache
def _compiled(provider: str | None) -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    """Compile the addresses of a service, None: the names; a start that needs few takes few."""
    patterns = NAMES if provider is None else (one for one in ADDRESSES if one[0] == provider)
    return tuple((whose, kind, re.compile(regex, re.ASCII)) for whose, kind, regex in patterns)


_HOST = re.compile(
    r"(?:https?://)?(?P<host>[a-z0-9.-]+\.[a-z]{2,})(?=[/?#]|$)", re.IGNORECASE | re.ASCII
)


def recognise(text: str) -> AddressForm | None:
    """Find the service that *text* belongs to; None when it is no known address or name."""
    if len(text) > _LONGEST:
        return None
    address = _HOST.sub(lambda host: host[0].lower(), text.strip(), count=1).removesuffix(".")
    for provider, kind, pattern in (*_compiled(None), *_addresses_at(address)):
        found = pattern.fullmatch(address)
        if found:
            groups = {name: part for name, part in found.groupdict().items() if part is not None}
            return AddressForm(provider=provider, kind=kind, groups=groups)
    return None


def _addresses_at(address: str) -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    """Choose by the host; one that only ends like a known one still matches no pattern."""
    found = _HOST.match(address)
    whose = (_HOSTS[known] for known in _HOSTS if found and found["host"].endswith(known))
    provider = next(whose, None)
    return _compiled(provider) if provider else ()


def service_at(address: str) -> str | None:
    """Find the service at whose host *address* is, whether or not it is one of its lists."""
    found = _HOST.match(address.strip())
    host = f".{found['host'].lower()}" if found and is_address(address) else ""
    return next((_HOSTS[known] for known in _HOSTS if host.endswith(f".{known}")), None)


def at_site(path: str, provider: str) -> AddressForm | None:
    """Recognise what stands behind the host in an address of *provider*, given without that."""
    if provider not in _SITES:
        return None
    form = recognise(f"{_SITES[provider]}/{path.strip().lstrip('/')}")
    return form if form and form.provider == provider else None


def title_at(address: str) -> AddressForm | None:
    """Recognise the address of one title, also without the host of IMDb: `/title/tt0133093/`."""
    text = address.strip()
    form = recognise(text)
    if form is None and text.startswith("/title/"):
        form = at_site(text, "imdb")
    return form if form and form.kind in ("title", "film") else None


def is_address(text: str) -> bool:
    """Tell an address from a name: it has a scheme, or begins with a host and a path."""
    found = _HOST.match(text.strip())
    return found is not None and ("://" in found[0] or "/" in text)


def foreign(text: str, provider: str) -> str | None:
    """Say whose address *text* is when it is not *provider*'s; None when it may be ours."""
    form = recognise(text)
    if form is not None and form.provider != provider:
        return f"{text!r} belongs to {form.service}, not to {SERVICES[provider]}"
    if form is None and is_address(text):
        what = next((words for pattern, words in _PAGES if pattern.fullmatch(text.strip())), None)
        return f"{text!r} {what or f'is no known address of {SERVICES[provider]}'}"
    return None


_USERS_PAGE = rf"(?:{_LETTERBOXD_USER}|{_TRAKT}/users/[^/?#]+|{_TMDB}/u/[^/?#]+)"
_TITLES_PAGE = (
    rf"(?:{_TRAKT_SITE}/(?:movies|shows)|{_MDBLIST}/(?:movie|show)|{_ANILIST}/anime|{_MAL}/anime"
    rf"|{_SIMKL}/(?:movies|tv|anime)/\d+)/[^/?#]+"
)
_PAGES = tuple(
    (re.compile(pattern, re.ASCII | re.IGNORECASE), words)
    for pattern, words in (
        (rf"{_TITLES_PAGE}{_REST}", "is one title, not a list"),
        (
            rf"{_USERS_PAGE}{_END}",
            "is the page of a user, who has several lists: name one of them",
        ),
        (
            rf"{_TRAKT}/users/[^/?#]+/lists(?:/liked|/collaborations)?{_REST}",
            "is a page that shows lists: name one of them",
        ),
        (
            rf"{_IMDB}/name/(nm\d+){_REST}",
            "is a person, not a list; what they made is a search, search/title/?role=nm...",
        ),
    )
)
"""Pages that people take for lists, and what they are."""


def source_of(
    text: str,
    service: str,
    accepted: Iterable[str],
    *,
    from_form: Callable[[AddressForm, str], Source | None],
    from_name: Callable[[str], Source | None],
) -> Source:
    """Read an address of *service*, by *from_form*, or else a name, by *from_name*.

    Raises:
        ValueError: it is neither; says whose it is, if anybody's, and which forms are accepted.
    """
    value = text.strip()
    form, whose = recognise(value), foreign(value, service)
    if form is not None and form.provider == service:
        source = from_form(form, value)
    else:
        source = None if whose else from_name(value)
    if source is None and not whose and (form := at_site(value, service)):
        source = from_form(form, value)
    if source is None:
        why = whose or f"{text!r} is no list of {SERVICES[service]}"
        raise ValueError(f"{why}; accepted: {', '.join(accepted)}")
    return source
