"""Values that the user writes as text: durations, schedules, the server's address, lists."""

from __future__ import annotations

import grp
import os
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import cache, lru_cache
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from listsync.config_types import ValueForm, parse_one_line
from listsync.domain.media import MediaType
from listsync.parsing.address_forms import SERVICES as KNOWN
from listsync.providers.anilist import source as anilist
from listsync.providers.custom import source as custom
from listsync.providers.file import source as file
from listsync.providers.imdb import source as imdb
from listsync.providers.letterboxd import source as letterboxd
from listsync.providers.mdblist import source as mdblist
from listsync.providers.myanimelist import source as myanimelist
from listsync.providers.plex import source as plex
from listsync.providers.seerr import source as seerr
from listsync.providers.simkl import source as simkl
from listsync.providers.stevenlu import source as stevenlu
from listsync.providers.tmdb import source as tmdb
from listsync.providers.trakt import source as trakt
from listsync.providers.tvdb import source as tvdb
from listsync.seerr.address import API, Address
from listsync.terminal.durations import DURATION_PATTERN, parse_duration
from listsync.triggers.schedule.rules import Cron, Every, Rule

Parse = Callable[[str], object]

SERVICES: dict[str, Parse] = {
    "anilist": anilist.parse,
    "custom": custom.parse,
    "file": file.parse,
    "imdb": imdb.parse,
    "letterboxd": letterboxd.parse,
    "mdblist": mdblist.parse,
    "myanimelist": myanimelist.parse,
    "plex": plex.parse,
    "seerr": seerr.parse,
    "simkl": simkl.parse,
    "stevenlu": stevenlu.parse,
    "tmdb": tmdb.parse,
    "trakt": trakt.parse,
    "tvdb": tvdb.parse,
}
NOT_YET = {key: name for key, name in KNOWN.items() if key not in SERVICES}


def not_supported(service: str) -> str:
    """Say that lists of a service that people know cannot be read so far."""
    return f"{NOT_YET[service]} lists are not supported yet (supported: {', '.join(SERVICES)})"


def kind_of(source: object) -> MediaType | None:
    """Say what all titles of a list are; None: both kinds, or not known before it is read."""
    match source:
        case stevenlu.StevenLuSource():
            return MediaType.MOVIE
        case mdblist.MdbListSource() | simkl.SimklSource() | tmdb.TmdbSource():
            return source.kind
        case trakt.TraktSource():
            kinds = {source.only or part.kind for part in source.parts}
            return kinds.pop() if len(kinds) == 1 else None
        case _:
            return None


@lru_cache(maxsize=512)
def parsed_source(service: str, text: str) -> object:
    """Read a list as its service does; each is looked at for several rules. Raises ValueError."""
    return SERVICES[service](text)


def find_source(service: str, text: str, folder: Path) -> object:
    """Read what the user wrote after a service's key; paths are relative to *folder*.

    Raises:
        ValueError: it is no list of the service; the message lists the accepted forms.
    """
    source = parsed_source(service, text)
    return source.under(folder) if isinstance(source, file.FileSource) else source


LOCALTIME = Path("/etc/localtime")

_DATABASE = "/zoneinfo/"


def rule_of(every: timedelta | None, cron: str | None, zone: tzinfo) -> Rule | None:
    """Give the rule that was meant, `cron` before `every`; None: neither is given."""
    if cron is not None:
        return Cron(cron, zone)
    return None if every is None else Every(every)


def find_zone(name: str) -> ZoneInfo | None:
    """Find a zone by its IANA name, None if this machine knows none; equal names, equal zones."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder, or a file that is no zone
        return None


def local_zone(environ: Mapping[str, str]) -> tzinfo:
    """Find the machine's own zone; only one that TZ gives as a rule lacks its summer time."""
    named = environ.get("TZ", "").strip().removeprefix(":") or str(LOCALTIME)
    if not named.startswith("/"):
        return find_zone(named) or _offset_of_now()
    path = os.path.realpath(named)
    return find_zone(path.rpartition(_DATABASE)[2]) or _read_zone(path) or _offset_of_now()


@cache
def _read_zone(path: str) -> ZoneInfo | None:
    """Read a zone without a name, as a container has it; once, for two would not be equal."""
    try:
        with Path(path).open("rb") as file:
            return ZoneInfo.from_file(file, key=path)
    except (ValueError, OSError):
        return None


