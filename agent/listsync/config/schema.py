"""The file's form: every key with its type, its default and what it means.

What concerns several keys at once is checked in `rules`, so that all of it is told at one time.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    PlainValidator,
    SecretStr,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from listsync.config.exclusions import ExclusionForm
from listsync.config.paths import at_home
from listsync.config.services import SERVICES, find_source
from listsync.config.values import CronFields, Duration, Group, ServerUrl, Timezone, User
from listsync.config.wanted import FiltersForm, SeasonsForm
from listsync.domain.media import MediaType
from listsync.domain.rules import ALL_SEASONS
from listsync.options import Options
from listsync.providers.file.options import FileOptions
from listsync.providers.imdb.options import ImdbOptions
from listsync.providers.letterboxd.options import LetterboxdOptions
from listsync.providers.mdblist.options import MdbListOptions
from listsync.providers.stevenlu.options import StevenLuOptions
from listsync.providers.tmdb.options import TmdbOptions
from listsync.providers.trakt.options import TraktOptions


def _sendable(secret: SecretStr | None) -> SecretStr | None:
    if secret and not (
        secret.get_secret_value().isascii() and " " not in secret.get_secret_value()
    ):
        raise ValueError("is no API key: a key has only ASCII letters and no spaces")
    return secret


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("may not hold line breaks or control characters")
    return text.strip()


def _source(service: str) -> object:
    def read(value: object, info: ValidationInfo) -> object:
        if not isinstance(value, str) or not value.strip():
            raise ValueError("expected the list as text")
        return find_source(service, value.strip(), _folder(info))

    return PlainValidator(read)


def _path(value: object, info: ValidationInfo) -> Path:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("expected a path as text")
    return _folder(info).absolute() / at_home(_one_line(value))


def _folder(info: ValidationInfo) -> Path:
    """Say where relative paths begin."""
    folder: Path = info.context["folder"] if info.context else Path()
    return folder


def _section(description: str) -> Any:
    """Make a field of a mapping that may be missing: it is read as an empty one.

    A default of the mapping's own model would have that model built a second time, apart.
    """
    return Field(default_factory=dict, validate_default=True, description=description)


Name = Annotated[str, AfterValidator(_one_line), Field(min_length=1, max_length=300)]
_TEXT = WithJsonSchema({"type": "string", "minLength": 1})
_EVERY_OR_CRON: dict[str, Any] = {
    "not": {
        "required": ["every", "cron"],
        "properties": {key: {"not": {"type": "null"}} for key in ("every", "cron")},
    }
}


class Section(Options):
    """A part of the file in which an empty value is as good as none."""

    @model_validator(mode="before")
    @classmethod
    def _drop_what_is_empty(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        known = cls.model_fields
        return {key: value for key, value in data.items() if value is not None or key not in known}


class ServerOptions(Options):
    """The request server: Overseerr, Jellyseerr or Seerr."""

    model_config = ConfigDict(title="Server")

    url: ServerUrl = Field(
        repr=False,
        description="Address of the server, or the word sandbox for the built-in one.",
    )
    api_key: Annotated[SecretStr | None, AfterValidator(_sendable)] = Field(
        default=None, description="Key from the server's settings; the sandbox needs none."
    )
    act_as: User = Field(
        default=None,
        description="User (name or id) whose rights and quota count; empty = the key's owner.",
    )
    approve: bool = Field(
        default=False, description="true: requests are approved at once. The owner's always are."
    )
    timeout_s: float = Field(
        default=30, gt=0, le=600, description="Seconds to wait for one answer of the server."
    )


class SyncOptions(Section):
    """When to sync, and what holds for all lists."""

    model_config = ConfigDict(title="Sync", json_schema_extra=_EVERY_OR_CRON)

    every: Duration = Field(
        default=timedelta(hours=24),
        json_schema_extra={"default": "24h"},
        description="Time between syncs: 30m, 12h, 1d, or hours; 0 = only on command or change.",
    )
    cron: CronFields | None = Field(
        default=None,
        description="In place of every: minute, hour, day of month, month, day of week.",
    )
    timezone: Timezone | None = Field(
        default=None,
        description="Time zone of every cron here, such as Europe/Vienna; empty = the machine's.",
    )
    on_config_change: bool = Field(
        default=True, description="Sync when this file changes what is wanted."
    )
    four_k: bool = Field(
        default=False, description="Request in 4K, for every list that does not say otherwise."
    )
    max_per_run: int | None = Field(
        default=None, ge=0, description="At most so many titles requested a sync, by all lists."
    )
    max_per_day: int | None = Field(
        default=None, ge=0, description="At most so many requested in 24 hours, by all lists."
    )


class ListForm(Options):
    """One list to follow: exactly one service's key, and what to do with the list."""

    model_config = ConfigDict(
        title="List",
        json_schema_extra={"oneOf": [{"required": [name]} for name in SERVICES], **_EVERY_OR_CRON},
    )

    file: Annotated[object, _source("file"), _TEXT] = Field(
        default=None,
        description="A file on this machine; relative to the folder of this configuration.",
    )
    imdb: Annotated[object, _source("imdb"), _TEXT] = Field(
        default=None,
        description="An IMDb list, watchlist, ratings, chart or search: its id, name or address.",
    )
    letterboxd: Annotated[object, _source("letterboxd"), _TEXT] = Field(
        default=None,
        description="A Letterboxd list, watchlist, diary or chart: as after letterboxd.com/.",
    )
    tmdb: Annotated[object, _source("tmdb"), _TEXT] = Field(
        default=None,
        description="A TMDB list, collection, keyword, company, filter or chart.",
    )
    trakt: Annotated[object, _source("trakt"), _TEXT] = Field(
        default=None,
        description="A Trakt chart, list, watchlist or collection; me/... are your own.",
    )
    stevenlu: Annotated[object, _source("stevenlu"), _TEXT] = Field(
        default=None, description="A StevenLu popular-movies list: its name or address."
    )
    mdblist: Annotated[object, _source("mdblist"), _TEXT] = Field(
        default=None, description="An MDBList list: user/list or its address."
    )
    name: Annotated[str | None, AfterValidator(lambda text: text and _one_line(text))] = Field(
        default=None,
        min_length=1,
        max_length=100,
        description='How the list is called, once only; empty = "service: list".',
    )
    limit: int | None = Field(
        default=None, ge=1, description="Only the first titles of the list, this many."
    )
    kind: MediaType | None = Field(
        default=None, description="Only films (movie) or only series (tv); empty = both."
    )
    exclude: bool = Field(
        default=False, description='true: "not these". Nothing on this list is ever requested.'
    )
    four_k: bool | None = Field(
        default=None, description="Request in 4K; empty = as sync.four_k says."
    )
    filters: FiltersForm = _section("Which titles are taken; empty = all.")
    seasons: SeasonsForm = Field(
        default=ALL_SEASONS,
        description="Which seasons of a series: all, first, latest, {latest: 2} or [1, 2]; "
        "specials (0) only by number.",
    )
    new_seasons: bool = Field(
        default=False,
        description="true: seasons that air after a series was requested or found there are "
        "requested, too.",
    )
    max_per_run: int | None = Field(
        default=None, ge=0, description="At most so many titles requested for this list a sync."
    )
    max_per_day: int | None = Field(
        default=None, ge=0, description="At most so many requested for this list in 24 hours."
    )
    user: User = Field(
        default=None,
        description="User (name or id) in whose name titles are requested; "
        "empty = as server.act_as says.",
    )
    approve: bool | None = Field(
        default=None,
        description="true: approved at once; false: the user's rights decide; "
        "empty = as server.approve says.",
    )
    service: Name | None = Field(
        default=None,
        description="Radarr or Sonarr of the server's settings (name or id); empty = its default.",
    )
    profile: Name | None = Field(
        default=None, description="Quality profile there, by name or id; empty = its default."
    )
    root_folder: Name | None = Field(
        default=None, description="Root folder there, by path; empty = its default."
    )
    language_profile: Name | None = Field(
        default=None, description="Language profile of an old Sonarr, by name or id."
    )
    tags: tuple[Name, ...] = Field(
        default=(), description="Tags that the title gets there, by name."
    )
    cancel_removed: bool = Field(
        default=False,
        description="true: when a title leaves the list, our request for it is taken back while "
        "it waits for approval.",
    )
    every: Duration | None = Field(
        default=None,
        description="Time between syncs of this list; 0 = only on command or change; "
        "empty = as sync says.",
    )
    cron: CronFields | None = Field(
        default=None, description="In place of every; empty = as sync says."
    )


