"""What each command takes, and what it replies; a client imports none of it when it runs.

The agent checks parameters against these types, and describes its commands by them.

A later version may add fields, which are `NotRequired`.
"""

from typing import Annotated, Literal, NamedTuple, NotRequired, Required, TypedDict

from listsync.protocol.fleet_shapes import FleetShape, PostgresShape
from listsync.protocol.job_shapes import TransferPeriodShape, TransfersShape
from listsync.protocol.shapes import (
    CommandShape,
    ConfigShape,
    DayCountsShape,
    FeedShape,
    ItemShape,
    LastResultShape,
    ListProgressShape,
    ListShape,
    ListTotalsShape,
    NoticeRecordShape,
    NoticeShape,
    PendingKeyShape,
    PendingShape,
    PeriodShape,
    PlannedShape,
    RequestShape,
    RetryShape,
    ReviewShape,
    RunShape,
    ServerShape,
    ServiceShape,
    SettingShape,
    TitleShape,
    TotalsShape,
)

LARGEST_OFFSET = 2**62 - 1
LONGEST_PAUSE_S = 3650 * 86400
"""Ten years."""


class About(NamedTuple):
    """What a parameter means, and which numbers it may be."""

    words: str
    least: float | None = None
    most: float | None = None
    more_than: float | None = None


class NoParams(TypedDict):
    """Nothing."""


class PageParams(TypedDict, total=False):
    """Which rows: at most *limit*, those after the page whose `next` is *cursor*."""

    limit: Annotated[int, About("how many rows at most; a page may hold fewer", least=1)]
    cursor: Annotated[str, About("`next` of the page before")]
    offset: Annotated[
        int, About("how many rows are left out of a first page", least=0, most=LARGEST_OFFSET)
    ]


class ConfigParams(PageParams, total=False):
    path: Annotated[str, About("one key, such as http or lists[0], with all that is below it")]
    defaults: Annotated[bool, About("false: only what is set")]


class ListsParams(PageParams, total=False):
    name: Annotated[str, About("one list, in detail")]


class NoticesParams(PageParams, total=False):
    open: Annotated[bool, About("only what is not over")]


class RunsParams(PageParams, total=False):
    run_id: Annotated[str, About("one run in detail: its id, or the beginning of it")]


class ItemsParams(PageParams, total=False):
    query: Annotated[str, About("a title or a part of it, or an id")]
    list: Annotated[str, About("only titles of this list")]


class RequestsParams(PageParams, total=False):
    title: Annotated[str, About("only of this title, such as movie/603 or tv/1396")]
    list: Annotated[str, About("in place of that: those that this list brought")]


class ExplainParams(PageParams, total=False):
    query: Required[
        Annotated[str, About("a title or a part of it, or an id such as tt1160419 or movie/603")]
    ]


class ReviewParams(PageParams, total=False):
    decided: Annotated[bool, About("titles that were decided, in place of those that wait")]


class ReviewDecideParams(TypedDict):
    id: Annotated[str, About("the title: 4 characters of its id, or more")]
    choice: Annotated[
        str,
        About(
            "a candidate's number, an id, the address of a page at TMDB or IMDb, "
            "`reject`, or `undo`"
        ),
    ]


class TriggerParams(TypedDict, total=False):
    lists: Annotated[list[str], About("names of lists; none: all lists")]
    dry_run: Annotated[bool, About("change nothing, and keep what would be done")]
    force: Annotated[bool, About("also in a pause")]
    no_queue: Annotated[bool, About("be refused where a sync is running already")]
    confirm: Annotated[bool, About("go on with what is on hold")]
    await_resume: Annotated[bool, About("wait for the end of a pause in place of a refusal")]
    origin: Annotated[str, About("who asks, for people")]


class PlanParams(TypedDict, total=False):
    lists: Annotated[list[str], About("names of lists; none: all lists")]


class PlanResultParams(PageParams, total=False):
    run_id: Required[Annotated[str, About("the plan's id, or the beginning of it")]]


class PauseParams(TypedDict, total=False):
    for_s: Annotated[
        float,
        About("seconds until it ends by itself", more_than=0, most=LONGEST_PAUSE_S),
    ]


class ReloadParams(PageParams, total=False):
    """A *cursor* of the refusal before reloads nothing: the problems that follow are told."""


class ItemParams(TypedDict):
    item: Annotated[str, About("such as tmdb:movie/603, tmdb:tv/1396, imdb:tt0133093")]


class ForgetParams(TypedDict, total=False):
    item: Annotated[str, About("such as tmdb:movie/603, tmdb:tv/1396, imdb:tt0133093")]
    all: Annotated[bool, About("everything that was done, in place of one title")]


class BackupParams(TypedDict, total=False):
    file: Annotated[
        str,
        About("an absolute path where there is no file yet; none: beside the daily backups"),
    ]


class BackupResultParams(TypedDict):
    id: Annotated[str, About("the backup's id")]


class LogLevelParams(TypedDict, total=False):
    level: Annotated[str, About("debug, info, warning or error; none: only tell it")]