def _offset_of_now() -> tzinfo:
    zone = datetime.now().astimezone().tzinfo
    assert zone is not None  # noqa: S101 - astimezone() always gives one
    return zone


SANDBOX = "sandbox"

_URL_FORMS = "expected an address such as http://localhost:5055, or the word sandbox"


def parse_interval(value: object) -> timedelta:
    """Read the time between syncs: 0, or at least a minute."""
    duration = parse_duration(str(value) if isinstance(value, str | int | float) else "")
    if timedelta() < duration < timedelta(minutes=1):
        raise ValueError("is too short, expected at least 1m, or 0")
    return duration


def is_in_seconds(key: object) -> bool:
    """Tell a key whose numbers count seconds: there a duration says it as well."""
    return isinstance(key, str) and key.endswith("_s")


def parse_seconds(value: object) -> float:
    """Read the duration that stands in place of a number of seconds."""
    try:
        return parse_duration(value if isinstance(value, str) else "").total_seconds()
    except ValueError:
        raise ValueError("expected a number of seconds, or a duration such as 30s or 2m") from None


def parse_cron(value: object) -> str:
    """Read the five fields of a cron schedule; the same ones always come out the same."""
    text = " ".join(value.upper().split()) if isinstance(value, str) else ""
    try:
        Cron(text, UTC)
    except ValueError as error:
        why = f"{error}".lower()
        raise ValueError(f"is no cron schedule such as 0 4 * * * ({why})") from None
    return text


def parse_time_of_day(value: object) -> time | None:
    """Read `00:05`, also as YAML has it (12:30 is 750 there), or off; None: off."""
    if value is False or value == "off":
        return None
    text = f"{value // 60}:{value % 60:02}" if isinstance(value, int) else value
    found = re.fullmatch(r"(\d{1,2}):(\d\d)", text.strip()) if isinstance(text, str) else None
    if found is None or int(found[1]) > 23 or int(found[2]) > 59 or value is True:
        raise ValueError('expected a time of day such as "00:05", or off')
    return time(int(found[1]), int(found[2]))


def parse_timezone(value: object) -> str:
    """Read the IANA name of a time zone that this machine knows."""
    text = value.strip() if isinstance(value, str) else ""
    if find_zone(text) is None:
        raise ValueError(
            "is no time zone that this machine knows, expected a name such as Europe/Vienna"
        )
    return text


def parse_group(value: object) -> str:
    """Read the name of a Unix group of this machine."""
    text = value.strip() if isinstance(value, str) else ""
    try:
        return grp.getgrnam(text).gr_name
    except (KeyError, ValueError):
        raise ValueError("is no group of this machine, expected the name of one") from None


def parse_server_url(value: object) -> str:
    """Read the request server's address without trailing slash or `/api/v1`, or `sandbox`.

    A login before an `@` stays in it, so the result is not for showing.
    """
    text = value.strip() if isinstance(value, str) else ""
    if text == SANDBOX:
        return text
    if not text.isprintable() or " " in text:
        raise ValueError(_URL_FORMS)
    try:
        address = Address.parse(text)
    except ValueError:
        # The cause may repeat a piece of the login.
        raise ValueError(_URL_FORMS) from None
    return text.rstrip("/").removesuffix(API) if address.login else address.base


def parse_user(value: object) -> str | int | None:
    """Read a user of the request server: digits are an id, everything else is a name."""
    if value is None:
        return None
    text = str(value).strip() if isinstance(value, str | int) else ""
    if text.isascii() and text.isdigit() and int(text[:10]) > 0:
        return int(text[:10])
    if not text or not text.isprintable() or text.lstrip("+-").isdigit():
        raise ValueError("expected a user name, or an id from 1")
    return text


def plain(parse: Callable[[object], object], schema: Mapping[str, Any]) -> ValueForm:
    """Make the form of a value that is read without knowing where the file lies."""

    def read(value: object, _folder: Path) -> object:
        return parse(value)

    return ValueForm(read, schema)