class ControlOptions(Section):
    """Who may ask the agent things."""

    model_config = ConfigDict(title="Control")

    group: Group | None = Field(
        default=None,
        description="Unix group whose members may look, not control; empty = owner and root only.",
    )


class LogOptions(Section):
    """What is logged, in which form and where."""

    model_config = ConfigDict(title="Log")

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least important messages that are logged."
    )
    format: Literal["auto", "text", "journal", "json"] = Field(
        default="auto", description="Form of a message; auto = what fits where it goes."
    )
    file: Annotated[Path, PlainValidator(_path), _TEXT] | None = Field(
        default=None,
        description="Also log to this file; relative to the folder of this configuration; "
        "empty = standard error only.",
    )
    max_mb: float = Field(
        default=10, gt=0, allow_inf_nan=False, description="Largest size of the file, in MB."
    )
    keep: int = Field(
        default=5, ge=0, le=100, description="How many older files are kept beside it."
    )


class ChromiumOptions(Section):
    """How Chromium is run, for services that show their pages to a browser only."""

    model_config = ConfigDict(title="Chromium")

    memory_mb: int = Field(
        default=1024, ge=256, le=65536, description="It is ended when it takes more, in MB."
    )
    no_sandbox: bool = Field(
        default=False,
        description="true: run it without its own protection, for containers that forbid that.",
    )


