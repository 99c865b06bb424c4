"""The file's form: every key with its type, its default and what it means.

What concerns several keys at once is checked in `rules`, so that all of it is told at one time.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from listsync.config.filters import ExclusionForm
from listsync.config.http_options import HttpOptions
from listsync.config.list_options import TEXT, ListDefaults, ListForm
from listsync.config.notify_options import DailyOptions, NotifyForm
from listsync.config.paths import at_home
from listsync.config.postgres_options import PostgresOptions
from listsync.config.schema_keys import Section
from listsync.config.transfer_options import TransfersForm
from listsync.config.validation import truth_of
from listsync.config.values import (
    CronFields,
    Group,
    Interval,
    ServerUrl,
    Timezone,
    User,
)
from listsync.config_types import (
    AlsoCalled,
    CaFile,
    Check,
    Options,
    SecretStr,
    ValueForm,
    parse_one_line,
)
from listsync.parsing.anime_ids import AnimeIdsOptions
from listsync.providers.anilist.source import AniListOptions
from listsync.providers.custom.source import CustomOptions
from listsync.providers.file.source import FileOptions
from listsync.providers.imdb.source import ImdbOptions
from listsync.providers.letterboxd.source import LetterboxdOptions
from listsync.providers.mdblist.source import MdbListOptions
from listsync.providers.myanimelist.source import MyAnimeListOptions
from listsync.providers.plex.source import PlexListOptions
from listsync.providers.simkl.source import SimklOptions
from listsync.providers.stevenlu.source import StevenLuOptions
from listsync.providers.tmdb.source import TmdbOptions
from listsync.providers.trakt.source import TraktOptions
from listsync.providers.tvdb.source import TvdbOptions


def _sendable(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if not text.isascii() or " " in text:
        raise ValueError("is no API key: a key has only ASCII letters and no spaces")
    return secret


def _path(value: object, folder: Path) -> Path:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("expected a path as text")
    return folder.absolute() / at_home(parse_one_line(value))


def _history(value: object, folder: Path) -> bool | Path:
    truth = truth_of(value) if isinstance(value, str) else None
    return _path(value, folder) if truth is None else truth


_FLAG_OR_PATH = {"anyOf": [{"type": "boolean"}, TEXT]}


class ServerOptions(Options, frozen=True, kw_only=True):
    """The request server: Overseerr, Jellyseerr or Seerr."""

    url: Annotated[
        ServerUrl,
        "Address of the server, or the word sandbox for the built-in one.",
    ]
    api_key: Annotated[
        SecretStr | None,
        Check(_sendable),
        "Key from the server's settings; the sandbox needs none.",
    ] = None
    request_as: Annotated[
        User,
        AlsoCalled(("act_as", "user")),
        "User (name or id) whose rights and quota count; empty = the key's owner.",
    ] = None
    approve: Annotated[bool, "true: requests are approved at once. The owner's always are."] = (
        False
    )
    timeout_s: Annotated[
        float, Meta(gt=0, le=600), "Seconds to wait for one answer of the server."
    ] = 30
    max_per_second: Annotated[
        float | None,
        Meta(gt=0, le=1000),
        "At most so many calls of the server in a second; empty = as many as it answers.",
    ] = None
    ca_file: Annotated[
        CaFile | None,
        "Certificates (PEM) of an authority of your own, trusted for the server beside the "
        "usual ones; relative to the folder of this configuration.",
    ] = None

    def __repr__(self) -> str:
        """Leave out the address: it may hold a login."""
        return f"{type(self).__name__}(request_as={self.request_as!r}, approve={self.approve!r})"


class SyncOptions(Section, frozen=True, kw_only=True):
    """When to sync, and what holds for all lists."""

    every: Annotated[
        Interval,
        Meta(extra_json_schema={"default": "24h"}),
        "Time between syncs: 90m, 12h, 1h30m, 2d, daily, weekly; 0 = only on command or change.",
    ] = timedelta(hours=24)
    cron: Annotated[
        CronFields | None,
        "In place of every: minute, hour, day of month, month, day of week.",
    ] = None
    timezone: Annotated[
        Timezone | None,
        "Time zone of every cron, of the diary and of the daily summary, such as "
        "Europe/Vienna; empty = the machine's.",
    ] = None
    on_config_change: Annotated[bool, "Sync when this file changes what is wanted."] = True
    four_k: Annotated[bool, "Request in 4K, for every list that does not say otherwise."] = False
    max_per_run: Annotated[
        int | None,
        Meta(ge=0),
        "At most so many titles requested a sync, by all lists.",
    ] = None
    max_per_day: Annotated[
        int | None, Meta(ge=0), "At most so many requested in 24 hours, by all lists."
    ] = None


class ControlOptions(Section, frozen=True, kw_only=True):
    """Who has access to the agent."""

    group: Annotated[
        Group | None,
        "Unix group with read-only access; empty = owner and root only.",
    ] = None


class LogOptions(Section, frozen=True, kw_only=True):
    """What is logged, in which form and where."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"],
        "The least important messages that are logged.",
    ] = "info"
    format: Annotated[
        Literal["auto", "text", "journal", "json"],
        "Form of a message; auto = what fits where it goes.",
    ] = "auto"
    file: Annotated[
        Annotated[Path, ValueForm(_path, TEXT)] | None,
        "Also log to this file; relative to the folder of this configuration; "
        "empty = standard error only.",
    ] = None
    max_mb: Annotated[float, Meta(gt=0), "Largest size of the file, in MB."] = 10
    keep: Annotated[int, Meta(ge=0, le=100), "How many older files are kept beside it."] = 5
    history: Annotated[
        Annotated[Path | bool, ValueForm(_history, _FLAG_OR_PATH)],
        "Diary of what was requested, a line each: a file, relative to the folder of this "
        "configuration; true = history.log beside the state; false = none.",
    ] = True
    history_max_mb: Annotated[float, Meta(gt=0), "Largest size of the diary, in MB."] = 10
    history_keep: Annotated[
        int, Meta(ge=0, le=100), "How many older diaries are kept beside it."
    ] = 10