Interval = Annotated[
    timedelta,
    plain(
        parse_interval,
        {
            "anyOf": [{"type": "string", "pattern": DURATION_PATTERN}, {"enum": [0, False]}],
            "examples": ["12h", "30m", "1h30m", "daily", "1w", 0],
        },
    ),
]
CronFields = Annotated[
    str,
    plain(
        parse_cron,
        {
            "type": "string",
            "pattern": r"^\s*\S+(\s+\S+){4}\s*$",
            "examples": ["0 4 * * *", "30 6 * * MON"],
        },
    ),
]
TimeOfDay = Annotated[
    time | None,
    plain(
        parse_time_of_day,
        {
            "anyOf": [
                {"type": "string", "pattern": r"^\s*([01]?\d|2[0-3]):[0-5]\d\s*$|^off$"},
                {"type": "integer", "minimum": 0, "maximum": 1439},
                {"const": False},
            ],
            "examples": ["00:05", "7:30", "off"],
        },
    ),
]
Timezone = Annotated[
    str,
    plain(
        parse_timezone,
        {"type": "string", "minLength": 1, "examples": ["Europe/Vienna", "America/New_York"]},
    ),
]
Group = Annotated[str, plain(parse_group, {"type": "string", "minLength": 1})]
ServerUrl = Annotated[
    str,
    plain(
        parse_server_url,
        {
            "type": "string",
            "pattern": f"^({SANDBOX}|https?://\\S+)$",
            "examples": ["http://localhost:5055", SANDBOX],
        },
    ),
]
User = Annotated[
    str | int | None,
    plain(
        parse_user,
        {"anyOf": [{"type": "string", "minLength": 1}, {"type": "integer", "minimum": 1}]},
    ),
]


_KINDS = {
    **dict.fromkeys(("movies", "movie", "films", "film", "radarr"), MediaType.MOVIE),
    **dict.fromkeys(("series", "tv", "shows", "sonarr"), MediaType.TV),
}
_FOR_ALL: dict[str, Any] = {"anyOf": [{"type": "string", "minLength": 1}, {"type": "integer"}]}


class ByKind(NamedTuple):
    """What differs for films and for series; None where nothing is said of the one."""

    movies: Any
    series: Any

    def of(self, kind: MediaType) -> Any:
        return self.movies if kind is MediaType.MOVIE else self.series


def kind_named(key: object) -> MediaType | None:
    """Say of which kind a key of such a mapping speaks."""
    return _KINDS.get(str(key).strip().lower())


def _by_kind(read: Callable[[object], object], schema: dict[str, Any]) -> ValueForm:
    """Let a value be given once, or for films and series apart."""

    def parse(value: object) -> object:
        if not isinstance(value, dict):
            return read(value)
        kinds = [kind_named(key) for key in value]
        if not kinds or None in kinds or len({*kinds}) < len(kinds):
            raise ValueError(_APART)
        given = dict(zip(kinds, value.values(), strict=True))
        found = {kind: None if one is None else read(one) for kind, one in given.items()}
        return ByKind(found.get(MediaType.MOVIE), found.get(MediaType.TV))

    apart = {
        "type": "object",
        "properties": {"movies": schema, "series": schema},
        "additionalProperties": False,
        "minProperties": 1,
    }
    return plain(parse, {"anyOf": [*schema["anyOf"], apart]})


def _read_name(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(_TEXT_FORM)  # noqa: TRY004 - what is wrong with a value
    name = parse_one_line(value)
    if not name or len(name) > _LONGEST_NAME:
        raise ValueError(_TOO_LONG if name else _EMPTY)
    return name


def _read_names(value: object) -> tuple[str, ...]:
    return tuple(map(_read_name, value if isinstance(value, list) else [value]))


_APART = "expected movies, series or both, each with a value of its own"
_LONGEST_NAME = 300
_TEXT_FORM = "expected text"
_EMPTY, _TOO_LONG = (
    "expected at least 1 character(s)",
    f"expected at most {_LONGEST_NAME} characters",
)
NameByKind = Annotated[str | ByKind | None, _by_kind(_read_name, _FOR_ALL)]
"""One name, or one for films and one for series."""
NamesByKind = Annotated[
    tuple[str, ...] | ByKind | None,
    _by_kind(_read_names, {"anyOf": [*_FOR_ALL["anyOf"], {"type": "array", "items": _FOR_ALL}]}),
]
