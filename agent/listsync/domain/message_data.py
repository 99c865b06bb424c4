"""What a message tells to programs: `Message.data`, kind by kind, as JSON has it.

Times are ISO 8601 in UTC. Within a version of the webhook's schema no key is taken away, nor given
another meaning.
"""

from typing import TypedDict

from listsync.domain.messages import MessageKind


class RequestedTitle(TypedDict):
    """One title that was requested. `kind`: movie or tv; `seasons`: those of a series."""

    label: str
    list: str
    kind: str | None
    tmdb_id: int | None
    four_k: bool
    seasons: list[int]


class FailedTitle(TypedDict):
    label: str
    list: str
    why: str


class ListCounts(TypedDict):
    """What became of one list. `outcome`: complete, unchanged, empty, or how reading it failed."""

    name: str
    service: str
    outcome: str
    why: str
    read: int
    new: int
    requested: int
    review: int
    on_hold: int
    failed: int
    cancelled: int


class SummaryData(TypedDict):
    """A sync that changed something. `titles` and `failed` are cut: the counts are of all.

    `result`: ok, partly, failed or cancelled. `is_first`: of the first sync at a server.
    """

    run: str
    result: str
    why: str
    duration_s: float
    calls: int
    requested: int
    cancelled: int
    on_hold: int
    review: int
    failures: int
    is_first: bool
    lists: list[ListCounts]
    titles: list[RequestedTitle]
    failed: list[FailedTitle]


class RequestedData(TypedDict):
    """The titles alone that a sync requested; `titles` are cut: `requested` counts all."""

    run: str
    requested: int
    titles: list[RequestedTitle]


class NoticeData(TypedDict):
    """What people should learn: of kind failure, needs_attention, configuration and review.

    `list` is the one that it is about, if it is about one.
    """

    notice: str
    number: int | None
    list: str | None
    subject: str
    text: str
    needs_person: bool
    since: str


class RecoveredData(NoticeData):
    """What is over since `ended_at`, after `lasted_s`."""

    ended_at: str
    lasted_s: float


class OneOfSeveral(TypedDict):
    """One of several messages that are sent as one; `data` of kind recovered: `RecoveredData`."""

    id: str
    kind: str
    importance: str
    title: str
    text: str
    data: NoticeData


class SeveralData(TypedDict):
    """Several messages of what people should learn, sent as one: the worst first."""

    messages: list[OneOfSeveral]


class StandingData(TypedDict):
    """What stands open at the end of a day, and since when, if that is known."""

    notice: str
    list: str | None
    subject: str
    text: str
    since: str | None


class TransferredFile(TypedDict):
    """One copy that ended. `kind`: movie, episode or manual; `episodes`: several in one file."""

    job: int
    kind: str
    label: str
    title: str
    year: int | None
    season: int | None
    episodes: list[int]
    quality: str
    destination: str
    bytes: int
    duration_s: float
    attempts: int
    why: str


class TransferData(TypedDict):
    """Copies that ended alike: `state` is synced, failed (it is tried again) or needs_attention.

    `files` are cut: `count`, `bytes` and `duration_s` are of all.
    """

    state: str
    count: int
    bytes: int
    duration_s: float
    files: list[TransferredFile]


class DailyTransfers(TypedDict):
    """The copies of a day; `failing` (tried again) and `needs_attention` are those of now."""

    synced: int
    movies: int
    episodes: int
    bytes: int
    failing: int
    needs_attention: int


class DailyData(TypedDict):
    """A day by the clocks of `timezone`: from `start` until before `end`.

    `films`, `series` and `cancelled` count titles, `failures` those that failed last; `titles` and
    `failed` are cut. `syncs` count by how they ended (ok, partly, failed, ...). `slow` were
    requested more than a week ago and are not there. `transfers`: null where nothing is copied.
    """

    date: str
    timezone: str
    start: str
    end: str
    is_late: bool
    films: int
    series: int
    cancelled: int
    failures: int
    syncs: dict[str, int]
    review: int
    transfers: DailyTransfers | None
    slow: int
    titles: list[RequestedTitle]
    failed: list[FailedTitle]
    needs_attention: list[StandingData]
    lists_failing: list[StandingData]


DATA_OF_KINDS: dict[MessageKind, tuple[type, ...]] = {
    MessageKind.SUMMARY: (SummaryData,),
    MessageKind.REQUESTED: (RequestedData,),
    MessageKind.FAILURE: (NoticeData, SeveralData, TransferData),
    MessageKind.NEEDS_ATTENTION: (NoticeData, SeveralData, TransferData),
    MessageKind.RECOVERED: (RecoveredData, SeveralData),
    MessageKind.CONFIGURATION: (NoticeData, SeveralData),
    MessageKind.REVIEW: (NoticeData, SeveralData),
    MessageKind.TRANSFER: (TransferData,),
    MessageKind.DAILY: (DailyData,),
}
"""Which of these a message of a kind has; none: an empty object."""
