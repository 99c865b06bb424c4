"""What each command is asked with and replies, for the agent and for clients in Python.

All times are ISO 8601 in UTC. What is `NotRequired` came later than the rest, or is there in some
cases only. For type checkers, and for `describe`: a client imports none of it when it runs.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

# -- what is asked with ------------------------------------------------------------------------


class NoParams(TypedDict):
    """Nothing."""


class PageParams(TypedDict, total=False):
    """Which rows: at most *limit*, those after the page whose `next` is *cursor*.

    *offset*, where a command takes it: how many are left out of a first page.
    """

    limit: int
    cursor: str
    offset: int


class ListsParams(PageParams, total=False):
    name: str


class NoticesParams(PageParams, total=False):
    open: bool


class RunsParams(PageParams, total=False):
    run_id: str


class ItemsParams(PageParams, total=False):
    query: str
    list: str


class ExplainParams(PageParams, total=False):
    query: str


class ReviewParams(PageParams, total=False):
    decided: bool


class ReviewDecideParams(TypedDict, total=False):
    id: str
    choice: str


class TriggerParams(TypedDict, total=False):
    lists: list[str]
    dry_run: bool
    force: bool
    no_queue: bool
    confirm: bool
    origin: str


class PlanParams(TypedDict, total=False):
    lists: list[str]


class PlanResultParams(PageParams, total=False):
    run_id: str


class PauseParams(TypedDict, total=False):
    for_s: float


class ItemParams(TypedDict, total=False):
    item: str


class ForgetParams(TypedDict, total=False):
    item: str
    all: bool


class BackupParams(TypedDict, total=False):
    file: str


class BackupResultParams(TypedDict, total=False):
    id: str


class LogLevelParams(TypedDict, total=False):
    level: str


# -- what is replied ---------------------------------------------------------------------------


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


class NoticeShape(TypedDict):
    kind: str
    text: str
    list: str | None
    since: str | None
    needs_person: bool
    severity: NotRequired[str]
    subject: NotRequired[str | None]


class NoticeRecordShape(NoticeShape):
    """`ended_at` is None while it is open; `run_id` is the run that said it last."""

    ended_at: str | None
    run_id: str | None


class RunShape(TypedDict):
    run_id: str
    origin: str
    dry_run: bool
    started_at: str
    ended_at: str | None
    result: str | None
    why: str
    message: str
    requested: int
    calls: int
    counts: NotRequired[dict[str, int]]


class RequestShape(TypedDict):
    """One request; *run_id* and *detail* only where it is not told with its run."""

    title: str
    kind: str
    tmdb_id: int
    seasons: str
    four_k: bool
    answer: str
    lists: str
    asked_as: str | None
    at: str
    run_id: NotRequired[str]
    detail: NotRequired[str]


class ListProgressShape(TypedDict):
    name: str
    state: str
    read: int
    done: int
    total: int


class LastResultShape(TypedDict):
    success: bool
    message: str


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
    next: NotRequired[str | None]


class PendingKeyShape(TypedDict):
    """A key of the configuration that has not taken force."""

    key: str
    why: str
    needs_restart: bool


class ServiceShape(TypedDict):
    """A part of the agent that runs for long."""

    name: str
    state: str
    since: str | None
    why: str
    next_try: str | None
    vital: bool


class ConfigShape(TypedDict):
    file: str
    valid: bool
    problems: list[str]
    loaded_at: str | None
    pending: NotRequired[list[PendingKeyShape]]


class ServerShape(TypedDict):
    product: str
    version: str
    url: str


class PauseReply(TypedDict):
    until: str | None


class PendingShape(TypedDict):
    """*lists* None: all."""

    run_id: str
    lists: list[str] | None
    origins: list[str]


class RetryShape(TypedDict):
    at: str | None
    why: str
    lists: list[str] | None
    number: int


class StatusReply(TypedDict):
    state: str
    pid: int
    version: str
    uptime_s: int
    started_at: str | None
    config: ConfigShape
    watcher: str
    services: NotRequired[list[ServiceShape]]
    server: ServerShape | None
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
    next: NotRequired[str | None]


class ListShape(TypedDict):
    name: str
    service: str
    source: str
    exclude: bool
    outcome: str
    read: int
    declared: int | None
    last_try: str | None
    last_success: str | None
    failures: int
    next_due: str | None
    retry_at: str | None
    why: str
    advice: str
    notices: list[NoticeShape]


class ListsReply(PageReply):
    """*counts* and *requests* where one list was asked for; of those the latest."""

    lists: list[ListShape]
    counts: NotRequired[dict[str, int]]
    requests: NotRequired[list[RequestShape]]


class RunsReply(PageReply):
    runs: list[RunShape]


class RunReply(PageReply):
    """One run; *total* counts its requests."""

    run: RunShape
    notices: NotRequired[list[NoticeShape]]
    requests: list[RequestShape]


class ItemShape(TypedDict):
    title: str
    kind: str | None
    tmdb_id: int | None
    list: str
    status: str
    at: str | None
    brought_by: str | None
    asked_as: str | None
    requested_at: str | None
    run_id: str | None
    year: int | None
    imdb_id: str | None
    tvdb_id: int | None


class ItemsReply(PageReply):
    items: list[ItemShape]


class CandidateShape(TypedDict):
    number: int
    key: str
    title: str
    original_title: NotRequired[str]
    year: int | None
    countries: NotRequired[list[str]]
    votes: NotRequired[int | None]
    evidence: str


class ChoiceShape(TypedDict):
    key: str | None
    imdb_id: NotRequired[str | None]
    title: str
    at: str | None


class DecisionShape(TypedDict):
    verdict: str
    why: str
    conditions: list[str]


class OnListShape(TypedDict):
    list: str
    label: str
    rank: int
    since: str | None
    followed: bool
    exclude: bool
    outcome: str
    last_success: str | None
    why: str
    handled_at: str | None


class MatchShape(TypedDict):
    found: str
    how: str
    key: str | None
    title: str
    score: float
    why: str
    candidates: list[CandidateShape]
    at: str | None
    again_at: str | None
    review_id: str | None


class AtServerShape(TypedDict):
    status: str
    status_4k: str
    asked_since: bool


class TitleShape(TypedDict):
    """One title explained. *more_lists*: how many lists hold it beside those of `lists`."""

    title: str
    kind: str | None
    tmdb_id: int | None
    four_k: bool
    decision: DecisionShape
    lists: list[OnListShape]
    more_lists: int
    match: MatchShape | None
    choice: ChoiceShape | None
    server: AtServerShape | None
    requests: list[RequestShape]


class ExplainReply(PageReply):
    """*cut*: more entries fit than are looked at, so `total` is the least."""

    titles: list[TitleShape]
    cut: NotRequired[bool]


class ReviewShape(TypedDict):
    id: str
    title: str
    lists: str
    since: str | None
    score: float
    why: str
    candidates: list[CandidateShape]
    choice: ChoiceShape | None
    lookup: str


class NoticesReply(PageReply):
    notices: list[NoticeRecordShape]


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
    run_id: str
    state: str


class AskingShape(TypedDict, total=False):
    """What differs from the usual in how a title is requested."""

    user: str
    approve: bool
    service: str
    profile: str
    root_folder: str
    language_profile: str
    tags: list[str]


class PlannedShape(TypedDict):
    verdict: str
    label: str
    kind: str | None
    tmdb_id: int | None
    title: str
    lists: str
    why: str
    candidates: list[str]
    four_k: NotRequired[bool]
    seasons: NotRequired[list[int]]
    asking: NotRequired[AskingShape]


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


class MethodShape(TypedDict):
    name: str
    access: str
    params: dict[str, str]
    reply: dict[str, str]


class DescribeReply(TypedDict):
    protocol: int
    methods: list[MethodShape]
