"""What each command is asked with; for type checkers only."""

from __future__ import annotations

from typing import TypedDict


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