class PageReply(TypedDict):
    """A part of many rows: *total* of all; *next* is the cursor of those that follow."""

    total: NotRequired[int]
    next: NotRequired[str | None]


class DoneReply(TypedDict):
    ok: bool
    message: str


class PingReply(TypedDict):
    pong: bool
    pid: int


class VersionReply(TypedDict):
    version: str
    protocol: int


class ProgressReply(TypedDict):
    in_progress: bool
    phase: str
    progress: int
    total: int
    percent: int
    last_checkpoint: str | None
    last_result: LastResultShape | None
    run_id: str | None
    sequence: int
    lists: list[ListProgressShape]
    eta_s: int | None
    requested: int
    dry_run: NotRequired[bool]
    next: NotRequired[str | None]


class PauseReply(TypedDict):
    until: str | None


class StatusReply(TypedDict):
    """Not *has_server*: none is named, so that nothing is requested.

    *transfers* where there are any, or folders for them; *fleet* where agents share the work,
    *postgres* where it is listened to.
    """

    state: str
    pid: int
    version: str
    uptime_s: int
    started_at: str | None
    config: ConfigShape
    watcher: str
    services: NotRequired[list[ServiceShape]]
    server: ServerShape | None
    has_server: NotRequired[bool]
    paused: PauseReply | None
    running: ProgressReply | None
    pending: PendingShape | None
    last_run: RunShape | None
    next_due: str | None
    retry: RetryShape | None
    lists: int
    needs_person: bool
    notices: list[NoticeShape]
    notices_total: int
    transfers: NotRequired[TransfersShape]
    fleet: NotRequired[FleetShape]
    postgres: NotRequired[PostgresShape]
    next: NotRequired[str | None]


class ConfigReply(PageReply):
    config: ConfigShape
    settings: list[SettingShape]


class ListsReply(PageReply):
    """*counts* and *requests* where one list was asked for: of *requests_total* the latest.

    `requests` tells the others, from the cursor *requests_next* on.

    *feed* if it has one.
    """

    lists: list[ListShape]
    counts: NotRequired[dict[str, int]]
    requests: NotRequired[list[RequestShape]]
    requests_total: NotRequired[int]
    requests_next: NotRequired[str | None]
    feed: NotRequired[FeedShape]


class RequestsReply(PageReply):
    requests: list[RequestShape]


class RunsReply(PageReply):
    runs: list[RunShape]


class RunReply(PageReply):
    """One run; *total* counts its requests."""

    run: RunShape
    notices: NotRequired[list[NoticeShape]]
    requests: list[RequestShape]


class ItemsReply(PageReply):
    items: list[ItemShape]


class ExplainReply(PageReply):
    """*cut*: more entries or requests fit than are looked at, so `total` is the least."""

    titles: list[TitleShape]
    cut: NotRequired[bool]


class NoticesReply(PageReply):
    notices: list[NoticeRecordShape]


class StatsReply(PageReply):
    """Counts of requests, each by the list that had it requested; *total* counts the lists.

    *periods*: `today`, `7 days`, `30 days`, `total`, and `session`, since the agent's start; days
    are those of *timezone*. All but *lists* are on the first page only. *transfers* are copies in
    the same periods, where there were any.
    """

    timezone: str
    periods: list[PeriodShape]
    transfers: NotRequired[list[TransferPeriodShape]]
    days: list[DayCountsShape]
    services: list[TotalsShape]
    lists: list[ListTotalsShape]


class ReviewReply(PageReply):
    reviews: list[ReviewShape]


class ReviewDecideReply(DoneReply):
    """*lists* that want the title and are followed; of more than 50 none is named."""

    id: str
    title: str
    key: str | None
    imdb_id: NotRequired[str | None]
    lists: list[str]
    lists_total: NotRequired[int]


class OrderReply(TypedDict):
    """*state*: `started`, `queued`, `coalesced`, or `passed_on` to *leader*.

    *why* it is queued, where it is not for a sync that runs.
    """

    run_id: str
    state: str
    leader: NotRequired[str]
    why: NotRequired[str]


class PlanWaitsReply(TypedDict):
    """A plan that is not made yet."""

    state: Literal["running", "waiting"]
    run_id: str


class PlanReply(PageReply):
    """A plan; *left_out* were too many to be kept."""

    state: Literal["done"]
    run: RunShape
    counts: dict[str, int]
    left_out: int
    items: list[PlannedShape]
    notices: list[NoticeShape]


class ReloadReply(DoneReply):
    """*pending*: what is in force later only."""

    pending: NotRequired[list[PendingKeyShape]]


class CancelReply(DoneReply):
    run_id: NotRequired[str]


class ForgetReply(DoneReply):
    count: int


class BackupReply(TypedDict):
    id: str
    state: str
    file: str
    size: int
    took_s: float
    why: str


class LogLevelReply(DoneReply):
    level: str


class DescribeReply(PageReply):
    commands: list[CommandShape]
