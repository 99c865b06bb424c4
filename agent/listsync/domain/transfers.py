"""Files that Radarr and Sonarr have imported: what they report, what is copied, what is scanned.

A job is one file (or folder) at one destination. Jobs of one destination folder that are due
together are copied by one rsync: a batch. A scan asks one media server to look at one folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from pathlib import PurePosixPath

from listsync.lean_dataclasses import dataclass


class ImportApp(StrEnum):
    """Who reports an import."""

    RADARR = "radarr"
    SONARR = "sonarr"
    MANUAL = "manual"


class JobKind(StrEnum):
    """What is copied."""

    MOVIE = "movie"
    EPISODE = "episode"
    MANUAL = "manual"


class CopyScope(StrEnum):
    """What comes along with the file that was reported."""

    FILE = "file"
    SIDECARS = "sidecars"
    """Files of the same stem: subtitles, .nfo, artwork."""
    FOLDER = "folder"


class EventOutcome(StrEnum):
    """What became of a webhook; all of them are acknowledged."""

    ACCEPTED = "accepted"
    """Made or joined jobs or scans."""
    IGNORED = "ignored"
    """Of a kind that asks for nothing (Test, Grab, Health, ...)."""
    UNUSABLE = "unusable"
    """Asks for something, but names no file."""
    REFUSED = "refused"
    """Names a path that is hostile or is under no mapping."""


class JobState(StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    RETRY_WAIT = "retry_wait"
    BLOCKED = "blocked"
    """Waits for its environment: a mount, room on the disk. Costs no attempt."""
    SUCCEEDED = "succeeded"
    SKIPPED = "skipped"
    """Nothing was copied: it was there already and the same, is left out, or was only tried."""
    NEEDS_ATTENTION = "needs_attention"
    """Given up until a person retries or cancels it."""
    CANCELLED = "cancelled"


LIVE_STATES = frozenset({JobState.QUEUED, JobState.RUNNING, JobState.RETRY_WAIT, JobState.BLOCKED})
"""At most one job of a destination is in one of these."""


class FailureClass(StrEnum):
    """Why an attempt failed, named by what happens next."""

    ENVIRONMENT = "environment"
    """A mount or the room is missing: wait for it, without using an attempt up."""
    TRANSIENT = "transient"
    """May pass: try again later and later."""
    SOURCE_MISSING = "source_missing"
    """The source is not there: look twice more soon, then a person is needed."""
    PERMANENT = "permanent"
    """Will not pass by itself: a person is needed at once."""
    INTERRUPTED = "interrupted"
    """The agent was killed; counts as an attempt unless something was being copied."""
    STOPPED = "stopped"
    """The agent was stopped or a new event came; does not count."""
    CANCELLED = "cancelled"


class ScanState(StrEnum):
    """How far the scan of one folder at one media server is."""

    WAITING = "waiting"
    SENT = "sent"
    """The media server has taken it; whether it shows the files is not known yet."""
    SHOWN = "shown"
    NOT_SHOWN = "not_shown"
    """Scanned, but the media server does not show it."""
    UNVERIFIED = "unverified"
    """Scanned; whether it is shown could not be asked."""
    NEEDS_ATTENTION = "needs_attention"
    CANCELLED = "cancelled"


class RootTrouble(StrEnum):
    """What is wrong with a mapped root."""

    NOT_MOUNTED = "not_mounted"
    OTHER_MOUNT = "other_mount"
    """Something else is mounted there than before."""
    NO_MARKER = "no_marker"
    MISSING = "missing"
    """There is no such folder."""
    HANGING = "hanging"
    STALE = "stale"
    """It answers with an error: the server of the mount is gone."""
    FORBIDDEN = "forbidden"
    """We may not read it, or not write to a destination."""
    READ_ONLY = "read_only"
    FULL = "full"
    UNKNOWN = "unknown"
    """It could not be looked at, for a reason of this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaLabel:
    """What people call what is copied; everything may be unknown.

    `episodes` are several where one file holds several. `title` is the film's or series' own.
    """

    title: str = ""
    year: int | None = None
    season: int | None = None
    episodes: tuple[int, ...] = ()
    episode_title: str = ""
    quality: str = ""
    tmdb: int | None = None
    tvdb: int | None = None
    imdb: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedFile:
    """A path as the sender sees it, with what is known of it; *size* in bytes."""

    path: str
    size: int | None = None
    label: MediaLabel = field(default_factory=MediaLabel)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEvent:
    """One webhook, read leniently.

    `event_type` as the sender wrote it; `instance` is the sender's name for itself, "" where it
    has none. `files` are to be copied (of a rename: what they are called now), `folders` only to
    be scanned (renames, deletes); `renamed` are old and new paths, `superseded` those of what an
    upgrade replaced, `downloads` where the download client had it: all as the sender sees them.
    `content` is the body without secrets, cut to a bound, as JSON, for people who ask why.
    """

    app: ImportApp
    event_type: str
    instance: str = ""
    is_upgrade: bool = False
    files: tuple[ReportedFile, ...] = ()
    folders: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    superseded: tuple[str, ...] = ()
    downloads: tuple[str, ...] = ()
    content: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferPlace:
    """Where one thing lies, after mapping. `relative` is below both roots, and never empty."""

    source_root: PurePosixPath
    destination_root: PurePosixPath | None
    relative: PurePosixPath
    media_server_root: str = ""

    @property
    def source(self) -> PurePosixPath:
        return self.source_root / self.relative

    @property
    def destination(self) -> PurePosixPath | None:
        return None if self.destination_root is None else self.destination_root / self.relative


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """What is to be copied. Its key is its destination."""

    kind: JobKind
    place: TransferPlace
    scope: CopyScope
    label: MediaLabel = field(default_factory=MediaLabel)
    app: ImportApp = ImportApp.MANUAL
    instance: str = ""
    size: int | None = None
    is_upgrade: bool = False
    superseded: tuple[PurePosixPath, ...] = ()
    """Below the roots: what the new file replaces, or what it was called before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewScan:
    """A folder that each media server is to look at; `expects` are files that it should show.

    `folder` is as the media server sees it; `health_root` the root here that must be healthy.
    """

    folder: str
    health_root: PurePosixPath
    expects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDecision:
    """What a webhook asks for, and why it asks for nothing if it does not."""

    outcome: EventOutcome
    why: str = ""
    jobs: tuple[NewJob, ...] = ()
    scans: tuple[NewScan, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedEvent:
    """A webhook as the state has it: what became of it, and which `jobs` it made or joined.

    `path` is the first one that it names, as the sender sees it; "" where it names none.
    """

    number: int
    at: datetime
    app: ImportApp
    event_type: str
    outcome: EventOutcome
    instance: str = ""
    why: str = ""
    path: str = ""
    jobs: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobAttempt:
    """One try. `exit_code` is rsync's, None where none ran; `errors` the end of what it said."""

    number: int
    started_at: datetime
    ended_at: datetime | None = None
    exit_code: int | None = None
    failure: FailureClass | None = None
    bytes: int = 0
    why: str = ""
    errors: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferJob:
    """One job as the state has it.

    `attempts` counts those that failed and count; `bytes` what was copied, `event_count` the
    webhooks that requested it. `blocked_on` says what is waited for. `rerun`: requested again
    while it ran. `has_begun`: something of it was not there, and has been copied since, or some.
    """

    number: int
    state: JobState
    wanted: NewJob
    created_at: datetime
    next_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    attempts: int = 0
    event_count: int = 1
    bytes: int = 0
    seconds: float = 0.0
    failure: FailureClass | None = None
    why: str = ""
    blocked_on: str = ""
    rerun: bool = False
    has_begun: bool = False
    cancel_requested: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyResult:
    """How the copy of one job of a batch ended; `failure` None: it is there, verified.

    But for `is_dry_run` and `is_left_out` (it is excluded): then nothing was done. `bytes` were
    copied, 0 where all was there already; `seconds` are the batch's share. `interruptions` says of
    INTERRUPTED how often in a row it is so, this time included.
    """

    number: int
    failure: FailureClass | None = None
    exit_code: int | None = None
    bytes: int = 0
    seconds: float = 0.0
    why: str = ""
    errors: str = ""
    blocked_on: str = ""
    is_dry_run: bool = False
    is_left_out: bool = False
    interruptions: int = 0
    files: tuple[PurePosixPath, ...] = ()
    """What is there now, below the roots: the file and what came along."""
    size: int | None = None  # of the file; None where a folder was asked for
    new_folder: PurePosixPath | None = None
    """The highest folder below the destination that the copy had to make; None: not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyProgress:
    """How far a running batch is; `done` and `total` in bytes, `rate` in bytes a second.

    `jobs` are those of which something is copied.
    """

    jobs: tuple[int, ...]
    done: int
    total: int
    rate: float = 0.0
    eta_s: float | None = None

    @property
    def percent(self) -> float:
        return 100.0 * self.done / self.total if self.total else 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryScan:
    """One folder at one media server, as the state has it."""

    number: int
    server: str
    state: ScanState
    wanted: NewScan
    due_at: datetime
    tries: int = 0
    sent_at: datetime | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaServerTrouble:
    """Why one media server cannot be asked; `needs_person`: its key is refused."""

    server: str
    why: str
    needs_person: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RootHealth:
    """What was found at a mapped root last. `why` is "" where it is healthy.

    `is_mapped`: not where no mapping names it any more, which no look mends.

    `free_bytes`, `free_inodes`: None where they are not known. `mount` names what it lies on, as
    far as the table of mounts tells: type and source.
    """

    root: PurePosixPath
    is_healthy: bool
    why: str = ""
    is_mapped: bool = True
    trouble: RootTrouble | None = None
    mount: str = ""
    is_writable: bool = True
    free_bytes: int | None = None
    free_inodes: int | None = None
    checked_at: datetime | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferCounts:
    """Numbers over jobs of some time: by state, and what was copied."""

    by_state: Mapping[JobState, int] = field(default_factory=dict)
    movies: int = 0
    episodes: int = 0
    bytes: int = 0
