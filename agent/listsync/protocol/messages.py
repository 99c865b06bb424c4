"""What each command takes, and what it replies; a client imports none of it when it runs.

A later version may add fields, which are `NotRequired`.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from listsync.protocol.shapes import (
    ConfigShape,
    ItemShape,
    LastResultShape,
    ListProgressShape,
    ListShape,
    NoticeRecordShape,
    NoticeShape,
    PendingKeyShape,
    PendingShape,
    PlannedShape,
    RequestShape,
    RetryShape,
    ReviewShape,
    RunShape,
    ServerShape,
    ServiceShape,
    TitleShape,
)


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
    next: NotRequired[str | None]


class PauseReply(TypedDict):
    until: str | None


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


class ItemsReply(PageReply):
    items: list[ItemShape]


class ExplainReply(PageReply):
    """*cut*: more entries or requests fit than are looked at, so `total` is the least."""

    titles: list[TitleShape]
    cut: NotRequired[bool]


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