class ProvidersOptions(Options):
    """How each list service is reached."""

    model_config = ConfigDict(title="Providers")

    file: FileOptions = _section("What is accepted as a list file.")
    imdb: ImdbOptions = _section("How IMDb is asked.")
    letterboxd: LetterboxdOptions = _section("How Letterboxd's pages are read.")
    tmdb: TmdbOptions = _section("How TMDB is asked, and your token or key.")
    trakt: TraktOptions = _section("How Trakt is asked, and your client id.")
    stevenlu: StevenLuOptions = _section("How StevenLu's list files are read.")
    mdblist: MdbListOptions = _section("How MDBList is reached, and your key.")

    @field_validator("*", mode="before")
    @classmethod
    def _take_nothing_for_defaults(cls, options: object) -> object:
        """Accept a service whose every line is commented out."""
        return {} if options is None else options


class ConfigForm(Options):
    """Configuration of listsync."""

    model_config = ConfigDict(title="listsync.yaml")

    server: ServerOptions = Field(description="The request server.")
    sync: SyncOptions = _section("When to sync, and what holds for all lists.")
    lists: tuple[ListForm, ...] = Field(
        default=(), description="The lists to follow, the most important first."
    )
    exclude: tuple[ExclusionForm, ...] = Field(
        default=(), description="Titles that are never requested."
    )
    providers: ProvidersOptions = _section("How each list service is reached.")
    chromium: ChromiumOptions = _section(
        "How the browser is run, where providers.*.browser allows one."
    )
    control: ControlOptions = _section("Who may ask the agent things.")
    log: LogOptions = _section("What is logged, in which form and where.")

    @field_validator("sync", "providers", "chromium", "control", "log", mode="before")
    @classmethod
    def _take_nothing_for_defaults(cls, section: object) -> object:
        """Accept a section whose every line is commented out."""
        return {} if section is None else section

    @field_validator("lists", "exclude", mode="before")
    @classmethod
    def _take_nothing_for_no_entries(cls, entries: object) -> object:
        return () if entries is None else entries