class ChromiumOptions(Section, frozen=True, kw_only=True):
    """How Chromium is run, for services that show their pages to a browser only."""

    memory_mb: Annotated[int, Meta(ge=256, le=65536), "It is ended when it takes more, in MB."] = (
        1024
    )
    no_sandbox: Annotated[
        bool,
        "true: run it without its own protection, for containers that forbid that.",
    ] = False


class ProvidersOptions(Section, frozen=True, kw_only=True):
    """How each list service is reached."""

    anilist: Annotated[AniListOptions, "How AniList is asked."] = AniListOptions()
    anime_ids: Annotated[
        AnimeIdsOptions, "Where the map from AniList's and MyAnimeList's ids to others' is had."
    ] = AnimeIdsOptions()
    custom: Annotated[CustomOptions, "How addresses of your own are asked."] = CustomOptions()
    file: Annotated[FileOptions, "What is accepted as a list file."] = FileOptions()
    imdb: Annotated[ImdbOptions, "How IMDb is asked."] = ImdbOptions()
    letterboxd: Annotated[LetterboxdOptions, "How Letterboxd's pages are read."] = (
        LetterboxdOptions()
    )
    tmdb: Annotated[TmdbOptions, "How TMDB is asked, and your token or key."] = TmdbOptions()
    tvdb: Annotated[TvdbOptions, "How TheTVDB is reached, and your key."] = TvdbOptions()
    trakt: Annotated[TraktOptions, "How Trakt is asked, and your client id."] = TraktOptions()
    stevenlu: Annotated[StevenLuOptions, "How StevenLu's list files are read."] = StevenLuOptions()
    mdblist: Annotated[MdbListOptions, "How MDBList is reached, and your key."] = MdbListOptions()
    myanimelist: Annotated[
        MyAnimeListOptions, "How MyAnimeList is reached, and your client id."
    ] = MyAnimeListOptions()
    simkl: Annotated[SimklOptions, "How Simkl is reached, and your client id."] = SimklOptions()
    plex: Annotated[PlexListOptions, "How Plex's watchlists are read, and your token."] = (
        PlexListOptions()
    )


class ConfigForm(Section, frozen=True, kw_only=True):
    """Configuration of listsync."""

    server: Annotated[
        ServerOptions | None,
        "The request server; without one, lists are only read, for the feeds of http.listen.",
    ] = None
    sync: Annotated[SyncOptions, "When to sync, and what holds for all lists."] = SyncOptions()
    defaults: Annotated[
        ListDefaults, "What holds for each list that does not say otherwise itself."
    ] = ListDefaults()
    lists: Annotated[tuple[ListForm, ...], "The lists to follow, the most important first."] = ()
    exclude: Annotated[tuple[ExclusionForm, ...], "Titles that are never requested."] = ()
    providers: Annotated[ProvidersOptions, "How each list service is reached."] = (
        ProvidersOptions()
    )
    chromium: Annotated[
        ChromiumOptions,
        "How the browser is run, where providers.*.browser allows one.",
    ] = ChromiumOptions()
    control: Annotated[ControlOptions, "Who has access to the agent."] = ControlOptions()
    http: Annotated[HttpOptions, "The HTTP server: API, feeds, metrics and the dashboard."] = (
        HttpOptions()
    )
    notify: Annotated[tuple[NotifyForm, ...], "Who is told what happens."] = ()
    daily: Annotated[DailyOptions, "The summary of each day, for who is told `daily`."] = (
        DailyOptions()
    )
    transfers: Annotated[
        TransfersForm,
        "What Radarr and Sonarr import: copied to another disk, and told to media servers.",
    ] = TransfersForm()
    postgres: Annotated[
        PostgresOptions, "PostgreSQL: triggers by NOTIFY, and several agents that share the work."
    ] = PostgresOptions()
    log: Annotated[LogOptions, "What is logged, in which form and where."] = LogOptions()
